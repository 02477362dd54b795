package timeseries_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// A device's load of an hour, in buckets of twenty minutes.
func Example() {
	ctx := context.Background()
	store := timeseries.NewMemory(0, 0)
	tags := timeseries.TagsOf(map[string]string{timeseries.ContentTypeTag: "config.device", timeseries.ObjectTag: "ap-1"})
	start := time.Date(2024, 11, 22, 10, 0, 0, 0, time.UTC)
	for i, load := range []float64{10, 30, 50, 70} {
		err := store.Write(ctx, timeseries.Batch{Points: []timeseries.Point{{
			Measurement: "cpu", Tags: tags, Time: start.Add(time.Duration(i) * 10 * time.Minute),
			Fields: []timeseries.Field{{Name: "cpu_usage", Value: timeseries.Float(load)}},
		}}})
		if err != nil {
			fmt.Println(err)
		}
	}
	charts, err := store.Charts(ctx, []timeseries.Query{{
		Measurement: "cpu",
		Filter:      timeseries.Filter{Object: &timeseries.Object{Type: "config.device", ID: "ap-1"}},
		Range:       timeseries.Range{Start: start, End: start.Add(time.Hour), Bucket: 20 * time.Minute},
		Traces:      []timeseries.Trace{{Name: "load", Field: "cpu_usage", Func: timeseries.Mean}},
	}})
	if err != nil {
		fmt.Println(err)
	}
	for i, at := range charts[0].Starts {
		fmt.Println(at.Format("15:04"), charts[0].Series[0].Values[i])
	}
	fmt.Println("in all", charts[0].Series[0].Summary)
	// Output:
	// 10:00 20
	// 10:20 60
	// 10:40 null
	// 11:00 null
	// in all 40
}
