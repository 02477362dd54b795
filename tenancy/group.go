package tenancy

import (
	"context"
	"slices"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
)

// Group is a named set of permissions (spec: tenancy §1.6).
type Group struct {
	// ID is a small integer on the wire.
	ID int64
	// Name is unique, at most 150 characters.
	Name string
	// Permissions are sorted.
	Permissions []wispwright.Permission
}

// GroupFilter selects groups; zero fields select all.
type GroupFilter struct {
	// IDs limits to these groups.
	IDs wispwright.Among[int64]
	// Name limits to the one with this name.
	Name string
}

// GroupStore keeps groups. Insert numbers a group whose ID is 0. Its unique
// rule is "group_name".
type GroupStore interface {
	wispwright.KeyedRepo[int64, Group, GroupFilter]
}

// The names of the groups every installation starts with.
const (
	OperatorGroup      = "Operator"
	AdministratorGroup = "Administrator"
)

// Groups is the service of groups.
type Groups struct {
	// Changed is published after every committed change of a group.
	Changed event.Topic[int64]

	store     GroupStore
	catalogue *Catalogue
	base
}

// Catalogue returns every permission a group may have.
func (s *Groups) Catalogue() *Catalogue { return s.catalogue }

// EnsureDefaults creates the groups Operator and Administrator where they are
// missing. Existing ones are never reset.
func (s *Groups) EnsureDefaults(ctx context.Context) error {
	return s.do(ctx, "tenancy.Groups.EnsureDefaults", func(ctx context.Context) error {
		for _, g := range []*Group{
			{Name: OperatorGroup, Permissions: s.catalogue.defaults(func(m Model) string { return m.Operator })},
			{Name: AdministratorGroup, Permissions: s.catalogue.defaults(func(m Model) string { return m.Administrator })},
		} {
			_, err := s.ByName(ctx, g.Name)
			if isNotFound(err) {
				err = s.Create(ctx, g)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Create stores a new group.
func (s *Groups) Create(ctx context.Context, g *Group) error {
	return s.do(ctx, "tenancy.Groups.Create", func(ctx context.Context) error {
		if err := s.validate(g); err != nil {
			return err
		}
		if err := s.store.Insert(ctx, g); err != nil {
			return s.explain(err)
		}
		return s.saved(ctx, nil, g)
	})
}

// Get returns a group.
func (s *Groups) Get(ctx context.Context, scope wispwright.Scope, id int64) (*Group, error) {
	return s.store.Get(ctx, scope, id)
}

// ByName returns the group with the name.
func (s *Groups) ByName(ctx context.Context, name string) (*Group, error) {
	items, err := s.store.List(ctx, wispwright.ScopeAll(), GroupFilter{Name: name}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if name == "" || len(items.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return items.Rows[0], nil
}

// List returns a page of groups by name.
func (s *Groups) List(ctx context.Context, scope wispwright.Scope, f GroupFilter, p wispwright.Page) (wispwright.Items[Group], error) {
	return s.store.List(ctx, scope, f, p)
}

// Update changes a group.
func (s *Groups) Update(ctx context.Context, scope wispwright.Scope, id int64, change func(*Group) error) (*Group, error) {
	var after *Group
	err := s.do(ctx, "tenancy.Groups.Update", func(ctx context.Context) error {
		var before Group
		var err error
		after, err = s.store.Update(ctx, scope, id, func(g *Group) error {
			before = *g
			before.Permissions = slices.Clone(g.Permissions)
			if err := change(g); err != nil {
				return err
			}
			g.ID = before.ID
			return s.validate(g)
		})
		if err != nil {
			return s.explain(err)
		}
		return s.saved(ctx, &before, after)
	})
	return after, err
}

// Delete removes a group; its members lose its permissions.
func (s *Groups) Delete(ctx context.Context, scope wispwright.Scope, id int64) error {
	return s.do(ctx, "tenancy.Groups.Delete", func(ctx context.Context) error {
		before, err := s.store.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		if err := s.store.Delete(ctx, scope, id); err != nil {
			return err
		}
		s.Changed.Publish(ctx, id)
		return s.record(ctx, "delete", "openwisp_users.group", strconv.FormatInt(id, 10), before.Name, wispwright.ID{}, wispwright.Compare(before, nil))
	})
}

func (s *Groups) saved(ctx context.Context, before, after *Group) error {
	s.Changed.Publish(ctx, after.ID)
	return s.record(ctx, action(before == nil), "openwisp_users.group", strconv.FormatInt(after.ID, 10), after.Name, wispwright.ID{}, wispwright.Compare(before, after))
}

func (s *Groups) explain(err error) error {
	return conflictAs(err, map[string]fieldMessage{"group_name": {"name", "group with this name already exists."}})
}

func (s *Groups) validate(g *Group) error {
	var v wispwright.ValidationError
	checkText(&v, "name", &g.Name, 150, true)
	slices.Sort(g.Permissions)
	g.Permissions = slices.Compact(g.Permissions)
	for _, p := range g.Permissions {
		if !s.catalogue.Known(p) {
			v.Add("permissions", unknownPK(p))
		}
	}
	return v.Err()
}
