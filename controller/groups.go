package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// Groups is the service of groups of devices, newest first. What follows from
// a change for the devices of a group is done in the background.
type Groups struct {
	*entity.Service[wispwright.ID, Group, GroupFilter]
	fleet *fleet
	// metaData is the schema of Group.MetaData
	metaData *schema.Schema
}

// defaultGroupSchema accepts every object.
const defaultGroupSchema = `{"type":"object","properties":{}}`

func newGroups(f *fleet) (*Groups, error) {
	s := &Groups{fleet: f}
	var err error
	if s.metaData, err = schema.CompileJSON([]byte(f.GroupSchema), nil); err != nil {
		return nil, fmt.Errorf("controller: schema of groups: %w", err)
	}
	s.Service = entity.New(f.kit, wispwright.KeyedRepo[wispwright.ID, Group, GroupFilter](f.stores.Groups), entity.Kind[wispwright.ID, Group]{
		Name: "controller.Groups", Model: "config.devicegroup", Validate: s.validate, Check: s.check, Stored: s.stored,
		Unique: map[string]error{UniqueGroupName: wispwright.Invalid("", valid.Taken("Device Group", "Organization", "Name"))},
	})
	return s, nil
}

// Schema is the JSON Schema of the metadata of groups.
func (s *Groups) Schema() wispwright.JSON { return s.fleet.GroupSchema }

// CountDevices counts the devices of a scope in each of some groups. Groups
// without devices are left out.
func (s *Groups) CountDevices(ctx context.Context, scope wispwright.Scope, groups []wispwright.ID) (map[wispwright.ID]int, error) {
	return s.fleet.stores.Groups.CountDevices(ctx, scope, groups)
}

func (s *Groups) validate(_ context.Context, c entity.Change[Group]) error {
	g := c.After
	var v wispwright.ValidationError
	valid.Text(&v, "name", g.Name, valid.Required, valid.Max(60))
	valid.Text(&v, "description", g.Description, valid.Max(maxNotes))
	valid.Object(&v, "context", &g.Context)
	checkOwn(&v, "context", g.Context, g.Declared)
	if g.MetaData.IsEmpty() {
		g.MetaData = "{}"
	}
	document, err := ordered.Decode([]byte(g.MetaData))
	if err != nil {
		v.Add("meta_data", "Enter valid JSON.")
		return v.Err()
	}
	var fault *schema.Error
	if errors.As(s.metaData.Validate(document), &fault) {
		v.Add("input", fault.Message)
	}
	g.Templates = distinct(g.Templates)
	return v.Err()
}

// check holds the templates of a group, and the group in the organization of
// its devices.
func (s *Groups) check(ctx context.Context, c entity.Change[Group]) error {
	if c.After == nil {
		return nil
	}
	if c.Before != nil && c.Before.OrganizationID != c.After.OrganizationID {
		found, err := s.fleet.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{GroupID: c.After.ID}, wispwright.Page{Limit: 1})
		if err != nil {
			return err
		}
		if found.Total > 0 {
			return wispwright.Invalid("organization", fmt.Sprintf("The organization of this group cannot be changed because %d devices are still in it", found.Total))
		}
	}
	var had []wispwright.ID
	if c.Before != nil {
		had = c.Before.Templates
	}
	return s.checkTemplates(ctx, c.After, had)
}

// checkTemplates refuses templates that do not exist, and those that devices get
// anyway. What a group had already is left out where it is gone.
func (s *Groups) checkTemplates(ctx context.Context, g *Group, had []wispwright.ID) error {
	found, err := s.fleet.heldTemplates(ctx, g.Templates)
	if err != nil {
		return err
	}
	var v wispwright.ValidationError
	var kept []wispwright.ID
	for _, id := range g.Templates {
		i := slices.IndexFunc(found, func(t *Template) bool { return t.ID == id })
		switch {
		case slices.Contains(had, id):
			if i < 0 {
				continue
			}
		case i < 0 || found[i].Default || found[i].Required:
			v.Add("templates", valid.UnknownPK(id))
		}
		kept = append(kept, id)
	}
	g.Templates = kept
	return v.Err()
}

// stored queues what follows from a change.
func (s *Groups) stored(ctx context.Context, changes ...entity.Change[Group]) error {
	id, name := actor(ctx)
	for _, c := range changes {
		job := Job{Kind: jobGroupChanged, ID: c.Object().ID, ActorID: id, Actor: name, Cause: "group " + c.Object().Name + " changed"}
		switch {
		case c.Before == nil:
			continue
		case c.After == nil:
			job.Kind, job.Cause = jobGroupDeleted, "group "+c.Before.Name+" deleted"
		case c.Before.Context == c.After.Context && c.Before.Declared == c.After.Declared && slices.Equal(c.Before.Templates, c.After.Templates):
			continue
		default:
			job.Added, job.Removed = less(c.After.Templates, c.Before.Templates), less(c.Before.Templates, c.After.Templates)
		}
		if err := s.fleet.jobs.Enqueue(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

// less returns the ids of a list that another one lacks.
func less(ids, without []wispwright.ID) (out []wispwright.ID) {
	for _, id := range ids {
		if !slices.Contains(without, id) {
			out = append(out, id)
		}
	}
	return out
}

// dropTemplate takes a template that is deleted out of all groups.
func (c *fleet) dropTemplate(ctx context.Context, template wispwright.ID) error {
	found, err := c.stores.Groups.List(ctx, wispwright.ScopeAll(), GroupFilter{TemplateID: template}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, g := range found.Rows {
		_, err := c.stores.Groups.Update(ctx, wispwright.ScopeAll(), g.ID, func(g *Group) error {
			g.Templates = less(g.Templates, []wispwright.ID{template})
			return nil
		})
		if err != nil && !isNotFound(err) {
			return err
		}
	}
	return nil
}

// heldGroups returns the groups that devices are in, by id, and keeps them as
// they are until the transaction ends, where there is one.
func (c *configs) heldGroups(ctx context.Context, devices ...*Device) (map[wispwright.ID]*Group, error) {
	var ids []wispwright.ID
	for _, d := range devices {
		if !d.GroupID.IsZero() && !slices.Contains(ids, d.GroupID) {
			ids = append(ids, d.GroupID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := c.stores.Groups.Hold(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]*Group, len(found))
	for _, g := range found {
		out[g.ID] = g
	}
	return out, nil
}

// groupOf returns the group of a device, nil for none.
func (c *configs) groupOf(ctx context.Context, d *Device) (*Group, error) {
	found, err := c.heldGroups(ctx, d)
	return found[d.GroupID], err
}

// checkGroup adds what is wrong with the group of a device
// (spec: controller-config §1.1).
func (c *configs) checkGroup(ctx context.Context, v *wispwright.ValidationError, d *Device) error {
	if d.GroupID.IsZero() {
		return nil
	}
	g, err := c.groupOf(ctx, d)
	switch {
	case err != nil:
		return err
	case g == nil:
		v.Add("group", valid.UnknownPK(d.GroupID))
	case g.OrganizationID != d.OrganizationID:
		v.Add("group", "Please ensure that the organization of this Device and the organization of the related Device Group match.")
	}
	return nil
}

// groupTemplates returns the templates a group gives to configurations of a
// backend. Those of other organizations are never given, and rivals of what a
// configuration has neither.
func (c *configs) groupTemplates(ctx context.Context, g *Group, backend string) ([]*Template, error) {
	if g == nil || len(g.Templates) == 0 {
		return nil, nil
	}
	found, err := c.heldTemplates(ctx, g.Templates)
	return slices.DeleteFunc(found, func(t *Template) bool {
		return t.Backend != backend || !t.OrganizationID.IsZero() && t.OrganizationID != g.OrganizationID
	}), err
}

// regrouped returns the templates of a configuration after those of a group were
// taken away and those of another one given; either group may be nil.
func (c *configs) regrouped(ctx context.Context, templates []wispwright.ID, from, to *Group, before, backend string) ([]wispwright.ID, error) {
	gone, err := c.groupTemplates(ctx, from, before)
	if err != nil {
		return nil, err
	}
	come, err := c.groupTemplates(ctx, to, backend)
	if err != nil {
		return nil, err
	}
	kept := less(templates, less(idsOf(gone), idsOf(come)))
	have, err := c.heldTemplates(ctx, kept)
	if err != nil {
		return nil, err
	}
	return distinct(slices.Concat(kept, idsOf(withoutRivals(have, come)))), nil
}

// joined gives a device that came into a group without having a configuration
// one, when the group has templates for it (spec: controller-config §7).
func (c *fleet) joined(ctx context.Context, job Job) error {
	ctx = wispwright.WithCaller(ctx, &wispwright.Caller{ID: job.ActorID, Name: job.Actor, Superuser: true, Method: "system"})
	return c.kit.Do(ctx, "controller: configuration of a device in a group", func(ctx context.Context) error {
		d, err := c.stores.Devices.Update(ctx, wispwright.ScopeAll(), job.ID, func(*Device) error { return nil })
		if err != nil || d.IsDeactivated {
			return absentIsNothing(err)
		}
		before, err := c.detail(ctx, d)
		if err != nil || before.Config != nil {
			return err
		}
		after, err := c.configured(ctx, d)
		if err != nil || after == nil {
			return err
		}
		t, err := c.hold(ctx, d.OrganizationID, false)
		if err != nil {
			return absentIsNothing(err)
		}
		detail := &Detail{Device: d, Config: after}
		if err := c.addConfig(ctx, &enrolment{fleet: c, detail: detail, cause: job.Cause}, t); err != nil {
			return err
		}
		if err := c.devices.Configured.Fire(ctx, detail); err != nil {
			return err
		}
		if err := c.forgetDevices(ctx, d.ID); err != nil {
			return err
		}
		return c.record(ctx, "change", job.Cause, before, detail)
	})
}

// configured is the configuration that a device without one gets from its
// group; nil where the group gives nothing.
func (c *fleet) configured(ctx context.Context, d *Device) (*Config, error) {
	g, err := c.groupOf(ctx, d)
	if err != nil {
		return nil, err
	}
	backend := c.backends[0].Path
	given, err := c.groupTemplates(ctx, g, backend)
	if err != nil || len(given) == 0 {
		return nil, err
	}
	return &Config{Backend: backend, Config: "{}", Context: "{}"}, nil
}

func absentIsNothing(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}

// ungroup takes a batch of devices out of a group that was deleted, and queues
// the next one. Their templates stay.
func (c *fleet) ungroup(ctx context.Context, job Job) error {
	const atOnce = 100
	ctx = wispwright.WithCaller(ctx, &wispwright.Caller{ID: job.ActorID, Name: job.Actor, Superuser: true, Method: "system"})
	return c.kit.Do(ctx, "controller: devices of a deleted group", func(ctx context.Context) error {
		found, err := c.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{GroupID: job.ID},
			wispwright.Page{Limit: atOnce, NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
		if err != nil || len(found.Rows) == 0 {
			return err
		}
		for _, d := range found.Rows {
			var before Device
			after, err := c.stores.Devices.Update(ctx, wispwright.ScopeAll(), d.ID, func(d *Device) error {
				before = *d
				if d.GroupID != job.ID {
					return errUnchanged
				}
				d.GroupID, d.Modified = wispwright.ID{}, c.now()
				return nil
			})
			if errors.Is(err, errUnchanged) || isNotFound(err) {
				continue
			}
			if err != nil {
				return err
			}
			if err := c.deviceSaved(ctx, &before, after); err != nil {
				return err
			}
			if err := c.again(ctx, after, job.Cause, false); err != nil {
				return err
			}
			if err := c.record(ctx, "change", job.Cause, &Detail{Device: &before}, &Detail{Device: after}); err != nil {
				return err
			}
		}
		if len(found.Rows) < atOnce {
			return nil
		}
		return c.jobs.Enqueue(ctx, job)
	})
}
