package loginpages

import (
	"context"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// step is how far somebody came.
type step int

const (
	seen step = iota
	tried
)

type funnelKey struct {
	organization wispwright.ID
	day          string
}

// funnel counts in memory, so that a thousand people at once are one write.
type funnel struct {
	mu      sync.Mutex
	counted map[funnelKey]Day
}

// storeEvery is how often what was counted is stored.
const storeEvery = 5 * time.Second

func (f *funnel) count(organization wispwright.ID, day string, s step) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := funnelKey{organization, day}
	d := f.counted[k]
	d.OrganizationID, d.Day = organization, day
	if s == seen {
		d.Seen++
	} else {
		d.Tried++
	}
	f.counted[k] = d
}

// take empties the counters.
func (f *funnel) take() map[funnelKey]Day {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.counted
	f.counted = map[funnelKey]Day{}
	return out
}

// put gives back what could not be stored.
func (f *funnel) put(d Day) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := funnelKey{d.OrganizationID, d.Day}
	now := f.counted[k]
	d.Seen, d.Tried = d.Seen+now.Seen, d.Tried+now.Tried
	f.counted[k] = d
}

func (f *funnel) run(ctx context.Context, s *Service) {
	t := time.NewTicker(storeEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := s.StoreCounts(ctx); err != nil {
				s.log.WarnContext(ctx, "visits of login pages are not stored yet", "error", err)
			}
		}
	}
}

// StoreCounts stores what was counted since the last time. Start does it every few
// seconds; the code that stops the program does it once more.
func (s *Service) StoreCounts(ctx context.Context) error {
	var failed error
	for _, d := range s.funnel.take() {
		if err := s.stores.Days.Add(ctx, d); err != nil {
			s.funnel.put(d)
			failed = err
		}
	}
	return failed
}

// today is the date of the funnel.
func (s *Service) today() string { return s.base.Now().In(s.zone).Format(time.DateOnly) }

func (s *Service) yesterday() string {
	return s.base.Now().In(s.zone).AddDate(0, 0, -1).Format(time.DateOnly)
}

// expect notes somebody who logged in at a page, whose session is waited for.
func (s *Service) expect(ctx context.Context, organization wispwright.ID, username string) error {
	return s.stores.Arrivals.Expect(ctx, Arrival{OrganizationID: organization, Username: username, Day: s.today()})
}

// Arrived counts sessions that began, of users who came through a page today or
// yesterday and had none.
func (s *Service) Arrived(ctx context.Context, organization wispwright.ID, usernames ...string) error {
	n, err := s.stores.Arrivals.Arrive(ctx, organization, s.yesterday(), usernames...)
	if err != nil || n == 0 {
		return err
	}
	return s.stores.Days.Add(ctx, Day{OrganizationID: organization, Day: s.today(), Online: int64(n)})
}

// Clean removes what nobody waits for any more; run it once a day.
func (s *Service) Clean(ctx context.Context) error {
	return s.stores.Arrivals.Forget(ctx, s.yesterday())
}

// Funnel are the days of organizations of a scope, latest first.
func (s *Service) Funnel(ctx context.Context, scope wispwright.Scope, f DayFilter, p wispwright.Page) (wispwright.Items[Day], error) {
	return s.stores.Days.List(ctx, scope, f, p)
}
