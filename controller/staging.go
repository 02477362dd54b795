package controller

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/explain"
	"github.com/wispwright/wispwright/controller/render"
)

// Staged are contents that take the place of stored ones for some devices, before
// they do for all.
type Staged struct {
	// Templates are templates as they are to be, by id. RevisionID names the staged
	// content; see Templates.AddRevision.
	Templates map[wispwright.ID]*Template
	// Variables are those of organizations as they are to be, Groups those of groups.
	Variables, Groups map[wispwright.ID]wispwright.JSON
	// Declared says what variables of organizations and groups are to be, by the id of
	// either; see package variable.
	Declared map[wispwright.ID]wispwright.JSON
}

// AttachStager lets devices have staged contents; package plan does. staged returns
// what is staged for each of some devices; those that have what is stored are left
// out. It is called inside the transaction that renders. Call it before anything is
// served.
func (c *Controller) AttachStager(staged func(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]*Staged, error)) {
	c.fleet.extensions.stager = staged
}

// stage puts staged contents in the place of stored ones.
func (c *configs) stage(ctx context.Context, list ...*material) error {
	if c.extensions.stager == nil || len(list) == 0 {
		return nil
	}
	ids := make([]wispwright.ID, len(list))
	for i, m := range list {
		ids[i] = m.device.ID
	}
	staged, err := c.extensions.stager(ctx, ids...)
	if err != nil {
		return fmt.Errorf("ask for staged contents: %w", err)
	}
	for _, m := range list {
		if m.staged = staged[m.device.ID]; m.staged != nil {
			m.staged.lay(m)
		}
	}
	return nil
}

// lay replaces what a configuration is made of. What is stored stays as it is.
func (s *Staged) lay(m *material) {
	m.templates = slices.Clone(m.templates)
	for i, t := range m.templates {
		if o := s.Templates[t.ID]; o != nil {
			m.templates[i] = o
		}
	}
	if m.group != nil {
		group := *m.group
		replace(&group.Context, s.Groups, group.ID)
		replace(&group.Declared, s.Declared, group.ID)
		m.group = &group
	}
	if m.settings != nil {
		settings := *m.settings
		replace(&settings.Context, s.Variables, settings.OrganizationID)
		replace(&settings.Declared, s.Declared, settings.OrganizationID)
		m.settings = &settings
	}
}

func replace(stored *wispwright.JSON, staged map[wispwright.ID]wispwright.JSON, of wispwright.ID) {
	if j, ok := staged[of]; ok {
		*stored = j
	}
}

// AddRevision stores a staged content, so that versions made of it can be
// rendered again. It joins the context's transaction.
func (s *Templates) AddRevision(ctx context.Context, t *Template) error {
	return s.configs.stores.Templates.AddRevision(ctx, &Revision{
		ID: t.RevisionID, TemplateID: t.ID, Config: t.Config, DefaultValues: t.DefaultValues, Created: s.configs.now(),
	})
}

// RenewNow renders the configurations of some devices anew, at once and in the
// context's transaction, which it needs. It returns what is wrong with those that
// cannot be rendered any more; they keep their last good versions.
func (s *Devices) RenewNow(ctx context.Context, cause string, devices ...wispwright.ID) (map[wispwright.ID]string, error) {
	ids := slices.Clone(devices)
	slices.SortFunc(ids, func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
	b := batch{fleet: s.fleet, job: Job{Kind: jobDevice, Cause: cause}, drafts: map[wispwright.ID]*draft{}, problems: map[wispwright.ID]error{}}
	if err := b.run(ctx, ids); err != nil {
		return nil, err
	}
	after, err := s.fleet.stores.Configs.List(ctx, wispwright.ScopeAll(), ConfigFilter{DeviceIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	wrong := map[wispwright.ID]string{}
	for _, config := range after.Rows {
		if config.NotRenewed != nil {
			wrong[config.DeviceID] = config.NotRenewedReason
		}
	}
	return wrong, err
}

// Affected returns the ids of the devices with a configuration that one of some
// filters selects, in order. Those that are out of service are left out.
func (s *Devices) Affected(ctx context.Context, filters ...ConfigFilter) ([]wispwright.ID, error) {
	found := map[wispwright.ID]bool{}
	for _, f := range filters {
		for {
			page, err := s.fleet.stores.Configs.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 5000, NoTotal: true, Order: []wispwright.Order{{Field: "DeviceID"}}})
			if err != nil {
				return nil, err
			}
			for _, config := range page.Rows {
				found[config.DeviceID] = config.Status != StatusDeactivating && config.Status != StatusDeactivated
			}
			if len(page.Rows) < 5000 {
				break
			}
			f.After = page.Rows[len(page.Rows)-1].DeviceID
		}
	}
	maps.DeleteFunc(found, func(_ wispwright.ID, active bool) bool { return !active })
	return slices.SortedFunc(maps.Keys(found), func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) }), nil
}

// rehearsal renders what devices would run, without storing anything. Devices whose
// configurations are made of the same are rendered once.
type rehearsal struct {
	fleet  *fleet
	staged *Staged
	device func(d *Device, config *Config)
	texts  map[string]text
}

type text struct{ text, fault string }

// rehearsed is how many devices are read at once.
const rehearsed = 1000

// Grounds returns a digest of what the present configuration of each of some
// devices is made of. Devices that are gone, or out of service, are left out.
func (s *Devices) Grounds(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]string, error) {
	r := rehearsal{fleet: s.fleet}
	out := map[wispwright.ID]string{}
	for chunk := range slices.Chunk(devices, rehearsed) {
		err := r.each(ctx, chunk, func(m *material) error {
			d, err := r.fleet.draft(m)
			if err == nil {
				out[m.device.ID] = d.ground()
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Rehearse tells of each of some devices what its configuration would become with
// staged contents, and with what change makes of copies of device and configuration:
// the digest of what it is made of now, and the texts that it runs before and after,
// alike for all devices of one class: what stands for a device's own name, id,
// address or key is written as {{ name }}. fault says why it cannot be rendered.
func (s *Devices) Rehearse(ctx context.Context, staged *Staged, change func(d *Device, config *Config), devices []wispwright.ID, told func(d *Device, ground, before, after, fault string) error) error {
	r := rehearsal{fleet: s.fleet, staged: staged, device: change, texts: map[string]text{}}
	for chunk := range slices.Chunk(devices, rehearsed) {
		err := r.each(ctx, chunk, func(m *material) error {
			before, err := r.fleet.draft(m)
			if err != nil {
				return err
			}
			ground := before.ground()
			was, err := r.text(ctx, m, before)
			if err != nil {
				return err
			}
			after, planned, err := r.planned(ctx, m)
			if err != nil {
				return err
			}
			is, err := r.text(ctx, planned, after)
			if err != nil {
				return err
			}
			return told(m.device, ground, was.text, is.text, is.fault)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each reads what configurations are made of.
func (r *rehearsal) each(ctx context.Context, devices []wispwright.ID, fn func(m *material) error) error {
	c := r.fleet
	list, err := c.stores.Configs.List(ctx, wispwright.ScopeAll(), ConfigFilter{DeviceIDs: wispwright.Only(devices...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	b := batch{fleet: c, job: Job{Kind: jobDevice}}
	materials, err := b.materials(ctx, list.Rows)
	if err != nil {
		return err
	}
	if err := c.addProvided(ctx, materials...); err != nil {
		return err
	}
	for _, m := range materials {
		if err := fn(m); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// planned is what a configuration is to be made of.
func (r *rehearsal) planned(ctx context.Context, m *material) (*draft, *material, error) {
	o := *m
	device, config := *m.device, copyOf(m.config)
	o.device, o.config = &device, config
	if r.device != nil {
		r.device(&device, config)
		if !slices.Equal(config.Templates, m.config.Templates) {
			found, err := r.templates(ctx, config.Templates, m.templates)
			if err != nil {
				return nil, nil, err
			}
			o.templates = found
		}
	}
	if r.staged != nil {
		r.staged.lay(&o)
	}
	d, err := r.fleet.draft(&o)
	return d, &o, err
}

// templates are templates in an order, some of which are known, and some of which
// are only staged.
func (r *rehearsal) templates(ctx context.Context, ids []wispwright.ID, known []*Template) (out []*Template, err error) {
	for _, id := range ids {
		if i := slices.IndexFunc(known, func(t *Template) bool { return t.ID == id }); i >= 0 {
			out = append(out, known[i])
			continue
		}
		if r.staged != nil && r.staged.Templates[id] != nil {
			out = append(out, r.staged.Templates[id])
			continue
		}
		t, err := r.fleet.stores.Templates.Get(ctx, wispwright.ScopeAll(), id)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// ground is a digest of what a draft is made of.
func (d *draft) ground() string {
	h := sha256.New()
	v := d.version
	fmt.Fprintf(h, "%q %q %q %q %q %q %q", v.Backend, v.Hostname, v.OS, v.Config, v.Context, v.Revisions, v.Secrets)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// text renders a draft for people, once for all that are of one class.
func (r *rehearsal) text(ctx context.Context, m *material, d *draft) (text, error) {
	in := d.input
	in.Hostname = "name-of-the-device"
	used := r.used(in)
	class := sha256.New()
	fmt.Fprintf(class, "%q %q %q %q %q", in.Backend, in.OS, in.Config, d.version.Revisions, d.fault)
	in.Context = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if value, ok := d.input.Context[name]; ok {
			in.Context[name] = value
			fmt.Fprintf(class, " %q=%#v %s", name, value, d.secrets[name].Value)
		}
	}
	key := string(class.Sum(nil))
	if t, ok := r.texts[key]; ok {
		return t, nil
	}
	var t text
	var err error
	var refused *render.Error
	t.text, err = r.fleet.shown(ctx, in, d.secrets)
	if err == nil && (d.fault != "" || len(d.secrets) > 0) { // others were rendered just now as devices get them
		err = r.fleet.validate(ctx, d)
	}
	if errors.As(err, &refused) {
		t.text, t.fault = "", refused.Message
	} else if err != nil {
		return t, err
	}
	if t.fault == "" {
		t.text += told(d.secrets, used)
	}
	t.text = strings.ReplaceAll(t.text, in.Hostname, "{{ name }}")
	for name, value := range r.fleet.predefined(m.device) {
		if own, ok := value.(string); ok && used[name] && len(own) > 3 && in.Context[name] == value {
			t.text, t.fault = strings.ReplaceAll(t.text, own, "{{ "+name+" }}"), strings.ReplaceAll(t.fault, own, "{{ "+name+" }}")
		}
	}
	r.texts[key] = t
	return t, nil
}

// used are the variables that an input speaks of, by itself or through others.
func (r *rehearsal) used(in render.Input) map[string]bool {
	used := map[string]bool{}
	var scan func(text string)
	scan = func(text string) {
		if explain.Disguised(text) {
			for name := range in.Context {
				used[name] = true
			}
			return
		}
		for _, name := range explain.Used(text) {
			if !used[name] {
				used[name] = true
				scan(fmt.Sprint(in.Context[name]))
			}
		}
	}
	scan(string(in.Config))
	for _, t := range in.Templates {
		scan(string(t.Config))
	}
	return used
}

// Configurations returns the whole configurations of some devices, by device;
// lists leave parts out.
func (s *Devices) Configurations(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]*Config, error) {
	list, err := s.fleet.stores.Configs.List(ctx, wispwright.ScopeAll(), ConfigFilter{DeviceIDs: wispwright.Only(devices...)}, wispwright.Page{NoTotal: true})
	out := make(map[wispwright.ID]*Config, len(list.Rows))
	for _, config := range list.Rows {
		out[config.DeviceID] = config
	}
	return out, err
}
