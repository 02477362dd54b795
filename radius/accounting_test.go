package radius_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/radiustest"
)

var ctx = context.Background()

func everywhere() wispwright.Scope { return wispwright.ScopeAll() }

func ptr[T any](v T) *T { return &v }

func TestLifeOfASession(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	var told []string
	w.Accounting.Accounted.Subscribe("test", func(_ context.Context, all ...radius.Accounted) { told = append(told, string(all[0].Status)) })
	w.Accounting.Closed.Subscribe("test", func(_ context.Context, all ...*radius.Session) {
		cause := "without cause"
		if c := all[0].TerminateCause; c != nil {
			cause = *c
		}
		told = append(told, "closed "+all[0].UniqueID+" "+cause)
	})
	require.Equal(t, radius.Created, w.Report(t, radius.Start, "one", "ann", "d"))
	s := w.Session(t, "one")
	require.Equal(t, []any{w.Now, true, true, "alpha-users"}, []any{s.StartTime, s.UpdateTime.IsZero(), s.IsOpen(), *s.GroupName})
	w.After(time.Minute)
	w.Report(t, radius.Interim, "one", "ann", "d", 60)
	require.Equal(t, w.Now, w.Session(t, "one").UpdateTime)
	w.After(time.Minute)
	_, err := w.Accounting.Record(ctx, radius.Report{OrganizationID: w.Alpha, Status: radius.Stop, UniqueID: "one", Set: func(s *radius.Session) { s.TerminateCause = ptr("User-Request") }})
	require.NoError(t, err)
	s = w.Session(t, "one")
	require.Equal(t, []any{w.Now, w.Now, int64(60)}, []any{s.StopTime, s.UpdateTime, *s.SessionTime}, "what was not told stays")
	w.Report(t, radius.Interim, "one", "ann", "d", 120)
	s = w.Session(t, "one")
	require.Equal(t, []any{true, ""}, []any{s.IsOpen(), *s.TerminateCause}, "an update opens it again")
	require.Equal(t, []string{"Start", "Interim-Update", "closed one User-Request", "Stop", "Interim-Update"}, told)

	_, err = w.Accounting.Record(ctx, radius.Report{OrganizationID: w.Alpha, Status: radius.Stop, UniqueID: "one", Set: func(s *radius.Session) { s.TerminateCause = ptr("Idle-Timeout") }})
	require.NoError(t, err)
	_, err = w.Accounting.Record(ctx, radius.Report{OrganizationID: w.Alpha, Status: radius.Start, UniqueID: "one", Set: func(s *radius.Session) { s.TerminateCause = ptr("") }})
	require.NoError(t, err)
	s = w.Session(t, "one")
	require.Equal(t, []any{false, "Idle-Timeout"}, []any{s.IsOpen(), *s.TerminateCause}, "a beginning that is told late changes nothing")

	require.Equal(t, radius.Created, w.Report(t, radius.Stop, "late", "bob", "x", 7), "the end of what nobody knew")
	s = w.Session(t, "late")
	require.Equal(t, []time.Time{w.Now, w.Now, w.Now}, []time.Time{s.StartTime, s.UpdateTime, s.StopTime})
}

func TestGroupOfASession(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	second := &radius.Group{OrganizationID: w.Alpha, Name: "vip"}
	require.NoError(t, w.Groups.Create(ctx, second))
	require.NoError(t, w.Memberships.Create(ctx, &radius.Membership{UserID: w.Accounts[0].ID, GroupID: second.ID, Priority: 0}))
	w.Report(t, radius.Start, "one", "ann", "d")
	w.Report(t, radius.Start, "two", "nobody", "e")
	w.Report(t, radius.Start, "three", "eve", "f")
	w.Report(t, radius.Start, "four", "aa:bb:cc:dd:ee:ff", "aa:bb:cc:dd:ee:ff")
	require.Equal(t, "alpha-vip", *w.Session(t, "one").GroupName, "the lowest priority wins")
	for _, unique := range []string{"two", "three", "four"} {
		require.Nil(t, w.Session(t, unique).GroupName, unique)
	}
	off := radiustest.New(t, memory(t), &radius.Options{NoAutoGroup: true})
	off.Report(t, radius.Start, "one", "ann", "d")
	require.Nil(t, off.Session(t, "one").GroupName)
}

func TestNextSessionOfADeviceEndsTheLast(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	w.Report(t, radius.Start, "one", "ann", "d")
	heard := w.Now
	w.Report(t, radius.Interim, "one", "ann", "d", 1)
	w.Report(t, radius.Start, "other device", "ann", "e")
	w.Report(t, radius.Start, "other user", "bob", "d")
	w.After(time.Minute)
	w.Report(t, radius.Start, "two", "ann", "d")
	s := w.Session(t, "one")
	require.Equal(t, []any{heard, "Session-Timeout"}, []any{s.StopTime, *s.TerminateCause})
	for _, unique := range []string{"two", "other device", "other user"} {
		require.True(t, w.Session(t, unique).IsOpen(), unique)
	}
	_, err := w.Accounting.Record(ctx, radius.Report{OrganizationID: w.Alpha, Status: radius.Start, UniqueID: "no called", Set: func(s *radius.Session) {
		s.Username, s.CallingStationID, s.CalledStationID, s.NASAddress = ptr("ann"), ptr("d"), ptr(""), netip.MustParseAddr("10.0.0.1")
	}})
	require.NoError(t, err)
	require.True(t, w.Session(t, "two").IsOpen(), "without a called station nothing ends")
}

func TestImpossibleNumbersAreIgnored(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	require.Equal(t, radius.Ignored, w.Report(t, radius.Start, "one", "ann", "d", -1))
	require.Equal(t, radius.Ignored, w.Report(t, radius.Start, "one", "ann", "d", 1<<31))
	_, err := w.Accounting.Get(ctx, everywhere(), "one")
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	w.Report(t, radius.Start, "one", "ann", "d", 5)
	require.Equal(t, radius.Ignored, w.Report(t, radius.Interim, "one", "ann", "d", 6, -7))
	require.Equal(t, int64(5), *w.Session(t, "one").SessionTime)
}

func TestRebootsAndStaleSessions(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	w.Report(t, radius.Start, "one", "ann", "d") // at 00-11-22-33-44-55:net
	nas := w.Session(t, "one").NASAddress
	n, err := w.Accounting.Rebooted(ctx, w.Alpha, "66-77-88-99-AA-BB", nas)
	require.NoError(t, err)
	require.Zero(t, n, "another access point")
	n, err = w.Accounting.Rebooted(ctx, w.Beta, "00-11-22-33-44-55:net", nas)
	require.NoError(t, err)
	require.Zero(t, n, "another organization")
	for _, called := range []string{"00-11-22-33-44-55:net", "00-11-22-33-44-55", ""} {
		w.Report(t, radius.Interim, "one", "ann", "d", 1)
		n, err = w.Accounting.Rebooted(ctx, w.Alpha, called, nas)
		require.NoError(t, err)
		require.Equal(t, 1, n, called)
		require.Equal(t, "NAS-Reboot", *w.Session(t, "one").TerminateCause)
	}

	begun := w.Now
	w.Report(t, radius.Start, "silent", "bob", "x")
	w.After(23 * time.Hour)
	w.Report(t, radius.Start, "fresh", "bob", "y")
	n, err = w.Accounting.CloseStale(ctx, 24*time.Hour)
	require.NoError(t, err)
	require.Zero(t, n)
	w.After(2 * time.Hour)
	n, err = w.Accounting.CloseStale(ctx, 24*time.Hour)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	s := w.Session(t, "silent")
	require.Equal(t, []any{"Session Timeout", w.Now, w.Now, int64(w.Now.Sub(begun) / time.Second)}, []any{*s.TerminateCause, s.StopTime, s.UpdateTime, *s.SessionTime})
	require.True(t, w.Session(t, "fresh").IsOpen())
	n, err = w.Accounting.Prune(ctx, -time.Hour)
	require.NoError(t, err)
	require.Equal(t, 2, n, "open ones stay")
}

func TestRoaming(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	w.Report(t, radius.Start, "one", "ann", "AA-BB-CC-DD-EE-FF")
	s, isMAC, err := w.Accounting.Roamed(ctx, "aa:bb:cc:dd:ee:ff")
	require.NoError(t, err)
	require.Equal(t, []any{true, true}, []any{isMAC, s == nil}, "not allowed")
	set, err := w.Settings.Of(ctx, everywhere(), w.Alpha)
	require.NoError(t, err)
	_, err = w.Settings.Update(ctx, everywhere(), set.ID, func(s *radius.Settings) error { s.MACRoaming = ptr(true); return nil })
	require.NoError(t, err)
	for _, mac := range []string{"aa:bb:cc:dd:ee:ff", "AA-BB-CC-DD-EE-FF", "Aa-bB:cc-dd-ee-ff and more"} {
		s, isMAC, err = w.Accounting.Roamed(ctx, mac)
		require.NoError(t, err)
		require.True(t, isMAC)
		require.Equal(t, "one", s.UniqueID, mac)
	}
	for _, name := range []string{"ann", "", "aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:fg", "aabbccddeeff", "äa:bb:cc:dd:ee:f"} {
		_, isMAC, err = w.Accounting.Roamed(ctx, name)
		require.NoError(t, err)
		require.False(t, isMAC, name)
	}
	w.Report(t, radius.Stop, "one", "ann", "AA-BB-CC-DD-EE-FF")
	s, _, err = w.Accounting.Roamed(ctx, "aa:bb:cc:dd:ee:ff")
	require.NoError(t, err)
	require.Nil(t, s, "it ended")
}

func TestUnconvertedStationsDoNotComeBack(t *testing.T) {
	o := &radius.Options{}
	w := radiustest.New(t, memory(t), o)
	o.Unconverted = map[wispwright.ID][]string{w.Alpha: {"AA-AA-AA-AA-AA-AA"}}
	w = radiustest.New(t, memory(t), o)
	report := func(called string) string {
		_, err := w.Accounting.Record(ctx, radius.Report{OrganizationID: w.Alpha, Status: radius.Interim, UniqueID: "one", Set: func(s *radius.Session) {
			s.CalledStationID, s.NASAddress = &called, netip.MustParseAddr("10.0.0.1")
		}})
		require.NoError(t, err)
		return *w.Session(t, "one").CalledStationID
	}
	require.Equal(t, "converted", report("converted"))
	require.Equal(t, "converted", report("AA-AA-AA-AA-AA-AA"))
	require.Equal(t, "other", report("other"))
}

// choosy stores sessions of any other name than one.
type choosy struct{ radius.SessionStore }

var errRefused = errors.New("refused")

func (s choosy) Insert(ctx context.Context, one *radius.Session) error {
	if one.UniqueID == "refused" {
		return errRefused
	}
	return s.SessionStore.Insert(ctx, one)
}

// Reports that come while others are stored go into one transaction; each gets its own
// outcome, and what cannot be stored spoils nothing.
func TestReportsAreStoredTogether(t *testing.T) {
	stored := memory(t)
	stored.Stores.Sessions = choosy{stored.Stores.Sessions}
	w := radiustest.New(t, stored, nil)
	entered, release := make(chan struct{}, 8), make(chan struct{})
	var lock sync.Mutex
	most, told := 0, map[string]int{}
	w.Accounting.Accounted.Subscribe("test", func(_ context.Context, all ...radius.Accounted) {
		lock.Lock()
		most = max(most, len(all))
		for _, a := range all {
			told[a.Session.UniqueID]++
		}
		lock.Unlock()
		if len(all) == 1 && *all[0].Session.Username == "slow" {
			entered <- struct{}{}
			<-release
		}
	})
	report := func(id, username string, organization wispwright.ID) (radius.Outcome, error) {
		return w.Accounting.Record(ctx, radius.Report{OrganizationID: organization, Status: radius.Start, UniqueID: id, Set: func(s *radius.Session) {
			s.SessionID, s.Username, s.NASAddress = id, &username, netip.MustParseAddr("10.0.0.1")
		}})
	}
	var slow, rest sync.WaitGroup
	for i := range 4 { // as many as there are transactions at a time
		slow.Go(func() {
			_, err := report(fmt.Sprint("slow", i), "slow", w.Alpha)
			assert.NoError(t, err)
		})
		<-entered
	}
	var created, updated atomic.Int32
	for i := range 60 {
		rest.Go(func() {
			outcome, err := report(fmt.Sprint("s", i/2), "ann", w.Alpha) // each session twice
			assert.NoError(t, err)
			switch outcome {
			case radius.Created:
				created.Add(1)
			case radius.Updated:
				updated.Add(1)
			}
		})
	}
	rest.Go(func() {
		_, err := report("refused", "ann", w.Alpha)
		assert.ErrorIs(t, err, errRefused)
	})
	close(release)
	slow.Wait()
	rest.Wait()
	require.Equal(t, []int32{30, 30}, []int32{created.Load(), updated.Load()})
	for i := range 30 {
		require.Equal(t, 2, told[fmt.Sprint("s", i)], "each report is told once")
	}
	_, err := w.Accounting.Get(ctx, everywhere(), "refused")
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	t.Logf("at most %d together", most)
}
