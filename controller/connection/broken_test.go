package connection_test

import (
	"context"
	"testing"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/controller/connection/connectiontest"
	"github.com/wispwright/wispwright/controller/connection/terminal"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

type (
	linkStore struct {
		connection.DeviceConnectionStore
	}
	commandStore struct{ connection.CommandStore }
	pushStore    struct{ connection.PushStore }
	channelStore struct{ channel.Store }
)

// unaware does not tell of the channel before.
type unaware struct{ channelStore }

func (s unaware) Take(ctx context.Context, c *channel.Channel) (*channel.Channel, error) {
	_, err := s.Store.Take(ctx, c)
	return nil, err
}

// hasty releases whatever channel a device has.
type hasty struct{ channelStore }

func (s hasty) Release(ctx context.Context, device, _ wispwright.ID) error {
	return s.Delete(ctx, wispwright.ScopeAll(), device)
}

// hostileNode releases the channels of all nodes.
type hostileNode struct{ channelStore }

func (s hostileNode) ReleaseNode(ctx context.Context, _ string) error {
	for _, node := range []string{"http://a", "http://b"} {
		if err := s.Store.ReleaseNode(ctx, node); err != nil {
			return err
		}
	}
	return nil
}

// everyConnector does not look at the connector.
type everyConnector struct{ linkStore }

func (s everyConnector) List(ctx context.Context, scope wispwright.Scope, f connection.DeviceConnectionFilter, p wispwright.Page) (wispwright.Items[connection.DeviceConnection], error) {
	f.Connector = ""
	return s.DeviceConnectionStore.List(ctx, scope, f, p)
}

// replacing overwrites what a device has already.
type replacing struct{ linkStore }

func (s replacing) AddMissing(ctx context.Context, list []*connection.DeviceConnection) (int, error) {
	for _, c := range list {
		have, err := s.List(ctx, wispwright.ScopeAll(), connection.DeviceConnectionFilter{DeviceID: c.DeviceID, CredentialsID: c.CredentialsID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return 0, err
		}
		for _, old := range have.Rows {
			if err := s.Delete(ctx, wispwright.ScopeAll(), old.ID); err != nil {
				return 0, err
			}
		}
	}
	return s.DeviceConnectionStore.AddMissing(ctx, list)
}

// overwriting stores progress of what is done.
type overwriting struct{ commandStore }

func (s overwriting) Progress(ctx context.Context, id wispwright.ID, output string, _ time.Time) (cancelled bool, err error) {
	_, err = s.Update(ctx, wispwright.ScopeAll(), id, func(c *connection.Command) error {
		cancelled, c.Output = c.Cancelled, output
		return nil
	})
	return cancelled, err
}

// deaf does not hear that a command was cancelled.
type deaf struct{ commandStore }

func (s deaf) Progress(ctx context.Context, id wispwright.ID, output string, now time.Time) (bool, error) {
	_, err := s.CommandStore.Progress(ctx, id, output, now)
	return false, err
}

// eager counts what waits as running.
type eager struct{ commandStore }

func (s eager) Counts(ctx context.Context, batch wispwright.ID) (connection.CommandCounts, error) {
	n, err := s.CommandStore.Counts(ctx, batch)
	n.Running, n.Waiting = n.Running+n.Waiting, 0
	return n, err
}

// unsorted groups in another order.
type unsorted struct{ commandStore }

func (s unsorted) Outcomes(ctx context.Context, batch wispwright.ID, _ int) ([]connection.Outcome, error) {
	return s.CommandStore.Outcomes(ctx, batch, 1000)
}

// ruthless forgets what still runs.
type ruthless struct{ commandStore }

func (s ruthless) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	all, err := s.List(ctx, wispwright.ScopeAll(), connection.CommandFilter{}, wispwright.Page{NoTotal: true})
	n := 0
	for _, c := range all.Rows {
		if err == nil && n < limit && c.Created.Before(before) {
			n++
			err = s.Delete(ctx, wispwright.ScopeAll(), c.ID)
		}
	}
	return n, err
}

// clinging keeps connections that are deleted.
type clinging struct{ commandStore }

func (clinging) Leave(context.Context, ...wispwright.ID) error { return nil }

// staying keeps commands where they were.
type staying struct{ commandStore }

func (staying) Move(context.Context, wispwright.ID, wispwright.ID) error { return nil }

// early finds pushes before their time.
type early struct{ pushStore }

func (s early) Due(ctx context.Context, at, forgotten time.Time, limit int) ([]wispwright.ID, error) {
	return s.PushStore.Due(ctx, at.Add(time.Hour), forgotten, limit)
}

// forgetful never comes back to pushes whose job was lost.
type forgetful struct{ pushStore }

func (s forgetful) Due(ctx context.Context, at, _ time.Time, limit int) ([]wispwright.ID, error) {
	return s.PushStore.Due(ctx, at, time.Time{}, limit)
}

// once keeps what became of a push when it is wished again.
type once struct{ pushStore }

func (s once) Request(ctx context.Context, now time.Time, devices ...wispwright.ID) error {
	for _, id := range devices {
		have, err := s.List(ctx, wispwright.ScopeAll(), connection.PushFilter{DeviceID: id}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		if len(have.Rows) == 0 {
			if err := s.PushStore.Request(ctx, now, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// spoilt is what a broken storage keeps.
type spoilt struct {
	connection.Stores
	Channels channel.Store
}

// The suite fails for each of them.
func TestBrokenStoragesFail(t *testing.T) {
	broken := map[string]func(*testing.T){}
	for name, spoil := range map[string]func(*spoilt){
		"every connector": func(s *spoilt) { s.Connections = everyConnector{linkStore{s.Connections}} },
		"replacing":       func(s *spoilt) { s.Connections = replacing{linkStore{s.Connections}} },
		"overwriting":     func(s *spoilt) { s.Commands = overwriting{commandStore{s.Commands}} },
		"deaf":            func(s *spoilt) { s.Commands = deaf{commandStore{s.Commands}} },
		"eager":           func(s *spoilt) { s.Commands = eager{commandStore{s.Commands}} },
		"unsorted":        func(s *spoilt) { s.Commands = unsorted{commandStore{s.Commands}} },
		"ruthless":        func(s *spoilt) { s.Commands = ruthless{commandStore{s.Commands}} },
		"clinging":        func(s *spoilt) { s.Commands = clinging{commandStore{s.Commands}} },
		"staying":         func(s *spoilt) { s.Commands = staying{commandStore{s.Commands}} },
		"early":           func(s *spoilt) { s.Pushes = early{pushStore{s.Pushes}} },
		"forgetful":       func(s *spoilt) { s.Pushes = forgetful{pushStore{s.Pushes}} },
		"unaware":         func(s *spoilt) { s.Channels = unaware{channelStore{s.Channels}} },
		"hasty":           func(s *spoilt) { s.Channels = hasty{channelStore{s.Channels}} },
		"hostile node":    func(s *spoilt) { s.Channels = hostileNode{channelStore{s.Channels}} },
		"once":            func(s *spoilt) { s.Pushes = once{pushStore{s.Pushes}} },
	} {
		broken[name] = func(t *testing.T) {
			connectiontest.Run(t, func(*testing.T) connectiontest.Storage {
				m := memstore.New()
				devices := controller.NewMemory(m)
				stores := spoilt{connection.NewMemory(m), channel.NewMemory(m)}
				spoil(&stores)
				return connectiontest.Storage{Tx: m, Stores: stores.Stores, Channels: stores.Channels, Terminals: terminal.NewMemory(m), Devices: devices.Devices}
			})
		}
	}
	storetest.MustFail(t, broken)
}
