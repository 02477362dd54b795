package topologyhttp

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/topology"
)

// mountHistory adds what a topology was like (spec: topology §4.2), which days
// there are, and what differs between two.
func (h *HTTP) mountHistory(api *rest.API) {
	view := func(path, name string) *rest.View {
		return &rest.View{Path: Base + "topology/{id}/" + path + "/", Name: name, Noun: "Topology", Tag: tag, Kind: topologyKind, Access: h.access(), Browser: true, StrictIDs: true, Prepare: h.admit}
	}
	api.Mount(view("history", "Network Graph History"), rest.Documented[rest.None, graphOut](http.StatusOK, rest.Op{
		Method: http.MethodGet, ID: "network_topology_topology_history", Summary: "The topology as it was on a day", Handle: h.history,
		Also: []int{http.StatusBadRequest}, Doc: rest.Doc{Query: map[string]string{"date": "the day, as YYYY-MM-DD"}},
	}))
	api.Mount(view("days", "Network Graph Days"), rest.Documented[rest.None, []dayOut](http.StatusOK, rest.Op{
		Method: http.MethodGet, ID: "network_topology_topology_days", Summary: "The days that history knows", Handle: h.days,
		Doc: rest.Doc{Query: map[string]string{"from": "the first day, as YYYY-MM-DD", "to": "the last day"}},
	}))
	api.Mount(view("difference", "Network Graph Difference"), rest.Documented[rest.None, differenceOut](http.StatusOK, rest.Op{
		Method: http.MethodGet, ID: "network_topology_topology_difference", Summary: "What changed from a day to another, or until now", Handle: h.difference,
		Doc: rest.Doc{Query: map[string]string{"from": "a day, as YYYY-MM-DD", "to": "a day; empty: now"}},
	}))
}

const (
	noDate      = `missing required "date" parameter`
	invalidDate = "invalid date supplied"
	noSnapshot  = "no snapshot found for this date"
)

// managed is found for paths at which objects of others are refused and not
// hidden, as clients know it.
func (h *HTTP) managed(r *rest.Request) (*topology.Topology, error) {
	t, err := h.s.Topologies.Get(r.Context(), wispwright.ScopeAll(), r.ID("id"))
	if err == nil && !t.Published {
		err = wispwright.ErrNotFound
	}
	if err == nil && !h.o.Public && !r.ReadScope().Allows(t.OrganizationID) {
		err = wispwright.Forbidden(notManager)
	}
	return t, err
}

func (h *HTTP) history(r *rest.Request) (int, any, error) {
	t, err := h.managed(r)
	if err != nil {
		return 0, nil, err
	}
	text := r.Query().Get("date")
	if text == "" {
		return 0, nil, rest.Fail(http.StatusBadRequest, noDate)
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, nil, wispwright.Forbidden(invalidDate)
	}
	document, err := h.snapshot(r, t, day)
	if errors.Is(err, wispwright.ErrNotFound) {
		return 0, nil, rest.Fail(http.StatusNotFound, noSnapshot)
	}
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, rest.Raw{ContentType: "application/json", Body: document}, nil
}

// snapshot is a day of a topology as the caller may see it.
func (h *HTTP) snapshot(r *rest.Request, t *topology.Topology, day time.Time) ([]byte, error) {
	document, err := h.s.Snapshot(r.Context(), t.ID, day)
	if err != nil || !t.Shared() || h.nodesScope(r).All() {
		return document, err
	}
	graphs, err := h.s.Graphs(r.Context(), t)
	if err != nil {
		return nil, err
	}
	return graphs[0].Restrict(h.nodesScope(r)).RestrictDocument(document)
}

type dayOut struct {
	Date  rest.Date `json:"date"`
	Nodes int64     `json:"nodes"`
	Up    int64     `json:"links_up"`
	Down  int64     `json:"links_down"`
	Saved rest.Time `json:"saved"`
}

// mostDays is how many days one answer tells of.
const mostDays = 3 * 366

func (h *HTTP) days(r *rest.Request) (int, any, error) {
	t, err := h.found(r)
	if err != nil {
		return 0, nil, err
	}
	to, err := dayOf(r, "to", time.Now())
	if err != nil {
		return 0, nil, err
	}
	from, err := dayOf(r, "from", to.AddDate(-1, 0, 0))
	if err != nil {
		return 0, nil, err
	}
	if earliest := to.AddDate(0, 0, -mostDays); from.Before(earliest) {
		from = earliest
	}
	days, err := h.s.Days(r.Context(), t.ID, from, to.AddDate(0, 0, 1))
	if err != nil {
		return 0, nil, err
	}
	out := make([]dayOut, len(days))
	for i, d := range days {
		out[i] = dayOut{rest.Date(d.Day), d.Nodes, d.Up, d.Down, rest.Time(d.Saved)}
	}
	return http.StatusOK, out, nil
}

// dayOf reads a day of the query.
func dayOf(r *rest.Request, name string, otherwise time.Time) (time.Time, error) {
	text := r.Query().Get(name)
	if text == "" {
		return topology.Day(otherwise), nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, wispwright.Invalid(name, "Enter a valid date.")
	}
	return day, nil
}

type differenceOut struct {
	Nodes []nodeDifferenceOut `json:"nodes"`
	Links []linkDifferenceOut `json:"links"`
}

type nodeDifferenceOut struct {
	Kind   string `json:"kind" doc:"added, removed or renamed"`
	ID     string `json:"id"`
	Label  string `json:"label"`
	Before string `json:"before" doc:"what it was called"`
}

type linkDifferenceOut struct {
	Kind   string  `json:"kind" doc:"added, removed, up, down or cost"`
	Source string  `json:"source"`
	Target string  `json:"target"`
	Cost   float64 `json:"cost"`
	Before float64 `json:"before" doc:"what it cost"`
	Status string  `json:"status"`
}

func (h *HTTP) difference(r *rest.Request) (int, any, error) {
	t, err := h.found(r)
	if err != nil {
		return 0, nil, err
	}
	picture := func(name string) (*topology.Picture, error) {
		text := r.Query().Get(name)
		if text == "" && name == "to" {
			graphs, err := h.s.Graphs(r.Context(), t)
			if err != nil {
				return nil, err
			}
			return topology.ReadPicture(graphs[0].Restrict(h.nodesScope(r)).Document())
		}
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return nil, wispwright.Invalid(name, "Enter a valid date.")
		}
		document, err := h.snapshot(r, t, day)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil, wispwright.Invalid(name, noSnapshot)
		}
		if err != nil {
			return nil, err
		}
		return topology.ReadPicture(document)
	}
	before, err := picture("from")
	if err != nil {
		return 0, nil, err
	}
	after, err := picture("to")
	if err != nil {
		return 0, nil, err
	}
	d := topology.Compare(before, after)
	out := differenceOut{make([]nodeDifferenceOut, len(d.Nodes)), make([]linkDifferenceOut, len(d.Links))}
	for i, n := range d.Nodes {
		out.Nodes[i] = nodeDifferenceOut{n.Kind, n.ID, n.Label, n.Before}
	}
	for i, l := range d.Links {
		out.Links[i] = linkDifferenceOut{l.Kind, l.Source, l.Target, l.Cost, l.Before, l.Status}
	}
	return http.StatusOK, out, nil
}

type spanOut struct {
	From   rest.Time `json:"from"`
	To     rest.Time `json:"to"`
	Status string    `json:"status"`
}

type costOut struct {
	At   rest.Time `json:"at"`
	Cost float64   `json:"cost"`
}

type linkHistoryOut struct {
	From      rest.Time `json:"from"`
	To        rest.Time `json:"to"`
	Spans     []spanOut `json:"spans"`
	Costs     []costOut `json:"costs"`
	Flaps     int       `json:"flaps" doc:"how often it went down"`
	Up        float64   `json:"up" doc:"the share of the time it was up, from 0 to 1"`
	Truncated bool      `json:"truncated" doc:"more happened than is told"`
}

// mostHistory is the longest stretch that one answer tells of.
const mostHistory = 3 * 366 * 24 * time.Hour

// linkHistory tells what became of a link (point 4 of what is beyond the original).
func (h *HTTP) linkHistory(r *rest.Request) (int, any, error) {
	if _, err := h.s.Links.Get(r.Context(), r.ReadScope(), r.ID("id")); err != nil {
		return 0, nil, err
	}
	from, to, err := stretch(r)
	if err != nil {
		return 0, nil, err
	}
	return h.tellHistory(r.Context(), r.ID("id"), from, to)
}

func (h *HTTP) tellHistory(ctx context.Context, link wispwright.ID, from, to time.Time) (int, any, error) {
	history, err := h.s.History(ctx, link, from, to)
	if err != nil {
		return 0, nil, err
	}
	out := linkHistoryOut{From: rest.Time(history.From), To: rest.Time(history.To), Spans: []spanOut{}, Costs: []costOut{}, Flaps: history.Flaps, Up: history.Up, Truncated: history.Truncated}
	for _, s := range history.Spans {
		out.Spans = append(out.Spans, spanOut{rest.Time(s.From), rest.Time(s.To), s.Status})
	}
	for _, c := range history.Costs {
		out.Costs = append(out.Costs, costOut{rest.Time(c.At), c.Cost})
	}
	return http.StatusOK, out, nil
}

// stretch reads from when to when; the default are the last seven days.
func stretch(r *rest.Request) (from, to time.Time, err error) {
	read := func(name string, otherwise time.Time) (time.Time, error) {
		text := r.Query().Get(name)
		if text == "" {
			return otherwise, nil
		}
		at, err := rest.ParseTime(text)
		if err != nil {
			return at, wispwright.Invalid(name, "Enter a valid date/time.")
		}
		return at, nil
	}
	if to, err = read("to", time.Now()); err != nil {
		return from, to, err
	}
	if from, err = read("from", to.AddDate(0, 0, -7)); err != nil {
		return from, to, err
	}
	if !from.Before(to) || to.Sub(from) > mostHistory {
		return from, to, wispwright.Invalid("from", "Ensure that it is before \"to\", by three years at most.")
	}
	return from, to, nil
}
