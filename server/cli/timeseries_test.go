package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/sqlts"
)

func seriesFile(t *testing.T, name string) (timeseries.Store, func()) {
	t.Helper()
	db, err := sqlstore.Open(context.Background(), name, nil)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(context.Background(), sqlts.Migrations()))
	s, err := sqlts.New(db, &sqlts.Options{})
	require.NoError(t, err)
	return s, func() { require.NoError(t, db.Close()) }
}

// TestTimeSeriesAreCopied from the embedded store to another file, twice.
func TestTimeSeriesAreCopied(t *testing.T) {
	data := installed(t)
	dir := t.TempDir()
	other, state := filepath.Join(dir, "other.db"), filepath.Join(dir, "state.json")
	add := func(at time.Time) {
		s, shut := seriesFile(t, filepath.Join(data, "timeseries.db"))
		defer shut()
		require.NoError(t, s.Write(context.Background(), timeseries.Batch{Points: []timeseries.Point{{Measurement: "ping", Time: at,
			Tags: timeseries.TagsOf(map[string]string{timeseries.ContentTypeTag: "config.device", timeseries.ObjectTag: "d"}), Fields: []timeseries.Field{{Name: "reachable", Value: timeseries.Int(1)}}}}}))
	}
	now := time.Now().UTC().Truncate(time.Second)
	add(now.Add(-48 * time.Hour))
	add(now.Add(-time.Hour))
	require.Contains(t, done(t, data, "", "timeseries", "copy", "embedded", other, "--state", state), "2 points of ")
	time.Sleep(1100 * time.Millisecond) // what was written by then is copied: points are kept by the second
	add(time.Now().UTC().Truncate(time.Second))
	require.Contains(t, done(t, data, "", "timeseries", "copy", "embedded", other, "--state", state), "3 points of ", "goes on")
	s, shut := seriesFile(t, other)
	defer shut()
	rows, err := s.Read(context.Background(), timeseries.Rows{Measurement: "ping"})
	require.NoError(t, err)
	require.Len(t, rows, 3)

	require.Contains(t, refused(t, data, "timeseries", "copy", "embedded", "embedded"), "the same")
	require.Contains(t, refused(t, data, "timeseries", "copy", "embedded", "mongodb://x"), "no store of time series")
	require.Contains(t, refused(t, data, "timeseries", "copy", "embedded", "influxdb://127.0.0.1:1/db"), "InfluxDB")
	require.Contains(t, refused(t, data, "timeseries", "copy", "embedded", other, "--until", "x"), "--until")
	require.NoError(t, os.WriteFile(state, []byte("{"), 0o600))
	require.Contains(t, refused(t, data, "timeseries", "copy", "embedded", other, "--state", state), "state")
}
