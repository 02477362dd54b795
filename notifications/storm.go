package notifications

import (
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// StormLimits say when somebody is told so much that pages stay quiet (spec:
// notifications §9; setting NOTIFICATION_STORM_PREVENTION).
type StormLimits struct {
	// ShortTime and ShortCount: more than so many within the time are a storm.
	// Defaults: 10 s, 6.
	ShortTime  time.Duration
	ShortCount int
	// LongTime and LongCount likewise. Defaults: 180 s, 30.
	LongTime  time.Duration
	LongCount int
	// InitialBackoff, BackoffIncrement and MaxBackoff pace how often an open page
	// reads its list anew during a storm. Defaults: 1 s, 1 s, 15 s.
	InitialBackoff, BackoffIncrement, MaxBackoff time.Duration
}

// DefaultStormLimits are the original's.
func DefaultStormLimits() StormLimits {
	return StormLimits{10 * time.Second, 6, 180 * time.Second, 30, time.Second, time.Second, 15 * time.Second}
}

// stormLasts is how long somebody found in a storm counts as being in it.
const stormLasts = time.Minute

// Storm is the state of one open page.
type Storm struct {
	limits  StormLimits
	last    time.Time
	backoff time.Duration
}

// NewStorm begins when a page is opened.
func (l StormLimits) NewStorm(now time.Time) *Storm { return &Storm{l, now, l.InitialBackoff} }

// raging tells from the numbers of notifications within the two times whether
// a storm begins.
func (l StormLimits) raging(short, long int) bool { return short > l.ShortCount || long > l.LongCount }

// Watch remembers which users are in a storm. It may be used by several
// goroutines.
type Watch struct {
	limits StormLimits
	mu     sync.Mutex
	until  map[wispwright.ID]time.Time
}

// NewWatch begins without a storm.
func (l StormLimits) NewWatch() *Watch {
	return &Watch{limits: l, until: map[wispwright.ID]time.Time{}}
}

// Raging tells from the numbers of a user's notifications within the two times
// whether there is a storm, which then lasts for a minute at least.
func (w *Watch) Raging(user wispwright.ID, now time.Time, short, long int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	// further away than a storm lasts it can only be after the clock was set back
	if until := w.until[user]; until.After(now) && !until.After(now.Add(stormLasts)) {
		return true
	}
	if !w.limits.raging(short, long) {
		return false
	}
	for other, until := range w.until { // so that it holds those in a storm only
		if !until.After(now) {
			delete(w.until, other)
		}
	}
	w.until[user] = now.Add(stormLasts)
	return true
}

// Muffle is called for each event of a page's user during a storm. It reports
// whether the page still reads its list anew; it shows and sounds nothing.
func (s *Storm) Muffle(now time.Time, reload bool) bool {
	switch ahead := s.last.Sub(now); {
	case ahead > 0 && ahead >= s.limits.MaxBackoff:
		s.last, s.backoff = now, s.limits.InitialBackoff
	case s.last.After(now.Add(-s.limits.InitialBackoff)):
		s.last = now.Add(s.backoff)
		s.backoff += s.limits.BackoffIncrement
		return false
	default:
		s.last, s.backoff = now, s.limits.InitialBackoff
	}
	return reload
}
