package plan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/valid"
)

// resolved is what the changes of a plan mean for what is stored now.
type resolved struct {
	staged   *controller.Staged
	created  []*controller.Template
	deleted  []wispwright.ID
	added    []*controller.Template // that become default ones
	groups   map[wispwright.ID]regrouping
	devices  map[wispwright.ID][]DeviceFields
	affected []controller.ConfigFilter // joined by or
	// changes are the plan's with names and bases as they are now
	changes []Change
}

// regrouping are the templates that the devices of a group get and lose.
type regrouping struct{ given, lost []wispwright.ID }

func nothingStaged() *controller.Staged {
	return &controller.Staged{Templates: map[wispwright.ID]*controller.Template{}, Variables: map[wispwright.ID]wispwright.JSON{}, Groups: map[wispwright.ID]wispwright.JSON{}, Declared: map[wispwright.ID]wispwright.JSON{}}
}

// resolve looks up what changes speak of, within a scope. What does not exist or
// does not fit is a fault of the change.
func (s *Plans) resolve(ctx context.Context, scope wispwright.Scope, p *Plan) (*resolved, error) {
	r := &resolved{
		staged: nothingStaged(),
		groups: map[wispwright.ID]regrouping{}, devices: map[wispwright.ID][]DeviceFields{}, changes: slices.Clone(p.Changes),
	}
	v := &wispwright.ValidationError{}
	for i := range r.changes {
		c, path := &r.changes[i], fmt.Sprintf("changes.%d", i)
		var err error
		switch c.Kind {
		case TemplateChange:
			err = s.resolveTemplate(ctx, scope, p, r, c, v, path)
		case VariablesChange:
			err = s.resolveVariables(ctx, scope, p, r, c, v, path)
		case GroupChange:
			err = s.resolveGroup(ctx, scope, p, r, c, v, path)
		case DevicesChange:
			err = s.resolveDevices(ctx, scope, p, r, c, v, path)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, v.Err()
}

// owned reports whether a plan may change what belongs to an organization.
func (p *Plan) owned(organization wispwright.ID) bool {
	return p.OrganizationID.IsZero() || p.OrganizationID == organization
}

const foreign = "This object belongs to another organization than the plan."

func (s *Plans) resolveTemplate(ctx context.Context, scope wispwright.Scope, p *Plan, r *resolved, c *Change, v *wispwright.ValidationError, path string) error {
	f := fields[TemplateFields](v, path, c.Set)
	if c.Action == Create {
		t := &controller.Template{ID: c.ID, OrganizationID: p.OrganizationID, Type: controller.TemplateGeneric, Backend: s.c.Backends()[0].Path, RevisionID: c.Revision, Config: "{}", DefaultValues: "{}"}
		if f.Organization != nil {
			t.OrganizationID = *f.Organization
		}
		if !p.owned(t.OrganizationID) || !scope.Allows(t.OrganizationID) {
			v.Add(path+".set.organization", foreign)
			return nil
		}
		f.lay(t)
		fitting(v, path+".set.default_values", t.DefaultValues, t.Declared)
		c.Name = t.Name
		r.staged.Templates[t.ID], r.created = t, append(r.created, t)
		r.becomes(t, false)
		return nil
	}
	t, err := s.c.Templates.Get(ctx, scope, c.ID)
	if errors.Is(err, wispwright.ErrNotFound) {
		v.Add(path+".id", valid.UnknownPK(c.ID))
		return nil
	}
	if err != nil {
		return err
	}
	if !p.owned(t.OrganizationID) {
		v.Add(path+".id", foreign)
		return nil
	}
	c.Name, c.Base = t.Name, digest(t.Name, t.Backend, t.Config, t.DefaultValues, t.Declared, t.Default, t.Required, t.Tags, t.Notes, t.VPNID, t.Type)
	r.affected = append(r.affected, controller.ConfigFilter{TemplateID: t.ID})
	if c.Action == Delete {
		if t.Required {
			v.Add(path, "A required template cannot be deleted by a plan; make it one that is not first.")
		}
		r.deleted = append(r.deleted, t.ID)
		return nil
	}
	was := *t
	f.lay(t)
	if t.Backend != was.Backend {
		v.Add(path+".set.backend", "The backend of a template cannot be changed by a plan.")
	}
	fitting(v, path+".set.default_values", t.DefaultValues, t.Declared)
	if t.Config != was.Config || t.DefaultValues != was.DefaultValues || t.Declared != was.Declared {
		t.RevisionID = c.Revision
		r.staged.Templates[t.ID] = t
	}
	r.becomes(t, was.Default || was.Required)
	return nil
}

// becomes notes a template that devices get because it is a default one now.
func (r *resolved) becomes(t *controller.Template, already bool) {
	if (t.Default || t.Required) && !already {
		r.added = append(r.added, t)
		r.affected = append(r.affected, controller.ConfigFilter{OrganizationID: t.OrganizationID, Backend: t.Backend})
	}
}

// lay puts the fields into a template.
func (f *TemplateFields) lay(t *controller.Template) {
	put(&t.Name, f.Name)
	put(&t.Backend, f.Backend)
	put(&t.Config, f.Config)
	put(&t.DefaultValues, f.DefaultValues)
	put(&t.Default, f.Default)
	put(&t.Required, f.Required)
	put(&t.Tags, f.Tags)
	put(&t.Notes, f.Notes)
	declare(&t.Declared, f.Declared)
}

func put[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func digest(values ...any) string {
	h := sha256.New()
	for _, v := range values {
		fmt.Fprintf(h, "%q ", fmt.Sprint(v))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (s *Plans) resolveVariables(ctx context.Context, scope wispwright.Scope, p *Plan, r *resolved, c *Change, v *wispwright.ValidationError, path string) error {
	settings, err := s.c.Settings.Get(ctx, scope, c.ID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		v.Add(path+".id", valid.UnknownPK(c.ID))
		return nil
	case err != nil:
		return err
	case !p.owned(c.ID):
		v.Add(path+".id", foreign)
		return nil
	}
	f := fields[VariableFields](v, path, c.Set)
	c.Name, c.Base = "variables", digest(settings.Context, settings.Declared)
	declare(&settings.Declared, f.Declared)
	fitting(v, path+".set.context", f.Context, settings.Declared)
	r.staged.Variables[c.ID], r.staged.Declared[c.ID] = f.Context, settings.Declared
	r.affected = append(r.affected, controller.ConfigFilter{OrganizationID: c.ID})
	return nil
}

func (s *Plans) resolveGroup(ctx context.Context, scope wispwright.Scope, p *Plan, r *resolved, c *Change, v *wispwright.ValidationError, path string) error {
	g, err := s.c.Groups.Get(ctx, scope, c.ID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		v.Add(path+".id", valid.UnknownPK(c.ID))
		return nil
	case err != nil:
		return err
	case !p.owned(g.OrganizationID):
		v.Add(path+".id", foreign)
		return nil
	}
	f := fields[GroupFields](v, path, c.Set)
	c.Name, c.Base = g.Name, digest(g.Context, g.Declared, g.Templates)
	r.affected = append(r.affected, controller.ConfigFilter{GroupID: g.ID})
	put(&g.Context, f.Context)
	declare(&g.Declared, f.Declared)
	fitting(v, path+".set.context", g.Context, g.Declared)
	if f.Context != nil {
		r.staged.Groups[g.ID] = g.Context
	}
	if f.Declared != nil {
		r.staged.Declared[g.ID] = g.Declared
	}
	if f.Templates == nil {
		return nil
	}
	without := func(list, some []wispwright.ID) []wispwright.ID {
		return slices.DeleteFunc(slices.Clone(list), func(id wispwright.ID) bool { return slices.Contains(some, id) })
	}
	r.groups[g.ID] = regrouping{given: without(*f.Templates, g.Templates), lost: without(g.Templates, *f.Templates)}
	return s.usable(ctx, scope, p, r, *f.Templates, v, path)
}

// usable checks templates that devices are to use: what all organizations share
// may be used, but not changed.
func (s *Plans) usable(ctx context.Context, scope wispwright.Scope, p *Plan, r *resolved, templates []wispwright.ID, v *wispwright.ValidationError, path string) error {
	for _, id := range templates {
		if o := r.staged.Templates[id]; o != nil && p.owned(o.OrganizationID) {
			continue
		}
		t, err := s.c.Templates.Get(ctx, scope.WithShared(), id)
		switch {
		case errors.Is(err, wispwright.ErrNotFound):
			v.Add(path+".set", valid.UnknownPK(id))
		case err != nil:
			return err
		case !t.OrganizationID.IsZero() && !p.owned(t.OrganizationID):
			v.Add(path+".set", foreign)
		}
	}
	return nil
}

func (s *Plans) resolveDevices(ctx context.Context, scope wispwright.Scope, p *Plan, r *resolved, c *Change, v *wispwright.ValidationError, path string) error {
	f := fields[DeviceFields](v, path, c.Set)
	c.Name = fmt.Sprintf("%d devices", len(f.Devices))
	wanted := slices.Clone(f.Add)
	if f.Templates != nil {
		wanted = append(wanted, *f.Templates...)
	}
	if err := s.usable(ctx, scope, p, r, wanted, v, path); err != nil {
		return err
	}
	for chunk := range slices.Chunk(f.Devices, 1000) {
		found, err := s.c.Devices.List(ctx, scope, controller.DeviceFilter{IDs: wispwright.Only(chunk...), OrganizationID: p.OrganizationID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		have := make(map[wispwright.ID]bool, len(found.Rows))
		for _, d := range found.Rows {
			have[d.Device.ID] = d.Config != nil && !d.Device.IsDeactivated
		}
		for _, id := range chunk {
			if there, known := have[id]; !known {
				v.Add(path+".set.devices", valid.UnknownPK(id))
			} else if !there {
				v.Add(path+".set.devices", fmt.Sprintf("The device %s has no configuration in service.", id))
			}
			r.devices[id] = append(r.devices[id], *f)
		}
	}
	for chunk := range slices.Chunk(f.Devices, 500) {
		r.affected = append(r.affected, controller.ConfigFilter{DeviceIDs: wispwright.Only(chunk...)})
	}
	return nil
}

// edit makes of a device's configuration what the plan says about it alone, beside
// contents that are staged.
func (r *resolved) edit(d *controller.Device, config *controller.Config) {
	list := slices.Clone(config.Templates)
	for _, t := range r.added {
		if !t.OrganizationID.IsZero() && t.OrganizationID != d.OrganizationID || t.Backend != config.Backend || slices.Contains(list, t.ID) {
			continue
		}
		if t.Required {
			list = append([]wispwright.ID{t.ID}, list...)
		} else {
			list = append(list, t.ID)
		}
	}
	if g, ok := r.groups[d.GroupID]; ok {
		list = slices.DeleteFunc(list, func(id wispwright.ID) bool { return slices.Contains(g.lost, id) })
		for _, id := range g.given {
			if !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
	}
	for _, f := range r.devices[d.ID] {
		if f.Templates != nil {
			list = slices.Clone(*f.Templates)
		}
		for _, id := range f.Add {
			if !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
		list = slices.DeleteFunc(list, func(id wispwright.ID) bool { return slices.Contains(f.Remove, id) })
		put(&config.Config, f.Config)
		put(&config.Context, f.Context)
	}
	config.Templates = slices.DeleteFunc(list, func(id wispwright.ID) bool { return slices.Contains(r.deleted, id) })
}
