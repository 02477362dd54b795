package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

type organizationData struct {
	Name     string `json:"name"`
	Slug     string `json:"slug"`
	IsActive *bool  `json:"is_active,omitempty"`
}

type userData struct {
	Username string `json:"username"`
	Email    string `json:"email,omitempty"`
	Password string `json:"password,omitempty"`
	// PasswordUpdated is the day the password was set, from which it ages.
	PasswordUpdated string           `json:"password_updated,omitempty"`
	ExpirationDate  string           `json:"expiration_date,omitempty"`
	Token           string           `json:"token,omitempty"`
	IsSuperuser     bool             `json:"is_superuser"`
	IsStaff         bool             `json:"is_staff"`
	Groups          []string         `json:"groups,omitempty"`
	Organizations   []membershipData `json:"organizations,omitempty"`
}

type membershipData struct {
	Slug    string `json:"slug"`
	IsAdmin bool   `json:"is_admin"`
}

// DataKeys implements WithData.
func (t *TenancyConcern) DataKeys() []string { return []string{"organizations", "users"} }

// LoadData implements WithData.
func (t *TenancyConcern) LoadData(ctx context.Context, part map[string]json.RawMessage) (func(context.Context) error, error) {
	var organizations []map[string]json.RawMessage
	var users []userData
	if text, ok := part["organizations"]; ok {
		if err := json.Unmarshal(text, &organizations); err != nil {
			return nil, fmt.Errorf("organizations: %w", err)
		}
	}
	if text, ok := part["users"]; ok {
		if err := strictly(text, &users); err != nil {
			return nil, fmt.Errorf("users: %w", err)
		}
	}
	if err := t.Groups.EnsureDefaults(ctx); err != nil {
		return nil, err
	}
	// hashing takes long: not while everybody else waits for the transaction
	hashes, err := t.hashes(ctx, users)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		for i, o := range organizations {
			if err := t.loadOrganization(ctx, o); err != nil {
				return fmt.Errorf("organizations[%d] %s: %w", i, o["slug"], err)
			}
		}
		for i, u := range users {
			if err := t.loadUser(ctx, u, hashes[i]); err != nil {
				return fmt.Errorf("users[%d] %q: %w", i, u.Username, err)
			}
		}
		return nil
	}, nil
}

// hashes returns for each user the hash that is to be stored, or "" where the
// stored one is right already or no password is given.
func (t *TenancyConcern) hashes(ctx context.Context, users []userData) ([]string, error) {
	hasher := password.Hasher{Iterations: t.Config.PasswordIterations, Legacy: t.Config.LegacyPasswords}
	out := make([]string, len(users))
	for i, u := range users {
		if u.Password == "" {
			continue
		}
		stored, err := t.Users.ByUsername(ctx, wispwright.ScopeAll(), u.Username)
		if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return nil, err
		}
		have := ""
		if stored != nil {
			have = stored.Password.Reveal()
		}
		switch {
		case password.Recognised(u.Password):
			if have != u.Password {
				out[i] = u.Password
			}
			continue
		case have != "":
			if hasher.Verify(u.Password, have) {
				continue
			}
		}
		if out[i], err = hasher.Hash(u.Password); err != nil {
			return nil, fmt.Errorf("users[%d] %q: %w", i, u.Username, err)
		}
	}
	return out, nil
}

func (t *TenancyConcern) loadOrganization(ctx context.Context, file map[string]json.RawMessage) error {
	rest := maps.Clone(file)
	others := t.host.OrganizationData()
	for _, other := range others {
		maps.DeleteFunc(rest, func(key string, _ json.RawMessage) bool { return slices.Contains(other.OrganizationKeys(), key) })
	}
	text, err := json.Marshal(rest)
	if err != nil {
		return err
	}
	var d organizationData
	if err := strictly(text, &d); err != nil {
		return err
	}
	active := d.IsActive == nil || *d.IsActive
	o, err := t.Organizations.BySlug(ctx, wispwright.ScopeAll(), d.Slug)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		o = &tenancy.Organization{Name: d.Name, Slug: d.Slug, IsActive: active}
		if err := t.Organizations.Create(ctx, o); err != nil {
			return err
		}
	case err != nil:
		return err
	case o.Name != d.Name || o.IsActive != active:
		if _, err := t.Organizations.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *tenancy.Organization) error {
			o.Name, o.IsActive = d.Name, active
			return nil
		}); err != nil {
			return err
		}
	}
	for _, other := range others {
		if part := own(file, other.OrganizationKeys()); len(part) > 0 {
			if err := other.LoadOrganization(ctx, o.ID, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// dateOf reads a date that may be missing.
func dateOf(key, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return at, fmt.Errorf("%s: %q is no date such as 2026-01-31", key, text)
	}
	return at, nil
}

func (t *TenancyConcern) loadUser(ctx context.Context, d userData, hash string) error {
	all := wispwright.ScopeAll()
	updated, err := dateOf("password_updated", d.PasswordUpdated)
	if err != nil {
		return err
	}
	expires, err := dateOf("expiration_date", d.ExpirationDate)
	if err != nil {
		return err
	}
	u, err := t.Users.ByUsername(ctx, all, d.Username)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		if hash == "" {
			hash = password.Unusable()
		}
		u = &tenancy.User{Username: d.Username, Email: d.Email, IsSuperuser: d.IsSuperuser, IsStaff: d.IsStaff, IsActive: true, ExpirationDate: expires}
		if err := t.Users.CreateHashed(ctx, u, hash); err != nil {
			return err
		}
	case err != nil:
		return err
	case hash != "" || u.Email != d.Email || u.IsStaff != d.IsStaff || u.IsSuperuser != d.IsSuperuser || !u.ExpirationDate.Equal(expires):
		if _, err := t.Users.Update(ctx, all, u.ID, func(u *tenancy.User) error {
			u.Email, u.IsStaff, u.IsSuperuser, u.ExpirationDate = d.Email, d.IsStaff, d.IsSuperuser, expires
			if hash != "" {
				u.Password = wispwright.Secret(hash)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if !updated.IsZero() && !u.PasswordUpdated.Equal(updated) {
		if _, err := t.Users.Update(ctx, all, u.ID, func(u *tenancy.User) error {
			u.PasswordUpdated = updated
			return nil
		}); err != nil {
			return err
		}
	}
	if err := t.loadGroups(ctx, u.ID, d.Groups); err != nil {
		return err
	}
	if err := t.loadMemberships(ctx, u.ID, d.Organizations); err != nil {
		return err
	}
	if d.Token == "" {
		return nil
	}
	if c, err := t.Callers.ByToken(ctx, d.Token); err == nil && c.ID == u.ID {
		return nil
	}
	_, err = t.Tokens.Set(ctx, u.ID, d.Token)
	return err
}

func (t *TenancyConcern) loadGroups(ctx context.Context, user wispwright.ID, names []string) error {
	if len(names) == 0 {
		return nil
	}
	var ids []int64
	for _, name := range names {
		g, err := t.Groups.ByName(ctx, name)
		if err != nil {
			return fmt.Errorf("group %q: %w", name, err)
		}
		ids = append(ids, g.ID)
	}
	slices.Sort(ids)
	have, err := t.Users.Groups(ctx, user)
	if err != nil || slices.Equal(have, ids) {
		return err
	}
	return t.Users.SetGroups(ctx, wispwright.ScopeAll(), user, ids)
}

func (t *TenancyConcern) loadMemberships(ctx context.Context, user wispwright.ID, list []membershipData) error {
	all := wispwright.ScopeAll()
	have, err := t.Memberships.List(ctx, all, tenancy.MembershipFilter{UserID: user}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, d := range list {
		o, err := t.Organizations.BySlug(ctx, all, d.Slug)
		if err != nil {
			return fmt.Errorf("organization %q: %w", d.Slug, err)
		}
		i := slices.IndexFunc(have.Rows, func(m *tenancy.Membership) bool { return m.OrganizationID == o.ID })
		switch {
		case i < 0:
			err = t.Memberships.Create(ctx, &tenancy.Membership{UserID: user, OrganizationID: o.ID, IsAdmin: d.IsAdmin})
		case have.Rows[i].IsAdmin != d.IsAdmin:
			_, err = t.Memberships.Update(ctx, all, have.Rows[i].ID, d.IsAdmin)
		}
		if err != nil {
			return fmt.Errorf("organization %q: %w", d.Slug, err)
		}
	}
	return nil
}
