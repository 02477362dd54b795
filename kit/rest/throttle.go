package rest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright/kit/window"
)

// Throttle limits how often each caller may come: by user when known, by
// Source otherwise. Views that share a Throttle share its counts
// (rest-conventions §9). Counts are kept in memory.
type Throttle struct{ visits *window.Window }

// NewThrottle makes a throttle of a rate such as "100/day": a number and a
// period of which only the first letter counts (second, minute, hour, day).
// An empty rate gives nil, which limits nothing. clock nil means time.Now.
func NewThrottle(rate string, clock func() time.Time) (*Throttle, error) {
	if rate == "" {
		return nil, nil
	}
	number, period, _ := strings.Cut(rate, "/")
	limit, err := strconv.Atoi(strings.TrimSpace(number))
	periods := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	if err != nil || limit < 0 || period == "" || periods[period[0]] == 0 {
		return nil, fmt.Errorf("throttle rate %q: want a number, a slash and second, minute, hour or day", rate)
	}
	return &Throttle{window.New(limit, periods[period[0]], clock)}, nil
}

// Allow counts a visit. When it comes too early the result is how long to
// wait, else 0. A nil Throttle allows everything.
func (t *Throttle) Allow(key string) (wait time.Duration) {
	if t == nil {
		return 0
	}
	return t.visits.Allow(key)
}

// Wait is how long a key that came too often has to wait, 0 for others; it counts
// nothing. With Allow for what failed only failures count. A nil Throttle lets
// everybody go on.
func (t *Throttle) Wait(key string) time.Duration {
	if t == nil {
		return 0
	}
	return t.visits.Wait(key)
}

// Admit counts a request and refuses it with 429 when it comes too early; for
// handlers that throttle one method only. A nil Throttle admits everything.
func (t *Throttle) Admit(r *Request) error {
	if t == nil {
		return nil
	}
	key := "a:" + r.Source()
	if r.Caller != nil {
		key = "u:" + r.Caller.ID.String()
	}
	wait := t.Allow(key)
	if wait == 0 {
		return nil
	}
	r.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return Throttled(wait)
}

// Throttled is the answer to somebody who came too early and has to wait.
func Throttled(wait time.Duration) error {
	seconds, unit := int(math.Ceil(wait.Seconds())), " seconds."
	if seconds == 1 {
		unit = " second."
	}
	return Fail(http.StatusTooManyRequests, "Request was throttled. Expected available in "+strconv.Itoa(seconds)+unit)
}
