package controller

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/tenancy"
)

// keyPattern is what a key must not contain the opposite of
// (spec: controller-config §1).
var keyPattern = regexp.MustCompile(`^[^\s/.]+$`)

const keyMessage = "This value must not contain spaces, dots or slashes."

// OrganizationSettings is the service of what organizations decide.
type OrganizationSettings struct {
	// Changed is published with the organizations whose settings changed.
	Changed event.Topic[wispwright.ID]

	core *core
}

// Get returns the settings of an organization. Every organization has some.
func (s *OrganizationSettings) Get(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Settings, error) {
	if !scope.Allows(organization) || organization.IsZero() {
		return nil, wispwright.ErrNotFound
	}
	if _, err := s.core.tenant(ctx, organization); err != nil { // makes them if need be
		return nil, err
	}
	return s.core.stores.Settings.Get(ctx, scope, organization)
}

// Update changes the settings of an organization. An empty secret is replaced
// by a random one. When the variables changed, every configuration of the
// organization is rendered anew in the background.
func (s *OrganizationSettings) Update(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, change func(*Settings) error) (*Settings, error) {
	if _, err := s.Get(ctx, scope, organization); err != nil {
		return nil, err
	}
	var after *Settings
	err := s.core.do(ctx, "controller.OrganizationSettings.Update", func(ctx context.Context) error {
		var before Settings
		var err error
		after, err = s.core.stores.Settings.Update(ctx, scope, organization, func(o *Settings) error {
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
	if err := s.core.forgetTenants(ctx); err != nil {
		return err
	}
	s.Changed.Publish(ctx, after.OrganizationID)
	if before.Context != after.Context {
		id, name := actor(ctx)
		job := Job{Kind: JobOrganizationChanged, ID: after.OrganizationID, Cause: "variables of the organization changed", ActorID: id, Actor: name}
		if err := s.core.jobs.Enqueue(ctx, job); err != nil {
			return err
		}
	}
	return s.core.Recorder.Record(ctx, wispwright.Change{
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
	n, err := s.core.countDevices(ctx, o.OrganizationID)
	if err != nil {
		return err
	}
	if o.DeviceLimit == nil && n > 0 || o.DeviceLimit != nil && int64(n) > *o.DeviceLimit {
		v.Add("device_limit", "The specified limit is lower than the amount of devices currently held by this organization. "+
			"Please remove some devices or consider increasing the device limit.")
	}
	return nil
}

func (c *core) countDevices(ctx context.Context, organization wispwright.ID) (int, error) {
	items, err := c.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{OrganizationID: organization}, wispwright.Page{Limit: 1})
	return items.Total, err
}

// room checks the device limit; the settings are held by the transaction.
func (c *core) room(ctx context.Context, t *tenant) error {
	limit := t.settings.DeviceLimit
	if limit != nil && *limit == 0 {
		return nil
	}
	if limit != nil {
		n, err := c.countDevices(ctx, t.organization.ID)
		if err != nil {
			return err
		}
		if int64(n) < *limit {
			return nil
		}
	}
	return wispwright.Invalid("", "The maximum amount of allowed devices has been reached for organization "+t.organization.Name+".")
}

// hold keeps the organization and its settings as they are until the
// transaction ends. counting is for whoever adds a device: where there is a
// limit, one transaction at a time counts.
func (c *core) hold(ctx context.Context, organization wispwright.ID, counting bool) (*tenant, error) {
	t, err := c.tenant(ctx, organization)
	if err != nil {
		return nil, err
	}
	exclusive := counting && t.settings.limited()
	settings, err := c.stores.Settings.Hold(ctx, organization, exclusive)
	if err == nil && counting && settings.limited() && !exclusive { // what was remembered is old
		settings, err = c.stores.Settings.Hold(ctx, organization, true)
	}
	if err != nil {
		return nil, err
	}
	return &tenant{t.organization, settings}, nil
}

func (s *Settings) limited() bool { return s.DeviceLimit == nil || *s.DeviceLimit != 0 }

func newSettings(organization wispwright.ID) *Settings {
	secret := randomKey()
	return &Settings{
		OrganizationID: organization, ID: wispwright.NewID(), RegistrationEnabled: true, SharedSecret: secret,
		SecretDigest: digest(secret.Reveal()), Context: "{}", DeviceLimit: new(int64), RevisionID: wispwright.NewID(),
	}
}

// organizationSaved gives every new organization its settings.
func (s *OrganizationSettings) organizationSaved(ctx context.Context, changes ...tenancy.OrganizationChange) error {
	for _, c := range changes {
		if c.Before != nil {
			continue
		}
		if err := s.core.stores.Settings.Insert(ctx, newSettings(c.After.ID)); err != nil {
			return fmt.Errorf("settings of a new organization: %w", err)
		}
	}
	return nil
}

func (s *OrganizationSettings) organizationChanged(ctx context.Context, changes ...tenancy.OrganizationChange) {
	s.core.dropTenants()
	if err := s.core.Bus.Notify(ctx, busChannel, forgetTenants); err != nil {
		s.core.Log.ErrorContext(ctx, "other nodes were not told of a changed organization", "count", len(changes), "error", err)
	}
}

// randomKey returns 32 random letters and digits.
func randomKey() wispwright.Secret {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	const fair = 256 - 256%len(alphabet)
	out := make([]byte, 0, 32)
	var b [64]byte
	for len(out) < 32 {
		_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
		for _, x := range b {
			if int(x) < fair && len(out) < 32 {
				out = append(out, alphabet[int(x)%len(alphabet)])
			}
		}
	}
	return wispwright.Secret(out)
}

func checkKey(v *wispwright.ValidationError, field string, key wispwright.Secret, limit int) {
	text := key.Reveal()
	if !keyPattern.MatchString(text) {
		v.Add(field, keyMessage)
	}
	checkLength(v, field, text, limit)
}

func checkLength(v *wispwright.ValidationError, field, text string, limit int) {
	if n := utf8.RuneCountInString(text); n > limit {
		v.Add(field, fmt.Sprintf("Ensure this value has at most %d characters (it has %d).", limit, n))
	}
}

// checkObject wants a JSON object; what is empty becomes {}
// (spec: controller-config §1.2).
func checkObject(v *wispwright.ValidationError, field string, value *wispwright.JSON) {
	switch {
	case value.IsEmpty():
		*value = "{}"
	case !value.IsObject():
		v.Add(field, "the supplied value is not a JSON object")
	default:
		if _, err := render.Decode(*value); err != nil {
			v.Add(field, "the supplied value is not a JSON object")
		}
	}
}

// explain refuses a secret that is another organization's without saying so:
// whoever knows it could register devices there. The log tells.
func (s *OrganizationSettings) explain(ctx context.Context, err error) error {
	var conflict *wispwright.ConflictError
	if !errors.As(err, &conflict) || conflict.Unique != UniqueSharedSecret {
		return err
	}
	_, name := actor(ctx)
	s.core.Log.WarnContext(ctx, "a shared secret was refused: another organization has it", "user", name)
	return wispwright.Invalid("shared_secret", "This secret cannot be used. Choose another, or none to get a random one.")
}
