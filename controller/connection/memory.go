package connection

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory, in a store that
// other concerns share.
func NewMemory(m *memstore.Store) Stores {
	credentials := memstore.NewRepo[wispwright.ID, Credentials, CredentialsFilter](m, memstore.Spec[Credentials]{Shape: Credentials{}.Shape()})
	return Stores{
		Credentials: credentials,
		Connections: &memoryConnections{store: m, Repo: memstore.NewRepo[wispwright.ID, DeviceConnection, DeviceConnectionFilter](m, memstore.Spec[DeviceConnection]{
			Shape: DeviceConnection{}.Shape(),
			Match: map[string]func(context.Context, *DeviceConnection, any) bool{
				"Connector": func(ctx context.Context, c *DeviceConnection, v any) bool {
					o, err := credentials.Get(ctx, wispwright.ScopeAll(), c.CredentialsID)
					return err == nil && o.Connector == v
				},
				"Connectors": func(ctx context.Context, c *DeviceConnection, v any) bool {
					o, err := credentials.Get(ctx, wispwright.ScopeAll(), c.CredentialsID)
					return err == nil && slices.Contains(v.([]string), o.Connector)
				},
			},
		})},
		Batches: memstore.NewRepo[wispwright.ID, Batch, BatchFilter](m, memstore.Spec[Batch]{Shape: Batch{}.Shape()}),
		Commands: &memoryCommands{store: m, Repo: memstore.NewRepo[wispwright.ID, Command, CommandFilter](m, memstore.Spec[Command]{
			Shape: Command{}.Shape(),
			Match: map[string]func(context.Context, *Command, any) bool{
				"Waiting": func(_ context.Context, c *Command, v any) bool { return (c.Queued == nil) == v.(bool) },
			},
		})},
		Pushes: &memoryPushes{store: m, Repo: memstore.NewRepo[wispwright.ID, Push, PushFilter](m, memstore.Spec[Push]{Shape: Push{}.Shape()})},
	}
}

type memoryConnections struct {
	*memstore.Repo[wispwright.ID, DeviceConnection, DeviceConnectionFilter]
	store *memstore.Store
}

// AddMissing implements DeviceConnectionStore.
func (s *memoryConnections) AddMissing(ctx context.Context, connections []*DeviceConnection) (n int, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		n = 0
		for _, c := range connections {
			have, err := s.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{DeviceID: c.DeviceID, CredentialsID: c.CredentialsID}, wispwright.Page{NoTotal: true})
			if err != nil {
				return err
			}
			if len(have.Rows) > 0 {
				continue
			}
			if err := s.Insert(ctx, c); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

type memoryCommands struct {
	*memstore.Repo[wispwright.ID, Command, CommandFilter]
	store *memstore.Store
}

func (s *memoryCommands) pick(ctx context.Context, fn func(*Command) bool) ([]*Command, error) {
	all, err := s.List(ctx, wispwright.ScopeAll(), CommandFilter{}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
	return slices.DeleteFunc(all.Rows, func(c *Command) bool { return !fn(c) }), err
}

// Progress implements CommandStore.
func (s *memoryCommands) Progress(ctx context.Context, id wispwright.ID, output string, now time.Time) (cancelled bool, err error) {
	_, err = s.Update(ctx, wispwright.ScopeAll(), id, func(c *Command) error {
		cancelled = c.Cancelled
		if c.Status == InProgress {
			c.Output, c.Modified = output, now
		}
		return nil
	})
	return cancelled, err
}

// Counts implements CommandStore.
func (s *memoryCommands) Counts(ctx context.Context, batch wispwright.ID) (n CommandCounts, err error) {
	_, err = s.pick(ctx, func(c *Command) bool {
		switch {
		case c.BatchID != batch:
		case c.Status == Success:
			n.Success++
		case c.Status == Failed:
			n.Failed++
		case c.Queued == nil:
			n.Waiting++
		default:
			n.Running++
		}
		return false
	})
	return n, err
}

// Outcomes implements CommandStore.
func (s *memoryCommands) Outcomes(ctx context.Context, batch wispwright.ID, limit int) (out []Outcome, err error) {
	done, err := s.pick(ctx, func(c *Command) bool { return c.BatchID == batch && c.Status != InProgress })
	for _, c := range done {
		i := slices.IndexFunc(out, func(o Outcome) bool { return o.Status == c.Status && o.Digest == c.OutputDigest })
		if i < 0 {
			i = len(out)
			out = append(out, Outcome{Status: c.Status, Digest: c.OutputDigest, CommandID: c.ID})
		}
		out[i].Count++
	}
	slices.SortStableFunc(out, func(a, b Outcome) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Status, b.Status), cmp.Compare(a.Digest, b.Digest))
	})
	return out[:min(limit, len(out))], err
}

// Targets implements CommandStore.
func (s *memoryCommands) Targets(ctx context.Context, batch wispwright.ID, status CommandStatus) (ids []wispwright.ID, err error) {
	found, err := s.pick(ctx, func(c *Command) bool { return c.BatchID == batch && (status == "" || c.Status == status) })
	for _, c := range found {
		ids = append(ids, c.DeviceID)
	}
	slices.SortFunc(ids, func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(ids), err
}

// Forget implements CommandStore.
func (s *memoryCommands) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	n := 0
	before = before.Truncate(time.Microsecond)
	return s.DeleteWhere(ctx, func(c *Command) bool {
		if c.Status == InProgress || !c.Created.Before(before) || n >= limit {
			return false
		}
		n++
		return true
	})
}

// ForgetDevices implements CommandStore.
func (s *memoryCommands) ForgetDevices(ctx context.Context, devices ...wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(c *Command) bool { return slices.Contains(devices, c.DeviceID) })
	return err
}

func (s *memoryCommands) change(ctx context.Context, pick func(*Command) bool, change func(*Command)) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		found, err := s.pick(ctx, pick)
		if err != nil {
			return err
		}
		for _, c := range found {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), c.ID, func(c *Command) error { change(c); return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

// Leave implements CommandStore.
func (s *memoryCommands) Leave(ctx context.Context, connections ...wispwright.ID) error {
	return s.change(ctx, func(c *Command) bool { return !c.ConnectionID.IsZero() && slices.Contains(connections, c.ConnectionID) },
		func(c *Command) { c.ConnectionID = wispwright.ID{} })
}

// Move implements CommandStore.
func (s *memoryCommands) Move(ctx context.Context, device, organization wispwright.ID) error {
	return s.change(ctx, func(c *Command) bool { return c.DeviceID == device }, func(c *Command) { c.OrganizationID = organization })
}

type memoryPushes struct {
	*memstore.Repo[wispwright.ID, Push, PushFilter]
	store *memstore.Store
}

// Request implements PushStore.
func (s *memoryPushes) Request(ctx context.Context, now time.Time, devices ...wispwright.ID) error {
	now = now.UTC().Truncate(time.Microsecond)
	return s.store.InTx(ctx, func(ctx context.Context) error {
		for _, id := range devices {
			have, err := s.List(ctx, wispwright.ScopeAll(), PushFilter{DeviceID: id}, wispwright.Page{NoTotal: true})
			if err == nil && len(have.Rows) == 0 {
				err = s.Insert(ctx, &Push{DeviceID: id, State: PushWaiting, Requested: now})
			} else if err == nil {
				_, err = s.Update(ctx, wispwright.ScopeAll(), id, func(p *Push) error {
					p.State, p.Requested, p.Attempts, p.NextAttempt = PushWaiting, now, 0, nil
					return nil
				})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Due implements PushStore.
func (s *memoryPushes) Due(ctx context.Context, at, forgotten time.Time, limit int) (ids []wispwright.ID, err error) {
	all, err := s.List(ctx, wispwright.ScopeAll(), PushFilter{State: PushWaiting}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Requested"}}})
	var due, lost []*Push
	for _, p := range all.Rows {
		switch {
		case p.NextAttempt != nil && !p.NextAttempt.After(at.Truncate(time.Microsecond)):
			due = append(due, p)
		case p.NextAttempt == nil && !p.Requested.After(forgotten.Truncate(time.Microsecond)):
			lost = append(lost, p)
		}
	}
	slices.SortStableFunc(due, func(a, b *Push) int { return a.NextAttempt.Compare(*b.NextAttempt) })
	for _, p := range append(due, lost...) {
		if len(ids) < limit {
			ids = append(ids, p.DeviceID)
		}
	}
	return ids, err
}

// ForgetDevices implements PushStore.
func (s *memoryPushes) ForgetDevices(ctx context.Context, devices ...wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(p *Push) bool { return slices.Contains(devices, p.DeviceID) })
	return err
}
