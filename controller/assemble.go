package controller

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
)

// draft is a version that may be needed: the inputs as they would be stored
// and as they are rendered.
type draft struct {
	version *Version
	input   render.Input
	key     string
}

// draft puts the inputs of a configuration together without rendering them,
// which is cheap.
func (c *core) draft(m *material) (*draft, error) {
	vars, err := c.variables(m)
	if err != nil {
		return nil, err
	}
	d := &draft{
		version: &Version{
			DeviceID: m.device.ID, OrganizationID: m.device.OrganizationID, Backend: m.config.Backend,
			Hostname: hostnameOf(m.device.Name), OS: m.device.OS, Config: m.config.Config,
		},
		input: render.Input{
			Backend: m.config.Backend, Hostname: hostnameOf(m.device.Name), OS: m.device.OS, Config: m.config.Config, Context: vars.All,
		},
		key: m.device.Key.Reveal(),
	}
	for _, t := range m.templates {
		d.version.Revisions = append(d.version.Revisions, t.RevisionID)
		d.input.Templates = append(d.input.Templates, render.Layer{Revision: t.RevisionID, Config: t.Config})
	}
	own, fromUser := vars.All[keyVariable]
	if own == d.key {
		// the key is a secret of the device: it is put back for rendering
		delete(vars.All, keyVariable)
		fromUser = false
	}
	d.version.Context = encodeVariables(vars.All)
	if !fromUser {
		vars.All[keyVariable] = d.key
	}
	return d, nil
}

// same reports whether two drafts give the same bytes for sure.
func (d *draft) same(o *draft) bool {
	return o != nil && d.version.Context == o.version.Context && d.version.Config == o.version.Config && d.key == o.key &&
		d.version.Backend == o.version.Backend && d.version.Hostname == o.version.Hostname && d.version.OS == o.version.OS &&
		slices.Equal(d.version.Revisions, o.version.Revisions)
}

// render fills in the checksum. Rendering once more what was rendered before
// is avoided by handing over the earlier draft.
func (c *core) render(ctx context.Context, d, earlier *draft) error {
	if earlier != nil && earlier.version.Checksum != "" && d.same(earlier) {
		d.version.Checksum = earlier.version.Checksum
		return nil
	}
	archive, err := c.renderer.Archive(ctx, d.input)
	if err != nil {
		return err
	}
	d.version.Checksum = checksum(archive)
	c.archives.put(d.version.Checksum, archive)
	return nil
}

func checksum(archive []byte) string {
	sum := md5.Sum(archive)
	return hex.EncodeToString(sum[:])
}

// hostnameOf is the host name of a device whose configuration names none
// (spec: controller-config §2).
func hostnameOf(name string) string { return strings.ReplaceAll(name, ":", "-") }

// refresh renders a configuration and, when its bytes are others than before,
// makes the new version and sets the status. The caller stores both; the
// version is nil when nothing changed. earlier may be nil.
func (c *core) refresh(ctx context.Context, m *material, earlier *draft, cause string) (*Version, error) {
	d, err := c.draft(m)
	if err != nil {
		return nil, err
	}
	if err := c.render(ctx, d, earlier); err != nil {
		return nil, err
	}
	if d.version.Checksum == m.config.Desired && !m.config.VersionID.IsZero() {
		return nil, nil
	}
	v := d.version
	v.ID, v.Cause, v.Created = wispwright.NewID(), cause, c.now()
	v.ActorID, v.Actor = actor(ctx)
	m.config.Desired, m.config.VersionID = v.Checksum, v.ID
	switch m.config.Status {
	case StatusDeactivating, StatusDeactivated:
		return v, nil
	}
	m.config.Status, m.config.ErrorReason = StatusModified, ""
	if m.config.Served == v.Checksum && m.config.Reported == v.Checksum {
		// the device runs these very bytes: it would see nothing new and never
		// report, so the status would stay modified for ever
		m.config.Status = StatusApplied
	}
	return v, nil
}

// renderVersion renders a version again, from its own inputs: a device is
// served what its checksum was made of, whatever has changed since.
func (c *core) renderVersion(ctx context.Context, v *Version, key string) (render.Input, error) {
	in := render.Input{Backend: v.Backend, Hostname: v.Hostname, OS: v.OS, Config: v.Config, Context: map[string]any{keyVariable: key}}
	if err := addVariables(in.Context, v.Context); err != nil {
		return in, fmt.Errorf("variables of version %s: %w", v.ID, err)
	}
	found, err := c.revisionsOf(ctx, v.Revisions)
	if err != nil {
		return in, err
	}
	for _, id := range v.Revisions {
		r := found[id]
		if r == nil {
			return in, fmt.Errorf("version %s: template revision %s is missing", v.ID, id)
		}
		in.Templates = append(in.Templates, render.Layer{Revision: id, Config: r.Config})
	}
	return in, nil
}

func (c *core) revisionsOf(ctx context.Context, ids []wispwright.ID) (map[wispwright.ID]*Revision, error) {
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

// gather reads what a configuration is made of inside the transaction that
// changes it, and keeps templates and settings as they are until it ends.
func (c *core) gather(ctx context.Context, device *Device, config *Config) (*material, error) {
	templates, err := c.heldTemplates(ctx, config.Templates)
	if err != nil {
		return nil, err
	}
	settings, err := c.stores.Settings.Hold(ctx, device.OrganizationID, false)
	if err != nil {
		return nil, err
	}
	m := &material{device: device, config: config, settings: settings, templates: templates}
	return m, c.addProvided(ctx, m)
}

func (c *core) addProvided(ctx context.Context, m *material) error {
	provided, err := c.provide(ctx, m.device)
	m.provided = provided[m.device.ID]
	return err
}

// heldTemplates returns templates in the given order; those that are gone are
// left out.
func (c *core) heldTemplates(ctx context.Context, ids []wispwright.ID) ([]*Template, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := c.stores.Templates.Hold(ctx, ids)
	if err != nil {
		return nil, err
	}
	return inOrder(found, ids), nil
}

func inOrder(found []*Template, ids []wispwright.ID) []*Template {
	out := make([]*Template, 0, len(ids))
	for _, id := range ids {
		if i := slices.IndexFunc(found, func(t *Template) bool { return t.ID == id }); i >= 0 {
			out = append(out, found[i])
		}
	}
	return out
}

func idsOf(templates []*Template) []wispwright.ID {
	out := make([]wispwright.ID, len(templates))
	for i, t := range templates {
		out[i] = t.ID
	}
	return out
}

// invalidConfig turns a renderer's refusal into a fault of a field; both are
// found by errors.As.
func invalidConfig(field, prefix string, err error) error {
	var refused *render.Error
	if !errors.As(err, &refused) {
		return err
	}
	return &faulty{wispwright.Invalid(field, prefix+refused.Message), refused}
}
