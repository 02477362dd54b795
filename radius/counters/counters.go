// Package counters limits what people may use of a network: so much time or so much
// traffic, a day or a month. A Counter is a value that is asked what is left; those
// of the product are Quotas, a program adds its own. Package radiustest has the
// suite that any Counter passes (spec: radius §4).
package counters

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// Counter limits what members of a group may use.
type Counter interface {
	// CheckName is the check of the group that holds the limit, such as
	// "Max-Daily-Session".
	CheckName() string
	// ReplyNames are the attributes of the answer that tell the access server what
	// is left.
	ReplyNames() []string
	// Left returns what is left of the limit, one number for each reply name, or
	// none to say nothing. ErrNoLimit: this counter does not apply. A *QuotaError:
	// nothing is left.
	Left(ctx context.Context, q Question) ([]int64, error)
}

// Question is what a Counter is asked.
type Question struct {
	// Username is whose use is counted, Joined when the account was made.
	Username string
	Joined   time.Time
	// Organization is where it is counted, Group the name of the group that counts.
	Organization wispwright.ID
	Group        string
	// Limit is the value of the check, as it was typed; Limited is false when the
	// group has no such check.
	Limit   string
	Limited bool
	// Now is the time, in the zone in which days and months begin.
	Now time.Time
	// Used tells what was used since a time, in seconds since 1970.
	Used func(ctx context.Context, since int64) (Use, error)
}

// Use is what was used within a window of time.
type Use struct {
	// Seconds is the time, of sessions that began before the window only what lies
	// in it.
	Seconds int64 `db:"seconds"`
	// Octets are those of both directions, of sessions that began before the window
	// all.
	Octets int64 `db:"octets"`
}

// ErrNoLimit: a counter does not apply.
var ErrNoLimit = errors.New("there is no limit")

// QuotaReached is what people are told when nothing is left.
const QuotaReached = "Your maximum daily usage time has been reached"

// QuotaError: nothing is left of a limit.
type QuotaError struct {
	// Message is shown to people.
	Message string
}

// Error is the message.
func (e *QuotaError) Error() string { return e.Message }

// Reset is when a counter begins anew.
type Reset string

// When counters begin anew (spec: radius §4).
const (
	Daily   Reset = "daily"
	Weekly  Reset = "weekly"
	Monthly Reset = "monthly"
	// MonthlySubscription begins on the day of the month on which the user joined,
	// or on the last day of a month that has no such day.
	MonthlySubscription Reset = "monthly_subscription"
	Never               Reset = "never"
)

// Window returns when the present period began and when it ends, at midnight in the
// zone of now; with Never, zero times.
func (r Reset) Window(now, joined time.Time) (start, end time.Time) {
	y, m, d := now.Date()
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, now.Location()) }
	switch r {
	case Daily:
		return day(y, m, d), day(y, m, d+1)
	case Weekly:
		monday := d - (int(now.Weekday())+6)%7
		return day(y, m, monday), day(y, m, monday+7)
	case Monthly:
		return day(y, m, 1), day(y, m+1, 1)
	case MonthlySubscription:
		on := joined.In(now.Location()).Day()
		within := func(months int) time.Time {
			first := day(y, m+time.Month(months), 1)
			last := first.AddDate(0, 1, -1).Day()
			return day(first.Year(), first.Month(), min(on, last))
		}
		if start = within(0); start.After(now) {
			return within(-1), start
		}
		return start, within(1)
	}
	return time.Time{}, time.Time{}
}

// Quota is the Counter of time or of traffic.
type Quota struct {
	// Check is the check's name.
	Check string
	// Replies are the names of attributes of the answer.
	Replies []string
	// Traffic counts octets. Default: seconds.
	Traffic bool
	// Reset is when it begins anew. Default: never.
	Reset Reset
	// Message is shown to people when nothing is left. Default: QuotaReached.
	Message string
}

// Windowed is a Counter that says beforehand since when it will ask what was used, so
// that all windows are summed at once.
type Windowed interface {
	Counter
	// Since is the beginning of its window, in seconds since 1970.
	Since(q Question) int64
}

var _ Windowed = Quota{}

// Since implements Windowed.
func (c Quota) Since(q Question) int64 {
	if start, _ := c.Reset.Window(q.Now, q.Joined); !start.IsZero() {
		return start.Unix()
	}
	return 0
}

// CheckName implements Counter.
func (c Quota) CheckName() string { return c.Check }

// ReplyNames implements Counter.
func (c Quota) ReplyNames() []string { return c.Replies }

// Left implements Counter.
func (c Quota) Left(ctx context.Context, q Question) ([]int64, error) {
	if !q.Limited {
		return nil, ErrNoLimit
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(q.Limit), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: %s of %s is no number", ErrNoLimit, c.Check, q.Group)
	}
	use, err := q.Used(ctx, c.Since(q))
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", c.Check, err)
	}
	used := use.Seconds
	if c.Traffic {
		used = use.Octets
	}
	if used >= limit {
		message := c.Message
		if message == "" {
			message = QuotaReached
		}
		return nil, &QuotaError{message}
	}
	left := make([]int64, len(c.Replies))
	for i := range left {
		left[i] = limit - used
	}
	return left, nil
}

// The names of attributes that counters go by, unless others are configured (spec:
// radius §14).
const (
	TrafficCheck = "Max-Daily-Session-Traffic"
	TrafficReply = "CoovaChilli-Max-Total-Octets"
)

// Defaults are those of the product; traffic is limited by a check and told by
// a reply of these names, empty for the usual ones.
func Defaults(trafficCheck, trafficReply string) []Counter {
	if trafficCheck == "" {
		trafficCheck = TrafficCheck
	}
	if trafficReply == "" {
		trafficReply = TrafficReply
	}
	return []Counter{
		Quota{Check: "Max-Daily-Session", Replies: []string{"Session-Timeout"}, Reset: Daily},
		Quota{Check: trafficCheck, Replies: []string{trafficReply}, Traffic: true, Reset: Daily},
		Quota{Check: "Max-Monthly-Session-Traffic", Replies: []string{trafficReply}, Traffic: true, Reset: Monthly},
	}
}

// UnitOf tells what a check counts: "bytes", "seconds", or "" for what is not known.
func UnitOf(check string) string {
	check = strings.ToLower(check)
	switch {
	case strings.Contains(check, "traffic"):
		return "bytes"
	case strings.Contains(check, "session"):
		return "seconds"
	}
	return ""
}
