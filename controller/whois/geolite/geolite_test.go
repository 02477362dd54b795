package geolite_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/whois"
	"github.com/wispwright/wispwright/controller/whois/geolite"
)

var address = netip.MustParseAddr("9.9.9.9")

func service(t *testing.T, h http.HandlerFunc) *geolite.Service {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	out, err := geolite.NewService(geolite.Options{Account: "42", Key: "s3cret", URL: s.URL + "/", Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	require.NoError(t, err)
	return out
}

func TestServiceAnswers(t *testing.T) {
	s := service(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "42" || password != "s3cret" || r.URL.Path != "/geoip/v2.1/city/9.9.9.9" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		fmt.Fprint(w, `{"city":{"names":{"en":"Zurich","de":"Zürich"}},"country":{"names":{"en":"Switzerland"}},"continent":{"names":{"en":"Europe"}},"postal":{"code":"8001"},
			"location":{"latitude":47.3,"longitude":8.5,"time_zone":"Europe/Zurich"},
			"traits":{"autonomous_system_number":19281,"autonomous_system_organization":"Quad9","network":"9.9.9.0/24","ip_address":"9.9.9.9"}}`)
	})
	a, err := s.Lookup(t.Context(), address)
	require.NoError(t, err)
	require.Equal(t, []any{"Quad9", "19281", "Europe/Zurich", "9.9.9.0/24", "Zurich, Switzerland, Europe, 8001", 47.3, 8.5},
		[]any{a.ISP, a.ASN, a.Timezone, a.CIDR, a.Place.String(), *a.Latitude, *a.Longitude})
}

func TestServiceRefuses(t *testing.T) {
	for status, want := range map[int]error{401: whois.ErrRefused, 402: whois.ErrQuota, 403: whois.ErrForbidden, 404: whois.ErrUnknown} {
		s := service(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		_, err := s.Lookup(t.Context(), address)
		require.ErrorIs(t, err, want, status)
	}
	for name, h := range map[string]http.HandlerFunc{
		"broken":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"nonsense": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"endless":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(" ", 1<<20)) },
		"moved": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://10.0.0.1/", http.StatusFound)
		},
	} {
		_, err := service(t, h).Lookup(t.Context(), address)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

// No private address is dialled unless that is allowed.
func TestServiceKeepsOffPrivateAddresses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	s, err := geolite.NewService(geolite.Options{Account: "a", Key: "k", URL: "http://" + l.Addr().String() + "/"})
	require.NoError(t, err)
	_, err = s.Lookup(t.Context(), address)
	require.ErrorContains(t, err, "prohibited")
	for _, bad := range []string{"ftp://x/", "http://x", "://"} {
		_, err := geolite.NewService(geolite.Options{Account: "a", Key: "k", URL: bad})
		require.Error(t, err, bad)
	}
}

// database writes a file with one network.
func database(t *testing.T, path, kind string, version int, network string, data mmdbtype.Map) {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, RecordSize: 24, IPVersion: version})
	require.NoError(t, err)
	_, n, err := net.ParseCIDR(network)
	require.NoError(t, err)
	require.NoError(t, tree.Insert(n, data))
	f, err := os.Create(path + ".new")
	require.NoError(t, err)
	_, err = tree.WriteTo(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, os.Rename(path+".new", path))
}

func TestFilesAnswerAndMayBeReplaced(t *testing.T) {
	dir := t.TempDir()
	city, asn := filepath.Join(dir, "city.mmdb"), filepath.Join(dir, "asn.mmdb")
	name := func(s string) mmdbtype.Map {
		return mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(s)}}
	}
	place := func(s string) mmdbtype.Map {
		return mmdbtype.Map{"city": name(s), "country": name("Switzerland"), "location": mmdbtype.Map{"latitude": mmdbtype.Float64(47.3), "longitude": mmdbtype.Float64(8.5), "time_zone": mmdbtype.String("Europe/Zurich")}}
	}
	database(t, city, "GeoLite2-City", 6, "9.9.8.0/22", place("Zurich"))
	database(t, asn, "GeoLite2-ASN", 4, "9.9.9.0/24", mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(19281), "autonomous_system_organization": mmdbtype.String("Quad9")})
	f, err := geolite.NewFiles(city, asn)
	require.NoError(t, err)
	defer f.Close()
	a, err := f.Lookup(t.Context(), address)
	require.NoError(t, err)
	require.Equal(t, []any{"Quad9", "19281", "Europe/Zurich", "9.9.8.0/22", "Zurich, Switzerland", 47.3}, []any{a.ISP, a.ASN, a.Timezone, a.CIDR, a.Place.String(), *a.Latitude})
	_, err = f.Lookup(t.Context(), netip.MustParseAddr("2a00::1"))
	require.ErrorIs(t, err, whois.ErrUnknown)

	database(t, city, "GeoLite2-City", 6, "9.9.8.0/22", place("Winterthur is larger"))
	a, err = f.Lookup(t.Context(), address)
	require.NoError(t, err)
	require.Equal(t, "Winterthur is larger", a.Place.City)
	require.NoError(t, os.WriteFile(city, []byte("half"), 0o644))
	a, err = f.Lookup(t.Context(), address)
	require.NoError(t, err, "what is written by half is not used")
	require.Equal(t, "Winterthur is larger", a.Place.City)

	_, err = geolite.NewFiles(filepath.Join(dir, "none"))
	require.Error(t, err)
	_, err = geolite.NewFiles()
	require.Error(t, err)
	_, err = geolite.NewFiles(city)
	require.Error(t, err, "no database")
}
