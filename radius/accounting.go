package radius

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/emptied"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
)

// Status is what an accounting packet reports (RFC 2866, Acct-Status-Type).
type Status string

// The statuses that are understood.
const (
	Start         Status = "Start"
	Interim       Status = "Interim-Update"
	Stop          Status = "Stop"
	AccountingOn  Status = "Accounting-On"
	AccountingOff Status = "Accounting-Off"
)

// Outcome is what became of a report.
type Outcome int

// The outcomes of a report.
const (
	// Ignored: nothing was stored, and nothing will be if it is sent again.
	Ignored Outcome = iota
	// Created: it is the first of its session.
	Created
	// Updated: the session was known.
	Updated
)

// Causes of an end that the server finds out itself (spec: radius §5).
const (
	causeTimeout = "Session-Timeout"
	causeStale   = "Session Timeout"
	causeReboot  = "NAS-Reboot"
	causeMoved   = "NAS_Request"
)

// Report is one accounting packet about one session.
type Report struct {
	// OrganizationID is whose access server sent it.
	OrganizationID wispwright.ID
	// Status is Start, Interim or Stop.
	Status Status
	// UniqueID identifies the session.
	UniqueID string
	// Set puts what was reported into the session; what it leaves alone keeps its
	// value. It may be called more than once.
	Set func(*Session)
}

// Accounted is a report that was stored.
type Accounted struct {
	// Status is the report's.
	Status Status
	// Created: the session was unknown before.
	Created bool
	// Session is what is known now.
	Session *Session
}

// Accounting keeps sessions. A report is stored when Record has returned without
// error, and a report that is repeated counts once.
type Accounting struct {
	// Accounted is published when a report was stored.
	Accounted event.Topic[Accounted]
	// Closed is published once for each session that ended, whatever ended it
	// (additions: R-10).
	Closed event.Topic[*Session]
	// Changed is published with every change of a session.
	Changed event.Topic[entity.Change[Session]]

	base      *entity.Base
	stores    Stores
	accounts  Accounts
	members   *Memberships
	standing  *standing
	settings  *SettingsService
	tokens    *Tokens
	autoGroup bool
	together  *gathering[*reported]
	log       *slog.Logger
}

func newAccounting(b *entity.Base, stores Stores, accounts Accounts, members *Memberships, standing *standing, settings *SettingsService, tokens *Tokens, o *Options) *Accounting {
	a := &Accounting{base: b, stores: stores, accounts: accounts, members: members, standing: standing, settings: settings, tokens: tokens, autoGroup: !o.NoAutoGroup, log: o.Log}
	a.together = &gathering[*reported]{insert: a.store, workers: perAccounting}
	if b.Tenants != nil {
		emptied.Subscribe(b.Tx, b.Tenants, "radius.Sessions", func(ctx context.Context, organization wispwright.ID) (int, error) {
			found, err := stores.Sessions.List(ctx, wispwright.ScopeAll(), SessionFilter{OrganizationID: organization}, wispwright.Page{Limit: 1})
			return found.Total, err
		}, func(ctx context.Context, organization wispwright.ID) (int, error) {
			return stores.Sessions.DeleteOf(ctx, organization, atATime)
		})
	}
	return a
}

// atATime is how many sessions or answers of a deleted organization go in one statement:
// nobody hears of them.
const atATime = 2000

// Get returns a session.
func (a *Accounting) Get(ctx context.Context, scope wispwright.Scope, id string) (*Session, error) {
	return a.stores.Sessions.Get(ctx, scope, id)
}

// List returns a page of sessions, newest first.
func (a *Accounting) List(ctx context.Context, scope wispwright.Scope, f SessionFilter, p wispwright.Page) (wispwright.Items[Session], error) {
	return a.stores.Sessions.List(ctx, scope, f, p)
}

// Record stores a report (spec: radius §3c). A session of another organization is
// left alone. Reports that come at one time are stored together.
func (a *Accounting) Record(ctx context.Context, r Report) (outcome Outcome, err error) {
	one := &reported{Report: r, told: &Session{}}
	r.Set(one.told)
	if a.autoGroup && r.Status == Start { // so that the transaction need not ask
		if _, err := a.standing.named(ctx, a.members, text(one.told.Username), r.OrganizationID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return Ignored, err
		}
	}
	if wispwright.Pending(ctx) {
		err = a.store(ctx, one)
	} else {
		err = a.together.store(ctx, one)
	}
	switch {
	case err != nil:
		return Ignored, err
	case one.now.Session == nil:
		return Ignored, nil
	case one.now.Created:
		return Created, nil
	}
	return Updated, nil
}

// reported is a report on its way, and what became of it.
type reported struct {
	Report
	// told is what it says, by itself.
	told *Session
	now  Accounted
}

// store stores reports in one transaction, all or none: those of one session in the
// order they came, sessions in the same order everywhere, so that two nodes do not wait
// for each other.
func (a *Accounting) store(ctx context.Context, list ...*reported) error {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(x, y *reported) int { return strings.Compare(x.UniqueID, y.UniqueID) })
	for try := 1; ; try++ {
		err := a.base.Do(ctx, "radius.Accounting.Record", func(ctx context.Context) error {
			held := &holding{tenants: a.base.Tenants}
			var now []Accounted
			for _, r := range list {
				var err error
				if r.now, err = a.record(ctx, r.Report, r.told, held); err != nil {
					return err
				}
				if r.now.Session != nil {
					now = append(now, r.now)
				}
			}
			a.Accounted.Publish(ctx, now...)
			return nil
		})
		var conflict *wispwright.ConflictError
		if errors.As(err, &conflict) && try == 1 && len(list) == 1 && !wispwright.Pending(ctx) {
			continue // another packet of the same session was faster
		}
		return err
	}
}

// holding keeps organizations from being deleted, each once in a transaction.
type holding struct {
	tenants entity.Tenants
	held    []wispwright.ID
}

func (h *holding) hold(ctx context.Context, organization wispwright.ID) error {
	if h.tenants == nil || slices.Contains(h.held, organization) {
		return nil
	}
	h.held = append(h.held, organization)
	return h.tenants.Hold(ctx, organization)
}

func (a *Accounting) record(ctx context.Context, r Report, told *Session, held *holding) (now Accounted, err error) {
	username, calling := "", "" // others matter to a new session alone
	if r.Status == Start {
		username, calling = text(told.Username), text(told.CallingStationID)
	}
	beside, err := a.stores.Sessions.Beside(ctx, r.UniqueID, username, calling)
	if err != nil {
		return now, err
	}
	var known *Session
	if i := slices.IndexFunc(beside, func(s *Session) bool { return s.UniqueID == r.UniqueID }); i >= 0 {
		known = beside[i]
	}
	switch {
	case known == nil:
		if r.Status != Start && text(told.Username) != "" && text(told.CallingStationID) != "" {
			if beside, err = a.stores.Sessions.Beside(ctx, r.UniqueID, *told.Username, *told.CallingStationID); err != nil {
				return now, err
			}
		}
		now.Created = true
		now.Session, err = a.create(ctx, r, beside, held)
	case known.OrganizationID != r.OrganizationID:
		return now, nil
	default:
		now.Session, err = a.update(ctx, known, r)
	}
	if err != nil || now.Session == nil {
		return now, err
	}
	if r.Status == Stop {
		if err := a.tokens.used(ctx, text(now.Session.Username)); err != nil {
			return now, err
		}
	}
	now.Status = r.Status
	return now, nil
}

// perAccounting is how many transactions of reports are under way: enough to use the
// time in which each of them waits for the database, few enough that reports meet.
const perAccounting = 4

// possible refuses what no session can be and never will: it is not stored, and the
// access server need not send it again.
func possible(s *Session) bool {
	for _, n := range []*int64{s.SessionTime, s.InputOctets, s.OutputOctets, s.Interval} {
		if n != nil && *n < 0 {
			return false
		}
	}
	return s.SessionTime == nil || *s.SessionTime <= 1<<31-1
}

// at sets the times of a report that arrived now.
func (r *Report) at(s *Session, now time.Time) {
	switch r.Status {
	case Interim:
		empty := ""
		s.UpdateTime, s.StopTime, s.TerminateCause = now, time.Time{}, &empty
	case Stop:
		s.UpdateTime, s.StopTime = now, now
	}
	if s.StartTime.IsZero() {
		s.StartTime = now
	}
	s.Count()
}

func (a *Accounting) create(ctx context.Context, r Report, beside []*Session, held *holding) (*Session, error) {
	s := &Session{}
	r.Set(s)
	s.UniqueID, s.OrganizationID = r.UniqueID, r.OrganizationID
	if !possible(s) {
		a.log.WarnContext(ctx, "an accounting packet was ignored: a number is out of range", "unique_id", r.UniqueID)
		return nil, nil
	}
	r.at(s, a.base.Now())
	if a.autoGroup && text(s.Username) != text(s.CallingStationID) {
		s.GroupName = nil
		switch m, err := a.standing.named(ctx, a.members, text(s.Username), s.OrganizationID); {
		case err == nil:
			s.GroupName = &m.GroupName
		case !errors.Is(err, wispwright.ErrNotFound):
			return nil, err
		default:
			if _, err := a.accounts.Named(ctx, text(s.Username)); errors.Is(err, wispwright.ErrNotFound) {
				a.log.WarnContext(ctx, "No corresponding user found for username: "+text(s.Username), "unique_id", s.UniqueID)
			} else if err != nil {
				return nil, err
			}
		}
	}
	if err := held.hold(ctx, s.OrganizationID); err != nil {
		return nil, err
	}
	if err := a.stores.Sessions.Insert(ctx, s); err != nil {
		return nil, err
	}
	a.tell(ctx, nil, s)
	return s, a.closeOthers(ctx, s, beside)
}

func (a *Accounting) update(ctx context.Context, known *Session, r Report) (*Session, error) {
	var before Session
	tried := *known
	r.Set(&tried)
	if !possible(&tried) {
		a.log.WarnContext(ctx, "an accounting packet was ignored: a number is out of range", "unique_id", r.UniqueID)
		return nil, nil
	}
	unconverted, err := a.settings.unconverted(ctx, r.OrganizationID)
	if err != nil {
		return nil, err
	}
	s, err := a.stores.Sessions.Update(ctx, wispwright.ScopeOf(r.OrganizationID), known.UniqueID, func(s *Session) error {
		before = *s
		r.Set(s)
		s.UniqueID, s.OrganizationID = before.UniqueID, before.OrganizationID
		if contains(unconverted, text(s.CalledStationID)) {
			s.CalledStationID = before.CalledStationID
		}
		if r.Status == Start && !before.IsOpen() && text(s.TerminateCause) == "" {
			s.TerminateCause = before.TerminateCause // a packet that came late
		}
		r.at(s, a.base.Now())
		return nil
	})
	if err != nil {
		return nil, raced(err)
	}
	a.tell(ctx, &before, s)
	return s, nil
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s && s != "" {
			return true
		}
	}
	return false
}

// raced has a transaction run again in which a row went away between two looks.
func raced(err error) error {
	if errors.Is(err, wispwright.ErrNotFound) {
		return fmt.Errorf("%w: %w", wispwright.ErrCollision, err)
	}
	return err
}

// tell publishes what became of a session.
func (a *Accounting) tell(ctx context.Context, before, after *Session) {
	a.Changed.Publish(ctx, entity.Change[Session]{Before: before, After: after})
	if after != nil && !after.IsOpen() && (before == nil || before.IsOpen()) {
		a.Closed.Publish(ctx, after)
	}
}

// closeOthers ends the sessions that a new one of the same user and device follows
// (spec: radius §5.1), wherever they are.
func (a *Accounting) closeOthers(ctx context.Context, s *Session, beside []*Session) error {
	if text(s.CalledStationID) == "" {
		return nil
	}
	now := a.base.Now()
	for _, o := range beside {
		if o.UniqueID == s.UniqueID {
			continue
		}
		_, err := a.end(ctx, o.UniqueID, causeTimeout, func(o *Session) time.Time {
			if !o.UpdateTime.IsZero() {
				return o.UpdateTime
			}
			return now
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// end ends a session, unless it has ended, at the time that when gives.
func (a *Accounting) end(ctx context.Context, id, cause string, when func(*Session) time.Time) (closed bool, err error) {
	var before Session
	after, err := a.stores.Sessions.Update(ctx, wispwright.ScopeAll(), id, func(s *Session) error {
		before = *s
		if closed = s.IsOpen(); closed {
			s.StopTime, s.TerminateCause = when(s), &cause
			s.Count()
		}
		return nil
	})
	if err != nil {
		return false, raced(err)
	}
	if closed {
		a.tell(ctx, &before, after)
	}
	return closed, nil
}

// perClosing is how many sessions are ended at a time.
const perClosing = 1000

// close ends the sessions of a filter that which picks, at the time that when gives,
// and returns their number.
func (a *Accounting) close(ctx context.Context, f SessionFilter, cause string, which func(*Session) bool, when func(s *Session, now time.Time) time.Time) (int, error) {
	n := 0
	now := a.base.Now()
	for skip := 0; ; {
		found, err := a.stores.Sessions.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Offset: skip, Limit: perClosing, NoTotal: true})
		if err != nil {
			return n, err
		}
		for _, s := range found.Rows {
			if which != nil && !which(s) {
				skip++
				continue
			}
			closed, err := a.end(ctx, s.UniqueID, cause, func(s *Session) time.Time { return when(s, now) })
			if err != nil {
				return n, err
			}
			if closed {
				n++
			}
		}
		if len(found.Rows) < perClosing {
			return n, nil
		}
	}
}

// Rebooted ends the sessions of an access point or access server that says that it
// begins to account, or ceases to (additions: R-2): those with its called station
// id, or with that and a network's name behind it, or, when it gives none, all of the
// access server.
func (a *Accounting) Rebooted(ctx context.Context, organization wispwright.ID, called string, nas netip.Addr) (n int, err error) {
	yes := true
	f := SessionFilter{OrganizationID: organization, IsOpen: &yes}
	end := func(_ *Session, now time.Time) time.Time { return now }
	err = a.base.Do(ctx, "radius.Accounting.Rebooted", func(ctx context.Context) error {
		n = 0
		byName, byAddress := f, f
		byName.CalledStationID, byAddress.NASAddress = called, nas
		if called != "" {
			if n, err = a.close(ctx, byName, causeReboot, nil, end); err != nil {
				return err
			}
		}
		if !nas.IsValid() {
			return nil
		}
		more, err := a.close(ctx, byAddress, causeReboot, func(s *Session) bool {
			return called == "" || strings.HasPrefix(text(s.CalledStationID), called+":")
		}, end)
		n += more
		return err
	})
	return n, err
}

// CloseStale ends sessions that nothing was heard of for a time, and returns their
// number (spec: radius §5.2).
func (a *Accounting) CloseStale(ctx context.Context, silent time.Duration) (int, error) {
	yes := true
	before := a.base.Now().Add(-silent)
	end := func(s *Session, now time.Time) time.Time {
		lasted := int64(now.Sub(s.StartTime) / time.Second)
		lasted = min(max(lasted, 0), 1<<31-1)
		s.SessionTime, s.UpdateTime = &lasted, now
		return now
	}
	n := 0
	for _, f := range []SessionFilter{{IsOpen: &yes, UpdateTimeBefore: before}, {IsOpen: &yes, NeverUpdated: &yes, StartTimeBefore: before}} {
		some := 0
		err := a.base.Do(ctx, "radius.Accounting.CloseStale", func(ctx context.Context) (err error) {
			some, err = a.close(ctx, f, causeStale, nil, end)
			return err
		})
		n += some
		if err != nil {
			return n, fmt.Errorf("close stale sessions: %w", err)
		}
	}
	return n, nil
}

// Moved ends the latest open session of a user in an organization, because the user
// went to another one (spec: radius §5.3).
func (a *Accounting) Moved(ctx context.Context, username string, from wispwright.ID) error {
	yes := true
	found, err := a.stores.Sessions.List(ctx, wispwright.ScopeAll(), SessionFilter{OrganizationID: from, Username: username, IsOpen: &yes}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return err
	}
	last := found.Rows[0].UniqueID
	_, err = a.close(ctx, SessionFilter{UniqueID: last, IsOpen: &yes}, causeMoved, nil, func(s *Session, now time.Time) time.Time {
		s.UpdateTime = now
		return now
	})
	return err
}

// Regroup notes that an access server treats a session as one of another group now.
func (a *Accounting) Regroup(ctx context.Context, id, group string) error {
	return a.base.Do(ctx, "radius.Accounting.Regroup", func(ctx context.Context) error {
		var before Session
		after, err := a.stores.Sessions.Update(ctx, wispwright.ScopeAll(), id, func(s *Session) error {
			before = *s
			s.GroupName = &group
			return nil
		})
		if err == nil {
			a.tell(ctx, &before, after)
		}
		return err
	})
}

// Prune removes sessions that ended so long ago, and returns their number.
func (a *Accounting) Prune(ctx context.Context, age time.Duration) (int, error) {
	return a.stores.Sessions.DeleteBefore(ctx, a.base.Now().Add(-age))
}

// macAddress is how devices that roam name themselves, at the beginning of a
// username (spec: radius §2).
func macAddress(username string) (string, bool) {
	const length = len("aa:bb:cc:dd:ee:ff")
	if len(username) < length {
		return "", false
	}
	out := []byte(strings.ToLower(username[:length]))
	for i, c := range out {
		switch {
		case i%3 == 2:
			if c != ':' && c != '-' {
				return "", false
			}
			out[i] = ':'
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return "", false
		}
	}
	return string(out), true
}

// Roamed finds the user whose device, named by its address, has an open session
// where roaming is allowed (spec: radius §5.4). isMAC is false for a username that is
// no address of a device; without error and session nobody roams.
func (a *Accounting) Roamed(ctx context.Context, username string) (s *Session, isMAC bool, err error) {
	mac, isMAC := macAddress(username)
	if !isMAC {
		return nil, false, nil
	}
	yes := true
	found, err := a.stores.Sessions.List(ctx, wispwright.ScopeAll(), SessionFilter{Calling: mac, IsOpen: &yes}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return nil, true, err
	}
	in, err := a.settings.Effective(ctx, found.Rows[0].OrganizationID)
	if err != nil || !in.MACRoaming {
		return nil, true, err
	}
	return found.Rows[0], true, nil
}
