package tenancy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

// NewMemory returns stores that keep everything in memory, and the transactor
// they belong to, which other concerns may add their own stores to. Everything
// is gone when the program ends.
func NewMemory() (*memstore.Store, Stores) {
	m := memstore.New()
	memberships := memstore.NewRepo[wispwright.ID, Membership, MembershipFilter](m, memstore.Spec[Membership]{Shape: Membership{}.Shape()})
	owners := memstore.NewRepo[wispwright.ID, Owner, OwnerFilter](m, memstore.Spec[Owner]{Shape: Owner{}.Shape()})
	tokens := memstore.NewRepo[wispwright.ID, Token, TokenFilter](m, memstore.Spec[Token]{Shape: Token{}.Shape()})
	grants := &memoryGrants{groups: memstore.NewMap[wispwright.ID, int64](m), permissions: memstore.NewMap[wispwright.ID, wispwright.Permission](m)}
	emails := memstore.NewRepo[int64, Email, EmailFilter](m, memstore.Spec[Email]{Shape: Email{}.Shape()})
	apiTokens := memstore.NewRepo[wispwright.ID, APIToken, APITokenFilter](m, memstore.Spec[APIToken]{Shape: APIToken{}.Shape()})
	factors := memstore.NewRepo[wispwright.ID, SecondFactor, SecondFactorFilter](m, memstore.Spec[SecondFactor]{Shape: SecondFactor{}.Shape()})
	passkeys := memstore.NewRepo[wispwright.ID, Passkey, PasskeyFilter](m, memstore.Spec[Passkey]{Shape: Passkey{}.Shape()})
	members := &memoryMemberships{memberships, owners, m}
	grants.members = members
	groups := &memoryGroups{memstore.NewRepo[int64, Group, GroupFilter](m, memstore.Spec[Group]{Shape: Group{}.Shape()}), grants.groups, m}
	users := newMemoryUsers(m, members, grants, func(ctx context.Context, user wispwright.ID) error {
		_, err1 := tokens.DeleteWhere(ctx, func(t *Token) bool { return t.UserID == user })
		_, err2 := emails.DeleteWhere(ctx, func(e *Email) bool { return e.UserID == user })
		_, err3 := apiTokens.DeleteWhere(ctx, func(t *APIToken) bool { return t.UserID == user })
		_, err4 := factors.DeleteWhere(ctx, func(f *SecondFactor) bool { return f.UserID == user })
		_, err5 := passkeys.DeleteWhere(ctx, func(p *Passkey) bool { return p.UserID == user })
		return errors.Join(err1, err2, err3, err4, err5)
	})
	grants.users, grants.known, grants.store = users, groups, m
	return m, Stores{
		Organizations: &memoryOrganizations{members: members, store: m,
			Repo: memstore.NewRepo[wispwright.ID, Organization, OrganizationFilter](m, memstore.Spec[Organization]{Shape: Organization{}.Shape()})},
		Users:         users,
		Emails:        emails,
		Grants:        grants,
		Memberships:   members,
		Owners:        owners,
		Groups:        groups,
		Tokens:        tokens,
		APITokens:     apiTokens,
		SecondFactors: factors,
		Passkeys:      passkeys,
		Events:        memoryEvents{memstore.NewRepo[wispwright.ID, Event, EventFilter](m, memstore.Spec[Event]{Shape: Event{}.Shape()})},
	}
}

// memoryOrganizations takes the memberships along when an organization is
// deleted, as the foreign keys do in SQL; so do its siblings below.
type memoryOrganizations struct {
	*memstore.Repo[wispwright.ID, Organization, OrganizationFilter]
	members *memoryMemberships
	store   *memstore.Store
}

func (s *memoryOrganizations) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		return s.members.drop(ctx, func(m *Membership) bool { return m.OrganizationID == id })
	})
}

// Hold needs no lock: one transaction runs at a time.
func (s *memoryOrganizations) Hold(ctx context.Context, id wispwright.ID) error {
	_, err := s.Get(ctx, wispwright.ScopeAll(), id)
	return err
}

type memoryMemberships struct {
	*memstore.Repo[wispwright.ID, Membership, MembershipFilter]
	owners *memstore.Repo[wispwright.ID, Owner, OwnerFilter]
	store  *memstore.Store
}

func (s *memoryMemberships) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		_, err := s.owners.DeleteWhere(ctx, func(o *Owner) bool { return o.MembershipID == id })
		return err
	})
}

// drop removes memberships with their ownership.
func (s *memoryMemberships) drop(ctx context.Context, pick func(*Membership) bool) error {
	var gone []wispwright.ID
	_, err := s.DeleteWhere(ctx, func(m *Membership) bool {
		if pick(m) {
			gone = append(gone, m.ID)
			return true
		}
		return false
	})
	if err != nil {
		return err
	}
	_, err = s.owners.DeleteWhere(ctx, func(o *Owner) bool { return slices.Contains(gone, o.MembershipID) })
	return err
}

type memoryUsers struct {
	*memstore.Repo[wispwright.ID, User, UserFilter]
	store   *memstore.Store
	members *memoryMemberships
	grants  *memoryGrants
	// removed takes along what belongs to a user
	removed func(ctx context.Context, user wispwright.ID) error
}

func newMemoryUsers(m *memstore.Store, members *memoryMemberships, grants *memoryGrants, removed func(context.Context, wispwright.ID) error) *memoryUsers {
	users := &memoryUsers{store: m, members: members, grants: grants, removed: removed}
	users.Repo = memstore.NewRepo[wispwright.ID, User, UserFilter](m, memstore.Spec[User]{
		Shape: User{}.Shape(),
		Match: map[string]func(context.Context, *User, any) bool{
			"Named": func(_ context.Context, u *User, v any) bool { return store.Fold(u.Username) == store.Fold(v.(string)) },
			"NamedAmong": func(_ context.Context, u *User, v any) bool {
				names := v.([]string)
				return slices.ContainsFunc(names, func(n string) bool { return store.Fold(u.Username) == store.Fold(n) })
			},
			"Email": func(_ context.Context, u *User, v any) bool {
				return u.Email != "" && store.Fold(u.Email) == store.Fold(v.(string))
			},
			"OrganizationID": func(ctx context.Context, u *User, v any) bool {
				// within a read nothing can fail
				items, err := members.List(ctx, wispwright.ScopeAll(), MembershipFilter{UserID: u.ID, OrganizationID: v.(wispwright.ID)}, wispwright.Page{})
				return err == nil && items.Total > 0
			},
			"GroupID": func(ctx context.Context, u *User, v any) bool {
				return slices.Contains(grants.groups.Get(ctx, u.ID), v.(int64))
			},
		},
		ScopeMatch: func(ctx context.Context, scope wispwright.Scope, u *User) bool {
			if u.IsSuperuser {
				return false
			}
			// within a read nothing can fail
			items, err := members.List(ctx, scope, MembershipFilter{UserID: u.ID}, wispwright.Page{})
			return err == nil && items.Total > 0
		},
	})
	return users
}

func (s *memoryUsers) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		if err := s.removed(ctx, id); err != nil {
			return err
		}
		if err := s.grants.SetGroups(ctx, id, nil); err != nil {
			return err
		}
		if err := s.grants.SetPermissions(ctx, id, nil); err != nil {
			return err
		}
		return s.members.drop(ctx, func(m *Membership) bool { return m.UserID == id })
	})
}

func (s *memoryUsers) ByIdentifier(ctx context.Context, identifiers ...string) ([]*User, error) {
	items, err := s.List(ctx, wispwright.ScopeAll(), UserFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(items.Rows, func(u *User) bool {
		return !slices.ContainsFunc(identifiers, func(i string) bool {
			return i != "" && (i == u.Username || i == u.Email || i == u.PhoneNumber)
		})
	}), nil
}

// memoryGrants keeps groups and permissions of users.
type memoryGrants struct {
	groups      *memstore.Map[wispwright.ID, int64]
	permissions *memstore.Map[wispwright.ID, wispwright.Permission]
	members     *memoryMemberships
	users       *memoryUsers
	known       *memoryGroups
	store       *memstore.Store
}

func (s *memoryGrants) Of(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]Grants, error) {
	out := map[wispwright.ID]Grants{}
	members, err := s.members.List(ctx, wispwright.ScopeAll(), MembershipFilter{UserIDs: wispwright.Only(users...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		g := Grants{Groups: s.groups.Get(ctx, u), Permissions: s.permissions.Get(ctx, u)}
		for _, m := range members.Rows {
			if m.UserID == u {
				g.Organizations = append(g.Organizations, Role{m.OrganizationID, m.IsAdmin})
			}
		}
		if len(g.Groups)+len(g.Permissions)+len(g.Organizations) > 0 {
			out[u] = g
		}
	}
	return out, nil
}

func (s *memoryGrants) SetGroups(ctx context.Context, user wispwright.ID, groups []int64) error {
	groups = slices.Clone(groups)
	slices.Sort(groups)
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.parent(ctx, user, len(groups)); err != nil {
			return err
		}
		for _, g := range groups {
			if _, err := s.known.Get(ctx, wispwright.ScopeAll(), g); err != nil {
				return &wispwright.MissingError{}
			}
		}
		return s.groups.Set(ctx, user, slices.Compact(groups))
	})
}

func (s *memoryGrants) SetPermissions(ctx context.Context, user wispwright.ID, permissions []wispwright.Permission) error {
	permissions = slices.Clone(permissions)
	slices.Sort(permissions)
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.parent(ctx, user, len(permissions)); err != nil {
			return err
		}
		return s.permissions.Set(ctx, user, slices.Compact(permissions))
	})
}

// parent refuses grants of an account that does not exist; having none is fine.
func (s *memoryGrants) parent(ctx context.Context, user wispwright.ID, grants int) error {
	if grants == 0 {
		return nil
	}
	if _, err := s.users.Get(ctx, wispwright.ScopeAll(), user); err != nil {
		return &wispwright.MissingError{}
	}
	return nil
}

type memoryGroups struct {
	*memstore.Repo[int64, Group, GroupFilter]
	users *memstore.Map[wispwright.ID, int64]
	store *memstore.Store
}

func (s *memoryGroups) Delete(ctx context.Context, scope wispwright.Scope, id int64) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		for user, groups := range s.users.All(ctx) {
			if i := slices.Index(groups, id); i >= 0 {
				if err := s.users.Set(ctx, user, slices.Delete(slices.Clone(groups), i, i+1)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

type memoryEvents struct {
	*memstore.Repo[wispwright.ID, Event, EventFilter]
}

func (s memoryEvents) Append(ctx context.Context, events ...*Event) error {
	return s.InsertMany(ctx, events)
}

// Amend implements EventStore.
func (s memoryEvents) Amend(ctx context.Context, kind, holding string, change func(*Event) bool) (int, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), EventFilter{Kind: kind}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range found.Rows {
		text, err := json.Marshal(e.Fields)
		if err != nil {
			return n, fmt.Errorf("fields of entry %s: %w", e.ID, err)
		}
		if !strings.Contains(string(text), holding) || !change(e) {
			continue
		}
		if _, err := s.Update(ctx, wispwright.ScopeAll(), e.ID, func(stored *Event) error { stored.Fields = e.Fields; return nil }); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Prune implements EventStore.
func (s memoryEvents) Prune(ctx context.Context, before time.Time) (int, error) {
	return s.DeleteWhere(ctx, func(e *Event) bool { return e.Created.Before(before) })
}
