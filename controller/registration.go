package controller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/protocol"
)

// Registered is the outcome of a registration, and the event that tells of it.
type Registered struct {
	// Device as it is stored.
	Device *Device
	// IsNew is false for a device that was known already.
	IsNew bool
}

// Register makes a device known, or recognises a known one by its key
// (spec: controller-config §6.1). Every check is made in the protocol's order;
// the refusals are the Err… values, *MissingParameterError and
// *wispwright.ValidationError, whose messages the protocol joins with spaces.
//
// Of two registrations of one device at the same time one makes the device and
// the other finds it.
func (s *Agents) Register(ctx context.Context, r protocol.Registration) (*Registered, error) {
	c := s.agents
	out, err := c.register(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("controller.Agents.Register: %w", err)
	}
	c.seen.note(out.Device.ID, c.Clock().UnixMicro())
	return out, nil
}

func (c *agents) register(ctx context.Context, r protocol.Registration) (*Registered, error) {
	if c.DisableRegistration {
		return nil, protocol.ErrRegistrationDisabled
	}
	if err := c.complete(r); err != nil {
		return nil, err
	}
	t, err := c.admit(ctx, r.Secret)
	if errors.Is(err, protocol.ErrOrganizationDisabled) {
		if known, kerr := c.known(ctx, t, r); kerr != nil || known.IsZero() {
			err = cmp.Or(kerr, protocol.ErrUnrecognizedSecret)
		}
	}
	if err != nil {
		return nil, err
	}
	ctx = asDevice(ctx, r.Name, r.Peer.String())
	known, err := c.known(ctx, t, r)
	if err != nil {
		return nil, err
	}
	if !known.IsZero() {
		return c.registerKnown(ctx, known, t, r)
	}
	if c.DisableSelfCreation {
		return nil, protocol.ErrSelfCreation
	}
	out, err := c.registerNew(ctx, t, r)
	var conflict *wispwright.ConflictError
	if !errors.As(err, &conflict) {
		return out, err
	}
	// somebody was faster: with the same device, or it is a clash
	known, kerr := c.known(ctx, t, r)
	switch {
	case kerr != nil:
		return nil, kerr
	case !known.IsZero():
		return c.registerKnown(ctx, known, t, r)
	}
	return nil, c.clash(ctx, t, r, err)
}

// complete checks the parameters every registration must have.
func (c *agents) complete(r protocol.Registration) error {
	for _, p := range []struct{ name, value string }{
		{"secret", r.Secret}, {"name", r.Name}, {"mac_address", r.MACAddress}, {"backend", r.Backend},
	} {
		if p.value == "" {
			return &protocol.MissingParameterError{Name: p.name}
		}
	}
	if !c.knownBackend(r.Backend) {
		return protocol.ErrWrongBackend
	}
	return nil
}

// admit finds the organization of a secret, with ErrOrganizationDisabled one that was
// switched off. Wrong secrets are looked up each
// time: limit their rate where the requests come in.
func (c *agents) admit(ctx context.Context, secret string) (*tenant, error) {
	sum := digest(secret)
	id, err := c.secrets.Load(ctx, sum, func(ctx context.Context) (wispwright.ID, error) {
		items, err := c.stores.Settings.List(ctx, wispwright.ScopeAll(), SettingsFilter{SecretDigest: sum}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return wispwright.ID{}, err
		}
		if len(items.Rows) == 0 {
			items, err = c.stores.Settings.List(ctx, wispwright.ScopeAll(), SettingsFilter{FormerDigest: sum}, wispwright.Page{NoTotal: true})
			if err != nil {
				return wispwright.ID{}, err
			}
			items.Rows = slices.DeleteFunc(items.Rows, func(s *Settings) bool { return !s.accept(secret, c.Clock()) })
		}
		if len(items.Rows) == 0 {
			return wispwright.ID{}, protocol.ErrUnrecognizedSecret
		}
		return items.Rows[0].OrganizationID, nil
	})
	if err != nil {
		return nil, err
	}
	t, err := c.tenant(ctx, id)
	if isNotFound(err) {
		return nil, protocol.ErrUnrecognizedSecret
	}
	if err != nil {
		return nil, err
	}
	if !t.settings.accept(secret, c.Clock()) {
		return nil, protocol.ErrUnrecognizedSecret
	}
	if !t.organization.IsActive {
		return t, protocol.ErrOrganizationDisabled
	}
	if !t.settings.RegistrationEnabled {
		return nil, protocol.ErrRegistrationDisabled
	}
	return t, nil
}

// known finds the device that registers: by its key, anywhere, and where that
// is allowed by its MAC address or hardware id in the secret's organization
// (spec: controller-config §6.4). The zero ID means none.
func (c *agents) known(ctx context.Context, t *tenant, r protocol.Registration) (wispwright.ID, error) {
	if r.Key == "" || c.RandomKeys {
		return wispwright.ID{}, nil
	}
	var mac, hardwareID string
	if c.adopts(r) {
		mac, hardwareID = strings.ToUpper(r.MACAddress), r.HardwareID
	}
	id, err := c.stores.Devices.Known(ctx, digest(r.Key), t.organization.ID, mac, hardwareID)
	if isNotFound(err) {
		return wispwright.ID{}, nil
	}
	return id, err
}

// adopts reports whether a registration may take over a known record: with the
// consistent key of what it says it is, which a made-up key never is
// (spec: controller-config §6.4).
func (c *agents) adopts(r protocol.Registration) bool {
	if c.RefuseKnown || c.RandomKeys || r.Key == "" {
		return false
	}
	secret := wispwright.Secret(r.Secret)
	for _, base := range []string{r.MACAddress, strings.ToUpper(r.MACAddress), r.HardwareID} {
		if base != "" && protocol.ConsistentKey(base, secret).Equal(r.Key) {
			return true
		}
	}
	return false
}

// newcomer is the device a registration makes. Only what the protocol names is
// taken from it.
func newcomer(r protocol.Registration, organization wispwright.ID, randomKeys bool) (*Device, *wispwright.ValidationError) {
	d := &Device{
		ID: wispwright.NewID(), OrganizationID: organization, Name: r.Name, MACAddress: r.MACAddress, HardwareID: r.HardwareID, LastIP: r.Peer,
	}
	if !randomKeys {
		d.Key = wispwright.Secret(r.Key)
	}
	fill(d, r)
	var v wispwright.ValidationError
	if r.ManagementIP != "" {
		a, ok := parseAddress(r.ManagementIP)
		if !ok {
			v.Add("management_ip", addressMessage)
		}
		d.ManagementIP = a
	}
	return d, &v
}

func fill(d *Device, r protocol.Registration) {
	for _, f := range []struct{ to, from *string }{{&d.Model, r.Model}, {&d.OS, r.OS}, {&d.System, r.System}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
}

func (c *agents) registerNew(ctx context.Context, t *tenant, r protocol.Registration) (*Registered, error) {
	d, faults := newcomer(r, t.organization.ID, c.RandomKeys)
	extra, err := c.taggedTemplates(ctx, t.organization.ID, r.Backend, r.Tags)
	if err != nil {
		return nil, err
	}
	n := &enrolment{
		fleet: c.fleet, detail: &Detail{Device: d, Config: &Config{ID: wispwright.NewID(), Backend: r.Backend, Config: "{}", Context: "{}"}},
		extra: extra, cause: "registered", faults: *faults,
		verify: func(s *Settings) error {
			switch {
			case !s.accept(r.Secret, c.Clock()):
				return protocol.ErrUnrecognizedSecret
			case !s.RegistrationEnabled:
				return protocol.ErrRegistrationDisabled
			}
			return nil
		},
	}
	if err := n.prepare(ctx); err != nil {
		return nil, err
	}
	out := &Registered{Device: d, IsNew: true}
	err = c.tx.InTx(ctx, func(ctx context.Context) error {
		if err := n.store(ctx); err != nil {
			return err
		}
		c.told.Registered.Publish(ctx, *out)
		return nil
	})
	return out, err
}

// clash words everything that is not unique about a device that was refused.
func (c *agents) clash(ctx context.Context, t *tenant, r protocol.Registration, err error) error {
	d, v := newcomer(r, t.organization.ID, c.RandomKeys)
	if ferr := v.Merge("", c.checkFields(d).Err()); ferr != nil {
		return ferr
	}
	c.ensureKey(d, t.settings)
	clashes, cerr := c.stores.Devices.Clashes(ctx, d)
	if cerr != nil {
		return cerr
	}
	if len(clashes) == 0 { // gone again
		return err
	}
	if len(clashes) > 1 && (r.Key == "" || c.RandomKeys) { // a key that was not sent is nothing to complain of
		clashes = slices.DeleteFunc(clashes, func(rule string) bool { return rule == UniqueDeviceKey })
	}
	explainClashes(v, clashes)
	return clashError(v, clashes)
}

// registerKnown notes what a known device says of its hardware, adds the
// templates of its tags, and gives it a configuration if it has none.
func (c *agents) registerKnown(ctx context.Context, id wispwright.ID, t *tenant, r protocol.Registration) (*Registered, error) {
	var out *Registered
	err := c.tx.InTx(ctx, func(ctx context.Context) error {
		device, err := c.updateInfo(ctx, id, func(d *Device) error {
			if o, err := c.tenant(ctx, d.OrganizationID); err != nil || !o.organization.IsActive {
				return cmp.Or(err, protocol.ErrOrganizationDisabled)
			}
			if d.IsDeactivated && !c.AcceptDeactivated {
				return protocol.ErrDeactivated
			}
			fill(d, r)
			d.LastIP = r.Peer
			if d.OrganizationID == t.organization.ID && c.adopts(r) {
				d.Key = wispwright.Secret(r.Key)
			}
			if err := c.rename(ctx, d, r.Name); err != nil {
				return err
			}
			if err := c.checkFields(d).Err(); err != nil {
				return err
			}
			d.indexKey()
			return nil
		})
		if err != nil {
			return explainDevice(err)
		}
		out = &Registered{Device: device}
		if err := c.configureKnown(ctx, device, r); err != nil {
			return err
		}
		c.told.Registered.Publish(ctx, *out)
		return nil
	})
	return out, err
}

// rename gives a device the name it registers with, unless that is its MAC
// address, which is what agents without a host name send (additions: C-7). A
// name that is malformed or another device's is not taken over, and does not
// keep the device from coming back.
func (c *agents) rename(ctx context.Context, d *Device, name string) error {
	bare := func(text string) string { return strings.NewReplacer(":", "", "-", "").Replace(strings.ToLower(text)) }
	if name == d.Name || bare(name) == bare(d.MACAddress) {
		return nil
	}
	renamed := *d
	renamed.Name = name
	if c.checkFields(&renamed).Err() != nil {
		return nil // the stored name stays
	}
	clashes, err := c.stores.Devices.Clashes(ctx, &renamed)
	if err == nil && !slices.Contains(clashes, UniqueDeviceName) {
		d.Name = name
	}
	return err
}

func (c *agents) configureKnown(ctx context.Context, d *Device, r protocol.Registration) error {
	if d.IsDeactivated { // it learns so when it asks for its configuration
		return nil
	}
	config, err := c.lockConfig(ctx, d.ID)
	if err != nil {
		return err
	}
	backend := r.Backend
	if config != nil {
		backend = config.Backend
	}
	tagged, err := c.taggedTemplates(ctx, d.OrganizationID, backend, r.Tags)
	if err != nil {
		return err
	}
	if config == nil {
		t, err := c.hold(ctx, d.OrganizationID, false)
		if err != nil {
			return err
		}
		n := &enrolment{fleet: c.fleet, detail: &Detail{Device: d, Config: &Config{Backend: r.Backend, Config: "{}", Context: "{}"}}, extra: tagged, cause: "registered"}
		if err := c.addConfig(ctx, n, t); err != nil {
			return err
		}
		if err := c.devices.Configured.Fire(ctx, n.detail); err != nil {
			return err
		}
		return c.forgetDevices(ctx, d.ID)
	}
	had, err := c.heldTemplates(ctx, config.Templates)
	if err != nil {
		return err
	}
	list := distinct(slices.Concat(config.Templates, idsOf(withoutRivals(had, tagged))))
	if len(list) == len(config.Templates) {
		return nil
	}
	config.Templates = list
	return c.changeConfig(ctx, d, config, configChange{action: ActionTemplatesChanged, cause: "registered with tags"})
}
