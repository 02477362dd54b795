package connection

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/valid"
)

// Connections is the service of device connections. It implements rest.Service.
type Connections struct {
	// WorkingChanged tells of connections that began or ceased to work.
	WorkingChanged event.Topic[WorkingChange]
	// Tried tells of every attempt, with the connection as it is afterwards.
	Tried event.Topic[DeviceConnection]

	*core
	entities *entity.Service[wispwright.ID, DeviceConnection, DeviceConnectionFilter]
}

// WorkingChange says that a connection began or ceased to work.
type WorkingChange struct {
	// Connection is the connection as it is now.
	Connection DeviceConnection
	// Credentials is how its credentials are called: "c1 (SSH)".
	Credentials string
	// Before is whether it worked before, nil when it was never tried.
	Before *bool
	// OldFailureReason is why it did not.
	OldFailureReason string
}

func newConnections(k *core) *Connections {
	s := &Connections{core: k}
	s.entities = entity.New(k.kit, k.stores.Connections, entity.Kind[wispwright.ID, DeviceConnection]{
		Name: "connection.Connections", Model: "connection.deviceconnection",
		Validate: s.validate,
		Hidden:   []string{"IsWorking", "FailureReason", "LastAttempt", "Description"},
		Unique: map[string]error{
			UniqueConnection: wispwright.Invalid("", "Device connection with this Device and Credentials already exists."),
		},
	})
	s.entities.Deleting.Subscribe("connection: commands sent by deleted connections", k.leave)
	return s
}

// Changed tells of connections that were created, changed or deleted.
func (s *Connections) Changed() *event.Topic[entity.Change[DeviceConnection]] {
	return &s.entities.Changed
}

// Get returns a connection.
func (s *Connections) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*DeviceConnection, error) {
	return s.entities.Get(ctx, scope, id)
}

// List returns a page of connections, newest first.
func (s *Connections) List(ctx context.Context, scope wispwright.Scope, f DeviceConnectionFilter, p wispwright.Page) (wispwright.Items[DeviceConnection], error) {
	return s.entities.List(ctx, scope, f, p)
}

// Create validates and stores a connection; its organization becomes the
// device's, and its strategy the one that is inferred.
func (s *Connections) Create(ctx context.Context, c *DeviceConnection) error {
	return s.entities.Create(ctx, c)
}

// Update changes a connection within the scope. Its device stays; its host key
// is forgotten when the credentials become others.
func (s *Connections) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*DeviceConnection) error) (*DeviceConnection, error) {
	return s.entities.Update(ctx, scope, id, change)
}

// Delete removes a connection within the scope.
func (s *Connections) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.entities.Delete(ctx, scope, id)
}

// ResetHostKey forgets what the device proved itself with: the next attempt
// pins it anew.
func (s *Connections) ResetHostKey(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*DeviceConnection, error) {
	return s.entities.Update(ctx, scope, id, func(c *DeviceConnection) error {
		c.HostKey = ""
		return nil
	})
}

// The words for connections that cannot be.
const (
	otherOrganization = "The organization of these credentials doesn't match the organization of the device"
	noConfiguration   = "the update strategy can be determined automatically only if the device has a configuration specified, " +
		"because it is inferred from the configuration backend. Please select the update strategy manually."
)

// validate follows the order of the original (spec: connection §2.2).
func (s *Connections) validate(ctx context.Context, c entity.Change[DeviceConnection]) error {
	o := c.After
	if c.Before != nil {
		o.DeviceID = c.Before.DeviceID
		if o.CredentialsID != c.Before.CredentialsID {
			o.HostKey, o.Description = "", ""
		}
	}
	d, err := s.devices.Get(ctx, wispwright.ScopeAll(), o.DeviceID)
	if err != nil {
		return valid.Reference(err, "device", o.DeviceID)
	}
	o.OrganizationID = d.Device.OrganizationID
	credentials, err := s.stores.Credentials.Get(ctx, wispwright.ScopeAll(), o.CredentialsID)
	if err != nil {
		return valid.Reference(err, "credentials", o.CredentialsID)
	}
	if !credentials.OrganizationID.IsZero() && credentials.OrganizationID != o.OrganizationID {
		return wispwright.Invalid("credentials", otherOrganization)
	}
	if err := s.inferStrategy(o, d); err != nil {
		return err
	}
	t := s.registry.Connector(credentials.Connector)
	if t == nil {
		return wispwright.Invalid("credentials", "The connector of these credentials is not known any more.")
	}
	params, err := merged(credentials, o)
	if err == nil {
		err = s.checkParams(t, params)
	}
	if err != nil {
		return wispwright.Invalid("params", err.Error())
	}
	return nil
}

func (s *Connections) inferStrategy(o *DeviceConnection, d *controller.Detail) error {
	switch {
	case o.UpdateStrategy != "":
		if s.registry.Strategy(o.UpdateStrategy) == nil {
			return wispwright.Invalid("update_strategy", valid.NoChoice(o.UpdateStrategy))
		}
	case d.Config == nil:
		return wispwright.Invalid("update_strategy", noConfiguration)
	default:
		if o.UpdateStrategy = s.registry.mapping[d.Config.Backend]; o.UpdateStrategy == "" {
			return wispwright.Invalid("update_strategy", "could not determine update strategy  automatically, exception: no strategy for the backend "+d.Config.Backend)
		}
	}
	return nil
}

// moved lets connections follow a device into another organization, but for
// those whose credentials belong to the old one.
func (s *Connections) moved(ctx context.Context, changes ...entity.Change[controller.Device]) error {
	for _, c := range changes {
		if c.Before == nil || c.After == nil || c.Before.OrganizationID == c.After.OrganizationID {
			continue
		}
		all, err := s.stores.Connections.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{DeviceID: c.After.ID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, o := range all.Rows {
			if err := s.follow(ctx, o, c.After.OrganizationID); err != nil {
				return err
			}
		}
		if err := s.stores.Commands.Move(ctx, c.After.ID, c.After.OrganizationID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Connections) follow(ctx context.Context, o *DeviceConnection, organization wispwright.ID) error {
	credentials, err := s.stores.Credentials.Get(ctx, wispwright.ScopeAll(), o.CredentialsID)
	if err != nil {
		return err
	}
	if !credentials.OrganizationID.IsZero() && credentials.OrganizationID != organization {
		return s.entities.Delete(entity.WithCause(ctx, "device moved to another organization"), wispwright.ScopeAll(), o.ID)
	}
	_, err = s.stores.Connections.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *DeviceConnection) error {
		o.OrganizationID = organization
		return nil
	})
	return err
}

// addedFor is how long a node believes what it knows of credentials that are
// added to new configurations.
const addedFor = 10 * time.Second

// configured gives devices with a first configuration the credentials that are
// added by themselves (spec: connection §4).
func (s *Connections) configured(ctx context.Context, devices ...*controller.Detail) error {
	var missing []*DeviceConnection
	for _, d := range devices {
		list, err := s.autoAdded(ctx, d.Device.OrganizationID)
		if err != nil {
			return err
		}
		for _, credentials := range list {
			if c := s.linked(credentials, d); c != nil {
				missing = append(missing, c)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err := s.stores.Connections.AddMissing(ctx, missing)
	return err
}

// autoAdded are the credentials of an organization, and the shared ones, that
// are added to its devices. It is asked for every device that registers, so that
// nodes remember it. What a device misses that registers at the very moment when
// others changed, it gets by AddAgain.
func (s *Connections) autoAdded(ctx context.Context, organization wispwright.ID) ([]*Credentials, error) {
	if known, ok := s.added.Get(organization); ok {
		return known, nil
	}
	yes := true
	read := func(ctx context.Context) ([]*Credentials, error) {
		all, err := s.stores.Credentials.List(ctx, wispwright.ScopeOf(organization).WithShared(), CredentialsFilter{AutoAdd: &yes}, wispwright.Page{NoTotal: true})
		return all.Rows, err
	}
	wispwright.AfterCommit(ctx, func() {
		if _, err := s.added.Load(context.WithoutCancel(ctx), organization, read); err != nil {
			s.Log.WarnContext(ctx, "credentials that are added by themselves cannot be remembered", "error", err)
		}
	})
	return read(ctx)
}

// AddAgain gives all credentials that are added by themselves to devices that
// have not got them. Call it now and then.
func (s *Connections) AddAgain(ctx context.Context) error {
	yes := true
	all, err := s.stores.Credentials.List(ctx, wispwright.ScopeAll(), CredentialsFilter{AutoAdd: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	return s.kit.Do(ctx, "connection.Connections.AddAgain", func(ctx context.Context) error {
		for _, c := range all.Rows {
			if err := s.jobs.Enqueue(ctx, Job{JobAutoAdd, c.ID}); err != nil {
				return err
			}
		}
		return nil
	})
}

// linked is the connection of a device with some credentials, nil when it would
// not be valid.
func (s *Connections) linked(credentials *Credentials, d *controller.Detail) *DeviceConnection {
	now := s.kit.Now()
	c := &DeviceConnection{ID: wispwright.NewID(), DeviceID: d.Device.ID, OrganizationID: d.Device.OrganizationID, CredentialsID: credentials.ID,
		Enabled: true, Created: now, Modified: now}
	if s.inferStrategy(c, d) != nil {
		return nil
	}
	return c
}

// addedAtOnce is how many devices are given credentials in one step.
const addedAtOnce = 500

// addToDevices gives credentials to every device of their organization that has
// a configuration.
func (s *Connections) addToDevices(ctx context.Context, id wispwright.ID) error {
	credentials, err := s.stores.Credentials.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && !credentials.AutoAdd {
		return nil
	}
	if err != nil {
		return err
	}
	yes := true
	filter := controller.DeviceFilter{OrganizationID: credentials.OrganizationID, HasConfig: &yes}
	for offset := 0; ; offset += addedAtOnce {
		page := wispwright.Page{Offset: offset, Limit: addedAtOnce, NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}}
		devices, err := s.devices.List(ctx, wispwright.ScopeAll(), filter, page)
		if err != nil {
			return fmt.Errorf("give credentials to devices: %w", err)
		}
		if err := s.give(ctx, credentials, devices.Rows); err != nil {
			return err
		}
		if len(devices.Rows) < addedAtOnce {
			return nil
		}
	}
}

func (s *Connections) give(ctx context.Context, credentials *Credentials, devices []*controller.Detail) error {
	ids := make([]wispwright.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.Device.ID
	}
	have, err := s.stores.Connections.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{CredentialsID: credentials.ID, DeviceIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	var missing []*DeviceConnection
	for _, d := range devices {
		if slices.ContainsFunc(have.Rows, func(c *DeviceConnection) bool { return c.DeviceID == d.Device.ID }) {
			continue
		}
		if c := s.linked(credentials, d); c != nil {
			missing = append(missing, c)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = s.stores.Connections.AddMissing(ctx, missing)
	var gone *wispwright.MissingError
	if errors.As(err, &gone) { // a device or the credentials were deleted meanwhile: one at a time
		for _, c := range missing {
			if _, err := s.stores.Connections.AddMissing(ctx, []*DeviceConnection{c}); err != nil && !errors.As(err, &gone) {
				return err
			}
		}
		return nil
	}
	return err
}
