// Package rollouthttp puts rollouts on the wire: how far they are, device by
// device, and what people decide about them. They are started by what is rolled
// out.
package rollouthttp

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/rollout"
)

// HTTP is the engine's part of an API.
type HTTP struct{ s *rollout.Service }

// New returns the HTTP side of the engine.
func New(s *rollout.Service) (*HTTP, error) {
	if s == nil {
		return nil, errors.New("rollouthttp: the engine is required")
	}
	return &HTTP{s}, nil
}

const (
	tag      = "rollout"
	kind     = "rollout.rollout"
	listPath = "/api/v1/rollout/"
	itemPath = listPath + "{id}/"
)

// rolloutOut is a rollout.
type rolloutOut struct {
	ID           wispwright.ID  `json:"id"`
	Organization *wispwright.ID `json:"organization"`
	Kind         string         `json:"kind"`
	Subject      *wispwright.ID `json:"subject" doc:"what is rolled out"`
	Label        string         `json:"label"`
	Status       string         `json:"status"`
	Reason       string         `json:"reason" doc:"why it stands as it does"`
	Strategy     StrategyWire   `json:"strategy"`
	Waves        int            `json:"waves"`
	Wave         int            `json:"wave" doc:"the present one, counted from 0"`
	WaveStarted  rest.Time      `json:"wave_started"`
	WaveEnded    rest.Time      `json:"wave_ended"`
	Devices      int            `json:"devices"`
	NextAt       rest.Time      `json:"next_at"`
	Actor        string         `json:"actor"`
	Created      rest.Time      `json:"created"`
	Modified     rest.Time      `json:"modified"`
	Started      rest.Time      `json:"started"`
	Ended        rest.Time      `json:"ended"`
	Progress     []waveOut      `json:"progress,omitempty" doc:"of each wave, in detail only"`
}

type waveOut struct {
	Wave   int            `json:"wave"`
	Size   int            `json:"size"`
	States map[string]int `json:"states"`
}

func newRolloutOut(r *rollout.Rollout) rolloutOut {
	return rolloutOut{
		ID: r.ID, Organization: rest.Null(r.OrganizationID), Kind: r.Kind, Subject: rest.Null(r.SubjectID), Label: r.Label, Status: string(r.Status), Reason: r.Reason, Strategy: NewStrategyWire(r.Strategy),
		Waves: r.Waves, Wave: r.Wave, WaveStarted: moment(r.WaveStarted), WaveEnded: moment(r.WaveEnded), Devices: r.Total, NextAt: moment(r.NextAt), Actor: r.Actor,
		Created: rest.Time(r.Created), Modified: rest.Time(r.Modified), Started: moment(r.Started), Ended: moment(r.Ended),
	}
}

// stepOut is what one device has to do with a rollout.
type stepOut struct {
	ID           wispwright.ID  `json:"id"`
	Device       wispwright.ID  `json:"device"`
	Organization *wispwright.ID `json:"organization"`
	Name         string         `json:"name"`
	Wave         int            `json:"wave"`
	Site         string         `json:"site"`
	State        string         `json:"state"`
	Detail       string         `json:"detail"`
	Begun        rest.Time      `json:"begun"`
	Ended        rest.Time      `json:"ended"`
}

// own are the rollouts of the caller's organizations: one over several is the
// superusers'.
func own(r *rest.Request) (read, write wispwright.Scope) { return r.WriteScope(), r.WriteScope() }

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	type filter = rollout.RolloutFilter
	rest.Mount(api, rest.Resource[wispwright.ID, rollout.Rollout, filter, rest.None, rolloutOut]{
		Path: listPath, Only: rest.List | rest.Read | rest.Delete, Name: "Rollout", Noun: "Rollout", ID: "rollout", Tag: tag, Kind: kind, Service: h.s, Scopes: own,
		Organization: func(r *rollout.Rollout) wispwright.ID { return r.OrganizationID },
		Out:          rest.Each(newRolloutOut),
		Detail: rest.Item[wispwright.ID, rollout.Rollout, filter, rest.None, rolloutOut]{
			Delete: func(r *rest.Request, id wispwright.ID) error { return h.s.Delete(r.Context(), r.WriteScope(), id) },
			Out: func(r *rest.Request, rows []*rollout.Rollout) ([]rolloutOut, error) {
				out := make([]rolloutOut, len(rows))
				for i, row := range rows {
					var err error
					if out[i], err = h.detail(r, row); err != nil {
						return nil, err
					}
				}
				return out, nil
			},
		},
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterChoice("status", texts(rollout.Statuses()), func(f *filter, v string) { f.Status = rollout.Status(v) }),
			rest.FilterText("kind", func(f *filter, v string) { f.Kind = v }),
			rest.FilterID("subject", func(f *filter, v wispwright.ID) { f.SubjectID = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
		Ordering: map[string]string{"created": "Created", "modified": "Modified", "label": "Label", "status": "Status"},
	})
	h.mountSteps(api)
	h.mountDecisions(api)
}

func (h *HTTP) detail(r *rest.Request, row *rollout.Rollout) (rolloutOut, error) {
	out := newRolloutOut(row)
	progress, err := h.s.Progress(r.Context(), r.WriteScope(), row.ID)
	if err != nil {
		return out, err
	}
	out.Progress = make([]waveOut, len(progress))
	for i, w := range progress {
		out.Progress[i] = waveOut{Wave: w.Wave, Size: w.Size, States: map[string]int{}}
		for s, n := range w.States {
			out.Progress[i].States[string(s)] = n
		}
	}
	return out, nil
}

// mountSteps adds the devices of a rollout.
func (h *HTTP) mountSteps(api *rest.API) {
	type filter = rollout.StepFilter
	rest.Mount(api, rest.Resource[wispwright.ID, rollout.Step, filter, rest.None, stepOut]{
		Path: listPath + "{rollout}/device/", Only: rest.List, Name: "Rollout Devices", Noun: "Rollout", ID: "rollout_device", Tag: tag, Kind: kind, Service: steps{h.s}, Scopes: own,
		Prepare: func(r *rest.Request) error {
			_, err := h.s.Get(r.Context(), r.WriteScope(), r.ID("rollout"))
			return err
		},
		Within: func(r *rest.Request, f *filter) error { f.RolloutID = r.ID("rollout"); return nil },
		Out: rest.Each(func(o *rollout.Step) stepOut {
			return stepOut{o.ID, o.DeviceID, rest.Null(o.OrganizationID), o.Name, o.Wave, o.Site, string(o.State), o.Detail, moment(o.Begun), moment(o.Ended)}
		}),
		Filters: []rest.Filter[filter]{
			rest.FilterChoice("state", texts(rollout.States()), func(f *filter, v string) { f.State = rollout.State(v) }),
			{Name: "wave", Help: "a number, counted from 0", Apply: func(_ *rest.Request, f *filter, v string) error {
				n, err := strconv.Atoi(v)
				if err != nil {
					return wispwright.Invalid("", "Enter a number.")
				}
				f.Wave = &n
				return nil
			}},
			rest.FilterID("device", func(f *filter, v wispwright.ID) { f.DeviceID = v }),
			rest.FilterText("site", func(f *filter, v string) { f.Site = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
		},
		Ordering: map[string]string{"wave": "Wave", "name": "Name", "state": "State", "ended": "Ended"},
	})
}

type pauseIn struct {
	Reason rest.Opt[string] `json:"reason" maxLength:"1000" blank:"true"`
}

type resumeIn struct {
	Retry       rest.Opt[bool] `json:"retry" help:"begin failed devices once more; otherwise their number is accepted"`
	IgnoreGates rest.Opt[bool] `json:"ignore_gates" help:"go on whatever gates say of the present wave"`
}

type rollbackIn struct {
	Wave rest.Opt[int64] `json:"wave" help:"the first wave to take back, counted from 0; 0 takes back everything and ends the rollout"`
}

// mountDecisions adds what people decide.
func (h *HTTP) mountDecisions(api *rest.API) {
	mount(h, api, "pause", "Begin nothing more; what runs goes on", func(r *rest.Request, in *pauseIn) (*rollout.Rollout, error) {
		return h.s.Pause(r.Context(), r.WriteScope(), r.ID("id"), in.Reason.Or(""))
	})
	mount(h, api, "resume", "Go on, or approve of the wave that waits for it", func(r *rest.Request, in *resumeIn) (*rollout.Rollout, error) {
		return h.s.Resume(r.Context(), r.WriteScope(), r.ID("id"), rollout.Again{Retry: in.Retry.Or(false), IgnoreGates: in.IgnoreGates.Or(false)})
	})
	mount(h, api, "cancel", "Give it up", func(r *rest.Request, _ *rest.None) (*rollout.Rollout, error) {
		return h.s.Cancel(r.Context(), r.WriteScope(), r.ID("id"))
	})
	mount(h, api, "rollback", "Take back a wave and those after it", func(r *rest.Request, in *rollbackIn) (*rollout.Rollout, error) {
		return h.s.Rollback(r.Context(), r.WriteScope(), r.ID("id"), int(in.Wave.Or(0)))
	})
}

func mount[In any](h *HTTP, api *rest.API, name, summary string, decide func(*rest.Request, *In) (*rollout.Rollout, error)) {
	op := rest.Action(http.MethodPost, "rollout_"+name, http.StatusOK, func(r *rest.Request, in *In) (rolloutOut, error) {
		row, err := decide(r, in)
		var not *rollout.NotNowError
		if errors.As(err, &not) {
			return rolloutOut{}, rest.Fail(http.StatusConflict, not.Error())
		}
		if err != nil {
			return rolloutOut{}, err
		}
		return h.detail(r, row)
	}, http.StatusConflict)
	op.Summary = summary
	api.Mount(&rest.View{Path: itemPath + name + "/", Name: "Rollout " + name, Noun: "Rollout", Tag: tag, Kind: kind}, op)
}
