package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// data is the file of loaddata and dumpdata.
type data struct {
	Organizations []organizationData `json:"organizations"`
	Users         []userData         `json:"users"`
}

type organizationData struct {
	Name                string `json:"name"`
	Slug                string `json:"slug"`
	IsActive            *bool  `json:"is_active,omitempty"`
	SharedSecret        string `json:"shared_secret,omitempty"`
	RegistrationEnabled *bool  `json:"registration_enabled,omitempty"`
}

type userData struct {
	Username string `json:"username"`
	Email    string `json:"email,omitempty"`
	Password string `json:"password,omitempty"`
	// PasswordUpdated is the day the password was set, from which it ages.
	PasswordUpdated string           `json:"password_updated,omitempty"`
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

// organizationSettings is what the controller knows of an organization.
type organizationSettings interface {
	read(ctx context.Context, organization wispwright.ID) (secret string, registration bool, err error)
	write(ctx context.Context, organization wispwright.ID, secret string, registration *bool) error
}

// LoadData reads organizations, users, memberships and settings from JSON:
//
//	{"organizations": [{"name", "slug", "is_active", "shared_secret", "registration_enabled"}],
//	 "users": [{"username", "email", "password", "token", "is_superuser", "is_staff",
//	            "groups": [name], "organizations": [{"slug", "is_admin"}],
//	            "password_updated": "YYYY-MM-DD"}]}
//
// Passwords are in clear or Django's hashes, and age from password_updated, or
// from the day of loading when that is left out. What exists is changed to what the
// file says, so that loading twice changes nothing; what the file leaves out
// stays. All or nothing is stored.
func (s *Server) LoadData(ctx context.Context, r io.Reader) error {
	d, err := readData(r)
	if err != nil {
		return err
	}
	ctx = wispwright.WithCaller(ctx, wispwright.System("loaddata"))
	if err := s.tenancy.Groups.EnsureDefaults(ctx); err != nil {
		return fmt.Errorf("load data: %w", err)
	}
	// hashing takes long: not while everybody else waits for the transaction
	hashes, err := s.hashes(ctx, d.Users)
	if err != nil {
		return fmt.Errorf("load data: %w", err)
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for i, o := range d.Organizations {
			if err := s.loadOrganization(ctx, o); err != nil {
				return fmt.Errorf("load data: organizations[%d] %q: %w", i, o.Slug, err)
			}
		}
		for i, u := range d.Users {
			if err := s.loadUser(ctx, u, hashes[i]); err != nil {
				return fmt.Errorf("load data: users[%d] %q: %w", i, u.Username, err)
			}
		}
		return nil
	})
}

// maxData bounds a file of data.
const maxData = 64 << 20

func readData(r io.Reader) (*data, error) {
	decoder := json.NewDecoder(io.LimitReader(r, maxData))
	decoder.DisallowUnknownFields()
	d := &data{}
	if err := decoder.Decode(d); err != nil {
		return nil, fmt.Errorf("load data: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("load data: something follows the JSON object")
	}
	return d, nil
}

// hashes returns for each user the hash that is to be stored, or "" where the
// stored one is right already or no password is given.
func (s *Server) hashes(ctx context.Context, users []userData) ([]string, error) {
	hasher := password.Hasher{Iterations: s.config.Tenancy.PasswordIterations}
	out := make([]string, len(users))
	for i, u := range users {
		if u.Password == "" {
			continue
		}
		stored, err := s.tenancy.Users.ByUsername(ctx, wispwright.ScopeAll(), u.Username)
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

func (s *Server) loadOrganization(ctx context.Context, d organizationData) error {
	active := d.IsActive == nil || *d.IsActive
	o, err := s.tenancy.Organizations.BySlug(ctx, wispwright.ScopeAll(), d.Slug)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		o = &tenancy.Organization{Name: d.Name, Slug: d.Slug, IsActive: active}
		if err := s.tenancy.Organizations.Create(ctx, o); err != nil {
			return err
		}
	case err != nil:
		return err
	case o.Name != d.Name || o.IsActive != active:
		if _, err := s.tenancy.Organizations.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *tenancy.Organization) error {
			o.Name, o.IsActive = d.Name, active
			return nil
		}); err != nil {
			return err
		}
	}
	if d.SharedSecret == "" && d.RegistrationEnabled == nil {
		return nil
	}
	if s.settings == nil {
		return errors.New("shared_secret and registration_enabled need the controller, which this server has not")
	}
	return s.settings.write(ctx, o.ID, d.SharedSecret, d.RegistrationEnabled)
}

func (s *Server) loadUser(ctx context.Context, d userData, hash string) error {
	all := wispwright.ScopeAll()
	var updated time.Time
	if d.PasswordUpdated != "" {
		var err error
		if updated, err = time.Parse(time.DateOnly, d.PasswordUpdated); err != nil {
			return fmt.Errorf("password_updated: %q is no date such as 2026-01-31", d.PasswordUpdated)
		}
	}
	u, err := s.tenancy.Users.ByUsername(ctx, all, d.Username)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		if hash == "" {
			hash = password.Unusable()
		}
		u = &tenancy.User{Username: d.Username, Email: d.Email, IsSuperuser: d.IsSuperuser, IsStaff: d.IsStaff, IsActive: true}
		if err := s.tenancy.Users.CreateHashed(ctx, u, hash); err != nil {
			return err
		}
	case err != nil:
		return err
	case hash != "" || u.Email != d.Email || u.IsStaff != d.IsStaff || u.IsSuperuser != d.IsSuperuser:
		if _, err := s.tenancy.Users.Update(ctx, all, u.ID, func(u *tenancy.User) error {
			u.Email, u.IsStaff, u.IsSuperuser = d.Email, d.IsStaff, d.IsSuperuser
			if hash != "" {
				u.Password = wispwright.Secret(hash)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if !updated.IsZero() && !u.PasswordUpdated.Equal(updated) {
		if _, err := s.tenancy.Users.Update(ctx, all, u.ID, func(u *tenancy.User) error {
			u.PasswordUpdated = updated
			return nil
		}); err != nil {
			return err
		}
	}
	if err := s.loadGroups(ctx, u.ID, d.Groups); err != nil {
		return err
	}
	if err := s.loadMemberships(ctx, u.ID, d.Organizations); err != nil {
		return err
	}
	if d.Token == "" {
		return nil
	}
	if c, err := s.tenancy.Callers.ByToken(ctx, d.Token); err == nil && c.ID == u.ID {
		return nil
	}
	_, err = s.tenancy.Tokens.Set(ctx, u.ID, d.Token)
	return err
}

func (s *Server) loadGroups(ctx context.Context, user wispwright.ID, names []string) error {
	if len(names) == 0 {
		return nil
	}
	var ids []int64
	for _, name := range names {
		g, err := s.tenancy.Groups.ByName(ctx, name)
		if err != nil {
			return fmt.Errorf("group %q: %w", name, err)
		}
		ids = append(ids, g.ID)
	}
	slices.Sort(ids)
	have, err := s.tenancy.Users.Groups(ctx, user)
	if err != nil || slices.Equal(have, ids) {
		return err
	}
	return s.tenancy.Users.SetGroups(ctx, wispwright.ScopeAll(), user, ids)
}

func (s *Server) loadMemberships(ctx context.Context, user wispwright.ID, list []membershipData) error {
	all := wispwright.ScopeAll()
	have, err := s.tenancy.Memberships.List(ctx, all, tenancy.MembershipFilter{UserID: user}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, d := range list {
		o, err := s.tenancy.Organizations.BySlug(ctx, all, d.Slug)
		if err != nil {
			return fmt.Errorf("organization %q: %w", d.Slug, err)
		}
		i := slices.IndexFunc(have.Rows, func(m *tenancy.Membership) bool { return m.OrganizationID == o.ID })
		switch {
		case i < 0:
			err = s.tenancy.Memberships.Create(ctx, &tenancy.Membership{UserID: user, OrganizationID: o.ID, IsAdmin: d.IsAdmin})
		case have.Rows[i].IsAdmin != d.IsAdmin:
			_, err = s.tenancy.Memberships.Update(ctx, all, have.Rows[i].ID, d.IsAdmin)
		}
		if err != nil {
			return fmt.Errorf("organization %q: %w", d.Slug, err)
		}
	}
	return nil
}
