package sqlts_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/sqlts"
	"github.com/wispwright/wispwright/monitoring/timeseries/timeseriestest"
)

func tables() []string {
	return []string{"ts_owner", "ts_series", "ts_field", "ts_symbol", "ts_frame", "ts_frame_short", "ts_chunk", "ts_delta", "ts_sum", "ts_set", "ts_document", "ts_place"}
}

// opened returns a function that empties the database and opens the store on it.
func opened(t *testing.T, db *sqlstore.DB) timeseriestest.Open {
	require.NoError(t, db.Migrate(context.Background(), sqlts.Migrations()))
	return func(t *testing.T) timeseries.Store {
		for _, table := range tables() {
			_, err := sqlstore.Exec(context.Background(), db, "DELETE FROM "+table)
			require.NoError(t, err)
		}
		s, err := sqlts.New(db, &sqlts.Options{Now: timeseriestest.Now})
		require.NoError(t, err)
		return s
	}
}

func TestStore(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) { timeseriestest.Run(t, opened(t, db)) })
}

func TestChartsOfARealInfluxDB(t *testing.T) {
	folder := testkit.Vectors(t, "monitoring", "charts")
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.Equal(t, 119, timeseriestest.Golden(t, opened(t, db)(t), folder))
	})
}
