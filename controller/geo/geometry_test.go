package geo_test

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/geo"
)

// wkb is extended well-known binary of a point in hexadecimal digits.
func wkb(order binary.AppendByteOrder, code uint32, srid uint32, numbers ...float64) string {
	b := []byte{1}
	if order.String() == "BigEndian" {
		b[0] = 0
	}
	b = order.AppendUint32(b, code)
	if srid > 0 {
		b = order.AppendUint32(b, srid)
	}
	for _, n := range numbers {
		b = order.AppendUint64(b, math.Float64bits(n))
	}
	return hex.EncodeToString(b)
}

func TestParseGeometry(t *testing.T) {
	const point = `{"type":"Point","coordinates":[12.5,41.8]}`
	for text, want := range map[string]string{
		point: point,
		` {"coordinates":[12.5, 41.8, 300],"type":"Point","crs":null} `: point,
		"POINT (12.5 41.8)":                                                       point,
		"point(12.5 41.8)":                                                        point,
		"POINT Z (12.5 41.8 100)":                                                 point,
		"SRID=4326;POINT (12.5 41.8)":                                             point,
		wkb(binary.LittleEndian, 1, 0, 12.5, 41.8):                                point,
		wkb(binary.BigEndian, 1, 0, 12.5, 41.8):                                   point,
		wkb(binary.LittleEndian, 1|0x20000000, 4326, 12.5, 41.8):                  point,
		strings.ToUpper(wkb(binary.LittleEndian, 1|0x80000000, 0, 12.5, 41.8, 7)): point,
		wkb(binary.LittleEndian, 1001, 0, 12.5, 41.8, 7):                          point,
		"POINT (3 -4)":                          `{"type":"Point","coordinates":[3.0,-4.0]}`,
		"POINT (-0 1e1)":                        `{"type":"Point","coordinates":[0.0,10.0]}`,
		"POINT (0.0000001 0)":                   `{"type":"Point","coordinates":[0.0000001,0.0]}`,
		"LINESTRING (0 0, 1 1)":                 `{"type":"LineString","coordinates":[[0.0,0.0],[1.0,1.0]]}`,
		"MULTIPOINT (0 0, 1 1)":                 `{"type":"MultiPoint","coordinates":[[0.0,0.0],[1.0,1.0]]}`,
		"MULTIPOINT ((0 0), (1 1))":             `{"type":"MultiPoint","coordinates":[[0.0,0.0],[1.0,1.0]]}`,
		"MULTILINESTRING ((0 0,1 1),(2 2,3 3))": `{"type":"MultiLineString","coordinates":[[[0.0,0.0],[1.0,1.0]],[[2.0,2.0],[3.0,3.0]]]}`,
		`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`: `{"type":"Polygon","coordinates":[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,0.0]]]}`,
		"MULTIPOLYGON (((0 0,1 0,1 1,0 0)))":                           `{"type":"MultiPolygon","coordinates":[[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,0.0]]]]}`,
		"GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0,1 1))":       `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1.0,2.0]},{"type":"LineString","coordinates":[[0.0,0.0],[1.0,1.0]]}]}`,
	} {
		got, err := geo.ParseGeometry(text)
		require.NoError(t, err, text)
		require.JSONEq(t, want, string(got), text)
		require.Equal(t, want, string(got), text)
		again, err := geo.ParseGeometry(string(got))
		require.NoError(t, err)
		require.Equal(t, got, again, "its own form is read")
		fromWKT, err := geo.ParseGeometry(got.WKT())
		require.NoError(t, err, got.WKT())
		require.Equal(t, got, fromWKT)
	}
	// a multipolygon of well-known binary, whose parts are shapes of their own
	ring := []float64{0, 0, 1, 0, 1, 1, 0, 0}
	polygon := wkb(binary.LittleEndian, 3, 0)
	polygon += "01000000" + "04000000" + strings.TrimPrefix(wkb(binary.LittleEndian, 0, 0, ring...), "0100000000")
	got, err := geo.ParseGeometry(wkb(binary.LittleEndian, 6, 0) + "01000000" + polygon)
	require.NoError(t, err)
	require.Equal(t, geo.Geometry(`{"type":"MultiPolygon","coordinates":[[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,0.0]]]]}`), got)
}

func TestGeometriesThatAreRefused(t *testing.T) {
	const (
		text    = "Unable to convert to python object: String input unrecognized as WKT EWKT, and HEXEWKB."
		geoJSON = `Unable to convert to python object: Invalid geometry pointer returned from "OGR_G_CreateGeometryFromJson".`
		limits  = "The longitude must lie between -180 and 180 degrees and the latitude between -90 and 90."
		ring    = "A ring of a polygon needs at least four positions and ends where it begins."
		line    = "A line needs at least two positions."
		empty   = "The geometry is empty."
		many    = "The geometry has more than 10000 positions."
		system  = "Only coordinates of WGS 84 (SRID 4326) are accepted."
		deep    = "Collections lie in each other more than 4 deep."
	)
	nested := strings.Repeat(`{"type":"GeometryCollection","geometries":[`, 6) + `{"type":"Point","coordinates":[1,2]}` + strings.Repeat("]}", 6)
	for input, want := range map[string]string{
		"": text, "foo": text, "POINT": text, "POINT (1": text, "POINT (1 2) x": text, "POINT (1 2,3 4)": text, "POINT (a b)": text, "POINT (1)": text, "CIRCLE (1 2)": text,
		"POLYGON (1 2)": text, "MULTIPOINT ((1 2)": text, "SRID=x;POINT (1 2)": system, "SRID=3857;POINT (1 2)": system, "1;POINT (1 2)": text,
		"00": text, "0101": text, "01010000": text, "abc": text, "0109000000": text, "0107000000ffffffff": many, "01": text, "02010000000000000000000000": text,
		wkb(binary.LittleEndian, 1, 0, 1): text, wkb(binary.LittleEndian, 1, 0, 1, 2, 3): text, wkb(binary.LittleEndian, 1|0x20000000, 3857, 1, 2): system,
		wkb(binary.LittleEndian, 1, 0, math.NaN(), 2): limits, wkb(binary.LittleEndian, 1, 0, math.Inf(1), 2): limits,
		"POINT EMPTY": empty, "POINT (NaN NaN)": limits, "POINT (inf 0)": limits, "POINT (181 0)": limits, "POINT (0 -90.1)": limits,
		"LINESTRING (1 1)": line, "MULTILINESTRING ((1 1))": line, "POLYGON ((0 0,1 1,0 0))": ring, "POLYGON ((0 0,1 0,1 1,0 1))": ring, "MULTIPOLYGON (((0 0,1 0,1 1,0 1)))": ring,
		"GEOMETRYCOLLECTION (LINESTRING (1 1))": line,
		`{`:                                     geoJSON, `{}`: geoJSON, `{"type":"Point"}`: geoJSON, `{"type":"Point","coordinates":null}`: geoJSON, `{"type":"Point","coordinates":[]}`: geoJSON,
		`{"type":"Point","coordinates":["a","b"]}`: geoJSON, `{"type":"Point","coordinates":[null,1]}`: geoJSON, `{"type":"Point","coordinates":[1]}`: geoJSON,
		`{"type":"Point","coordinates":[1,2,3,4,5]}`: geoJSON, `{"type":"Point","coordinates":[1e999,2]}`: geoJSON, `{"type":"Circle","coordinates":[1,2]}`: geoJSON,
		`{"type":"Polygon","coordinates":[[1,2]]}`: geoJSON, `{"type":"Polygon","coordinates":[]}`: empty, `{"type":"GeometryCollection","geometries":[]}`: empty,
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}`: geoJSON,
		nested: deep, strings.Repeat("GEOMETRYCOLLECTION (", 9) + "POINT (1 2)" + strings.Repeat(")", 9): deep,
		"LINESTRING (" + strings.Repeat("1 1,", 10_001) + "1 1)":                              many,
		`{"type":"LineString","coordinates":[` + strings.Repeat("[1,1],", 10_001) + `[1,1]]}`: many,
		"POINT (" + strings.Repeat(" ", geo.MaxGeometry) + "1 2)":                             "The geometry is longer than 1048576 bytes.",
	} {
		got, err := geo.ParseGeometry(input)
		require.EqualError(t, err, want, "%.80q gives %s", input, got)
		require.Empty(t, got)
	}
}

// Whatever is read has a form of its own that is valid JSON.
func FuzzParseGeometry(f *testing.F) {
	for _, seed := range []string{"POINT (1 2)", `{"type":"Point","coordinates":[1,2]}`, "0101000000000000000000f03f0000000000000040", "SRID=4326;MULTIPOINT ((1 2))", "GEOMETRYCOLLECTION (POINT (1 2))"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, err := geo.ParseGeometry(text)
		if err != nil {
			return
		}
		require.True(t, json.Valid([]byte(g)))
		again, err := geo.ParseGeometry(string(g))
		require.NoError(t, err)
		require.Equal(t, g, again)
		p, ok := g.Centre()
		require.True(t, ok)
		_, err = geo.Point(p[0], p[1])
		require.NoError(t, err)
	})
}

func TestCentreAndBounds(t *testing.T) {
	g, err := geo.ParseGeometry("POLYGON ((0 0,4 0,4 2,0 0))")
	require.NoError(t, err)
	p, ok := g.Centre()
	require.True(t, ok)
	require.Equal(t, geo.Position{2, 1}, p)
	b, ok := g.Bounds()
	require.True(t, ok)
	require.Equal(t, geo.Box{West: 0, South: 0, East: 4, North: 2}, b)
	for _, none := range []geo.Geometry{"", "nonsense"} {
		_, ok = none.Centre()
		require.False(t, ok)
		require.Empty(t, none.WKT())
	}
	text, err := json.Marshal(map[string]geo.Geometry{"a": "", "b": g})
	require.NoError(t, err)
	require.JSONEq(t, `{"a":null,"b":`+string(g)+`}`, string(text))
}

func TestParseBox(t *testing.T) {
	for text, want := range map[string]geo.Box{
		"-10,-20,30,40":     {West: -10, South: -20, East: 30, North: 40},
		" 1 , 2 , 3 , 4 ":   {West: 1, South: 2, East: 3, North: 4},
		"-400,-100,400,100": {West: -180, South: -90, East: 180, North: 90},
		"170,0,190,10":      {West: 170, South: 0, East: -170, North: 10},
		"-190,0,-170,10":    {West: 170, South: 0, East: -170, North: 10},
		"350,0,370,10":      {West: -10, South: 0, East: 10, North: 10},
		"-180,-90,180,90":   {West: -180, South: -90, East: 180, North: 90},
		"170,0,-170,10":     {West: 170, South: 0, East: -170, North: 10},
	} {
		got, err := geo.ParseBox(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "1,2,3", "1,2,3,4,5", "a,b,c,d", "NaN,0,1,1", "0,Inf,1,1", "0,10,1,5", "1e9,0,1e9,1"} {
		_, err := geo.ParseBox(text)
		require.EqualError(t, err, "Enter four numbers: west,south,east,north.", text)
	}
	across := geo.Box{West: 170, South: -10, East: -170, North: 10}
	for p, want := range map[geo.Position]bool{{175, 0}: true, {-175, 0}: true, {180, 10}: true, {0, 0}: false, {175, 11}: false, {169, 0}: false} {
		require.Equal(t, want, across.Contains(p), p)
	}
}

func TestNamesOfPlans(t *testing.T) {
	for floor, want := range map[int]string{0: "0th", 1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 101: "101st", 112: "112th", -1: "-1th", -11: "-11th"} {
		p := geo.FloorPlan{Floor: floor}
		require.Equal(t, "indoor1 "+want+" Floor", p.Name("indoor1"))
		label := "indoor1 " + want + " floor"
		if floor == 0 {
			label = "indoor1 ground floor"
		}
		require.Equal(t, label, p.Label("indoor1"))
	}
	require.Equal(t, "here", fmt.Sprint(&geo.Location{Name: "here"}))
}

func TestParseSpot(t *testing.T) {
	for text, want := range map[string]geo.Spot{"100.2300,-45.23454": {Lat: 100.23, Lng: -45.23454}, "-36,264": {Lat: -36, Lng: 264}, "5, 5": {Lat: 5, Lng: 5}, "1,1": {Lat: 1, Lng: 1}} {
		got, ok := geo.ParseSpot(text)
		require.True(t, ok, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "10", "10,10,1", "a,b", "1,", ",1", "nan,1", "1,inf"} {
		_, ok := geo.ParseSpot(text)
		require.False(t, ok, text)
	}
}
