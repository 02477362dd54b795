package tenancy

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
)

// Organization is a tenant: the owner of devices, users and everything else
// that is not shared (spec: tenancy §1.2).
type Organization struct {
	// ID identifies the organization.
	ID wispwright.ID
	// Name is shown to people, at most 200 characters; not unique.
	Name string
	// Slug is the unique name used in addresses and filters.
	Slug string
	// IsActive is false for a tenant that was switched off: its members lose
	// all access and its devices are answered 404.
	IsActive bool
	// Description is free text.
	Description string
	// Email is a contact address, or empty.
	Email string
	// URL is the organization's page, or empty.
	URL string
	// Created is when the organization was stored first.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// OrganizationFilter selects organizations; zero fields select all.
type OrganizationFilter struct {
	// IDs limits to these organizations.
	IDs wispwright.Among[wispwright.ID]
	// Slug limits to the one with this slug.
	Slug string
	// IsActive limits to active or inactive ones.
	IsActive *bool
	// Search finds a text in name, slug or description.
	Search string
}

// OrganizationStore keeps organizations. Its unique rule is
// "organization_slug". The Scope of its methods limits to the organizations
// themselves.
type OrganizationStore interface {
	wispwright.Repo[Organization, OrganizationFilter]
}

// OrganizationChange tells what happened to an organization.
type OrganizationChange struct {
	// Before is nil when the organization was created.
	Before *Organization
	// After is nil when the organization was deleted.
	After *Organization
}

// Organizations is the service of organizations.
type Organizations struct {
	// Saved is fired inside the transaction that creates or changes an
	// organization; subscribers add the rows that belong to every tenant.
	Saved event.Hook[OrganizationChange]
	// Deleting is fired inside the transaction before an organization and what
	// it owns are removed.
	Deleting event.Hook[*Organization]
	// Changed is published after the commit of any of the above.
	Changed event.Topic[OrganizationChange]

	store OrganizationStore
	base
}

// Create validates and stores a new organization. Its slug is made from the
// name when none is given.
func (s *Organizations) Create(ctx context.Context, o *Organization) error {
	return s.do(ctx, "tenancy.Organizations.Create", func(ctx context.Context) error {
		if o.ID.IsZero() {
			o.ID = wispwright.NewID()
		}
		o.Created = s.now()
		o.Modified = o.Created
		if o.Slug == "" {
			slug, err := s.freeSlug(ctx, o.Name)
			if err != nil {
				return err
			}
			o.Slug = slug
		}
		if err := o.validate(); err != nil {
			return err
		}
		if err := s.store.Insert(ctx, o); err != nil {
			return s.explain(err)
		}
		return s.saved(ctx, nil, o)
	})
}

// Get returns an organization.
func (s *Organizations) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Organization, error) {
	return s.store.Get(ctx, scope, id)
}

// BySlug returns the organization with the slug.
func (s *Organizations) BySlug(ctx context.Context, scope wispwright.Scope, slug string) (*Organization, error) {
	items, err := s.store.List(ctx, scope, OrganizationFilter{Slug: slug}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if slug == "" || len(items.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return items.Rows[0], nil
}

// List returns a page of organizations, newest first.
func (s *Organizations) List(ctx context.Context, scope wispwright.Scope, f OrganizationFilter, p wispwright.Page) (wispwright.Items[Organization], error) {
	return s.store.List(ctx, scope, f, p)
}

// Update changes an organization. change may run more than once.
func (s *Organizations) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*Organization) error) (*Organization, error) {
	var after *Organization
	err := s.do(ctx, "tenancy.Organizations.Update", func(ctx context.Context) error {
		var before Organization
		var err error
		after, err = s.store.Update(ctx, scope, id, func(o *Organization) error {
			before = *o
			if err := change(o); err != nil {
				return err
			}
			o.ID, o.Created, o.Modified = before.ID, before.Created, s.now()
			return o.validate()
		})
		if err != nil {
			return s.explain(err)
		}
		return s.saved(ctx, &before, after)
	})
	return after, err
}

// Delete removes an organization with everything it owns.
func (s *Organizations) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.do(ctx, "tenancy.Organizations.Delete", func(ctx context.Context) error {
		before, err := s.store.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		if err := s.Deleting.Fire(ctx, before); err != nil {
			return err
		}
		if err := s.store.Delete(ctx, scope, id); err != nil {
			return err
		}
		s.Changed.Publish(ctx, OrganizationChange{Before: before})
		return s.record(ctx, "delete", "openwisp_users.organization", before.ID.String(), before.Name, before.ID, wispwright.Compare(before, nil))
	})
}

func (s *Organizations) saved(ctx context.Context, before, after *Organization) error {
	change := OrganizationChange{Before: before, After: after}
	if err := s.Saved.Fire(ctx, change); err != nil {
		return err
	}
	s.Changed.Publish(ctx, change)
	return s.record(ctx, action(before == nil), "openwisp_users.organization", after.ID.String(), after.Name, after.ID, wispwright.Compare(before, after))
}

// freeSlug makes a slug of a name, with -2, -3, … when it is taken.
func (s *Organizations) freeSlug(ctx context.Context, name string) (string, error) {
	slug := Slugify(name)
	if slug == "" {
		return "", nil
	}
	for n := 1; ; n++ {
		candidate := slug
		if n > 1 {
			candidate = fmt.Sprintf("%s-%d", slug, n)
		}
		_, err := s.BySlug(ctx, wispwright.ScopeAll(), candidate)
		if isNotFound(err) {
			return candidate, nil
		}
		if err != nil {
			return "", err
		}
	}
}

func (s *Organizations) explain(err error) error {
	return conflictAs(err, map[string]fieldMessage{
		"organization_slug": {"slug", "organization with this slug already exists."},
	})
}

func (o *Organization) validate() error {
	var v wispwright.ValidationError
	checkText(&v, "name", &o.Name, 200, true)
	checkText(&v, "slug", &o.Slug, 200, true)
	if o.Slug != "" && !slugPattern(o.Slug) {
		v.Add("slug", `Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.`)
	}
	if o.Email != "" && !validEmail(o.Email) {
		v.Add("email", "Enter a valid email address.")
	}
	if o.URL != "" && !validURL(o.URL, 200) {
		v.Add("url", "Enter a valid URL.")
	}
	return v.Err()
}
