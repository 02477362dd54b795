package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// Settings are what an organization decides about its devices
// (spec: controller-config §1.7, §1.8).
type Settings struct {
	// OrganizationID is the organization; it has one row of settings.
	OrganizationID wispwright.ID
	// ID identifies the settings in imports.
	ID wispwright.ID
	// RegistrationEnabled lets devices register by themselves.
	RegistrationEnabled bool
	// SharedSecret is the secret with which devices register;
	// at most 32 characters without spaces, dots and slashes, unique.
	SharedSecret wispwright.Secret
	// SecretDigest is the SHA-256 of SharedSecret in hexadecimal; the service
	// sets it.
	SecretDigest string
	// FormerSecret is the one before, which devices may register with until
	// FormerUntil, nil for never. The service sets FormerDigest as SecretDigest.
	FormerSecret wispwright.Secret
	FormerDigest string
	FormerUntil  *time.Time
	// Context are variables of all devices of the organization, an object.
	Context wispwright.JSON
	// Declared says what these variables are, see package variable; only Declare
	// changes it.
	Declared wispwright.JSON
	// DeviceLimit is how many devices the organization may have: 0 means any
	// number, nil that none may be added.
	DeviceLimit *int64
	// RevisionID changes with every change of the settings.
	RevisionID wispwright.ID
}

// Shape is how storages keep settings.
func (Settings) Shape() store.Shape {
	return store.Shape{
		Table: "controller_settings", Key: "OrganizationID", Org: "OrganizationID",
		Unique: []store.Unique{
			{Name: UniqueSharedSecret, Fields: []string{"SecretDigest"}},
		},
	}
}

// SettingsFilter selects settings; zero fields select all.
type SettingsFilter struct {
	// SecretDigest limits to the organization with a secret, FormerDigest to those
	// that had it before.
	SecretDigest, FormerDigest string
}

// UniqueSharedSecret is the unique rule of settings.
const UniqueSharedSecret = "settings_shared_secret"

// SettingsStore keeps settings, keyed by organization. Its unique rule is
// UniqueSharedSecret.
type SettingsStore interface {
	wispwright.Repo[Settings, SettingsFilter]
	// Hold reads the settings of an organization and keeps them from changing
	// until the transaction ends, and so the organization from being deleted, which
	// takes its settings along; exclusive also keeps others from holding them. It is
	// ErrNotFound when they are gone.
	Hold(ctx context.Context, organization wispwright.ID, exclusive bool) (*Settings, error)
}

// OrganizationSettings is the service of what organizations decide, by the id
// of the organization. Every organization has settings: Get makes those of an
// organization that is older than the concern.
type OrganizationSettings struct {
	*entity.Service[wispwright.ID, Settings, SettingsFilter]
	tenants *tenants
	fleet   *fleet
}

func newOrganizationSettings(f *fleet) *OrganizationSettings {
	t := f.tenants
	s := &OrganizationSettings{tenants: t, fleet: f}
	s.Service = entity.New(t.kit, wispwright.KeyedRepo[wispwright.ID, Settings, SettingsFilter](t.stores.Settings), entity.Kind[wispwright.ID, Settings]{
		Name: "controller.Settings", Model: "config.organizationconfigsettings", Key: "OrganizationID", Org: "OrganizationID",
		Label: func(*Settings) string { return "settings" }, Hidden: []string{"SecretDigest", "FormerDigest", "RevisionID"},
		Validate: s.validate, Check: s.checkLimit, Stored: s.stored,
	})
	return s
}

// Get returns the settings of an organization.
func (s *OrganizationSettings) Get(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Settings, error) {
	if !scope.Allows(organization) || organization.IsZero() {
		return nil, wispwright.ErrNotFound
	}
	if _, err := s.tenants.tenant(ctx, organization); err != nil { // makes them if need be
		return nil, err
	}
	return s.Service.Get(ctx, scope, organization)
}

// Update changes the settings of an organization. An empty secret is replaced
// by a random one. When the variables changed, every configuration of the
// organization is rendered anew in the background.
func (s *OrganizationSettings) Update(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, change func(*Settings) error) (*Settings, error) {
	if _, err := s.Get(ctx, scope, organization); err != nil {
		return nil, err
	}
	after, err := s.Service.Update(ctx, scope, organization, change)
	return after, s.explain(ctx, err)
}

// stored queues what follows from settings.
func (s *OrganizationSettings) stored(ctx context.Context, changes ...entity.Change[Settings]) error {
	for _, c := range changes {
		if c.Before == nil || c.After == nil || c.Before.Context == c.After.Context && c.Before.Declared == c.After.Declared {
			continue
		}
		id, name := actor(ctx)
		job := Job{Kind: jobOrganizationChanged, ID: c.After.OrganizationID, Cause: "variables of the organization changed", ActorID: id, Actor: name}
		if err := s.tenants.jobs.Enqueue(ctx, job); err != nil {
			return err
		}
	}
	return s.tenants.forgetTenants(ctx)
}

func (s *OrganizationSettings) validate(_ context.Context, c entity.Change[Settings]) error {
	var v wispwright.ValidationError
	o := c.After
	if c.Before != nil {
		o.ID = c.Before.ID
	}
	o.RevisionID = wispwright.NewID()
	if o.SharedSecret == "" {
		o.SharedSecret = RandomKey()
	}
	CheckKey(&v, "shared_secret", o.SharedSecret, 32)
	o.SecretDigest = digest(o.SharedSecret.Reveal())
	if o.FormerUntil == nil {
		o.FormerSecret = ""
	}
	if o.FormerDigest = ""; o.FormerSecret != "" {
		o.FormerDigest = digest(o.FormerSecret.Reveal())
	}
	valid.Object(&v, "context", &o.Context)
	checkOwn(&v, "context", o.Context, o.Declared)
	return v.Err()
}

// accept reports whether devices may register with a secret now.
func (s *Settings) accept(secret string, now time.Time) bool {
	if s.SharedSecret.Equal(secret) {
		return true
	}
	return s.FormerSecret != "" && s.FormerUntil != nil && now.Before(*s.FormerUntil) && s.FormerSecret.Equal(secret)
}

// Retire keeps the secret that is about to be replaced good for a while, so that
// devices which were given it still register. Call it inside Update, with the
// secret as it was.
func (s *Settings) Retire(former wispwright.Secret, until time.Time) {
	s.FormerSecret, s.FormerUntil = former, &until
}

// checkLimit refuses a limit below the devices there are
// (spec: controller-config §8.3). Devices are added with the settings held.
func (s *OrganizationSettings) checkLimit(ctx context.Context, c entity.Change[Settings]) error {
	if c.Before == nil || c.After == nil {
		return nil
	}
	was, limit := c.Before.DeviceLimit, c.After.DeviceLimit
	switch {
	case was == nil && limit == nil, was != nil && limit != nil && *was == *limit:
		return nil
	case limit != nil && *limit == 0:
		return nil
	case limit != nil && *limit < 0:
		return wispwright.Invalid("device_limit", "Ensure this value is greater than or equal to 0.")
	}
	n, err := s.tenants.countDevices(ctx, c.After.OrganizationID)
	if err != nil || limit == nil && n == 0 || limit != nil && int64(n) <= *limit {
		return err
	}
	return wispwright.Invalid("device_limit", "The specified limit is lower than the amount of devices currently held by this organization. "+
		"Please remove some devices or consider increasing the device limit.")
}

// explain refuses a secret that is another organization's without saying so:
// anyone who knows it could register devices there. The log tells.
func (s *OrganizationSettings) explain(ctx context.Context, err error) error {
	var conflict *wispwright.ConflictError
	if !errors.As(err, &conflict) || conflict.Unique != UniqueSharedSecret {
		return err
	}
	_, name := actor(ctx)
	s.tenants.Log.WarnContext(ctx, "a shared secret was refused: another organization has it", "user", name)
	return wispwright.Invalid("shared_secret", "This secret cannot be used. Choose another, or none to get a random one.")
}

// organizationCreated gives every new organization its settings.
func (s *OrganizationSettings) organizationCreated(ctx context.Context, id wispwright.ID) error {
	if err := s.tenants.stores.Settings.Insert(ctx, newSettings(id)); err != nil {
		return fmt.Errorf("settings of a new organization: %w", err)
	}
	return nil
}
