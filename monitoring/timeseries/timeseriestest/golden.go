package timeseriestest

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// goldenCase is a chart that a real InfluxDB computed.
type goldenCase struct {
	Chart      string `json:"chart"`
	Parameters struct {
		ObjectID     string          `json:"object_id"`
		Ifname       json.RawMessage `json:"ifname"`
		Organization []string        `json:"organization_id"`
	} `json:"parameters"`
	Start, End, Timezone, Bucket string
	Ties                         map[string][]float64 `json:"ties"`
	X                            []string             `json:"x"`
	Traces                       [][2]json.RawMessage `json:"traces"`
	Summary                      map[string]*float64  `json:"summary"`
}

// Golden reads the points of a folder with recorded chart cases into a store and compares
// every case, before and after house-keeping. It returns how many there are.
func Golden(t *testing.T, s timeseries.Store, folder string) int {
	points := goldenPoints(t, folder+"/golden-a.lp.gz")
	for some := range slices.Chunk(points, 500) {
		write(t, s, some...)
	}
	text, err := os.ReadFile(folder + "/golden-a.json")
	require.NoError(t, err)
	var file struct {
		Cases []goldenCase `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(text, &file))
	for _, when := range []string{"as written", "maintained"} {
		for i, c := range file.Cases {
			t.Run(fmt.Sprintf("%s/%d_%s_%s", when, i, c.Chart, c.Timezone), func(t *testing.T) { c.run(t, s) })
		}
		require.NoError(t, s.Maintain(context.Background(), Now()))
	}
	return len(file.Cases)
}

// goldenPoints reads InfluxDB's line protocol, as far as these files have it.
func goldenPoints(t *testing.T, name string) (points []timeseries.Point) {
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		parts := strings.Split(lines.Text(), " ")
		require.Len(t, parts, 3)
		head := strings.Split(parts[0], ",")
		tags := map[string]string{}
		for _, pair := range head[1:] {
			name, value, _ := strings.Cut(pair, "=")
			tags[name] = value
		}
		nanos, err := strconv.ParseInt(parts[2], 10, 64)
		require.NoError(t, err)
		p := timeseries.Point{Measurement: head[0], Tags: timeseries.TagsOf(tags), Time: time.Unix(0, nanos)}
		for _, pair := range strings.Split(parts[1], ",") {
			name, value, _ := strings.Cut(pair, "=")
			var v timeseries.Value
			switch {
			case strings.HasPrefix(value, `"`):
				v = timeseries.Text(strings.Trim(value, `"`))
			case strings.HasSuffix(value, "i"):
				n, err := strconv.ParseInt(strings.TrimSuffix(value, "i"), 10, 64)
				require.NoError(t, err)
				v = timeseries.Int(n)
			default:
				n, err := strconv.ParseFloat(value, 64)
				require.NoError(t, err)
				v = timeseries.Float(n)
			}
			p.Fields = append(p.Fields, timeseries.Field{Name: name, Value: v})
		}
		points = append(points, p)
	}
	require.NoError(t, lines.Err())
	return points
}

func (c goldenCase) run(t *testing.T, s timeseries.Store) {
	zone, err := time.LoadLocation(c.Timezone)
	require.NoError(t, err)
	start, err := time.ParseInLocation(time.DateTime, c.Start, zone)
	require.NoError(t, err)
	end, err := time.ParseInLocation(time.DateTime, c.End, zone)
	require.NoError(t, err)
	days := max(1, int(end.Sub(start)/(24*time.Hour)))
	width, err := monitoring.Bucket(days)
	require.NoError(t, err)
	require.Equal(t, goldenWidth(t, c.Bucket), width)
	q := c.query(t, timeseries.Range{Start: start, End: end, Zone: zone, Bucket: width})
	got := charts(t, s, q)[0]
	x := []string{}
	for _, at := range got.Starts {
		x = append(x, at.In(zone).Format("2006-01-02 15:04"))
	}
	require.Equal(t, c.X, x)
	require.Len(t, got.Series, len(c.Traces))
	for _, series := range got.Series {
		i := slices.IndexFunc(c.Traces, func(trace [2]json.RawMessage) bool { return string(trace[0]) == strconv.Quote(series.Name) })
		require.GreaterOrEqual(t, i, 0, series.Name)
		var want []*float64
		require.NoError(t, json.Unmarshal(c.Traces[i][1], &want))
		require.Len(t, series.Values, len(want))
		for j, w := range want {
			c.equal(t, w, series.Values[j], strconv.Itoa(j))
		}
		c.equal(t, c.Summary[series.Name], series.Summary, "summary")
	}
}

func goldenWidth(t *testing.T, text string) time.Duration {
	n, err := strconv.Atoi(text[:len(text)-1])
	require.NoError(t, err)
	return time.Duration(n) * map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[text[len(text)-1]]
}

func (c goldenCase) query(t *testing.T, r timeseries.Range) timeseries.Query {
	charts := monitoring.BuiltinCharts()
	i := slices.IndexFunc(charts, func(have monitoring.ChartConfig) bool { return have.Key == c.Chart })
	require.GreaterOrEqual(t, i, 0)
	chart := charts[i]
	key, field := goldenMetric(c.Chart)
	of := monitoring.Target{Key: key, Field: field, Tags: map[string]string{}, Lists: map[string][]string{"organization_id": c.Parameters.Organization}}
	if c.Parameters.ObjectID != "" {
		of.Object = *object(c.Parameters.ObjectID)
	}
	if c.Parameters.Ifname != nil {
		var one string
		var list []string
		if json.Unmarshal(c.Parameters.Ifname, &one) == nil {
			of.Tags["ifname"] = one
		} else {
			require.NoError(t, json.Unmarshal(c.Parameters.Ifname, &list))
			of.Lists["ifname"] = list
		}
	}
	return chart.Query(of, r)
}

// goldenMetric returns the key and the field of the metric that has a chart.
func goldenMetric(chart string) (key, field string) {
	for _, m := range monitoring.BuiltinMetrics() {
		if slices.Contains(m.Charts, chart) {
			return m.Measurement, m.Field
		}
	}
	return chart, ""
}

// equal compares as the cases' README says.
func (c goldenCase) equal(t *testing.T, want *float64, have timeseries.Value, place string) {
	t.Helper()
	if want == nil || have.IsNull() {
		require.True(t, want == nil && have.IsNull(), "%s: want %v, have %v", place, want, have)
		return
	}
	if ties := c.Ties[place]; len(ties) > 0 {
		require.Contains(t, ties, have.Float(), place)
		require.Equal(t, slices.Min(ties), have.Float(), "of equally frequent ones the smallest")
		return
	}
	if *want == 0 || *want == math.Trunc(*want) && have.Kind() == timeseries.IntKind {
		require.InDelta(t, *want, have.Float(), 0.005, place)
		return
	}
	require.InDelta(t, *want, have.Float(), 0.011, place)
}
