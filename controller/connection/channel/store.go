package channel

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

// Channel is a channel that a device keeps open, as all nodes know it. A row of a
// node that died stays until the device opens another one.
type Channel struct {
	// DeviceID is the device; it has one channel.
	DeviceID wispwright.ID
	// ID tells two openings apart.
	ID wispwright.ID
	// OrganizationID is the device's organization.
	OrganizationID wispwright.ID
	// Node is the address at which other nodes reach the one that holds it; empty
	// where there is one node only.
	Node string
	// Address is where the device opened it from, Agent the program it opened it with.
	Address, Agent string
	// Since is when it was opened.
	Since time.Time
}

// Shape is how storages keep channels.
func (Channel) Shape() store.Shape {
	return store.Shape{Table: "connection_channel", Key: "DeviceID", Org: "OrganizationID", Order: store.Newest("Since"),
		Parents: []store.Parent{{Field: "DeviceID", Table: "controller_device"}}}
}

// Filter selects channels; zero fields select all.
type Filter struct {
	// DeviceIDs limits to devices.
	DeviceIDs wispwright.Among[wispwright.ID]
	// Node limits to one node.
	Node string
}

// Store keeps channels.
type Store interface {
	wispwright.Repo[Channel, Filter]
	// Take stores the channel of a device in the place of the one before, which it
	// returns, or nil.
	Take(ctx context.Context, c *Channel) (before *Channel, err error)
	// Release deletes the channel of a device, unless another one took its place.
	Release(ctx context.Context, device, id wispwright.ID) error
	// ReleaseNode deletes the channels of a node.
	ReleaseNode(ctx context.Context, node string) error
}

// NewMemory returns a store that keeps channels in memory, beside the concern's.
func NewMemory(m *memstore.Store) Store {
	return &memory{store: m, Repo: memstore.NewRepo[wispwright.ID, Channel, Filter](m, memstore.Spec[Channel]{Shape: Channel{}.Shape()})}
}

type memory struct {
	*memstore.Repo[wispwright.ID, Channel, Filter]
	store *memstore.Store
}

// Take implements Store.
func (s *memory) Take(ctx context.Context, c *Channel) (before *Channel, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		before, err = s.Get(ctx, wispwright.ScopeAll(), c.DeviceID)
		switch {
		case errors.Is(err, wispwright.ErrNotFound):
			before = nil
		case err != nil:
			return err
		default:
			if err := s.Delete(ctx, wispwright.ScopeAll(), c.DeviceID); err != nil {
				return err
			}
		}
		return s.Insert(ctx, c)
	})
	return before, err
}

// Release implements Store.
func (s *memory) Release(ctx context.Context, device, id wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(c *Channel) bool { return c.DeviceID == device && c.ID == id })
	return err
}

// ReleaseNode implements Store.
func (s *memory) ReleaseNode(ctx context.Context, node string) error {
	_, err := s.DeleteWhere(ctx, func(c *Channel) bool { return c.Node == node })
	return err
}
