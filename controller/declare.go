package controller

import (
	"context"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// declaring is a change of what one level says of a variable, and of the value it
// gives. change nil takes both away.
type declaring struct {
	name   string
	change *variable.Change
	// value names the new value of a secret one, which is stored already
	value wispwright.ID
}

// declaring checks a change and stores the value of a secret variable. plain are the
// level's present values: what becomes secret keeps its value.
func (c *configs) declaring(ctx context.Context, name string, change *variable.Change, plain wispwright.JSON) (*declaring, error) {
	d := &declaring{name: name, change: change}
	if change == nil {
		return d, nil
	}
	if err := change.Check(name); err != nil {
		return nil, err
	}
	value := change.Value
	if !change.Given && change.Declaration.Secret {
		own := map[string]any{}
		if err := addVariables(own, plain); err != nil {
			return nil, err
		}
		value = own[name]
		if fault := change.Declaration.CheckValue(value); value != nil && fault != "" {
			return nil, wispwright.Invalid("type", "The value that is there "+fault+".")
		}
	}
	if !change.Declaration.Secret || value == nil {
		return d, nil
	}
	row := &variable.Value{ID: wispwright.NewID(), Value: wispwright.Secret(ordered.Append(nil, value)), Created: c.now()}
	if err := c.stores.Variables.Insert(ctx, row); err != nil {
		return nil, fmt.Errorf("store the value of a variable: %w", err)
	}
	d.value = row.ID
	return d, nil
}

// apply changes what a level declares, and the values it gives.
func (d *declaring) apply(declared, plain *wispwright.JSON) error {
	list, err := variable.Parse(*declared)
	if err != nil {
		return err
	}
	if list == nil {
		list = variable.Declarations{}
	}
	before, had := list[d.name]
	values, err := render.Decode(*plain)
	if err != nil {
		return err
	}
	if d.change == nil {
		if !had {
			return wispwright.ErrNotFound
		}
		delete(list, d.name)
		values.Delete(d.name)
	} else {
		if !had && len(list) >= variable.MaxDeclared {
			return wispwright.Invalid("name", fmt.Sprintf("No more than %d variables can be declared here.", variable.MaxDeclared))
		}
		after := d.change.Declaration
		after.Choices, after.Value = slices.Clone(after.Choices), wispwright.ID{}
		switch {
		case after.Secret:
			values.Delete(d.name)
			if after.Value = before.Value; !d.value.IsZero() || d.change.Given {
				after.Value = d.value
			}
		case d.change.Given && d.change.Value == nil:
			values.Delete(d.name)
		case d.change.Given:
			values.Set(d.name, d.change.Value)
		}
		list[d.name] = after
	}
	*declared, *plain = list.JSON(), wispwright.JSON(ordered.Append(nil, values))
	return nil
}

// Declare says what a variable of an organization is, and gives it a value; a nil
// change takes the declaration and the value away. Configurations are rendered anew
// in the background where the value or what it must be changed.
func (s *OrganizationSettings) Declare(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, name string, change *variable.Change) (*Settings, error) {
	before, err := s.Get(ctx, scope, organization)
	if err != nil {
		return nil, err
	}
	d, err := s.fleet.declaring(ctx, name, change, before.Context)
	if err != nil {
		return nil, err
	}
	return s.Update(ctx, scope, organization, func(o *Settings) error { return d.apply(&o.Declared, &o.Context) })
}

// Declare says what a variable of a group is, as that of OrganizationSettings does.
func (s *Groups) Declare(ctx context.Context, scope wispwright.Scope, id wispwright.ID, name string, change *variable.Change) (*Group, error) {
	before, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	d, err := s.fleet.declaring(ctx, name, change, before.Context)
	if err != nil {
		return nil, err
	}
	return s.Update(ctx, scope, id, func(o *Group) error { return d.apply(&o.Declared, &o.Context) })
}

// Declare says what a variable of a template is, as that of OrganizationSettings does.
func (s *Templates) Declare(ctx context.Context, scope wispwright.Scope, id wispwright.ID, name string, change *variable.Change) (*Template, error) {
	before, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	d, err := s.fleet.declaring(ctx, name, change, before.DefaultValues)
	if err != nil {
		return nil, err
	}
	return s.Update(ctx, scope, id, func(o *Template) error { return d.apply(&o.Declared, &o.DefaultValues) })
}

// Declare says what a variable of a device is, as that of OrganizationSettings does;
// its configuration is rendered anew at once. A device without configuration has no
// variables: wispwright.ErrNotFound.
func (s *Devices) Declare(ctx context.Context, scope wispwright.Scope, id wispwright.ID, name string, change *variable.Change) (*Detail, error) {
	before, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if before.Config == nil {
		return nil, wispwright.ErrNotFound
	}
	if before.Device.IsDeactivated {
		return nil, wispwright.ErrForbidden
	}
	d, err := s.fleet.declaring(ctx, name, change, before.Config.Context)
	if err != nil {
		return nil, err
	}
	return s.Update(entity.WithCause(ctx, "variable "+name+" changed"), scope, id, func(detail *Detail) error {
		if detail.Config == nil {
			return wispwright.ErrNotFound
		}
		return d.apply(&detail.Config.Declared, &detail.Config.Context)
	})
}
