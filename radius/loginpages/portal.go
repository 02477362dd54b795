package loginpages

import (
	"net/http"
	"net/url"
	"strings"
)

// portalForm is a form that goes to the captive portal.
type portalForm struct {
	Method, Action string
	Fields         []NamedValue
	// Framed: a script may send it into a frame, so that this page stays.
	Framed bool
	// Next is where people wanted to go.
	Next string
}

// loginPortal is the form that opens the captive portal, nil where there is none.
func (v *visit) loginPortal(username, password string) *portalForm {
	c := v.cfg.Components.CaptivePortalLoginForm
	if c.Action == "" {
		return nil
	}
	out := v.newPortal(c)
	out.Fields = append([]NamedValue{{c.Fields.Username, username}, {c.Fields.Password, password}}, c.AdditionalFields...)
	return out
}

// logoutPortal is the form that closes a session, nil where there is none.
func (v *visit) logoutPortal(session string) *portalForm {
	c := v.cfg.Components.CaptivePortalLogoutForm
	if c.Action == "" {
		return nil
	}
	out := v.newPortal(c)
	out.Fields = append([]NamedValue{{c.Fields.ID, session}}, c.AdditionalFields...)
	return out
}

func (v *visit) newPortal(c PortalForm) *portalForm {
	out := &portalForm{Method: strings.ToLower(c.Method), Action: c.Action, Framed: !v.cfg.Components.CaptivePortalSyncAuth}
	if u, err := url.Parse(c.Action); err == nil && u.Scheme == "http" && v.p.o.Secure(v.r) {
		out.Framed = false // browsers load nothing without TLS into a page that has it
	}
	return out
}

// realm hands a name of another realm to the captive portal, with the password as it
// was typed (spec: login-pages §5.3).
func (v *visit) realm(username, password string) {
	form := v.realmPortal(username, password)
	if form == nil {
		v.flash.Bad = v.T("no_portal")
		v.showLogin(http.StatusBadGateway, v.newLoginForm())
		return
	}
	v.sent(form)
}
