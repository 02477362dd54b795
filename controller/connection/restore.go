package connection

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Restore stores a connection as it is in an installation that is taken over, and
// returns what that took: "add", "change" or "". Its device and credentials must be
// there; nothing is tried.
func (s *Connections) Restore(ctx context.Context, o *DeviceConnection) (action string, err error) {
	if err := s.validate(ctx, entity.Change[DeviceConnection]{After: o}); err != nil {
		return "", err
	}
	_, action, err = s.entities.Adopt(ctx, o, func(before, after *DeviceConnection) {
		if before != nil && before.CredentialsID == after.CredentialsID {
			after.HostKey, after.Description = before.HostKey, before.Description
		}
	})
	return action, err
}

// Restore stores a command that was run in an installation that is taken over, and
// returns what that took: "add", "change" or "". It is never run here.
func (s *Commands) Restore(ctx context.Context, o *Command) (action string, err error) {
	if o.Status == InProgress {
		o.Status = Failed // it is not known how it ended
	}
	err = s.kit.Do(ctx, "connection.Commands.Restore", func(ctx context.Context) error {
		d, err := s.devices.Get(ctx, wispwright.ScopeAll(), o.DeviceID)
		if err != nil {
			return valid.Reference(err, "device", o.DeviceID)
		}
		o.OrganizationID, o.Queued, o.Started = d.Device.OrganizationID, &o.Created, &o.Created
		_, action, err = entity.Put(ctx, wispwright.Repo[Command, CommandFilter](s.stores.Commands), o.ID, o, nil)
		return err
	})
	return action, err
}
