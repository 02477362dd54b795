// Package planhttp puts plans on the wire: drafts of changes, what they would do,
// comments, approval, and how they are applied. How far a plan is that is being
// applied, its rollout says (package rollouthttp).
package planhttp

import (
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/rollout/rollouthttp"
)

// HTTP is the concern's part of an API.
type HTTP struct{ s *plan.Plans }

// New returns the HTTP side of the concern.
func New(s *plan.Plans) (*HTTP, error) {
	if s == nil {
		return nil, errors.New("planhttp: the concern is required")
	}
	return &HTTP{s}, nil
}

const (
	tag      = "controller"
	kind     = "config.plan"
	listPath = "/api/v1/controller/plan/"
)

// planIn creates or changes a plan.
type planIn struct {
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"128"`
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" nullable:"true" rel:"organization" help:"whose objects are changed; null: shared ones, or those of several"`
	Notes        rest.Opt[string]        `json:"notes" blank:"true"`
	Changes      rest.Opt[[]changeIn]    `json:"changes"`
}

// changeIn is one change.
type changeIn struct {
	Kind   rest.Opt[string]          `json:"kind" required:"true" help:"template, variables or devices"`
	Action rest.Opt[string]          `json:"action" required:"true" help:"create, update or delete"`
	ID     rest.Opt[wispwright.ID]   `json:"id" nullable:"true" help:"the template, or the organization whose variables they are"`
	Set    rest.Opt[wispwright.JSON] `json:"set" nullable:"true" help:"the fields as they are to be"`
}

type changeOut struct {
	Kind   string          `json:"kind"`
	Action string          `json:"action"`
	ID     *wispwright.ID  `json:"id"`
	Name   string          `json:"name"`
	Set    wispwright.JSON `json:"set"`
}

// planOut is a plan.
type planOut struct {
	ID           wispwright.ID  `json:"id"`
	Organization *wispwright.ID `json:"organization"`
	Name         string         `json:"name"`
	Notes        string         `json:"notes"`
	Status       string         `json:"status"`
	Problem      string         `json:"problem" doc:"why it could not be rehearsed"`
	Source       string         `json:"source"`
	Changes      []changeOut    `json:"changes"`
	Computed     rest.Time      `json:"computed"`
	Affected     int            `json:"affected" doc:"devices that the changes may touch"`
	Changed      int            `json:"changed" doc:"devices that would run something else"`
	Invalid      int            `json:"invalid" doc:"devices that could not be rendered"`
	Away         int            `json:"away" doc:"devices of these that are not in touch"`
	SignedBy     string         `json:"signed_by"`
	Signed       rest.Time      `json:"signed"`
	Rollout      *wispwright.ID `json:"rollout"`
	Actor        string         `json:"actor"`
	Created      rest.Time      `json:"created"`
	Modified     rest.Time      `json:"modified"`
	Ended        rest.Time      `json:"ended"`
}

func newPlanOut(p *plan.Plan) planOut {
	out := planOut{
		ID: p.ID, Organization: rest.Null(p.OrganizationID), Name: p.Name, Notes: p.Notes, Status: string(p.Status), Problem: p.Problem, Source: p.Source, Changes: make([]changeOut, len(p.Changes)),
		Affected: p.Affected, Changed: p.Changed, Invalid: p.Invalid, Away: p.Away, SignedBy: p.SignedBy, Rollout: rest.Null(p.RolloutID), Actor: p.Actor,
		Created: rest.Time(p.Created), Modified: rest.Time(p.Modified),
	}
	if p.Computed != nil {
		out.Computed = rest.Time(*p.Computed)
	}
	if p.Signed != nil {
		out.Signed = rest.Time(*p.Signed)
	}
	if p.Ended != nil {
		out.Ended = rest.Time(*p.Ended)
	}
	for i, c := range p.Changes {
		out.Changes[i] = changeOut{string(c.Kind), string(c.Action), rest.Null(c.ID), c.Name, c.Set}
	}
	return out
}

// own are the plans of the caller's organizations: one over several is the
// superusers'.
func own(r *rest.Request) (read, write wispwright.Scope) { return r.WriteScope(), r.WriteScope() }

func apply(_ *rest.Request, in *planIn, p *plan.Plan) error {
	in.Name.Into(&p.Name)
	in.Organization.Into(&p.OrganizationID)
	in.Notes.Into(&p.Notes)
	if !in.Changes.Set {
		return nil
	}
	p.Changes = nil
	for _, c := range in.Changes.Or(nil) {
		set := c.Set.Or("")
		if set == "null" {
			set = ""
		}
		p.Changes = append(p.Changes, plan.Change{Kind: plan.ChangeKind(c.Kind.Or("")), Action: plan.Action(c.Action.Or("")), ID: c.ID.Or(wispwright.ID{}), Set: set})
	}
	return nil
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	type filter = plan.PlanFilter
	var statuses []string
	for _, s := range plan.Statuses() {
		statuses = append(statuses, string(s))
	}
	rest.Mount(api, rest.Resource[wispwright.ID, plan.Plan, filter, planIn, planOut]{
		Path: listPath, Name: "Plan", Noun: "Plan", ID: "controller_plan", Tag: tag, Kind: kind, Service: guarded{h.s}, Scopes: own, Apply: apply, Out: rest.Each(newPlanOut),
		Organization: func(p *plan.Plan) wispwright.ID { return p.OrganizationID },
		Version:      func(p *plan.Plan) []any { return []any{p.Name, p.Notes, p.OrganizationID, p.Turn} },
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterChoice("status", statuses, func(f *filter, v string) { f.Status = plan.Status(v) }),
			rest.FilterID("rollout", func(f *filter, v wispwright.ID) { f.RolloutID = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
		Ordering: map[string]string{"created": "Created", "modified": "Modified", "name": "Name", "status": "Status"},
	})
	h.mountLists(api)
	h.mountSteps(api)
}

type signIn struct {
	Approve rest.Opt[bool] `json:"approve" required:"true"`
}

type applyIn struct {
	Strategy      rest.Opt[rollouthttp.StrategyIn] `json:"strategy"`
	AcceptInvalid rest.Opt[bool]                   `json:"accept_invalid" help:"devices that cannot be rendered keep what they have"`
}

// mountSteps adds what leads a plan on.
func (h *HTTP) mountSteps(api *rest.API) {
	step(api, "compute", "Find out what the plan would do to each device", http.StatusAccepted, func(r *rest.Request, _ *rest.None) (*plan.Plan, error) {
		return h.s.Compute(r.Context(), r.WriteScope(), r.ID("id"))
	})
	step(api, "sign", "Approve of what was found out, or withdraw that", http.StatusOK, func(r *rest.Request, in *signIn) (*plan.Plan, error) {
		return h.s.Sign(r.Context(), r.WriteScope(), r.ID("id"), in.Approve.Or(false))
	})
	step(api, "apply", "Carry out exactly what was found out, in waves", http.StatusOK, func(r *rest.Request, in *applyIn) (*plan.Plan, error) {
		o := plan.Order{AcceptInvalid: in.AcceptInvalid.Or(false)}
		if in.Strategy.Set && !in.Strategy.Null {
			o.Strategy = in.Strategy.V.Strategy()
		}
		return h.s.Apply(r.Context(), r.WriteScope(), r.ID("id"), o)
	})
}

func step[In any](api *rest.API, name, summary string, status int, do func(*rest.Request, *In) (*plan.Plan, error)) {
	op := rest.Action(http.MethodPost, "controller_plan_"+name, status, func(r *rest.Request, in *In) (planOut, error) {
		p, err := do(r, in)
		if err != nil {
			return planOut{}, conflict(err)
		}
		return newPlanOut(p), nil
	}, http.StatusConflict)
	op.Summary = summary
	api.Mount(&rest.View{Path: listPath + "{id}/" + name + "/", Name: "Plan " + name, Noun: "Plan", Tag: tag, Kind: kind}, op)
}

// conflict answers 409 where a plan is not in the status for something, or the
// ground moved.
func conflict(err error) error {
	var not *plan.NotNowError
	var moved *plan.MovedError
	switch {
	case errors.As(err, &moved):
		return rest.Fail(http.StatusConflict, moved.Error())
	case errors.As(err, &not):
		return rest.Fail(http.StatusConflict, not.Error())
	}
	return err
}
