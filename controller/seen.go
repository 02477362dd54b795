package controller

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// Sighting tells when a device was heard of last.
type Sighting struct {
	// DeviceID is the device.
	DeviceID wispwright.ID
	// At is when its last request with the right key came.
	At time.Time
}

// seenParts is into how many parts the memory of sightings is divided, so that
// requests of different devices do not wait for each other.
const seenParts = 64

// sightings remembers when devices were heard of until that is written. A
// request costs a look into a map: a device that polls never waits for a disk.
type sightings struct {
	parts [seenParts]struct {
		mu sync.Mutex
		at map[wispwright.ID]int64 // microseconds since 1970
	}
}

// note remembers a sighting; of two the later one counts.
func (s *sightings) note(id wispwright.ID, at int64) {
	p := &s.parts[id[len(id)-1]%seenParts]
	p.mu.Lock()
	if p.at == nil {
		p.at = map[wispwright.ID]int64{}
	}
	if at > p.at[id] {
		p.at[id] = at
	}
	p.mu.Unlock()
}

// take returns what was remembered, in the order of the ids, and forgets it.
func (s *sightings) take() (out []Sighting) {
	for i := range s.parts {
		p := &s.parts[i]
		p.mu.Lock()
		for id, at := range p.at {
			out = append(out, Sighting{id, time.UnixMicro(at).UTC()})
		}
		clear(p.at)
		p.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b Sighting) int { return slices.Compare(a.DeviceID[:], b.DeviceID[:]) })
	return out
}

// seenBatch is how many sightings are written in one transaction.
const seenBatch = 500

// WriteSeen writes when devices were heard of since it was called last: call it
// once in a while, and at the end. What could not be written is kept for the
// next time. It returns the number of sightings written.
func (s *Agents) WriteSeen(ctx context.Context) (int, error) {
	all := s.agents.seen.take()
	for written := 0; written < len(all); written += seenBatch {
		batch := all[written:min(written+seenBatch, len(all))]
		if err := s.agents.stores.Devices.Seen(ctx, batch); err != nil {
			for _, left := range all[written:] {
				s.agents.seen.note(left.DeviceID, left.At.UnixMicro())
			}
			return written, fmt.Errorf("controller.Agents.WriteSeen: %w", err)
		}
	}
	return len(all), nil
}

// KeepSeen calls WriteSeen at every interval until the context ends: after a
// crash no device is said to be silent for longer than that too long.
func (s *Agents) KeepSeen(ctx context.Context, interval time.Duration) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if _, err := s.WriteSeen(ctx); err != nil && ctx.Err() == nil {
				s.agents.Log.WarnContext(ctx, "when devices were heard of could not be written, it is tried again", "error", err)
			}
		}
	}
}
