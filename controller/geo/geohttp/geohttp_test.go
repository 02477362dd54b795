package geohttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/geo/geohttp"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/live"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/rest"
)

// fleet is the devices that places know of.
type fleet map[wispwright.ID]*geo.Device

// Device implements geo.Devices.
func (f fleet) Device(_ context.Context, scope wispwright.Scope, id wispwright.ID) (*geo.Device, error) {
	if d := f[id]; d != nil && scope.Allows(d.OrganizationID) {
		return d, nil
	}
	return nil, wispwright.ErrNotFound
}

// Some implements geo.Devices.
func (f fleet) Some(_ context.Context, ids ...wispwright.ID) (map[wispwright.ID]*geo.Device, error) {
	out := map[wispwright.ID]*geo.Device{}
	for _, id := range ids {
		if d := f[id]; d != nil {
			out[id] = d
		}
	}
	return out, nil
}

// lister lists the devices at a place.
type lister struct {
	w      *wire
	asked  []controller.DeviceFilter
	listed []*geo.Device
}

// List implements geohttp.Devices.
func (l *lister) List(_ context.Context, scope wispwright.Scope, f controller.DeviceFilter, _ wispwright.Page) (wispwright.Items[controller.Detail], error) {
	l.asked = append(l.asked, f)
	var out wispwright.Items[controller.Detail]
	for _, d := range l.listed {
		if scope.Allows(d.OrganizationID) {
			out.Rows = append(out.Rows, &controller.Detail{Device: &controller.Device{ID: d.ID, OrganizationID: d.OrganizationID, Name: d.Name, MACAddress: d.MACAddress, Key: d.Key, IsDeactivated: d.IsDeactivated}})
		}
	}
	out.Total = len(out.Rows)
	return out, nil
}

type wire struct {
	t       *testing.T
	api     *rest.API
	http    *geohttp.HTTP
	geo     *geo.Geo
	fleet   fleet
	lister  *lister
	callers map[string]*wispwright.Caller
	org     wispwright.ID
	theirs  wispwright.ID
	device  *geo.Device
	foreign *geo.Device

	geocoder geo.Geocoder
}

func newWire(t *testing.T, o *geohttp.Options, geocoder ...geo.Geocoder) *wire {
	t.Helper()
	w := &wire{t: t, fleet: fleet{}, org: wispwright.NewID(), theirs: wispwright.NewID()}
	w.lister = &lister{w: w}
	if len(geocoder) > 0 {
		w.geocoder = geocoder[0]
	}
	everything := []wispwright.Permission{"config.change_device", "config.view_device"}
	for _, kind := range []string{"devicelocation", "floorplan", "location"} {
		for _, action := range []string{"add", "change", "delete", "view"} {
			everything = append(everything, wispwright.Permission("geo."+action+"_"+kind))
		}
	}
	sorted(everything)
	w.callers = map[string]*wispwright.Caller{
		"ann":    {ID: wispwright.NewID(), Name: "ann", Staff: true, Managed: []wispwright.ID{w.org}, Permissions: everything},
		"bob":    {ID: wispwright.NewID(), Name: "bob", Staff: true, Managed: []wispwright.ID{w.theirs}, Permissions: everything},
		"viewer": {ID: wispwright.NewID(), Name: "viewer", Staff: true, Managed: []wispwright.ID{w.org}, Permissions: []wispwright.Permission{"config.view_device", "geo.view_devicelocation", "geo.view_floorplan", "geo.view_location"}},
		"root":   {ID: wispwright.NewID(), Name: "root", Superuser: true},
		"late":   {ID: wispwright.NewID(), Name: "late", Superuser: true, Restricted: "Choose a new password."},
	}
	w.device = w.add("ap1", w.org)
	w.foreign = w.add("ap2", w.theirs)
	m := memstore.New()
	var err error
	w.geo, err = geo.New(&entity.Base{Tx: m, Tenants: entity.NoTenants{}}, geo.NewMemory(m), w.fleet, &geo.Options{Geocoder: w.geocoder})
	require.NoError(t, err)
	if o == nil {
		o = &geohttp.Options{AtLocation: "at"}
	}
	w.http, err = geohttp.New(w.geo, w.lister, w.fleet, o)
	require.NoError(t, err)
	w.api = rest.New(&rest.Options{Schemes: []rest.Scheme{{Challenge: "Bearer", Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		token, err := rest.BearerToken(r.HTTP, "Bearer")
		return w.callers[token], err
	}}}})
	w.http.Mount(w.api)
	return w
}

func sorted(list []wispwright.Permission) {
	for i := range list {
		for j := i; j > 0 && list[j] < list[j-1]; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
}

func (w *wire) add(name string, org wispwright.ID) *geo.Device {
	d := &geo.Device{ID: wispwright.NewID(), OrganizationID: org, Name: name, MACAddress: "02:00:00:00:00:0" + name[2:], Key: wispwright.Secret("key of " + name)}
	w.fleet[d.ID] = d
	return d
}

const (
	locations = "/api/v1/controller/location/"
	plans     = "/api/v1/controller/floorplan/"
	point     = `{"type":"Point","coordinates":[12.5,41.9]}`
)

func (w *wire) ask(who, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a := httptest.NewRecorder()
	w.api.ServeHTTP(a, r)
	return a
}

// told asks, wants a status, and returns the object of the answer.
func (w *wire) told(status int, who, method, path, body string, headers ...string) map[string]any {
	w.t.Helper()
	a := w.ask(who, method, path, body, headers...)
	require.Equal(w.t, status, a.Code, "%s %s as %s: %s", method, path, who, a.Body)
	out := map[string]any{}
	if a.Body.Len() > 0 {
		require.NoError(w.t, json.Unmarshal(a.Body.Bytes(), &out), a.Body.String())
	}
	return out
}

func (w *wire) location(name, kind string) string {
	w.t.Helper()
	return w.told(201, "ann", "POST", locations, `{"organization":"`+w.org.String()+`","name":"`+name+`","type":"`+kind+`","geometry":`+point+`}`)["id"].(string)
}

// form is the body of an upload with its content type.
func form(t *testing.T, fields map[string]string, field string, width int) (string, string) {
	t.Helper()
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	for name, value := range fields {
		require.NoError(t, parts.WriteField(name, value))
	}
	file, err := parts.CreateFormFile(field, "plan.png")
	require.NoError(t, err)
	require.NoError(t, png.Encode(file, image.NewGray(image.Rect(0, 0, width, 20))))
	require.NoError(t, parts.Close())
	return b.String(), parts.FormDataContentType()
}

func (w *wire) plan(location, floor string) map[string]any {
	w.t.Helper()
	body, kind := form(w.t, map[string]string{"location": location, "floor": floor}, "image", 30)
	return w.told(201, "ann", "POST", plans, body, "Content-Type", kind)
}

func TestNew(t *testing.T) {
	w := newWire(t, nil)
	for _, err := range []error{
		second(geohttp.New(nil, w.lister, w.fleet, nil)), second(geohttp.New(w.geo, nil, w.fleet, nil)), second(geohttp.New(w.geo, w.lister, nil, nil)),
	} {
		require.EqualError(t, err, "geohttp: the concern and devices are required")
	}
}

func second[T any](_ T, err error) error { return err }

func TestLocations(t *testing.T) {
	w := newWire(t, nil)
	org := w.org.String()
	for body, field := range map[string]string{
		`{}`: "name",
		`{"organization":"` + org + `","name":"x","type":"flat"}`:                                                    "type",
		`{"organization":"` + org + `","name":"x","type":"outdoor","geometry":{"type":"Point","coordinates":["x"]}}`: "geometry",
		`{"organization":"` + org + `","name":"x","type":"outdoor","floorplan":{"floor":1}}`:                         "type",
		`{"organization":"` + w.theirs.String() + `","name":"x","type":"outdoor"}`:                                   "organization",
		`{"organization":"` + org + `","name":"` + strings.Repeat("x", 76) + `","type":"outdoor"}`:                   "name",
	} {
		require.Contains(t, w.told(400, "ann", "POST", locations, body), field, body)
	}
	require.EqualValues(t, 0, w.told(200, "ann", "GET", locations, "")["count"])
	w.told(401, "", "GET", locations, "")
	w.told(403, "viewer", "POST", locations, `{}`)

	id := w.location("hall", "indoor")
	l := w.told(200, "viewer", "GET", locations+id+"/", "")
	require.Equal(t, []any{"hall", "indoor", false, org}, []any{l["name"], l["type"], l["is_mobile"], l["organization"]})
	require.Equal(t, []any{12.5, 41.9}, l["geometry"].(map[string]any)["coordinates"])
	w.told(404, "bob", "GET", locations+id+"/", "")
	w.told(404, "bob", "PATCH", locations+id+"/", `{"name":"stolen"}`)
	l = w.told(200, "ann", "PATCH", locations+id+"/", `{"geometry":"POINT (1 2)","address":"Rome"}`)
	require.Equal(t, []any{"Rome", []any{1.0, 2.0}}, []any{l["address"], l["geometry"].(map[string]any)["coordinates"]})
	require.Contains(t, w.told(400, "ann", "PATCH", locations+id+"/", `{"geometry":null}`), "geometry", "only one that moves may be nowhere")
	l = w.told(200, "ann", "PATCH", locations+id+"/", `{"geometry":null,"is_mobile":true}`)
	require.Nil(t, l["geometry"])
	require.Contains(t, w.told(400, "ann", "PATCH", locations+id+"/", `{"organization":"`+w.theirs.String()+`"}`), "organization")
	w.told(200, "ann", "PATCH", locations+id+"/", `{"geometry":`+point+`,"is_mobile":false}`)
	w.location("yard", "outdoor")
	for query, count := range map[string]float64{"type=indoor": 1, "search=YAR": 1, "used=true": 0, "is_mobile=true": 0, "bbox=12,41,13,42": 2, "bbox=13,41,14,42": 0} {
		require.Equal(t, count, w.told(200, "ann", "GET", locations+"?"+query, "")["count"], query)
	}
	require.Contains(t, w.told(400, "ann", "GET", locations+"?bbox=1,2,3", ""), "bbox")
	w.told(204, "ann", "DELETE", locations+id+"/", "")
	w.told(404, "ann", "GET", locations+id+"/", "")
}

func TestFloorPlansAndTheirPictures(t *testing.T) {
	for _, private := range []bool{false, true} {
		w := newWire(t, &geohttp.Options{AtLocation: "at", PrivatePlans: private, MaxImage: 4096})
		hall := w.location("hall", "indoor")
		plan := w.plan(hall, "2")
		require.EqualValues(t, 2, plan["floor"])
		body, kind := form(t, map[string]string{"location": hall, "floor": "2"}, "image", 30)
		w.told(400, "ann", "POST", plans, body, "Content-Type", kind)
		body, kind = form(t, map[string]string{"location": w.location("yard", "outdoor"), "floor": "1"}, "image", 30)
		w.told(400, "ann", "POST", plans, body, "Content-Type", kind)
		require.Contains(t, w.told(400, "ann", "POST", plans, `{"location":"`+hall+`","floor":3}`), "image")
		require.Len(t, w.told(200, "ann", "GET", locations+hall+"/", "")["floorplan"], 1)
		w.told(404, "bob", "GET", plans+plan["id"].(string)+"/", "")

		picture := strings.TrimPrefix(plan["image"].(string), "http://example.com")
		ask := func(who, method, path string, headers ...string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, path, nil)
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			a := httptest.NewRecorder()
			w.http.Media(func(*http.Request) (*wispwright.Caller, error) {
				if who == "broken" {
					return nil, errors.New("no session")
				}
				return w.callers[who], nil
			}).ServeHTTP(a, r)
			return a
		}
		a := ask("viewer", "GET", picture)
		require.Equal(t, 200, a.Code)
		require.Equal(t, []string{"image/png", "nosniff", "default-src 'none'; sandbox"}, []string{a.Header().Get("Content-Type"), a.Header().Get("X-Content-Type-Options"), a.Header().Get("Content-Security-Policy")})
		_, err := png.Decode(bytes.NewReader(a.Body.Bytes()))
		require.NoError(t, err)
		require.Equal(t, 304, ask("viewer", "GET", picture, "If-None-Match", a.Header().Get("Etag")).Code)
		require.Equal(t, 405, ask("viewer", "POST", picture).Code)
		for _, path := range []string{"/media/floorplans/none.png", "/media/floorplans/" + wispwright.NewID().String() + ".png", strings.Replace(picture, ".png", ".jpg", 1)} {
			require.Equal(t, 404, ask("root", "GET", path).Code, path)
		}
		for _, who := range []string{"", "bob", "late", "broken"} {
			status := 200
			if private {
				status = 404
			}
			require.Equal(t, status, ask(who, "GET", picture).Code, who)
		}
		w.told(204, "ann", "DELETE", plans+plan["id"].(string)+"/", "")
		require.Equal(t, 404, ask("root", "GET", picture).Code)
	}
}

func TestWhereADeviceIs(t *testing.T) {
	w := newWire(t, nil)
	path := "/api/v1/controller/device/" + w.device.ID.String() + "/location/"
	hall := w.location("hall", "indoor")
	plan := w.plan(hall, "1")["id"].(string)
	w.told(404, "ann", "GET", path, "")
	w.told(404, "ann", "PATCH", path, `{"location":"`+hall+`"}`)
	for body, field := range map[string]string{
		`{}`:                        "location",
		`{"location":{"name":"x"}}`: "location",
		`{"location":{"name":"x","type":"flat"}}`:                                "location",
		`{"location":"no id"}`:                                                   "location",
		`{"location":"` + wispwright.NewID().String() + `"}`:                     "location",
		`{"location":"` + hall + `","floorplan":"no id"}`:                        "floorplan",
		`{"location":"` + hall + `","indoor":"` + strings.Repeat("1", 65) + `"}`: "indoor",
	} {
		require.Contains(t, w.told(400, "ann", "PUT", path, body), field, body)
	}
	w.told(404, "ann", "GET", path, "")
	w.told(403, "viewer", "PUT", path, `{"location":"`+hall+`"}`)
	w.told(404, "bob", "PUT", path, `{"location":"`+hall+`"}`)
	at := w.told(201, "ann", "PUT", path, `{"location":"`+hall+`","floorplan":"`+plan+`","indoor":"-10.5,20"}`)
	require.Equal(t, []any{hall, plan, "-10.5,20"}, []any{at["location"].(map[string]any)["id"], at["floorplan"].(map[string]any)["id"], at["indoor"]})
	at = w.told(200, "ann", "PUT", path, `{"location":{"type":"Feature","geometry":`+point+`,"properties":{"name":"yard","type":"outdoor"}}}`)
	require.Equal(t, []any{"yard", nil}, []any{at["location"].(map[string]any)["properties"].(map[string]any)["name"], at["floorplan"]})
	at = w.told(200, "ann", "PATCH", path, `{"location":{"address":"Rome","geometry":null,"is_mobile":true}}`)
	require.Equal(t, []any{nil, "Rome"}, []any{at["location"].(map[string]any)["geometry"], at["location"].(map[string]any)["properties"].(map[string]any)["address"]})
	w.device.IsDeactivated = true
	w.told(403, "ann", "PATCH", path, `{"location":"`+hall+`"}`)
	w.told(403, "ann", "DELETE", path, "")
	w.told(200, "viewer", "GET", path, "")
	w.device.IsDeactivated = false
	w.told(204, "ann", "DELETE", path, "")
	w.told(404, "ann", "GET", path, "")
}

func TestCoordinatesOfDevices(t *testing.T) {
	w := newWire(t, nil)
	path := "/api/v1/controller/device/" + w.device.ID.String() + "/coordinates/"
	keyed := path + "?key=key+of+ap1"
	hall := w.location("hall", "outdoor")
	w.told(404, "", "GET", keyed, "")
	w.told(201, "ann", "PUT", strings.Replace(path, "coordinates", "location", 1), `{"location":"`+hall+`"}`)
	require.Equal(t, "hall", w.told(200, "", "GET", keyed, "")["properties"].(map[string]any)["name"])
	w.told(200, "viewer", "GET", path, "")
	for who, status := range map[string]int{"": 401, "late": 403, "bob": 404, "viewer": 403} {
		w.told(status, who, "PUT", path, `{"geometry":`+point+`}`)
	}
	w.told(401, "", "GET", path+"?key=wrong", "")
	w.told(403, "ann", "GET", path+"?key=wrong", "")
	w.told(404, "", "GET", "/api/v1/controller/device/"+wispwright.NewID().String()+"/coordinates/?key=x", "")
	at := w.told(200, "", "PUT", keyed, `{"type":"Feature","geometry":{"type":"Point","coordinates":[5,6]}}`)
	require.Equal(t, []any{5.0, 6.0}, at["geometry"].(map[string]any)["coordinates"])
	w.told(400, "", "PUT", keyed, `{"geometry":{"type":"Point"}}`)
	w.device.IsDeactivated = true
	w.told(403, "", "PATCH", keyed, `{"geometry":`+point+`}`)
	w.told(200, "", "GET", keyed, "")
}

func TestWhatIsWhere(t *testing.T) {
	w := newWire(t, &geohttp.Options{AtLocation: "at", TilesURL: "https://tiles.example.org/{z}/{x}/{y}", Estimates: func(_ context.Context, org wispwright.ID) (bool, error) { return org == w0, nil }, FilterEstimated: true})
	hall := w.location("hall", "indoor")
	cellar, attic := w.plan(hall, "-1")["id"].(string), w.plan(hall, "3")["id"].(string)
	w.plan(hall, "7")
	second := w.add("ap3", w.org)
	for d, plan := range map[*geo.Device]string{w.device: cellar, second: attic} {
		w.told(201, "ann", "PUT", "/api/v1/controller/device/"+d.ID.String()+"/location/", `{"location":"`+hall+`","floorplan":"`+plan+`","indoor":"1,2"}`)
	}
	statuses := map[wispwright.ID]string{w.device.ID: "critical"}
	w.http.MountMonitored(w.api, geohttp.Monitored{Base: "/api/v1/monitoring/", Tag: "monitoring", Condition: "health", Statuses: func(context.Context, ...wispwright.ID) (map[wispwright.ID]string, error) { return statuses, nil }})

	for base, monitored := range map[string]bool{locations: false, "/api/v1/monitoring/location/": true} {
		path := base + hall + "/indoor-coordinates/"
		spots := w.told(200, "viewer", "GET", path, "")
		require.Equal(t, []any{-1.0, 3.0}, spots["floors"], "the floors that have devices")
		one := spots["results"].([]any)[0].(map[string]any)
		require.Equal(t, "ap3", one["device_name"], "the lowest floor above the ground")
		require.Equal(t, "ap1", w.told(200, "viewer", "GET", path+"?floor=-1", "")["results"].([]any)[0].(map[string]any)["device_name"])
		require.Empty(t, w.told(200, "viewer", "GET", path+"?floor=7", "")["results"])
		require.Contains(t, w.told(400, "viewer", "GET", path+"?floor=x", ""), "floor")
		w.told(404, "bob", "GET", path, "")
		if monitored {
			require.Equal(t, map[string]any{"status": "unknown", "status_label": "unknown"}, one["monitoring"])
		}
		w.lister.listed = []*geo.Device{w.device, w.foreign}
		list := w.told(200, "ann", "GET", base+hall+"/device/?search=+ap+", "")
		require.Equal(t, []any{1.0, true}, []any{list["count"], list["has_floorplan"]})
		f := w.lister.asked[len(w.lister.asked)-1]
		require.Equal(t, hall, f.Related["at"].(wispwright.ID).String())
		w.told(404, "bob", "GET", base+hall+"/device/", "")
	}
	w.told(200, "ann", "GET", "/api/v1/monitoring/location/"+hall+"/device/?status=critical&status=ok", "")
	require.Equal(t, []string{"critical", "ok"}, w.lister.asked[len(w.lister.asked)-1].Related["health"])

	w.location("empty", "outdoor")
	features := w.told(200, "viewer", "GET", locations+"geojson/", "")
	require.EqualValues(t, 1, features["count"], "places with devices")
	require.EqualValues(t, 2, features["features"].([]any)[0].(map[string]any)["properties"].(map[string]any)["device_count"])
	second.IsDeactivated = true
	properties := w.told(200, "viewer", "GET", "/api/v1/monitoring/geojson/", "")["features"].([]any)[0].(map[string]any)["properties"].(map[string]any)
	require.Equal(t, []any{1.0, 1.0, 0.0, 0.0}, []any{properties["critical_count"], properties["deactivated_count"], properties["ok_count"], properties["unknown_count"]})
	require.EqualValues(t, 0, w.told(200, "bob", "GET", "/api/v1/monitoring/geojson/", "")["count"])

	seen := w.told(200, "viewer", "GET", locations+"map/?zoom=10&bbox=12,41,13,42", "")
	require.EqualValues(t, 2, seen["count"])
	require.NotEmpty(t, seen["marks"])
	require.Empty(t, w.told(200, "bob", "GET", locations+"map/", "")["marks"])
	require.EqualValues(t, 1, w.told(200, "viewer", "GET", locations+"map/?type=indoor&search=hal", "")["count"])
	for _, query := range []string{"zoom=99", "zoom=x", "bbox=1", "status=sad", "type=flat"} {
		name, _, _ := strings.Cut(query, "=")
		require.Contains(t, w.told(400, "viewer", "GET", locations+"map/?"+query, ""), name)
	}
	background := w.told(200, "viewer", "GET", locations+"map/background/", "")
	require.Equal(t, []any{"https://tiles.example.org/{z}/{x}/{y}", false}, []any{background["url"], background["geocoder"]})
}

// w0 is an organization whose locations may be estimated: none of the test's.
var w0 = wispwright.ID{1}

func TestEstimatedLocations(t *testing.T) {
	on := true
	failed := error(nil)
	w := newWire(t, &geohttp.Options{Estimates: func(context.Context, wispwright.ID) (bool, error) { return on, failed }, FilterEstimated: true})
	id := w.location("hall", "indoor")
	require.Equal(t, false, w.told(200, "ann", "GET", locations+id+"/", "")["is_estimated"])
	require.EqualValues(t, 0, w.told(200, "ann", "GET", locations+"?is_estimated=true", "")["count"])
	on = false
	require.NotContains(t, w.told(200, "ann", "GET", locations+id+"/", ""), "is_estimated")
	failed = wispwright.ErrUnavailable
	w.told(503, "ann", "GET", locations+id+"/", "")
}

// The sockets let in those that may see a location, and devices that are at it.
func TestSockets(t *testing.T) {
	w := newWire(t, nil)
	hall := w.location("hall", "outdoor")
	w.told(201, "ann", "PUT", "/api/v1/controller/device/"+w.device.ID.String()+"/location/", `{"location":"`+hall+`"}`)
	one, all := w.http.Topics()
	open := func(topic live.Topic, path, who string) (*live.Session, error) {
		return topic.Open(t.Context(), httptest.NewRequest("GET", path, nil), w.callers[who])
	}
	path := geohttp.SocketPath + hall + "/"
	for _, c := range []struct {
		topic     live.Topic
		path, who string
		err       error
	}{
		{one, path, "viewer", nil}, {one, path, "root", nil}, {one, path, "", wispwright.ErrUnauthenticated}, {one, path, "late", wispwright.ErrUnauthenticated}, {one, path, "bob", wispwright.ErrNotFound},
		{one, path + "?key=key+of+ap1", "", nil}, {one, path + "?key=key+of+ap2", "", wispwright.ErrUnauthenticated}, {one, geohttp.SocketPath + "x/", "root", wispwright.ErrNotFound},
		{one, strings.TrimSuffix(path, "/"), "root", wispwright.ErrNotFound}, {all, geohttp.SocketPath, "viewer", nil}, {all, geohttp.SocketPath, "root", nil}, {all, geohttp.SocketPath, "", wispwright.ErrUnauthenticated},
	} {
		s, err := open(c.topic, c.path, c.who)
		if c.err != nil {
			require.ErrorIs(t, err, c.err, "%s as %s", c.path, c.who)
			continue
		}
		require.NoError(t, err, "%s as %s", c.path, c.who)
		require.NotEmpty(t, s.Groups)
	}
	w.callers["guest"] = &wispwright.Caller{ID: wispwright.NewID(), Managed: []wispwright.ID{w.org}, Permissions: []wispwright.Permission{"geo.view_location"}}
	_, err := open(all, geohttp.SocketPath, "guest")
	require.ErrorIs(t, err, wispwright.ErrForbidden, "no staff")

	for topic, members := range map[*live.Topic][]string{&one: {"coordinates", "id", "name", "address", "is_mobile", "geometry"}, &all: {"id", "name", "type", "geometry"}} {
		frame, err := topic.Load(t.Context(), live.Event{Payload: hall})
		require.NoError(t, err)
		var shown map[string]any
		require.NoError(t, json.Unmarshal(frame.([]byte), &shown))
		for _, name := range members {
			require.Contains(t, shown, name)
		}
		for _, payload := range []string{"x", wispwright.NewID().String()} {
			frame, err := topic.Load(t.Context(), live.Event{Payload: payload})
			require.NoError(t, err)
			require.Nil(t, frame)
		}
	}
	handler := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	for path, text := range map[string]string{geohttp.SocketPath: "all", path: "one"} {
		a := httptest.NewRecorder()
		w.http.Socket(handler("one"), handler("all")).ServeHTTP(a, httptest.NewRequest("GET", path, nil))
		require.Equal(t, text, a.Body.String())
	}
}

// atlas knows one address.
type atlas struct{ err error }

func (a atlas) Geocode(_ context.Context, address string) (geo.Position, error) {
	if a.err == nil && address == "Rome" {
		return geo.Position{12.5, 41.9}, nil
	}
	return geo.Position{}, cmpErr(a.err)
}

func (a atlas) Reverse(_ context.Context, p geo.Position) (string, error) {
	if a.err == nil && p == (geo.Position{12.5, 41.9}) {
		return "Rome", nil
	}
	return "", cmpErr(a.err)
}

func cmpErr(err error) error {
	if err != nil {
		return err
	}
	return wispwright.ErrNotFound
}

func TestAddresses(t *testing.T) {
	w := newWire(t, nil, atlas{})
	w.callers["guest"] = &wispwright.Caller{ID: wispwright.NewID(), Name: "guest"}
	at := w.told(200, "viewer", "GET", geohttp.GeocodePath+"?address=Rome", "")
	require.Equal(t, []any{41.9, 12.5}, []any{at["lat"], at["lng"]})
	require.Equal(t, "Rome", w.told(200, "root", "GET", geohttp.ReversePath+"?lat=41.9&lng=12.5", "")["address"])
	for path, status := range map[string]int{
		geohttp.GeocodePath: 400, geohttp.GeocodePath + "?address=" + strings.Repeat("x", 257): 400, geohttp.GeocodePath + "?address=Atlantis": 404,
		geohttp.ReversePath + "?lat=1": 400, geohttp.ReversePath + "?lat=x&lng=1": 400, geohttp.ReversePath + "?lat=91&lng=1": 400, geohttp.ReversePath + "?lat=NaN&lng=1": 400,
		geohttp.ReversePath + "?lat=1&lng=Inf": 400, geohttp.ReversePath + "?lat=1&lng=1": 404,
	} {
		w.told(status, "viewer", "GET", path, "")
	}
	w.told(401, "", "GET", geohttp.GeocodePath+"?address=Rome", "")
	w.told(403, "guest", "GET", geohttp.GeocodePath+"?address=Rome", "")
	w = newWire(t, nil, atlas{wispwright.ErrUnavailable})
	w.told(503, "viewer", "GET", geohttp.GeocodePath+"?address=Rome", "")
	w = newWire(t, nil)
	require.Contains(t, w.told(404, "viewer", "GET", geohttp.GeocodePath+"?address=Rome", "")["error"], "geo.geocoder")
}

// nowhere is a bus without other nodes.
type nowhere struct {
	mu   sync.Mutex
	sent []string
}

func (b *nowhere) Notify(_ context.Context, _, payload string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, payload)
	return nil
}
func (*nowhere) Listen(context.Context, string, func(string)) error { return nil }

// The hub hears of locations that are saved again, and of no new ones.
func TestTell(t *testing.T) {
	w := newWire(t, nil)
	bus := &nowhere{}
	hub, err := live.NewHub(t.Context(), bus, nil)
	require.NoError(t, err)
	defer hub.Close()
	w.http.Tell(hub)
	hall := w.location("hall", "outdoor")
	w.told(200, "ann", "PATCH", locations+hall+"/", `{"name":"yard"}`)
	require.Eventually(t, func() bool {
		bus.mu.Lock()
		defer bus.mu.Unlock()
		return strings.Contains(strings.Join(bus.sent, " "), hall)
	}, time.Minute, time.Millisecond)
}
