package victoriametrics

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// The labels that say what a series is of. Its name, measurement_field, is for
// people and dashboards: it cannot be taken apart again.
const (
	labelMeasurement = "wisp_measurement"
	labelField       = "wisp_field"
	labelKind        = "wisp_kind"
	labelClass       = "wisp_class"
	// labelRevision counts corrections: samples are never overwritten, so a value that
	// replaces one stands in another series, and the highest counts.
	labelRevision = "wisp_revision"
)

func own(label string) bool { return strings.HasPrefix(label, "wisp_") || label == "__name__" }

// selector is what MetricsQL selects series by.
type selector struct{ parts []string }

func (s *selector) equal(label, value string) {
	s.parts = append(s.parts, quoted(label)+"="+strconv.Quote(value))
}

// among selects series whose label has one of the values; none selects all.
func (s *selector) among(label string, values []string) {
	switch len(values) {
	case 0:
		return
	case 1:
		s.equal(label, values[0])
		return
	}
	either := make([]string, len(values))
	for i, v := range values {
		either[i] = regexp.QuoteMeta(v)
	}
	s.parts = append(s.parts, quoted(label)+"=~"+strconv.Quote(strings.Join(either, "|")))
}

func (s *selector) filter(f timeseries.Filter) {
	if f.Object != nil {
		s.equal(timeseries.ContentTypeTag, f.Object.Type)
		s.equal(timeseries.ObjectTag, f.Object.ID)
	}
	for _, tag := range slices.Sorted(maps.Keys(f.Tags)) {
		s.among(tag, f.Tags[tag])
	}
}

func (s *selector) String() string { return "{" + strings.Join(s.parts, ",") + "}" }

// quoted spells a label's name: what is no letter, digit or underscore gets a
// backslash.
func quoted(label string) string {
	var b strings.Builder
	for i, r := range label {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9' || i == 0) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// letters of kinds, in the label.
func letter(k timeseries.Kind) string {
	switch k {
	case timeseries.IntKind:
		return "i"
	case timeseries.BoolKind:
		return "b"
	}
	return "f"
}

func kindOf(letter string) timeseries.Kind {
	switch letter {
	case "i":
		return timeseries.IntKind
	case "b":
		return timeseries.BoolKind
	}
	return timeseries.FloatKind
}

func value(v float64, k timeseries.Kind) timeseries.Value {
	switch k {
	case timeseries.IntKind:
		return timeseries.Int(int64(v))
	case timeseries.BoolKind:
		return timeseries.Bool(v != 0)
	}
	return timeseries.Float(v)
}

func revisionOf(labels map[string]string) int {
	n, err := strconv.Atoi(labels[labelRevision])
	if err != nil {
		return 0
	}
	return n
}
