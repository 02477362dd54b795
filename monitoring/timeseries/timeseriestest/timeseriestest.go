// Package timeseriestest is the suite that any time-series store passes: what it keeps
// and forgets, that its charts are equal to those of a store that is too simple to be
// wrong, and the chart cases that were computed by a real InfluxDB.
package timeseriestest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Now is the time at which the suite's store lives; its clock must tell it.
func Now() time.Time { return time.Date(2024, 11, 22, 12, 0, 0, 0, time.UTC) }

// Open returns an empty store, which keeps points of the default class for three years and
// short ones for a day.
type Open func(t *testing.T) timeseries.Store

// Run proves a store.
func Run(t *testing.T, open Open) { run(t, open, 0) }

// RunRounded proves a store whose numbers are exact to some digits only, whatever
// their kind: values may differ by a part of them.
func RunRounded(t *testing.T, open Open, part float64) { run(t, open, part) }

func run(t *testing.T, open Open, part float64) {
	kinds := func(t *testing.T, s timeseries.Store) { kinds(t, s, part) }
	for _, c := range []struct {
		name string
		test func(*testing.T, timeseries.Store)
	}{
		{"fields merge and are overwritten", merge},
		{"kinds are kept", kinds},
		{"what cannot be stored is left out alone", faults},
		{"texts a microsecond apart", texts},
		{"rows in order, with limits", rows},
		{"the classes", classes},
		{"documents", documents},
		{"deleting", deleting},
		{"the largest fields", topFields},
		{"groups", groups},
		{"nothing", nothing},
		{"an ended context", ended},
		{"the last values", func(t *testing.T, s timeseries.Store) { latest(t, s, part) }},
		{"charts do not change when the house is kept", upkeep},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// Device returns the tags of a device's series, and more of them as pairs.
func Device(id string, more ...string) timeseries.Tags {
	m := map[string]string{timeseries.ContentTypeTag: "config.device", timeseries.ObjectTag: id}
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return timeseries.TagsOf(m)
}

func object(id string) *timeseries.Object { return &timeseries.Object{Type: "config.device", ID: id} }

func of(id string) timeseries.Filter { return timeseries.Filter{Object: object(id)} }

func point(measurement string, tags timeseries.Tags, at time.Time, fields ...any) timeseries.Point {
	p := timeseries.Point{Measurement: measurement, Tags: tags, Time: at}
	for i := 0; i < len(fields); i += 2 {
		var v timeseries.Value
		switch x := fields[i+1].(type) {
		case int:
			v = timeseries.Int(int64(x))
		case float64:
			v = timeseries.Float(x)
		case string:
			v = timeseries.Text(x)
		case bool:
			v = timeseries.Bool(x)
		}
		p.Fields = append(p.Fields, timeseries.Field{Name: fields[i].(string), Value: v})
	}
	return p
}

func write(t *testing.T, s timeseries.Store, points ...timeseries.Point) {
	t.Helper()
	require.NoError(t, s.Write(context.Background(), timeseries.Batch{Points: points}))
}

func read(t *testing.T, s timeseries.Store, r timeseries.Rows) []timeseries.Row {
	t.Helper()
	rows, err := s.Read(context.Background(), r)
	require.NoError(t, err)
	return rows
}

func merge(t *testing.T, s timeseries.Store) {
	at := Now().Add(-time.Hour)
	tags := Device("a", "ifname", "wan")
	write(t, s, point("signal", tags, at, "strength", -50.5, "tech", 4))
	write(t, s, point("signal", tags, at, "strength", -60.25), point("signal", tags, at, "quality", -8.0))
	rows := read(t, s, timeseries.Rows{Measurement: "signal", Filter: of("a")})
	require.Len(t, rows, 1)
	require.Equal(t, map[string]timeseries.Value{"strength": timeseries.Float(-60.25), "quality": timeseries.Float(-8), "tech": timeseries.Int(4)}, rows[0].Fields)
	require.Equal(t, at, rows[0].Time)
	require.Equal(t, tags.Map(), rows[0].Tags.Map())
}

func kinds(t *testing.T, s timeseries.Store, part float64) {
	at := Now().Add(-time.Hour)
	write(t, s, point("m", Device("a"), at, "i", 1, "f", 9.729419481797308, "t", "text", "b", true, "big", 1<<62, "neg", -5))
	write(t, s, point("m", Device("a"), at.Add(time.Second), "i", 2.0, "f", 3))
	rows := read(t, s, timeseries.Rows{Measurement: "m", Filter: of("a")})
	require.Len(t, rows, 2)
	want := map[string]timeseries.Value{"i": timeseries.Int(1), "f": timeseries.Float(9.729419481797308), "t": timeseries.Text("text"),
		"b": timeseries.Bool(true), "big": timeseries.Int(1 << 62), "neg": timeseries.Int(-5)}
	if part > 0 {
		for _, name := range []string{"f", "big"} {
			require.Equal(t, want[name].Kind(), rows[0].Fields[name].Kind())
			require.InEpsilon(t, want[name].Float(), rows[0].Fields[name].Float(), part)
			rows[0].Fields[name] = want[name]
		}
	}
	require.Equal(t, want, rows[0].Fields)
	require.Equal(t, map[string]timeseries.Value{"i": timeseries.Int(2), "f": timeseries.Float(3)}, rows[1].Fields)
}

func faults(t *testing.T, s timeseries.Store) {
	at := Now().Add(-time.Hour)
	write(t, s, point("m", Device("a"), at, "i", 1))
	err := s.Write(context.Background(), timeseries.Batch{Points: []timeseries.Point{
		point("m", Device("a"), at.Add(time.Second), "i", "text"),
		point("m", Device("a"), at.Add(2*time.Second), "i", 2),
		point("m", Device("a"), at.Add(3*time.Second), "i", 2.5),
		point("", Device("a"), at.Add(4*time.Second), "i", 2),
		{Measurement: "m", Tags: Device("a"), Time: at},
	}})
	var all timeseries.PointErrors
	require.ErrorAs(t, err, &all)
	var places []int
	for _, f := range all {
		places = append(places, f.Index)
	}
	require.Equal(t, []int{0, 2, 3, 4}, places)
	var kind *timeseries.KindError
	require.ErrorAs(t, &all[0], &kind)
	require.Equal(t, "i", kind.Field)
	require.Len(t, read(t, s, timeseries.Rows{Measurement: "m", Filter: of("a")}), 2)
}

func texts(t *testing.T, s timeseries.Store) {
	at := Now().Add(-time.Hour)
	tags := Device("a", "ifname", "wlan0")
	list := func(names ...string) (out []timeseries.Point) {
		for i, n := range names {
			out = append(out, point("wifi_clients", tags, at.Add(time.Duration(i)*time.Microsecond), "clients", n))
		}
		return out
	}
	write(t, s, list("x", "y", "z", "y")...)
	have := func() (out []string) {
		for _, r := range read(t, s, timeseries.Rows{Measurement: "wifi_clients", Filter: of("a")}) {
			out = append(out, r.Time.Sub(at).String()+" "+r.Fields["clients"].Text())
		}
		return out
	}
	require.Equal(t, []string{"0s x", "1µs y", "2µs z", "3µs y"}, have())
	write(t, s, list("w", "x")...) // as InfluxDB: point by point
	require.Equal(t, []string{"0s w", "1µs x", "2µs z", "3µs y"}, have())
	q := timeseries.Query{Measurement: "wifi_clients", Filter: of("a"), Range: timeseries.Range{Start: at.Add(-time.Hour), End: at.Add(time.Hour), Bucket: time.Hour},
		Traces: []timeseries.Trace{{Name: "n", Field: "clients", Func: timeseries.Distinct, Fill: timeseries.FillZero}}}
	got := charts(t, s, q)[0]
	require.Equal(t, timeseries.Int(4), got.Series[0].Summary)
	require.Equal(t, []timeseries.Value{timeseries.Int(0), timeseries.Int(4), timeseries.Int(0)}, got.Series[0].Values)
}

func rows(t *testing.T, s timeseries.Store) {
	at := Now().Add(-49 * time.Hour)
	for i := range 50 {
		write(t, s, point("m", Device("a"), at.Add(time.Duration(i)*time.Hour), "v", i, "w", i))
	}
	write(t, s, point("m", Device("b"), at, "v", 99))
	values := func(r timeseries.Rows) (out []int64) {
		r.Measurement, r.Filter, r.Fields = "m", of("a"), []string{"v"}
		for _, row := range read(t, s, r) {
			require.Len(t, row.Fields, 1)
			out = append(out, row.Fields["v"].Int())
		}
		return out
	}
	require.Equal(t, []int64{0, 1, 2}, values(timeseries.Rows{Limit: 3}))
	require.Equal(t, []int64{49, 48, 47}, values(timeseries.Rows{Limit: 3, NewestFirst: true}))
	require.Equal(t, []int64{11, 10}, values(timeseries.Rows{Since: at.Add(10 * time.Hour), Until: at.Add(11 * time.Hour), NewestFirst: true}))
	require.Empty(t, read(t, s, timeseries.Rows{Measurement: "m", Filter: of("a"), Fields: []string{"none"}}))
	require.Len(t, read(t, s, timeseries.Rows{Measurement: "m"}), 51)
	require.NoError(t, s.Maintain(context.Background(), Now()))
	require.Equal(t, []int64{49, 48, 47}, values(timeseries.Rows{Limit: 3, NewestFirst: true}))
	require.Equal(t, []int64{0, 1, 2}, values(timeseries.Rows{Limit: 3}))
}

func classes(t *testing.T, s timeseries.Store) {
	ctx := context.Background()
	for _, age := range []time.Duration{time.Hour, 23 * time.Hour, 25 * time.Hour, 400 * 24 * time.Hour, 1200 * 24 * time.Hour} {
		write(t, s, point("long", Device("a"), Now().Add(-age), "v", 1))
		short := point("config_applied", Device("a"), Now().Add(-age), "v", 1)
		short.Class = timeseries.Short
		write(t, s, short)
	}
	require.NoError(t, s.Maintain(ctx, Now()))
	require.NoError(t, s.Maintain(ctx, Now()))
	require.Len(t, read(t, s, timeseries.Rows{Measurement: "long", Filter: of("a")}), 4)
	require.Len(t, read(t, s, timeseries.Rows{Measurement: "config_applied", Filter: of("a"), Class: timeseries.Short}), 2)
	q := timeseries.Query{Measurement: "config_applied", Filter: of("a"), Range: timeseries.Range{Start: Now().Add(-48 * time.Hour), End: Now()},
		Traces: []timeseries.Trace{{Name: "n", Field: "v", Func: timeseries.Sum}}}
	require.Equal(t, timeseries.Int(2), charts(t, s, q)[0].Series[0].Summary)
}

func documents(t *testing.T, s timeseries.Store) {
	ctx := context.Background()
	o := *object("a")
	_, err := s.Document(ctx, o)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	put := func(at time.Time, body string) {
		require.NoError(t, s.Write(ctx, timeseries.Batch{Documents: []timeseries.Document{{Object: o, Time: at, Body: []byte(body), State: []byte("state of " + body)}}}))
	}
	at := Now().Add(-time.Hour)
	put(at, "second")
	put(at.Add(-time.Minute), "first, late")
	have, err := s.Document(ctx, o)
	require.NoError(t, err)
	require.Equal(t, "second", string(have.Body))
	require.Equal(t, "state of second", string(have.State))
	require.Equal(t, at, have.Time)
	put(at, "second, again")
	have, err = s.Document(ctx, o)
	require.NoError(t, err)
	require.Equal(t, "second, again", string(have.Body))
}

func deleting(t *testing.T, s timeseries.Store) {
	ctx := context.Background()
	for day := range 3 {
		at := Now().Add(-time.Duration(day) * 24 * time.Hour)
		for _, id := range []string{"a", "b"} {
			write(t, s, point("cpu", Device(id), at, "v", 1),
				point("traffic", Device(id, "ifname", "wan", "organization_id", "o"), at, "rx_bytes", 1, "tx_bytes", 1),
				point("traffic", Device(id, "ifname", "wan", "organization_id", "former"), at, "rx_bytes", 1, "tx_bytes", 1),
				point("traffic", Device(id, "ifname", "lan", "organization_id", "o"), at, "rx_bytes", 1, "tx_bytes", 1))
		}
	}
	require.NoError(t, s.Maintain(ctx, Now()))
	require.NoError(t, s.Write(ctx, timeseries.Batch{Documents: []timeseries.Document{{Object: *object("a"), Time: Now(), Body: []byte("x")}}}))
	count := func(measurement, id string) int {
		return len(read(t, s, timeseries.Rows{Measurement: measurement, Filter: of(id)}))
	}
	require.Equal(t, 9, count("traffic", "a"))
	// with all tags that a metric ever had, not only its present ones (spec: monitoring §2.1)
	require.NoError(t, s.Delete(ctx, "traffic", timeseries.Filter{Object: object("a"), Tags: map[string][]string{"ifname": {"wan"}}}))
	require.Equal(t, 3, count("traffic", "a"))
	require.Equal(t, 3, count("cpu", "a"))
	require.Equal(t, 9, count("traffic", "b"))
	require.NoError(t, s.Delete(ctx, "", of("a")))
	require.Zero(t, count("traffic", "a")+count("cpu", "a"))
	_, err := s.Document(ctx, *object("a"))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.Equal(t, 3, count("cpu", "b"))
	write(t, s, point("cpu", Device("a"), Now(), "v", 2))
	require.Equal(t, 1, count("cpu", "a"))
	require.NoError(t, s.Delete(ctx, "", of("unknown")))
}

func topFields(t *testing.T, s timeseries.Store) {
	ctx := context.Background()
	at := Now().Add(-time.Hour)
	write(t, s, point("apps", Device("a"), at, "http", 50, "ftp", 20.5, "note", "text"), point("apps", Device("a"), at.Add(time.Minute), "ftp", 50.0, "dns", 1),
		point("apps", Device("a"), at.Add(-48*time.Hour), "dns", 1000))
	top, err := s.TopFields(ctx, "apps", of("a"), at.Add(-time.Hour), Now(), 2)
	require.NoError(t, err)
	require.Equal(t, []string{"ftp", "http"}, top)
	top, err = s.TopFields(ctx, "none", of("a"), at, Now(), 2)
	require.NoError(t, err)
	require.Empty(t, top)
}

func groups(t *testing.T, s timeseries.Store) {
	at := Now().Add(-time.Hour)
	for i, radio := range []string{"2", "5", "5"} {
		write(t, s, point("air", Device("a", "radio", radio, "band", "x"), at.Add(time.Duration(i)*time.Second), "busy", i+1))
	}
	q := timeseries.Query{Measurement: "air", Filter: of("a"), GroupBy: []string{"radio", "band"}, Range: timeseries.Range{Start: at, End: Now()},
		Traces: []timeseries.Trace{{Name: "busy", Field: "busy", Func: timeseries.Sum}}}
	require.Equal(t, []timeseries.Series{{Name: "2_x", Summary: timeseries.Int(1)}, {Name: "5_x", Summary: timeseries.Int(5)}}, charts(t, s, q)[0].Series)
}

func nothing(t *testing.T, s timeseries.Store) {
	q := timeseries.Query{Measurement: "cpu", Filter: of("a"), Range: timeseries.Range{Start: Now().Add(-time.Hour), End: Now(), Bucket: time.Minute},
		Traces: []timeseries.Trace{{Name: "v", Field: "v"}}}
	require.True(t, charts(t, s, q)[0].Empty())
	write(t, s, point("cpu", Device("a"), Now().Add(-2*time.Hour), "v", 1), point("cpu", Device("a"), Now(), "other", 1))
	require.True(t, charts(t, s, q)[0].Empty(), "neither what is before the range nor another field is a row")
	_, err := s.Charts(context.Background(), []timeseries.Query{{Measurement: "cpu"}})
	require.Error(t, err)
	require.NoError(t, s.Write(context.Background(), timeseries.Batch{}))
	require.NoError(t, s.Maintain(context.Background(), Now()))
}

func ended(t *testing.T, s timeseries.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, s.Write(ctx, timeseries.Batch{Points: []timeseries.Point{point("cpu", Device("a"), Now(), "v", 1)}}), context.Canceled)
	_, err := s.Read(ctx, timeseries.Rows{Measurement: "cpu"})
	require.Error(t, err)
	require.Empty(t, read(t, s, timeseries.Rows{Measurement: "cpu"}))
}

// latest checks stores that tell the last values of all; the embedded ones have to.
func latest(t *testing.T, s timeseries.Store, part float64) {
	l, ok := s.(timeseries.Latest)
	require.True(t, ok, "a store tells the last values")
	at := Now().Add(-10 * time.Minute)
	wan, lan := Device("a", "ifname", "wan"), Device("a", "ifname", "lan")
	write(t, s, point("traffic", wan, at.Add(-2*time.Hour), "rx", 1, "tx", 1), point("traffic", wan, at.Add(-time.Minute), "rx", 2, "tx", 2), point("traffic", wan, at, "rx", 3, "tx", 4))
	write(t, s, point("traffic", lan, at.Add(-2*time.Hour), "rx", 9, "tx", 9))
	write(t, s, point("cpu", Device("b"), at, "load", 1.5))
	short := point("data", Device("b"), at, "n", 7)
	short.Class = timeseries.Short
	write(t, s, short)
	var clients []timeseries.Point
	for round, n := range []int{4, 3} { // four a minute ago, three now
		for i := range n {
			clients = append(clients, point("clients", wan, at.Add(time.Duration(round-1)*time.Minute).Add(time.Duration(i)*time.Microsecond), "mac", fmt.Sprint("c", i)))
		}
	}
	write(t, s, clients...)
	have, times := map[string]map[string]float64{}, map[string]time.Time{}
	err := l.Latest(context.Background(), Now().Add(-time.Hour), func(p timeseries.LatestPoint) error {
		key := p.Measurement + " " + p.Tags.Get(timeseries.ObjectTag) + " " + p.Tags.Get("ifname")
		require.NotContains(t, have, key, "once")
		fields := map[string]float64{}
		for _, f := range p.Fields {
			fields[f.Name] = f.Value.Float()
		}
		if p.Count > 0 {
			fields["texts"] = float64(p.Count)
		}
		have[key], times[key] = fields, p.Time
		return nil
	})
	require.NoError(t, err)
	want := map[string]map[string]float64{"traffic a wan": {"rx": 3, "tx": 4}, "cpu b ": {"load": 1.5}, "clients a wan": {"texts": 3}}
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(have)), "nothing older, and nothing that is kept shortly")
	for key, fields := range want {
		require.InDeltaMapValues(t, fields, have[key], 10*part+1e-12, key)
		require.Equal(t, at, times[key].Truncate(time.Millisecond), key)
	}

	o := func(id string) timeseries.Object { return *object(id) }
	documents := []timeseries.Document{{Object: o("a"), Time: at, Body: []byte("{}"), State: []byte("one")}, {Object: o("b"), Time: at.Add(-2 * time.Hour), Body: []byte("{}"), State: []byte("old")}}
	require.NoError(t, s.Write(context.Background(), timeseries.Batch{Documents: documents}))
	states := map[string]string{}
	require.NoError(t, l.LatestStates(context.Background(), Now().Add(-time.Hour), func(o timeseries.Object, _ time.Time, state []byte) error {
		states[o.ID] = string(state)
		return nil
	}))
	require.Equal(t, map[string]string{"a": "one"}, states)
	when, state, err := timeseries.StateOf(context.Background(), s, o("b"))
	require.NoError(t, err)
	require.Equal(t, "old", string(state))
	require.Equal(t, documents[1].Time, when)
	_, _, err = timeseries.StateOf(context.Background(), s, o("c"))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

func charts(t *testing.T, s timeseries.Store, queries ...timeseries.Query) []timeseries.Result {
	t.Helper()
	out, err := s.Charts(context.Background(), queries)
	require.NoError(t, err)
	return out
}

// upkeep writes the same to the store and to one in memory: fresh and late points,
// duplicates, overwrites, house-keeping between; all charts must be equal throughout.
func upkeep(t *testing.T, s timeseries.Store) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(24, 11))
	simple := timeseries.NewMemory(0, 0)
	both := func(points ...timeseries.Point) {
		b := timeseries.Batch{Points: points}
		require.NoError(t, s.Write(ctx, b))
		require.NoError(t, simple.Write(ctx, b))
	}
	compare := func(when string) {
		t.Helper()
		queries := someQueries(r)
		want, err := simple.Charts(ctx, queries)
		require.NoError(t, err)
		have := charts(t, s, queries...)
		for i := range queries {
			equalResults(t, want[i], have[i], fmt.Sprintf("%s: %+v", when, queries[i]))
		}
	}
	var sent []timeseries.Point
	for round := range 4 {
		for range 40 {
			at := Now().Add(-time.Duration(r.Int64N(int64(6 * 24 * time.Hour)))).Truncate(time.Microsecond)
			points := someDocument(r, at)
			both(points...)
			sent = append(sent, points...)
		}
		for range 10 { // what came already, once more, or with other numbers
			i := r.IntN(len(sent) - 8)
			again := append([]timeseries.Point(nil), sent[i:i+8]...)
			if r.IntN(2) == 0 {
				for j := range again {
					if again[j].Measurement == "traffic" {
						again[j].Fields = []timeseries.Field{{Name: "rx_bytes", Value: timeseries.Int(r.Int64N(1e9))}}
					}
				}
			}
			both(again...)
		}
		compare(fmt.Sprintf("round %d", round))
		require.NoError(t, s.Maintain(ctx, Now()))
		compare(fmt.Sprintf("round %d, maintained", round))
	}
}

// someDocument is what a device writes at one time.
func someDocument(r *rand.Rand, at time.Time) []timeseries.Point {
	id := string(rune('a' + r.IntN(4)))
	organization := "o" + string(rune('1'+(id[0]-'a')%2))
	points := []timeseries.Point{
		point("cpu", Device(id), at, "load", float64(r.IntN(400))/100, "usage", r.Float64()*100),
		point("tech", Device(id), at, "tech", r.IntN(3)),
	}
	for _, name := range []string{"wan", "lan"} {
		points = append(points, point("traffic", Device(id, "ifname", name, "organization_id", organization, "location_id", "l"+id), at,
			"rx_bytes", r.IntN(1e9), "tx_bytes", r.IntN(1e6)))
	}
	for i := range r.IntN(6) {
		points = append(points, point("wifi_clients", Device(id, "ifname", "wlan0", "organization_id", organization, "location_id", "l"+id),
			at.Add(time.Duration(i)*time.Microsecond), "clients", fmt.Sprintf("mac-%d", i*7+r.IntN(7))))
	}
	return points
}

// someQueries are charts of devices, places and organizations over ranges and zones.
func someQueries(r *rand.Rand) (out []timeseries.Query) {
	zones := []string{"UTC", "Europe/Rome", "Asia/Kolkata", "America/New_York", "Asia/Kathmandu"}
	for range 3 {
		zone, err := time.LoadLocation(zones[r.IntN(len(zones))])
		if err != nil {
			zone = time.UTC
		}
		start := Now().Add(-time.Duration(r.Int64N(int64(7 * 24 * time.Hour)))).Truncate(time.Second)
		span := timeseries.Range{Start: start, End: start.Add(time.Duration(r.Int64N(int64(Now().Sub(start)))) + 1).Truncate(time.Second), Zone: zone,
			Bucket: []time.Duration{10 * time.Minute, time.Hour, 24 * time.Hour, 0}[r.IntN(4)]}
		if span.End.Before(span.Start) {
			span.End = span.Start
		}
		device := of(string(rune('a' + r.IntN(4))))
		traffic := []timeseries.Trace{{Name: "up", Field: "tx_bytes", Func: timeseries.Sum}, {Name: "down", Field: "rx_bytes", Func: timeseries.Sum, Over: 1e9}}
		clients := []timeseries.Trace{{Name: "n", Field: "clients", Func: timeseries.Distinct, Fill: timeseries.FillZero}}
		out = append(out,
			timeseries.Query{Measurement: "cpu", Filter: device, Range: span, Traces: []timeseries.Trace{
				{Name: "mean", Field: "usage"}, {Name: "rounded", Field: "load", Func: timeseries.RoundedMean}}},
			timeseries.Query{Measurement: "tech", Filter: device, Range: span, Traces: []timeseries.Trace{{Name: "mode", Field: "tech", Func: timeseries.Mode}}},
			timeseries.Query{Measurement: "traffic", Filter: device, Range: span, Traces: traffic},
			timeseries.Query{Measurement: "wifi_clients", Filter: device, Range: span, Traces: clients})
		for _, tags := range []map[string][]string{nil, {"organization_id": {"o1"}}, {"organization_id": {"o1", "o2"}}, {"location_id": {"la", "lb"}}} {
			byName := maps.Clone(tags)
			if byName == nil {
				byName = map[string][]string{}
			}
			byName["ifname"] = []string{"wan"}
			out = append(out, timeseries.Query{Measurement: "traffic", Filter: timeseries.Filter{Tags: byName}, Range: span, Traces: traffic},
				timeseries.Query{Measurement: "traffic", Filter: timeseries.Filter{Tags: tags}, Range: span, Traces: traffic},
				timeseries.Query{Measurement: "wifi_clients", Filter: timeseries.Filter{Tags: tags}, Range: span, Traces: clients})
		}
	}
	return out
}

func equalResults(t *testing.T, want, have timeseries.Result, what string) {
	t.Helper()
	require.Equal(t, want.Starts, have.Starts, what)
	require.Len(t, have.Series, len(want.Series), what)
	for i, w := range want.Series {
		h := have.Series[i]
		require.Equal(t, w.Name, h.Name, what)
		equalValue(t, w.Summary, h.Summary, what+" summary of "+w.Name)
		require.Len(t, h.Values, len(w.Values), what)
		for j := range w.Values {
			equalValue(t, w.Values[j], h.Values[j], fmt.Sprintf("%s %s[%d]", what, w.Name, j))
		}
	}
}

// equalValue allows for the order in which floats were added up.
func equalValue(t *testing.T, want, have timeseries.Value, what string) {
	t.Helper()
	if want.Kind() == timeseries.FloatKind && have.Kind() == timeseries.FloatKind {
		require.InDelta(t, want.Float(), have.Float(), 1e-6*(1+max(want.Float(), -want.Float())), what)
		return
	}
	require.Equal(t, want, have, what)
}
