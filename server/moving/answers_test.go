package moving_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/radius"
)

// What the original answered over its database: its REST API, its charts, FreeRADIUS
// and its lists of revoked certificates.

// answer is what was answered to one request.
type answer struct {
	Status int
	Body   any
}

type told struct {
	REST       map[string]answer `json:"rest"`
	OnPostgres map[string]answer `json:"rest_on_postgres"`
	Charts     map[string]answer
	CAs        map[string]struct {
		RevokedSerials []string `json:"revoked_serials"`
	} `json:"cas"`
	Users map[string]struct {
		Username, Password string
		Authorize          map[string][]any `json:"radius_authorize"`
	}
	Images map[string]struct{ File, SHA256 string } `json:"firmware_images"`
}

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// differ compares what was wanted with what came. Keys that are new here are no
// difference. A place is told without ids and indexes.
func differ(place string, want, got any, add func(place string, want, got any)) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			add(place, want, got)
			return
		}
		for key, value := range w {
			have, ok := g[key]
			if !ok {
				add(place+"."+key, value, "nothing")
				continue
			}
			differ(place+"."+key, value, have, add)
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			add(place+"[]", fmt.Sprint(len(w), w), fmt.Sprint(len(g), got))
			return
		}
		for i := range w {
			differ(place+"[]", w[i], g[i], add)
		}
	default:
		if want != got {
			add(place, want, got)
		}
	}
}

// ordered sorts the objects of a list by their ids, for lists without an order.
func ordered(body any) any {
	o, ok := body.(map[string]any)
	if !ok {
		return body
	}
	for _, key := range []string{"results", "nodes", "links", "features"} {
		if list, ok := o[key].([]any); ok {
			list = slices.Clone(list)
			sort.SliceStable(list, func(i, j int) bool { return name(list[i]) < name(list[j]) })
			o[key] = list
		}
	}
	return o
}

func name(object any) string {
	o, _ := object.(map[string]any)
	return fmt.Sprint(o["id"], o["source"], o["target"], o["label"])
}

func (h *house) ask(t *testing.T, method, path, authorization string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.RemoteAddr, r.Host = "127.0.0.1:5000", "openwisp.example.org"
	r.Header.Set("Authorization", authorization)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func decoded(w *httptest.ResponseRecorder) any {
	var body any
	if json.Unmarshal(w.Body.Bytes(), &body) != nil {
		return w.Body.String()
	}
	return body
}

const adminToken = "Bearer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// checkAnswers asks all that was asked there. What is answered otherwise must be among
// the deviations, and each of those must happen.
func (h *house) checkAnswers(t *testing.T, want *told) {
	t.Helper()
	reasons, seen := deviations(), map[string]int{}
	examples := map[string]string{}
	add := func(place string, want, got any) {
		seen[place]++
		examples[place] = fmt.Sprintf("%.200v instead of %.200v", got, want)
	}
	compare := func(path string, w *httptest.ResponseRecorder, wants ...answer) {
		var best []func()
		for i, want := range wants {
			var found []func()
			note := func(place string, want, got any) { found = append(found, func() { add(place, want, got) }) }
			place := ids.ReplaceAllString(strings.TrimPrefix(path, "/api/v1/"), "{id}")
			if w.Code != want.Status {
				note(place+" status", want.Status, w.Code)
			} else if got := decoded(w); !jsonEqual(got, want.Body) {
				differ(place, ordered(want.Body), ordered(got), note)
			}
			if i == 0 || len(found) < len(best) {
				best = found
			}
		}
		for _, tell := range best {
			tell()
		}
	}
	for path, one := range want.REST {
		wants := []answer{one}
		if other, ok := want.OnPostgres[path]; ok {
			wants = append(wants, other)
		}
		compare(path, h.ask(t, http.MethodGet, path, adminToken, nil), wants...)
	}
	for path, one := range want.Charts {
		compare(chartPath(path), h.ask(t, http.MethodGet, chartPath(path), adminToken, nil), one)
	}
	for place, n := range seen {
		if reasons[place] == "" {
			t.Errorf("%s, %d times: %s", place, n, examples[place])
		}
	}
	for place := range reasons {
		if seen[place] == 0 {
			t.Errorf("%s is as it was there now", place)
		}
	}
}

func jsonEqual(a, b any) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(x, y)
}

// chartPath is the path of a question that the recording names shortly.
func chartPath(name string) string {
	if name == "dashboard" {
		return "/api/v1/monitoring/dashboard/?start=2026-11-28+00:00:00&end=2026-11-28+23:59:59&timezone=UTC"
	}
	device, query, _ := strings.Cut(name, "?")
	if query == "csv" {
		query = "start=2026-11-28 00:00:00&end=2026-11-28 23:59:59&timezone=UTC&csv=1"
	}
	return "/api/v1/monitoring/device/" + device + "/?" + strings.ReplaceAll(query, " ", "+")
}

// deviations are the places of answers that are others here, with the reason.
func deviations() map[string]string {
	const (
		upper    = "MAC addresses are in upper case, as in later releases"
		numbers  = "numbers of permissions and kinds are this program's, which has more of them"
		sentence = "the sentence of later releases"
		never    = "what was under way there is not gone on with"
		second   = "as the certificate itself has it, which has no fractions of seconds"
		tags     = "tags have no order there"
		kinds    = "there are more types of notifications, and all have settings"
	)
	out := map[string]string{
		"controller/device/{id}/.mac_address": upper, "monitoring/device/.results[].mac_address": upper,
		"controller/device/{id}/location/.detail": sentence, "firmware-upgrader/device/{id}/firmware/.detail": sentence,
		"controller/device/{id}/location/.indoor":                          "a position that nobody gave is null",
		"firmware-upgrader/build/{id}/image/.results[].file":               "images are downloaded from the API (additions F-8); the address of old works too",
		"monitoring/wifi-session/.results[].client.vendor":                 "a vendor that is not known is null",
		"notifications/notification/ignore/.results[].object_content_type": numbers,
		"users/group/1/.permissions[]":                                     numbers, "users/group/2/.permissions[]": numbers, "users/group/3/.permissions[]": numbers, "users/group/.results[].permissions[]": numbers,
		"controller/ca/.results[].validity_end": second, "controller/cert/.results[].validity_end": second, "controller/cert/?page_size=100.results[].validity_end": second,
		"controller/cert/?page_size=100.results[].serial_number": "the number that the certificate itself has: there the column has another one",
		"controller/template/.results[].tags[]":                  tags, "controller/template/?page_size=50.results[].tags[]": tags,
		"firmware-upgrader/upgrade-operation/.results[].log": never, "firmware-upgrader/upgrade-operation/.results[].status": never,
		"firmware-upgrader/batch-upgrade-operation/.results[].status": never, "controller/device/{id}/command/.results[].status": never,
		"notifications/notification/user-setting/.count": kinds, "notifications/notification/user-setting/?page_size=100.count": kinds,
		"notifications/notification/user-setting/?page_size=100.next": kinds, "notifications/notification/user-setting/?page_size=100.results[]": kinds,
	}
	for _, path := range []string{"?page=2", "", "?page_size=50"} {
		out["controller/device/"+path+".results[].mac_address"] = upper
	}
	for _, field := range []string{"id", "organization", "type", "email"} {
		out["notifications/notification/user-setting/.results[]."+field] = kinds
	}
	const from, to, zone = "monitoring/device/{id}/?start=2026-11-28+", "&end=2026-11-28+", "&timezone="
	out[from+"00:00:00"+to+"23:59:59"+zone+"UTC.mac_address"] = upper
	out[from+"06:00:00"+to+"12:00:00"+zone+"Europe/Rome.mac_address"] = upper
	out["monitoring/dashboard/?start=2026-11-28+00:00:00&end=2026-11-28+23:59:59&timezone=UTC.organizations[]"] = "organizations that are switched off are no choice"
	return out
}

// checkRadius asks whether people may come in, as FreeRADIUS does.
func (h *house) checkRadius(t *testing.T, want *told) {
	t.Helper()
	settings, err := h.radius.Settings.List(t.Context(), wispwright.ScopeAll(), radius.SettingsFilter{}, wispwright.Page{NoTotal: true})
	require.NoError(t, err)
	tokens := map[string]string{}
	for _, s := range settings.Rows {
		o, err := h.Tenancy().Organizations.Get(t.Context(), wispwright.ScopeAll(), s.OrganizationID)
		require.NoError(t, err)
		tokens[o.Slug] = o.ID.String() + " " + s.Token.Reveal()
	}
	asked := 0
	for _, u := range want.Users {
		body, err := json.Marshal(map[string]string{"username": u.Username, "password": u.Password})
		require.NoError(t, err)
		for slug, one := range u.Authorize {
			w := h.ask(t, http.MethodPost, "/api/v1/freeradius/authorize/", "Bearer "+tokens[slug], body)
			if slug == "dormant-org" { // switched off: there nobody comes in, here its token is no token either
				require.Equal(t, http.StatusForbidden, w.Code)
				asked++
				continue
			}
			if got := decoded(w); fmt.Sprint(w.Code) != fmt.Sprint(one[0]) || one[1] != nil && !jsonEqual(got, one[1]) || one[1] == nil && strings.Contains(w.Body.String(), "Accept") {
				t.Errorf("authorize %s of %s: %d %s instead of %v", u.Username, slug, w.Code, w.Body, one)
			}
			asked++
		}
	}
	require.Greater(t, asked, 70)
}

// checkRevoked: OpenWISP's own lists have serial numbers that nobody issued; here they
// are those of the certificates that are revoked.
func (h *house) checkRevoked(t *testing.T, want *told) {
	t.Helper()
	for id, ca := range want.CAs {
		w := h.get("/admin/pki/ca/x509/ca/" + id + ".crl")
		require.Equal(t, 200, w.Code)
		block, _ := pem.Decode(w.Body.Bytes())
		require.NotNil(t, block)
		list, err := x509.ParseRevocationList(block.Bytes)
		require.NoError(t, err)
		got := []string{}
		for _, e := range list.RevokedCertificateEntries {
			got = append(got, e.SerialNumber.String())
		}
		require.ElementsMatch(t, ca.RevokedSerials, got, "CA %s", id)
	}
}

// checkImages downloads the images.
func (h *house) checkImages(t *testing.T, want *told) {
	t.Helper()
	require.NotEmpty(t, want.Images)
	for id, image := range want.Images {
		w := h.ask(t, http.MethodGet, "/firmware/"+image.File, adminToken, nil)
		require.Equal(t, 200, w.Code, "%s %s", id, image.File)
		require.Equal(t, image.SHA256, fmt.Sprintf("%x", sha256.Sum256(w.Body.Bytes())))
	}
}

func toldThere(t *testing.T) *told {
	var want told
	testkit.ReadVectors(t, &want, "openwisp-db", "expected.json")
	return &want
}
