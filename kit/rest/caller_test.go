package rest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

func TestCallerOfARequestThatNoViewAnswers(t *testing.T) {
	b := newBench(t, rest.Options{TrustProxy: true})
	ask := func(token string) (*wispwright.Caller, error) {
		r := httptest.NewRequest(http.MethodGet, "/ws/", nil)
		r.Header.Set("X-Forwarded-For", "192.0.2.7")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return b.api.Caller(r)
	}
	c, err := ask("member")
	require.NoError(t, err)
	require.Equal(t, "member", c.Name)
	require.Equal(t, "192.0.2.7", c.Address)
	c, err = ask("")
	require.NoError(t, err)
	require.Nil(t, c)
	_, err = ask("nobody")
	require.ErrorIs(t, err, wispwright.ErrUnauthenticated)
}
