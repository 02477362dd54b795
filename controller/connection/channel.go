package connection

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// ConnectorChannel is the connector of devices that keep a channel to the server
// open, as package channel makes it.
const ConnectorChannel = "wispwright.connectors.channel"

// channelCredentials is what they are called when the first channel makes them.
const channelCredentials = "Channel"

// OpenedChannel gives a device that opened a channel a connection by it, and makes
// the credentials of channels, which hold nothing, where there are none. A
// connection that somebody disabled stays so.
func (s *Connections) OpenedChannel(ctx context.Context, device wispwright.ID) error {
	have, err := s.stores.Connections.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{DeviceID: device, Connector: ConnectorChannel}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(have.Rows) > 0 {
		return err
	}
	d, err := s.devices.Get(ctx, wispwright.ScopeAll(), device)
	if err != nil {
		return fmt.Errorf("connection of a channel: %w", err)
	}
	return s.kit.Do(ctx, "connection.Connections.OpenedChannel", func(ctx context.Context) error {
		credentials, err := s.channelCredentials(ctx, d.Device.OrganizationID)
		if err != nil {
			return err
		}
		c := s.linked(credentials, d)
		if c == nil { // it has no configuration yet, and what wakes an agent needs no strategy
			now := s.kit.Now()
			c = &DeviceConnection{ID: wispwright.NewID(), DeviceID: device, OrganizationID: d.Device.OrganizationID, CredentialsID: credentials.ID,
				UpdateStrategy: StrategyOpenWrt, Enabled: true, Created: now, Modified: now}
		}
		_, err = s.stores.Connections.AddMissing(ctx, []*DeviceConnection{c})
		return err
	})
}

// channelCredentials finds the credentials of channels for an organization.
func (s *Connections) channelCredentials(ctx context.Context, organization wispwright.ID) (*Credentials, error) {
	scope := wispwright.ScopeOf(organization).WithShared()
	found, err := s.stores.Credentials.List(ctx, scope, CredentialsFilter{Connector: ConnectorChannel}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) > 0 {
		return found.Rows[0], nil
	}
	now := s.kit.Now()
	for n := 1; ; n++ {
		c := &Credentials{ID: wispwright.NewID(), Name: channelCredentials, Connector: ConnectorChannel, Params: "{}", Created: now, Modified: now}
		if n > 1 {
			c.Name = fmt.Sprintf("%s %d", channelCredentials, n)
		}
		same, err := s.stores.Credentials.List(ctx, wispwright.ScopeAll(), CredentialsFilter{Name: c.Name}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return nil, err
		}
		if len(same.Rows) == 0 {
			return c, s.stores.Credentials.Insert(ctx, c)
		}
	}
}

// atOnce reports whether a device is reached without delay, by a channel.
func (s *Connections) atOnce(ctx context.Context, c *DeviceConnection) (open, byDevice bool) {
	credentials, err := s.stores.Credentials.Get(ctx, wispwright.ScopeAll(), c.CredentialsID)
	if err != nil {
		return false, false
	}
	t := s.registry.Connector(credentials.Connector)
	if t == nil || t.Open == nil {
		return false, false
	}
	return t.Open(ctx, c.DeviceID), true
}

// hurries reports whether a push of the device need not wait for further changes:
// telling it costs nothing.
func (s *Pushes) hurries(ctx context.Context, device wispwright.ID) bool {
	for _, t := range s.registry.connectors {
		if t.Commands && t.Open != nil && t.Open(ctx, device) {
			return true
		}
	}
	return false
}

// waker is a Session that tells the agent of its device itself (see Session).
type waker interface {
	Wake(ctx context.Context) error
}

// wake tells a device by a session that can.
func wake(ctx context.Context, w waker, d *controller.Detail) error {
	err := w.Wake(ctx)
	if lost := (*LostError)(nil); errors.As(err, &lost) {
		return fmt.Errorf("%s was not told: %w", d.Device.Name, err)
	}
	return err
}
