package timeseries_test

import (
	"testing"
	"time"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/timeseriestest"
)

func TestMemory(t *testing.T) {
	timeseriestest.Run(t, func(*testing.T) timeseries.Store {
		return timeseries.NewMemory(26280*time.Hour, 24*time.Hour)
	})
}

func TestMemoryChartsOfARealInfluxDB(t *testing.T) {
	timeseriestest.Golden(t, timeseries.NewMemory(0, 0), testkit.Vectors(t, "monitoring", "charts"))
}
