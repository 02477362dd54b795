package simulate_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/server/simulate"
)

func TestWhatSimulatedDevicesMeasure(t *testing.T) {
	m := memstore.New()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	c, err := monitoring.New(m, monitoring.NewMemory(m), timeseries.NewMemory(0, 0), &monitoring.Options{Clock: func() time.Time { return now }})
	require.NoError(t, err)
	device := &monitoring.Device{ID: wispwright.NewID(), OrganizationID: wispwright.NewID()}
	box := simulate.NewMeasured(7)
	for at := now.Add(-24 * time.Hour); !at.After(now); at = at.Add(30 * time.Minute) {
		body := box.Document(at)
		require.True(t, json.Valid(body))
		require.NoError(t, c.Collector.Collect(t.Context(), monitoring.Sample{Device: device, Body: body, Time: at}), "%s", body)
	}
	r, err := monitoring.Period{Time: "1d"}.Range(now, nil)
	require.NoError(t, err)
	answer, err := c.Charts.Read(t.Context(), monitoring.Selection{Object: timeseries.Object{Type: monitoring.DeviceType, ID: device.ID.String()}}, r)
	require.NoError(t, err)
	var titles []string
	for _, chart := range answer.Charts {
		titles = append(titles, chart.Title)
	}
	require.Equal(t, []string{"WiFi clients: wlan0", "Traffic: lan", "Traffic: wan", "Traffic: wlan0", "Memory Usage", "CPU Load", "Disk Usage"}, titles)
	require.Equal(t, simulate.NewMeasured(9).Document(now), simulate.NewMeasured(9).Document(now), "equal seeds")
	require.Greater(t, answer.Charts[0].Summary["wifi_clients"], int64(2))
}
