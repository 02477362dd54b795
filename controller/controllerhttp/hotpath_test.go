package controllerhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// checksumRequest makes a device and the request it sends all day.
func checksumRequest(t testing.TB, s *server) *http.Request {
	org := s.organization(t, "acme", "s3cr3tS3cr3t")
	s.user(t, "admin", "", "", true, false)
	device := s.device(t, "admin", "dev", org, "00:11:22:33:44:55", configuration())
	_, detail := s.call(t, "admin", "GET", "/api/v1/controller/device/"+device+"/", nil)
	r := httptest.NewRequest("GET", "/controller/checksum/"+device+"/?key="+detail["key"].(string)+"&management_ip=10.8.0.5", nil)
	for range 2 { // the first one stores addresses, the second one reads them
		w := httptest.NewRecorder()
		s.protocol.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code, w.Body.String())
	}
	return r
}

// TestWarmChecksumAsksNoDatabase takes the database away: devices that were
// seen lately are still answered.
func TestWarmChecksumAsksNoDatabase(t *testing.T) {
	db, err := sqlstore.Open(t.Context(), t.TempDir()+"/test.db", &sqlstore.Options{Synchronous: "OFF"})
	require.NoError(t, err)
	s := newSQLServer(t, db, nil)
	r := checksumRequest(t, s)
	require.NoError(t, db.Close())
	w := httptest.NewRecorder()
	s.protocol.ServeHTTP(w, r)
	require.Equal(t, 200, w.Code, w.Body.String())
	require.Len(t, w.Body.String(), 32)
	other := r.Clone(r.Context())
	other.RemoteAddr = "192.0.2.99:1"
	w = httptest.NewRecorder()
	s.protocol.ServeHTTP(w, other)
	require.NotEqual(t, 200, w.Code, "a new address must be stored")
}

// TestWarmChecksumAllocations holds the whole way from handler to cache
// within its limit.
func TestWarmChecksumAllocations(t *testing.T) {
	s := newMemoryServer(t, nil)
	r := checksumRequest(t, s)
	w := &discard{h: http.Header{}}
	n := testing.AllocsPerRun(200, func() {
		clear(w.h)
		s.protocol.ServeHTTP(w, r)
	})
	t.Logf("%.0f allocations", n)
	require.LessOrEqual(t, n, 12.0)
}

func BenchmarkChecksumWarm(b *testing.B) {
	s := newSQLServer(b, testkit.SQLite(b), nil)
	r := checksumRequest(b, s)
	w := &discard{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		s.protocol.ServeHTTP(w, r)
	}
}

// BenchmarkChecksumOverHTTP stands beside BenchmarkBareOverHTTP, which answers
// the same bytes without doing anything: the difference is ours.
func BenchmarkChecksumOverHTTP(b *testing.B) {
	s := newSQLServer(b, testkit.SQLite(b), nil)
	r := checksumRequest(b, s)
	overHTTP(b, s.protocol, r.URL.RequestURI())
}

func BenchmarkBareOverHTTP(b *testing.B) {
	overHTTP(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "372b354fea010d5a556275e606891c19") // the client tells when something is wrong
	}), "/")
}

func overHTTP(b *testing.B, h http.Handler, uri string) {
	web := httptest.NewServer(h)
	b.Cleanup(web.Close)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			res, err := web.Client().Get(web.URL + uri)
			if err != nil {
				b.Error(err)
				return
			}
			body, err := io.ReadAll(res.Body)
			if err != nil || len(body) != 32 || res.Body.Close() != nil {
				b.Errorf("%q %v", body, err)
				return
			}
		}
	})
}

// benchmarkREST reads one address of the API as the manager of an organization
// with 200 devices.
func benchmarkREST(b *testing.B, path func(device string) string) {
	s := newSQLServer(b, testkit.SQLite(b), nil)
	org := s.organization(b, "acme", "s3cr3tS3cr3t")
	s.user(b, "admin", "", "", true, false)
	s.user(b, "manager", "Administrator", "acme", false, true)
	var device string
	for i := range 200 {
		device = s.device(b, "admin", fmt.Sprintf("dev%d", i), org, fmt.Sprintf("00:11:22:33:44:%02x", i), configuration())
	}
	r := httptest.NewRequest("GET", path(device), nil)
	r.Header.Set("Authorization", "Bearer "+s.tokens["manager"])
	w := &discard{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		s.api.ServeHTTP(w, r)
	}
}

func BenchmarkDeviceList10(b *testing.B) {
	benchmarkREST(b, func(string) string { return "/api/v1/controller/device/" })
}

func BenchmarkDeviceList100(b *testing.B) {
	benchmarkREST(b, func(string) string { return "/api/v1/controller/device/?page_size=100" })
}

func BenchmarkDeviceDetail(b *testing.B) {
	benchmarkREST(b, func(device string) string { return "/api/v1/controller/device/" + device + "/" })
}
