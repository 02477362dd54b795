package plan_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/controller/plan/plansql"
	"github.com/wispwright/wispwright/controller/plan/plantest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/rollout/rolloutsql"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

var (
	ctx = context.Background()
	all = wispwright.ScopeAll()
)

func memory() plantest.Storage {
	m, tenants := tenancy.NewMemory()
	return plantest.Storage{Tx: m, Tenancy: tenants, Controller: controller.NewMemory(m), Rollouts: rollout.NewMemory(m), Plans: plan.NewMemory(m)}
}

func stored(t testing.TB, db *sqlstore.DB) plantest.Storage {
	for _, m := range []sqlstore.Migrations{tenancysql.Migrations(), controllersql.Migrations(), rolloutsql.Migrations(), plansql.Migrations()} {
		require.NoError(t, db.Migrate(ctx, m))
	}
	s := plantest.Storage{Tx: db}
	var err error
	s.Tenancy, err = tenancysql.New(db)
	require.NoError(t, err)
	s.Controller, err = controllersql.New(db)
	require.NoError(t, err)
	s.Rollouts, err = rolloutsql.New(db)
	require.NoError(t, err)
	s.Plans, err = plansql.New(db)
	require.NoError(t, err)
	return s
}

// each runs a test in memory and on every database.
func each(t *testing.T, test func(t *testing.T, w *plantest.World)) {
	t.Run("memory", func(t *testing.T) { test(t, plantest.NewWorld(t, memory(), nil)) })
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) { test(t, plantest.NewWorld(t, stored(t, db), nil)) })
}

func mtu(t *controller.Template, value string) plan.Change {
	return plan.Change{Kind: plan.TemplateChange, Action: plan.Update, ID: t.ID, Set: wispwright.JSON(`{"config": ` + plantest.Interface("eth0", value) + `}`)}
}

// planned makes a plan and rehearses it.
func planned(t *testing.T, w *plantest.World, organization wispwright.ID, changes ...plan.Change) *plan.Plan {
	t.Helper()
	p := &plan.Plan{OrganizationID: organization, Name: "larger frames", Changes: changes}
	require.NoError(t, w.Plans.Create(ctx, p))
	p, err := w.Plans.Compute(ctx, all, p.ID)
	require.NoError(t, err)
	return again(t, w, p)
}

func again(t *testing.T, w *plantest.World, p *plan.Plan) *plan.Plan {
	t.Helper()
	p, err := w.Plans.Get(ctx, all, p.ID)
	require.NoError(t, err)
	return p
}

func groups(t *testing.T, w *plantest.World, p *plan.Plan) []*plan.Group {
	t.Helper()
	list, err := w.Plans.Groups(ctx, all, plan.GroupFilter{PlanID: p.ID}, wispwright.Page{})
	require.NoError(t, err)
	return list.Rows
}

func status(t *testing.T, w *plantest.World, p *plan.Plan) rollout.Status {
	t.Helper()
	r, err := w.Rollouts.Get(ctx, all, again(t, w, p).RolloutID)
	require.NoError(t, err)
	return r.Status
}

func TestPlanAndApply(t *testing.T) {
	each(t, func(t *testing.T, w *plantest.World) {
		acme := w.Organization("ACME")
		wan := w.Template(acme, "wan", 1500)
		devices := w.Devices(acme, 6)
		before := w.Fetch(devices[0]).Checksum
		_, err := w.C.Devices.Update(ctx, all, devices[5], func(d *controller.Detail) error { d.Config.Context = `{"zone": "Europe/Rome"}`; return nil })
		require.NoError(t, err)
		w.Report(devices[5], "applied", "")

		p := planned(t, w, acme, mtu(wan, "9000"))
		require.Equal(t, []any{plan.Planned, 6, 6, 0, 0}, []any{p.Status, p.Affected, p.Changed, p.Invalid, p.Away})
		list := groups(t, w, p)
		require.Len(t, list, 1, "the same happens to all, though one of them has another zone")
		require.Equal(t, []int{6, 1, 1}, []int{list[0].Count, list[0].Added, list[0].Removed})
		require.Contains(t, list[0].Diff, "-\toption mtu '1500'\n+\toption mtu '9000'\n")
		require.Empty(t, w.Modified(devices), "nothing has happened yet")

		_, err = w.Plans.Apply(ctx, all, p.ID, plan.Order{Strategy: rollout.Strategy{Waves: []rollout.Wave{{Devices: []wispwright.ID{devices[2]}}, {Count: 2}}}})
		require.NoError(t, err)
		require.Equal(t, plan.Applying, again(t, w, p).Status)
		require.Equal(t, []wispwright.ID{devices[2]}, w.Modified(devices), "the canary")
		_, err = w.Plans.Apply(ctx, all, p.ID, plan.Order{})
		var not *plan.NotNowError
		require.ErrorAs(t, err, &not, "a plan is applied once")

		// others are rendered with what is stored, also when they change
		_, err = w.C.Templates.Update(ctx, all, wan.ID, func(t *controller.Template) error { t.Notes = "mine"; return nil })
		require.ErrorContains(t, err, `The plan "larger frames" is changing this now`)
		for range 5 {
			w.Pass(time.Minute)
		}
		require.Len(t, w.Modified(devices), 1, "the canary has not come back yet")
		for range 4 {
			for _, id := range w.Modified(devices) {
				w.Report(id, "applied", "")
			}
			w.Pass(time.Second * 10)
		}
		require.Equal(t, rollout.Done, status(t, w, p))
		require.Equal(t, plan.Applied, again(t, w, p).Status)
		require.Empty(t, w.Modified(devices), "nothing is rendered twice when the contents are stored")
		require.Equal(t, 2, w.Versions(devices[0]))
		require.NotEqual(t, before, w.Fetch(devices[0]).Checksum)
		now, err := w.C.Templates.Get(ctx, all, wan.ID)
		require.NoError(t, err)
		require.Contains(t, string(now.Config), "9000")
		_, err = w.Plans.Apply(ctx, all, p.ID, plan.Order{})
		require.ErrorContains(t, err, "A plan that is applied cannot be applied.")
	})
}

// TestAppliedTwiceAtOnce: one of those that apply a plan at the same time begins it, the
// others are told so, and each device gets the change once.
func TestAppliedTwiceAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *plantest.World) {
		acme := w.Organization("ACME")
		wan := w.Template(acme, "wan", 1500)
		devices := w.Devices(acme, 3)
		p := planned(t, w, acme, mtu(wan, "9000"))
		errs := make([]error, 6)
		var wg sync.WaitGroup
		for n := range errs {
			wg.Go(func() { _, errs[n] = w.Plans.Apply(ctx, all, p.ID, plan.Order{}) })
		}
		wg.Wait()
		begun := 0
		for _, err := range errs {
			var late *plan.NotNowError
			var moved *plan.MovedError
			switch {
			case err == nil:
				begun++
			case errors.As(err, &late), errors.As(err, &moved):
			default:
				require.NoError(t, err)
			}
		}
		require.Equal(t, 1, begun, "%v", errs)
		rollouts, err := w.Rollouts.List(ctx, all, rollout.RolloutFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, rollouts.Total)
		w.Pass(10e9)
		for _, d := range devices {
			w.Report(d, "applied", "")
			versions, err := w.C.Versions.List(ctx, all, d, wispwright.Page{})
			require.NoError(t, err)
			require.Equal(t, 2, versions.Total, "the one that it had, and that of the plan")
		}
		w.Pass(10e9)
		require.Equal(t, plan.Applied, again(t, w, p).Status)
		_, err = w.Plans.Apply(ctx, all, p.ID, plan.Order{})
		require.Error(t, err)
	})
}

func TestTakenBackToTheVersionsBefore(t *testing.T) {
	each(t, func(t *testing.T, w *plantest.World) {
		acme := w.Organization("ACME")
		wan := w.Template(acme, "wan", 1500)
		devices := w.Devices(acme, 5)
		sums := map[wispwright.ID]string{}
		for _, id := range devices {
			sums[id] = w.Detail(id).Config.Desired
		}
		extra := plan.Change{Kind: plan.TemplateChange, Action: plan.Create, ID: wispwright.NewID(), Set: `{"name": "extra", "default": true, "config": {"interfaces": [{"name": "eth9", "type": "ethernet"}]}}`}
		p := planned(t, w, acme, mtu(wan, "9000"), extra,
			plan.Change{Kind: plan.VariablesChange, Action: plan.Update, ID: acme, Set: `{"context": {"zone": "Europe/Rome"}}`},
			plan.Change{Kind: plan.DevicesChange, Action: plan.Update, Set: wispwright.JSON(fmt.Sprintf(`{"devices": [%q], "context": {"zone": "Europe/Oslo"}}`, devices[1]))})
		require.Equal(t, 5, p.Changed)
		require.Len(t, groups(t, w, p), 2)
		_, err := w.Plans.Apply(ctx, all, p.ID, plan.Order{Strategy: rollout.Strategy{Waves: []rollout.Wave{{Devices: devices[:3], Pause: time.Hour}}}})
		require.NoError(t, err)
		for _, id := range devices[:3] {
			require.Len(t, w.Detail(id).Config.Templates, 2)
			w.Report(id, "applied", "")
		}
		w.Pass(10 * time.Second)
		require.Equal(t, rollout.Running, status(t, w, p))
		_, err = w.Rollouts.Cancel(ctx, all, again(t, w, p).RolloutID)
		require.NoError(t, err)
		w.Pass(10 * time.Second)
		require.Equal(t, rollout.RolledBack, status(t, w, p))
		require.Equal(t, plan.RolledBack, again(t, w, p).Status)
		for _, id := range devices {
			d := w.Detail(id)
			require.Equal(t, sums[id], d.Config.Desired)
			require.Equal(t, []wispwright.ID{wan.ID}, d.Config.Templates)
			require.Equal(t, wispwright.JSON("{}"), d.Config.Context)
		}
		_, err = w.C.Templates.Get(ctx, all, extra.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		settings, err := w.C.Settings.Get(ctx, all, acme)
		require.NoError(t, err)
		require.NotContains(t, string(settings.Context), "Europe/Rome")
	})
}

func TestTheGroundMoved(t *testing.T) {
	each(t, func(t *testing.T, w *plantest.World) {
		acme := w.Organization("ACME")
		wan := w.Template(acme, "wan", 1500)
		devices := w.Devices(acme, 3)
		apply := func(p *plan.Plan) error {
			_, err := w.Plans.Apply(ctx, all, p.ID, plan.Order{})
			return err
		}
		var moved *plan.MovedError
		p := planned(t, w, acme, mtu(wan, "9000"))
		_, err := w.C.Devices.Update(ctx, all, devices[0], func(d *controller.Detail) error { d.Config.Context = `{"zone": "Europe/Rome"}`; return nil })
		require.NoError(t, err)
		require.ErrorAs(t, apply(p), &moved)
		require.Equal(t, []string{"1 devices are configured otherwise, or gone"}, moved.What)
		require.Equal(t, plan.Planned, again(t, w, p).Status)

		p = planned(t, w, acme, mtu(wan, "9000"))
		_, err = w.C.Templates.Update(ctx, all, wan.ID, func(t *controller.Template) error { t.Notes = "mine"; return nil })
		require.NoError(t, err)
		require.ErrorAs(t, apply(p), &moved)
		require.Equal(t, []string{`template "wan" was changed`}, moved.What)

		p = planned(t, w, acme, mtu(wan, "9000"))
		require.NoError(t, w.C.Devices.Create(ctx, &controller.Detail{
			Device: &controller.Device{OrganizationID: acme, Name: "late", MACAddress: "00:11:22:33:44:55"}, Config: &controller.Config{Backend: "netjsonconfig.OpenWrt"},
		}))
		require.ErrorAs(t, apply(p), &moved)
		require.Equal(t, []string{"1 more devices are affected"}, moved.What)

		p = planned(t, w, acme, mtu(wan, "9000"))
		other := planned(t, w, acme, mtu(wan, "1400"))
		require.NoError(t, apply(p))
		require.ErrorAs(t, apply(other), &moved)
		require.Contains(t, moved.Error(), `is being changed by the plan "larger frames"`)

		// a device that is changed after that fails its step, and stops the wave
		w = plantest.NewWorld(t, memory(), nil)
		acme = w.Organization("ACME")
		wan = w.Template(acme, "wan", 1500)
		devices = w.Devices(acme, 3)
		p = planned(t, w, acme, mtu(wan, "9000"))
		at := w.Now.Add(time.Minute)
		_, err = w.Plans.Apply(ctx, all, p.ID, plan.Order{Strategy: rollout.Strategy{Start: &at}})
		require.NoError(t, err)
		_, err = w.C.Devices.Update(ctx, all, devices[0], func(d *controller.Detail) error { d.Config.Context = `{"zone": "Europe/Rome"}`; return nil })
		require.NoError(t, err)
		w.Pass(2 * time.Minute)
		for _, id := range devices {
			w.Report(id, "applied", "")
		}
		w.Pass(time.Minute)
		require.Equal(t, rollout.Stopped, status(t, w, p))
	})
}

func TestWhatCannotBeRendered(t *testing.T) {
	each(t, func(t *testing.T, w *plantest.World) {
		acme := w.Organization("ACME")
		wan := w.Template(acme, "wan", 1500)
		devices := w.Devices(acme, 4)
		for _, id := range devices[:2] {
			_, err := w.C.Devices.Update(ctx, all, id, func(d *controller.Detail) error { d.Config.Context = `{"proto": "nonsense"}`; return nil })
			require.NoError(t, err)
			w.Report(id, "applied", "")
		}
		change := plan.Change{Kind: plan.TemplateChange, Action: plan.Update, ID: wan.ID,
			Set: `{"config": {"interfaces": [{"name": "eth0", "type": "ethernet", "addresses": [{"proto": "{{ proto }}", "family": "ipv4"}]}]}, "default_values": {"proto": "dhcp"}}`}
		p := planned(t, w, acme, change)
		require.Equal(t, []int{4, 2, 2}, []int{p.Affected, p.Changed, p.Invalid})
		list := groups(t, w, p)
		require.Len(t, list, 2)
		_, err := w.Plans.Apply(ctx, all, p.ID, plan.Order{})
		require.ErrorContains(t, err, "2 devices cannot be rendered")
		_, err = w.Plans.Apply(ctx, all, p.ID, plan.Order{AcceptInvalid: true})
		require.NoError(t, err)
		for _, id := range devices[2:] {
			w.Report(id, "applied", "")
		}
		w.Pass(time.Minute)
		require.Equal(t, plan.Applied, again(t, w, p).Status)
		require.NotNil(t, w.Detail(devices[0]).Config.NotRenewed)
		require.Nil(t, w.Detail(devices[2]).Config.NotRenewed)
	})
}

func TestFaultsOfChanges(t *testing.T) {
	w := plantest.NewWorld(t, memory(), nil)
	acme, other := w.Organization("ACME"), w.Organization("Other")
	wan, theirs := w.Template(acme, "wan", 1500), w.Template(other, "theirs", 1500)
	shared := w.Template(wispwright.ID{}, "shared", 1500)
	w.Devices(acme, 1)
	for path, c := range map[string]plan.Change{
		"changes.0.kind":             {Kind: "weather", Action: plan.Update},
		"changes.0.action":           {Kind: plan.VariablesChange, Action: plan.Delete, ID: acme},
		"changes.0.id":               {Kind: plan.TemplateChange, Action: plan.Update},
		"changes.0.set.name":         {Kind: plan.TemplateChange, Action: plan.Create},
		"changes.0.set.colour":       {Kind: plan.TemplateChange, Action: plan.Update, ID: wan.ID, Set: `{"colour": 1}`},
		"changes.0.set.default":      {Kind: plan.TemplateChange, Action: plan.Update, ID: wan.ID, Set: `{"default": "yes"}`},
		"changes.0.set.context":      {Kind: plan.VariablesChange, Action: plan.Update, ID: acme, Set: `{"context": []}`},
		"changes.0.set.devices":      {Kind: plan.DevicesChange, Action: plan.Update, Set: `{}`},
		"changes.0.set.organization": {Kind: plan.TemplateChange, Action: plan.Update, ID: wan.ID, Set: wispwright.JSON(fmt.Sprintf(`{"organization": %q}`, other))},
	} {
		err := w.Plans.Create(ctx, &plan.Plan{OrganizationID: acme, Name: "x", Changes: []plan.Change{c}})
		var v *wispwright.ValidationError
		require.ErrorAs(t, err, &v, path)
		require.True(t, v.Has(path), "%s: %v", path, err)
	}
	for _, c := range []plan.Change{mtu(theirs, "9000"), mtu(shared, "9000"), mtu(&controller.Template{ID: wispwright.NewID()}, "9000"),
		{Kind: plan.VariablesChange, Action: plan.Update, ID: other, Set: `{"context": {}}`},
		{Kind: plan.DevicesChange, Action: plan.Update, Set: wispwright.JSON(fmt.Sprintf(`{"devices": [%q]}`, w.Devices(other, 1)[0]))}} {
		p := &plan.Plan{OrganizationID: acme, Name: "x", Changes: []plan.Change{c}}
		require.NoError(t, w.Plans.Create(ctx, p))
		_, err := w.Plans.Compute(ctx, wispwright.ScopeOf(acme), p.ID)
		var v *wispwright.ValidationError
		require.ErrorAs(t, err, &v, "%v", c)
		require.Equal(t, plan.Draft, again(t, w, p).Status)
	}
}

func TestSigned(t *testing.T) {
	w := plantest.NewWorld(t, memory(), &plan.Options{NeedsSignature: true})
	acme := w.Organization("ACME")
	wan := w.Template(acme, "wan", 1500)
	w.Devices(acme, 1)
	p := planned(t, w, acme, mtu(wan, "9000"))
	_, err := w.Plans.Apply(ctx, all, p.ID, plan.Order{})
	require.ErrorContains(t, err, "signed")
	_, err = w.Plans.Sign(ctx, all, p.ID, true)
	require.ErrorContains(t, err, "Somebody else")
	anna := wispwright.WithCaller(ctx, &wispwright.Caller{ID: wispwright.NewID(), Name: "anna"})
	_, err = w.Plans.Sign(anna, all, p.ID, true)
	require.NoError(t, err)
	_, err = w.Plans.Comment(anna, all, p.ID, "looks well")
	require.NoError(t, err)
	said, err := w.Plans.Comments(ctx, all, plan.CommentFilter{PlanID: p.ID}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, []string{"anna", "looks well"}, []string{said.Rows[0].Actor, said.Rows[0].Text})
	_, err = w.Plans.Update(ctx, all, p.ID, func(p *plan.Plan) error { p.Changes = []plan.Change{mtu(wan, "1400")}; return nil })
	require.NoError(t, err)
	p = again(t, w, p)
	require.Equal(t, []any{plan.Draft, ""}, []any{p.Status, p.SignedBy}, "what was signed is not what there is now")
}

func TestGroups(t *testing.T) {
	each(t, func(t *testing.T, w *plantest.World) {
		acme := w.Organization("ACME")
		wan := w.Template(acme, "wan", 1500)
		extra := &controller.Template{OrganizationID: acme, Name: "extra", Backend: wan.Backend, Config: `{"interfaces": [{"name": "eth9", "type": "ethernet"}]}`}
		require.NoError(t, w.C.Templates.Create(ctx, extra))
		roofs := &controller.Group{OrganizationID: acme, Name: "roofs", Context: `{"zone": "Europe/Rome"}`}
		require.NoError(t, w.C.Groups.Create(ctx, roofs))
		devices := w.Devices(acme, 3)
		for _, id := range devices[:2] {
			_, err := w.C.Devices.Update(ctx, all, id, func(d *controller.Detail) error { d.Device.GroupID = roofs.ID; return nil })
			require.NoError(t, err)
			w.Report(id, "applied", "")
		}
		p := planned(t, w, acme, plan.Change{Kind: plan.GroupChange, Action: plan.Update, ID: roofs.ID,
			Set: wispwright.JSON(fmt.Sprintf(`{"context": {"zone": "Europe/Oslo"}, "templates": [%q]}`, extra.ID))})
		require.Equal(t, []int{2, 2, 0}, []int{p.Affected, p.Changed, p.Invalid})
		list := groups(t, w, p)
		require.Len(t, list, 1)
		require.Contains(t, list[0].Diff, "+\toption zonename 'Europe/Oslo'")
		require.Contains(t, list[0].Diff, "eth9")
		_, err := w.Plans.Apply(ctx, all, p.ID, plan.Order{Strategy: rollout.Strategy{Waves: []rollout.Wave{{Devices: devices[:1]}}}})
		require.NoError(t, err)
		require.Equal(t, devices[:1], w.Modified(devices))
		_, err = w.C.Groups.Update(ctx, all, roofs.ID, func(g *controller.Group) error { g.Description = "mine"; return nil })
		require.ErrorContains(t, err, "is changing this now")
		for range 3 {
			for _, id := range w.Modified(devices) {
				w.Report(id, "applied", "")
			}
			w.Pass(10 * time.Second)
		}
		require.Equal(t, plan.Applied, again(t, w, p).Status)
		require.Empty(t, w.Modified(devices))
		for _, id := range devices[:2] {
			require.Equal(t, []wispwright.ID{wan.ID, extra.ID}, w.Detail(id).Config.Templates)
		}
		g, err := w.C.Groups.Get(ctx, all, roofs.ID)
		require.NoError(t, err)
		require.Contains(t, string(g.Context), "Oslo")
	})
}
