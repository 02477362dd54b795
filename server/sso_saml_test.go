package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/saml/samltest"
	"github.com/wispwright/wispwright/server"
)

// TestSAMLBySettings: with the provider's metadata the log-in has a button that leads
// there, and the program describes itself; without, there is neither.
func TestSAMLBySettings(t *testing.T) {
	idp := samltest.New(t)
	start := func(t *testing.T, metadata string) (*server.Server, error) {
		c, concerns := parts(t)
		_, err := server.LoadConfig("", []string{"WISPWRIGHT_SSO_SAML_METADATA=" + metadata, "WISPWRIGHT_SSO_SAML_LABEL=Campus"}, concerns)
		require.NoError(t, err)
		c.Tenancy.SiteURL, c.Tenancy.PasswordIterations = "https://nms.example.org", 1
		db := testkit.SQLite(t)
		require.NoError(t, server.Migrate(t.Context(), db, concerns))
		s, err := server.New(t.Context(), db, &server.Options{Config: c.Config, Concerns: concerns, Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
		}
		return s, err
	}
	s, err := start(t, idp.URL+"/metadata")
	require.NoError(t, err)
	require.JSONEq(t, `{"providers":[{"label":"Campus","url":"/accounts/saml/login/"}]}`, get(s, "/accounts/oidc/").Body.String())
	require.Contains(t, get(s, "/accounts/saml/metadata/").Body.String(), `Location="https://nms.example.org/accounts/saml/acs/"`)
	w := get(s, "/accounts/saml/login/")
	require.Equal(t, http.StatusFound, w.Code)
	require.Contains(t, w.Header().Get("Location"), idp.URL+"/sso?SAMLRequest=")

	_, err = start(t, testkit.Root(t)+"/nowhere.xml")
	require.ErrorContains(t, err, "sso.saml_metadata")
	s, err = start(t, "")
	require.NoError(t, err)
	require.JSONEq(t, `{"providers":[]}`, get(s, "/accounts/oidc/").Body.String())
	require.Equal(t, http.StatusNotFound, get(s, "/accounts/saml/metadata/").Code)
}
