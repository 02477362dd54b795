package tenancyhttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/removal"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// NoTokenEndpoint leaves /users/token/ out (OPENWISP_USERS_AUTH_API=false).
	NoTokenEndpoint bool
	// TokenRate limits the endpoints of token and password by user or address, as
	// "<n>/<second|minute|hour|day>". Default: "20/day"; "none" switches the limit off
	// (additions: U-3).
	TokenRate string
	// LoginRate limits the log-ins of browsers by address, in the same way (spec:
	// tenancy §9). Default: "30/minute".
	LoginRate string
	// SlugFromName makes the slug of a new organization from its name whatever
	// was sent, as OpenWISP does. Default: the slug that was sent is kept.
	SlugFromName bool
	// Unless the caller is a superuser, StrictGroups refuses groups with permissions the
	// caller lacks. Default: false, managers
	// give any group, as in OpenWISP (spec: tenancy §5.3).
	StrictGroups bool
	// Sessions keeps the sessions. One that several nodes share needs
	// TakeCtx(context, token) (data, found, error), which removes and returns at
	// once, as tenancysql's has. Default: in memory, lost at the end of the
	// program and not shared between nodes.
	Sessions scs.Store
	// SessionLifetime is how long a log-in lasts. Default: two weeks.
	SessionLifetime time.Duration
	// SessionEnded is told whose session ended because somebody logged out, or
	// logged in anew: what is open under it must end too. Default: nobody.
	SessionEnded func(ctx context.Context, user wispwright.ID)
	// SecureCookies sends cookies over TLS only, and checks where unsafe
	// requests come from. Default: false.
	SecureCookies bool
	// CookieDomain shares the cookies among the hosts of a domain. Default:
	// only the host itself.
	CookieDomain string
	// TrustedOrigins may use the session from another host, as
	// "https://dashboard.example.org". Default: none.
	TrustedOrigins []string
	// SiteURL is the address of the installation. Passkeys belong to its host
	// name where the API is reached by a name below it. Default: passkeys belong
	// to the name the API is reached by.
	SiteURL string
	// SesameName is the parameter that holds the token of a link
	// (SESAME_TOKEN_NAME). Default: "sesame".
	SesameName string
	// Removals delete organizations, large ones in the background. Default: none,
	// everything happens in the request.
	Removals *removal.Removals
	// AdminPath is where people log in. Default: "/admin/".
	AdminPath string
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// HTTP is tenancy's part of an API.
type HTTP struct {
	tx       wispwright.Transactor
	t        *tenancy.Tenancy
	options  Options
	sessions *scs.SessionManager
	// taking lets one at a time take a challenge, see take
	taking   sync.Mutex
	throttle *rest.Throttle
	// logins throttles the log-ins of browsers apart from those of programs: a
	// hundred people of one school log in every day
	logins *rest.Throttle
	// basics throttles user names and passwords sent with requests, which are
	// as good for guessing as the log-in
	basics *rest.Throttle
	// resets and resetsTo throttle clients that ask for new passwords, and the
	// accounts they ask for; keys throttles clients that try the keys of e-mails
	resets, resetsTo, keys *rest.Throttle
}

// New returns the HTTP side of a tenancy whose stores belong to tx.
func New(tx wispwright.Transactor, t *tenancy.Tenancy, options *Options) (*HTTP, error) {
	if tx == nil || t == nil {
		return nil, errors.New("tenancyhttp: a transactor and a tenancy are required")
	}
	h := &HTTP{tx: tx, t: t}
	if options != nil {
		h.options = *options
	}
	if h.options.AdminPath == "" {
		h.options.AdminPath = "/admin/"
	}
	if h.options.Clock == nil {
		h.options.Clock = time.Now
	}
	if h.options.SesameName == "" {
		h.options.SesameName = "sesame"
	}
	rate := func(given, normal string) string {
		if given == "none" {
			return ""
		}
		return cmp.Or(given, normal)
	}
	for _, c := range []struct {
		throttle **rest.Throttle
		rate     string
	}{
		{&h.throttle, rate(h.options.TokenRate, "20/day")}, {&h.logins, rate(h.options.LoginRate, "30/minute")}, {&h.basics, "60/minute"},
		// spec: tenancy §9
		{&h.resets, "20/minute"}, {&h.resetsTo, "5/minute"}, {&h.keys, "20/minute"},
	} {
		var err error
		if *c.throttle, err = rest.NewThrottle(c.rate, h.options.Clock); err != nil {
			return nil, fmt.Errorf("tenancyhttp: %w", err)
		}
	}
	h.sessions = newSessions(&h.options)
	return h, nil
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	if !h.options.NoTokenEndpoint {
		h.mountToken(api)
		h.mountSelfService(api)
	}
	h.mountSession(api)
	h.mountOrganizations(api)
	h.mountDeletion(api)
	h.mountUsers(api)
	h.mountMemberships(api)
	h.mountEmails(api)
	h.mountLetters(api)
	h.mountInvitations(api)
	h.mountAPIKeys(api)
	h.mountMagic(api)
	h.mountPages(api)
	h.mountPassword(api)
	h.mountMe(api)
	h.mountMyEmails(api)
	h.mountFactor(api)
	h.mountPasskeys(api)
	h.mountAPITokens(api)
	h.mountGroups(api)
	h.mountTrail(api)
}

// OrganizationExists implements rest.Organizations.
func (h *HTTP) OrganizationExists(ctx context.Context, id wispwright.ID) (bool, error) {
	_, err := h.t.Organizations.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// OrganizationClosed implements rest.ClosedOrganizations: objects of organizations that
// are switched off may only be read and deleted. Organizations themselves, accounts and
// memberships stay as they are.
func (h *HTTP) OrganizationClosed(ctx context.Context, kind string, id wispwright.ID) (string, bool, error) {
	if strings.HasPrefix(kind, "openwisp_users.") {
		return "", false, nil
	}
	o, err := h.t.Organizations.Tenant(ctx, id)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return "", false, nil
	case err != nil:
		return "", false, err
	}
	return o.Name, !o.IsActive, nil
}

// OrganizationBySlug implements rest.Organizations.
func (h *HTTP) OrganizationBySlug(ctx context.Context, slug string) (wispwright.ID, error) {
	o, err := h.t.Organizations.BySlug(ctx, wispwright.ScopeAll(), slug)
	if err != nil {
		return wispwright.ID{}, err
	}
	return o.ID, nil
}

// Schemes recognise bearer tokens and sessions, in this order (spec: tenancy
// §4.2, §4.3).
func (h *HTTP) Schemes() []rest.Scheme {
	return []rest.Scheme{h.bearer(), h.session()}
}

// DocsSchemes recognise readers of the documentation: sessions, user name and
// password, and tokens. They have no challenge, so that anonymous readers are
// answered 403 (spec: rest-conventions §2, §12).
func (h *HTTP) DocsSchemes() []rest.Scheme {
	bearer := h.bearer()
	bearer.Challenge = ""
	return []rest.Scheme{h.session(), h.basic(), bearer}
}

func (h *HTTP) bearer() rest.Scheme {
	return rest.Scheme{Challenge: "Bearer", Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		token, err := rest.BearerToken(r.HTTP, "Bearer")
		if err != nil || token == "" {
			return nil, err
		}
		c, err := h.t.Callers.ByToken(r.Context(), token)
		switch {
		case errors.Is(err, tenancy.ErrInactive):
			return nil, rest.Unauthenticated("User inactive or deleted.")
		case errors.Is(err, wispwright.ErrUnauthenticated):
			return nil, rest.Unauthenticated("Invalid token.")
		}
		return c, err
	}}
}

// basic checks the user name and password of each request.
func (h *HTTP) basic() rest.Scheme {
	return rest.Scheme{Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		name, plain, ok := r.HTTP.BasicAuth()
		if !ok {
			return nil, nil
		}
		if wait := h.basics.Allow(r.Source()); wait > 0 {
			return nil, rest.Throttled(wait)
		}
		u, err := h.t.Login.Attempt(r.Context(), r.Source(), name, plain)
		if err != nil {
			return nil, err
		}
		if u == nil {
			return nil, rest.Unauthenticated("Invalid username/password.")
		}
		if has, err := h.t.SecondFactors.Has(r.Context(), u.ID); err != nil || has {
			return nil, cmp.Or(err, rest.Unauthenticated(secondFactor))
		}
		return h.t.Callers.ByUser(r.Context(), u.ID)
	}}
}
