package geo

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
)

// wktNames are the types of GeoJSON by their names in well-known text, in the
// order of their codes in well-known binary, which begin with 1.
func wktNames() [7][2]string {
	return [...][2]string{{"POINT", "Point"}, {"LINESTRING", "LineString"}, {"POLYGON", "Polygon"}, {"MULTIPOINT", "MultiPoint"},
		{"MULTILINESTRING", "MultiLineString"}, {"MULTIPOLYGON", "MultiPolygon"}, {"GEOMETRYCOLLECTION", "GeometryCollection"}}
}

// reader takes well-known text apart.
type reader struct {
	rest string
	n    int
}

// parseWKT reads WKT and EWKT.
func parseWKT(text string) (shape, error) {
	if prefix, rest, found := strings.Cut(text, ";"); found {
		srid, isSRID := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(prefix)), "SRID=")
		if !isSRID {
			return shape{}, errText
		}
		if srid != "4326" {
			return shape{}, errSystem
		}
		text = rest
	}
	r := &reader{rest: text}
	s, err := r.shape(0)
	if err == nil && strings.TrimSpace(r.rest) != "" {
		err = errText
	}
	return s, err
}

// word reads the letters that come next.
func (r *reader) word() string {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	n := 0
	for n < len(r.rest) && (r.rest[n]|0x20 >= 'a' && r.rest[n]|0x20 <= 'z') {
		n++
	}
	w := r.rest[:n]
	r.rest = r.rest[n:]
	return strings.ToUpper(w)
}

// next reports whether a character comes next, and reads it.
func (r *reader) next(c byte) bool {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	if r.rest == "" || r.rest[0] != c {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

func (r *reader) shape(depth int) (shape, error) {
	if depth > maxDepth {
		return shape{}, errDeep
	}
	name := r.word()
	s := shape{}
	for _, n := range wktNames() {
		if n[0] == name {
			s.typ = n[1]
		}
	}
	if s.typ == "" {
		return shape{}, errText
	}
	before := r.rest
	switch r.word() {
	case "EMPTY":
		return shape{}, errEmpty
	case "Z", "M", "ZM":
	default:
		r.rest = before
	}
	var err error
	switch s.typ {
	case "Point":
		var p []Position
		if p, err = r.line(); err == nil && len(p) != 1 {
			err = errText
		}
		s.points = p
	case "LineString":
		s.points, err = r.line()
	case "MultiPoint":
		s.points, err = r.multipoint()
	case "MultiLineString", "Polygon":
		s.lines, err = r.lines()
	case "MultiPolygon":
		s.polygons, err = list(r, (*reader).lines)
	default:
		s.parts, err = list(r, func(r *reader) (shape, error) { return r.shape(depth + 1) })
	}
	return s, err
}

// list reads what stands in brackets, separated by commas.
func list[T any](r *reader, one func(*reader) (T, error)) ([]T, error) {
	if !r.next('(') {
		return nil, errText
	}
	var out []T
	for {
		v, err := one(r)
		if err != nil {
			return nil, err
		}
		if out = append(out, v); len(out) > maxPositions {
			return nil, errMany
		}
		if r.next(')') {
			return out, nil
		}
		if !r.next(',') {
			return nil, errText
		}
	}
}

func (r *reader) line() ([]Position, error)    { return list(r, (*reader).position) }
func (r *reader) lines() ([][]Position, error) { return list(r, (*reader).line) }

// multipoint reads both spellings, with and without inner brackets.
func (r *reader) multipoint() ([]Position, error) {
	return list(r, func(r *reader) (Position, error) {
		bracket := r.next('(')
		p, err := r.position()
		if err == nil && bracket && !r.next(')') {
			err = errText
		}
		return p, err
	})
}

// position reads two to four numbers and keeps two.
func (r *reader) position() (p Position, err error) {
	if r.n++; r.n > maxPositions {
		return p, errMany
	}
	n := 0
	for ; n < 4; n++ {
		r.rest = strings.TrimLeft(r.rest, " \t\r\n")
		end := strings.IndexAny(r.rest, " \t\r\n,()")
		if end < 0 {
			end = len(r.rest)
		}
		if end == 0 {
			break
		}
		v, err := strconv.ParseFloat(r.rest[:end], 64)
		if err != nil {
			return p, errText
		}
		if n < len(p) {
			p[n] = v
		}
		r.rest = r.rest[end:]
	}
	if n < 2 {
		return p, errText
	}
	return p, nil
}

// wkt writes a shape as well-known text.
func (s *shape) wkt() string {
	var b strings.Builder
	for _, n := range wktNames() {
		if n[1] == s.typ {
			b.WriteString(n[0] + " ")
		}
	}
	position := func(b *strings.Builder, p Position) {
		b.WriteString(strconv.FormatFloat(p[0], 'f', -1, 64) + " " + strconv.FormatFloat(p[1], 'f', -1, 64))
	}
	var line func(*strings.Builder, []Position)
	bracketed := func(b *strings.Builder, write func()) { b.WriteByte('('); write(); b.WriteByte(')') }
	line = func(b *strings.Builder, l []Position) {
		bracketed(b, func() {
			for i, p := range l {
				if i > 0 {
					b.WriteString(", ")
				}
				position(b, p)
			}
		})
	}
	lines := func(b *strings.Builder, ls [][]Position) {
		bracketed(b, func() {
			for i, l := range ls {
				if i > 0 {
					b.WriteString(", ")
				}
				line(b, l)
			}
		})
	}
	switch s.typ {
	case "Point", "MultiPoint", "LineString":
		line(&b, s.points)
	case "MultiLineString", "Polygon":
		lines(&b, s.lines)
	case "MultiPolygon":
		bracketed(&b, func() {
			for i, p := range s.polygons {
				if i > 0 {
					b.WriteString(", ")
				}
				lines(&b, p)
			}
		})
	default:
		bracketed(&b, func() {
			for i := range s.parts {
				if i > 0 {
					b.WriteString(", ")
				}
				b.WriteString(s.parts[i].wkt())
			}
		})
	}
	return b.String()
}

// isHex reports whether a text is made of hexadecimal digits alone.
func isHex(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f') && (r < 'A' || r > 'F')
	})
}

// The flags of extended well-known binary.
const (
	wkbZ    = 0x80000000
	wkbM    = 0x40000000
	wkbSRID = 0x20000000
)

// binaryReader takes well-known binary apart.
type binaryReader struct {
	rest  []byte
	order binary.ByteOrder
	n     int
}

func parseHexWKB(text string) (shape, error) {
	raw, err := hex.DecodeString(text)
	if err != nil {
		return shape{}, errText
	}
	r := &binaryReader{rest: raw}
	s, err := r.shape(0)
	if err == nil && len(r.rest) > 0 {
		err = errText
	}
	return s, err
}

func (r *binaryReader) uint32() (uint32, error) {
	if len(r.rest) < 4 {
		return 0, errText
	}
	v := r.order.Uint32(r.rest)
	r.rest = r.rest[4:]
	return v, nil
}

func (r *binaryReader) shape(depth int) (s shape, err error) {
	if depth > maxDepth+1 { // the parts of a multi geometry are shapes too
		return s, errDeep
	}
	if len(r.rest) < 5 {
		return s, errText
	}
	switch r.rest[0] {
	case 0:
		r.order = binary.BigEndian
	case 1:
		r.order = binary.LittleEndian
	default:
		return s, errText
	}
	r.rest = r.rest[1:]
	code, err := r.uint32()
	if err != nil {
		return s, err
	}
	if code&wkbSRID != 0 {
		srid, err := r.uint32()
		if err != nil {
			return s, err
		}
		if srid != 4326 {
			return s, errSystem
		}
	}
	size := 2
	for _, flag := range []uint32{wkbZ, wkbM} {
		if code&flag != 0 {
			size++
		}
	}
	kind := code &^ (wkbZ | wkbM | wkbSRID)
	switch kind / 1000 { // the other way to say the same
	case 1, 2:
		size++
	case 3:
		size += 2
	}
	kind %= 1000
	names := wktNames()
	if kind < 1 || int(kind) > len(names) || size > 4 {
		return s, errText
	}
	s.typ = names[kind-1][1]
	return s, r.fill(&s, size, depth)
}

func (r *binaryReader) fill(s *shape, size, depth int) (err error) {
	switch s.typ {
	case "Point":
		p, err := r.position(size)
		s.points = []Position{p}
		return err
	case "LineString":
		s.points, err = r.line(size)
		return err
	case "Polygon":
		s.lines, err = many(r, func() ([]Position, error) { return r.line(size) })
		return err
	}
	parts, err := many(r, func() (shape, error) { return r.shape(depth + 1) })
	if err != nil {
		return err
	}
	for _, p := range parts {
		switch {
		case s.typ == "MultiPoint" && p.typ == "Point":
			s.points = append(s.points, p.points...)
		case s.typ == "MultiLineString" && p.typ == "LineString":
			s.lines = append(s.lines, p.points)
		case s.typ == "MultiPolygon" && p.typ == "Polygon":
			s.polygons = append(s.polygons, p.lines)
		case s.typ == "GeometryCollection":
			s.parts = append(s.parts, p)
		default:
			return errText
		}
	}
	return nil
}

// many reads a number and as many things.
func many[T any](r *binaryReader, one func() (T, error)) ([]T, error) {
	n, err := r.uint32()
	if err != nil {
		return nil, err
	}
	if n > maxPositions {
		return nil, errMany
	}
	var out []T
	for range n {
		v, err := one()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (r *binaryReader) line(size int) ([]Position, error) {
	return many(r, func() (Position, error) { return r.position(size) })
}

func (r *binaryReader) position(size int) (p Position, err error) {
	if r.n++; r.n > maxPositions {
		return p, errMany
	}
	if len(r.rest) < 8*size {
		return p, errText
	}
	for i := range p {
		p[i] = math.Float64frombits(r.order.Uint64(r.rest[8*i:]))
	}
	r.rest = r.rest[8*size:]
	return p, nil
}
