package geocode_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/geo/geocode"
)

// service answers as the two services do, and counts.
type service struct {
	*httptest.Server
	asked  atomic.Int64
	answer func(path, query string) (int, string)
	seen   []string
}

func newService(t *testing.T, answer func(path, query string) (int, string)) *service {
	s := &service{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.seen = append(s.seen, r.URL.RequestURI()+" "+r.UserAgent())
		status, body := s.answer(r.URL.Path, r.URL.RawQuery)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) options() *geocode.Options {
	return &geocode.Options{URL: s.URL + "/", Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Delay: time.Millisecond, Agent: "test"}
}

func TestNominatim(t *testing.T) {
	s := newService(t, func(path, query string) (int, string) {
		switch {
		case strings.Contains(query, "nowhere"), path == "/reverse" && strings.Contains(query, "lat=89"):
			if path == "/search" {
				return 200, "[]"
			}
			return 200, `{"error":"Unable to geocode"}`
		case path == "/search":
			return 200, `[{"lat":"55.7536","lon":"37.6213","display_name":"x"}]`
		}
		return 200, `{"display_name":"Red Square, Moscow"}`
	})
	n, err := geocode.NewNominatim(s.options())
	require.NoError(t, err)
	p, err := n.Geocode(context.Background(), "Red Square & more")
	require.NoError(t, err)
	require.Equal(t, geo.Position{37.6213, 55.7536}, p)
	text, err := n.Reverse(context.Background(), p)
	require.NoError(t, err)
	require.Equal(t, "Red Square, Moscow", text)
	_, err = n.Geocode(context.Background(), "nowhere")
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = n.Reverse(context.Background(), geo.Position{0, 89})
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.Equal(t, []string{
		"/search?format=jsonv2&limit=1&q=Red+Square+%26+more test", "/reverse?format=jsonv2&lat=55.7536&lon=37.6213 test",
		"/search?format=jsonv2&limit=1&q=nowhere test", "/reverse?format=jsonv2&lat=89&lon=0 test",
	}, s.seen)
}

func TestArcGIS(t *testing.T) {
	s := newService(t, func(path, query string) (int, string) {
		switch {
		case strings.Contains(query, "nowhere"):
			return 200, `{"candidates":[]}`
		case strings.Contains(query, "location=0%2C89"):
			return 200, `{"error":{"code":400}}`
		case path == "/findAddressCandidates":
			return 200, `{"candidates":[{"location":{"x":37.6213,"y":55.7536}}]}`
		}
		return 200, `{"address":{"Match_addr":"Red Square, Moscow"}}`
	})
	a, err := geocode.NewArcGIS(s.options())
	require.NoError(t, err)
	p, err := a.Geocode(context.Background(), "Red Square")
	require.NoError(t, err)
	require.Equal(t, geo.Position{37.6213, 55.7536}, p)
	text, err := a.Reverse(context.Background(), p)
	require.NoError(t, err)
	require.Equal(t, "Red Square, Moscow", text)
	_, err = a.Geocode(context.Background(), "nowhere")
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = a.Reverse(context.Background(), geo.Position{0, 89})
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.Equal(t, "/findAddressCandidates?f=json&maxLocations=1&singleLine=Red+Square test", s.seen[0])
	require.Equal(t, "/reverseGeocode?f=json&location=37.6213%2C55.7536&outSR=4326 test", s.seen[1])
}

func TestServicesThatFail(t *testing.T) {
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"an error": {500, "x"}, "no JSON": {200, "<html>"}, "too much": {200, "[" + strings.Repeat(" ", 1<<20) + "]"}, "no numbers": {200, `[{"lat":"x","lon":"y"}]`}, "led elsewhere": {302, ""},
	} {
		s := newService(t, func(string, string) (int, string) { return answer.status, answer.body })
		o := s.options()
		o.Retries = 1
		n, err := geocode.NewNominatim(o)
		require.NoError(t, err)
		_, err = n.Geocode(context.Background(), "x")
		require.ErrorIs(t, err, wispwright.ErrUnavailable, name)
		if name != "no numbers" {
			require.EqualValues(t, 2, s.asked.Load(), name)
		}
	}
	recovers := newService(t, nil)
	recovers.answer = func(string, string) (int, string) {
		if recovers.asked.Load() < 3 {
			return 503, ""
		}
		return 200, `[{"lat":"1","lon":"2"}]`
	}
	n, err := geocode.NewNominatim(recovers.options())
	require.NoError(t, err)
	_, err = n.Geocode(context.Background(), "x")
	require.NoError(t, err, "asked again")
}

// What lies inside one's own network is not asked unless that is allowed.
func TestPrivateAddressesAreRefused(t *testing.T) {
	s := newService(t, func(string, string) (int, string) { return 200, "[]" })
	o := s.options()
	o.Allowed, o.Retries = nil, -1
	n, err := geocode.NewNominatim(o)
	require.NoError(t, err)
	_, err = n.Geocode(context.Background(), "x")
	require.ErrorIs(t, err, wispwright.ErrUnavailable)
	require.Zero(t, s.asked.Load())
	for _, bad := range []string{"x", "ftp://example.org/", "https://example.org/path", "http:///", "://"} {
		_, err := geocode.NewArcGIS(&geocode.Options{URL: bad})
		require.Error(t, err, bad)
	}
}

func TestPaceAndPatience(t *testing.T) {
	s := newService(t, func(string, string) (int, string) { return 200, `[{"lat":"1","lon":"2"}]` })
	o := s.options()
	o.Pace = time.Hour
	n, err := geocode.NewNominatim(o)
	require.NoError(t, err)
	_, err = n.Geocode(context.Background(), "x")
	require.NoError(t, err, "the first one waits for nobody")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err = n.Geocode(ctx, "x")
	require.ErrorIs(t, err, context.DeadlineExceeded, "the next one does")
	require.EqualValues(t, 1, s.asked.Load())
}
