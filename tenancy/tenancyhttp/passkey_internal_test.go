package tenancyhttp

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/tenancy/passkey"
)

func TestSiteOfPasskeys(t *testing.T) {
	for _, c := range []struct{ site, host, id, origin string }{
		{"", "wifi.example.org", "wifi.example.org", "http://wifi.example.org"},
		{"https://wifi.example.org/", "Wifi.example.org:8080", "wifi.example.org", "http://Wifi.example.org:8080"},
		{"https://example.org:8443", "api.example.org", "example.org", "http://api.example.org"},
		{"https://example.org", "badexample.org", "badexample.org", "http://badexample.org"},
		{"https://wifi.example.org", "localhost:8000", "localhost", "http://localhost:8000"},
	} {
		h := &HTTP{options: Options{SiteURL: c.site, TrustedOrigins: []string{"https://dashboard.example.org"}}}
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = c.host
		require.Equal(t, passkey.Site{ID: c.id, Name: c.id, Origins: []string{c.origin, "https://dashboard.example.org"}}, h.site(r))
	}
}
