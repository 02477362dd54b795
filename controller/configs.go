package controller

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/kit/valid"
)

// configs is the room of configurations: what they are made of, the bytes that
// come of it, and their versions.
type configs struct {
	*tenants
	renderer render.Renderer
	backends []render.Backend
	archives *archiveCache
	// revisions never change and are never dropped
	revisions *lru.Cache[wispwright.ID, *Revision]
	// values are those of secret variables, which never change
	values *lru.Cache[wispwright.ID, any]
}

// cachedRevisions is how many revisions of templates are remembered.
const cachedRevisions = 5_000

func newConfigs(t *tenants, r render.Renderer) *configs {
	return &configs{
		tenants: t, renderer: r, backends: r.Backends(), archives: newArchiveCache(t.CachedArchives),
		revisions: newLRU[wispwright.ID, *Revision](cachedRevisions, nil), values: newLRU[wispwright.ID, any](cachedValues, nil),
	}
}

// checkConfig checks what does not need rendering. Every fault is one of the
// nested configuration as a whole, as the REST API answers them.
func (c *configs) checkConfig(config *Config) error {
	var v wispwright.ValidationError
	if !c.checkBackend(&v, "config.backend", config.Backend) {
		return v.Err()
	}
	if !isConfig(&config.Config) {
		v.Add("config", render.UnexpectedFormat)
	}
	valid.Object(&v, "config", &config.Context)
	checkOwn(&v, "config", config.Context, config.Declared)
	return v.Err()
}

// isConfig reports whether a value is a NetJSON object; none at all becomes the
// empty one. Unlike variables nothing else that is empty does.
func isConfig(value *wispwright.JSON) bool {
	if text := strings.TrimSpace(string(*value)); text == "" || text == "null" {
		*value = "{}"
	}
	return value.IsObject()
}

// draft is a version that may be needed: the inputs as they would be stored
// and as they are rendered.
type draft struct {
	version *Version
	input   render.Input // with masks in the place of secret variables
	key     string
	secrets variable.Declarations
	fault   string // what is wrong before it is rendered
}

// draft puts the inputs of a configuration together without rendering them,
// which is cheap.
func (c *configs) draft(m *material) (*draft, error) {
	vars, err := c.variables(m)
	if err != nil {
		return nil, err
	}
	d := &draft{
		version: &Version{
			DeviceID: m.device.ID, OrganizationID: m.device.OrganizationID, Backend: m.config.Backend,
			Hostname: hostnameOf(m.device.Name), OS: m.device.OS, Config: m.config.Config, Own: m.config.Context,
		},
		input: render.Input{
			Backend: m.config.Backend, Hostname: hostnameOf(m.device.Name), OS: m.device.OS, Config: m.config.Config, Context: vars.All,
			Former: m.config.Inherited != "",
		},
		key: m.device.Key.Reveal(), secrets: vars.secrets, fault: vars.fault,
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
	d.version.Secrets = vars.secrets.JSON()
	d.version.Context = encodeVariables(vars.All, vars.secrets)
	if !fromUser {
		vars.All[keyVariable] = d.key
	}
	return d, nil
}

// same reports whether two drafts give the same bytes for sure.
func (d *draft) same(o *draft) bool {
	return o != nil && d.version.Context == o.version.Context && d.version.Secrets == o.version.Secrets && d.version.Config == o.version.Config && d.key == o.key &&
		d.version.Backend == o.version.Backend && d.version.Hostname == o.version.Hostname && d.version.OS == o.version.OS &&
		slices.Equal(d.version.Revisions, o.version.Revisions)
}

// render fills in the checksum. Rendering once more what was rendered before
// is avoided by handing over the earlier draft.
func (c *configs) render(ctx context.Context, d, earlier *draft) error {
	if earlier != nil && earlier.version.Checksum != "" && d.same(earlier) {
		d.version.Checksum = earlier.version.Checksum
		return nil
	}
	archive, err := c.bytes(ctx, d)
	if err != nil {
		return err
	}
	d.version.Checksum = checksum(archive)
	c.archives.put(d.version.Checksum, archive)
	return nil
}

// refresh renders a configuration and, when its bytes are not as before,
// makes the new version and sets the status. The caller stores both; the
// version is nil when nothing changed. earlier may be nil.
func (c *configs) refresh(ctx context.Context, m *material, earlier *draft, cause string) (*Version, error) {
	d, err := c.draft(m)
	if err != nil {
		return nil, err
	}
	if m.refused != "" {
		return nil, &render.Error{Message: m.refused}
	}
	if m.config.Status == StatusDeactivating || m.config.Status == StatusDeactivated {
		d.fault = "" // nothing keeps a device from being taken out of service
	}
	if err := c.render(ctx, d, earlier); err != nil {
		return nil, err
	}
	if same, err := c.inherited(ctx, d, m.config); err != nil {
		return nil, err
	} else if !same && m.config.Inherited != "" {
		// from now on it is rendered as any other
		m.config.Inherited = ""
		return c.refresh(ctx, m, nil, cause)
	}
	m.config.NotRenewed, m.config.NotRenewedReason = nil, ""
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

// gather reads what a configuration is made of inside the transaction that
// changes it, and keeps templates and settings as they are until it ends.
func (c *configs) gather(ctx context.Context, device *Device, config *Config) (*material, error) {
	templates, err := c.heldTemplates(ctx, config.Templates)
	if err != nil {
		return nil, err
	}
	settings, err := c.stores.Settings.Hold(ctx, device.OrganizationID, false)
	if err != nil {
		return nil, err
	}
	m := &material{device: device, config: config, settings: settings, templates: templates}
	return m, c.supply(ctx, false, m)
}

// heldTemplates returns templates in the given order; those that are gone are
// left out.
func (c *configs) heldTemplates(ctx context.Context, ids []wispwright.ID) ([]*Template, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := c.stores.Templates.Hold(ctx, ids)
	if err != nil {
		return nil, err
	}
	return inOrder(found, ids), nil
}

func (c *configs) templatesByID(ctx context.Context, ids []wispwright.ID) (map[wispwright.ID]*Template, error) {
	found, err := c.heldTemplates(ctx, distinct(ids))
	out := make(map[wispwright.ID]*Template, len(found))
	for _, t := range found {
		out[t.ID] = t
	}
	return out, err
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

// lockConfig reads the configuration of a device for changing it, nil when
// there is none.
func (c *configs) lockConfig(ctx context.Context, device wispwright.ID) (*Config, error) {
	found, err := c.stores.Configs.Lock(ctx, []wispwright.ID{device})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// store writes a configuration that was read with lockConfig, and the version
// that came of the change, nil for none.
func (c *configs) store(ctx context.Context, config *Config, version *Version) error {
	if version != nil {
		if err := c.stores.Versions.Insert(ctx, version); err != nil {
			return err
		}
	}
	if err := c.stores.Configs.UpdateMany(ctx, []*Config{config}); err != nil {
		return fmt.Errorf("store configuration of device %s: %w", config.DeviceID, err)
	}
	return nil
}

// refused explains why a configuration could not be rendered. When only the
// templates are to blame it says so (spec: controller-config §2.6).
func (c *configs) refused(ctx context.Context, m *material, templatesChanged bool, err error) error {
	explained := invalidConfig("config", "", m.templates, err)
	//lint:ignore errorlint whether it explained anything is whether it is the same error
	if explained == err || !templatesChanged || len(m.templates) == 0 {
		return explained
	}
	alone := *m
	alone.templates = nil
	d, derr := c.draft(&alone)
	if derr != nil {
		return explained
	}
	if own := c.validate(ctx, d); own != nil {
		return invalidConfig("config", "", nil, own)
	}
	return invalidConfig("config", "There is a conflict with the specified templates. ", m.templates, err)
}

// invalidConfig turns a renderer's refusal into a fault of a field; both are
// found by errors.As. The templates are those the renderer was given.
func invalidConfig(field, prefix string, templates []*Template, err error) error {
	var refused *render.Error
	if !errors.As(err, &refused) {
		return err
	}
	v := &wispwright.ValidationError{}
	v.Add(field, prefix+refused.Message)
	for _, f := range refused.Faults {
		p := wispwright.Place{Pointer: f.Pointer, Message: f.Message}
		if f.Layer >= 0 && f.Layer < len(templates) {
			p.Source = templates[f.Layer].Name
		}
		v.Places = append(v.Places, p)
	}
	return &faulty{v, refused}
}

func checksum(archive []byte) string {
	sum := md5.Sum(archive)
	return hex.EncodeToString(sum[:])
}

// hostnameOf is the host name of a device whose configuration names none
// (spec: controller-config §2).
func hostnameOf(name string) string { return strings.ReplaceAll(name, ":", "-") }

// checkBackend adds what is wrong with a backend nobody knows.
func (c *configs) checkBackend(v *wispwright.ValidationError, field, path string) bool {
	known := c.knownBackend(path)
	if !known {
		v.Add(field, valid.NoChoice(path))
	}
	return known
}

func (c *configs) knownBackend(path string) bool {
	for i := range c.backends {
		if c.backends[i].Path == path {
			return true
		}
	}
	return false
}
