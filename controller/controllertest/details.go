package controllertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// runDetails holds lists with configurations against lists without: the same
// devices in the same order, whatever is filtered, sorted and cut.
func runDetails(t *testing.T, s Storage) {
	ctx := context.Background()
	devices, configs := s.Stores.Devices, s.Stores.Configs
	yes, no := true, false
	found := 0
	for _, scope := range []wispwright.Scope{all(), wispwright.ScopeOf(id(1)), wispwright.ScopeOf(id(1), id(2)), wispwright.ScopeOf(id(9999)), wispwright.ScopeOf()} {
		for _, f := range []controller.DeviceFilter{
			{},
			{OrganizationID: id(1)},
			{NameContains: "P-2"},
			{IDs: wispwright.Only(id(1003), id(1001))},
			{IDs: wispwright.Only[wispwright.ID]()},
			{Status: controller.StatusApplied},
			{Backend: "netjsonconfig.OpenWisp"},
			{TemplateID: id(3001)},
			{HasConfig: &yes},
			{HasConfig: &no},
			{IsDeactivated: &no},
			{Search: "tp-link 50%"},
			{Created: at(3).Truncate(1000)},
			{CreatedFrom: at(2), CreatedBefore: at(3)},
			{Search: "ap-", HasConfig: &yes, OrganizationID: id(2)},
		} {
			for _, p := range []wispwright.Page{
				{},
				{NoTotal: true},
				{Limit: 10},
				{Limit: 2},
				{Limit: 2, Offset: 1},
				{Limit: 10, Offset: 10},
				{Offset: 1},
				{Limit: 20, Order: []wispwright.Order{{Field: "Name"}}},
				{Limit: 1, Order: []wispwright.Order{{Field: "Model"}, {Field: "Modified", Descending: true}}},
			} {
				got, err := devices.Details(ctx, scope, f, p)
				require.NoError(t, err)
				list, err := devices.List(ctx, scope, f, p)
				require.NoError(t, err)
				want := wispwright.Items[controller.Detail]{Total: list.Total}
				for _, d := range list.Rows {
					d.NameKey, d.KeyDigest, d.KeyHint = "", "", ""
					detail := &controller.Detail{Device: d}
					if c, err := configs.Get(ctx, all(), d.ID); err == nil {
						detail.Config = &controller.Config{DeviceID: c.DeviceID, Backend: c.Backend, Status: c.Status, ErrorReason: c.ErrorReason}
					}
					want.Rows = append(want.Rows, detail)
				}
				require.Equal(t, want, got, "%+v %+v %+v", scope, f, p)
				found += len(got.Rows)
			}
		}
	}
	require.Greater(t, found, 100, "the lists must hold something")
}
