package sqlts

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Locations with many objects have sums as organizations do, from a time on: what was before
// is read from the objects. Sums of each location would double what a transaction
// writes, as most devices have a location of their own.

// atLocation is the tag that says where an object is.
const atLocation = "location_id"

// place is a location of an organization.
type place struct{ organization, location string }

// placeSums says where the sums of a place are, and from which slot on.
type placeSums struct{ scope, since int64 }

// places are those that have sums.
type places struct {
	mu    sync.Mutex
	read  time.Time // when they were read last
	found time.Time // when it was looked for others last
	known atomic.Pointer[map[place]placeSums]
}

const (
	// placesKnownFor is after how long a node hears of another's.
	placesKnownFor = 30 * time.Second
	// placesSoon is how far ahead sums of a place begin, so that all nodes know of it before.
	placesSoon = 10 * time.Minute
	// placesEvery is how often it is looked for large locations.
	placesEvery = 10 * time.Minute
)

// placesNow returns the places that have sums.
func (s *Store) placesNow(ctx context.Context) (map[place]placeSums, error) {
	p := &s.places
	p.mu.Lock()
	defer p.mu.Unlock()
	now := s.o.Now()
	if known := p.known.Load(); known != nil && now.Sub(p.read).Abs() < placesKnownFor {
		return *known, nil
	}
	rows, err := sqlstore.Select[struct {
		Organization string `db:"organization"`
		Location     string `db:"location"`
		Scope        int64  `db:"scope"`
		Since        int64  `db:"since"`
	}](ctx, s.db, "SELECT organization, location, scope, since FROM ts_place")
	if err != nil {
		return nil, fmt.Errorf("read large locations: %w", err)
	}
	known := make(map[place]placeSums, len(rows))
	for _, r := range rows {
		known[place{r.Organization, r.Location}] = placeSums{r.Scope, r.Since}
	}
	p.known.Store(&known)
	p.read = now
	return known, nil
}

// findPlaces lets locations that have become large have sums soon.
func (s *Store) findPlaces(ctx context.Context, now time.Time) error {
	p := &s.places
	p.mu.Lock()
	due := now.Sub(p.found).Abs() >= placesEvery
	if due {
		p.found = now
	}
	p.mu.Unlock()
	if !due || s.o.LargeLocation < 0 {
		return nil
	}
	rows, err := sqlstore.Select[struct {
		Organization string `db:"organization"`
		Location     string `db:"location"`
	}](ctx, s.db, "SELECT organization, location FROM ts_series WHERE location <> '' GROUP BY organization, location HAVING COUNT(DISTINCT owner) > ?", s.o.LargeLocation)
	if err != nil {
		return fmt.Errorf("look for large locations: %w", err)
	}
	known, err := s.placesNow(ctx)
	if err != nil {
		return err
	}
	since := floorDiv(now.Add(placesSoon).UnixMicro(), slot) + 1
	for _, r := range rows {
		if _, have := known[place{r.Organization, r.Location}]; have {
			continue
		}
		var names *naming
		err := s.db.InTx(ctx, func(ctx context.Context) error {
			names = s.naming(ctx)
			scope, err := names.symbol(r.Organization + "/" + r.Location)
			if err != nil {
				return err
			}
			_, err = sqlstore.Exec(ctx, s.db, "INSERT INTO ts_place (organization, location, scope, since) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", r.Organization, r.Location, scope, since)
			return err
		})
		if err != nil {
			return fmt.Errorf("keep sums of a large location: %w", err)
		}
		names.remember()
		p.mu.Lock()
		p.read = time.Time{}
		p.mu.Unlock()
	}
	return nil
}

// placed returns the scopes that answer a query over locations, and from which slot on; ok is
// false if objects of one of the locations have no sums there.
func (s *Store) placed(ctx context.Context, q *timeseries.Query) (scopes []int64, since int64, ok bool, err error) {
	list := q.Filter.Tags[atLocation]
	known, err := s.placesNow(ctx)
	if err != nil || len(known) == 0 {
		return nil, 0, false, err
	}
	marks, args := sqlstore.In(list)
	rows, err := sqlstore.Select[struct {
		Organization string `db:"organization"`
		Location     string `db:"location"`
	}](ctx, s.db, "SELECT DISTINCT organization, location FROM ts_series WHERE measurement = ? AND location IN ("+marks+")", append([]any{q.Measurement}, args...)...)
	if err != nil {
		return nil, 0, false, fmt.Errorf("look for locations: %w", err)
	}
	organizations := q.Filter.Tags[by]
	for _, r := range rows {
		if len(organizations) > 0 && !slices.Contains(organizations, r.Organization) {
			continue
		}
		sums, have := known[place{r.Organization, r.Location}]
		if !have {
			return nil, 0, false, nil
		}
		scopes, since = append(scopes, sums.scope), max(since, sums.since)
	}
	return scopes, since, len(scopes) > 0, nil
}
