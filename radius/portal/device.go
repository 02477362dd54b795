package portal

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/gateway"
)

// Device is a device that comes in again by its MAC address, as its user.
type Device struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose network it is, UserID whose device.
	OrganizationID, UserID wispwright.ID
	// Mac is its address as AA:BB:CC:DD:EE:FF.
	Mac string
	// Until is how long it is remembered.
	Until time.Time
	// Created and Modified are when its user logged in first and last.
	Created, Modified time.Time
}

// DeviceFilter selects devices; the zero value all.
type DeviceFilter struct {
	// OrganizationID is whose network it is, UserID whose device.
	OrganizationID, UserID wispwright.ID
	// Mac is the address.
	Mac string
	// UntilBefore are those that are not remembered any more then.
	UntilBefore time.Time
	// Search is a part of the address.
	Search string
}

const uniqueDevice = "radius_portal_device_mac"

// Shape is how storages keep devices.
func (Device) Shape() store.Shape {
	return store.Shape{Table: "radius_portal_device", Org: "OrganizationID", Order: store.Newest("Modified"), Search: []string{"Mac"},
		Unique: []store.Unique{{Name: uniqueDevice, Fields: []string{"OrganizationID", "Mac"}}}}
}

// Devices is the service of devices that are remembered.
type Devices struct {
	*entity.Service[wispwright.ID, Device, DeviceFilter]
	s *Service
}

func newDevices(s *Service) *Devices {
	d := &Devices{s: s}
	d.Service = entity.New(s.base, s.stores.Devices, entity.Kind[wispwright.ID, Device]{
		Name: "portal.Devices", Model: "portal.device", Label: func(x *Device) string { return x.Mac }, Validate: func(context.Context, entity.Change[Device]) error { return nil },
	})
	return d
}

// Remember keeps the device of a session that a user has just begun, where the
// organization wants that. A device that came in by itself is not kept any longer for
// it: its user has to log in from time to time. Guests are not remembered.
func (d *Devices) Remember(ctx context.Context, session *radius.Session) error {
	if session.Username == nil || session.CallingStationID == nil {
		return nil
	}
	in, err := d.s.Settings.Effective(ctx, session.OrganizationID)
	mac := gateway.MAC(*session.CallingStationID)
	if err != nil || in.RememberDays == 0 || mac == "" || gateway.MAC(*session.Username) != "" {
		return err
	}
	account, err := d.s.people.Named(ctx, *session.Username)
	if err != nil {
		return gone(err)
	}
	now := d.s.base.Now()
	ctx = wispwright.WithCaller(ctx, wispwright.System("log-in of "+account.Username))
	return d.s.base.Do(ctx, "portal.Devices.Remember", func(ctx context.Context) error {
		if guest, err := d.s.guest(ctx, account.ID, session.OrganizationID); err != nil || guest != nil {
			return err
		}
		old, err := d.First(ctx, wispwright.ScopeOf(session.OrganizationID), DeviceFilter{OrganizationID: session.OrganizationID, Mac: mac})
		if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
		until := now.Add(time.Duration(in.RememberDays) * 24 * time.Hour)
		if old == nil {
			err = d.Create(ctx, &Device{OrganizationID: session.OrganizationID, UserID: account.ID, Mac: mac, Until: until})
			var conflict *wispwright.ConflictError
			if errors.As(err, &conflict) {
				return nil // another node was faster
			}
			return err
		}
		if old.UserID == account.ID && now.Before(old.Until) {
			return nil // it came in by itself, or its user logged in meanwhile
		}
		_, err = d.Update(ctx, wispwright.ScopeAll(), old.ID, func(x *Device) error { x.UserID, x.Until = account.ID, until; return nil })
		return err
	})
}

// prune removes devices that are not remembered any more.
func (d *Devices) prune(ctx context.Context, now time.Time) error {
	_, err := d.DeleteAll(ctx, wispwright.ScopeAll(), DeviceFilter{UntilBefore: now})
	return err
}
