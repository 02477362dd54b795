package topologyhttp

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/topology"
)

type topologyIn struct {
	Label          rest.Opt[string]        `json:"label" required:"true" maxLength:"64"`
	Organization   rest.Opt[wispwright.ID] `json:"organization" nullable:"true" rel:"organization"`
	Parser         rest.Opt[string]        `json:"parser" required:"true" label:"Format" help:"Select topology format"`
	Strategy       rest.Opt[string]        `json:"strategy" enum:"fetch,receive" enumLabels:"FETCH,RECEIVE"`
	Key            rest.Opt[string]        `json:"key" blank:"true" maxLength:"64" help:"key needed to update topology from nodes"`
	ExpirationTime rest.Opt[int64]         `json:"expiration_time" help:"'Expiration Time' in seconds for links of received topologies: after this time they go down when nobody names them any more; 0: at once."`
	URL            rest.Opt[string]        `json:"url" blank:"true" maxLength:"200" format:"url" label:"Url" help:"Topology data will be fetched from this URL (FETCH strategy)"`
	Published      rest.Opt[bool]          `json:"published" help:"Unpublished topologies won't be updated or shown in the visualizer"`
}

// topologyOut is a topology with all that belongs to it.
type topologyOut struct {
	Type           string          `json:"type" metaType:"-"`
	Protocol       string          `json:"protocol" metaType:"-"`
	Version        string          `json:"version" metaType:"-"`
	Metric         string          `json:"metric" metaType:"-"`
	Label          string          `json:"label"`
	ID             wispwright.ID   `json:"id" metaType:"-"`
	Parser         string          `json:"parser"`
	Organization   wispwright.ID   `json:"organization"`
	Strategy       string          `json:"strategy"`
	URL            string          `json:"url"`
	Key            string          `json:"key"`
	ExpirationTime int64           `json:"expiration_time"`
	ReceiveURL     string          `json:"receive_url" metaType:"-"`
	Published      bool            `json:"published"`
	Created        rest.Time       `json:"created" metaType:"-"`
	Modified       rest.Time       `json:"modified" metaType:"-"`
	Nodes          wispwright.JSON `json:"nodes" metaType:"-" doc:"the nodes of a NetworkGraph"`
	Links          wispwright.JSON `json:"links" metaType:"-" doc:"the links of a NetworkGraph"`
}

// graphOut is a topology in lists.
type graphOut struct {
	Type     string          `json:"type"`
	Protocol string          `json:"protocol"`
	Version  string          `json:"version"`
	Metric   string          `json:"metric"`
	Label    string          `json:"label"`
	ID       wispwright.ID   `json:"id"`
	Parser   string          `json:"parser"`
	Created  rest.Time       `json:"created"`
	Modified rest.Time       `json:"modified"`
	Nodes    wispwright.JSON `json:"nodes" doc:"the nodes of a NetworkGraph"`
	Links    wispwright.JSON `json:"links" doc:"the links of a NetworkGraph"`
}

type collectionOut struct {
	Type       string     `json:"type"`
	Collection []graphOut `json:"collection"`
}

const (
	networkGraph  = "NetworkGraph"
	aKey          = "A key must be specified when using RECEIVE strategy"
	anURL         = "An url must be specified when using FETCH strategy"
	topologiesAre = "List of topologies, or one of them, as NetJSON with what belongs to it. Unpublished ones are there for those who ask with include_unpublished."
)

type filter = topology.TopologyFilter

func (h *HTTP) filters() []rest.Filter[filter] {
	parsers := make([]string, len(h.choices))
	for i, c := range h.choices {
		parsers[i] = c.Value
	}
	return append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		rest.FilterChoice("strategy", []string{topology.Fetch, topology.Receive}, func(f *filter, v string) { f.Strategy = v }),
		rest.FilterChoice("parser", parsers, func(f *filter, v string) { f.Parser = v }))
}

// mountTopologies adds topologies (spec: topology §4, §4.1).
func (h *HTTP) mountTopologies(api *rest.API) {
	choices := map[string][]rest.Choice{"parser": h.choices}
	owner := func(t *topology.Topology) wispwright.ID { return t.OrganizationID }
	rest.Mount(api, rest.Resource[wispwright.ID, topology.Topology, filter, topologyIn, graphOut]{
		Path: Base + "topology/", Name: "Network Collection", ListName: "Network Collection", Description: topologiesAre, Noun: "Topology", ID: "network_topology_topology", Tag: tag, Kind: topologyKind,
		Access: h.access(), Browser: true, StrictIDs: true, Only: rest.List, Unpaged: true, Choices: choices, Service: h.s.Topologies, Scopes: h.scopes, Prepare: h.admit, Out: h.graphsOut,
		Wrap: func(list []graphOut) any { return collectionOut{"NetworkCollection", list} },
		Within: func(r *rest.Request, f *filter) error {
			if r.Query().Get("include_unpublished") == "" || h.o.Public && r.Caller == nil {
				yes := true
				f.Published = &yes
			}
			return nil
		},
		Filters: append(h.filters(), rest.FilterText("include_unpublished", func(*filter, string) {})),
		ListOps: []rest.Op{rest.CheckedAction(http.MethodPost, "network_topology_topology_create", http.StatusCreated, h.checkTopology, h.create)},
	})
	rest.Mount(api, rest.Resource[wispwright.ID, topology.Topology, filter, topologyIn, topologyOut]{
		Path: Base + "topology/", Name: "Network Graph", ItemName: "Network Graph", Description: topologiesAre, Noun: "Topology", ID: "network_topology_topology", Tag: tag, Kind: topologyKind,
		Access: h.access(), Browser: true, StrictIDs: true, Only: rest.Read | rest.Update | rest.Delete, Choices: choices, Service: h.s.Topologies, Scopes: h.scopes, Prepare: h.admit,
		Out: h.out, Apply: applyTopology, Check: h.checkTopology, Organization: owner, Belongs: h.shown, Version: version,
	})
	h.mountSummaries(api)
}

func version(t *topology.Topology) []any {
	return []any{t.Label, t.OrganizationID, t.Parser, t.Strategy, t.URL, t.Key.Reveal(), t.ExpirationTime, t.Published}
}

// checkTopology adds what clients know as faults of the body alone
// (spec: topology §4.1).
func (h *HTTP) checkTopology(r *rest.Request, in *topologyIn) error {
	var v wispwright.ValidationError
	if err := v.Merge("", h.checkFormat(r, in)); err != nil {
		return err
	}
	if in.Key.V != "" && strings.ContainsAny(in.Key.V, "/. \t\r\n") {
		v.Add("key", topology.BadKey) // clients know it twice
		v.Add("key", topology.BadKey)
	}
	if r.HTTP.Method != http.MethodPost {
		switch {
		case in.Strategy.V == topology.Receive && in.Key.V == "":
			v.Add("strategy", aKey)
		case in.Strategy.V == topology.Fetch && in.URL.Set && in.URL.V == "":
			v.Add("url", anURL)
		}
	}
	return v.Err()
}

func (h *HTTP) checkFormat(_ *rest.Request, in *topologyIn) error {
	var v wispwright.ValidationError
	if in.Parser.Set && !slices.ContainsFunc(h.choices, func(c rest.Choice) bool { return c.Value == in.Parser.V }) && in.Parser.V != "netdiff.Bmx6Parser" {
		v.Add("parser", valid.NoChoice(in.Parser.V))
	}
	return v.Err()
}

func applyTopology(_ *rest.Request, in *topologyIn, t *topology.Topology) error {
	in.Label.Into(&t.Label)
	in.Organization.Into(&t.OrganizationID)
	in.Parser.Into(&t.Parser)
	in.Strategy.Into(&t.Strategy)
	in.ExpirationTime.Into(&t.ExpirationTime)
	in.URL.Into(&t.URL)
	in.Published.Into(&t.Published)
	if in.Key.Set {
		t.Key = wispwright.Secret(in.Key.V)
	}
	return nil
}

func (h *HTTP) create(r *rest.Request, in *topologyIn) (topologyOut, error) {
	t := &topology.Topology{Strategy: topology.Fetch, Key: topology.NewKey(), Published: true}
	if err := applyTopology(r, in, t); err != nil {
		return topologyOut{}, err
	}
	if err := rest.OwnOrganization(r.WriteScope(), t.OrganizationID, in.Organization.Set); err != nil {
		return topologyOut{}, err
	}
	if err := h.s.Topologies.Create(r.Context(), t); err != nil {
		return topologyOut{}, err
	}
	out, err := h.out(r, []*topology.Topology{t})
	if err != nil {
		return topologyOut{}, err
	}
	return out[0], nil
}

func (h *HTTP) graphsOut(r *rest.Request, rows []*topology.Topology) ([]graphOut, error) {
	graphs, err := h.s.Graphs(r.Context(), rows...)
	if err != nil {
		return nil, err
	}
	out := make([]graphOut, 0, len(rows))
	for i, t := range rows {
		if !t.Published && h.o.Public && !h.member(r, t) {
			continue
		}
		g := graphs[i].Restrict(h.nodesScope(r))
		out = append(out, graphOut{networkGraph, t.Protocol, t.Version, t.Metric, t.Label, t.ID, t.Parser, rest.Time(t.Created), rest.Time(t.Modified), g.NodesJSON(), g.LinksJSON()})
	}
	return out, nil
}

func (h *HTTP) out(r *rest.Request, rows []*topology.Topology) ([]topologyOut, error) {
	graphs, err := h.s.Graphs(r.Context(), rows...)
	if err != nil {
		return nil, err
	}
	out := make([]topologyOut, len(rows))
	for i, t := range rows {
		g := graphs[i].Restrict(h.nodesScope(r))
		out[i] = topologyOut{
			Type: networkGraph, Protocol: t.Protocol, Version: t.Version, Metric: t.Metric, Label: t.Label, ID: t.ID, Parser: t.Parser, Organization: t.OrganizationID, Strategy: t.Strategy,
			URL: t.URL, ExpirationTime: t.ExpirationTime, Published: t.Published, Created: rest.Time(t.Created), Modified: rest.Time(t.Modified), Nodes: g.NodesJSON(), Links: g.LinksJSON(),
		}
		if h.keyShown(r, t) {
			out[i].Key, out[i].ReceiveURL = t.Key.Reveal(), h.receiveURL(r, t)
		}
		if !h.member(r, t) {
			out[i].URL = "" // it may hold a password
		}
	}
	return out, nil
}

// keyShown reports whether the caller sees the key of a topology.
func (h *HTTP) keyShown(r *rest.Request, t *topology.Topology) bool {
	if h.o.HideKeys {
		return r.Can("topology.change_topology") && r.WriteScope().Allows(t.OrganizationID)
	}
	return h.member(r, t)
}

// receiveURL is what senders post to.
func (h *HTTP) receiveURL(r *rest.Request, t *topology.Topology) string {
	path := Base + "topology/" + t.ID.String() + "/receive/?key=" + url.QueryEscape(t.Key.Reveal())
	if h.o.BaseURL != "" {
		return h.o.BaseURL + path
	}
	return r.URL(path)
}

// summaryOut is a topology without what belongs to it, but with how much that is.
type summaryOut struct {
	ID             wispwright.ID `json:"id"`
	Label          string        `json:"label"`
	Organization   wispwright.ID `json:"organization"`
	Parser         string        `json:"parser"`
	ParserLabel    string        `json:"parser_label"`
	Strategy       string        `json:"strategy"`
	URL            string        `json:"url"`
	Key            string        `json:"key" doc:"empty for those who may not see it"`
	ReceiveURL     string        `json:"receive_url"`
	ExpirationTime int64         `json:"expiration_time"`
	Published      bool          `json:"published"`
	MeshID         string        `json:"mesh_id"`
	Protocol       string        `json:"protocol"`
	Version        string        `json:"version"`
	Revision       string        `json:"revision"`
	Metric         string        `json:"metric"`
	Nodes          int64         `json:"nodes"`
	Up             int64         `json:"links_up"`
	Down           int64         `json:"links_down"`
	Updated        rest.Time     `json:"updated"`
	Problem        string        `json:"problem"`
	Created        rest.Time     `json:"created"`
	Modified       rest.Time     `json:"modified"`
}

type updateOut struct {
	NodesAdded   int      `json:"nodes_added"`
	NodesChanged int      `json:"nodes_changed"`
	LinksAdded   int      `json:"links_added"`
	LinksChanged int      `json:"links_changed"`
	Up           int      `json:"links_up"`
	Down         int      `json:"links_down"`
	Refused      int      `json:"refused"`
	Faults       []string `json:"faults"`
}

func updateAnswer(u *topology.Update) updateOut {
	out := updateOut{u.NodesAdded, u.NodesChanged, u.LinksAdded, u.LinksChanged, u.Up, u.Down, u.Refused, u.Faults}
	if out.Faults == nil {
		out.Faults = []string{}
	}
	return out
}

// mountSummaries adds topologies without what belongs to them, for lists and pages
// of people; the original has nothing of it.
func (h *HTTP) mountSummaries(api *rest.API) {
	rest.Mount(api, rest.Resource[wispwright.ID, topology.Topology, filter, topologyIn, summaryOut]{
		Path: Base + "summary/topology/", Name: "Topology Summary", Noun: "Topology", ID: "network_topology_summary", Tag: tag, Kind: topologyKind, StrictIDs: true, Choices: map[string][]rest.Choice{"parser": h.choices},
		Service: h.s.Topologies, Out: h.summaries, Apply: applyTopology, Check: h.checkFormat, Organization: func(t *topology.Topology) wispwright.ID { return t.OrganizationID }, Version: version,
		New: func(*rest.Request) (*topology.Topology, error) {
			return &topology.Topology{Strategy: topology.Fetch, Key: topology.NewKey(), Published: true}, nil
		},
		Filters: append(h.filters(), rest.FilterBool("published", func(f *filter, v bool) { f.Published = &v }), rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
		Ordering: map[string]string{"label": "Label", "parser": "Parser", "strategy": "Strategy", "published": "Published", "created": "Created", "modified": "Modified",
			"updated": "Updated", "organization": "OrganizationID"},
	})
	api.Mount(&rest.View{Path: Base + "topology/{id}/update/", Name: "Topology Update", Noun: "Topology", Tag: tag, Kind: topologyKind, StrictIDs: true},
		withPermission("topology.change_topology", rest.Action(http.MethodPost, "network_topology_topology_fetch", http.StatusOK, func(r *rest.Request, _ *rest.None) (updateOut, error) {
			t, err := h.s.Topologies.Get(r.Context(), r.ReadScope(), r.ID("id"))
			if err == nil && !r.WriteScope().Allows(t.OrganizationID) {
				err = wispwright.Forbidden(noPermission)
			}
			if err != nil {
				return updateOut{}, err
			}
			if t.Strategy != topology.Fetch || !t.Published {
				return updateOut{}, wispwright.Invalid("", "Only published topologies with the strategy FETCH can be updated.")
			}
			u, err := h.s.Fetch(r.Context(), t.ID)
			if err != nil {
				return updateOut{}, h.fetchFault(err)
			}
			return updateAnswer(u), nil
		})))
}

func withPermission(p wispwright.Permission, op rest.Op) rest.Op {
	op.Permission = p
	return op
}

func (h *HTTP) summaries(r *rest.Request, rows []*topology.Topology) ([]summaryOut, error) {
	ids := make([]wispwright.ID, len(rows))
	for i, t := range rows {
		ids[i] = t.ID
	}
	counts, err := h.s.Count(r.Context(), ids...)
	if err != nil {
		return nil, err
	}
	out := make([]summaryOut, len(rows))
	for i, t := range rows {
		c := counts[t.ID]
		out[i] = summaryOut{
			ID: t.ID, Label: t.Label, Organization: t.OrganizationID, Parser: t.Parser, ParserLabel: t.Parser, Strategy: t.Strategy, ExpirationTime: t.ExpirationTime, Published: t.Published, MeshID: t.MeshID,
			Protocol: t.Protocol, Version: t.Version, Revision: t.Revision, Metric: t.Metric, Nodes: c.Nodes, Up: c.Up, Down: c.Down, Updated: rest.Time(t.Updated),
			Problem: t.Problem, Created: rest.Time(t.Created), Modified: rest.Time(t.Modified),
		}
		if f, ok := h.s.Format(t.Parser); ok {
			out[i].ParserLabel = f.Label
		}
		if h.keyShown(r, t) {
			out[i].URL, out[i].Key, out[i].ReceiveURL = t.URL, t.Key.Reveal(), h.receiveURL(r, t)
		}
		if !r.WriteScope().Allows(t.OrganizationID) {
			out[i].Problem = strings.Repeat("-", min(1, len(t.Problem))) // it may name addresses of the server's owner
		}
	}
	return out, nil
}
