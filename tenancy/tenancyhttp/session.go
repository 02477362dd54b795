package tenancyhttp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

const (
	csrfCookie = "csrftoken"
	csrfHeader = "X-CSRFToken"
	// keys of a session's data
	sessionUser = "user"
	sessionHash = "hash"
	// sessionProof says what opened it, when that was no password
	sessionProof = "proof"
	proofLink    = "link"
	// sessionChallenge names that of a passkey that is being made or used
	sessionChallenge = "challenge"
)

func newSessions(o *Options) *scs.SessionManager {
	m := scs.New()
	if o.Sessions != nil {
		m.Store = o.Sessions
	}
	m.Lifetime = o.SessionLifetime
	if m.Lifetime == 0 {
		m.Lifetime = 14 * 24 * time.Hour
	}
	m.Cookie.Name = "sessionid"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = o.SecureCookies
	m.Cookie.Domain = o.CookieDomain
	return m
}

// session recognises the session cookie. Unsafe methods also need the CSRF
// token (spec: tenancy §4.3).
func (h *HTTP) session() rest.Scheme {
	return rest.Scheme{Cookies: true, Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		u, proof, err := h.sessionProof(r.HTTP)
		if err != nil || u == nil {
			return nil, err
		}
		if err := h.checkCSRF(r.HTTP); err != nil {
			return nil, err
		}
		c, err := h.t.Callers.ByUser(r.Context(), u.ID)
		if errors.Is(err, tenancy.ErrInactive) {
			return nil, nil
		}
		if err != nil || !h.t.Callers.PasswordExpired(c) {
			return c, err
		}
		own := *c // others remember it too
		if proof == proofLink || proof == proofElsewhere {
			own.Restricted = "" // nobody who needs no password needs another one
		} else {
			own.Refusal = h.passwordExpired()
		}
		return &own, nil
	}}
}

// sessionUser returns the user of a live session. A session ends when the
// password is changed, because it remembers a digest of the stored hash.
func (h *HTTP) sessionUser(r *http.Request) (*tenancy.User, error) {
	u, _, err := h.sessionProof(r)
	return u, err
}

// sessionProof is sessionUser with what the session was opened with: "" for a
// password.
func (h *HTTP) sessionProof(r *http.Request) (*tenancy.User, string, error) {
	cookie, err := r.Cookie(h.sessions.Cookie.Name)
	if err != nil || cookie.Value == "" {
		return nil, "", nil // no cookie: not this scheme
	}
	ctx, err := h.sessions.Load(r.Context(), cookie.Value)
	if err != nil {
		return nil, "", fmt.Errorf("load session: %w", err)
	}
	id, err := wispwright.ParseID(h.sessions.GetString(ctx, sessionUser))
	if err != nil {
		return nil, "", nil // an unknown or ended session is no session
	}
	u, err := h.t.Users.Get(r.Context(), wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	have, want := h.sessions.GetString(ctx, sessionHash), hashDigest(u)
	if subtle.ConstantTimeCompare([]byte(have), []byte(want)) != 1 || !u.IsActive {
		return nil, "", nil
	}
	return u, h.sessions.GetString(ctx, sessionProof), nil
}

func hashDigest(u *tenancy.User) string {
	sum := sha256.Sum256([]byte("session " + u.Password.Reveal()))
	return hex.EncodeToString(sum[:16])
}

func (h *HTTP) checkCSRF(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return nil
	}
	if err := h.checkOrigin(r); err != nil {
		return err
	}
	cookie, err := r.Cookie(csrfCookie)
	if err != nil || cookie.Value == "" {
		return csrfFailed("CSRF cookie not set.")
	}
	given, where := r.Header.Get(csrfHeader), "the 'X-Csrftoken' HTTP header"
	if given == "" {
		given, where = formToken(r), "POST"
	}
	if given == "" {
		return csrfFailed("CSRF token missing.")
	}
	if subtle.ConstantTimeCompare([]byte(given), []byte(cookie.Value)) != 1 {
		return csrfFailed("CSRF token from " + where + " incorrect.")
	}
	return nil
}

// formToken reads the token of an HTML form; other bodies are left alone.
func formToken(r *http.Request) string {
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return ""
	}
	return r.PostFormValue("csrfmiddlewaretoken")
}

func csrfFailed(reason string) error { return wispwright.Forbidden("CSRF Failed: " + reason) }

// checkOrigin compares where an unsafe request comes from with the host it is
// for. Without TLS the Referer is not asked for, as anybody could change it.
func (h *HTTP) checkOrigin(r *http.Request) error {
	own := h.ownOrigin(r)
	allowed := func(origin string) bool {
		return origin == own || slices.Contains(h.options.TrustedOrigins, origin)
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if !allowed(origin) {
			return csrfFailed("Origin checking failed - " + origin + " does not match any trusted origins.")
		}
		return nil
	}
	if strings.HasPrefix(own, "http:") {
		return nil
	}
	referer := r.Header.Get("Referer")
	if referer == "" {
		return csrfFailed("Referer checking failed - no Referer.")
	}
	u, err := url.Parse(referer)
	if err != nil || !allowed(u.Scheme+"://"+u.Host) {
		return csrfFailed("Referer checking failed - " + referer + " does not match any trusted origins.")
	}
	return nil
}

// ownOrigin is the origin of this server's own pages, for the sender of a request.
func (h *HTTP) ownOrigin(r *http.Request) string {
	// what a proxy says of TLS may be believed here even when nobody checked
	// which page sent it: the origin has to fit the host either way
	if h.options.SecureCookies || r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// sessionOut is the logged-in user and what the user may do.
type sessionOut struct {
	User          sessionUserOut           `json:"user"`
	Permissions   []string                 `json:"permissions"`
	Organizations []sessionOrganizationOut `json:"organizations"`
	// Restricted says what has to be done before anything else is possible.
	Restricted *string `json:"restricted"`
}

type sessionUserOut struct {
	ID          wispwright.ID `json:"id"`
	Username    string        `json:"username"`
	Email       *string       `json:"email"`
	IsSuperuser bool          `json:"is_superuser"`
	IsStaff     bool          `json:"is_staff"`
}

type sessionOrganizationOut struct {
	ID      wispwright.ID `json:"id"`
	Name    string        `json:"name"`
	Slug    string        `json:"slug"`
	IsAdmin bool          `json:"is_admin"`
}

// maxSessionOrganizations bounds the answer for superusers of big systems.
const maxSessionOrganizations = 1000

func (h *HTTP) mountSession(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/users/session/", Name: "Session", Tag: "users", Access: rest.Anonymous, NonField: "non_field_errors",
		Description: "Logs people in and out of the web interface.",
	},
		rest.Action("GET", "users_session_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (*sessionOut, error) {
			if err := r.Authenticate(); err != nil {
				return nil, err
			}
			if _, err := r.HTTP.Cookie(csrfCookie); err != nil {
				h.setCSRF(r.ResponseHeader())
			}
			return h.describeSession(r.Context(), r.Caller)
		}, http.StatusUnauthorized),
		rest.Action("POST", "users_session_create", http.StatusOK, h.openSession, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests),
		rest.Action("DELETE", "users_session_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			if err := r.Authenticate(); err != nil {
				return rest.None{}, err
			}
			return rest.None{}, h.endSession(r.ResponseHeader(), r.HTTP)
		}, http.StatusUnauthorized, http.StatusForbidden))
}

// openSession logs in. The session's token is a new one, so that a token
// somebody planted before is worth nothing.
func (h *HTTP) openSession(r *rest.Request, in *sessionIn) (*sessionOut, error) {
	if err := h.logins.Admit(r); err != nil {
		return nil, err
	}
	if err := h.checkOrigin(r.HTTP); r.HTTP.Header.Get("Origin") != "" && err != nil {
		return nil, err
	}
	u, err := h.logIn(r, &credentials{in.Username, in.Password, in.OTP}, &in.WebAuthn)
	if err != nil {
		return nil, err
	}
	if err := h.t.Login.LoggedIn(r.Context(), u.ID); err != nil {
		return nil, err
	}
	// the hash may have been renewed while the password was checked
	if u, err = h.t.Users.Get(r.Context(), wispwright.ScopeAll(), u.ID); err != nil {
		return nil, err
	}
	if err := h.startSession(r.ResponseHeader(), r.HTTP, u, ""); err != nil {
		return nil, err
	}
	c, err := h.t.Callers.ByUser(r.Context(), u.ID)
	if err != nil {
		return nil, err
	}
	return h.describeSession(r.Context(), c)
}

// startSession begins a session with a token that is new, and sends its cookies.
func (h *HTTP) startSession(header http.Header, r *http.Request, u *tenancy.User, proof string) error {
	ctx, err := h.loadSession(r)
	if err != nil {
		return err
	}
	defer h.sessionEnded(ctx, h.sessions.GetString(ctx, sessionUser))
	if err := h.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	h.sessions.Put(ctx, sessionProof, proof)
	if err := h.keepSession(ctx, header, u); err != nil {
		return err
	}
	h.setCSRF(header)
	return nil
}

// loadSession returns a context with the session of a request, or with a new
// one.
func (h *HTTP) loadSession(r *http.Request) (context.Context, error) {
	token := ""
	if c, err := r.Cookie(h.sessions.Cookie.Name); err == nil {
		token = c.Value
	}
	ctx, err := h.sessions.Load(r.Context(), token)
	if err != nil {
		return nil, fmt.Errorf("load session: %w", err)
	}
	return ctx, nil
}

// keepSession stores whose session it is and sends the cookie.
func (h *HTTP) keepSession(ctx context.Context, header http.Header, u *tenancy.User) error {
	h.sessions.Put(ctx, sessionUser, u.ID.String())
	h.sessions.Put(ctx, sessionHash, hashDigest(u))
	token, expiry, err := h.sessions.Commit(ctx)
	if err != nil {
		return fmt.Errorf("store session: %w", err)
	}
	h.sendSession(header, token, expiry)
	return nil
}

// sendSession sends the cookie of a session.
func (h *HTTP) sendSession(header http.Header, token string, expiry time.Time) {
	c := &http.Cookie{Name: h.sessions.Cookie.Name, Value: token, Path: "/", Domain: h.options.CookieDomain, Expires: expiry,
		MaxAge: int(time.Until(expiry).Seconds()), HttpOnly: true, Secure: h.options.SecureCookies, SameSite: http.SameSiteLaxMode}
	header.Add("Set-Cookie", c.String())
}

// endSession ends the session of a request and takes its cookie back.
func (h *HTTP) endSession(header http.Header, r *http.Request) error {
	c, err := r.Cookie(h.sessions.Cookie.Name)
	if err != nil {
		return nil // logged in by token: there is no session to end
	}
	ctx, err := h.sessions.Load(r.Context(), c.Value)
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	defer h.sessionEnded(ctx, h.sessions.GetString(ctx, sessionUser))
	if err := h.sessions.Destroy(ctx); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	gone := &http.Cookie{Name: c.Name, Path: "/", Domain: h.options.CookieDomain, MaxAge: -1, HttpOnly: true, Secure: h.options.SecureCookies, SameSite: http.SameSiteLaxMode}
	header.Add("Set-Cookie", gone.String())
	return nil
}

// sessionEnded tells that a session of a user is over; the text is that of the
// session, empty when nobody was logged in.
func (h *HTTP) sessionEnded(ctx context.Context, user string) {
	id, err := wispwright.ParseID(user)
	if err == nil && h.options.SessionEnded != nil {
		h.options.SessionEnded(ctx, id)
	}
}

func (h *HTTP) setCSRF(header http.Header) {
	c := &http.Cookie{Name: csrfCookie, Value: rand.Text() + rand.Text()[:6], Path: "/", Domain: h.options.CookieDomain,
		MaxAge: 365 * 24 * 3600, Secure: h.options.SecureCookies, SameSite: http.SameSiteLaxMode}
	header.Add("Set-Cookie", c.String())
}

// describeSession describes a caller and what the caller may do.
func (h *HTTP) describeSession(ctx context.Context, c *wispwright.Caller) (*sessionOut, error) {
	u, err := h.t.Users.Get(ctx, wispwright.ScopeAll(), c.ID)
	if err != nil {
		return nil, err
	}
	out := &sessionOut{User: sessionUserOut{u.ID, u.Username, rest.Null(u.Email), c.Superuser, u.IsStaff},
		Permissions: []string{}, Organizations: []sessionOrganizationOut{}, Restricted: rest.Null(c.Restricted)}
	for _, p := range c.Permissions {
		out.Permissions = append(out.Permissions, string(p))
	}
	filter := tenancy.OrganizationFilter{IDs: wispwright.Only(c.Member...)}
	if c.Superuser {
		out.Permissions, filter = []string{"*"}, tenancy.OrganizationFilter{}
	}
	orgs, err := h.t.Organizations.List(ctx, wispwright.ScopeAll(), filter,
		wispwright.Page{Limit: maxSessionOrganizations, NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
	if err != nil {
		return nil, err
	}
	for _, o := range orgs.Rows {
		out.Organizations = append(out.Organizations, sessionOrganizationOut{o.ID, o.Name, o.Slug, c.Superuser || slices.Contains(c.Managed, o.ID)})
	}
	return out, nil
}
