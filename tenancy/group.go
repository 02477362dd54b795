package tenancy

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
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

// Shape is how storages keep groups.
func (Group) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_group", Serial: true, Order: []wispwright.Order{{Field: "Name"}},
		Unique: []store.Unique{
			{Name: "group_name", Fields: []string{"Name"}},
		},
	}
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

// Groups is the service of groups; the members of a deleted group lose its
// permissions.
type Groups struct {
	*entity.Service[int64, Group, GroupFilter]
	catalogue *Catalogue
	base
}

func newGroups(b base, store GroupStore, catalogue *Catalogue) *Groups {
	s := &Groups{catalogue: catalogue, base: b}
	s.Service = entity.New(b.entity, store, entity.Kind[int64, Group]{
		Name: "tenancy.Groups", Model: "openwisp_users.group", Validate: s.validate, Stored: forgetting[Group](b),
		Unique: map[string]error{"group_name": wispwright.Invalid("name", valid.Taken("group", "name"))},
	})
	return s
}

// Catalogue returns every permission a group may have.
func (s *Groups) Catalogue() *Catalogue { return s.catalogue }

// EnsureDefaults creates the groups Operator and Administrator where they are
// missing. Existing ones are never reset.
func (s *Groups) EnsureDefaults(ctx context.Context) error {
	return s.do(ctx, "tenancy.Groups.EnsureDefaults", func(ctx context.Context) error {
		for _, g := range []*Group{
			{Name: OperatorGroup, Permissions: s.catalogue.defaults(func(m wispwright.Model) string { return m.Operator })},
			{Name: AdministratorGroup, Permissions: s.catalogue.defaults(func(m wispwright.Model) string { return m.Administrator })},
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

// ByName returns the group with the name.
func (s *Groups) ByName(ctx context.Context, name string) (*Group, error) {
	if name == "" {
		return nil, wispwright.ErrNotFound
	}
	return s.First(ctx, wispwright.ScopeAll(), GroupFilter{Name: name})
}

func (s *Groups) validate(_ context.Context, c entity.Change[Group]) error {
	var v wispwright.ValidationError
	valid.Text(&v, "name", c.After.Name, valid.Required, valid.Max(150))
	c.After.Permissions = s.catalogue.check(&v, "permissions", c.After.Permissions)
	return v.Err()
}
