package planhttp

import (
	"context"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/kit/rest"
)

// guarded is the service with its refusals as the wire has them.
type guarded struct{ *plan.Plans }

// Update implements rest.Service.
func (g guarded) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*plan.Plan) error) (*plan.Plan, error) {
	p, err := g.Plans.Update(ctx, scope, id, change)
	return p, conflict(err)
}

// Delete implements rest.Service.
func (g guarded) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return conflict(g.Plans.Delete(ctx, scope, id))
}

// groupOut is a set of devices to which a plan does the same.
type groupOut struct {
	ID       wispwright.ID  `json:"id"`
	Digest   string         `json:"digest"`
	Diff     string         `json:"diff" doc:"as of diff -u; what is a device's own is written as {{ name }}"`
	Fault    string         `json:"fault" doc:"why these devices cannot be rendered"`
	Added    int            `json:"added"`
	Removed  int            `json:"removed"`
	Count    int            `json:"count"`
	Away     int            `json:"away"`
	SampleID *wispwright.ID `json:"sample_id"`
	Sample   string         `json:"sample"`
}

// deviceOut is what a plan does to one device.
type deviceOut struct {
	ID           wispwright.ID  `json:"id"`
	Device       wispwright.ID  `json:"device"`
	Organization *wispwright.ID `json:"organization"`
	Name         string         `json:"name"`
	Group        *wispwright.ID `json:"group" doc:"null: it stays as it is"`
	Away         bool           `json:"away"`
	Released     bool           `json:"released" doc:"it is rendered with what the plan says"`
}

type commentOut struct {
	ID      wispwright.ID `json:"id"`
	Actor   string        `json:"actor"`
	Text    string        `json:"text"`
	Created rest.Time     `json:"created"`
}

type commentIn struct {
	Text rest.Opt[string] `json:"text" required:"true" maxLength:"10000"`
}

// lister makes a Reader of a list below a plan.
type lister[T, F any] func(ctx context.Context, scope wispwright.Scope, f F, p wispwright.Page) (wispwright.Items[T], error)

// Get finds nothing: they are read through their plan.
func (lister[T, F]) Get(context.Context, wispwright.Scope, wispwright.ID) (*T, error) {
	return nil, wispwright.ErrNotFound
}

// List returns a page.
func (l lister[T, F]) List(ctx context.Context, scope wispwright.Scope, f F, p wispwright.Page) (wispwright.Items[T], error) {
	return l(ctx, scope, f, p)
}

// visible looks the plan of the path up.
func (h *HTTP) visible(r *rest.Request) error {
	_, err := h.s.Get(r.Context(), r.WriteScope(), r.ID("plan"))
	return err
}

// mountLists adds what belongs to a plan.
func (h *HTTP) mountLists(api *rest.API) {
	const below = listPath + "{plan}/"
	rest.Mount(api, rest.Resource[wispwright.ID, plan.Group, plan.GroupFilter, rest.None, groupOut]{
		Path: below + "group/", Only: rest.List, Name: "Plan Groups", Noun: "Plan", ID: "controller_plan_group", Tag: tag, Kind: kind, Scopes: own, Prepare: h.visible,
		Service: lister[plan.Group, plan.GroupFilter](h.s.Groups), Within: func(r *rest.Request, f *plan.GroupFilter) error { f.PlanID = r.ID("plan"); return nil },
		Out: rest.Each(func(g *plan.Group) groupOut {
			return groupOut{g.ID, g.Digest, g.Diff, g.Fault, g.Added, g.Removed, g.Count, g.Away, rest.Null(g.SampleID), g.Sample}
		}),
		Ordering: map[string]string{"count": "Count"},
	})
	rest.Mount(api, rest.Resource[wispwright.ID, plan.Device, plan.DeviceFilter, rest.None, deviceOut]{
		Path: below + "device/", Only: rest.List, Name: "Plan Devices", Noun: "Plan", ID: "controller_plan_device", Tag: tag, Kind: kind, Scopes: own, Prepare: h.visible,
		Service: lister[plan.Device, plan.DeviceFilter](h.s.Devices), Within: func(r *rest.Request, f *plan.DeviceFilter) error { f.PlanID = r.ID("plan"); return nil },
		Out: rest.Each(func(d *plan.Device) deviceOut {
			return deviceOut{d.ID, d.DeviceID, rest.Null(d.OrganizationID), d.Name, rest.Null(d.GroupID), d.Away, d.Released}
		}),
		Filters: []rest.Filter[plan.DeviceFilter]{
			rest.FilterID("group", func(f *plan.DeviceFilter, v wispwright.ID) { f.GroupID = v }),
			rest.FilterBool("away", func(f *plan.DeviceFilter, v bool) { f.Away = &v }),
			rest.FilterText("search", func(f *plan.DeviceFilter, v string) { f.Search = v }),
		},
		Ordering: map[string]string{"name": "Name"},
	})
	rest.Mount(api, rest.Resource[wispwright.ID, plan.Comment, plan.CommentFilter, rest.None, commentOut]{
		Path: below + "comment/", Only: rest.List, Name: "Plan Comments", Noun: "Plan", ID: "controller_plan_comment", Tag: tag, Kind: kind, Scopes: own, Prepare: h.visible,
		Service: lister[plan.Comment, plan.CommentFilter](h.s.Comments), Within: func(r *rest.Request, f *plan.CommentFilter) error { f.PlanID = r.ID("plan"); return nil },
		Out: rest.Each(newCommentOut),
		ListOps: []rest.Op{rest.Action(http.MethodPost, "controller_plan_comment_create", http.StatusCreated, func(r *rest.Request, in *commentIn) (commentOut, error) {
			c, err := h.s.Comment(r.Context(), r.WriteScope(), r.ID("plan"), in.Text.Or(""))
			if err != nil {
				return commentOut{}, err
			}
			return newCommentOut(c), nil
		})},
		Ordering: map[string]string{"created": "Created"},
	})
}

func newCommentOut(c *plan.Comment) commentOut {
	return commentOut{c.ID, c.Actor, c.Text, rest.Time(c.Created)}
}
