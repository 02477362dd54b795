package controller

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// Versions is the service of the history of configurations.
type Versions struct {
	core *core
}

// List returns a page of the versions of a device, newest first.
func (s *Versions) List(ctx context.Context, scope wispwright.Scope, device wispwright.ID, p wispwright.Page) (wispwright.Items[Version], error) {
	if device.IsZero() {
		return wispwright.Items[Version]{}, wispwright.ErrNotFound
	}
	return s.core.stores.Versions.List(ctx, scope, VersionFilter{DeviceID: device}, p)
}

// Get returns a version of a device.
func (s *Versions) Get(ctx context.Context, scope wispwright.Scope, device, id wispwright.ID) (*Version, error) {
	v, err := s.core.stores.Versions.Get(ctx, scope, id)
	if err == nil && v.DeviceID != device {
		return nil, wispwright.ErrNotFound
	}
	return v, err
}

// Text renders a version for people, from the inputs it was made of.
func (s *Versions) Text(ctx context.Context, v *Version) (string, error) {
	d, err := s.core.stores.Devices.Get(ctx, wispwright.ScopeAll(), v.DeviceID)
	if err != nil {
		return "", err
	}
	in, err := s.core.renderVersion(ctx, v, d.Key.Reveal())
	if err != nil {
		return "", err
	}
	text, err := s.core.renderer.Text(ctx, in)
	if err != nil {
		return "", fmt.Errorf("controller.Versions.Text %s: %w", v.ID, invalidConfig("", "", err))
	}
	return text, nil
}

// Prune removes versions older than the given age and says how many. The
// newest of every device stays, as the device is served from it. What
// templates contained at that time goes when no version names it any more.
func (s *Versions) Prune(ctx context.Context, age time.Duration) (int, error) {
	now := s.core.now()
	n, err := s.core.stores.Versions.Prune(ctx, now.Add(-age))
	if err != nil {
		return n, fmt.Errorf("prune versions: %w", err)
	}
	if _, err := s.core.stores.Templates.PruneRevisions(ctx, now.Add(-age), now.Add(-24*time.Hour)); err != nil {
		return n, fmt.Errorf("prune revisions of templates: %w", err)
	}
	return n, nil
}

// Counts are the figures of the dashboard.
type Counts struct {
	// Devices is how many devices there are.
	Devices int
	// Statuses is how many configurations have each status.
	Statuses map[Status]int
	// Unknown is how many devices have no configuration.
	Unknown int
}

// Counts counts the devices of a scope.
func (s *Devices) Counts(ctx context.Context, scope wispwright.Scope) (*Counts, error) {
	statuses, err := s.core.stores.Configs.CountStatuses(ctx, scope)
	if err != nil {
		return nil, err
	}
	items, err := s.core.stores.Devices.List(ctx, scope, DeviceFilter{}, wispwright.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	out := &Counts{Devices: items.Total, Statuses: statuses, Unknown: items.Total}
	for _, n := range statuses {
		out.Unknown -= n
	}
	out.Unknown = max(out.Unknown, 0) // counted one after the other
	return out, nil
}

// organizationDeleting removes what a deleted organization owns.
func (c *Controller) organizationDeleting(ctx context.Context, organizations ...*tenancy.Organization) error {
	for _, o := range organizations {
		if err := c.core.removeOrganization(ctx, o.ID); err != nil {
			return fmt.Errorf("remove what organization %s owns: %w", o.ID, err)
		}
	}
	return nil
}

func (c *core) removeOrganization(ctx context.Context, id wispwright.ID) error {
	// nobody adds anything from here on
	_, err := c.stores.Settings.Hold(ctx, id, true)
	if err != nil && !isNotFound(err) {
		return err
	}
	devices, err := c.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{OrganizationID: id}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, d := range devices.Rows {
		if err := c.remove(ctx, &Detail{Device: d}); err != nil {
			return err
		}
	}
	templates, err := c.stores.Templates.List(ctx, wispwright.ScopeAll(), TemplateFilter{OrganizationID: id}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, t := range templates.Rows { // only the organization's own devices used them
		if err := c.stores.Templates.Delete(ctx, wispwright.ScopeAll(), t.ID); err != nil {
			return err
		}
	}
	err = c.stores.Settings.Delete(ctx, wispwright.ScopeAll(), id)
	if err != nil && !isNotFound(err) {
		return err
	}
	return c.forgetTenants(ctx)
}
