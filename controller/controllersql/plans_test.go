package controllersql_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// TestPlansOfLists: a list reads the rows of its page, and of the others no
// more than an index holds.
func TestPlansOfLists(t *testing.T) {
	ctx := context.Background()
	db, plan := testkit.ExplainedSQLite(t)
	require.NoError(t, db.Migrate(ctx, controllersql.Migrations()))
	require.NoError(t, db.Migrate(ctx, tenancysql.Migrations()))
	stores, err := controllersql.New(db)
	require.NoError(t, err)
	all, some := wispwright.ScopeAll(), wispwright.ScopeOf(wispwright.NewID())
	const (
		created = "SCAN controller_device USING INDEX controller_device_created"
		scoped  = "SEARCH controller_device USING INDEX controller_device_organization (organization_id=?)"
		covered = "SEARCH controller_device USING COVERING INDEX controller_device_organization (organization_id=?)"
		sorted  = "USE TEMP B-TREE"
	)
	for _, tt := range []struct {
		name       string
		scope      wispwright.Scope
		filter     controller.DeviceFilter
		page       wispwright.Page
		want, none string
	}{
		{"first page", all, controller.DeviceFilter{}, wispwright.Page{Limit: 10}, created, sorted},
		{"of an organization", some, controller.DeviceFilter{}, wispwright.Page{Limit: 10}, covered, scoped},
		{"filtered by organization", all, controller.DeviceFilter{OrganizationID: wispwright.NewID()}, wispwright.Page{Limit: 10}, covered, scoped},
		{"later page", all, controller.DeviceFilter{}, wispwright.Page{Limit: 10, Offset: 90000, NoTotal: true}, strings.Replace(created, "INDEX", "COVERING INDEX", 1), created},
		{"later page of an organization", some, controller.DeviceFilter{}, wispwright.Page{Limit: 10, Offset: 5000, NoTotal: true}, covered, scoped},
		{"status", all, controller.DeviceFilter{Status: controller.StatusError}, wispwright.Page{Limit: 10}, "COVERING INDEX controller_config_status (status=?)", "SCAN controller_device"},
		{"backend", all, controller.DeviceFilter{Backend: openWrt}, wispwright.Page{Limit: 10}, "USING COVERING INDEX controller_config_status", "SCAN controller_device"},
		{"template", all, controller.DeviceFilter{TemplateID: wispwright.NewID()}, wispwright.Page{Limit: 10}, "COVERING INDEX sqlite_autoindex_controller_config_template_1 (template_id=?)", "SCAN"},
	} {
		_, err := stores.Devices.Details(ctx, tt.scope, tt.filter, tt.page)
		require.NoError(t, err, tt.name)
		got := strings.Join(plan(), "\n")
		require.Contains(t, got, tt.want, tt.name)
		require.NotContains(t, got, tt.none, tt.name)
		require.NotContains(t, got, "SCAN controller_config\n", tt.name)
	}
	_, err = stores.Configs.Count(ctx, some, time.Now())
	require.NoError(t, err)
	got := strings.Join(plan(), "\n")
	require.Contains(t, got, "COVERING INDEX controller_config_status (status=? AND organization_id=?)")
	require.Contains(t, got, "controller_config_not_renewed")
	require.Contains(t, got, covered)
}
