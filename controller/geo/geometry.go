package geo

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Geometry is a GeoJSON geometry in WGS 84 as ParseGeometry writes it; empty:
// none. Equal geometries are equal texts.
type Geometry string

// The bounds of what is accepted as a geometry.
const (
	// MaxGeometry is how long a text may be, in bytes.
	MaxGeometry = 1 << 20
	// maxPositions is how many positions a geometry has at most.
	maxPositions = 10_000
	// maxDepth is how deep collections may lie in each other.
	maxDepth = 4
)

// The words of the original for texts that are no geometry (spec: geo §2).
const (
	notConverted = "Unable to convert to python object: "
	noText       = notConverted + "String input unrecognized as WKT EWKT, and HEXEWKB."
	noGeoJSON    = notConverted + `Invalid geometry pointer returned from "OGR_G_CreateGeometryFromJson".`
)

var (
	errText    = errors.New(noText)
	errGeoJSON = errors.New(noGeoJSON)
	errRange   = errors.New("The longitude must lie between -180 and 180 degrees and the latitude between -90 and 90.")
	errLine    = errors.New("A line needs at least two positions.")
	errRing    = errors.New("A ring of a polygon needs at least four positions and ends where it begins.")
	errEmpty   = errors.New("The geometry is empty.")
	errMany    = fmt.Errorf("The geometry has more than %d positions.", maxPositions)
	errDeep    = fmt.Errorf("Collections lie in each other more than %d deep.", maxDepth)
	errSystem  = errors.New("Only coordinates of WGS 84 (SRID 4326) are accepted.")
)

// Position is a longitude and a latitude in degrees.
type Position [2]float64

// UnmarshalJSON reads a position of GeoJSON; an altitude is left out.
func (p *Position) UnmarshalJSON(raw []byte) error {
	var parts []*float64
	if err := json.Unmarshal(raw, &parts); err != nil || len(parts) < 2 || len(parts) > 4 || parts[0] == nil || parts[1] == nil {
		return errGeoJSON
	}
	*p = Position{*parts[0], *parts[1]}
	return nil
}

// shape is a geometry taken apart; which field is used follows from the type.
type shape struct {
	typ      string
	points   []Position     // Point, MultiPoint, LineString
	lines    [][]Position   // MultiLineString, Polygon
	polygons [][][]Position // MultiPolygon
	parts    []shape        // GeometryCollection
}

// ParseGeometry reads GeoJSON (an object in text form), WKT, EWKT or EWKB in
// hexadecimal digits. The error is a sentence for the sender.
func ParseGeometry(text string) (Geometry, error) {
	text = strings.TrimSpace(text)
	if len(text) > MaxGeometry {
		return "", fmt.Errorf("The geometry is longer than %d bytes.", MaxGeometry)
	}
	var s shape
	var err error
	switch {
	case strings.HasPrefix(text, "{"):
		s, err = parseGeoJSON([]byte(text), 0)
	case isHex(text):
		s, err = parseHexWKB(text)
	default:
		s, err = parseWKT(text)
	}
	if err != nil {
		return "", err
	}
	if err := s.check(); err != nil {
		return "", err
	}
	return s.geometry(), nil
}

// Point returns the geometry of a single position; the error is that of
// ParseGeometry.
func Point(longitude, latitude float64) (Geometry, error) {
	s := shape{typ: "Point", points: []Position{{longitude, latitude}}}
	if err := s.check(); err != nil {
		return "", err
	}
	return s.geometry(), nil
}

func parseGeoJSON(raw []byte, depth int) (shape, error) {
	if depth > maxDepth {
		return shape{}, errDeep
	}
	var in struct {
		Type        string            `json:"type"`
		Coordinates json.RawMessage   `json:"coordinates"`
		Geometries  []json.RawMessage `json:"geometries"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return shape{}, errGeoJSON
	}
	s := shape{typ: in.Type}
	var into any
	switch in.Type {
	case "Point":
		s.points = make([]Position, 1)
		into = &s.points[0]
	case "MultiPoint", "LineString":
		into = &s.points
	case "MultiLineString", "Polygon":
		into = &s.lines
	case "MultiPolygon":
		into = &s.polygons
	case "GeometryCollection":
		if len(in.Geometries) > maxPositions {
			return shape{}, errMany
		}
		for _, part := range in.Geometries {
			p, err := parseGeoJSON(part, depth+1)
			if err != nil {
				return shape{}, err
			}
			s.parts = append(s.parts, p)
		}
		return s, nil
	default:
		return shape{}, errGeoJSON
	}
	if len(in.Coordinates) == 0 || string(in.Coordinates) == "null" || json.Unmarshal(in.Coordinates, into) != nil {
		return shape{}, errGeoJSON
	}
	return s, nil
}

// check refuses what is no place on earth.
func (s *shape) check() error {
	n, wrong := 0, false
	s.each(func(p Position) {
		n++
		// NaN compares to nothing
		wrong = wrong || !(p[0] >= -180 && p[0] <= 180) || !(p[1] >= -90 && p[1] <= 90)
	})
	switch {
	case n == 0:
		return errEmpty
	case n > maxPositions:
		return errMany
	case wrong:
		return errRange
	}
	return s.checkForm()
}

func (s *shape) checkForm() error {
	switch s.typ {
	case "LineString":
		if len(s.points) < 2 {
			return errLine
		}
	case "MultiLineString":
		for _, l := range s.lines {
			if len(l) < 2 {
				return errLine
			}
		}
	case "Polygon":
		return checkRings(s.lines)
	case "MultiPolygon":
		for _, p := range s.polygons {
			if err := checkRings(p); err != nil {
				return err
			}
		}
	}
	for i := range s.parts {
		if err := s.parts[i].checkForm(); err != nil {
			return err
		}
	}
	return nil
}

func checkRings(rings [][]Position) error {
	if len(rings) == 0 {
		return errRing
	}
	for _, r := range rings {
		if len(r) < 4 || r[0] != r[len(r)-1] {
			return errRing
		}
	}
	return nil
}

// each calls fn for every position.
func (s *shape) each(fn func(Position)) {
	for _, p := range s.points {
		fn(p)
	}
	for _, l := range s.lines {
		for _, p := range l {
			fn(p)
		}
	}
	for _, polygon := range s.polygons {
		for _, l := range polygon {
			for _, p := range l {
				fn(p)
			}
		}
	}
	for i := range s.parts {
		s.parts[i].each(fn)
	}
}

func (s *shape) geometry() Geometry {
	var b strings.Builder
	s.write(&b)
	return Geometry(b.String())
}

func (s *shape) write(b *strings.Builder) {
	b.WriteString(`{"type":"` + s.typ + `",`)
	switch s.typ {
	case "GeometryCollection":
		b.WriteString(`"geometries":`)
		writeList(b, s.parts, func(b *strings.Builder, p shape) { p.write(b) })
	case "Point":
		b.WriteString(`"coordinates":`)
		writePosition(b, s.points[0])
	case "MultiPoint", "LineString":
		b.WriteString(`"coordinates":`)
		writeLine(b, s.points)
	case "MultiLineString", "Polygon":
		b.WriteString(`"coordinates":`)
		writeList(b, s.lines, writeLine)
	case "MultiPolygon":
		b.WriteString(`"coordinates":`)
		writeList(b, s.polygons, func(b *strings.Builder, p [][]Position) { writeList(b, p, writeLine) })
	}
	b.WriteByte('}')
}

func writeList[T any](b *strings.Builder, list []T, one func(*strings.Builder, T)) {
	b.WriteByte('[')
	for i, v := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		one(b, v)
	}
	b.WriteByte(']')
}

func writeLine(b *strings.Builder, l []Position) { writeList(b, l, writePosition) }

func writePosition(b *strings.Builder, p Position) {
	b.WriteString("[" + number(p[0]) + "," + number(p[1]) + "]")
}

// number writes a coordinate as a number with a fraction, as the original does.
func number(v float64) string {
	text := strconv.FormatFloat(v+0, 'f', -1, 64) // no minus zero
	if !strings.ContainsRune(text, '.') {
		text += ".0"
	}
	return text
}

// Box is a part of the map in degrees. Where West is greater than East it lies
// across the date line.
type Box struct{ West, South, East, North float64 }

// Contains reports whether a position lies in the box or on its edge.
func (b Box) Contains(p Position) bool {
	if p[1] < b.South || p[1] > b.North {
		return false
	}
	if b.West > b.East {
		return p[0] >= b.West || p[0] <= b.East
	}
	return p[0] >= b.West && p[0] <= b.East
}

// ParseBox reads "west,south,east,north". Longitudes may go round the earth, as
// those of a map that is scrolled do. The error is a sentence.
func ParseBox(text string) (Box, error) {
	parts := strings.Split(text, ",")
	var v [4]float64
	if len(parts) != len(v) {
		return Box{}, errBox
	}
	for i, p := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || math.IsNaN(n) || math.Abs(n) > 1e6 {
			return Box{}, errBox
		}
		v[i] = n
	}
	if v[1] > v[3] || v[0] > v[2] && v[2] < -180 {
		return Box{}, errBox
	}
	b := Box{v[0], max(v[1], -90), v[2], min(v[3], 90)}
	if b.East-b.West >= 360 {
		b.West, b.East = -180, 180
		return b, nil
	}
	b.West, b.East = wrap(b.West), wrap(b.East)
	return b, nil
}

var errBox = errors.New("Enter four numbers: west,south,east,north.")

// wrap brings a longitude into -180…180.
func wrap(longitude float64) float64 {
	if longitude >= -180 && longitude <= 180 {
		return longitude
	}
	return math.Mod(math.Mod(longitude+180, 360)+360, 360) - 180
}

// Centre is the middle of what the geometry covers, which for a point is the
// point. It is not ok when there is no geometry.
func (g Geometry) Centre() (p Position, ok bool) {
	b, ok := g.Bounds()
	if !ok {
		return p, false
	}
	return Position{(b.West + b.East) / 2, (b.South + b.North) / 2}, true
}

// Bounds is what the geometry covers. It is not ok when there is none.
func (g Geometry) Bounds() (b Box, ok bool) {
	if g == "" {
		return b, false
	}
	s, err := parseGeoJSON([]byte(g), 0)
	if err != nil {
		return b, false
	}
	b = Box{West: math.Inf(1), South: math.Inf(1), East: math.Inf(-1), North: math.Inf(-1)}
	s.each(func(p Position) {
		b.West, b.East = min(b.West, p[0]), max(b.East, p[0])
		b.South, b.North = min(b.South, p[1]), max(b.North, p[1])
	})
	return b, b.West <= b.East
}

// MarshalJSON writes the geometry, or null.
func (g Geometry) MarshalJSON() ([]byte, error) {
	if g == "" {
		return []byte("null"), nil
	}
	return []byte(g), nil
}

// WKT writes the geometry as well-known text, as exports have it; empty for none.
func (g Geometry) WKT() string {
	if g == "" {
		return ""
	}
	s, err := parseGeoJSON([]byte(g), 0)
	if err != nil {
		return ""
	}
	return s.wkt()
}
