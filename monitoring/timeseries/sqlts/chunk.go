package sqlts

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// A chunk is a day of an owner by columns: the times once, then a section for each series, so that a
// chart decodes its own only. Each section is compressed for itself.

const chunkVersion = 1

// codec compresses; its encoder and decoder may be used by many goroutines.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// maxSection bounds what a section may say that it holds.
const maxSection = 64 << 20

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithWindowSize(1<<17))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxSection))
	if err != nil {
		return nil, err
	}
	return &codec{enc, dec}, nil
}

// pack compresses what becomes smaller; the first byte says whether it did.
func (c *codec) pack(b []byte) []byte {
	if out := c.enc.EncodeAll(b, []byte{1}); len(out) < len(b)+1 {
		return out
	}
	return append([]byte{0}, b...)
}

func (c *codec) unpack(b []byte) ([]byte, error) {
	switch {
	case len(b) == 0:
		return nil, errDamaged
	case b[0] == 0:
		return b[1:], nil
	}
	out, err := c.dec.DecodeAll(b[1:], nil)
	if err != nil {
		return nil, errDamaged
	}
	return out, nil
}

// column is one series of a day, or one list of it.
type column struct {
	series int64
	isList bool
	field  int64 // of a list
	at     []int // places in the times
	cells  [][]cell
	lists  [][]int64
}

// encodeChunk writes frames of a day, which are sorted by time.
func (c *codec) encodeChunk(frames []*frame) []byte {
	type key struct{ series, list int64 }
	columns := map[key]*column{}
	var times []byte
	last := int64(0)
	for i, f := range frames {
		times = binary.AppendUvarint(times, uint64(f.t-last))
		last = f.t
		for _, e := range f.entries {
			k := key{e.series, -1}
			if e.list != nil {
				k.list = e.field
			}
			col := columns[k]
			if col == nil {
				col = &column{series: e.series, isList: e.list != nil, field: e.field}
				columns[k] = col
			}
			col.at = append(col.at, i)
			col.cells = append(col.cells, e.cells)
			col.lists = append(col.lists, e.list)
		}
	}
	ordered := make([]*column, 0, len(columns))
	for _, col := range columns {
		ordered = append(ordered, col)
	}
	slices.SortFunc(ordered, func(a, b *column) int { return cmp.Or(cmp.Compare(a.series, b.series), cmp.Compare(a.field, b.field)) })
	packed := c.pack(times)
	out := binary.AppendUvarint([]byte{chunkVersion}, uint64(len(frames)))
	out = binary.AppendUvarint(out, uint64(len(packed)))
	out = binary.AppendUvarint(out, uint64(len(ordered)))
	sections := packed
	for _, col := range ordered {
		body := c.pack(col.encode(len(frames)))
		list := uint64(0)
		if col.isList {
			list = 1
		}
		out = binary.AppendUvarint(out, uint64(col.series)<<1|list)
		out = binary.AppendUvarint(out, uint64(len(body)))
		sections = append(sections, body...)
	}
	return append(out, sections...)
}

// appendPlaces writes an increasing list of places among n.
func appendPlaces(b []byte, at []int, n int) []byte {
	b = binary.AppendUvarint(b, uint64(len(at)))
	if len(at) == n {
		return b
	}
	last := 0
	for _, i := range at {
		b = binary.AppendUvarint(b, uint64(i-last))
		last = i
	}
	return b
}

func (r *reader) places(n int) []int {
	count := int(r.uvarint())
	if count > n || count < 0 {
		r.bad = true
		return nil
	}
	at := make([]int, count)
	if count == n {
		for i := range at {
			at[i] = i
		}
		return at
	}
	last := 0
	for i := range at {
		last += int(r.uvarint())
		at[i] = last
	}
	if last >= n {
		r.bad = true
		return nil
	}
	return at
}

func (col *column) encode(n int) []byte {
	b := appendPlaces(nil, col.at, n)
	if col.isList {
		return col.encodeLists(binary.AppendUvarint(b, uint64(col.field)))
	}
	type values struct {
		at   []int
		kind timeseries.Kind
		bits []int64
	}
	fields := map[int64]*values{}
	var order []int64
	for i, cells := range col.cells {
		for _, c := range cells {
			v := fields[c.field]
			if v == nil {
				v = &values{kind: c.kind}
				fields[c.field] = v
				order = append(order, c.field)
			}
			v.at = append(v.at, i)
			v.bits = append(v.bits, c.bits)
		}
	}
	slices.Sort(order)
	b = binary.AppendUvarint(b, uint64(len(order)))
	for _, id := range order {
		v := fields[id]
		b = binary.AppendUvarint(b, uint64(id))
		b = append(b, byte(v.kind))
		b = appendPlaces(b, v.at, len(col.at))
		b = appendValues(b, v.kind, v.bits)
	}
	return b
}

// The ways in which values of one field are written.
const (
	plain = iota
	stepwise
	xored
	scaled1 // and 100, 10⁴
	scaled100
	scaled10000
)

func appendValues(b []byte, kind timeseries.Kind, bits []int64) []byte {
	if kind == timeseries.FloatKind {
		for i, by := range []float64{1, 100, 10000} {
			if out, ok := scaleAll(bits, by); ok {
				return appendInts(append(b, byte(scaled1+i)), out)
			}
		}
		b = append(b, xored)
		last := uint64(0)
		for _, v := range bits {
			x := uint64(v) ^ last
			last = uint64(v)
			// equal beginnings of the bytes become zeros at the end of a number
			var swapped [8]byte
			binary.BigEndian.PutUint64(swapped[:], x)
			b = binary.AppendUvarint(b, binary.LittleEndian.Uint64(swapped[:]))
		}
		return b
	}
	return appendInts(b, bits)
}

func scaleAll(bits []int64, by float64) ([]int64, bool) {
	out := make([]int64, len(bits))
	for i, v := range bits {
		n, ok := scaled(v, by)
		if !ok {
			return nil, false
		}
		out[i] = n
	}
	return out, true
}

// appendInts writes integers as they are or as differences, whichever is shorter.
func appendInts(b []byte, list []int64) []byte {
	var asIs, asDeltas []byte
	last := int64(0)
	for _, v := range list {
		asIs = binary.AppendVarint(asIs, v)
		asDeltas = binary.AppendVarint(asDeltas, v-last)
		last = v
	}
	if len(asDeltas) < len(asIs) {
		return append(append(b, stepwise), asDeltas...)
	}
	return append(append(b, plain), asIs...)
}

func (r *reader) ints(n int) []int64 {
	how := r.bytes(1)
	out := make([]int64, n)
	last := int64(0)
	for i := range out {
		out[i] = r.varint()
		if how != nil && how[0] == stepwise {
			out[i] += last
			last = out[i]
		}
	}
	return out
}

func (r *reader) values(kind timeseries.Kind, n int) []int64 {
	if kind != timeseries.FloatKind {
		return r.ints(n)
	}
	how := r.bytes(1)
	if how == nil {
		return nil
	}
	if how[0] == xored {
		out := make([]int64, n)
		last := uint64(0)
		for i := range out {
			var swapped [8]byte
			binary.LittleEndian.PutUint64(swapped[:], r.uvarint())
			last ^= binary.BigEndian.Uint64(swapped[:])
			out[i] = int64(last)
		}
		return out
	}
	by := map[byte]float64{scaled1: 1, scaled100: 100, scaled10000: 10000}[how[0]]
	if by == 0 {
		r.bad = true
		return nil
	}
	out := r.ints(n)
	for i, v := range out {
		out[i] = int64(math.Float64bits(float64(v) / by))
	}
	return out
}

// encodeLists writes lists of symbols as places in a dictionary of the day.
func (col *column) encodeLists(b []byte) []byte {
	var all []int64
	for _, l := range col.lists {
		all = append(all, l...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	b = binary.AppendUvarint(b, uint64(len(all)))
	last := int64(0)
	place := make(map[int64]int, len(all))
	for i, id := range all {
		b = binary.AppendUvarint(b, uint64(id-last))
		last = id
		place[id] = i
	}
	for _, l := range col.lists {
		b = binary.AppendUvarint(b, uint64(len(l)))
		for _, id := range l {
			b = binary.AppendUvarint(b, uint64(place[id]))
		}
	}
	return b
}

// chunk is a chunk that was opened: its columns are read when they are asked for.
type chunk struct {
	codec    *codec
	times    []int64
	sections []section
}

type section struct {
	series int64
	isList bool
	packed []byte
}

func (c *codec) openChunk(p []byte) (*chunk, error) {
	if len(p) == 0 || p[0] != chunkVersion {
		return nil, errDamaged
	}
	r := &reader{b: p[1:]}
	n, packedTimes, series := int(r.uvarint()), int(r.uvarint()), r.count()
	out := &chunk{codec: c, sections: make([]section, series)}
	lengths := make([]int, series)
	for i := range out.sections {
		head := r.uvarint()
		out.sections[i] = section{series: int64(head >> 1), isList: head&1 == 1}
		lengths[i] = int(r.uvarint())
	}
	times, err := c.unpack(r.bytes(packedTimes))
	if err != nil {
		return nil, err
	}
	for i := range out.sections {
		out.sections[i].packed = r.bytes(lengths[i])
	}
	if r.bad || n < 0 || n > len(times) {
		return nil, errDamaged
	}
	tr := &reader{b: times}
	out.times = make([]int64, n)
	last := int64(0)
	for i := range out.times {
		last += int64(tr.uvarint())
		out.times[i] = last
	}
	return out, tr.err()
}

// fieldColumn are the values of one field.
type fieldColumn struct {
	field int64
	kind  timeseries.Kind
	at    []int // places in the column
	bits  []int64
}

// numbers reads a section that is not a list: places in the times, and the fields.
func (c *chunk) numbers(s *section) (at []int, fields []fieldColumn, err error) {
	body, err := c.codec.unpack(s.packed)
	if err != nil {
		return nil, nil, err
	}
	r := &reader{b: body}
	at = r.places(len(c.times))
	fields = make([]fieldColumn, r.count())
	for i := range fields {
		fields[i].field = int64(r.uvarint())
		if kind := r.bytes(1); kind != nil {
			fields[i].kind = timeseries.Kind(kind[0])
		}
		fields[i].at = r.places(len(at))
		fields[i].bits = r.values(fields[i].kind, len(fields[i].at))
	}
	return at, fields, r.err()
}

// lists reads a section of lists: places in the times, the field, the dictionary, and for
// each place the places in the dictionary.
func (c *chunk) lists(s *section) (at []int, field int64, dictionary []int64, lists [][]int, err error) {
	body, err := c.codec.unpack(s.packed)
	if err != nil {
		return nil, 0, nil, nil, err
	}
	r := &reader{b: body}
	at = r.places(len(c.times))
	field = int64(r.uvarint())
	dictionary = make([]int64, r.count())
	last := int64(0)
	for i := range dictionary {
		last += int64(r.uvarint())
		dictionary[i] = last
	}
	lists = make([][]int, len(at))
	for i := range lists {
		lists[i] = make([]int, r.count())
		for j := range lists[i] {
			n := int(r.uvarint())
			if n >= len(dictionary) || n < 0 {
				return nil, 0, nil, nil, errDamaged
			}
			lists[i][j] = n
		}
	}
	return at, field, dictionary, lists, r.err()
}

// frames turns a chunk back into frames, sorted by time.
func (c *chunk) frames() ([]*frame, error) {
	out := make([]*frame, len(c.times))
	for i, t := range c.times {
		out[i] = &frame{t: t}
	}
	for i := range c.sections {
		s := &c.sections[i]
		if s.isList {
			at, field, dictionary, lists, err := c.lists(s)
			if err != nil {
				return nil, err
			}
			for j, place := range at {
				e := entry{series: s.series, field: field, list: make([]int64, len(lists[j]))}
				for k, d := range lists[j] {
					e.list[k] = dictionary[d]
				}
				out[place].entries = append(out[place].entries, e)
			}
			continue
		}
		at, fields, err := c.numbers(s)
		if err != nil {
			return nil, err
		}
		cells := make([][]cell, len(at))
		for _, f := range fields {
			for j, place := range f.at {
				cells[place] = append(cells[place], cell{f.field, f.kind, f.bits[j]})
			}
		}
		for j, place := range at {
			out[place].entries = append(out[place].entries, entry{series: s.series, cells: cells[j]})
		}
	}
	return out, nil
}

// overlayFrames puts later frames over earlier ones of a day, both sorted, and returns all, sorted.
func overlayFrames(earlier, later []*frame) []*frame {
	out := make([]*frame, 0, len(earlier)+len(later))
	for len(earlier) > 0 || len(later) > 0 {
		switch {
		case len(later) == 0 || len(earlier) > 0 && earlier[0].t < later[0].t:
			out = append(out, earlier[0])
			earlier = earlier[1:]
		case len(earlier) == 0 || later[0].t < earlier[0].t:
			out = append(out, later[0])
			later = later[1:]
		default:
			both := earlier[0].clone()
			both.overlay(later[0])
			out = append(out, both)
			earlier, later = earlier[1:], later[1:]
		}
	}
	return out
}
