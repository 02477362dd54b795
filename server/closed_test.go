package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// openThere are the operations that are answered for objects of organizations that are
// switched off, by the beginning of their paths, and why.
var openThere = map[string]string{
	"/api/v1/users/":                                  "without them no organization could be switched on again",
	"/api/v1/notifications/":                          "they are people's own",
	"/api/v1/controller/batch-command/{id}/stop/":     "it only ends what is under way",
	"/api/v1/radius/organization/{slug}/":             "hotspots of such an organization answer 404, to everybody",
	"/api/v1/network-topology/topology/{id}/receive/": "it belongs to devices, with a key, and has no caller",
}

// deliveries are those of a webhook, in a victim's state.
var deliveries = regexp.MustCompile(`(?m)^/api\S*/delivery/\n.*\n`)

// nothingThere are the beginnings of paths to objects that the organization of the test
// does not have.
var nothingThere = []string{
	"/api/v1/controller/plan/", "/api/v1/controller/terminal/", "/api/v1/ipam/ip-address/", "/api/v1/monitoring/", "/api/v1/rollout/",
}

// TestClosedOrganizationsAreReadOnly asks every documented POST, PUT and PATCH at and below
// the objects of an organization that was switched off, as a superuser: all are answered
// 403, and nothing changes (additions: C-12).
func TestClosedOrganizationsAreReadOnly(t *testing.T) {
	v := newVictim(t)
	raw, err := v.s.API().Document()
	require.NoError(t, err)
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		}
	}
	require.NoError(t, json.Unmarshal(raw, &document))
	documented := func(path string) bool {
		for known, methods := range document.Paths {
			if methods["get"].OperationID != "" && parameter.ReplaceAllString(known, "{}") == parameter.ReplaceAllString(path, "{}") {
				return true
			}
		}
		return false
	}
	switched := func(on string) {
		v.do("PATCH", "/api/v1/users/organization/"+v.ids["org_beta"]+"/", `{"is_active":`+on+`}`, 200)
	}
	// what the organization has, without itself, since it is changed here, and without what
	// its webhook was told of that
	state := func() string {
		_, rest, _ := strings.Cut(v.state(), "\n/api")
		return deliveries.ReplaceAllString(rest, "")
	}
	before := state()
	switched("false")
	refused, used := 0, map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		if !strings.Contains(path, "{") {
			continue
		}
		exempt := ""
		for begin := range openThere {
			if strings.HasPrefix(path, begin) {
				exempt, used[begin] = begin, true
			}
		}
		if exempt != "" {
			continue
		}
		for method := range document.Paths[path] {
			method = strings.ToUpper(method)
			if method != http.MethodPost && method != http.MethodPut && method != http.MethodPatch {
				continue
			}
			answers := map[int]int{}
			for _, place := range v.places(path, documented) {
				if !place.fits || strings.Contains(path, "/organization/{") && !strings.Contains(place.path, v.ids["org_beta"]) {
					continue // what is no organization has nothing to be refused for
				}
				w := told(t, v.s, "a", method, place.path, `{}`)
				answers[w.Code]++
				if w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), "is currently disabled") {
					refused++
				} else if w.Code != http.StatusNotFound {
					t.Errorf("%s %s: %d %.200s", method, place.path, w.Code, w.Body)
				}
			}
			reached := !slices.ContainsFunc(nothingThere, func(begin string) bool { return strings.HasPrefix(path, begin) })
			if answers[http.StatusForbidden] == 0 && (reached || len(answers) > 0) {
				t.Errorf("%s %s was never refused: %v", method, path, answers)
			}
		}
	}
	require.Len(t, used, len(openThere), "an exception that is none")
	require.Greater(t, refused, 50)
	switched("true")
	require.Equal(t, before, state())
}
