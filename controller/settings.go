package controller

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/tenancy"
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
	// SharedSecret is what devices prove themselves with when they register;
	// at most 32 characters without spaces, dots and slashes, unique.
	SharedSecret wispwright.Secret
	// SecretDigest is the SHA-256 of SharedSecret in hexadecimal; the service
	// sets it.
	SecretDigest string
	// Context are variables of all devices of the organization, an object.
	Context wispwright.JSON
	// DeviceLimit is how many devices the organization may have: 0 means any
	// number, nil that none may be added.
	DeviceLimit *int64
	// RevisionID changes with every change of the settings.
	RevisionID wispwright.ID
}

// SettingsFilter selects settings; zero fields select all.
type SettingsFilter struct {
	// SecretDigest limits to the organization with a secret.
	SecretDigest string
}

// UniqueSharedSecret is the unique rule of settings.
const UniqueSharedSecret = "settings_shared_secret"

// SettingsStore keeps settings, keyed by organization. Its unique rule is
// UniqueSharedSecret.
type SettingsStore interface {
	wispwright.Repo[Settings, SettingsFilter]
	// Hold reads the settings of an organization and keeps organization and
	// settings from changing until the transaction ends; exclusive also keeps
	// others from holding them. It is ErrNotFound when the organization is gone.
	Hold(ctx context.Context, organization wispwright.ID, exclusive bool) (*Settings, error)
}

// OrganizationSettings is the service of what organizations decide.
type OrganizationSettings struct {
	// Changed is published with the organizations whose settings changed.
	Changed event.Topic[wispwright.ID]

	tenants *tenants
}

// Get returns the settings of an organization. Every organization has some.
func (s *OrganizationSettings) Get(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Settings, error) {
	if !scope.Allows(organization) || organization.IsZero() {
		return nil, wispwright.ErrNotFound
	}
	if _, err := s.tenants.tenant(ctx, organization); err != nil { // makes them if need be
		return nil, err
	}
	return s.tenants.stores.Settings.Get(ctx, scope, organization)
}

// Update changes the settings of an organization. An empty secret is replaced
// by a random one. When the variables changed, every configuration of the
// organization is rendered anew in the background.
func (s *OrganizationSettings) Update(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, change func(*Settings) error) (*Settings, error) {
	if _, err := s.Get(ctx, scope, organization); err != nil {
		return nil, err
	}
	var after *Settings
	err := s.tenants.do(ctx, "controller.OrganizationSettings.Update", func(ctx context.Context) error {
		var before Settings
		var err error
		after, err = s.tenants.stores.Settings.Update(ctx, scope, organization, func(o *Settings) error {
			before = *o
			if err := change(o); err != nil {
				return err
			}
			o.OrganizationID, o.ID, o.RevisionID = before.OrganizationID, before.ID, wispwright.NewID()
			return s.validate(ctx, &before, o)
		})
		if err != nil {
			return s.explain(ctx, err)
		}
		return s.saved(ctx, &before, after)
	})
	return after, err
}

func (s *OrganizationSettings) saved(ctx context.Context, before, after *Settings) error {
	if err := s.tenants.forgetTenants(ctx); err != nil {
		return err
	}
	s.Changed.Publish(ctx, after.OrganizationID)
	if before.Context != after.Context {
		id, name := actor(ctx)
		job := Job{Kind: JobOrganizationChanged, ID: after.OrganizationID, Cause: "variables of the organization changed", ActorID: id, Actor: name}
		if err := s.tenants.jobs.Enqueue(ctx, job); err != nil {
			return err
		}
	}
	return s.tenants.Recorder.Record(ctx, wispwright.Change{
		Kind: "config.organizationconfigsettings", ObjectID: after.ID.String(), Label: "settings", OrganizationID: after.OrganizationID,
		Action: "change", Fields: wispwright.Compare(withoutDigest(before), withoutDigest(after)),
	})
}

// withoutDigest leaves out of the history what only serves to find a row.
func withoutDigest(s *Settings) *Settings {
	out := *s
	out.SecretDigest, out.RevisionID = "", wispwright.ID{}
	return &out
}

func (s *OrganizationSettings) validate(ctx context.Context, before, o *Settings) error {
	var v wispwright.ValidationError
	if o.SharedSecret == "" {
		o.SharedSecret = randomKey()
	}
	checkKey(&v, "shared_secret", o.SharedSecret, 32)
	o.SecretDigest = digest(o.SharedSecret.Reveal())
	checkObject(&v, "context", &o.Context)
	if err := s.checkLimit(ctx, &v, before, o); err != nil {
		return err
	}
	return v.Err()
}

// checkLimit refuses a limit below the devices there are
// (spec: controller-config §8.3).
func (s *OrganizationSettings) checkLimit(ctx context.Context, v *wispwright.ValidationError, before, o *Settings) error {
	same := before.DeviceLimit == nil && o.DeviceLimit == nil || before.DeviceLimit != nil && o.DeviceLimit != nil && *before.DeviceLimit == *o.DeviceLimit
	switch {
	case same:
		return nil
	case o.DeviceLimit != nil && *o.DeviceLimit == 0:
		return nil
	case o.DeviceLimit != nil && *o.DeviceLimit < 0:
		v.Add("device_limit", "Ensure this value is greater than or equal to 0.")
		return nil
	}
	n, err := s.tenants.countDevices(ctx, o.OrganizationID)
	if err != nil {
		return err
	}
	if o.DeviceLimit == nil && n > 0 || o.DeviceLimit != nil && int64(n) > *o.DeviceLimit {
		v.Add("device_limit", "The specified limit is lower than the amount of devices currently held by this organization. "+
			"Please remove some devices or consider increasing the device limit.")
	}
	return nil
}

// explain refuses a secret that is another organization's without saying so:
// whoever knows it could register devices there. The log tells.
func (s *OrganizationSettings) explain(ctx context.Context, err error) error {
	var conflict *wispwright.ConflictError
	if !errors.As(err, &conflict) || conflict.Unique != UniqueSharedSecret {
		return err
	}
	_, name := actor(ctx)
	s.tenants.Log.WarnContext(ctx, "a shared secret was refused: another organization has it", "user", name)
	return wispwright.Invalid("shared_secret", "This secret cannot be used. Choose another, or none to get a random one.")
}

// organizationSaved gives every new organization its settings.
func (s *OrganizationSettings) organizationSaved(ctx context.Context, changes ...tenancy.OrganizationChange) error {
	for _, c := range changes {
		if c.Before != nil {
			continue
		}
		if err := s.tenants.stores.Settings.Insert(ctx, newSettings(c.After.ID)); err != nil {
			return fmt.Errorf("settings of a new organization: %w", err)
		}
	}
	return nil
}

func (s *OrganizationSettings) organizationChanged(ctx context.Context, changes ...tenancy.OrganizationChange) {
	s.tenants.dropTenants()
	if err := s.tenants.Bus.Notify(ctx, busChannel, forgetTenants); err != nil {
		s.tenants.Log.ErrorContext(ctx, "other nodes were not told of a changed organization", "count", len(changes), "error", err)
	}
}
