package saml

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/crewjam/saml"

	"github.com/wispwright/wispwright"
)

// Session is what must be known to end, at the provider too, what a log-in began. It stays
// with the browser.
type Session struct {
	// Issuer, NameID, Format and Index are what the provider called itself, the person, the
	// kind of that name and the session.
	Issuer, NameID, Format, Index string
	// Subject and Next are the caller's.
	Subject, Next string
}

// Seal writes a session for a cookie, as Flow.Seal does.
func (s Session) Seal(secret wispwright.Secret) string { return seal(secret, "saml session", s) }

// OpenSession reads what Seal wrote; false for anything else.
func OpenSession(secret wispwright.Secret, text string) (s Session, ok bool) {
	if !unseal(secret, "saml session", text, &s) {
		return Session{}, false
	}
	return s, true
}

// CanLogOut reports whether the provider is told of log-outs: it must have an address for
// them, and take only what is signed.
func (s *ServiceProvider) CanLogOut(ctx context.Context) bool {
	sp, err := s.ready(ctx)
	return err == nil && s.logsOut(sp)
}

func (s *ServiceProvider) logsOut(sp *saml.ServiceProvider) bool {
	return s.options.Key != nil && s.options.Logout != "" && sp.GetSLOBindingLocation(saml.HTTPRedirectBinding) != ""
}

// ErrNoLogOut says that a provider is not told of log-outs.
var ErrNoLogOut = errors.New("the provider is not told of log-outs")

// BeginLogout returns where the browser goes to end a session at the provider, and the flow
// that it brings back to the address Options.Logout. ErrNoLogOut: nowhere.
func (s *ServiceProvider) BeginLogout(ctx context.Context, of Session) (where string, f Flow, err error) {
	sp, err := s.ready(ctx)
	if err != nil {
		return "", Flow{}, err
	}
	if !s.logsOut(sp) {
		return "", Flow{}, ErrNoLogOut
	}
	request, err := sp.MakeLogoutRequest(sp.GetSLOBindingLocation(saml.HTTPRedirectBinding), of.NameID, saml.WithSessionIndex(of.Index), func(r *saml.LogoutRequest) { r.NameID.Format = of.Format })
	if err != nil {
		return "", Flow{}, fmt.Errorf("saml: ask the provider to log somebody out: %w", err)
	}
	f = Flow{Request: request.ID, State: rand.Text(), Next: of.Next, Provider: sp.IDPMetadata.EntityID, Expires: time.Now().Add(flowFor)}
	u, err := sp.RedirectLogoutRequestURL(request, f.State)
	if err != nil {
		return "", Flow{}, fmt.Errorf("saml: ask the provider to log somebody out: %w", err)
	}
	return u.String(), f, nil
}

// FinishLogout reads with what a browser came back from the provider. Errors that wrap
// ErrRefused say that somebody may still be logged in there.
func (s *ServiceProvider) FinishLogout(r *http.Request, f Flow) error {
	if f.Request == "" || time.Now().After(f.Expires) || !same(f.State, r.FormValue("RelayState")) {
		return fmt.Errorf("%w: it took too long, or was begun in another browser", ErrRefused)
	}
	sp, err := s.at(r)
	if err != nil {
		return err
	}
	if _, err := sp.ParseLogoutResponse(r, []string{f.Request}); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, inside(err))
	}
	return nil
}

// Asked reads a provider's wish that somebody be logged out here, who had logged out
// elsewhere; answer is where the browser goes with our consent, "" for nowhere. Errors that
// wrap ErrRefused say why it is not believed: it may be another provider's.
func (s *ServiceProvider) Asked(r *http.Request) (who Session, answer string, err error) {
	sp, err := s.at(r)
	if err != nil {
		return Session{}, "", err
	}
	request, err := sp.ValidateLogoutRequest(r)
	if err != nil {
		return Session{}, "", fmt.Errorf("%w: %w", ErrRefused, inside(err))
	}
	who = Session{Issuer: sp.IDPMetadata.EntityID}
	if request.NameID != nil {
		who.NameID, who.Format = request.NameID.Value, request.NameID.Format
	}
	for _, index := range request.AllSessionIndexes() {
		who.Index = index.Value
	}
	if !s.logsOut(sp) {
		return who, "", nil
	}
	u, err := sp.MakeRedirectLogoutResponse(request.ID, r.FormValue("RelayState"))
	if err != nil {
		return who, "", fmt.Errorf("saml: answer the provider: %w", err)
	}
	return who, u.String(), nil
}

// at is the service provider at the address that a request came to: OpenWISP's metadata
// name one of its own for forms, which is Options.Logout and "post/".
func (s *ServiceProvider) at(r *http.Request) (*saml.ServiceProvider, error) {
	sp, err := s.ready(r.Context())
	if err != nil {
		return nil, err
	}
	if s.options.Logout == "" {
		return nil, fmt.Errorf("%w: nobody is logged out so", ErrRefused)
	}
	if r.Method == http.MethodPost && len(r.URL.Path) > 5 && r.URL.Path[len(r.URL.Path)-5:] == "post/" {
		sp.SloURL.Path += "post/"
	}
	return sp, nil
}

// inside is why the library refuses something, which it does not show by itself.
func inside(err error) error {
	var wrong *saml.InvalidResponseError
	if errors.As(err, &wrong) {
		return wrong.PrivateErr
	}
	return err
}
