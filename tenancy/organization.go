package tenancy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
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

// Shape is how storages keep organizations.
func (Organization) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_organization", Org: "ID", Order: store.Newest("Created"),
		Search: []string{"Name", "Slug", "Description"},
		Unique: []store.Unique{
			{Name: "organization_slug", Fields: []string{"Slug"}},
		},
	}
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
	// Hold keeps an organization from being deleted until the transaction ends,
	// or returns wispwright.ErrNotFound. Many may hold one at the same time.
	Hold(ctx context.Context, id wispwright.ID) error
}

// Organizations is the service of organizations, newest first. It is the
// entity.Tenants of every concern: what belongs to a deleted organization goes
// with it.
type Organizations struct {
	*entity.Service[wispwright.ID, Organization, OrganizationFilter]

	// first and last are the steps that take out what an organization has, in order
	// (see OnEmptying and OnEmptied)
	first, last []emptying
	store       OrganizationStore
	base
}

func newOrganizations(b base, store OrganizationStore) *Organizations {
	s := &Organizations{store: store, base: b}
	s.Service = entity.New(b.entity, store, entity.Kind[wispwright.ID, Organization]{
		Name: "tenancy.Organizations", Model: "openwisp_users.organization", Org: "ID", Validate: validOrganization, Stored: forgetting[Organization](b),
		Unique: map[string]error{"organization_slug": wispwright.Invalid("slug", valid.Taken("organization", "slug"))},
	})
	return s
}

// Create validates and stores a new organization. Its slug is made from the
// name when none is given.
func (s *Organizations) Create(ctx context.Context, o *Organization) error {
	if o.Slug != "" {
		return s.Service.Create(ctx, o)
	}
	return s.within(ctx, func(ctx context.Context) (err error) {
		if o.Slug, err = s.freeSlug(ctx, o.Name); err != nil {
			return err
		}
		return s.Service.Create(ctx, o)
	})
}

// BySlug returns the organization with the slug.
func (s *Organizations) BySlug(ctx context.Context, scope wispwright.Scope, slug string) (*Organization, error) {
	if slug == "" {
		return nil, wispwright.ErrNotFound
	}
	return s.First(ctx, scope, OrganizationFilter{Slug: slug})
}

// Tenant returns what other concerns know of an organization.
func (s *Organizations) Tenant(ctx context.Context, id wispwright.ID) (*entity.Tenant, error) {
	o, err := s.store.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return nil, err
	}
	return &entity.Tenant{ID: o.ID, Name: o.Name, IsActive: o.IsActive}, nil
}

// Hold implements entity.Tenants.
func (s *Organizations) Hold(ctx context.Context, id wispwright.ID) error {
	return s.store.Hold(ctx, id)
}

// OnCreate calls fn inside the transaction that creates an organization, for
// rows that every organization has.
func (s *Organizations) OnCreate(name string, fn func(ctx context.Context, id wispwright.ID) error) {
	s.Saved.Subscribe(name, func(ctx context.Context, changes ...entity.Change[Organization]) error {
		for _, c := range changes {
			if c.Before != nil {
				continue
			}
			if err := fn(ctx, c.After.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// OnChange calls fn inside the transaction that changes or deletes an
// organization, for what is remembered of one.
func (s *Organizations) OnChange(name string, fn func(ctx context.Context, id wispwright.ID) error) {
	s.Saved.Subscribe(name, func(ctx context.Context, changes ...entity.Change[Organization]) error {
		for _, c := range changes {
			if err := fn(ctx, c.After.ID); err != nil {
				return err
			}
		}
		return nil
	})
	s.OnDelete(name, fn)
}

// Delete removes an organization with everything it owns, in batches (see EmptySome)
// and with a last transaction for the rest. In a caller's transaction it is all one.
func (s *Organizations) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	if !wispwright.Pending(ctx) {
		o, err := s.store.Get(ctx, scope, id)
		if err == nil {
			err = entity.Expected(ctx, id, o)
		}
		for n := 1; err == nil && n > 0; {
			n, err = s.EmptySome(ctx, o)
		}
		if err != nil {
			return fmt.Errorf("tenancy.Organizations.Delete: %w", err)
		}
		// from here on it is half gone: what others still save keeps it no more
		ctx = entity.WithExpectation[Organization](ctx, id, nil)
	}
	return s.Service.Delete(ctx, scope, id)
}

// emptying is a step before an organization is deleted.
type emptying struct {
	name        string
	count, some func(ctx context.Context, organization wispwright.ID) (int, error)
}

// OnEmptying adds a step that takes a part of what an organization has out before it is
// deleted, for what would be too much for one transaction: some removes a batch in one
// transaction and returns how many objects it was, 0 when none is left; count is how many
// there are. Steps are taken in the order they were added. What they remove is gone
// even when the deletion is refused afterwards.
func (s *Organizations) OnEmptying(name string, count, some func(ctx context.Context, organization wispwright.ID) (int, error)) {
	s.first = append(s.first, emptying{name, count, some})
}

// OnEmptied is OnEmptying for steps after all of those: the one added last comes first,
// since concerns are made after what they depend on.
func (s *Organizations) OnEmptied(name string, count, some func(ctx context.Context, organization wispwright.ID) (int, error)) {
	s.last = slices.Insert(s.last, 0, emptying{name, count, some})
}

// EmptySome removes a batch of what an organization has, before it is deleted itself, and
// returns how many objects that were; 0 when no step has anything left.
func (s *Organizations) EmptySome(ctx context.Context, o *Organization) (int, error) {
	ctx = entity.WithCause(ctx, "organization "+o.Name+" deleted")
	for _, step := range slices.Concat(s.first, s.last) {
		n, err := step.some(ctx, o.ID)
		if err != nil {
			return 0, fmt.Errorf("%s of a deleted organization: %w", step.name, err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, nil
}

// Left is how many objects an organization has that EmptySome would remove.
func (s *Organizations) Left(ctx context.Context, organization wispwright.ID) (int, error) {
	all := 0
	for _, step := range slices.Concat(s.first, s.last) {
		n, err := step.count(ctx, organization)
		if err != nil {
			return 0, fmt.Errorf("count %s of an organization: %w", step.name, err)
		}
		all += n
	}
	return all, nil
}

// emptyingNames are the steps by their names, in order.
func (s *Organizations) emptyingNames() []string {
	var out []string
	for _, step := range slices.Concat(s.first, s.last) {
		out = append(out, step.name)
	}
	return out
}

// OnDelete implements entity.Tenants.
func (s *Organizations) OnDelete(name string, fn func(ctx context.Context, id wispwright.ID) error) {
	s.Deleting.Subscribe(name, func(ctx context.Context, organizations ...*Organization) error {
		for _, o := range organizations {
			if err := fn(entity.WithCause(ctx, "organization "+o.Name+" deleted"), o.ID); err != nil {
				return err
			}
		}
		return nil
	})
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

func validOrganization(_ context.Context, c entity.Change[Organization]) error {
	var v wispwright.ValidationError
	o := c.After
	valid.Text(&v, "name", o.Name, valid.Required, valid.Max(200))
	valid.Text(&v, "slug", o.Slug, valid.Required, valid.Max(200), valid.Slug)
	valid.Text(&v, "email", o.Email, valid.Max(254), valid.Email)
	valid.Text(&v, "url", o.URL, valid.Max(200), valid.URL)
	return v.Err()
}
