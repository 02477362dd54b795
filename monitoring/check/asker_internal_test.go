package check

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A device answers with a certificate of its own, leads elsewhere, or talks without end.
func TestAsker(t *testing.T) {
	device := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		}
		http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
	}))
	defer device.Close()
	answer, err := asker(10 * time.Second).Get(device.URL)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusFound, answer.StatusCode)
	answer, err = asker(10 * time.Second).Get(device.URL + "/long")
	if err == nil {
		require.NoError(t, answer.Body.Close())
	}
	require.Error(t, err, "headers are bounded")
}

func TestAskedAddresses(t *testing.T) {
	for address, fine := range map[string]bool{"10.0.0.1": true, "fd00::1": true, "127.0.0.1": false, "::ffff:127.0.0.1": false, "::1": false, "169.254.169.254": false, "::ffff:169.254.169.254": false, "0.0.0.0": false} {
		s := &Settings{}
		to, err := s.asked(Target{Device: &Device{ManagementIP: netip.MustParseAddr(address)}}, map[string]int{"port": 80})
		require.Equal(t, fine, err == nil && to != "", address)
	}
}
