package connectionsql

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

type channels struct {
	*sqlstore.Repo[wispwright.ID, channel.Channel, channel.Filter]
	db *sqlstore.DB
}

// NewChannels returns the store of channels on a migrated database.
func NewChannels(db *sqlstore.DB) (channel.Store, error) {
	b := sqlstore.Build(db)
	s := &channels{db: db, Repo: sqlstore.Add[wispwright.ID, channel.Channel, channel.Filter](b, sqlstore.Spec{Shape: channel.Channel{}.Shape()})}
	return s, b.Err()
}

// Take implements channel.Store. The row is read first, unlocked: of two
// that open at once the last to write wins.
func (s *channels) Take(ctx context.Context, c *channel.Channel) (before *channel.Channel, err error) {
	args, err := s.Args(c)
	if err != nil {
		return nil, err
	}
	marks, _ := sqlstore.In(args)
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if before, err = s.Get(ctx, wispwright.ScopeAll(), c.DeviceID); errors.Is(err, wispwright.ErrNotFound) {
			before = nil
		} else if err != nil {
			return err
		}
		_, err := sqlstore.Exec(ctx, s.db, "INSERT INTO connection_channel ("+s.Columns()+") VALUES ("+marks+") ON CONFLICT (device_id) DO UPDATE SET id = excluded.id,"+
			" organization_id = excluded.organization_id, node = excluded.node, address = excluded.address, agent = excluded.agent, since = excluded.since", args...)
		if err != nil {
			return fmt.Errorf("take a channel: %w", err)
		}
		return nil
	})
	return before, err
}

// Release implements channel.Store.
func (s *channels) Release(ctx context.Context, device, id wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM connection_channel WHERE device_id = ? AND id = ?", device, id); err != nil {
		return fmt.Errorf("release a channel: %w", err)
	}
	return nil
}

// ReleaseNode implements channel.Store.
func (s *channels) ReleaseNode(ctx context.Context, node string) error {
	if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM connection_channel WHERE node = ?", node); err != nil {
		return fmt.Errorf("release the channels of a node: %w", err)
	}
	return nil
}
