package server_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// geoDeviations are where the original loses data or lets invalid values in
// (spec: geo §5).
func geoDeviations() map[int][]replay.Deviation {
	const (
		keeps   = "what a PATCH does not send stays, and an id in a form counts"
		checks  = "the position is checked before it is stored"
		managed = "managers may read and write coordinates with the permission to change device locations"
	)
	whole := func(status int, why string) []replay.Deviation {
		return []replay.Deviation{instead("status", status, why), instead("body", replay.Anything, why)}
	}
	return map[int][]replay.Deviation{
		33: {instead("body.location", []any{otherOrganization}, "the sentence without the brackets around it")},
		38: {instead("body.floorplan", replay.Anything, keeps)},
		39: {instead("body.floorplan", replay.Anything, keeps), instead("body.location", replay.Anything, keeps)},
		40: whole(400, checks),
		43: {instead("body", replay.Anything, keeps)},
		45: whole(200, managed),
		50: whole(400, managed),
	}
}

const otherOrganization = "Please ensure that the organization of this device location and the organization of the related location match."

// flatGeoDeviations are those of the recordings of one concern.
func flatGeoDeviations(scenario *replay.Scenario) map[int][]replay.Deviation {
	out := map[int][]replay.Deviation{}
	gets := 0
	for _, e := range scenario.Exchanges {
		switch e.Title {
		case "dl get":
			if gets++; gets == 2 {
				out[e.N] = []replay.Deviation{instead("body", replay.Anything, "the invalid position was refused, and the next request moved the device")}
			}
		case "dl put other org loc":
			out[e.N] = []replay.Deviation{instead("body.location", []any{otherOrganization}, "the sentence without the brackets around it")}
		case "op dl":
			const refused = "the request before was refused there, and changed the plan nevertheless"
			out[e.N] = []replay.Deviation{instead("body.floorplan.name", "L 1st Floor", refused), instead("body.floorplan.floor", 1, refused)}
		case "coord no key":
			const managed = "managers may read coordinates with the permission to change device locations"
			out[e.N] = []replay.Deviation{instead("status", 200, managed), instead("body", replay.Anything, managed)}
		}
	}
	return out
}

// sendForm sends the fields of a form; "@" before a value is a picture of that name,
// "!" one that is a text.
func sendForm(t *testing.T, s *server.Server, who, method, path string, fields ...string) *httptest.ResponseRecorder {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		file, isFile := strings.CutPrefix(value, "@")
		text, isText := strings.CutPrefix(value, "!")
		switch {
		case isFile:
			part, err := w.CreateFormFile(name, file)
			require.NoError(t, err)
			require.NoError(t, jpeg.Encode(part, image.NewGray(image.Rect(0, 0, 300, 200)), nil))
		case isText:
			part, err := w.CreateFormFile(name, text)
			require.NoError(t, err)
			_, err = part.Write([]byte("this is no picture"))
			require.NoError(t, err)
		default:
			require.NoError(t, w.WriteField(name, value))
		}
	}
	require.NoError(t, w.Close())
	return told(t, s, who, method, path, b.String(), "Content-Type", w.FormDataContentType())
}

// made is the id of what an answer says was created.
func made(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var out struct{ ID string }
	require.Equal(t, http.StatusCreated, w.Code, w.Body.String())
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	return out.ID
}

// The recorded exchanges of places alone. Forms are described in words there and
// sent here by hand.
func TestRecordedPlaces(t *testing.T) {
	scenario := replay.Load(t, "geo", "rest.json")
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(strings.NewReplacer("alpha", "org1", "beta", "org2").Replace(recordedData(t)))))
		vars := map[string]string{}
		ctx, all := t.Context(), wispwright.ScopeAll()
		for _, slug := range []string{"org1", "org2"} {
			o, err := s.Tenancy().Organizations.BySlug(ctx, all, slug)
			require.NoError(t, err)
			vars["org_"+slug] = o.ID.String()
		}
		for name, d := range map[string][2]string{"dev1": {"org1", "FOBcHhLtcpfloyl84WG7CRJrp2NcclEX"}, "dev2": {"org2", "HB8Fzu6ayaaR044Je9RgYaxKMRkShjBS"}, "dev3": {"org1", "aZHbUQIvv6JRV2z0HCTpxrpIPP9EjRuo"}} {
			organization, err := wispwright.ParseID(vars["org_"+d[0]])
			require.NoError(t, err)
			detail := &controller.Detail{Device: &controller.Device{OrganizationID: organization, Name: name, MACAddress: "00:11:22:33:44:5" + name[3:], Key: wispwright.Secret(d[1])}}
			require.NoError(t, s.Controller().Devices.Create(ctx, detail))
			vars[name] = detail.Device.ID.String()
			if name == "dev3" {
				_, err = s.Controller().Devices.Deactivate(ctx, all, detail.Device.ID)
				require.NoError(t, err)
			}
		}
		const base = "/api/v1/controller/"
		var building, street, last string // the locations that forms are sent for
		letters := map[string]string{"superuser": "a", "operator of org1": "c", "member of org1": "d"}
		p := &replay.Player{
			Handler: fromLoopback(s), Vars: vars, Deviations: flatGeoDeviations(scenario), Additive: []string{"image_width", "image_height", "has_floorplan"},
			Token: func(user string) string { return strings.Repeat(letters[user], 40) },
			Skip:  map[int]string{},
		}
		for _, e := range scenario.Exchanges {
			if strings.HasPrefix(e.Title, "admin ") {
				p.Skip[e.N] = "JSON of the original's own admin pages; ours read the REST API"
			}
		}
		p.Seen = func(t *testing.T, e *replay.Exchange, _ *http.Request, w *httptest.ResponseRecorder) {
			switch e.Title {
			case "loc create":
				street = made(t, w)
			case "loc patch indoor->outdoor w fp": // and another building was made
				building = made(t, sendForm(t, s, "a", "POST", base+"location/", "organization="+vars["org_org1"], "name=indoor1", "type=indoor", "address=Via", "geometry=POINT (12.5 41.8)"))
				made(t, sendForm(t, s, "a", "POST", base+"floorplan/", "floor=1", "location="+building, "image=@fl.jpg"))
			}
		}
		p.Fixture = func(t *testing.T, fixture json.RawMessage) {
			var words string
			require.NoError(t, json.Unmarshal(fixture, &words))
			plan := func(who string, want int, fields ...string) string {
				w := sendForm(t, s, who, "POST", base+"floorplan/", fields...)
				require.Equal(t, want, w.Code, "%s: %s", words, w.Body)
				return strings.TrimSpace(w.Body.String())
			}
			place := func(want int, fields ...string) string {
				w := sendForm(t, s, "a", "PUT", base+"device/"+vars["dev1"]+"/location/", fields...)
				require.Equal(t, want, w.Code, "%s: %s", words, w.Body)
				return w.Body.String()
			}
			switch {
			case strings.HasPrefix(words, "fields organization"):
				last = made(t, sendForm(t, s, "a", "POST", base+"location/", "organization="+vars["org_org1"], "name=indoor1", "type=indoor", "is_mobile=False", "address=Via", "geometry=POINT (12.5 41.8)", "floorplan.floor=1", "floorplan.image=@fl.jpg"))
			case words == "floor=2,image=fl.jpg,location":
				w := sendForm(t, s, "a", "POST", base+"floorplan/", "floor=2", "image=@fl.jpg", "location="+building)
				if w.Code != http.StatusCreated {
					require.JSONEq(t, `{"non_field_errors":["The fields location, floor must make a unique set."]}`, w.Body.String())
				}
			case words == "floor=3,image=fl.jpg,outdoor location":
				require.JSONEq(t, `{"__all__":["floorplans can only be associated to locations of type \"indoor\""]}`, plan("a", 400, "floor=3", "image=@fl.jpg", "location="+street))
			case words == "(empty)":
				require.JSONEq(t, `{"floor":["This field is required."],"image":["No file was submitted."],"location":["This field is required."]}`, plan("a", 400))
			case words == "floor=5,image=text file named a.jpg,location":
				require.JSONEq(t, `{"image":["Upload a valid image. The file you uploaded was either not an image or a corrupted image."]}`, plan("a", 400, "floor=5", "image=!a.jpg", "location="+building))
			case words == "floor=9,image=fl.jpg,location":
				require.Contains(t, plan("c", 201, "floor=9", "image=@fl.jpg", "location="+building), "indoor1 9th Floor")
			case strings.HasPrefix(words, "location.name=L"):
				require.Contains(t, place(201, "location.name=L", "location.address=A", "location.geometry=POINT (12.5 41.8)", "location.type=indoor", "floorplan.floor=1", "floorplan.image=@fl.jpg", "indoor=1,2"), "L 1st Floor")
			case strings.HasPrefix(words, "location={uuid}"):
				var before struct{ Location, Floorplan struct{ ID string } }
				require.NoError(t, json.Unmarshal(told(t, s, "a", "GET", base+"device/"+vars["dev1"]+"/location/", "").Body.Bytes(), &before))
				require.Contains(t, place(200, "location="+building, "floorplan.floor=7", "floorplan.image=@fl.jpg", "indoor=1,2"), "indoor1 7th Floor", "refused there")
				place(200, "location="+before.Location.ID, "floorplan="+before.Floorplan.ID, "indoor=1,2")
			default:
				t.Fatalf("nobody sends %q", words)
			}
		}
		require.Empty(t, last)
		r := p.Play(t, scenario)
		require.Zero(t, r.Different)
		require.NotEmpty(t, last)
		t.Logf("%d played, %d equal, %d excepted, %d skipped", r.Played, r.Equal, r.Excepted, r.Skipped)
	})
}
