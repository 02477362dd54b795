package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/emptied"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
)

// Recovered tells of an object that is back.
type Recovered struct {
	// Deleted is what it was.
	Deleted *Deleted
	// Name is what it is called now.
	Name string
	// LeftOut says in words what did not come back: templates and a group that are
	// gone, the oldest versions.
	LeftOut []string
}

// Service keeps deleted devices and templates and brings them back.
type Service struct {
	// Recovered is published after an object came back.
	Recovered event.Topic[Recovered]

	base  *entity.Base
	store Store
	c     *controller.Controller
	age   time.Duration
}

// New returns the service over the objects of a controller. age is how long a
// deleted object can come back; 0 keeps nothing. Call Attach, so that it hears of
// deletions, and Prune from time to time.
func New(base *entity.Base, store Store, c *controller.Controller, age time.Duration) (*Service, error) {
	if base == nil || base.Tx == nil || store == nil || c == nil {
		return nil, errors.New("recovery: base, store and controller are required")
	}
	if age < 0 {
		return nil, errors.New("recovery: the age is negative")
	}
	return &Service{base: base, store: store, c: c, age: age}, nil
}

// Attach hears of what is deleted, inside the transactions that delete it.
// Organizations take along what they deleted.
func (s *Service) Attach(o controller.OrganizationEvents) {
	if s.age > 0 {
		s.c.Devices.Deleting.Subscribe("recovery: deleted devices", s.devices)
		s.c.Templates.Deleting.Subscribe("recovery: deleted templates", s.templates)
	}
	count, some := emptied.Rows[wispwright.ID, Deleted, Filter](s.store, func(organization wispwright.ID) Filter { return Filter{OrganizationID: organization} }, func(d *Deleted) wispwright.ID { return d.ID })
	emptied.Batches(s.base.Tx, o, "recovery.Deleted", count, some)
	o.OnDelete("recovery: what a deleted organization deleted", s.store.Forget)
}

// Events lists the events of the service.
func (s *Service) Events() []event.Listed {
	return []event.Listed{s.Recovered.Listed("recovery.Recovered", "")}
}

func (s *Service) devices(ctx context.Context, list ...*controller.Device) error {
	for _, d := range list {
		c, err := s.deviceContent(ctx, d)
		if err != nil {
			return fmt.Errorf("keep deleted device %s: %w", d.ID, err)
		}
		if err := s.keep(ctx, Deleted{Kind: Device, ObjectID: d.ID, OrganizationID: d.OrganizationID, Name: d.Name, Detail: d.MACAddress}, c); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) templates(ctx context.Context, list ...*controller.Template) error {
	for _, t := range list {
		c := &content{Template: t}
		if err := s.material(ctx, c, t.Declared); err != nil {
			return fmt.Errorf("keep deleted template %s: %w", t.ID, err)
		}
		if err := s.keep(ctx, Deleted{Kind: Template, ObjectID: t.ID, OrganizationID: t.OrganizationID, Name: t.Name, Detail: t.Backend}, c); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) keep(ctx context.Context, d Deleted, c *content) error {
	var err error
	if d.Content, err = c.seal(); err != nil {
		return err
	}
	d.ID, d.Created, d.Actor = wispwright.NewID(), s.base.Now(), "system"
	if caller := wispwright.CallerFrom(ctx); caller != nil {
		d.ActorID, d.Actor = caller.ID, caller.Name
	}
	if err := s.store.Insert(ctx, &d); err != nil {
		return fmt.Errorf("keep deleted %s %s: %w", d.Kind, d.ObjectID, err)
	}
	return nil
}

// Get returns a deleted object of a kind.
func (s *Service) Get(ctx context.Context, scope wispwright.Scope, kind Kind, id wispwright.ID) (*Deleted, error) {
	d, err := s.store.Get(ctx, scope, id)
	if err == nil && d.Kind != kind {
		return nil, wispwright.ErrNotFound
	}
	return d, err
}

// Last returns the last deletion of an object.
func (s *Service) Last(ctx context.Context, scope wispwright.Scope, kind Kind, object wispwright.ID) (*Deleted, error) {
	found, err := s.store.List(ctx, scope, Filter{Kind: kind, ObjectID: object}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return found.Rows[0], nil
}

// List returns a page of deleted objects, those deleted last first.
func (s *Service) List(ctx context.Context, scope wispwright.Scope, f Filter, p wispwright.Page) (wispwright.Items[Deleted], error) {
	return s.store.List(ctx, scope, f, p)
}

// Discard removes a deleted object for good.
func (s *Service) Discard(ctx context.Context, scope wispwright.Scope, kind Kind, id wispwright.ID) error {
	return s.base.Do(ctx, "recovery.Discard", func(ctx context.Context) error {
		d, err := s.Get(ctx, scope, kind, id)
		if err != nil {
			return err
		}
		if err := s.store.Delete(ctx, scope, id); err != nil {
			return err
		}
		return s.base.Record(ctx, wispwright.Change{
			Kind: "config." + string(d.Kind), ObjectID: d.ObjectID.String(), Label: d.Name, OrganizationID: d.OrganizationID, Action: "delete", Cause: "removed for good",
		})
	})
}

// Prune removes what can come back no longer and returns their number.
func (s *Service) Prune(ctx context.Context) (int, error) {
	n, err := s.store.Prune(ctx, s.base.Now().Add(-s.age))
	if err != nil {
		return n, fmt.Errorf("prune deleted objects: %w", err)
	}
	return n, nil
}

// Recover brings an object back with the id, key, and content that it had. as is
// a name for it where another has the former one by now; empty keeps the name.
// Whatever is taken meanwhile, such as its name or MAC address, is a
// *wispwright.ValidationError that names the field, and nothing changes.
//
// A device is in service then, with the configuration it had in service last; it
// gets new addresses as it is heard of. A template is on no device but those it
// comes to as a default or required one.
func (s *Service) Recover(ctx context.Context, scope wispwright.Scope, kind Kind, id wispwright.ID, as string) (*Recovered, error) {
	var out *Recovered
	err := s.base.Do(entity.WithCause(ctx, "recovered"), "recovery.Recover", func(ctx context.Context) error {
		// an update that changes nothing locks the row: nobody else recovers it now
		d, err := s.store.Update(ctx, scope, id, func(*Deleted) error { return nil })
		if err != nil {
			return err
		}
		if d.Kind != kind {
			return wispwright.ErrNotFound
		}
		c, err := d.open()
		if err != nil {
			return err
		}
		out = &Recovered{Deleted: d, Name: d.Name}
		if as != "" {
			out.Name = as
		}
		switch {
		case c.Device != nil:
			err = s.recoverDevice(ctx, c, out)
		case c.Template != nil:
			err = s.recoverTemplate(ctx, c, out)
		}
		if err != nil {
			return err
		}
		if err := s.store.Delete(ctx, wispwright.ScopeAll(), id); err != nil {
			return err
		}
		s.Recovered.Publish(ctx, *out)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) recoverTemplate(ctx context.Context, c *content, out *Recovered) error {
	t := c.Template
	t.Name = out.Name
	if err := s.absent(ctx, out.Deleted); err != nil {
		return err
	}
	if err := s.bringBack(ctx, c, &t.Declared, out); err != nil {
		return err
	}
	return s.c.Templates.Create(ctx, t)
}

// absent refuses an object that is there again, such as from a dump.
func (s *Service) absent(ctx context.Context, d *Deleted) (err error) {
	if d.Kind == Device {
		_, err = s.c.Devices.Get(ctx, wispwright.ScopeAll(), d.ObjectID)
	} else {
		_, err = s.c.Templates.Get(ctx, wispwright.ScopeAll(), d.ObjectID)
	}
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return wispwright.Invalid("", "It is there already.")
}

func (s *Service) recoverDevice(ctx context.Context, c *content, out *Recovered) error {
	d := c.Device
	if err := s.absent(ctx, out.Deleted); err != nil {
		return err
	}
	// its addresses may be another's by now
	back := &controller.Device{
		ID: d.ID, OrganizationID: d.OrganizationID, Name: out.Name, MACAddress: d.MACAddress, Key: wispwright.Secret(c.Key), HardwareID: d.HardwareID,
		Model: d.Model, OS: d.OS, System: d.System, Notes: d.Notes, GroupID: d.GroupID,
	}
	if !back.GroupID.IsZero() {
		g, err := s.c.Groups.Get(ctx, wispwright.ScopeAll(), back.GroupID)
		switch {
		case errors.Is(err, wispwright.ErrNotFound) || err == nil && g.OrganizationID != back.OrganizationID:
			back.GroupID = wispwright.ID{}
			out.LeftOut = append(out.LeftOut, "its group, which is gone")
		case err != nil:
			return err
		}
	}
	detail := &controller.Detail{Device: back}
	var wanted []wispwright.ID
	if c.Config != nil {
		var err error
		if wanted, err = s.present(ctx, back.OrganizationID, c, out); err != nil {
			return err
		}
		if err := s.bringBack(ctx, c, &c.Config.Declarations, out); err != nil {
			return err
		}
		detail.Config = &controller.Config{Backend: c.Config.Backend, Config: c.Config.Config, Context: c.Config.Context, Declared: c.Config.Declarations, Templates: wanted}
	}
	if err := s.c.Devices.Create(ctx, detail); err != nil {
		return err
	}
	if err := s.c.Versions.BringBack(ctx, c.Versions, nil, nil); err != nil {
		return err
	}
	if c.Older > 0 {
		out.LeftOut = append(out.LeftOut, fmt.Sprintf("%d older versions of its configuration", c.Older))
	}
	if c.Config == nil || slices.Equal(detail.Config.Templates, wanted) {
		return nil
	}
	// those that it did not have are taken away again, but for required ones
	required := map[wispwright.ID]bool{}
	yes := true
	found, err := s.c.Templates.List(ctx, wispwright.ScopeAll(), controller.TemplateFilter{IDs: wispwright.Only(detail.Config.Templates...), Required: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, t := range found.Rows {
		required[t.ID] = true
	}
	list := slices.DeleteFunc(slices.Clone(detail.Config.Templates), func(id wispwright.ID) bool { return !required[id] || slices.Contains(wanted, id) })
	list = append(list, wanted...)
	_, err = s.c.Devices.Update(ctx, wispwright.ScopeOf(back.OrganizationID), back.ID, func(d *controller.Detail) error {
		d.Config.Templates = slices.Clone(list)
		return nil
	})
	return err
}

// present are the templates of a deleted device that are still there for it.
func (s *Service) present(ctx context.Context, organization wispwright.ID, c *content, out *Recovered) ([]wispwright.ID, error) {
	if len(c.Config.Templates) == 0 {
		return nil, nil
	}
	found, err := s.c.Templates.List(ctx, wispwright.ScopeAll(), controller.TemplateFilter{IDs: wispwright.Only(c.Config.Templates...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	there := map[wispwright.ID]bool{}
	for _, t := range found.Rows {
		there[t.ID] = t.Backend == c.Config.Backend && (t.OrganizationID.IsZero() || t.OrganizationID == organization)
	}
	var wanted []wispwright.ID
	for _, id := range c.Config.Templates {
		if there[id] {
			wanted = append(wanted, id)
			continue
		}
		text := id.String()
		for _, n := range c.Templates {
			if n.ID == id {
				text = n.Name
			}
		}
		out.LeftOut = append(out.LeftOut, "the template "+text+", which is gone")
	}
	return wanted, nil
}
