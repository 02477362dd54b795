package sqlts

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// frame is everything one owner wrote at one time.
type frame struct {
	t       int64 // microseconds
	entries []entry
}

// entry is a point of a frame, or a list: points of one series a microsecond apart with
// one text each, such as the clients of a radio.
type entry struct {
	series int64
	cells  []cell
	field  int64   // of a list
	list   []int64 // symbols; entry i is at t+i
}

// cell is a field's value: the bits of a number, or a symbol.
type cell struct {
	field int64
	kind  timeseries.Kind
	bits  int64
}

func (c cell) value() timeseries.Value {
	switch c.kind {
	case timeseries.FloatKind:
		return timeseries.Float(math.Float64frombits(uint64(c.bits)))
	case timeseries.BoolKind:
		return timeseries.Bool(c.bits == 1)
	}
	return timeseries.Int(c.bits)
}

// How a value is written, beside its field's number.
const (
	asInt = iota
	asFloat
	asHundredths
	asText
	asBool
	encodings = 8
)

var errDamaged = errors.New("a stored frame or chunk is damaged")

// hundredths returns a float as a number of hundredths, if it is one exactly.
func hundredths(bits int64) (int64, bool) { return scaled(bits, 100) }

func scaled(bits int64, by float64) (int64, bool) {
	f := math.Float64frombits(uint64(bits))
	if math.Abs(f) > 1e12 {
		return 0, false
	}
	n := math.Round(f * by)
	return int64(n), math.Float64bits(n/by) == uint64(bits)
}

// appendFrame writes a frame without its time.
func appendFrame(b []byte, f *frame) []byte {
	for _, e := range f.entries {
		b = binary.AppendUvarint(b, uint64(e.series))
		if e.list != nil {
			b = binary.AppendUvarint(b, uint64(len(e.list))<<1|1)
			b = binary.AppendUvarint(b, uint64(e.field))
			for _, id := range e.list {
				b = binary.AppendUvarint(b, uint64(id))
			}
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(e.cells))<<1)
		for _, c := range e.cells {
			b = appendCell(b, c)
		}
	}
	return b
}

func appendCell(b []byte, c cell) []byte {
	how := uint64(asInt)
	switch c.kind {
	case timeseries.FloatKind:
		if n, ok := hundredths(c.bits); ok {
			b = binary.AppendUvarint(b, uint64(c.field)*encodings+asHundredths)
			return binary.AppendVarint(b, n)
		}
		b = binary.AppendUvarint(b, uint64(c.field)*encodings+asFloat)
		return binary.LittleEndian.AppendUint64(b, uint64(c.bits))
	case timeseries.TextKind:
		how = asText
	case timeseries.BoolKind:
		how = asBool
	}
	return binary.AppendVarint(binary.AppendUvarint(b, uint64(c.field)*encodings+how), c.bits)
}

// reader reads numbers and remembers that something was wrong.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads how many things follow, of which each takes at least a byte.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) err() error {
	if r.bad {
		return errDamaged
	}
	return nil
}

// readFrame reads what appendFrame wrote.
func readFrame(t int64, p []byte) (*frame, error) {
	r := &reader{b: p}
	f := &frame{t: t}
	for len(r.b) > 0 {
		e := entry{series: int64(r.uvarint())}
		head := r.uvarint()
		if n := int(head >> 1); head&1 == 1 {
			e.field = int64(r.uvarint())
			if n > len(r.b) {
				return nil, errDamaged
			}
			e.list = make([]int64, n)
			for i := range e.list {
				e.list[i] = int64(r.uvarint())
			}
		} else {
			if n > len(r.b) {
				return nil, errDamaged
			}
			e.cells = make([]cell, n)
			for i := range e.cells {
				e.cells[i] = r.cell()
			}
		}
		f.entries = append(f.entries, e)
	}
	return f, r.err()
}

func (r *reader) cell() cell {
	head := r.uvarint()
	c := cell{field: int64(head / encodings)}
	switch head % encodings {
	case asFloat:
		c.kind = timeseries.FloatKind
		if b := r.bytes(8); b != nil {
			c.bits = int64(binary.LittleEndian.Uint64(b))
		}
	case asHundredths:
		c.kind = timeseries.FloatKind
		c.bits = int64(math.Float64bits(float64(r.varint()) / 100))
	case asText:
		c.kind, c.bits = timeseries.TextKind, r.varint()
	case asBool:
		c.kind, c.bits = timeseries.BoolKind, r.varint()
	default:
		c.kind, c.bits = timeseries.IntKind, r.varint()
	}
	return c
}

// overlay puts the entries of a later write of the same time over those of a frame: a
// field that is there is overwritten, of a list what is longer stays (as InfluxDB does,
// point by point).
func (f *frame) overlay(later *frame) {
	for _, e := range later.entries {
		i := slices.IndexFunc(f.entries, func(have entry) bool {
			return have.series == e.series && (have.list != nil) == (e.list != nil) && have.field == e.field
		})
		if i < 0 {
			f.entries = append(f.entries, e)
			continue
		}
		have := &f.entries[i]
		if e.list != nil {
			if len(have.list) > len(e.list) {
				have.list = append(slices.Clone(e.list), have.list[len(e.list):]...)
			} else {
				have.list = e.list
			}
			continue
		}
		have.cells = slices.Clone(have.cells)
		for _, c := range e.cells {
			if j := slices.IndexFunc(have.cells, func(h cell) bool { return h.field == c.field }); j >= 0 {
				have.cells[j] = c
			} else {
				have.cells = append(have.cells, c)
			}
		}
	}
}

// clone returns a frame whose entries can be replaced.
func (f *frame) clone() *frame { return &frame{f.t, slices.Clone(f.entries)} }
