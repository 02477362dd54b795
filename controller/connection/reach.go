package connection

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// The reasons that the server gives before it tries a device
// (spec: connection §3.2; additions C-5).
const (
	noAddresses       = "No valid IP addresses to initiate connections found"
	deviceDeactivated = "Device is deactivated"
)

// NoConnectionError says that no connection of a device works.
type NoConnectionError struct {
	// Last is the one tried last, nil when the device has none to try.
	Last *DeviceConnection
	// Tried are all that were tried, in their order.
	Tried []*DeviceConnection
}

func (e *NoConnectionError) Error() string {
	if e.Last == nil {
		return "The device has no enabled connection."
	}
	return e.Last.FailureReason
}

// Open reaches the device of a connection, and stores whether that worked. The
// error's text is the failure reason; errors that are not the device's are
// wrapped in an *InternalError. The connection is brought up to date.
func (s *Connections) Open(ctx context.Context, c *DeviceConnection) (Session, error) {
	session, err := s.dial(ctx, c)
	var inside *InternalError
	if errors.As(err, &inside) {
		return nil, err
	}
	if ctx.Err() != nil && err != nil {
		return nil, &InternalError{ctx.Err()} // the server's wish, which says nothing of the device
	}
	if saved := s.tried(ctx, c, session, err); saved != nil {
		if session != nil {
			err = errors.Join(saved, session.Close())
			return nil, &InternalError{err}
		}
		return nil, &InternalError{saved}
	}
	return session, err
}

// InternalError is a fault of the server's own, not of a device.
type InternalError struct{ cause error }

func (e *InternalError) Error() string { return e.cause.Error() }

// Unwrap returns the fault.
func (e *InternalError) Unwrap() error { return e.cause }

// dial reaches the device.
func (s *Connections) dial(ctx context.Context, c *DeviceConnection) (Session, error) {
	d, err := s.devices.Get(ctx, wispwright.ScopeAll(), c.DeviceID)
	if err != nil {
		return nil, &InternalError{err}
	}
	if outOfService(d) {
		return nil, errors.New(deviceDeactivated)
	}
	credentials, err := s.stores.Credentials.Get(ctx, wispwright.ScopeAll(), c.CredentialsID)
	if err != nil {
		return nil, &InternalError{err}
	}
	t := s.registry.Connector(credentials.Connector)
	if t == nil {
		return nil, fmt.Errorf("the connector %s is not known", credentials.Connector)
	}
	params, err := merged(credentials, c)
	if err != nil {
		return nil, err
	}
	target := Target{DeviceID: c.DeviceID, Addresses: s.addresses(d.Device), Params: params}
	if len(target.Addresses) == 0 && t.Open == nil {
		return nil, errors.New(noAddresses)
	}
	if s.PinHostKeys {
		target.HostKey = c.HostKey
	}
	dialing, cancel := context.WithTimeoutCause(ctx, s.DialTimeout, errors.New("timed out"))
	defer cancel()
	session, err := t.Connector.Dial(dialing, target)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("timed out")
	}
	return session, err
}

// outOfService reports whether a device is deactivated and has removed its
// configuration.
func outOfService(d *controller.Detail) bool {
	return d.Device.IsDeactivated && (d.Config == nil || d.Config.Status == controller.StatusDeactivated)
}

// addresses are where a device may be reached (spec: connection §3.5).
func (k *core) addresses(d *controller.Device) (list []netip.Addr) {
	if d.ManagementIP.IsValid() {
		list = append(list, d.ManagementIP)
	}
	if k.AlsoLastIP && d.LastIP.IsValid() && d.LastIP != d.ManagementIP {
		list = append(list, d.LastIP)
	}
	return list
}

// Fail notes that a connection does not work, when that was found out otherwise than
// by Open.
func (s *Connections) Fail(ctx context.Context, c *DeviceConnection, reason string) error {
	return s.tried(ctx, c, nil, errors.New(reason))
}

// mostReason bounds failure reasons, in bytes.
const mostReason = 4096

// tried stores the outcome of an attempt. A connection that was deleted
// meanwhile stays deleted.
func (s *Connections) tried(ctx context.Context, c *DeviceConnection, session Session, failed error) error {
	works, reason := failed == nil, ""
	if failed != nil {
		reason = oneText(failed.Error(), mostReason)
	}
	now := s.kit.Now()
	err := s.kit.Do(context.WithoutCancel(ctx), "connection.Connections.Open", func(ctx context.Context) error {
		var before DeviceConnection
		after, err := s.stores.Connections.Update(ctx, wispwright.ScopeAll(), c.ID, func(o *DeviceConnection) error {
			before = *o
			o.IsWorking, o.FailureReason, o.LastAttempt = &works, reason, &now
			if works && s.PinHostKeys && o.HostKey == "" && o.CredentialsID == c.CredentialsID {
				o.HostKey = session.HostKey()
			}
			return nil
		})
		if err != nil {
			return err
		}
		*c = *after
		s.Tried.Publish(ctx, *after)
		if before.IsWorking != nil && *before.IsWorking == works {
			return nil
		}
		label := ""
		if credentials, err := s.stores.Credentials.Get(ctx, wispwright.ScopeAll(), c.CredentialsID); err == nil {
			label = s.label(credentials)
		}
		s.WorkingChanged.Publish(ctx, WorkingChange{Connection: *after, Credentials: label, Before: before.IsWorking, OldFailureReason: before.FailureReason})
		return nil
	})
	return err
}

// oneText is a text of at most so many bytes, without what databases refuse.
func oneText(text string, most int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// Working finds a connection of a device that runs commands and works, and opens
// it: an open channel first, then those that worked before, untried ones, failing
// ones, the oldest of each first (spec: connection §5.2), and channels that are not
// open last. Errors: *NoConnectionError, *InternalError.
func (s *Connections) Working(ctx context.Context, device wispwright.ID) (*DeviceConnection, Session, error) {
	yes := true
	all, err := s.stores.Connections.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{DeviceID: device, Connectors: s.registry.commanding(), Enabled: &yes}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Created"}, {Field: "ID"}}})
	if err != nil {
		return nil, nil, &InternalError{err}
	}
	ranks := map[wispwright.ID]int{}
	for _, c := range all.Rows {
		ranks[c.ID] = s.rank(ctx, c, len(all.Rows) == 1)
	}
	slices.SortStableFunc(all.Rows, func(a, b *DeviceConnection) int { return ranks[a.ID] - ranks[b.ID] })
	failed := &NoConnectionError{}
	for _, c := range all.Rows {
		session, err := s.Open(ctx, c)
		if err == nil {
			return c, session, nil
		}
		var inside *InternalError
		if errors.As(err, &inside) && !errors.Is(err, wispwright.ErrNotFound) {
			return nil, nil, err
		}
		failed.Last, failed.Tried = c, append(failed.Tried, c)
	}
	return nil, nil, failed
}

func (s *Connections) rank(ctx context.Context, c *DeviceConnection, only bool) int {
	if only {
		return 0
	}
	switch open, byDevice := s.atOnce(ctx, c); {
	case byDevice && open:
		return -1
	case byDevice:
		return 3
	case c.IsWorking == nil:
		return 1
	case *c.IsWorking:
		return 0
	}
	return 2
}

// Named returns connections, those that are there, with how the credentials of
// each are called, by the connection's id: "c1 (SSH)".
func (s *Connections) Named(ctx context.Context, ids ...wispwright.ID) (connections []*DeviceConnection, names map[wispwright.ID]string, err error) {
	found, err := s.stores.Connections.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, nil, fmt.Errorf("connection.Connections.Named: %w", err)
	}
	var keys []wispwright.ID
	for _, c := range found.Rows {
		keys = append(keys, c.CredentialsID)
	}
	credentials, err := s.stores.Credentials.List(ctx, wispwright.ScopeAll(), CredentialsFilter{IDs: wispwright.Only(keys...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, nil, fmt.Errorf("connection.Connections.Named: %w", err)
	}
	labels := map[wispwright.ID]string{}
	for _, c := range credentials.Rows {
		labels[c.ID] = s.label(c)
	}
	names = map[wispwright.ID]string{}
	for _, c := range found.Rows {
		names[c.ID] = labels[c.CredentialsID]
	}
	return found.Rows, names, nil
}

// Test lets a connection within the scope be tried soon, whether it is enabled
// or not; what it comes to is stored in the connection, as after every attempt,
// with what the device says of itself.
func (s *Connections) Test(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.kit.Do(ctx, "connection.Connections.Test", func(ctx context.Context) error {
		if _, err := s.Get(ctx, scope, id); err != nil {
			return err
		}
		return s.jobs.Enqueue(ctx, Job{JobTest, id})
	})
}

// test tries a connection and asks the device who it is.
func (s *Connections) test(ctx context.Context, id wispwright.ID) error {
	c, err := s.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil // it was deleted meanwhile
	}
	if err != nil {
		return err
	}
	session, err := s.Open(ctx, c)
	var inside *InternalError
	switch {
	case errors.As(err, &inside) && errors.Is(err, wispwright.ErrNotFound):
		return nil
	case errors.As(err, &inside):
		return fmt.Errorf("connection.Connections.Test: %w", err)
	case err != nil:
		return nil // the device's, and stored
	}
	describing, cancel := context.WithTimeout(ctx, s.CommandTimeout)
	defer cancel()
	text, err := session.Describe(describing)
	if err != nil {
		text = ""
	}
	if err := session.Close(); err != nil {
		s.Log.DebugContext(ctx, "a connection was not closed properly", "device", c.DeviceID, "error", err)
	}
	return s.kit.Do(context.WithoutCancel(ctx), "connection.Connections.Test", func(ctx context.Context) error {
		after, err := s.stores.Connections.Update(ctx, wispwright.ScopeAll(), id, func(o *DeviceConnection) error {
			if o.CredentialsID == c.CredentialsID {
				o.Description = oneText(strings.TrimSpace(text), mostDescription)
			}
			return nil
		})
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil
		}
		if err == nil {
			s.Tried.Publish(ctx, *after)
		}
		return err
	})
}

// mostDescription bounds what devices say of themselves, in bytes.
const mostDescription = 1024
