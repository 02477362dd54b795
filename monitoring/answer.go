package monitoring

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Charts is the service that answers with charts.
type Charts struct{ *base }

// Answer are charts with their common axis (spec: monitoring §6.4).
type Answer struct {
	// Charts are in the order of the page.
	Charts []ChartAnswer `json:"charts"`
	// X are the labels of the buckets; nil if no chart has rows.
	X []string `json:"x,omitempty"`
}

// ChartAnswer is a chart as clients draw it.
type ChartAnswer struct {
	// Traces are pairs of a name and its values, one for each label; null: none.
	Traces [][2]any `json:"traces"`
	// Summary is a value for each trace over the whole range; null for charts of raw values.
	Summary map[string]any `json:"summary"`
	// The rest is the chart's configuration.
	Description    string            `json:"description"`
	Title          string            `json:"title"`
	Type           string            `json:"type"`
	Unit           string            `json:"unit"`
	SummaryLabels  []string          `json:"summary_labels"`
	Colors         []string          `json:"colors"`
	Colorscale     *Colorscale       `json:"colorscale"`
	Fill           string            `json:"fill,omitempty"`
	XAxis          map[string]any    `json:"xaxis,omitempty"`
	YAxis          map[string]any    `json:"yaxis,omitempty"`
	TraceType      map[string]string `json:"trace_type,omitempty"`
	TraceOrder     []string          `json:"trace_order,omitempty"`
	TraceLabels    map[string]string `json:"trace_labels,omitempty"`
	CalculateTotal bool              `json:"calculate_total,omitempty"`
	ConnectPoints  bool              `json:"connect_points,omitempty"`
	// X are the labels of a chart whose axis is not the common one.
	X []string `json:"x,omitempty"`

	order int
}

// asked is a chart with its question.
type asked struct {
	config *ChartConfig
	of     Target
	title  string
}

// Selection says which charts are wanted.
type Selection struct {
	// Object is whose charts; the zero Object for those of the whole network.
	Object timeseries.Object
	// Lists select series for charts of the whole network, by tag.
	Lists map[string][]string
}

// Read answers with the charts of an object, or of the whole network.
func (c *Charts) Read(ctx context.Context, s Selection, r timeseries.Range) (*Answer, error) {
	list, err := c.asked(ctx, s)
	if err != nil {
		return nil, err
	}
	if s.Object == (timeseries.Object{}) {
		r = grid(r)
	}
	queries := make([]timeseries.Query, 0, len(list))
	kept := list[:0]
	for _, a := range list {
		q, ok, err := c.query(ctx, a, r)
		if err != nil {
			return nil, err
		}
		if ok {
			queries = append(queries, q)
			kept = append(kept, a)
		}
	}
	results, err := c.Series.Charts(ctx, queries)
	if err != nil {
		return nil, fmt.Errorf("read charts: %w", err)
	}
	out := &Answer{Charts: []ChartAnswer{}}
	for i, a := range kept {
		if results[i].Empty() {
			continue
		}
		chart := answer(a, results[i], r.Zone)
		if !a.config.Histogram() {
			if out.X == nil {
				out.X = labels(results[i].Starts, r.Zone)
			}
		}
		out.Charts = append(out.Charts, chart)
	}
	slices.SortStableFunc(out.Charts, func(a, b ChartAnswer) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.Title, b.Title))
	})
	return out, nil
}

// asked returns the charts with their questions, in the order in which they were made.
func (c *Charts) asked(ctx context.Context, s Selection) ([]asked, error) {
	charts, metrics := ChartFilter{ContentType: s.Object.Type, ObjectID: s.Object.ID}, MetricFilter{ContentType: s.Object.Type, ObjectID: s.Object.ID}
	if s.Object == (timeseries.Object{}) {
		yes := true
		charts, metrics = ChartFilter{General: &yes}, MetricFilter{General: &yes}
	}
	rows, err := c.Stores.Charts.List(ctx, wispwright.ScopeAll(), charts, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read charts: %w", err)
	}
	of, err := c.Stores.Metrics.List(ctx, wispwright.ScopeAll(), metrics, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	byID := map[wispwright.ID]*Metric{}
	for _, m := range of.Rows {
		byID[m.ID] = m
	}
	kinds := map[string]int{}
	for _, row := range rows.Rows {
		kinds[row.Configuration]++
	}
	var out []asked
	for _, row := range rows.Rows {
		config, m := c.Registry.Chart(row.Configuration), byID[row.MetricID]
		if config == nil && m != nil {
			if kind := c.Registry.Metric(row.Configuration); kind != nil && kind.Declared { // without chart at present
				continue
			}
		}
		if config == nil || m == nil {
			c.Log.WarnContext(ctx, "a chart is left out: its configuration is unknown", "chart", row.ID, "configuration", row.Configuration)
			continue
		}
		target := m.Target()
		target.Lists = s.Lists
		title := target.fill(config.Title)
		if ifname := target.Tags["ifname"]; kinds[row.Configuration] > 1 && ifname != "" && !strings.Contains(config.Title, "{ifname}") {
			title += ": " + ifname // two modems
		}
		out = append(out, asked{config, target, title})
	}
	return out, nil
}

// query returns the question of a chart; ok is false if there is nothing to ask.
func (c *Charts) query(ctx context.Context, a asked, r timeseries.Range) (q timeseries.Query, ok bool, err error) {
	q = a.config.Query(a.of, r)
	if a.config.TopFields > 0 {
		top, err := c.Series.TopFields(ctx, q.Measurement, q.Filter, r.Start, r.End, a.config.TopFields)
		if err != nil {
			return q, false, fmt.Errorf("read charts: %w", err)
		}
		fn := timeseries.Sum
		if len(q.Traces) > 0 {
			fn = q.Traces[0].Func
		}
		q.Traces = nil
		for _, field := range top {
			q.Traces = append(q.Traces, timeseries.Trace{Name: strings.ReplaceAll(field, "-", "_"), Field: field, Func: fn})
		}
	}
	return q, len(q.Traces) > 0, nil
}

// grid widens a range to the five minutes that sums of organizations are kept by; the end
// is part of a range, so what begins there is shown.
func grid(r timeseries.Range) timeseries.Range {
	const step = 5 * time.Minute
	r.Start = r.Start.Truncate(step)
	r.End = r.End.Truncate(step).Add(step - time.Microsecond)
	return r
}

func labels(starts []time.Time, zone *time.Location) []string {
	if zone == nil {
		zone = time.UTC
	}
	out := make([]string, len(starts))
	for i, t := range starts {
		out[i] = t.In(zone).Format("2006-01-02 15:04")
	}
	return out
}

func answer(a asked, r timeseries.Result, zone *time.Location) ChartAnswer {
	c := a.config
	out := ChartAnswer{
		Traces: [][2]any{}, Summary: map[string]any{}, Description: a.of.fill(c.Description), Title: a.title, Type: c.Type, Unit: c.Unit,
		SummaryLabels: c.SummaryLabels, Colors: c.colors(), Colorscale: c.Colorscale, Fill: c.Fill, XAxis: c.XAxis, YAxis: c.YAxis,
		TraceType: c.TraceType, TraceOrder: c.TraceOrder, TraceLabels: c.TraceLabels, CalculateTotal: c.CalculateTotal, ConnectPoints: c.ConnectPoints, order: c.Order,
	}
	for _, s := range r.Series {
		values := make([]any, len(s.Values))
		for i, v := range s.Values {
			values[i] = rounding(v)
		}
		if c.Histogram() {
			values = []any{rounding(s.Summary)}
		}
		out.Traces = append(out.Traces, [2]any{s.Name, values})
		out.Summary[s.Name] = rounding(s.Summary)
	}
	slices.SortFunc(out.Traces, func(a, b [2]any) int { return strings.Compare(a[0].(string), b[0].(string)) })
	return out
}

// rounding writes a value as clients expect it: two decimals, four for small and negative
// ones, integers as they are (spec: monitoring §6.2).
func rounding(v timeseries.Value) any {
	switch v.Kind() {
	case timeseries.IntKind, timeseries.BoolKind:
		return v.Int()
	case timeseries.FloatKind:
		f := v.Float()
		decimals := 2
		if f < 0.01 {
			decimals = 4
		}
		f, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', decimals, 64), 64)
		if err != nil || f == 0 { // also -0
			return 0.0
		}
		return f
	case timeseries.TextKind:
		return v.Text()
	}
	return nil
}

// CSV writes the charts as a table (spec: monitoring §6.6).
func (a *Answer) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	head := []string{"time"}
	var columns [][]any
	for _, c := range a.Charts {
		if c.Type == "histogram" {
			continue
		}
		for _, t := range c.Traces {
			head = append(head, fmt.Sprintf("%s - %s", t[0], c.Title))
			columns = append(columns, t[1].([]any))
		}
	}
	_ = w.Write(head) // into memory
	for i, x := range a.X {
		row := []string{x}
		for _, column := range columns {
			cell := ""
			if i < len(column) && column[i] != nil {
				cell = csvCell(column[i])
			}
			row = append(row, cell)
		}
		_ = w.Write(row) // into memory
	}
	for _, c := range a.Charts {
		if c.Type == "histogram" {
			c.csv(w)
		}
	}
	w.Flush()
	return b.String()
}

func (c *ChartAnswer) csv(w *csv.Writer) {
	w.Flush()
	type bar struct {
		name  string
		value float64
		text  string
	}
	var bars []bar
	for name, v := range c.Summary {
		b := bar{name, 0, "0"}
		if v != nil {
			b.text = csvCell(v)
			b.value, _ = strconv.ParseFloat(b.text, 64) // what is no number is the least
		}
		bars = append(bars, b)
	}
	slices.SortFunc(bars, func(a, b bar) int { return cmp.Or(cmp.Compare(b.value, a.value), strings.Compare(a.name, b.name)) })
	_ = w.Write(nil)               // into memory
	_ = w.Write([]string{c.Title}) // into memory
	for _, b := range bars {
		_ = w.Write([]string{b.name, b.text}) // into memory
	}
}

// csvCell writes a value; a float always has a fraction.
func csvCell(v any) string {
	f, ok := v.(float64)
	if !ok {
		return fmt.Sprint(v)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
