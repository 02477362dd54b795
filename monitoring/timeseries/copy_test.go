package timeseries_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/timeseriestest"
)

// TestCopy copies all points and documents, breaks off after each piece and goes on.
func TestCopy(t *testing.T) {
	ctx := context.Background()
	from, to := timeseries.NewMemory(0, 0), timeseries.NewMemory(0, 0)
	plan := timeseries.CopyPlan{Measurements: []string{"cpu", "config_applied", "none"}, Until: timeseriestest.Now()}
	for d := range 20 {
		object := timeseries.Object{Type: "config.device", ID: fmt.Sprint(d)}
		plan.Objects = append(plan.Objects, object)
		b := timeseries.Batch{}
		for i := range 50 {
			at := timeseriestest.Now().Add(-time.Duration(i*i) * time.Hour)
			b.Points = append(b.Points,
				timeseries.Point{Measurement: "cpu", Tags: timeseriestest.Device(object.ID), Time: at, Fields: []timeseries.Field{{Name: "v", Value: timeseries.Float(float64(i))}, {Name: "t", Value: timeseries.Text("x")}}},
				timeseries.Point{Measurement: "config_applied", Class: timeseries.Short, Tags: timeseriestest.Device(object.ID), Time: at.Add(time.Microsecond), Fields: []timeseries.Field{{Name: "v", Value: timeseries.Bool(true)}}})
		}
		if d%2 == 0 {
			b.Documents = []timeseries.Document{{Object: object, Time: timeseriestest.Now(), Body: []byte(object.ID), State: []byte("s")}}
		}
		require.NoError(t, from.Write(ctx, b))
	}
	var state timeseries.CopyState
	broken := errors.New("broken off")
	plan.Progress = func(_ string, s timeseries.CopyState) error {
		if s.Points%3 == 0 || s.Points%2 == 0 {
			return broken
		}
		return nil
	}
	tries := 0
	for ; ; tries++ {
		require.Less(t, tries, 1000)
		err := timeseries.Copy(ctx, from, to, plan, &state)
		if err == nil {
			break
		}
		require.ErrorIs(t, err, broken)
	}
	require.Greater(t, tries, 10)
	require.Equal(t, int64(20*(50+49)), state.Points, "each once; what lies after the end waits for the next run")
	for _, r := range []timeseries.Rows{{Measurement: "cpu"}, {Measurement: "config_applied", Class: timeseries.Short, Until: timeseriestest.Now()}} {
		want, err := from.Read(ctx, r)
		require.NoError(t, err)
		have, err := to.Read(ctx, r)
		require.NoError(t, err)
		require.ElementsMatch(t, want, have)
	}
	d, err := to.Document(ctx, plan.Objects[2])
	require.NoError(t, err)
	require.Equal(t, "2", string(d.Body))
	require.Equal(t, "s", string(d.State))

	again := timeseries.NewMemory(0, 0)
	require.Error(t, timeseries.Copy(ctx, from, failing{again}, timeseries.CopyPlan{Measurements: plan.Measurements}, &timeseries.CopyState{}))
}

type failing struct{ timeseries.Store }

func (failing) Write(context.Context, timeseries.Batch) error { return errors.New("full") }
