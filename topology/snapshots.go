package topology

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wispwright/wispwright"
)

// largestSnapshot bounds what a stored snapshot may unfold to, in bytes.
const largestSnapshot = 256 << 20

// SaveSnapshot keeps a topology as it is now, in the place of an earlier one of
// today (spec: topology §1, §8).
func (s *Service) SaveSnapshot(ctx context.Context, t *Topology) error {
	graphs, err := s.Graphs(ctx, t)
	if err != nil {
		return err
	}
	data, err := pack(graphs[0].Document())
	if err != nil {
		return err
	}
	c := graphs[0].Count()
	now := s.base.Now()
	snapshot := &Snapshot{ID: wispwright.NewID(), TopologyID: t.ID, Day: Day(now), Data: data, Nodes: c.Nodes, Up: c.Up, Down: c.Down, Saved: now}
	return s.base.Do(ctx, "topology.SaveSnapshot", func(ctx context.Context) error {
		if _, err := s.hold(ctx, t.ID); err != nil {
			return err
		}
		return s.stores.Snapshots.Put(ctx, snapshot)
	})
}

// Day is the day of a moment, in UTC.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Snapshot returns a topology as it was on a day, or wispwright.ErrNotFound.
func (s *Service) Snapshot(ctx context.Context, topology wispwright.ID, day time.Time) ([]byte, error) {
	found, err := s.stores.Snapshots.List(ctx, wispwright.ScopeAll(), SnapshotFilter{TopologyID: topology, Day: Day(day)}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return unpack(found.Rows[0].Data)
}

// Days returns which snapshots of a topology there are from a day to before
// another, without their data.
func (s *Service) Days(ctx context.Context, topology wispwright.ID, from, before time.Time) ([]*Snapshot, error) {
	return s.stores.Snapshots.Days(ctx, topology, Day(from), Day(before))
}

func pack(document []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(document)
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("compress a snapshot: %w", err)
	}
	return b.Bytes(), nil
}

func unpack(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("open a snapshot: %w", err)
	}
	document, err := io.ReadAll(io.LimitReader(r, largestSnapshot+1))
	if err != nil {
		return nil, fmt.Errorf("open a snapshot: %w", err)
	}
	if len(document) > largestSnapshot {
		return nil, fmt.Errorf("%w: a snapshot is larger than %d bytes", wispwright.ErrLimit, largestSnapshot)
	}
	return document, nil
}

// Expiry says what is deleted because it is old; zero keeps it.
type Expiry struct {
	// Links is for how long links stay that are down, Nodes for how long nodes do
	// that have no links and that nobody names. Nodes stay where Links is zero.
	Links, Nodes time.Duration
	// History is for how long the history of links and snapshots stay.
	History time.Duration
}

// Expired is how many were deleted.
type Expired struct{ Links, Nodes, Snapshots, Moments int }

// expiryBatch is how many rows go in one transaction.
const expiryBatch = 1000

// Expire deletes what is old, in batches (spec: topology §2.6).
func (s *Service) Expire(ctx context.Context, e Expiry) (done Expired, err error) {
	now := s.base.Now()
	run := func(name string, age time.Duration, into *int, some func(ctx context.Context, before time.Time, most int) (int, error)) {
		if age <= 0 || err != nil {
			return
		}
		for {
			n := 0
			err = s.base.Do(ctx, "topology.Expire "+name, func(ctx context.Context) (err error) {
				n, err = some(ctx, now.Add(-age), expiryBatch)
				return err
			})
			*into += n
			if err != nil || n < expiryBatch {
				return
			}
		}
	}
	run("links", e.Links, &done.Links, s.stores.Links.Expire)
	if e.Links > 0 {
		run("nodes", e.Nodes, &done.Nodes, s.stores.Nodes.Expire)
	}
	run("snapshots", e.History, &done.Snapshots, func(ctx context.Context, before time.Time, most int) (int, error) {
		return s.stores.Snapshots.Prune(ctx, Day(before), most)
	})
	run("moments", e.History, &done.Moments, s.stores.Moments.Prune)
	return done, err
}
