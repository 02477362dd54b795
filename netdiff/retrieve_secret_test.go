package netdiff_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netdiff"
)

// Neither a password nor a key of an address is in errors, which are stored and
// logged.
func TestErrorsOfRetrievalShowNoSecrets(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	there := strings.Replace(s.URL, "http://", "http://me:hidden@", 1)
	_, refused := netdiff.Retrieve(t.Context(), there+"/graph?key=hidden", nil)
	s.Close()
	_, away := netdiff.Retrieve(t.Context(), there+"/graph?key=hidden", nil)
	for _, err := range []error{refused, away} {
		require.ErrorContains(t, err, "/graph")
		require.NotContains(t, err.Error(), "hidden")
	}
}
