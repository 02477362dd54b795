package portal

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/gateway"
)

// Captive is what the Captive Portal API tells of a client (RFC 8908).
type Captive struct {
	// Captive: the client has to log in.
	Captive bool
	// UserPortalURL is where, VenueInfoURL tells of the place; empty: there is none.
	UserPortalURL, VenueInfoURL string
	// SecondsRemaining and BytesRemaining are what is left of a session; nil: no limit,
	// or not known.
	SecondsRemaining, BytesRemaining *int64
	// CanExtendSession: the page lets the person stay longer, nil: not known.
	CanExtendSession *bool
}

// Client is who asks.
type Client struct {
	// Address is where the request comes from: the client's own where gateway and
	// server are in one network.
	Address netip.Addr
	// Key is that of a session (ClientKey), or empty.
	Key string
}

// State tells what a client has to know, by its open session.
func (s *Service) State(ctx context.Context, o radius.Organization, c Client) (Captive, error) {
	in, err := s.Settings.Effective(ctx, o.ID)
	if err != nil {
		return Captive{}, err
	}
	out := Captive{Captive: true, UserPortalURL: in.Portal(o), VenueInfoURL: in.Venue(o)}
	session, err := s.sessionOf(ctx, o.ID, c)
	if err != nil || session == nil {
		return out, err
	}
	out.Captive = false
	if session.Username == nil {
		return out, nil
	}
	a, err := s.people.Named(ctx, *session.Username)
	if err != nil {
		return out, gone(err)
	}
	answer, err := s.radius.Authorizer.Now(ctx, a, o.ID)
	if err != nil {
		return out, err
	}
	if answer.Decision != radius.Accept {
		out.Captive = true // what is used up is about to end
		return out, nil
	}
	least := func(into **int64, n int64) {
		if n >= 0 && (*into == nil || n < **into) {
			*into = &n
		}
	}
	for _, r := range answer.Replies {
		switch {
		case !r.Counted:
		case r.Name == "Session-Timeout":
			least(&out.SecondsRemaining, r.Number)
		case strings.HasSuffix(r.Name, "-Max-Total-Octets"):
			least(&out.BytesRemaining, r.Number)
		}
	}
	if out.SecondsRemaining != nil {
		// anybody who has yet to read an e-mail stays longer for it; limits of a day do not move
		until, err := s.Until(ctx, a, o.ID)
		if err != nil {
			return out, err
		}
		guest, err := s.guest(ctx, a.ID, o.ID)
		if err != nil {
			return out, err
		}
		more := !until.IsZero() && guest == nil
		out.CanExtendSession = &more
	}
	return out, nil
}

// sessionOf finds the open session of a client, nil when there is none.
func (s *Service) sessionOf(ctx context.Context, organization wispwright.ID, c Client) (*radius.Session, error) {
	yes := true
	scope := wispwright.ScopeOf(organization)
	if unique, ok := s.sessionKey(organization, c.Key); ok {
		session, err := s.radius.Accounting.Get(ctx, scope, unique)
		if err != nil || !session.IsOpen() {
			return nil, gone(err)
		}
		return session, nil
	}
	if !c.Address.IsValid() || c.Address.IsLoopback() {
		return nil, nil
	}
	found, err := s.radius.Accounting.List(ctx, scope, radius.SessionFilter{OrganizationID: organization, IsOpen: &yes, FramedIPAddress: c.Address}, wispwright.Page{Limit: 2, NoTotal: true})
	if err != nil || len(found.Rows) != 1 { // two sessions of one address: nobody knows whose it is
		return nil, err
	}
	return found.Rows[0], nil
}

// ClientKey is what a page hands to a client to be known by: it names the session and
// is sealed, so that nobody learns of another's.
func (s *Service) ClientKey(session *radius.Session) string {
	return session.UniqueID + "." + s.seal(session.OrganizationID, session.UniqueID)
}

func (s *Service) sessionKey(organization wispwright.ID, key string) (string, bool) {
	i := strings.LastIndexByte(key, '.')
	if i <= 0 || len(key) > 256 {
		return "", false
	}
	return key[:i], hmac.Equal([]byte(key[i+1:]), []byte(s.seal(organization, key[:i])))
}

func (s *Service) seal(organization wispwright.ID, unique string) string {
	mac := hmac.New(sha256.New, []byte(s.options.Key.Reveal()))
	_, _ = mac.Write([]byte("captive portal client\x00" + organization.Hex() + "\x00" + unique)) // hashes never fail
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// LetIn makes the form with which the client of a visit gets in, for a user who has
// shown who it is. Gateways that ask RADIUS do so with the credentials; for the others
// the limits are looked at here and the session begins. A refusal is a
// *wispwright.ForbiddenError with what the person is told.
func (s *Service) LetIn(ctx context.Context, o radius.Organization, a *radius.Account, v *gateway.Visit, c gateway.Credentials) (gateway.Form, error) {
	g, err := s.Gateway(ctx, o.ID)
	if err != nil {
		return gateway.Form{}, err
	}
	if g == nil {
		return gateway.Form{}, gateway.ErrNoForm
	}
	if !v.HasIdentity {
		return g.LogIn(v, c)
	}
	answer, err := s.radius.Authorizer.Authorize(ctx, radius.Asking{OrganizationID: o.ID, Identifier: a.Username, Roamed: true, CalledStationID: v.CalledStation, CallingStationID: v.MAC})
	if err != nil {
		return gateway.Form{}, err
	}
	if answer.Decision != radius.Accept {
		return gateway.Form{}, wispwright.Forbidden(refusal(answer))
	}
	if i := slices.IndexFunc(answer.Replies, func(r radius.Reply) bool { return r.Name == "Session-Timeout" && r.Counted }); i >= 0 && c.Custom == "" {
		c.Custom = strconv.FormatInt(answer.Replies[i].Number, 10) // a script of the gateway ends the session then
	}
	f, err := g.LogIn(v, c)
	if err != nil {
		return gateway.Form{}, err
	}
	return f, s.begin(ctx, o.ID, a, v)
}

// Gateway opens the gateways of an organization; nil where they are not spoken to.
func (s *Service) Gateway(ctx context.Context, organization wispwright.ID) (*gateway.Gateway, error) {
	in, err := s.Settings.Effective(ctx, organization)
	if err != nil {
		return nil, err
	}
	return in.Gateway()
}

// refusal is what a refused person is told.
func refusal(a *radius.Answer) string {
	for _, r := range a.Replies {
		if r.Name == "Reply-Message" {
			return r.Value
		}
	}
	return "You may not use this network."
}

// UniqueID is the name in accounting of the session of a visit whose gateway asks
// nobody: a script on the gateway that reports its end uses the same.
func UniqueID(v *gateway.Visit) string { return digest("session\x00" + v.SessionID)[:32] }

// begin opens the session of a visit.
func (s *Service) begin(ctx context.Context, organization wispwright.ID, a *radius.Account, v *gateway.Visit) error {
	now := s.base.Now()
	_, err := s.radius.Accounting.Record(ctx, radius.Report{OrganizationID: organization, Status: radius.Start, UniqueID: UniqueID(v), Set: func(x *radius.Session) {
		zero := int64(0)
		name, mac, called := a.Username, v.MAC, v.CalledStation
		if called == "" {
			called = v.NAS
		}
		x.SessionID, x.Username, x.NASAddress, x.FramedIPAddress = UniqueID(v), &name, netip.IPv4Unspecified(), v.IP
		x.CallingStationID, x.CalledStationID = &mac, &called
		x.SessionTime, x.InputOctets, x.OutputOctets = &zero, &zero, &zero
		x.StartTime = now.Truncate(time.Second)
	}})
	return err
}
