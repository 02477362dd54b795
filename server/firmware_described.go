package server

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/notifications"
)

// described is a kind that notifications name and lead to, of which changes are told
// in a way of its own.
func described(kind string, describe notifications.Describer) Kind {
	return Kind{name: kind, describe: describe, watch: func(*Host) {}, offer: func(*NotificationsConcern, Kind) {}}
}

// keysOf are the keys of objects that have ids.
func keysOf(keys []string) wispwright.Among[wispwright.ID] {
	var ids []wispwright.ID
	for _, key := range keys {
		if id, err := wispwright.ParseID(key); err == nil {
			ids = append(ids, id)
		}
	}
	return wispwright.Only(ids...)
}

// titles are what builds are called: "roofs v2.0".
func (c *FirmwareConcern) titles(ctx context.Context, ids wispwright.Among[wispwright.ID]) (map[wispwright.ID]string, []*firmware.Build, error) {
	builds, err := c.Builds.List(ctx, everyone(), firmware.BuildFilter{IDs: ids}, unpaged)
	if err != nil {
		return nil, nil, err
	}
	var of []wispwright.ID
	for _, b := range builds.Rows {
		of = append(of, b.CategoryID)
	}
	categories, err := c.Categories.List(ctx, everyone(), firmware.CategoryFilter{IDs: wispwright.Only(of...)}, unpaged)
	if err != nil {
		return nil, nil, err
	}
	names := map[wispwright.ID]string{}
	for _, o := range categories.Rows {
		names[o.ID] = o.Name
	}
	out := make(map[wispwright.ID]string, len(builds.Rows))
	for _, b := range builds.Rows {
		out[b.ID] = names[b.CategoryID] + " v" + b.Version
	}
	return out, builds.Rows, nil
}

// describeBuilds describes builds to people.
func (c *FirmwareConcern) describeBuilds(ctx context.Context, keys []string) (map[string]notifications.Object, error) {
	titles, builds, err := c.titles(ctx, keysOf(keys))
	if err != nil {
		return nil, fmt.Errorf("describe builds: %w", err)
	}
	out := make(map[string]notifications.Object, len(builds))
	for _, b := range builds {
		out[b.ID.String()] = notifications.Object{Label: titles[b.ID], Path: pageAt(buildKind, b.ID.String()), OrganizationID: b.OrganizationID}
	}
	return out, nil
}

// describeBatches describes mass upgrades: they are called after their build and the
// time at which they were made (additions F-4). Those of shared builds are nobody's,
// which is the superusers'.
func (c *FirmwareConcern) describeBatches(ctx context.Context, keys []string) (map[string]notifications.Object, error) {
	batches, err := c.Batches.List(ctx, everyone(), firmware.BatchFilter{IDs: keysOf(keys)}, unpaged)
	if err != nil {
		return nil, fmt.Errorf("describe mass upgrades: %w", err)
	}
	var builds []wispwright.ID
	for _, b := range batches.Rows {
		builds = append(builds, b.BuildID)
	}
	titles, _, err := c.titles(ctx, wispwright.Only(builds...))
	if err != nil {
		return nil, fmt.Errorf("describe mass upgrades: %w", err)
	}
	out := make(map[string]notifications.Object, len(batches.Rows))
	for _, b := range batches.Rows {
		label := fmt.Sprintf("%s (%s)", titles[b.BuildID], b.Created.UTC().Format("2006-01-02 15:04:05"))
		out[b.ID.String()] = notifications.Object{Label: label, Path: pageAt(massUpgradeKind, b.ID.String()), OrganizationID: b.OrganizationID}
	}
	return out, nil
}

// describeOperations describes upgrades: they are called after their device.
func (c *FirmwareConcern) describeOperations(ctx context.Context, keys []string) (map[string]notifications.Object, error) {
	operations, err := c.Operations.List(ctx, everyone(), firmware.OperationFilter{IDs: keysOf(keys)}, unpaged)
	if err != nil {
		return nil, fmt.Errorf("describe upgrades: %w", err)
	}
	var ids []wispwright.ID
	for _, o := range operations.Rows {
		ids = append(ids, o.DeviceID)
	}
	devices, err := c.Connection.Controller.Devices.List(ctx, everyone(), controller.DeviceFilter{IDs: wispwright.Only(ids...)}, unpaged)
	if err != nil {
		return nil, fmt.Errorf("describe upgrades: %w", err)
	}
	names := map[wispwright.ID]string{}
	for _, d := range devices.Rows {
		names[d.Device.ID] = d.Device.Name
	}
	out := make(map[string]notifications.Object, len(operations.Rows))
	for _, o := range operations.Rows {
		out[o.ID.String()] = notifications.Object{Label: names[o.DeviceID], Path: pageAt(upgradeKind, o.ID.String()), OrganizationID: o.OrganizationID}
	}
	return out, nil
}
