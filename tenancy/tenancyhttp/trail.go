package tenancyhttp

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

// eventOut is one entry of the audit trail.
type eventOut struct {
	ID           wispwright.ID   `json:"id"`
	Created      rest.Time       `json:"created"`
	ActorID      wispwright.ID   `json:"actor_id"`
	Actor        string          `json:"actor"`
	Method       string          `json:"method"`
	Address      string          `json:"address"`
	Kind         string          `json:"kind"`
	ObjectID     string          `json:"object_id"`
	Label        string          `json:"label"`
	Organization wispwright.ID   `json:"organization"`
	Action       string          `json:"action"`
	Cause        string          `json:"cause"`
	Fields       []eventFieldOut `json:"fields"`
}

type eventFieldOut struct {
	Field string `json:"field"`
	Old   any    `json:"old"`
	New   any    `json:"new"`
}

func (h *HTTP) mountTrail(api *rest.API) {
	rest.Mount(api, rest.Resource[wispwright.ID, tenancy.Event, tenancy.EventFilter, rest.None, eventOut]{
		Path: "/api/v1/audit/event/", Only: rest.List | rest.Read,
		Name: "Audit Event", Noun: "Event", ID: "audit_event", Tag: "audit", Kind: "audit.event",
		Service: h.t.Trail,
		// what belongs to no organization, such as accounts, is for superusers:
		// shared objects are visible to every tenant, the users that touched them are not
		Scopes: func(r *rest.Request) (wispwright.Scope, wispwright.Scope) { return r.WriteScope(), r.WriteScope() },
		Out: rest.Each(func(e *tenancy.Event) eventOut {
			out := eventOut{e.ID, rest.Time(e.Created), e.ActorID, e.Actor, e.Method, e.Address, e.Kind, e.ObjectID, e.Label,
				e.OrganizationID, e.Action, e.Cause, []eventFieldOut{}}
			for _, f := range e.Fields {
				out.Fields = append(out.Fields, eventFieldOut{f.Field, f.Old, f.New})
			}
			return out
		}),
		Filters: append(rest.FilterOrganization(func(f *tenancy.EventFilter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterID("actor_id", func(f *tenancy.EventFilter, v wispwright.ID) { f.ActorID = v }),
			rest.FilterText("kind", func(f *tenancy.EventFilter, v string) { f.Kind = v }),
			rest.FilterText("object_id", func(f *tenancy.EventFilter, v string) { f.ObjectID = v }),
			rest.FilterText("action", func(f *tenancy.EventFilter, v string) { f.Action = v }),
			rest.FilterTime("created__gte", func(f *tenancy.EventFilter, v time.Time) { f.CreatedFrom = v }),
			rest.FilterTime("created__lt", func(f *tenancy.EventFilter, v time.Time) { f.CreatedBefore = v }),
		),
	})
}
