package controllerhttp_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLastSeen tells it in lists, in a device and on the dashboard, and filters
// and sorts by it.
func TestLastSeen(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		org := s.organization(t, "acme", "s3cr3tS3cr3t")
		s.user(t, "admin", "", "", true, false)
		id := s.device(t, "admin", "heard", org, "00:11:22:33:44:55", configuration())
		s.device(t, "admin", "never", org, "00:11:22:33:44:56", configuration())
		_, detail := s.call(t, "admin", "GET", "/api/v1/controller/device/"+id+"/", nil)
		require.Nil(t, detail["last_seen"])
		tag := s.raw(t, "admin", "GET", "/api/v1/controller/device/"+id+"/", nil).Header().Get("ETag")
		w := httptest.NewRecorder()
		s.protocol.ServeHTTP(w, httptest.NewRequest("GET", "/controller/checksum/"+id+"/?key="+detail["key"].(string), nil))
		require.Equal(t, 200, w.Code)
		_, err := s.c.Agents.WriteSeen(t.Context())
		require.NoError(t, err)
		_, detail = s.call(t, "admin", "GET", "/api/v1/controller/device/"+id+"/", nil)
		at, err := time.Parse(time.RFC3339, detail["last_seen"].(string))
		require.NoError(t, err)
		require.WithinDuration(t, s.clock(), at, time.Minute)
		require.Equal(t, tag, s.raw(t, "admin", "GET", "/api/v1/controller/device/"+id+"/", nil).Header().Get("ETag"), "nobody changed it")
		for query, want := range map[string][]string{
			"silent_for=0":                          {"heard"},
			"silent_for=3600":                       {},
			"silent_for=0&last_seen__lt=2000-01-01": {},
			"last_seen__isnull=true":                {"never"},
			"last_seen__isnull=false":               {"heard"},
			"last_seen__gte=2000-01-01":             {"heard"},
			"ordering=last_seen":                    {"never", "heard"},
			"ordering=-last_seen":                   {"heard", "never"},
			"model=nothing":                         {},
			"os=nothing":                            {},
			"config__templates__tag=nothing":        {},
			"search=" + detail["key"].(string)[:9]:  {"heard"},
			"search=001122334456":                   {"never"},
			"search=0011.2233.4455":                 {"heard"},
		} {
			status, body := s.call(t, "admin", "GET", "/api/v1/controller/device/?"+query, nil)
			require.Equal(t, 200, status, query)
			names := []string{}
			for _, d := range body["results"].([]any) {
				names = append(names, d.(map[string]any)["name"].(string))
			}
			require.Equal(t, want, names, query)
		}
		for _, bad := range []string{"x", "-1", "1.5", "99999999999999999999"} {
			status, body := s.call(t, "admin", "GET", "/api/v1/controller/device/?silent_for="+bad, nil)
			require.Equal(t, 400, status, bad)
			require.Equal(t, map[string]any{"silent_for": []any{"Enter a number of seconds."}}, body)
		}
		_, body := s.call(t, "admin", "GET", "/api/v1/controller/dashboard/", nil)
		require.EqualValues(t, 0, body["silent"])
		require.EqualValues(t, 360, body["silent_after"])
	})
}
