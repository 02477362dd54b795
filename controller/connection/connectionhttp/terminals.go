package connectionhttp

import (
	"bytes"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection/terminal"
	"github.com/wispwright/wispwright/kit/rest"
)

const (
	terminalKind = "connection.terminal"
	terminalPath = "/api/v1/controller/terminal/"
)

type terminalIn struct {
	Cols       rest.Opt[int]           `json:"cols" help:"width in characters; 80 where it is left out"`
	Rows       rest.Opt[int]           `json:"rows" help:"height in characters; 24 where it is left out"`
	Connection rest.Opt[wispwright.ID] `json:"connection" nullable:"true" rel:"connection" help:"the best one where it is left out"`
	Code       rest.Opt[string]        `json:"code" maxLength:"64" help:"a one-time code, for organizations that want one"`
}

// terminalOut is a terminal; OpenWISP has none.
type terminalOut struct {
	ID           wispwright.ID  `json:"id"`
	Device       wispwright.ID  `json:"device"`
	Organization wispwright.ID  `json:"organization"`
	Connection   *wispwright.ID `json:"connection"`
	Actor        string         `json:"actor"`
	Address      string         `json:"address"`
	State        terminal.State `json:"state" doc:"waiting, open or ended"`
	Cols         int            `json:"cols"`
	Rows         int            `json:"rows"`
	Reason       string         `json:"reason" doc:"why it ended"`
	Size         int            `json:"size" doc:"bytes that were shown and recorded"`
	Created      rest.Time      `json:"created"`
	Started      rest.Time      `json:"started"`
	Ended        rest.Time      `json:"ended"`
}

func newTerminalOut(t *terminal.Session) terminalOut {
	return terminalOut{t.ID, t.DeviceID, t.OrganizationID, rest.Null(t.ConnectionID), t.Actor, t.Address, t.State, t.Cols, t.Rows, t.Reason, t.Size,
		rest.Time(t.Created), maybe(t.Started), maybe(t.Ended)}
}

// mountTerminals adds terminals and their recordings.
func (h *HTTP) mountTerminals(api *rest.API) {
	if h.options.Terminals == nil {
		return
	}
	s := h.options.Terminals
	type filter = terminal.Filter
	rest.Mount(api, rest.Resource[wispwright.ID, terminal.Session, filter, rest.None, terminalOut]{
		Path: terminalPath, Only: rest.List | rest.Read | rest.Delete, Name: "Terminal", Noun: "Terminal", ID: "controller_terminal", Tag: tag, Kind: terminalKind,
		Service: s, Out: rest.Each(newTerminalOut), Scopes: own,
		Delete: func(r *rest.Request, id wispwright.ID) error { return s.Delete(r.Context(), r.WriteScope(), id) },
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterChoice("state", []string{string(terminal.Waiting), string(terminal.Open), string(terminal.Ended)}, func(f *filter, v string) { f.State = terminal.State(v) }),
			rest.FilterID("device", func(f *filter, v wispwright.ID) { f.DeviceID = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
		Ordering: map[string]string{"created": "Created"},
	})
	end := rest.Action(http.MethodPost, "controller_terminal_end", http.StatusOK, func(r *rest.Request, _ *rest.None) (terminalOut, error) {
		t, err := s.End(r.Context(), r.WriteScope(), r.ID("id"))
		if err != nil {
			return terminalOut{}, err
		}
		return newTerminalOut(t), nil
	})
	end.Summary, end.Permission = "End a terminal, within some seconds", "connection.add_terminal"
	api.Mount(&rest.View{Path: terminalPath + "{id}/end/", Name: "Terminal End", Noun: "Terminal", Tag: tag, Kind: terminalKind}, end)
	api.Mount(&rest.View{Path: terminalPath + "{id}/recording/", Name: "Terminal Recording", Noun: "Terminal", Tag: tag, Kind: terminalKind},
		rest.Op{Method: http.MethodGet, ID: "controller_terminal_recording", Summary: "What a terminal showed, as an asciicast of version 2", Handle: h.recording,
			Doc: rest.Doc{Answers: map[int]rest.DocAnswer{http.StatusOK: {Description: "the recording", ContentType: asciicast}}}})
	open := rest.Action(http.MethodPost, "controller_device_terminal_create", http.StatusCreated, func(r *rest.Request, in *terminalIn) (terminalOut, error) {
		t := &terminal.Session{DeviceID: r.ID("device"), ConnectionID: in.Connection.Or(wispwright.ID{}), Cols: in.Cols.Or(80), Rows: in.Rows.Or(24), Address: r.Address()}
		if err := s.Create(r.Context(), r.WriteScope(), t, in.Code.V); err != nil {
			return terminalOut{}, err
		}
		return newTerminalOut(t), nil
	})
	open.Summary = "Ask for a terminal, which the socket " + TerminalSocket + "ID/ then opens within a minute"
	api.Mount(&rest.View{Path: devicePath + "terminal/", Name: "Device Terminal", Noun: "Terminal", Tag: tag, Kind: terminalKind, Prepare: h.below(anyDevice)}, open)
}

const asciicast = "application/x-asciicast"

func (h *HTTP) recording(r *rest.Request) (int, any, error) {
	var b bytes.Buffer
	if err := h.options.Terminals.Recording(r.Context(), r.WriteScope(), r.ID("id"), &b); err != nil {
		return 0, nil, err
	}
	r.ResponseHeader().Set("Content-Disposition", `attachment; filename="terminal-`+r.ID("id").String()+`.cast"`)
	return http.StatusOK, rest.Raw{ContentType: asciicast, Body: b.Bytes()}, nil
}
