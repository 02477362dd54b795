package connectionhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/rest"
)

// batchOut is a mass command (additions C-6).
type batchOut struct {
	ID           wispwright.ID              `json:"id"`
	Organization *wispwright.ID             `json:"organization"`
	Status       connection.CommandStatus   `json:"status"`
	Type         string                     `json:"type"`
	Input        wispwright.JSON            `json:"input"`
	Label        string                     `json:"label"`
	Notes        string                     `json:"notes"`
	Group        *wispwright.ID             `json:"group"`
	Location     *wispwright.ID             `json:"location"`
	DeviceCount  int                        `json:"device_count"`
	Skipped      map[wispwright.ID][]string `json:"skipped_devices"`
	Created      rest.Time                  `json:"created"`
	Modified     rest.Time                  `json:"modified"`
}

type batchDetailOut struct {
	batchOut
	Devices []wispwright.ID `json:"devices"`
}

func newBatchOut(b *connection.Batch) batchOut {
	skipped := b.Skipped
	if skipped == nil {
		skipped = map[wispwright.ID][]string{}
	}
	input := b.Input
	if input == "null" {
		input = ""
	}
	return batchOut{b.ID, rest.Null(b.OrganizationID), b.Status, b.Type, input, b.Label, b.Notes, rest.Null(b.GroupID), rest.Null(b.LocationID), b.DeviceCount, skipped,
		rest.Time(b.Created), rest.Time(b.Modified)}
}

// progressOut is how far a mass command is; OpenWISP has nothing of it.
type progressOut struct {
	Status    connection.CommandStatus `json:"status"`
	Waiting   int                      `json:"waiting"`
	Running   int                      `json:"running"`
	Success   int                      `json:"success"`
	Failed    int                      `json:"failed"`
	Skipped   int                      `json:"skipped"`
	Completed int                      `json:"completed"`
	Total     int                      `json:"total"`
	Parallel  int                      `json:"parallel"`
	StopAfter int                      `json:"stop_after"`
	Stopped   bool                     `json:"stopped"`
	Actor     string                   `json:"actor"`
	RepeatOf  *wispwright.ID           `json:"repeat_of"`
}

func newProgressOut(p *connection.Progress) progressOut {
	b, n := p.Batch, p.Counts
	done := n.Success + n.Failed
	return progressOut{b.Status, n.Waiting, n.Running, n.Success, n.Failed, len(b.Skipped), done, done + n.Waiting + n.Running, b.Parallel, b.StopAfter, b.Stopped, b.Actor, rest.Null(b.RepeatOf)}
}

type outcomeOut struct {
	Status connection.CommandStatus `json:"status"`
	Digest string                   `json:"digest" doc:"tells equal outputs; the filter output of the list of commands"`
	Count  int                      `json:"count"`
	Output string                   `json:"output"`
}

type outcomesOut struct {
	Results []outcomeOut `json:"results"`
}

type repeatIn struct {
	Input rest.Opt[wispwright.JSON] `json:"input" nullable:"true" help:"for commands with secrets, which are not kept; otherwise it is that of the other"`
}

type batchRef struct {
	Batch wispwright.ID `json:"batch"`
}

// own are the mass commands of the caller's organizations: one over all of them
// is not shared, it is the superusers'.
func own(r *rest.Request) (read, write wispwright.Scope) { return r.WriteScope(), r.WriteScope() }

// mountBatches adds mass commands but for their start.
func (h *HTTP) mountBatches(api *rest.API) {
	type filter = connection.BatchFilter
	rest.Owned(api, batchPath, func(r *rest.Request, id wispwright.ID) (wispwright.ID, error) {
		b, err := h.c.Batches.Get(r.Context(), r.WriteScope(), id)
		if err != nil {
			return wispwright.ID{}, err
		}
		return b.OrganizationID, nil
	})
	rest.Mount(api, rest.Resource[wispwright.ID, connection.Batch, filter, rest.None, batchOut]{
		Path: batchPath, Only: rest.List | rest.Read, Name: "Batch Command", Noun: "BatchCommand", ID: "controller_batch_command", Tag: tag, Kind: batchKind,
		Service: h.c.Batches, Scopes: own, Out: rest.Each(newBatchOut),
		Detail: rest.Item[wispwright.ID, connection.Batch, filter, rest.None, batchDetailOut]{
			Out: func(r *rest.Request, rows []*connection.Batch) ([]batchDetailOut, error) {
				out := make([]batchDetailOut, len(rows))
				for i, b := range rows {
					devices, err := h.c.Batches.Targets(r.Context(), b)
					if err != nil {
						return nil, err
					}
					if devices == nil {
						devices = []wispwright.ID{}
					}
					out[i] = batchDetailOut{newBatchOut(b), devices}
				}
				return out, nil
			},
		},
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterChoice("status", append(statuses(), string(connection.BatchIdle)), func(f *filter, v string) { f.Status = connection.CommandStatus(v) }),
			rest.FilterText("type", func(f *filter, v string) { f.Type = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
		Ordering: map[string]string{"created": "Created", "modified": "Modified", "label": "Label", "status": "Status"},
	})
	h.mountBatchCommands(api)
	h.mountBatchActions(api)
}

// mountBatchCommands adds what came of a mass command on each device.
func (h *HTTP) mountBatchCommands(api *rest.API) {
	type filter = connection.CommandFilter
	rest.Mount(api, rest.Resource[wispwright.ID, connection.Command, filter, rest.None, commandOut]{
		Path: batchPath + "{batch}/command/", Only: rest.List, Name: "Batch Command Commands", Noun: "BatchCommand", ID: "controller_batch_command_command", Tag: tag, Kind: batchKind,
		Service: h.c.Commands, Scopes: own,
		Prepare: func(r *rest.Request) error {
			_, err := h.c.Batches.Get(r.Context(), r.WriteScope(), r.ID("batch"))
			return err
		},
		Within: func(r *rest.Request, f *filter) error { f.BatchID = r.ID("batch"); return nil },
		Out:    rest.Each(h.commandOut),
		Filters: []rest.Filter[filter]{
			rest.FilterChoice("status", statuses(), func(f *filter, v string) { f.Status = connection.CommandStatus(v) }),
			rest.FilterText("output", func(f *filter, v string) { f.OutputDigest = v }),
		},
		Ordering: map[string]string{"created": "Created", "modified": "Modified"},
	})
}

// mountBatchActions adds what is done with one mass command.
func (h *HTTP) mountBatchActions(api *rest.API) {
	sub := func(path, name string) *rest.View {
		return &rest.View{Path: batchPath + "{id}/" + path + "/", Name: name, Noun: "BatchCommand", Tag: tag, Kind: batchKind}
	}
	api.Mount(sub("progress", "Batch Command Progress"), rest.Action(http.MethodGet, "controller_batch_command_progress", http.StatusOK, func(r *rest.Request, _ *rest.None) (progressOut, error) {
		p, err := h.c.Batches.Progress(r.Context(), r.WriteScope(), r.ID("id"))
		if err != nil {
			return progressOut{}, err
		}
		return newProgressOut(p), nil
	}))
	api.Mount(sub("outcome", "Batch Command Outcomes"), rest.Action(http.MethodGet, "controller_batch_command_outcome", http.StatusOK, h.outcomes))
	stop := rest.Action(http.MethodPost, "controller_batch_command_stop", http.StatusOK, func(r *rest.Request, _ *rest.None) (batchOut, error) {
		b, err := h.c.Batches.Stop(r.Context(), r.WriteScope(), r.ID("id"))
		if err != nil {
			return batchOut{}, err
		}
		return newBatchOut(b), nil
	})
	stop.Summary = "Do not run what still waits; what runs goes on"
	stop.Reads = true // it only ends what is under way
	api.Mount(sub("stop", "Batch Command Stop"), stop)
	repeat := rest.Action(http.MethodPost, "controller_batch_command_repeat", http.StatusCreated, func(r *rest.Request, in *repeatIn) (batchRef, error) {
		b, err := h.c.Batches.Repeat(r.Context(), r.WriteScope(), r.ID("id"), in.Input.Or(""))
		if err != nil {
			return batchRef{}, err
		}
		return batchRef{b.ID}, nil
	})
	repeat.Summary = "Start a mass command like this one for the devices where it failed or that were skipped"
	api.Mount(sub("repeat", "Batch Command Repeat"), repeat)
}

// outcomes groups what devices wrote; of each group one output is shown.
func (h *HTTP) outcomes(r *rest.Request, _ *rest.None) (outcomesOut, error) {
	groups, err := h.c.Batches.Outcomes(r.Context(), r.WriteScope(), r.ID("id"))
	if err != nil {
		return outcomesOut{}, err
	}
	const shown = 50 // the whole output of more groups would be too much for one page
	out := outcomesOut{Results: make([]outcomeOut, 0, len(groups))}
	for i, g := range groups {
		row := outcomeOut{Status: g.Status, Digest: g.Digest, Count: g.Count}
		if i < shown {
			c, err := h.c.Commands.Get(r.Context(), r.WriteScope(), g.CommandID)
			if err != nil {
				return out, err
			}
			row.Output = c.Output
		}
		out.Results = append(out.Results, row)
	}
	return out, nil
}
