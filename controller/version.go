package controller

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/kit/store"
)

// Version is one configuration a device was to run: the inputs, the checksum
// of the archive they give, why, by whom and when. Only the two times at the
// end are ever set later.
type Version struct {
	// ID identifies the version.
	ID wispwright.ID
	// DeviceID is the device, OrganizationID its organization at that time.
	DeviceID, OrganizationID wispwright.ID
	// Checksum is the MD5 of the archive.
	Checksum string
	// Backend is the path of the backend.
	Backend string
	// Hostname is the host name used when the configuration names none.
	Hostname string
	// OS is the device's operating system, which decides on OpenWrt's syntax.
	OS string
	// Revisions are the revisions of the templates, the first one lowest.
	Revisions []wispwright.ID
	// Config is the device's own part.
	Config wispwright.JSON
	// Context are all variables together, except the device's key.
	Context wispwright.JSON
	// Secrets are the secret variables, by name with the values they had, in the form
	// of variable.Declarations; Context does not have them.
	Secrets wispwright.JSON
	// Own are the device's own variables, which are in Context too.
	Own wispwright.JSON
	// Cause says why the bytes changed: "registered", "config changed",
	// "template <name> changed".
	Cause string
	// ActorID is the user who caused it; zero for the system and devices.
	ActorID wispwright.ID
	// Actor is the name of the user who caused it.
	Actor string
	// Created is when the version was made.
	Created time.Time
	// Served is when the device fetched it first, nil when it never did.
	Served *time.Time
	// Reported is when the device said it runs it, nil when it never did.
	Reported *time.Time
}

// Shape is how storages keep versions. A batch of them waits for nobody that
// changes one of the devices: they have no parents.
func (Version) Shape() store.Shape {
	return store.Shape{
		Table: "controller_version", Org: "OrganizationID", Order: store.Newest("Created"),
	}
}

// VersionFilter selects versions; zero fields select all.
type VersionFilter struct {
	// DeviceID limits to one device.
	DeviceID wispwright.ID
	// Checksum limits to one checksum.
	Checksum string
	// CreatedBefore limits to versions made before a moment.
	CreatedBefore time.Time
}

// VersionStore keeps versions, newest first.
type VersionStore interface {
	wispwright.Repo[Version, VersionFilter]
	// InsertMany stores versions.
	InsertMany(ctx context.Context, versions []*Version) error
	// Mark notes when a version was fetched first or reported first; a zero
	// time notes nothing, and what was noted before stays. A version that is
	// gone is no error.
	Mark(ctx context.Context, id wispwright.ID, served, reported time.Time) error
	// Prune removes versions made before a moment that are not the newest of
	// their device, and returns their number.
	Prune(ctx context.Context, before time.Time) (int, error)
}

// Versions is the service of the history of configurations.
type Versions struct {
	configs *configs
}

// List returns a page of the versions of a device, newest first.
func (s *Versions) List(ctx context.Context, scope wispwright.Scope, device wispwright.ID, p wispwright.Page) (wispwright.Items[Version], error) {
	if device.IsZero() {
		return wispwright.Items[Version]{}, wispwright.ErrNotFound
	}
	return s.configs.stores.Versions.List(ctx, scope, VersionFilter{DeviceID: device}, p)
}

// Get returns a version of a device.
func (s *Versions) Get(ctx context.Context, scope wispwright.Scope, device, id wispwright.ID) (*Version, error) {
	v, err := s.configs.stores.Versions.Get(ctx, scope, id)
	if err == nil && v.DeviceID != device {
		return nil, wispwright.ErrNotFound
	}
	return v, err
}

// Before returns the version of the device before one, nil before the first.
func (s *Versions) Before(ctx context.Context, v *Version) (*Version, error) {
	found, err := s.configs.stores.Versions.List(ctx, wispwright.ScopeAll(), VersionFilter{DeviceID: v.DeviceID, CreatedBefore: v.Created}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	return found.Rows[0], nil
}

// Text renders a version for people, from the inputs it was made of.
func (s *Versions) Text(ctx context.Context, v *Version) (string, error) {
	d, err := s.configs.stores.Devices.Get(ctx, wispwright.ScopeAll(), v.DeviceID)
	if err != nil {
		return "", err
	}
	in, secrets, err := s.configs.renderVersion(ctx, v, d.Key.Reveal())
	if err != nil {
		return "", err
	}
	text, err := s.configs.shown(ctx, in, secrets)
	if err != nil {
		return "", fmt.Errorf("controller.Versions.Text %s: %w", v.ID, invalidConfig("", "", nil, err))
	}
	return text, nil
}

// Prune removes versions older than the given age and returns their number. The
// newest of every device stays, as the device is served from it. What
// templates contained at that time goes when no version names it any more.
func (s *Versions) Prune(ctx context.Context, age time.Duration) (int, error) {
	now := s.configs.now()
	n, err := s.configs.stores.Versions.Prune(ctx, now.Add(-age))
	if err != nil {
		return n, fmt.Errorf("prune versions: %w", err)
	}
	if _, err := s.configs.stores.Templates.PruneRevisions(ctx, now.Add(-age), now.Add(-24*time.Hour)); err != nil {
		return n, fmt.Errorf("prune revisions of templates: %w", err)
	}
	if _, err := s.configs.stores.Variables.Prune(ctx, now.Add(-age)); err != nil {
		return n, fmt.Errorf("prune values of variables: %w", err)
	}
	return n, nil
}

// renderVersion renders a version again, from its own inputs: a device is
// served what its checksum was made of, whatever has changed since. The input has
// masks in the place of the secret variables, which are returned beside it.
func (c *configs) renderVersion(ctx context.Context, v *Version, key string) (render.Input, variable.Declarations, error) {
	in := render.Input{Backend: v.Backend, Hostname: v.Hostname, OS: v.OS, Config: v.Config, Context: map[string]any{keyVariable: key}}
	if err := addVariables(in.Context, v.Context); err != nil {
		return in, nil, fmt.Errorf("variables of version %s: %w", v.ID, err)
	}
	secrets, err := variable.Parse(v.Secrets)
	if err != nil {
		return in, nil, fmt.Errorf("secret variables of version %s: %w", v.ID, err)
	}
	for name, d := range secrets {
		in.Context[name] = d.Mask()
	}
	found, err := c.revisionsOf(ctx, v.Revisions)
	if err != nil {
		return in, nil, err
	}
	for _, id := range v.Revisions {
		r := found[id]
		if r == nil {
			return in, nil, fmt.Errorf("version %s: template revision %s is missing", v.ID, id)
		}
		in.Templates = append(in.Templates, render.Layer{Revision: id, Config: r.Config})
	}
	return in, secrets, nil
}

func (c *configs) revisionsOf(ctx context.Context, ids []wispwright.ID) (map[wispwright.ID]*Revision, error) {
	out := map[wispwright.ID]*Revision{}
	var missing []wispwright.ID
	for _, id := range ids {
		if r, ok := c.revisions.Get(id); ok {
			out[id] = r
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	found, err := c.stores.Templates.Revisions(ctx, missing)
	if err != nil {
		return nil, fmt.Errorf("read template revisions: %w", err)
	}
	for _, r := range found {
		out[r.ID] = r
		c.revisions.Add(r.ID, r)
	}
	return out, nil
}
