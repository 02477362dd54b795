// Package portalhttp puts captive portals on the wire: the Captive Portal API of
// RFC 8908, the ways of guests and sponsors, the devices of users, and what managers
// see and change.
package portalhttp

import (
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/portal"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// GuestRate limits how often each client may ask for access, such as "10/hour";
	// "none" means no limit. Default: DefaultGuestRate.
	GuestRate string
	// CaptiveRate limits the Captive Portal API. Default: no limit.
	CaptiveRate string
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// DefaultGuestRate is how often a client may ask for a sponsor.
const DefaultGuestRate = "10/hour"

// HTTP is the part of the API.
type HTTP struct {
	s               *portal.Service
	organizations   radius.Organizations
	guests, captive *rest.Throttle
	answers         *rest.Throttle
}

// New returns the HTTP side. A rate that cannot be read is an error.
func New(s *portal.Service, organizations radius.Organizations, o *Options) (*HTTP, error) {
	if s == nil || organizations == nil {
		return nil, errors.New("portalhttp: the service and organizations are required")
	}
	if o == nil {
		o = &Options{}
	}
	h := &HTTP{s: s, organizations: organizations}
	for _, l := range []struct {
		rate, normal string
		into         **rest.Throttle
	}{{o.GuestRate, DefaultGuestRate, &h.guests}, {o.CaptiveRate, "", &h.captive}, {"", "600/hour", &h.answers}} {
		rate := l.rate
		switch rate {
		case "":
			rate = l.normal
		case "none":
			rate = ""
		}
		var err error
		if *l.into, err = rest.NewThrottle(rate, o.Clock); err != nil {
			return nil, err
		}
	}
	return h, nil
}

const (
	tag  = "radius"
	base = "/api/v1/radius/organization/{slug:text}/"
)

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountCaptive(api)
	h.mountReports(api)
	h.mountGuests(api)
	h.mountOwnDevices(api)
	h.mountSettings(api)
	h.mountManaged(api)
}

// organization is that of the path, which must be switched on.
func (h *HTTP) organization(r *rest.Request) (radius.Organization, error) {
	o, err := h.organizations.BySlug(r.Context(), r.Text("slug"))
	if err == nil && !o.IsActive {
		err = wispwright.ErrNotFound
	}
	return o, err
}

func (h *HTTP) open(path, name string, access rest.Access, t *rest.Throttle) *rest.View {
	return &rest.View{Path: base + path, Name: name, Tag: tag, Access: access, Throttle: t, NonField: "non_field_errors",
		Prepare: func(r *rest.Request) error { _, err := h.organization(r); return err }}
}

// captiveType is the media type of RFC 8908, §4.1.
const captiveType = "application/captive+json"

// captiveOut is the answer of RFC 8908, §5.
type captiveOut struct {
	Captive          bool   `json:"captive"`
	UserPortalURL    string `json:"user-portal-url,omitempty"`
	VenueInfoURL     string `json:"venue-info-url,omitempty"`
	CanExtendSession *bool  `json:"can-extend-session,omitempty"`
	SecondsRemaining *int64 `json:"seconds-remaining,omitempty"`
	BytesRemaining   *int64 `json:"bytes-remaining,omitempty"`
}

// mountCaptive adds the Captive Portal API.
func (h *HTTP) mountCaptive(api *rest.API) {
	op := rest.Documented[rest.None, captiveOut](http.StatusOK, rest.Op{Method: "GET", ID: "radius_captive_portal_read", Summary: "What a client of a captive portal has to know (RFC 8908)", Handle: h.state})
	view := h.open("captive-portal/", "Captive Portal API", rest.Anonymous, h.captive)
	view.Produces = []string{captiveType}
	api.Mount(view, op)
}

func (h *HTTP) state(r *rest.Request) (int, any, error) {
	o, err := h.organization(r)
	if err != nil {
		return 0, nil, err
	}
	c := portal.Client{Key: r.Query().Get("client")}
	if !rest.Relayed(r.HTTP) { // the address of an unknown proxy is nobody's
		c.Address, _ = netip.ParseAddr(r.Address())
		c.Address = c.Address.Unmap()
	}
	s, err := h.s.State(r.Context(), o, c)
	if err != nil {
		return 0, nil, err
	}
	body, err := encode(captiveOut{s.Captive, s.UserPortalURL, s.VenueInfoURL, s.CanExtendSession, s.SecondsRemaining, s.BytesRemaining})
	if err != nil {
		return 0, nil, err
	}
	r.ResponseHeader().Set("Cache-Control", "private, no-store")
	return http.StatusOK, rest.Raw{ContentType: captiveType, Body: body}, nil
}
