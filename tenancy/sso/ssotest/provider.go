// Package ssotest has a provider that people log in with, on loopback.
package ssotest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// Provider is a provider of OpenID Connect on loopback, and of OAuth 2.0: it lets
// everybody in and says of the person what the test wants.
type Provider struct {
	*httptest.Server
	// Claims are what it says of the person, in tokens and at /me.
	Claims map[string]any
	// Emails are what it says at /emails.
	Emails any
	// Asked are the parameters of the last authorization.
	Asked url.Values
	// Spoil changes the claims of tokens at the last moment.
	Spoil func(map[string]any)
}

// What the program under test is known as there.
const (
	ClientID     = "nms"
	ClientSecret = "client secret"
)

// NewProvider starts one.
func NewProvider(t testing.TB) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p := &Provider{}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // the test sees that nothing came
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("/auth", func(w http.ResponseWriter, r *http.Request) {
		p.Asked = r.URL.Query()
		http.Redirect(w, r, p.Asked.Get("redirect_uri")+"?code=the-code&state="+url.QueryEscape(p.Asked.Get("state")), http.StatusFound)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		user, secret, _ := r.BasicAuth()
		if user == "" {
			user, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
		}
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if user != ClientID || secret != ClientSecret || r.PostFormValue("code") != "the-code" || base64.RawURLEncoding.EncodeToString(sum[:]) != p.Asked.Get("code_challenge") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		claims := map[string]any{"iss": p.URL, "aud": ClientID, "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(), "nonce": p.Asked.Get("nonce")}
		for name, value := range p.Claims {
			claims[name] = value
		}
		if p.Spoil != nil {
			p.Spoil(claims)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		raw, _ := json.Marshal(claims) // they are texts and numbers
		signed, err := signer.Sign(raw)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		token, _ := signed.CompactSerialize() // as above
		answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": token})
	})
	for path, said := range map[string]func() any{"/me": func() any { return p.Claims }, "/emails": func() any { return p.Emails }} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer a" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			answer(w, said())
		})
	}
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}
