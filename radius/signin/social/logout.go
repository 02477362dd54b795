package social

import (
	"errors"
	"html/template"
	"net/http"
	"time"

	"github.com/wispwright/wispwright/kit/saml"
)

// flowLife is how long somebody may take to log out there.
const flowLife = 10 * time.Minute

// session is what the browser knows of a log-in with a provider.
func (h *samlHandler) session(r *http.Request) (saml.Session, bool) {
	c, err := r.Cookie(samlSession)
	if err != nil {
		return saml.Session{}, false
	}
	return saml.OpenSession(h.Secret, c.Value)
}

// logOut ends somebody's session at the provider: login pages lead here once the network is
// left. Where the provider is not told, it ends with what the browser knows.
func (h *samlHandler) logOut(w http.ResponseWriter, r *http.Request) {
	s, ok := h.session(r)
	h.cookie(w, samlSession, "", 0)
	if !ok {
		h.say(w, http.StatusOK, "You are logged out.", "")
		return
	}
	p := h.provider(r.Context(), s.Issuer)
	if p == nil {
		h.say(w, http.StatusOK, stillThere, s.Next)
		return
	}
	where, flow, err := p.BeginLogout(r.Context(), s)
	switch {
	case errors.Is(err, saml.ErrNoLogOut):
		h.say(w, http.StatusOK, stillThere, s.Next)
	case err != nil:
		h.o.Log.ErrorContext(r.Context(), "log-out by SAML: the provider cannot be told", "error", err)
		h.say(w, http.StatusBadGateway, stillThere, s.Next)
	default:
		h.cookie(w, samlCookie, flow.Seal(h.Secret), flowLife)
		http.Redirect(w, r, where, http.StatusFound)
	}
}

const stillThere = "You are logged out here. With your provider you may still be logged in: close the browser, or log out there."

// loggedOut takes the provider's answer, or its word that somebody logged out elsewhere.
func (h *samlHandler) loggedOut(w http.ResponseWriter, r *http.Request) {
	if !h.form(w, r) {
		return
	}
	if r.Form.Get("SAMLRequest") != "" {
		h.asked(w, r)
		return
	}
	flow, ok := h.flow(w, r)
	if !ok {
		return
	}
	p := h.provider(r.Context(), flow.Provider)
	if p == nil {
		h.refuse(w, http.StatusForbidden, "It took too long, or was begun in another browser.")
		return
	}
	if err := p.FinishLogout(r, flow); err != nil {
		h.o.Log.InfoContext(r.Context(), "log-out by SAML: not confirmed", "error", err)
		h.say(w, http.StatusOK, stillThere, flow.Next)
		return
	}
	http.Redirect(w, r, flow.Next, http.StatusFound) // which was looked at when it was sealed
}

// asked takes a provider's word that somebody logged out elsewhere: the person's key is worth
// nothing any more, so that login pages ask who it is.
func (h *samlHandler) asked(w http.ResponseWriter, r *http.Request) {
	for _, p := range h.Providers {
		who, answer, err := p.Asked(r)
		if err != nil {
			h.o.Log.InfoContext(r.Context(), "log-out by SAML: not believed", "error", err)
			continue // it may be another one's
		}
		if s, ok := h.session(r); ok && s.Issuer == who.Issuer && s.NameID == who.NameID {
			who.Subject = s.Subject
			h.cookie(w, samlSession, "", 0)
		}
		if who.Subject == "" && h.Names.Subject == "" {
			who.Subject = who.NameID
		}
		if who.Subject != "" {
			if err := h.Leave(r.Context(), who.Issuer, who.Subject); err != nil {
				h.fail(w, r, err)
				return
			}
		}
		if answer == "" {
			h.say(w, http.StatusOK, "You are logged out.", "")
			return
		}
		http.Redirect(w, r, answer, http.StatusFound)
		return
	}
	h.refuse(w, http.StatusForbidden, "This is no word of a provider of this network.")
}

var farewell = template.Must(template.New("farewell").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
	`<title>Log-out</title></head><body><main><h1>Log-out</h1><p>{{.Says}}</p>{{with .Back}}<p><a href="{{.}}">Back to the login page</a></p>{{end}}</main></body></html>`))

// say shows how a log-out ended, with a way back.
func (h *samlHandler) say(w http.ResponseWriter, status int, says, back string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = farewell.Execute(w, map[string]string{"Says": says, "Back": back}) // the client may be gone
}
