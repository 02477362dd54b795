package controller

import (
	"context"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/event"
)

// Templates is the service of templates.
type Templates struct {
	// Saved is fired inside the transaction that creates or changes a template.
	Saved event.Hook[TemplateChange]
	// Deleting is fired inside the transaction before a template is removed.
	Deleting event.Hook[*Template]
	// Changed is published after the commit of any of the above.
	Changed event.Topic[TemplateChange]

	configs *configs
}

// Create validates, normalises and stores a new template; t holds the outcome.
// Existing devices are not touched, whether it is a default template or not.
func (s *Templates) Create(ctx context.Context, t *Template) error {
	return s.configs.do(ctx, "controller.Templates.Create", func(ctx context.Context) error {
		if t.ID.IsZero() {
			t.ID = wispwright.NewID()
		}
		t.Created = s.configs.now()
		t.Modified = t.Created
		if err := s.validate(ctx, t); err != nil {
			return err
		}
		if err := s.holdOrganization(ctx, t); err != nil {
			return err
		}
		t.RevisionID = wispwright.NewID()
		if err := s.configs.stores.Templates.Insert(ctx, t); err != nil {
			return explainTemplate(err)
		}
		if err := s.addRevision(ctx, t); err != nil {
			return err
		}
		return s.saved(ctx, nil, t)
	})
}

// holdOrganization keeps the organization from being deleted meanwhile.
func (s *Templates) holdOrganization(ctx context.Context, t *Template) error {
	if t.OrganizationID.IsZero() {
		return nil
	}
	_, err := s.configs.stores.Settings.Hold(ctx, t.OrganizationID, false)
	if isNotFound(err) {
		return wispwright.Invalid("organization", unknownPK(t.OrganizationID))
	}
	return err
}

func (s *Templates) addRevision(ctx context.Context, t *Template) error {
	return s.configs.stores.Templates.AddRevision(ctx, &Revision{
		ID: t.RevisionID, TemplateID: t.ID, Config: t.Config, DefaultValues: t.DefaultValues, Created: t.Modified,
	})
}

func (s *Templates) saved(ctx context.Context, before, after *Template) error {
	change := TemplateChange{Before: before, After: after}
	if err := s.Saved.Fire(ctx, change); err != nil {
		return err
	}
	if err := s.configs.forgetTenants(ctx); err != nil {
		return err
	}
	s.Changed.Publish(ctx, change)
	return s.record(ctx, before, after)
}

func (s *Templates) record(ctx context.Context, before, after *Template) error {
	c := wispwright.Change{Kind: "config.template", Action: "change", Fields: wispwright.Compare(before, after)}
	t := after
	switch {
	case before == nil:
		c.Action = "add"
	case after == nil:
		c.Action, t = "delete", before
	}
	c.ObjectID, c.Label, c.OrganizationID = t.ID.String(), t.Name, t.OrganizationID
	return s.configs.Recorder.Record(ctx, c)
}

// Get returns a template.
func (s *Templates) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Template, error) {
	return s.configs.stores.Templates.Get(ctx, scope, id)
}

// List returns a page of templates, newest first.
func (s *Templates) List(ctx context.Context, scope wispwright.Scope, f TemplateFilter, p wispwright.Page) (wispwright.Items[Template], error) {
	return s.configs.stores.Templates.List(ctx, scope, f, p)
}

// Update changes a template. When its content changed, the configurations that
// use it are rendered anew in the background: the call costs the same for 3
// devices and for 30,000. change may run more than once.
func (s *Templates) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*Template) error) (*Template, error) {
	var after *Template
	err := s.configs.do(ctx, "controller.Templates.Update", func(ctx context.Context) error {
		var before Template
		var err error
		after, err = s.configs.stores.Templates.Update(ctx, scope, id, func(t *Template) error {
			before = *t
			before.Tags = append([]string(nil), t.Tags...)
			if err := change(t); err != nil {
				return err
			}
			t.ID, t.Created, t.Modified, t.RevisionID = before.ID, before.Created, s.configs.now(), before.RevisionID
			if err := s.validate(ctx, t); err != nil {
				return err
			}
			if contentChanged(&before, t) {
				t.RevisionID = wispwright.NewID()
			}
			if t.OrganizationID == before.OrganizationID {
				return nil // whoever deletes the organization waits for this row
			}
			if err := s.checkMove(ctx, t); err != nil {
				return err
			}
			return s.holdOrganization(ctx, t)
		})
		if err != nil {
			return explainTemplate(err)
		}
		if after.RevisionID != before.RevisionID {
			if err := s.addRevision(ctx, after); err != nil {
				return err
			}
			if err := s.enqueue(ctx, JobTemplateChanged, after, "template "+after.Name+" changed"); err != nil {
				return err
			}
		}
		return s.saved(ctx, &before, after)
	})
	return after, err
}

// contentChanged reports whether configurations made of the template may have
// other bytes; whether they do is found out device by device.
func contentChanged(before, after *Template) bool {
	return before.Config != after.Config || before.DefaultValues != after.DefaultValues || before.Backend != after.Backend
}

func (s *Templates) enqueue(ctx context.Context, kind JobKind, t *Template, cause string) error {
	id, name := actor(ctx)
	return s.configs.jobs.Enqueue(ctx, Job{Kind: kind, ID: t.ID, Cause: cause, ActorID: id, Actor: name})
}

// Delete removes a template. The configurations that used it lose it in the
// background, and are rendered anew.
func (s *Templates) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.configs.do(ctx, "controller.Templates.Delete", func(ctx context.Context) error {
		before, err := s.configs.stores.Templates.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		if err := s.Deleting.Fire(ctx, before); err != nil {
			return err
		}
		if err := s.configs.stores.Templates.Delete(ctx, scope, id); err != nil {
			return err
		}
		if err := s.enqueue(ctx, JobTemplateDeleted, before, "template "+before.Name+" deleted"); err != nil {
			return err
		}
		if err := s.configs.forgetTenants(ctx); err != nil {
			return err
		}
		s.Changed.Publish(ctx, TemplateChange{Before: before})
		return s.record(ctx, before, nil)
	})
}

// Clone copies a template into an organization, the zero ID making a shared
// one (spec: controller-config §4.5). scope limits which template may be
// copied; whether the caller may write to the target is the caller's check.
func (s *Templates) Clone(ctx context.Context, scope wispwright.Scope, id, organization wispwright.ID) (*Template, error) {
	var clone *Template
	err := s.configs.do(ctx, "controller.Templates.Clone", func(ctx context.Context) error {
		t, err := s.configs.stores.Templates.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		clone = t
		clone.ID, clone.OrganizationID, clone.Default, clone.Tags = wispwright.ID{}, organization, false, nil
		if clone.Name, err = s.freeName(ctx, t.Name); err != nil {
			return err
		}
		return s.Create(ctx, clone)
	})
	return clone, err
}

func (s *Templates) freeName(ctx context.Context, name string) (string, error) {
	base := strings.TrimSpace(name)
	for n := 1; ; n++ {
		suffix := " (Clone)"
		if n > 1 {
			suffix = fmt.Sprintf(" (Clone %d)", n)
		}
		// names have at most 64 characters
		runes := []rune(base)
		candidate := string(runes[:min(len(runes), 64-len(suffix))]) + suffix
		items, err := s.configs.stores.Templates.List(ctx, wispwright.ScopeAll(), TemplateFilter{Name: candidate}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return "", err
		}
		if len(items.Rows) == 0 {
			return candidate, nil
		}
	}
}

// Configuration returns the template rendered alone.
func (s *Templates) Configuration(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*render.Archive, error) {
	t, err := s.configs.stores.Templates.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	in, err := s.input(t)
	if err != nil {
		return nil, err
	}
	b, err := s.configs.renderer.Archive(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("controller.Templates.Configuration %s: %w", id, invalidConfig("", "", nil, err))
	}
	return &render.Archive{Name: t.Name, Checksum: checksum(b), Bytes: b}, nil
}
