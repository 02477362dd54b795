package controller

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory, in a store that
// other concerns share; tenancy.NewMemory returns one. Everything is gone when
// the program ends.
func NewMemory(m *memstore.Store) Stores {
	configs := &memoryConfigs{store: m}
	configs.Repo = memstore.NewRepo[wispwright.ID, Config, ConfigFilter](m, memstore.Spec[Config]{Shape: Config{}.Shape(),
		Match: map[string]func(context.Context, *Config, any) bool{
			"TemplateID": func(_ context.Context, c *Config, v any) bool { return slices.Contains(c.Templates, v.(wispwright.ID)) },
			"GroupID": func(ctx context.Context, c *Config, v any) bool {
				d, err := configs.devices.Get(ctx, wispwright.ScopeAll(), c.DeviceID)
				return err == nil && d.GroupID == v.(wispwright.ID)
			},
			"After": func(_ context.Context, c *Config, v any) bool {
				after := v.(wispwright.ID)
				return slices.Compare(c.DeviceID[:], after[:]) > 0
			},
		},
	})
	versions := &memoryVersions{memstore.NewRepo[wispwright.ID, Version, VersionFilter](m, memstore.Spec[Version]{Shape: Version{}.Shape()})}
	templates := &memoryTemplates{
		Repo: memstore.NewRepo[wispwright.ID, Template, TemplateFilter](m, memstore.Spec[Template]{Shape: Template{}.Shape(),
			Match: map[string]func(context.Context, *Template, any) bool{
				"Tag": func(_ context.Context, t *Template, v any) bool { return slices.Contains(t.Tags, v.(string)) },
			},
		}),
		revisions: memstore.NewRepo[wispwright.ID, Revision, revisionFilter](m, memstore.Spec[Revision]{Shape: Revision{}.Shape()}), versions: versions,
	}
	settings := &memorySettings{memstore.NewRepo[wispwright.ID, Settings, SettingsFilter](m, memstore.Spec[Settings]{Shape: Settings{}.Shape()})}
	devices := newMemoryDevices(m, configs, versions, templates)
	devices.settings, configs.devices = settings, devices
	groups := newMemoryGroups(m, devices)
	variables := newMemoryVariables(m, memoryNamers{configs, templates, groups, settings, versions})
	return Stores{Variables: variables, Devices: devices, Configs: configs, Templates: templates, Groups: groups, Settings: settings, Versions: versions}
}

type memoryDevices struct {
	*memstore.Repo[wispwright.ID, Device, DeviceFilter]
	store     *memstore.Store
	configs   *memoryConfigs
	versions  *memoryVersions
	templates *memoryTemplates
	settings  *memorySettings
}

var _ DeviceStore = (*memoryDevices)(nil)

func newMemoryDevices(m *memstore.Store, configs *memoryConfigs, versions *memoryVersions, templates *memoryTemplates) *memoryDevices {
	config := func(ctx context.Context, d *Device) *Config {
		c, err := configs.Get(ctx, wispwright.ScopeAll(), d.ID)
		if err != nil { // there is none
			return nil
		}
		return c
	}
	return &memoryDevices{store: m, configs: configs, versions: versions, templates: templates, Repo: memstore.NewRepo[wispwright.ID, Device, DeviceFilter](m, memstore.Spec[Device]{
		Shape: Device{}.Shape(),
		Match: map[string]func(context.Context, *Device, any) bool{
			"Status": func(ctx context.Context, d *Device, v any) bool {
				c := config(ctx, d)
				return c != nil && c.Status == v.(Status)
			},
			"Backend": func(ctx context.Context, d *Device, v any) bool {
				c := config(ctx, d)
				return c != nil && c.Backend == v.(string)
			},
			"TemplateID": func(ctx context.Context, d *Device, v any) bool {
				c := config(ctx, d)
				return c != nil && slices.Contains(c.Templates, v.(wispwright.ID))
			},
			"NotRenewed": func(ctx context.Context, d *Device, v any) bool {
				c := config(ctx, d)
				return (c != nil && c.NotRenewed != nil) == v.(bool)
			},
			"HasConfig":      func(ctx context.Context, d *Device, v any) bool { return (config(ctx, d) != nil) == v.(bool) },
			"NeverSeen":      func(_ context.Context, d *Device, v any) bool { return (d.LastSeen == nil) == v.(bool) },
			"Related":        func(context.Context, *Device, any) bool { return false }, // nobody else keeps anything here
			"WithoutKeyHint": func(_ context.Context, d *Device, _ any) bool { return d.KeyHint == "" },
			"Tag": func(ctx context.Context, d *Device, v any) bool {
				c := config(ctx, d)
				return c != nil && slices.ContainsFunc(c.Templates, func(id wispwright.ID) bool {
					t, err := templates.Get(ctx, wispwright.ScopeAll(), id)
					return err == nil && slices.Contains(t.Tags, v.(string))
				})
			},
		},
		Search: func(ctx context.Context, d *Device, text string) bool {
			if digits := MACDigits(text); digits != "" && strings.Contains(strings.NewReplacer(":", "", "-", "").Replace(d.MACAddress), digits) {
				return true
			}
			if hint := SearchedKey(text); hint != "" && d.KeyHint == hint {
				return true
			}
			c := config(ctx, d)
			return c != nil && (memstore.Contains(c.ErrorReason, text) || memstore.Contains(c.NotRenewedReason, text))
		},
	})}
}

func (s *memoryDevices) Seen(ctx context.Context, list []Sighting) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		for _, seen := range list {
			if _, err := s.Get(ctx, wispwright.ScopeAll(), seen.DeviceID); err != nil {
				continue // it is gone
			}
			_, err := s.Update(ctx, wispwright.ScopeAll(), seen.DeviceID, func(d *Device) error {
				if d.LastSeen == nil || d.LastSeen.Before(seen.At) {
					d.LastSeen = &seen.At
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Delete takes configuration and versions along, as the SQL storage does.
func (s *memoryDevices) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		if _, err := s.configs.DeleteWhere(ctx, func(c *Config) bool { return c.DeviceID == id }); err != nil {
			return err
		}
		_, err := s.versions.DeleteWhere(ctx, func(v *Version) bool { return v.DeviceID == id })
		return err
	})
}

func (s *memoryDevices) Enroll(ctx context.Context, d *Device, c *Config, v *Version) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Insert(ctx, d); err != nil {
			return err
		}
		if err := s.configs.Insert(ctx, c); err != nil {
			return err
		}
		return s.versions.Insert(ctx, v)
	})
}

func (s *memoryDevices) EnrollUnchanged(ctx context.Context, d *Device, c *Config, v *Version, settings *Settings) (stored bool, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		now, err := s.settings.Get(ctx, wispwright.ScopeAll(), settings.OrganizationID)
		if isNotFound(err) || err == nil && now.RevisionID != settings.RevisionID {
			return nil
		}
		if err != nil {
			return err
		}
		for i, id := range c.Templates {
			t, err := s.templates.Get(ctx, wispwright.ScopeAll(), id)
			if isNotFound(err) || err == nil && t.RevisionID != v.Revisions[i] {
				return nil
			}
			if err != nil {
				return err
			}
		}
		stored = true
		return s.Enroll(ctx, d, c, v)
	})
	return stored && err == nil, err
}

func (s *memoryDevices) Poll(ctx context.Context, id wispwright.ID) (*Poll, error) {
	d, err := s.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return nil, err
	}
	p := &Poll{DeviceID: d.ID, OrganizationID: d.OrganizationID, KeyDigest: d.KeyDigest, Name: d.Name, LastIP: d.LastIP, ManagementIP: d.ManagementIP, IsDeactivated: d.IsDeactivated}
	c, err := s.configs.Get(ctx, wispwright.ScopeAll(), id)
	if isNotFound(err) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	p.HasConfig, p.Status, p.Desired, p.Served, p.VersionID = true, c.Status, c.Desired, c.Served, c.VersionID
	return p, nil
}

func (s *memoryDevices) Known(ctx context.Context, digest string, organization wispwright.ID, mac, hardwareID string) (wispwright.ID, error) {
	for _, by := range []struct {
		value  string
		filter DeviceFilter
	}{
		{digest, DeviceFilter{KeyDigest: digest}},
		{mac, DeviceFilter{OrganizationID: organization, MACAddress: mac}},
		{hardwareID, DeviceFilter{OrganizationID: organization, HardwareID: hardwareID}},
	} {
		if by.value == "" {
			continue
		}
		items, err := s.List(ctx, wispwright.ScopeAll(), by.filter, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return wispwright.ID{}, err
		}
		if len(items.Rows) > 0 {
			return items.Rows[0].ID, nil
		}
	}
	return wispwright.ID{}, wispwright.ErrNotFound
}

func (s *memoryDevices) Detail(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Detail, error) {
	d, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	c, err := s.configs.Get(ctx, wispwright.ScopeAll(), id)
	if isNotFound(err) {
		c, err = nil, nil
	}
	return &Detail{Device: d, Config: c}, err
}

func (s *memoryDevices) Details(ctx context.Context, scope wispwright.Scope, f DeviceFilter, p wispwright.Page) (wispwright.Items[Detail], error) {
	devices, err := s.List(ctx, scope, f, p)
	out := wispwright.Items[Detail]{Total: devices.Total}
	if err != nil {
		return out, err
	}
	for _, d := range devices.Rows {
		d.NameKey, d.KeyDigest, d.KeyHint = "", "", ""
		detail := &Detail{Device: d}
		c, err := s.configs.Get(ctx, wispwright.ScopeAll(), d.ID)
		switch {
		case err == nil:
			detail.Config = &Config{DeviceID: c.DeviceID, Backend: c.Backend, Status: c.Status, ErrorReason: c.ErrorReason,
				NotRenewed: c.NotRenewed, NotRenewedReason: c.NotRenewedReason}
		case !isNotFound(err):
			return out, err
		}
		out.Rows = append(out.Rows, detail)
	}
	return out, nil
}

func (s *memoryDevices) Clashes(ctx context.Context, d *Device) ([]string, error) {
	items, err := s.List(ctx, wispwright.ScopeAll(), DeviceFilter{}, wispwright.Page{})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, rule := range []struct {
		name  string
		value string
		same  func(*Device) bool
	}{
		{UniqueDeviceName, d.NameKey, func(o *Device) bool { return o.NameKey == d.NameKey && o.OrganizationID == d.OrganizationID }},
		{UniqueDeviceMAC, d.MACAddress, func(o *Device) bool { return o.MACAddress == d.MACAddress && o.OrganizationID == d.OrganizationID }},
		{UniqueDeviceHardware, d.HardwareID, func(o *Device) bool { return o.HardwareID == d.HardwareID && o.OrganizationID == d.OrganizationID }},
		{UniqueDeviceKey, d.KeyDigest, func(o *Device) bool { return o.KeyDigest == d.KeyDigest }},
	} {
		if rule.value != "" && slices.ContainsFunc(items.Rows, func(o *Device) bool { return o.ID != d.ID && rule.same(o) }) {
			out = append(out, rule.name)
		}
	}
	return out, nil
}

func (s *memoryDevices) ClearAddresses(ctx context.Context, d *Device, organization wispwright.ID, lastToo bool) ([]*Device, error) {
	var before []*Device
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		items, err := s.List(ctx, wispwright.ScopeAll(), DeviceFilter{OrganizationID: organization}, wispwright.Page{Order: []wispwright.Order{{Field: "ID"}}})
		if err != nil {
			return err
		}
		for _, o := range items.Rows {
			management := d.ManagementIP.IsValid() && o.ManagementIP == d.ManagementIP
			last := lastToo && d.LastIP.IsValid() && o.LastIP == d.LastIP
			if o.ID == d.ID || !management && !last {
				continue
			}
			before = append(before, o)
			_, err := s.Update(ctx, wispwright.ScopeAll(), o.ID, func(x *Device) error {
				if management {
					x.ManagementIP = netip.Addr{}
				}
				if last {
					x.LastIP = netip.Addr{}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return before, err
}

type memoryConfigs struct {
	*memstore.Repo[wispwright.ID, Config, ConfigFilter]
	store   *memstore.Store
	devices *memoryDevices
}

var _ ConfigStore = (*memoryConfigs)(nil)

func (s *memoryConfigs) Lock(ctx context.Context, devices []wispwright.ID) ([]*Config, error) {
	items, err := s.List(ctx, wispwright.ScopeAll(), ConfigFilter{DeviceIDs: wispwright.Only(devices...)}, wispwright.Page{NoTotal: true})
	return items.Rows, err
}

func (s *memoryConfigs) UpdateMany(ctx context.Context, configs []*Config) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		for _, c := range configs {
			_, err := s.Update(ctx, wispwright.ScopeAll(), c.DeviceID, func(o *Config) error { *o = *c; return nil })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *memoryConfigs) SaveProgress(ctx context.Context, configs []*Config) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		for _, c := range configs {
			_, err := s.Update(ctx, wispwright.ScopeAll(), c.DeviceID, func(o *Config) error {
				o.Status, o.ErrorReason, o.Desired, o.Served, o.Reported = c.Status, c.ErrorReason, c.Desired, c.Served, c.Reported
				o.VersionID, o.Modified, o.NotRenewed, o.NotRenewedReason = c.VersionID, c.Modified, c.NotRenewed, c.NotRenewedReason
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *memoryConfigs) CountTemplates(ctx context.Context, scope wispwright.Scope, templates []wispwright.ID) (map[wispwright.ID]int, error) {
	items, err := s.List(ctx, scope, ConfigFilter{}, wispwright.Page{NoTotal: true})
	out := map[wispwright.ID]int{}
	for _, c := range items.Rows {
		for _, id := range c.Templates {
			if slices.Contains(templates, id) {
				out[id]++
			}
		}
	}
	return out, err
}

func (s *memoryConfigs) Count(ctx context.Context, scope wispwright.Scope, heard time.Time) (*Counts, error) {
	out := &Counts{Statuses: map[Status]int{}}
	configs, err := s.List(ctx, scope, ConfigFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, c := range configs.Rows {
		out.Statuses[c.Status]++
		if c.NotRenewed != nil {
			out.NotRenewed++
		}
	}
	devices, err := s.devices.List(ctx, scope, DeviceFilter{}, wispwright.Page{NoTotal: true})
	out.Devices = len(devices.Rows)
	for _, d := range devices.Rows {
		if !d.IsDeactivated && d.LastSeen != nil && d.LastSeen.Before(heard.Truncate(time.Microsecond)) {
			out.Silent++
		}
	}
	return out, err
}

type revisionFilter struct {
	IDs wispwright.Among[wispwright.ID]
}

type memoryTemplates struct {
	*memstore.Repo[wispwright.ID, Template, TemplateFilter]
	revisions *memstore.Repo[wispwright.ID, Revision, revisionFilter]
	versions  *memoryVersions
}

var _ TemplateStore = (*memoryTemplates)(nil)

func (s *memoryTemplates) Hold(ctx context.Context, ids []wispwright.ID) ([]*Template, error) {
	items, err := s.List(ctx, wispwright.ScopeAll(), TemplateFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	return items.Rows, err
}

func (s *memoryTemplates) AddRevision(ctx context.Context, r *Revision) error {
	return s.revisions.Insert(ctx, r)
}

func (s *memoryTemplates) Revisions(ctx context.Context, ids []wispwright.ID) ([]*Revision, error) {
	items, err := s.revisions.List(ctx, wispwright.ScopeAll(), revisionFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	return items.Rows, err
}

func (s *memoryTemplates) PruneRevisions(ctx context.Context, before, settled time.Time) (int, error) {
	kept, busy := map[wispwright.ID]bool{}, map[wispwright.ID]bool{}
	items, err := s.List(ctx, wispwright.ScopeAll(), TemplateFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	for _, t := range items.Rows {
		kept[t.RevisionID], busy[t.ID] = true, !t.Modified.Before(settled)
	}
	versions, err := s.versions.List(ctx, wispwright.ScopeAll(), VersionFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	for _, v := range versions.Rows {
		for _, id := range v.Revisions {
			kept[id] = true
		}
	}
	return s.revisions.DeleteWhere(ctx, func(r *Revision) bool { return r.Created.Before(before) && !kept[r.ID] && !busy[r.TemplateID] })
}

type memorySettings struct {
	*memstore.Repo[wispwright.ID, Settings, SettingsFilter]
}

var _ SettingsStore = (*memorySettings)(nil)

// Hold has nothing to lock: one transaction runs at a time.
func (s *memorySettings) Hold(ctx context.Context, organization wispwright.ID, _ bool) (*Settings, error) {
	return s.Get(ctx, wispwright.ScopeAll(), organization)
}

type memoryVersions struct {
	*memstore.Repo[wispwright.ID, Version, VersionFilter]
}

var _ VersionStore = (*memoryVersions)(nil)

func (s *memoryVersions) Mark(ctx context.Context, id wispwright.ID, served, reported time.Time) error {
	_, err := s.Update(ctx, wispwright.ScopeAll(), id, func(v *Version) error {
		if v.Served == nil && !served.IsZero() {
			v.Served = &served
		}
		if v.Reported == nil && !reported.IsZero() {
			v.Reported = &reported
		}
		return nil
	})
	if isNotFound(err) {
		return nil
	}
	return err
}

func (s *memoryVersions) Prune(ctx context.Context, before time.Time) (int, error) {
	items, err := s.List(ctx, wispwright.ScopeAll(), VersionFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	newest := map[wispwright.ID]wispwright.ID{}
	for _, v := range items.Rows { // newest first
		if newest[v.DeviceID].IsZero() {
			newest[v.DeviceID] = v.ID
		}
	}
	return s.DeleteWhere(ctx, func(v *Version) bool { return v.Created.Before(before) && newest[v.DeviceID] != v.ID })
}
