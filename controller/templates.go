package controller

import (
	"context"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Templates is the service of templates, newest first. The configurations that
// use a template whose content changed, or that is gone, are rendered anew in
// the background: a change costs the same for 3 devices and for 30,000.
type Templates struct {
	*entity.Service[wispwright.ID, Template, TemplateFilter]
	configs *configs
	fleet   *fleet
}

func newTemplates(f *fleet) *Templates {
	c := f.configs
	s := &Templates{configs: c, fleet: f}
	s.Service = entity.New(c.kit, c.stores.Templates, entity.Kind[wispwright.ID, Template]{
		Name: "controller.Templates", Model: "config.template", Hidden: []string{"RevisionID"},
		Validate: s.validate, Check: s.check, Stored: s.stored,
		Unique: map[string]error{UniqueTemplateName: wispwright.Invalid("", valid.Taken("Template", "Organization", "Name"))},
	})
	return s
}

// check keeps a template with the devices that use it, and with its VPN server.
func (s *Templates) check(ctx context.Context, c entity.Change[Template]) error {
	if c.After != nil {
		if err := s.holdVPN(ctx, c.After); err != nil {
			return err
		}
	}
	if c.Before == nil || c.After == nil || c.Before.OrganizationID == c.After.OrganizationID {
		return nil
	}
	return s.checkMove(ctx, c.After)
}

// stored keeps the content of every revision and queues what follows from it.
func (s *Templates) stored(ctx context.Context, changes ...entity.Change[Template]) error {
	for _, c := range changes {
		t, kind, cause := c.Object(), jobTemplateChanged, "changed"
		if c.After != nil && t.Default && (c.Before == nil || !c.Before.Default || t.Required && !c.Before.Required) {
			if err := s.enqueue(ctx, jobTemplateAssigned, t, "assigned"); err != nil {
				return err
			}
		}
		switch {
		case c.After == nil:
			kind, cause = jobTemplateDeleted, "deleted"
			if err := s.fleet.dropTemplate(ctx, t.ID); err != nil {
				return err
			}
		case c.Before != nil && c.Before.RevisionID == t.RevisionID:
			if !t.AutoCert || c.Before.AutoCert { // the same, and nothing is to be made for it
				continue
			}
		default:
			err := s.configs.stores.Templates.AddRevision(ctx, &Revision{
				ID: t.RevisionID, TemplateID: t.ID, Config: t.Config, DefaultValues: t.DefaultValues, Created: t.Modified,
			})
			if err != nil {
				return err
			}
		}
		if c.Before == nil {
			continue
		}
		if err := s.enqueue(ctx, kind, t, cause); err != nil {
			return err
		}
	}
	return s.configs.forgetTenants(ctx)
}

func (s *Templates) enqueue(ctx context.Context, kind jobKind, t *Template, what string) error {
	id, name := actor(ctx)
	return s.configs.jobs.Enqueue(ctx, Job{Kind: kind, ID: t.ID, Cause: "template " + t.Name + " " + what, ActorID: id, Actor: name})
}

// Clone copies a template into an organization, the zero ID making a shared
// one (spec: controller-config §4.5). scope limits which template may be
// copied; whether the caller may write to the target is the caller's check.
func (s *Templates) Clone(ctx context.Context, scope wispwright.Scope, id, organization wispwright.ID) (*Template, error) {
	var clone *Template
	err := s.configs.kit.Do(ctx, "controller.Templates.Clone", func(ctx context.Context) error {
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

// Configuration returns the template rendered alone, with masks in the place of
// secret variables.
func (s *Templates) Configuration(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*render.Archive, error) {
	t, err := s.configs.stores.Templates.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	in, err := s.input(ctx, t)
	if err != nil {
		return nil, err
	}
	b, err := s.configs.renderer.Archive(ctx, in.input)
	if err != nil {
		return nil, fmt.Errorf("controller.Templates.Configuration %s: %w", id, invalidConfig("", "", nil, err))
	}
	return &render.Archive{Name: t.Name, Checksum: checksum(b), Bytes: b}, nil
}
