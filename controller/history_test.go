package controller_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// What a deleted template contained goes with the last version made of it.
func TestPruneForgetsDeletedTemplates(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m, tenants := tenancy.NewMemory()
	ten, err := tenancy.New(m, tenants, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Models: controller.Models()})
	require.NoError(t, err)
	stores := controller.NewMemory(m)
	c, err := controller.New(m, stores, render.New(nil), ten.Organizations, &controller.Options{Clock: func() time.Time { return now }})
	require.NoError(t, err)
	c.Attach(ten.Organizations)
	o := &tenancy.Organization{Name: "acme", IsActive: true}
	require.NoError(t, ten.Organizations.Create(ctx, o))
	template := &controller.Template{OrganizationID: o.ID, Name: "t", Backend: openWrt, Config: wispwright.JSON(ethernet("eth0")), Default: true}
	require.NoError(t, c.Templates.Create(ctx, template))
	d := &controller.Detail{Device: &controller.Device{OrganizationID: o.ID, Name: "ap1", MACAddress: "00:11:22:33:44:55"},
		Config: &controller.Config{Backend: openWrt}}
	require.NoError(t, c.Devices.Create(ctx, d))
	revisions := func() int {
		rows, err := stores.Templates.Revisions(ctx, []wispwright.ID{template.RevisionID})
		require.NoError(t, err)
		return len(rows)
	}
	prune := func(versions, left int) {
		t.Helper()
		n, err := c.Versions.Prune(ctx, 30*24*time.Hour)
		require.NoError(t, err)
		require.Equal(t, versions, n)
		require.Equal(t, left, revisions())
	}
	now = now.Add(40 * 24 * time.Hour)
	require.NoError(t, c.Templates.Delete(ctx, wispwright.ScopeAll(), template.ID))
	versions, err := c.Versions.List(ctx, wispwright.ScopeAll(), d.Device.ID, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, versions.Rows, 2)
	text, err := c.Versions.Text(ctx, versions.Rows[1])
	require.NoError(t, err)
	require.Contains(t, text, "eth0", "what it was can still be read")
	prune(1, 0)
	prune(0, 0)
}
