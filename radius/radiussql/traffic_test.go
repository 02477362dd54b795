package radiussql_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/radiussql"
)

// A day is from its midnight to the next, of the organizations of the scope.
func TestSumDay(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := t.Context()
		require.NoError(t, db.Migrate(ctx, radiussql.Migrations()))
		stores, err := radiussql.New(db)
		require.NoError(t, err)
		alpha, beta := wispwright.NewID(), wispwright.NewID()
		zone := time.FixedZone("east", 7200)
		day := time.Date(2026, 3, 1, 0, 0, 0, 0, zone)
		session := func(id string, organization wispwright.ID, start, stop time.Time, in, out int64) {
			require.NoError(t, stores.Sessions.Insert(ctx, &radius.Session{UniqueID: id, SessionID: id, OrganizationID: organization, NASAddress: netip.MustParseAddr("10.0.0.1"), StartTime: start, StopTime: stop, InputOctets: &in, OutputOctets: &out}))
		}
		session("before", alpha, day.Add(-time.Second), time.Time{}, 100, 100)
		session("first", alpha, day, time.Time{}, 1, 10)
		session("ended", alpha, day.Add(time.Hour), day.Add(2*time.Hour), 2, 20)
		session("theirs", beta, day.Add(23*time.Hour), day.Add(30*time.Hour), 4, 40)
		session("next", alpha, day.AddDate(0, 0, 1), time.Time{}, 100, 100)

		got, err := radiussql.SumDay(ctx, db, wispwright.ScopeAll(), day, day.AddDate(0, 0, 1))
		require.NoError(t, err)
		require.Equal(t, radiussql.Day{Open: 1, Ended: 2, Download: 70, Upload: 7}, got)
		got, err = radiussql.SumDay(ctx, db, wispwright.ScopeOf(alpha), day, day.AddDate(0, 0, 1))
		require.NoError(t, err)
		require.Equal(t, radiussql.Day{Open: 1, Ended: 1, Download: 30, Upload: 3}, got)
		got, err = radiussql.SumDay(ctx, db, wispwright.Scope{}, day, day.AddDate(0, 0, 1))
		require.NoError(t, err)
		require.Zero(t, got)
	})
}
