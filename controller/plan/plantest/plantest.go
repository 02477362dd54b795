package plantest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Harness makes empty stores of plans and their transactor. It is called once for
// every part of the suite.
type Harness func(t *testing.T) (plan.Stores, wispwright.Transactor)

// Run runs the suite that any storage of plans must pass.
func Run(t *testing.T, h Harness) {
	t.Run("plans", func(t *testing.T) { RunPlans(t, h) })
	t.Run("what belongs to plans", func(t *testing.T) { RunParts(t, h) })
	t.Run("devices", func(t *testing.T) { RunDevices(t, h) })
}

func id(n int) wispwright.ID {
	return wispwright.ID{0: 0xab, 6: 0x40, 14: byte(n >> 8), 15: byte(n)}
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC).Add(time.Duration(n) * time.Minute)
}

func moment(n int) *time.Time { t := at(n); return &t }

func sample(n, organization int) *plan.Plan {
	return &plan.Plan{
		ID: id(1000 + n), OrganizationID: id(organization), Name: fmt.Sprintf("näher %d", n), Notes: "notes", Status: plan.Statuses()[n%3], Problem: "why", Source: "folder",
		Changes: []plan.Change{{Kind: plan.TemplateChange, Action: plan.Update, ID: id(5), Name: "wan", Set: `{"config":{"b":1,"a":2}}`, Revision: id(6), Base: "base"}}, Turn: int64(n),
		Computed: moment(n), Affected: 9, Changed: 7, Invalid: 1, Away: 2, SignedByID: id(7), SignedBy: "anna", Signed: moment(n + 1), RolloutID: id(100 + n%2), Ended: moment(n + 2),
		ActorID: id(8), Actor: "ben", Created: at(n), Modified: at(n + 3),
	}
}

// RunPlans checks the store of plans.
func RunPlans(t *testing.T, h Harness) {
	s, tx := h(t)
	storetest.RunRepo(t, s.Plans, storetest.Sample[wispwright.ID, plan.Plan, plan.PlanFilter]{
		Tx: tx, New: func(n, o int) *plan.Plan { return sample(n, 1+o) }, Key: func(p *plan.Plan) wispwright.ID { return p.ID },
		Mutate: func(p *plan.Plan) { p.Notes += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Name", "Created"},
		Filters: map[string]storetest.Filter[plan.Plan, plan.PlanFilter]{
			"ids":          {Filter: plan.PlanFilter{IDs: wispwright.Only(id(1001), id(1002))}, Selects: func(p *plan.Plan) bool { return p.ID == id(1001) || p.ID == id(1002) }},
			"organization": {Filter: plan.PlanFilter{OrganizationID: id(2)}, Selects: func(p *plan.Plan) bool { return p.OrganizationID == id(2) }},
			"status":       {Filter: plan.PlanFilter{Status: plan.Planned}, Selects: func(p *plan.Plan) bool { return p.Status == plan.Planned }},
			"rollout":      {Filter: plan.PlanFilter{RolloutID: id(101)}, Selects: func(p *plan.Plan) bool { return p.RolloutID == id(101) }},
		},
		Search: &storetest.Search[plan.Plan, plan.PlanFilter]{
			Put: func(p *plan.Plan, text string) { p.Name = text }, Filter: func(text string) plan.PlanFilter { return plan.PlanFilter{Search: text} },
		},
	})
}

// with is a storage with two plans.
func with(t *testing.T, h Harness) (plan.Stores, wispwright.Transactor) {
	t.Helper()
	s, tx := h(t)
	for n := range 2 {
		require.NoError(t, s.Plans.Insert(context.Background(), sample(n, 1)))
	}
	return s, tx
}

func group(n, of, organization int) *plan.Group {
	return &plan.Group{ID: id(2000 + n), PlanID: id(1000 + of), OrganizationID: id(organization), Digest: fmt.Sprint(n), Diff: "@@\n+a\n", Fault: "fault", Added: 1, Removed: 2, Count: n, Away: 3, SampleID: id(9), Sample: "box"}
}

func comment(n, of, organization int) *plan.Comment {
	return &plan.Comment{ID: id(4000 + n), PlanID: id(1000 + of), OrganizationID: id(organization), ActorID: id(8), Actor: "anna", Text: "well", Created: at(n)}
}

// RunParts checks groups and comments, and that both go with their plan.
func RunParts(t *testing.T, h Harness) {
	ctx, all := context.Background(), wispwright.ScopeAll()
	t.Run("groups", func(t *testing.T) {
		s, tx := with(t, h)
		storetest.RunRepo(t, s.Groups, storetest.Sample[wispwright.ID, plan.Group, plan.GroupFilter]{
			Tx: tx, New: func(n, o int) *plan.Group { return group(n, n%2, 1+o) }, Key: func(g *plan.Group) wispwright.ID { return g.ID },
			Mutate: func(g *plan.Group) { g.Diff += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Count"},
			Filters: map[string]storetest.Filter[plan.Group, plan.GroupFilter]{"plan": {Filter: plan.GroupFilter{PlanID: id(1001)}, Selects: func(g *plan.Group) bool { return g.PlanID == id(1001) }}},
			Orphan:  func(n int) *plan.Group { return group(n, 7, 1) },
		})
	})
	t.Run("comments", func(t *testing.T) {
		s, tx := with(t, h)
		storetest.RunRepo(t, s.Comments, storetest.Sample[wispwright.ID, plan.Comment, plan.CommentFilter]{
			Tx: tx, New: func(n, o int) *plan.Comment { return comment(n, n%2, 1+o) }, Key: func(c *plan.Comment) wispwright.ID { return c.ID },
			Mutate: func(c *plan.Comment) { c.Text += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Created"},
			Filters: map[string]storetest.Filter[plan.Comment, plan.CommentFilter]{"plan": {Filter: plan.CommentFilter{PlanID: id(1001)}, Selects: func(c *plan.Comment) bool { return c.PlanID == id(1001) }}},
			Orphan:  func(n int) *plan.Comment { return comment(n, 7, 1) },
		})
	})
	t.Run("they go with their plan", func(t *testing.T) {
		s, _ := with(t, h)
		for n := range 2 {
			require.NoError(t, s.Groups.InsertMany(ctx, []*plan.Group{group(n, n, 1)}))
			require.NoError(t, s.Comments.Insert(ctx, comment(n, n, 1)))
			require.NoError(t, s.Devices.Insert(ctx, device(n, n, 1)))
		}
		require.NoError(t, s.Plans.Delete(ctx, all, id(1000)))
		groups, err := s.Groups.List(ctx, all, plan.GroupFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []*plan.Group{group(1, 1, 1)}, groups.Rows)
		comments, err := s.Comments.List(ctx, all, plan.CommentFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []*plan.Comment{comment(1, 1, 1)}, comments.Rows)
		devices, err := s.Devices.List(ctx, all, plan.DeviceFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []*plan.Device{device(1, 1, 1)}, devices.Rows)
		require.NoError(t, s.Groups.Clear(ctx, id(1001)))
		groups, err = s.Groups.List(ctx, all, plan.GroupFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Empty(t, groups.Rows)
	})
}

func device(n, of, organization int) *plan.Device {
	return &plan.Device{ID: id(3000 + n), PlanID: id(1000 + of), DeviceID: id(5000 + n/2), OrganizationID: id(organization), Name: fmt.Sprintf("gerät %d", n), GroupID: id(2000 + n%3), Ground: "ground", Away: n%2 == 0}
}

// RunDevices checks the store of devices.
func RunDevices(t *testing.T, h Harness) {
	ctx, all := context.Background(), wispwright.ScopeAll()
	yes := true
	s, tx := with(t, h)
	storetest.RunRepo(t, s.Devices, storetest.Sample[wispwright.ID, plan.Device, plan.DeviceFilter]{
		Tx: tx, New: func(n, o int) *plan.Device { return device(n, n%2, 1+o) }, Key: func(d *plan.Device) wispwright.ID { return d.ID },
		Mutate: func(d *plan.Device) { d.Ground += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Name"},
		Uniques: map[string]func(*plan.Device) *plan.Device{plan.UniqueDevice: func(first *plan.Device) *plan.Device { d := *first; d.ID = id(3900); return &d }},
		Filters: map[string]storetest.Filter[plan.Device, plan.DeviceFilter]{
			"plan":    {Filter: plan.DeviceFilter{PlanID: id(1001)}, Selects: func(d *plan.Device) bool { return d.PlanID == id(1001) }},
			"group":   {Filter: plan.DeviceFilter{GroupID: id(2001)}, Selects: func(d *plan.Device) bool { return d.GroupID == id(2001) }},
			"away":    {Filter: plan.DeviceFilter{Away: &yes}, Selects: func(d *plan.Device) bool { return d.Away }},
			"devices": {Filter: plan.DeviceFilter{DeviceIDs: wispwright.Only(id(5001))}, Selects: func(d *plan.Device) bool { return d.DeviceID == id(5001) }},
		},
		Search: &storetest.Search[plan.Device, plan.DeviceFilter]{
			Put: func(d *plan.Device, text string) { d.Name = text }, Filter: func(text string) plan.DeviceFilter { return plan.DeviceFilter{Search: text} },
		},
		Orphan: func(n int) *plan.Device { return device(n, 7, 1) },
	})
	t.Run("released", func(t *testing.T) {
		s, _ := with(t, h)
		for n := range 6 { // each device in both plans
			require.NoError(t, s.Devices.Insert(ctx, device(n, n%2, 1)))
		}
		released := func() map[wispwright.ID][]wispwright.ID {
			out, err := s.Devices.Released(ctx, id(5000), id(5001), id(5002), id(7777))
			require.NoError(t, err)
			return out
		}
		require.Empty(t, released())
		require.NoError(t, s.Devices.Release(ctx, id(1000), true, id(5000), id(5001)))
		require.NoError(t, s.Devices.Release(ctx, id(1001), true, id(5001)))
		require.Equal(t, map[wispwright.ID][]wispwright.ID{id(5000): {id(1000)}, id(5001): {id(1000), id(1001)}}, released())
		require.NoError(t, s.Devices.Release(ctx, id(1000), false, id(5000)))
		require.Equal(t, map[wispwright.ID][]wispwright.ID{id(5001): {id(1000), id(1001)}}, released())
		require.NoError(t, s.Devices.Release(ctx, id(1000), false))
		require.Equal(t, map[wispwright.ID][]wispwright.ID{id(5001): {id(1001)}}, released())
		require.NoError(t, s.Devices.Forget(ctx, id(5001)))
		require.Empty(t, released())
		require.NoError(t, s.Devices.Clear(ctx, id(1000)))
		left, err := s.Devices.List(ctx, all, plan.DeviceFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, left.Rows, 2)
	})
}
