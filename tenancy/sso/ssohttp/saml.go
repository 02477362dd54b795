package ssohttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/saml"
	"github.com/wispwright/wispwright/tenancy/sso"
)

// SAMLPath begins the paths of SAML.
const SAMLPath = "/accounts/saml/"

// SAMLProvider is what is asked; *saml.ServiceProvider is one.
type SAMLProvider interface {
	Begin(ctx context.Context, next string) (string, saml.Flow, error)
	Finish(r *http.Request, f saml.Flow) (*saml.Assertion, error)
	MetadataXML() ([]byte, error)
}

type samlHandler struct {
	provider SAMLProvider
	accounts Accounts
	names    sso.AttributeNames
	secret   wispwright.Secret
	options  Options
}

// NewSAML returns the handler of the paths below SAMLPath. The secret, which all nodes
// have, seals the cookie of a log-in.
func NewSAML(p SAMLProvider, a Accounts, names sso.AttributeNames, secret wispwright.Secret, o Options) (http.Handler, error) {
	if p == nil || a == nil || secret == "" || o.Open == nil {
		return nil, errors.New("ssohttp: a provider, accounts, a secret and a way to begin sessions are required")
	}
	o.defaults()
	return &samlHandler{p, a, names, secret, o}, nil
}

// formLimit bounds the form with which a browser comes back.
const formLimit = 1 << 20

// ServeHTTP answers a request.
func (h *samlHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guard(w)
	method, answer := http.MethodGet, http.NotFound
	switch r.URL.Path {
	case SAMLPath + "metadata/":
		answer = h.metadata
	case SAMLPath + "login/":
		answer = h.begin
	case SAMLPath + "acs/":
		method, answer = http.MethodPost, h.finish
	}
	if r.Method != method {
		w.Header().Set("Allow", method)
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	answer(w, r)
}

func (h *samlHandler) metadata(w http.ResponseWriter, r *http.Request) {
	raw, err := h.provider.MetadataXML()
	if err != nil {
		h.options.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	_, _ = w.Write(raw) // the client may be gone
}

// samlCookie keeps the flow with the browser that began it.
const samlCookie = "wispwright_saml"

func (h *samlHandler) begin(w http.ResponseWriter, r *http.Request) {
	if !h.options.admit(w, r) {
		return
	}
	address, flow, err := h.provider.Begin(r.Context(), ownPath(r.URL.Query().Get("next")))
	if err != nil {
		h.options.Log.ErrorContext(r.Context(), "single sign-on: the provider cannot be asked", "error", err)
		h.options.refuse(w, http.StatusBadGateway, "The provider cannot be reached. Log in with a password, or try again later.")
		return
	}
	h.cookie(w, flow.Seal(h.secret), int(time.Until(flow.Expires).Seconds())+1)
	http.Redirect(w, r, address, http.StatusFound)
}

func (h *samlHandler) cookie(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: samlCookie, Value: value, Path: SAMLPath, MaxAge: age, HttpOnly: true, Secure: h.options.Secure, SameSite: http.SameSiteLaxMode})
}

func (h *samlHandler) finish(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		h.options.refuse(w, http.StatusBadRequest, "The form of the provider cannot be read.")
		return
	}
	c, err := r.Cookie(samlCookie)
	if err != nil && !saml.CameAgain(r) {
		saml.Again(w, r) // from another site: without our cookies
		return
	}
	h.cookie(w, "", -1) // a flow is used once
	var flow saml.Flow
	if err == nil {
		flow, _ = saml.OpenFlow(h.secret, c.Value) // an empty one is refused
	}
	a, err := h.provider.Finish(r, flow)
	if err != nil {
		if errors.Is(err, saml.ErrRefused) {
			err = fmt.Errorf("%w: the provider did not let you in, or it took too long; begin anew: %w", sso.ErrRefused, err)
		}
		h.options.fail(w, r, err)
		return
	}
	person, err := sso.FromAttributes(a.Issuer, a.NameID, a.Transient, a.Attributes, h.names)
	if err != nil {
		h.options.fail(w, r, err)
		return
	}
	h.options.enter(w, r, h.accounts, person, flow.Next)
}
