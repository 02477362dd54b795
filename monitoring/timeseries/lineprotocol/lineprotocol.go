// Package lineprotocol writes points as InfluxDB's line protocol has them, which
// VictoriaMetrics reads too.
package lineprotocol

import (
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Append adds one line: a measurement, its tags, fields, and the time in units of
// a precision since 1970. Null fields are left out.
func Append(dst []byte, measurement string, tags []timeseries.Tag, fields []timeseries.Field, at time.Time, precision time.Duration) []byte {
	dst = appendEscaped(dst, measurement, inName)
	for _, t := range tags {
		dst = append(dst, ',')
		dst = appendEscaped(dst, t.Name, inKey)
		dst = append(dst, '=')
		dst = appendEscaped(dst, t.Value, inKey)
	}
	sep := byte(' ')
	for _, f := range fields {
		if f.Value.IsNull() {
			continue
		}
		dst = append(dst, sep)
		sep = ','
		dst = appendEscaped(dst, f.Name, inKey)
		dst = append(dst, '=')
		dst = appendValue(dst, f.Value)
	}
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, at.UnixNano()/int64(precision), 10)
	return append(dst, '\n')
}

// appendEscaped puts a backslash before what the protocol gives a meaning to; a
// line ends at a newline in any case. A backslash of the text that stands before
// such a byte, or at the end, is left out: readers do not agree what it means there.
func appendEscaped(dst []byte, v, special string) []byte {
	for i := range len(v) {
		switch {
		case v[i] == '\n':
			dst = append(dst, `\n`...)
			continue
		case v[i] == '\\' && (i+1 == len(v) || v[i+1] == '\\' || v[i+1] == '\n' || strings.IndexByte(special, v[i+1]) >= 0):
			continue
		case strings.IndexByte(special, v[i]) >= 0:
			dst = append(dst, '\\')
		}
		dst = append(dst, v[i])
	}
	return dst
}

const inName, inKey = ", ", ", ="

func appendValue(dst []byte, v timeseries.Value) []byte {
	switch v.Kind() {
	case timeseries.IntKind:
		dst = strconv.AppendInt(dst, v.Int(), 10)
		return append(dst, 'i')
	case timeseries.FloatKind:
		return strconv.AppendFloat(dst, v.Float(), 'g', -1, 64)
	case timeseries.BoolKind:
		return strconv.AppendBool(dst, v.Int() == 1)
	}
	dst = append(dst, '"')
	for i := range len(v.Text()) {
		if c := v.Text()[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, v.Text()[i])
	}
	return append(dst, '"')
}
