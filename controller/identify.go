package controller

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/protocol"
)

// Identity is a device that proved itself.
type Identity struct {
	// DeviceID and OrganizationID identify device and tenant.
	DeviceID, OrganizationID wispwright.ID
	// Name is the device's.
	Name string
	// IsDeactivated is true from deactivation to activation.
	IsDeactivated bool
}

// Identify finds the device of a request of another protocol, such as monitoring, by
// its key; a device in memory costs no query. It is a sign of life. Errors:
// wispwright.ErrNotFound for devices that do not exist or whose organization is
// inactive, protocol.ErrMissingKey, protocol.ErrWrongKey.
func (s *Agents) Identify(ctx context.Context, a protocol.Credentials) (*Identity, error) {
	c := s.agents
	p, err := c.poll(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	t, ok := c.remembered.Get(p.OrganizationID)
	if !ok {
		if t, err = c.tenant(ctx, p.OrganizationID); err != nil {
			return nil, err
		}
	}
	if !t.organization.IsActive {
		return nil, wispwright.ErrNotFound
	}
	if err := p.verify(a.Key); err != nil {
		return nil, err
	}
	if !p.IsDeactivated {
		c.seen.note(p.DeviceID, c.Clock().UnixMicro())
	}
	return &Identity{p.DeviceID, p.OrganizationID, p.Name, p.IsDeactivated}, nil
}
