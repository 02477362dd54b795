package monitoring

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Colorscale colours the values of a bar chart.
type Colorscale struct {
	// Max and Min bound the values.
	Max float64 `json:"max"`
	Min float64 `json:"min"`
	// Label stands beside the scale.
	Label string `json:"label"`
	// Scale are pairs of a number from 0 to 1 and a colour.
	Scale [][2]any `json:"scale"`
	// Map are triples of the least value (nil: any), a colour and a text.
	Map [][3]any `json:"map,omitempty"`
	// FixedValue is the height of all bars, if not nil.
	FixedValue *float64 `json:"fixed_value,omitempty"`
}

// ChartConfig is a kind of chart. Titles and descriptions may name tags of the metric:
// "Traffic: {ifname}".
type ChartConfig struct {
	// Key is the name in the registry, at most 16 bytes.
	Key string
	// Type is how it is drawn: bar, scatter, line, stackedbar, stackedbar+lines, histogram.
	Type string
	// Label is what people choose it by; empty: the title.
	Label string
	// Title and Description are shown with it.
	Title, Description string
	// Order sorts the charts of a page.
	Order int
	// Unit is appended to values; "adaptive_prefix+B" chooses K, M, G.
	Unit string
	// SummaryLabels name the summaries, in the order of the traces as drawn.
	SummaryLabels []string
	// Colors are those of the traces; nil: the first of DefaultColors, one for each
	// summary label.
	Colors []string
	// Colorscale colours by value.
	Colorscale *Colorscale
	// Fill, XAxis, YAxis, TraceType, TraceOrder and TraceLabels are hints for drawing.
	Fill         string
	XAxis, YAxis map[string]any
	TraceType    map[string]string
	TraceOrder   []string
	TraceLabels  map[string]string
	// CalculateTotal lets the page add the traces up.
	CalculateTotal bool
	// ConnectPoints draws lines over gaps.
	ConnectPoints bool

	// Measurement is what is read; "" is the metric's key.
	Measurement string
	// Traces are what is computed. None: the values of the metric's field as they are.
	// The field "" is the metric's.
	Traces []timeseries.Trace
	// By are tags of the metric that select its series, such as ifname.
	By []string
	// Lists are tags that may be selected by lists when the chart is of no object.
	Lists []string
	// GroupBy are tags whose values make a trace each.
	GroupBy []string
	// TopFields makes a trace of each of the fields with the largest sums.
	TopFields int
}

// Histogram reports whether the chart has no axis of time.
func (c *ChartConfig) Histogram() bool { return c.Type == "histogram" }

// DefaultColors returns the colours of charts that have none (spec: monitoring §3.3).
func DefaultColors() []string {
	return []string{"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"}
}

// colors returns the chart's colours, nil for none.
func (c *ChartConfig) colors() []string {
	if c.Colors != nil || c.SummaryLabels == nil {
		return c.Colors
	}
	all := DefaultColors()
	return all[:min(len(c.SummaryLabels), len(all))]
}

// Check returns what is wrong with the configuration.
func (c *ChartConfig) Check() error {
	switch {
	case c.Key == "" || len(c.Key) > 16:
		return errors.New("a chart's key has 1 to 16 bytes")
	case c.Type == "" || c.Title == "" || c.Description == "":
		return fmt.Errorf("chart %s: type, title and description are needed", c.Key)
	case !slices.Contains([]string{"bar", "scatter", "line", "stackedbar", "stackedbar+lines", "histogram"}, c.Type):
		return fmt.Errorf("chart %s: unknown type %q", c.Key, c.Type)
	}
	return nil
}

// Target is what a chart is of: a metric, and for those without object lists of tags.
type Target struct {
	// Key and Field are the metric's.
	Key, Field string
	// Object is what it belongs to; the zero Object for general metrics.
	Object timeseries.Object
	// Tags are the metric's main tags.
	Tags map[string]string
	// Lists select series of general metrics.
	Lists map[string][]string
}

// Query returns the question that the chart asks of a store.
func (c *ChartConfig) Query(of Target, r timeseries.Range) timeseries.Query {
	q := timeseries.Query{Measurement: cmp.Or(c.Measurement, of.Key), Range: r, GroupBy: c.GroupBy}
	q.Filter.Tags = map[string][]string{}
	if of.Object != (timeseries.Object{}) {
		q.Filter.Object = &of.Object
	}
	for _, tag := range c.By {
		if v := of.Tags[tag]; v != "" {
			q.Filter.Tags[tag] = []string{v}
		}
	}
	for _, tag := range c.Lists {
		if list := of.Lists[tag]; len(list) > 0 {
			q.Filter.Tags[tag] = list
		}
	}
	q.Traces = slices.Clone(c.Traces)
	for i := range q.Traces {
		q.Traces[i].Field = cmp.Or(q.Traces[i].Field, of.Field)
	}
	if c.Histogram() {
		q.Range.Bucket = 0
	}
	return q
}

// fill puts the metric's tags into a text such as "Traffic: {ifname}".
func (of Target) fill(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	pairs := []string{"{key}", of.Key, "{field_name}", of.Field}
	for _, name := range slices.Sorted(maps.Keys(of.Tags)) {
		pairs = append(pairs, "{"+name+"}", of.Tags[name])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
