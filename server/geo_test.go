package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server"
)

// places is a server with accounts, and what its answers say.
type places struct {
	t *testing.T
	*server.Server
	ids map[string]string
}

const ctl = "/api/v1/controller/"

func newPlaces(t *testing.T, change func(*settings)) *places {
	t.Helper()
	s := newServer(t, testkit.SQLite(t), func(c *settings) {
		c.Geo.MapAge = time.Millisecond
		if change != nil {
			change(c)
		}
	})
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	return &places{t, s, identifiers(t, s)}
}

// ask sends a request as one of the accounts and reads the answer.
func (p *places) ask(want int, who, method, path, body string) map[string]any {
	p.t.Helper()
	w := told(p.t, p.Server, who, method, path, body)
	require.Equal(p.t, want, w.Code, "%s %s as %q: %s", method, path, who, w.Body)
	out := map[string]any{}
	_ = json.Unmarshal(w.Body.Bytes(), &out) // some answers have no body
	return out
}

func (p *places) device(n int, org string) (id, key string) {
	p.t.Helper()
	d := p.ask(201, "a", "POST", ctl+"device/", fmt.Sprintf(`{"name":"ap%d","organization":%q,"mac_address":"02:00:00:00:00:%02d"}`, n, p.ids["org_"+org], n))
	return d["id"].(string), d["key"].(string)
}

func (p *places) location(who, org, more string) string {
	p.t.Helper()
	return p.ask(201, who, "POST", ctl+"location/", fmt.Sprintf(`{"name":"place","organization":%q%s}`, p.ids["org_"+org], more))["id"].(string)
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// What the recordings leave out: indoor coordinates, filters, forms with dotted
// names, what is refused.
func TestPlacesOnTheWire(t *testing.T) {
	p := newPlaces(t, nil)
	building := made(t, sendForm(t, p.Server, "c", "POST", ctl+"location/", "organization="+p.ids["org_alpha"], "name=tower", "type=indoor", "geometry.type=Point", "geometry.coordinates=[12.5, 41.8]", "floorplan.floor=2", "floorplan.image=@second.JPG"))
	other := made(t, sendForm(t, p.Server, "c", "POST", ctl+"floorplan/", "floor=-1", "location="+building, "image=@cellar.jpg"))
	got := p.ask(200, "c", "GET", ctl+"location/"+building+"/", "")
	require.Len(t, got["floorplan"], 2)
	require.JSONEq(t, `{"type":"Point","coordinates":[12.5,41.8]}`, jsonOf(t, got["geometry"]))
	second := got["floorplan"].([]any)[1].(map[string]any)["image"].(string)
	require.True(t, strings.HasSuffix(second, ".JPG"), second)
	plans := p.ask(200, "c", "GET", ctl+"floorplan/?location="+building+"&ordering=floor", "")["results"].([]any)
	require.Len(t, plans, 2)
	cellar, upper := plans[0].(map[string]any), plans[1].(map[string]any)
	require.Equal(t, []any{other, "tower -1th Floor", 300.0, 200.0}, []any{cellar["id"], cellar["name"], cellar["image_width"], cellar["image_height"]})

	one, key := p.device(1, "alpha")
	two, _ := p.device(2, "alpha")
	three, _ := p.device(3, "alpha")
	at := func(device string) string { return ctl + "device/" + device + "/location/" }
	p.ask(201, "c", "PUT", at(one), `{"location":"`+building+`","floorplan":"`+upper["id"].(string)+`","indoor":"-36,264"}`)
	p.ask(201, "c", "PUT", at(two), `{"location":{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"name":"street","type":"outdoor"}}}`)
	for body, want := range map[string]string{
		`{}`:                        `{"location":["This field is required."]}`,
		`{"location":"nonsense"}`:   `{"location":{"location":"Location object with entered ID does not exists."}}`,
		`{"location":{"name":"x"}}`: `{"location":{"type":["This field is required."]}}`,
		`{"location":{"name":"x","type":"cave"}}`:                                    `{"location":{"type":["\"cave\" is not a valid choice."]}}`,
		`{"location":{"name":"x","type":"outdoor"}}`:                                 `{"location":{"geometry":["No geometry value provided."]}}`,
		`{"location":{"name":"x","type":"outdoor","geometry":"POINT (1 2000)"}}`:     `{"location":{"geometry":["The longitude must lie between -180 and 180 degrees and the latitude between -90 and 90."]}}`,
		`{"location":"` + building + `","floorplan":"nonsense"}`:                     `{"floorplan":{"floorplan":"FloorPlan object with entered ID does not exists."}}`,
		`{"location":"` + building + `","floorplan":{"floor":7}}`:                    `{"floorplan":{"image":["No file was submitted."]}}`,
		`{"location":"` + building + `","indoor":"` + strings.Repeat("1", 65) + `"}`: `{"indoor":["Ensure this field has no more than 64 characters."]}`,
		`{"location":"` + building + `","indoor":"1"}`:                               `{"indoor":["invalid value"]}`,
	} {
		require.JSONEq(t, want, jsonOf(t, p.ask(400, "c", "PUT", at(three), body)), body)
		p.ask(404, "c", "GET", at(three), "")
	}
	p.ask(404, "c", "PATCH", at(three), `{"indoor":"1,2"}`)
	p.ask(404, "c", "PUT", at(p.ids["org_alpha"]), `{"location":"`+building+`"}`)
	p.ask(404, "c", "DELETE", at(three), "")

	spots := p.ask(200, "c", "GET", ctl+"location/"+building+"/indoor-coordinates/", "")
	require.Equal(t, []any{1.0, []any{2.0}}, []any{spots["count"], spots["floors"]})
	spot := spots["results"].([]any)[0].(map[string]any)
	require.Equal(t, []any{one, "ap1", "tower 2nd floor", 2.0, map[string]any{"lat": -36.0, "lng": 264.0}, "/admin/config/device/" + one + "/change/"},
		[]any{spot["device_id"], spot["device_name"], spot["floor_name"], spot["floor"], spot["coordinates"], spot["admin_edit_url"]})
	require.Equal(t, 0.0, p.ask(200, "c", "GET", ctl+"location/"+building+"/indoor-coordinates/?floor=-1", "")["count"])
	p.ask(400, "c", "GET", ctl+"location/"+building+"/indoor-coordinates/?floor=x", "")
	p.ask(404, "e", "GET", ctl+"location/"+building+"/indoor-coordinates/", "")

	list := p.ask(200, "c", "GET", ctl+"location/"+building+"/device/", "")
	require.Equal(t, []any{1.0, true}, []any{list["count"], list["has_floorplan"]})
	require.Equal(t, key, list["results"].([]any)[0].(map[string]any)["key"])
	p.ask(404, "e", "GET", ctl+"location/"+building+"/device/", "")
	for query, want := range map[string]float64{"with_geo=true": 2, "with_geo=false": 1, "location=" + building: 1, "location__name=TOW": 1, "floorplan=" + upper["id"].(string): 1, "with_geo=x": 3, "": 3} {
		require.Equal(t, want, p.ask(200, "c", "GET", ctl+"device/?"+query, "")["count"], query)
	}
	p.ask(400, "c", "GET", ctl+"device/?location=x", "")

	collection := p.ask(200, "c", "GET", ctl+"location/geojson/?page_size=1", "")
	require.Equal(t, []any{"FeatureCollection", 2.0}, []any{collection["type"], collection["count"]})
	require.NotNil(t, collection["next"])
	require.Equal(t, 1.0, p.ask(200, "c", "GET", ctl+"location/geojson/?type=indoor&organization_id="+p.ids["org_alpha"], "")["count"])
	p.ask(400, "c", "GET", ctl+"location/geojson/?organization_id="+p.ids["org_beta"], "")
	require.Equal(t, 1.0, p.ask(200, "c", "GET", ctl+"location/?bbox=0,0,5,5", "")["count"])
	p.ask(400, "c", "GET", ctl+"location/?bbox=1", "")

	m := p.ask(200, "c", "GET", ctl+"location/map/?zoom=8&bbox=10,40,14,43", "")
	require.Equal(t, 2.0, m["count"], "of the whole world")
	marks := m["marks"].([]any)
	require.Len(t, marks, 1)
	mark := marks[0].(map[string]any)
	require.Equal(t, []any{building, "tower", "indoor", "unknown", 1.0, 12.5, 41.8}, []any{mark["id"], mark["name"], mark["type"], mark["status"], mark["devices"], mark["lng"], mark["lat"]})
	require.Len(t, p.ask(200, "c", "GET", ctl+"location/map/?zoom=0", "")["marks"], 1, "a cluster")
	require.Empty(t, p.ask(200, "c", "GET", ctl+"location/map/?status=error,silent", "")["marks"])
	require.Equal(t, 0.0, p.ask(200, "e", "GET", ctl+"location/map/", "")["count"])
	for _, bad := range []string{"zoom=x", "zoom=99", "bbox=x", "status=x", "type=x", "organization=" + p.ids["org_beta"]} {
		p.ask(400, "c", "GET", ctl+"location/map/?"+bad, "")
	}
	require.NotEmpty(t, p.ask(200, "c", "GET", ctl+"location/map/background/", "")["url"])

	// nobody takes a location out of an organization that is not their own, and
	// what somebody else has changed meanwhile is not overwritten
	p.ask(400, "c", "PATCH", ctl+"location/"+building+"/", `{"organization":"`+p.ids["org_beta"]+`"}`)
	p.ask(400, "a", "PATCH", ctl+"location/"+building+"/", `{"organization":"`+p.ids["org_beta"]+`"}`)
	tag := told(t, p.Server, "c", "GET", ctl+"location/"+building+"/", "").Header().Get("Etag")
	p.ask(200, "c", "PATCH", ctl+"location/"+building+"/", `{"name":"high tower"}`)
	require.Equal(t, 412, told(t, p.Server, "c", "PATCH", ctl+"location/"+building+"/", `{"name":"x"}`, "If-Match", tag).Code)

	// a device of another organization is nowhere
	p.ask(200, "a", "PATCH", ctl+"device/"+one+"/", `{"organization":"`+p.ids["org_beta"]+`"}`)
	p.ask(404, "a", "GET", at(one), "")
	p.ask(204, "c", "DELETE", ctl+"location/"+building+"/", "")
	require.Equal(t, 404, told(t, p.Server, "", "GET", strings.TrimPrefix(second, "http://example.com"), "").Code)
	p.ask(200, "a", "POST", ctl+"device/"+two+"/deactivate/", "")
	p.ask(200, "c", "GET", at(two), "")
	p.ask(403, "c", "PUT", at(two), `{"location":"`+building+`"}`)
	p.ask(403, "c", "DELETE", at(two), "")
	require.Equal(t, 1.0, p.ask(200, "c", "GET", ctl+"location/map/?status=deactivated", "")["count"])
	p.ask(204, "a", "DELETE", ctl+"device/"+two+"/?force=true", "")
	require.Equal(t, 1.0, p.ask(200, "c", "GET", ctl+"location/?used=false", "")["count"])
}

// Devices say where they are with their keys, managers without.
func TestCoordinatesOnTheWire(t *testing.T) {
	p := newPlaces(t, nil)
	one, key := p.device(1, "alpha")
	_, otherKey := p.device(2, "alpha")
	at := ctl + "device/" + one + "/coordinates/"
	here := `{"type":"Feature","geometry":{"type":"Point","coordinates":[3,4]}}`
	p.ask(401, "", "GET", at, "")
	p.ask(401, "", "PUT", at+"?key=wrong", here)
	p.ask(401, "", "PUT", at+"?key="+otherKey, "{nonsense")
	p.ask(403, "a", "PUT", at+"?key="+otherKey, here)
	p.ask(403, "d", "GET", at, "")
	p.ask(404, "e", "GET", at, "")
	p.ask(404, "", "GET", strings.Replace(at, one, p.ids["org_alpha"], 1)+"?key="+key, "")
	p.ask(404, "", "GET", at+"?key="+key, "")
	p.ask(405, "", "POST", at+"?key="+key, here)
	p.ask(405, "", "DELETE", at+"?key="+key, "")
	require.JSONEq(t, `{"type":"Feature","geometry":null,"properties":{"name":"ap1"}}`, jsonOf(t, p.ask(200, "", "PUT", at+"?key="+key, "")))
	require.JSONEq(t, `{"type":"Feature","geometry":{"type":"Point","coordinates":[3,4]},"properties":{"name":"ap1"}}`, jsonOf(t, p.ask(200, "", "PATCH", at+"?key="+key, here)))
	for _, bad := range []string{`{"geometry":{"type":"Point","coordinates":[3,400]}}`, `{"geometry":"x"}`, `{"geometry":{"type":"Point","coordinates":["NaN",1]}}`, `{"geometry":7}`} {
		require.Contains(t, p.ask(400, "", "PUT", at+"?key="+key, bad), "geometry", bad)
	}
	p.ask(200, "c", "PATCH", at, `{"geometry":"POINT (5 6)"}`)
	require.JSONEq(t, `{"type":"Point","coordinates":[5,6]}`, jsonOf(t, p.ask(200, "", "GET", at+"?key="+key, "")["geometry"]))
	var trail struct {
		Results []struct{ Actor, Action, Kind string }
	}
	require.NoError(t, json.Unmarshal(told(t, p.Server, "a", "GET", "/api/v1/audit/event/?page_size=100", "").Body.Bytes(), &trail))
	var changes []string
	for _, e := range trail.Results {
		if e.Kind == "geo.location" {
			changes = append(changes, e.Actor+" "+e.Action)
		}
	}
	require.Equal(t, []string{"operator change", "ap1 add"}, changes, "where devices say they are is not kept, what people change is")
}

// Pages, and a device with its key, hear of a location that moves.
func TestSocketsOfLocations(t *testing.T) {
	p := newPlaces(t, nil)
	require.NoError(t, p.Start(t.Context()))
	base := listening(t, p.Server)
	bus := p.location("a", "alpha", `,"type":"outdoor","is_mobile":true,"address":"depot","geometry":"POINT (1 2)"`)
	theirs := p.location("a", "beta", `,"type":"outdoor","geometry":"POINT (7 8)"`)
	one, key := p.device(1, "alpha")
	_, strange := p.device(2, "alpha")
	p.ask(201, "a", "PUT", ctl+"device/"+one+"/location/", `{"location":"`+bus+`"}`)
	const path = "/ws/loci/location/"
	refused := func(path string, header ...string) {
		t.Helper()
		_, answer, err := dial(t, base, path, header...) //nolint:bodyclose // the library closes it
		require.Error(t, err, path)
		require.Equal(t, http.StatusForbidden, answer.StatusCode, path)
	}
	as := func(who string) []string { return []string{"Authorization", "Bearer " + strings.Repeat(who, 40)} }
	refused(path)
	refused(path, as("d")...)
	refused(path + bus + "/")
	refused(path+bus+"/", as("d")...)
	refused(path+bus+"/", as("e")...)
	refused(path+p.ids["org_alpha"]+"/", as("a")...)
	refused(path+"nonsense/", as("a")...)
	refused(path+bus, as("a")...)
	refused(path + bus + "/?key=" + strange)
	refused(path + theirs + "/?key=" + key)
	refused(path + "?key=" + key)

	single, device := open(t, base, path+bus+"/", "c"), (*page)(nil)
	device, _, err := dial(t, base, path+bus+"/?key="+key) //nolint:bodyclose // the library closes it
	require.NoError(t, err)
	own, root, foreign := open(t, base, path, "c"), open(t, base, path, "a"), open(t, base, path, "e")
	p.ask(200, "", "PUT", ctl+"device/"+one+"/coordinates/?key="+key, `{"geometry":{"type":"Point","coordinates":[7,8]}}`)
	const want = `{"type":"Point","coordinates":[7.0,8.0],"geometry":{"type":"Point","coordinates":[7.0,8.0]},"address":"depot","id":"%s","name":"place","is_mobile":true}`
	for _, listener := range []*page{single, device} {
		require.Equal(t, fmt.Sprintf(want, bus), listener.next())
	}
	all := fmt.Sprintf(`{"id":%q,"geometry":{"type":"Point","coordinates":[7.0,8.0]},"address":"depot","name":"place","type":"outdoor","is_mobile":true}`, bus)
	require.Equal(t, all, own.next())
	require.Equal(t, all, root.next())
	p.ask(200, "a", "PATCH", ctl+"location/"+theirs+"/", `{"name":"square"}`)
	require.Contains(t, foreign.next(), `"name":"square"`, "nothing of alpha came before")
	require.Contains(t, root.next(), `"name":"square"`)
}

// Pictures are for everybody who knows the address, or for those who may see the
// plan.
func TestPicturesOfFloors(t *testing.T) {
	for _, private := range []bool{false, true} {
		p := newPlaces(t, func(c *settings) { c.Geo.PrivateFloorplans, c.Geo.FloorplanBytes = private, 4096 })
		building := p.location("a", "alpha", `,"type":"indoor","geometry":"POINT (1 2)"`)
		id := made(t, sendForm(t, p.Server, "a", "POST", ctl+"floorplan/", "floor=0", "location="+building, "image=@plan.jpg"))
		path := "/media/floorplans/" + id + ".jpg"
		for who, want := range map[string]int{"": 404, "d": 404, "e": 404, "c": 200, "a": 200} {
			if !private {
				want = 200
			}
			w := told(t, p.Server, who, "GET", path, "")
			require.Equal(t, want, w.Code, "%q private: %v", who, private)
			if want == 200 {
				require.Equal(t, []string{"image/jpeg", "nosniff", "default-src 'none'; sandbox"}, []string{w.Header().Get("Content-Type"), w.Header().Get("X-Content-Type-Options"), w.Header().Get("Content-Security-Policy")})
				require.Equal(t, 304, told(t, p.Server, who, "GET", path, "", "If-None-Match", w.Header().Get("Etag")).Code)
			}
		}
		for _, bad := range []string{"/media/floorplans/", "/media/floorplans/" + id, "/media/floorplans/" + id + ".png", "/media/floorplans/" + id + ".jpg/x", "/media/floorplans/x.jpg", "/media/floorplans/../secret.key", "/media/other"} {
			require.Equal(t, 404, told(t, p.Server, "a", "GET", bad, "").Code, bad)
		}
		require.Equal(t, 405, told(t, p.Server, "a", "POST", path, "").Code)
		w := told(t, p.Server, "a", "POST", ctl+"floorplan/", `{"floor":1,"location":"`+building+`","image":"data:image/png;base64,xx"}`)
		require.Equal(t, 400, w.Code)
		require.Contains(t, w.Body.String(), "The submitted data was not a file. Check the encoding type on the form.")
		big := sendForm(t, p.Server, "a", "POST", ctl+"floorplan/", "floor=1", "location="+building, "x="+strings.Repeat("x", 3<<20), "image=@plan.jpg")
		require.Equal(t, 413, big.Code, big.Body)
		require.Equal(t, 204, told(t, p.Server, "a", "DELETE", ctl+"floorplan/"+id+"/", "").Code)
		require.Equal(t, 404, told(t, p.Server, "a", "GET", path, "").Code)
	}
}

// atlas is a geocoder that knows one place.
type atlas struct{}

func (atlas) Geocode(_ context.Context, address string) (geo.Position, error) {
	if address != "Red Square" {
		return geo.Position{}, wispwright.ErrNotFound
	}
	return geo.Position{37.61, 55.75}, nil
}

func (atlas) Reverse(_ context.Context, p geo.Position) (string, error) {
	if p[1] > 80 {
		return "", wispwright.ErrNotFound
	}
	return "Red Square", nil
}

func TestGeocodingOnTheWire(t *testing.T) {
	c, all := parts(t)
	places, _ := server.Find[*server.GeoConcern](all)
	places.Geocoder = atlas{}
	s := started(t, testkit.SQLite(t), c, all)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	off := newPlaces(t, nil).Server
	const forward, back = "/admin/geo/location/geocode/", "/admin/geo/location/reverse-geocode/"
	for _, c := range []struct {
		s         *server.Server
		who, path string
		status    int
		body      string
	}{
		{s, "c", forward + "?address=Red+Square", 200, `{"lat":55.75,"lng":37.61}`},
		{s, "c", forward, 400, `{"error":"Address parameter not defined"}`},
		{s, "c", forward + "?address=x", 404, `{"error":"Not found location with given name"}`},
		{s, "c", forward + "?address=" + strings.Repeat("x", 300), 400, `{"address":["Ensure this value has at most 256 characters."]}`},
		{s, "c", back + "?lat=55&lng=37", 200, `{"address":"Red Square"}`},
		{s, "c", back + "?lat=1", 400, `{"error":"lat or lng parameter not defined"}`},
		{s, "c", back + "?lat=x&lng=1", 400, `{"error":"lat and lng must be numbers"}`},
		{s, "c", back + "?lat=91&lng=1", 400, `{"geometry":["The longitude must lie between -180 and 180 degrees and the latitude between -90 and 90."]}`},
		{s, "c", back + "?lat=89&lng=1", 404, `{"address":""}`},
		{s, "d", forward + "?address=Red+Square", 403, `{"detail":"You do not have permission to perform this action."}`},
		{s, "", forward, 401, `{"detail":"Authentication credentials were not provided."}`},
		{off, "c", forward + "?address=x", 404, `{"error":"No geocoder is configured (geo.geocoder)."}`},
	} {
		w := told(t, c.s, c.who, "GET", c.path, "")
		require.Equal(t, c.status, w.Code, "%.80s: %s", c.path, w.Body)
		require.JSONEq(t, c.body, w.Body.String())
	}
}

// What one installation writes the next one reads, pictures included, twice.
func TestDataOfPlaces(t *testing.T) {
	p := newPlaces(t, nil)
	building := p.location("a", "alpha", `,"type":"indoor","address":"High Street","geometry":"POINT (1 2)"`)
	made(t, sendForm(t, p.Server, "a", "POST", ctl+"floorplan/", "floor=3", "location="+building, "image=@plan.jpg"))
	p.ask(201, "a", "POST", ctl+"location/", `{"name":"bus","organization":"`+p.ids["org_beta"]+`","type":"outdoor","is_mobile":true}`)
	var dump bytes.Buffer
	require.NoError(t, p.DumpData(t.Context(), &dump))
	next := newServer(t, testkit.SQLite(t), nil)
	for range 2 {
		require.NoError(t, next.LoadData(t.Context(), bytes.NewReader(dump.Bytes())))
	}
	var again bytes.Buffer
	require.NoError(t, next.DumpData(t.Context(), &again))
	part := func(text []byte) string {
		var all map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &all))
		return string(all["locations"])
	}
	require.Contains(t, part(dump.Bytes()), `"floorplans"`)
	strip := func(s string) string { // the names of pictures follow the ids of plans
		var list []map[string]any
		require.NoError(t, json.Unmarshal([]byte(s), &list))
		for _, l := range list {
			if plans, ok := l["floorplans"].([]any); ok {
				for _, one := range plans {
					delete(one.(map[string]any), "name")
				}
			}
		}
		return jsonOf(t, list)
	}
	require.JSONEq(t, strip(part(dump.Bytes())), strip(part(again.Bytes())))
	for name, bad := range map[string]string{
		"geometry":     `{"locations":[{"organization":"alpha","name":"x","type":"outdoor","geometry":"POINT (999 0)"}]}`,
		"organization": `{"locations":[{"organization":"nobody","name":"x","type":"outdoor","geometry":"POINT (9 0)"}]}`,
		"picture":      `{"locations":[{"organization":"alpha","name":"x","type":"indoor","geometry":"POINT (9 0)","floorplans":[{"floor":1,"name":"a.png","image":"eHh4"}]}]}`,
		"key":          `{"locations":[{"organisation":"alpha"}]}`,
	} {
		require.Error(t, next.LoadData(t.Context(), strings.NewReader(bad)), name)
	}
	var after bytes.Buffer
	require.NoError(t, next.DumpData(t.Context(), &after))
	require.Equal(t, part(again.Bytes()), part(after.Bytes()))
}

// The policy of the web admin lets pages show tiles of the origin that is
// configured, and nothing else.
func TestTilesAreAllowed(t *testing.T) {
	for tiles, want := range map[string]string{
		"": "img-src 'self' data:; ", "https://tiles.example.org/{z}/{x}/{y}.png?key=1": "img-src 'self' data: https://tiles.example.org; ", "https://{s}.tile.example.org/{z}/{x}/{y}.png": "img-src 'self' data: https://*.tile.example.org; ",
	} {
		p := newPlaces(t, func(c *settings) { c.Geo.TilesURL = tiles })
		require.Contains(t, get(p.Server, "/admin/").Header().Get("Content-Security-Policy"), want)
	}
	for _, c := range []server.GeoConfig{{TilesURL: "https://example.org/tile.png"}, {TilesURL: "javascript:{z}{x}{y}"}, {TilesURL: "https://a b/{z}/{x}/{y}"}, {Geocoder: "google"}, {GeocoderURL: "x"}, {GeocoderNetworks: []string{"x"}}, {GeocoderRetries: -1}} {
		require.Error(t, c.Check(), c)
	}
	good := server.DefaultGeoConfig()
	require.NoError(t, good.Check())
}
