package controllersql_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// waiting are jobs that are done when the test says so, the first or the last first.
type waiting struct {
	t    *testing.T
	c    *controller.Controller
	jobs []controller.Job
}

// Enqueue implements controller.Jobs.
func (q *waiting) Enqueue(_ context.Context, jobs ...controller.Job) error {
	q.jobs = append(q.jobs, jobs...)
	return nil
}

func (q *waiting) one() {
	q.t.Helper()
	job := q.jobs[0]
	q.jobs = q.jobs[1:]
	require.NoError(q.t, q.c.Work(q.t.Context(), job))
}

func (q *waiting) all(lastFirst bool) {
	q.t.Helper()
	for n := 0; len(q.jobs) > 0; n++ {
		require.Less(q.t, n, 100, "jobs end")
		if lastFirst {
			slices.Reverse(q.jobs)
		}
		q.one()
	}
}

// A fan-out of two jobs is interrupted after the first one by the deletion of what it
// is about: whatever job comes first then, each device ends with what is left, and is
// served at every moment.
func TestDeletionDuringFanOut(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx, all := t.Context(), wispwright.ScopeAll()
		s := storageOn(t, db)
		ten, err := tenancy.New(s.Tx, s.Tenancy, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
		require.NoError(t, err)
		q := &waiting{t: t}
		q.c, err = controller.New(s.Tx, s.Stores, render.New(nil), ten.Organizations, &controller.Options{Jobs: q})
		require.NoError(t, err)
		q.c.Attach(ten.Organizations)
		org := &tenancy.Organization{Name: "acme", IsActive: true}
		require.NoError(t, ten.Organizations.Create(ctx, org))
		file := func(name, contents string) wispwright.JSON {
			return wispwright.JSON(fmt.Sprintf(`{"files":[{"path":"/etc/%s","mode":"0600","contents":%q}]}`, name, contents))
		}
		template := func(name string) *controller.Template {
			t.Helper()
			o := &controller.Template{OrganizationID: org.ID, Name: name, Backend: openWrt, Config: file(name, "{{ word }}"), DefaultValues: `{"word":"none"}`}
			require.NoError(t, q.c.Templates.Create(ctx, o))
			return o
		}
		of, by := template("of-the-group"), template("by-hand")
		var devices []wispwright.ID
		join := func() *controller.Group {
			t.Helper()
			g := &controller.Group{OrganizationID: org.ID, Name: fmt.Sprintf("g%d", len(q.jobs)), Templates: []wispwright.ID{of.ID}, Context: `{"word":"group"}`}
			require.NoError(t, q.c.Groups.Create(ctx, g))
			for _, id := range devices {
				_, err := q.c.Devices.Update(ctx, all, id, func(d *controller.Detail) error { d.Device.GroupID = g.ID; return nil })
				require.NoError(t, err)
			}
			q.all(false)
			return g
		}
		const many = 510 // a job does 500
		for n := range many {
			d := &controller.Detail{Device: &controller.Device{OrganizationID: org.ID, Name: fmt.Sprintf("ap%d", n), MACAddress: mac(n)},
				Config: &controller.Config{Backend: openWrt, Config: file("own", fmt.Sprint(n)), Templates: []wispwright.ID{by.ID}}}
			require.NoError(t, q.c.Devices.Create(ctx, d))
			devices = append(devices, d.Device.ID)
		}
		served := func(id wispwright.ID) string {
			t.Helper()
			d, err := q.c.Devices.Get(ctx, all, id)
			require.NoError(t, err)
			archive, err := q.c.Agents.Download(ctx, protocol.Credentials{ID: id, Key: d.Device.Key.Reveal()}, "")
			require.NoError(t, err)
			return archive.Checksum
		}
		right := func(templates ...wispwright.ID) {
			t.Helper()
			for _, id := range devices {
				d, err := q.c.Devices.Get(ctx, all, id)
				require.NoError(t, err)
				require.True(t, d.Device.GroupID.IsZero(), d.Device.Name)
				require.ElementsMatch(t, templates, d.Config.Templates, d.Device.Name)
				require.Nil(t, d.Config.NotRenewed)
				p, err := q.c.Devices.Preview(ctx, all, controller.PreviewInput{Backend: openWrt, Config: d.Config.Config, Context: d.Config.Context, Templates: d.Config.Templates, DeviceID: id})
				require.NoError(t, err)
				require.Equal(t, p.Checksum, d.Config.Desired, d.Device.Name)
			}
			require.Len(t, served(devices[0]), 32)
		}
		for _, lastFirst := range []bool{false, true} {
			g := join()
			_, err := q.c.Groups.Update(ctx, all, g.ID, func(o *controller.Group) error { o.Context = `{"word":"changed"}`; return nil })
			require.NoError(t, err)
			q.one()
			require.Len(t, q.jobs, 1, "the rest of the fan-out waits")
			require.NoError(t, q.c.Groups.Delete(ctx, all, g.ID))
			served(devices[0])
			served(devices[many-1])
			q.all(lastFirst)
			right(by.ID, of.ID) // templates stay, variables of the group do not
		}
		_, err = q.c.Templates.Update(ctx, all, by.ID, func(o *controller.Template) error { o.DefaultValues = `{"word":"changed"}`; return nil })
		require.NoError(t, err)
		q.one()
		require.NoError(t, q.c.Templates.Delete(ctx, all, by.ID))
		served(devices[0])
		served(devices[many-1])
		q.all(true)
		right(of.ID)
	})
}
