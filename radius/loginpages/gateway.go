package loginpages

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/gateway"
	"github.com/wispwright/wispwright/radius/signin"
)

// Gateways are what send people to a page and take them back; portal.Service speaks to
// them.
type Gateways interface {
	// Gateway opens the gateways of an organization; nil: they are not spoken to.
	Gateway(ctx context.Context, organization wispwright.ID) (*gateway.Gateway, error)
	// LetIn makes the form with which the client of a visit gets in. A refusal is a
	// *wispwright.ForbiddenError with what the person is told.
	LetIn(ctx context.Context, o radius.Organization, a *radius.Account, v *gateway.Visit, c gateway.Credentials) (gateway.Form, error)
}

// How long a browser keeps what its gateway said, and for how long it is not sent to a
// gateway again that has just sent it back.
const (
	gatewayAge  = time.Hour
	gatewayOnce = 20 * time.Second
)

// Cookies are cut off at 4 KiB with their names, and queries of visits are long but
// say the same words again and again.
const (
	maxGatewayCookie = 3800
	maxGatewayURL    = 16 << 10
)

// gateways opens those of the organization; nil: there are none.
func (v *visit) gateways() *gateway.Gateway {
	if v.p.o.Gateways == nil || v.preview || v.failure != nil {
		return nil
	}
	g, err := v.p.o.Gateways.Gateway(v.r.Context(), v.in.Organization.ID)
	if err != nil {
		v.p.o.Log.ErrorContext(v.r.Context(), "the gateways of an organization cannot be spoken to", "slug", v.slug, "error", err)
		return nil
	}
	return g
}

// arrive reads the address that a gateway sent the browser to; nil when it was
// somebody else. The browser keeps the address, which is read again when it is used:
// it says no more than the gateway's secret proves (docs/decisions/0077, 0096).
func (v *visit) arrive() *gateway.Visit {
	if v.r.URL.RawQuery == "" {
		return nil
	}
	g := v.gateways()
	if g == nil {
		return nil
	}
	u := *v.r.URL
	u.Scheme, u.Host = v.scheme(), v.r.Host
	came, err := g.Read(&u)
	if errors.Is(err, gateway.ErrUnknown) {
		return nil
	}
	kept := ""
	if err == nil {
		kept, err = packed(u.String())
	}
	if err != nil {
		v.p.o.Log.WarnContext(v.r.Context(), "what a gateway said of a client was refused", "slug", v.slug, "error", err)
		v.flash.Bad = v.T("gateway_gone")
		return nil
	}
	v.keep("gateway", kept, gatewayAge)
	if came.MAC != "" {
		v.keep("macaddr", came.MAC, 24*time.Hour)
	}
	return came
}

func (v *visit) scheme() string {
	if v.p.o.Secure(v.r) {
		return "https"
	}
	return "http"
}

var errLongVisit = errors.New("loginpages: what the gateway says is too long for a cookie")

// packed makes an address short enough for a cookie.
func packed(address string) (string, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write([]byte(address)); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	out := base64.RawURLEncoding.EncodeToString(b.Bytes())
	if len(out) > maxGatewayCookie {
		return "", errLongVisit
	}
	return out, nil
}

// unpacked reads it back; nil for what is no address.
func unpacked(text string) *url.URL {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(raw)), maxGatewayURL))
	if err != nil {
		return nil
	}
	u, err := url.Parse(string(plain))
	if err != nil {
		return nil
	}
	return u
}

// visited is what the gateway said of this browser; nil: none did.
func (v *visit) visited() (*gateway.Gateway, *gateway.Visit) {
	if v.came != nil {
		return v.cameBy, v.came
	}
	kept := v.cookie("gateway")
	if kept == "" {
		return nil, nil
	}
	u, g := unpacked(kept), v.gateways()
	if u == nil || g == nil {
		return nil, nil
	}
	came, err := g.Read(u)
	if err != nil { // the organization has other gateways now, or another secret
		return nil, nil
	}
	v.cameBy, v.came = g, came
	return g, came
}

// hasPortal reports whether somebody who is known must be let in by a gateway: the one
// that sent the browser, or the one that the page names.
func (v *visit) hasPortal() bool {
	_, came := v.visited()
	return came != nil || v.cfg.Components.CaptivePortalLoginForm.Action != ""
}

// arrived goes on with somebody whom a gateway sent and who is known here. It reports
// whether the answer was given.
func (v *visit) arrived(came *gateway.Visit) bool {
	switch {
	case came == nil:
		return false
	case came.Result == gateway.NotYet && v.cookie("connecting") == "":
		v.tell(flash{MustLogIn: true})
	case came.Result == gateway.NotYet: // it did not take what it was given: people say when it is tried again
		v.drop("connecting")
	default:
		v.drop("connecting")
		v.tell(v.outcome(came))
	}
	v.to("status")
	return true
}

// outcome is what people are told of how the gateway ended.
func (v *visit) outcome(came *gateway.Visit) flash {
	switch came.Result {
	case gateway.Failed:
		return flash{Bad: v.TV("portal_refused", "Reply", shorten(came.Message, 200))}
	case gateway.LoggedOut:
		return flash{Good: v.T("logged_out")}
	}
	return flash{}
}

// openPortal is the form that lets somebody in, at the gateway that sent the browser or
// at the one that the page names; nil where there is none, or where the person is
// refused, which is told.
func (v *visit) openPortal(e *signin.Entry, token wispwright.Secret) (*portalForm, error) {
	_, came := v.visited()
	if came == nil {
		return v.loginPortal(e.User.Username, token.Reveal()), nil
	}
	landing := (&url.URL{Scheme: v.scheme(), Host: v.r.Host, Path: v.Base() + "/status"}).String()
	form, err := v.p.o.Gateways.LetIn(v.r.Context(), v.in.Organization, account(e), came, gateway.Credentials{Username: e.User.Username, Password: token, Landing: landing})
	var refused *wispwright.ForbiddenError
	switch {
	case errors.As(err, &refused):
		v.flash = flash{Bad: v.TV("portal_refused", "Reply", shorten(refused.Message, 200))}
		return nil, nil
	case errors.Is(err, gateway.ErrNoForm), errors.Is(err, gateway.ErrForeign):
		v.drop("gateway")
		v.flash = flash{Bad: v.T("gateway_gone")}
		return nil, nil
	case err != nil:
		return nil, err
	}
	v.keep("connecting", "1", gatewayOnce)
	return v.gatewayForm(form), nil
}

// gatewayForm is a gateway's form on a page. It is sent at the top, since the gateway
// leads people back; that of OPNsense answers programs, and goes into a frame.
func (v *visit) gatewayForm(f gateway.Form) *portalForm {
	out := &portalForm{Method: strings.ToLower(f.Method), Action: f.Action}
	for _, x := range f.Fields {
		out.Fields = append(out.Fields, NamedValue{x.Name, x.Value})
	}
	if v.cameBy.Dialect() == gateway.OPNsense && (v.scheme() == "http" || strings.HasPrefix(f.Action, "https:")) {
		out.Framed, v.framed = true, f.Origin()
	}
	return out
}

// closePortal is the form that ends a session at the gateway that sent the browser, or
// at the one that the page names; nil where there is none.
func (v *visit) closePortal(session string) *portalForm {
	g, came := v.visited()
	if came == nil {
		return v.logoutPortal(session)
	}
	form, err := g.LogOut(came, session)
	if err != nil {
		return nil // the session ends when the gateway hears nothing of the client
	}
	return v.gatewayForm(form)
}

// realmPortal is the form with which the gateway asks another realm.
func (v *visit) realmPortal(username, password string) *portalForm {
	g, came := v.visited()
	if came == nil {
		return v.loginPortal(username, password)
	}
	if came.HasIdentity { // it asks nobody, so that nobody would have said who it is
		return nil
	}
	form, err := g.LogIn(came, gateway.Credentials{Username: username, Password: wispwright.Secret(password)})
	if err != nil {
		return nil
	}
	return v.gatewayForm(form)
}

// sent shows the form of a gateway alone.
func (v *visit) sent(form *portalForm) {
	form.Framed = false
	v.show(http.StatusOK, "portal", v.T("connecting"), form)
}
