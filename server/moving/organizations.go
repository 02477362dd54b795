package moving

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/tenancy"
)

func (i *importer) importOrganizations(ctx context.Context) error {
	return i.table(ctx, "openwisp_users_organization", "id", nil, func(ctx context.Context, r *Row) (string, error) {
		o := &tenancy.Organization{
			ID: r.Required("id"), Name: r.Text("name"), Slug: r.Text("slug"), IsActive: r.Flag("is_active"),
			Description: r.Text("description"), Email: r.Text("email"), URL: r.Text("url"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		// asked first, because the default organization of the first start is the usual case
		other, err := i.Tenancy.Organizations.BySlug(ctx, wispwright.ScopeAll(), o.Slug)
		switch {
		case err == nil && other.ID != o.ID:
			return "", wispwright.Invalid("slug", fmt.Sprintf("another organization, %s, is called %q here; delete it or give it another slug first.", other.ID, o.Slug))
		case err != nil && !errors.Is(err, wispwright.ErrNotFound):
			return "", err
		}
		return i.Tenancy.Organizations.Restore(ctx, o)
	})
}

// importSettings takes over what devices prove themselves with: they go on
// working only with the secret they know.
func (i *importer) importSettings(ctx context.Context) error {
	const table = "config_organizationconfigsettings"
	if i.Settings == nil || !i.optional(table) {
		return nil
	}
	return i.table(ctx, table, "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		secret, variables := r.Text("shared_secret"), wispwright.JSON(r.Text("context"))
		if strings.TrimSpace(secret) == "" {
			return "", wispwright.Invalid("shared_secret", "is empty.")
		}
		enabled := r.Flag("registration_enabled")
		return i.change(ctx, r, func(s *controller.Settings) {
			s.SharedSecret = wispwright.Secret(secret)
			if r.Has("registration_enabled") {
				s.RegistrationEnabled = enabled
			}
			if !variables.IsEmpty() || !s.Context.IsEmpty() {
				s.Context = variables
			}
		})
	})
}

func (i *importer) importLimits(ctx context.Context) error {
	const table = "config_organizationlimits"
	if i.Settings == nil || !i.optional(table) {
		return nil
	}
	return i.table(ctx, table, "organization_id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		var limit *int64
		if r.Has("device_limit") {
			n := r.Number("device_limit")
			limit = &n
		}
		return i.change(ctx, r, func(s *controller.Settings) { s.DeviceLimit = limit })
	})
}

// change changes the settings of the row's organization where they differ.
func (i *importer) change(ctx context.Context, r *Row, change func(*controller.Settings)) (string, error) {
	if err := r.Err(); err != nil {
		return "", err
	}
	organization := r.ID("organization_id")
	before, err := i.Settings.Get(ctx, wispwright.ScopeAll(), organization)
	if err != nil {
		return "", err
	}
	wanted := *before
	change(&wanted)
	if wanted.SharedSecret == before.SharedSecret && wanted.RegistrationEnabled == before.RegistrationEnabled &&
		wanted.Context == before.Context && sameLimit(wanted.DeviceLimit, before.DeviceLimit) {
		return "", nil
	}
	_, err = i.Settings.Update(ctx, wispwright.ScopeAll(), organization, func(s *controller.Settings) error {
		change(s)
		return nil
	})
	return "change", err
}

func sameLimit(a, b *int64) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func (i *importer) importMemberships(ctx context.Context) error {
	const table = "openwisp_users_organizationuser"
	if !i.optional(table) {
		return nil
	}
	return i.table(ctx, table, "id", []string{"user_id", "organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		m := &tenancy.Membership{
			ID: r.Required("id"), UserID: r.ID("user_id"), OrganizationID: r.ID("organization_id"), IsAdmin: r.Flag("is_admin"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return i.Tenancy.Memberships.Restore(ctx, m)
	})
}

func (i *importer) importOwners(ctx context.Context) error {
	const table = "openwisp_users_organizationowner"
	if !i.optional(table) {
		return nil
	}
	return i.table(ctx, table, "id", []string{"organization_id", "organization_user_id"}, func(ctx context.Context, r *Row) (string, error) {
		o := &tenancy.Owner{
			ID: r.Required("id"), OrganizationID: r.ID("organization_id"), MembershipID: r.ID("organization_user_id"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return i.Tenancy.Memberships.RestoreOwner(ctx, o)
	})
}
