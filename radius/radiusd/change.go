package radiusd

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"layeh.com/radius"

	"github.com/wispwright/wispwright"
	core "github.com/wispwright/wispwright/radius"
)

// Change is a user who got another group in an organization.
type Change struct {
	// User and Organization are who and where.
	User         wispwright.ID `json:"user"`
	Organization wispwright.ID `json:"organization"`
	// From and To are the groups.
	From wispwright.ID `json:"from"`
	To   wispwright.ID `json:"to"`
}

// Changer tells access servers of changed groups (spec: radius §6, additions: R-9).
type Changer struct {
	r        *core.Radius
	accounts core.Accounts
	names    map[string]definition
	port     uint16
	wait     time.Duration
	tries    int
	log      *slog.Logger
}

// ChangerOptions change what NewChanger makes; nil means the defaults.
type ChangerOptions struct {
	// Port is where access servers listen. Default: 3799.
	Port uint16
	// Wait is how long an answer is waited for, Tries how often a request is sent.
	// Default: 5 seconds and 3.
	Wait  time.Duration
	Tries int
	// Log receives what access servers refused. Default: slog's own.
	Log *slog.Logger
}

// NewChanger returns a Changer.
func NewChanger(r *core.Radius, accounts core.Accounts, o *ChangerOptions) (*Changer, error) {
	if r == nil || accounts == nil {
		return nil, errors.New("radiusd: the concern and accounts are required")
	}
	c := &Changer{r: r, accounts: accounts, names: dictionary(), port: 3799, wait: 5 * time.Second, tries: 3, log: slog.Default()}
	if o != nil {
		if o.Port != 0 {
			c.port = o.Port
		}
		if o.Wait != 0 {
			c.wait = o.Wait
		}
		if o.Tries != 0 {
			c.tries = o.Tries
		}
		if o.Log != nil {
			c.log = o.Log
		}
	}
	return c, nil
}

// unlimited is told in the place of a limit that the former group had.
const unlimited = "4294967295"

// Apply tells the access servers of a user's open sessions what holds now: new limits,
// or the end of the session when one is used up. Sessions are noted under the new group
// when their access server agreed. The error is one of the storage.
func (c *Changer) Apply(ctx context.Context, x Change) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("change of authorization"))
	in, err := c.r.Settings.Effective(ctx, x.Organization)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && !in.CoAEnabled {
		return nil
	}
	if err != nil {
		return err
	}
	a, err := c.accounts.Get(ctx, x.User)
	if errors.Is(err, wispwright.ErrNotFound) {
		c.log.WarnContext(ctx, `Failed to find user with "`+x.User.String()+`" ID. Skipping CoA operation.`)
		return nil
	}
	if err != nil {
		return err
	}
	yes := true
	open, err := c.r.Accounting.List(ctx, wispwright.ScopeOf(x.Organization), core.SessionFilter{Username: a.Username, IsOpen: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	if len(open.Rows) == 0 {
		c.log.WarnContext(ctx, `The user with "`+x.User.String()+`" ID does not have any open RadiusAccounting sessions. Skipping CoA operation.`)
		return nil
	}
	answer, err := c.r.Authorizer.Now(ctx, a, x.Organization)
	if err != nil {
		return err
	}
	if answer.Group == nil {
		c.log.WarnContext(ctx, `Failed to find RadiusGroup with "`+x.To.String()+`". Skipping CoA operation.`)
		return nil
	}
	former, err := c.r.Authorizer.ReplyNames(ctx, x.From)
	if err != nil {
		return err
	}
	for _, s := range open.Rows {
		if err := c.tell(ctx, s, a, answer, former); err != nil {
			return err
		}
	}
	return nil
}

// tell sends one request and notes what came of it.
func (c *Changer) tell(ctx context.Context, s *core.Session, a *core.Account, answer *core.Answer, former []string) error {
	nas, err := c.r.NASes.At(ctx, s.OrganizationID, s.NASAddress)
	if errors.Is(err, wispwright.ErrNotFound) {
		c.log.WarnContext(ctx, "no access server is known at the address of a session, which is not told of a change", "session", s.UniqueID, "address", s.NASAddress.String())
		return nil
	}
	if err != nil {
		return err
	}
	ends := answer.Decision == core.Exhausted
	p := c.request(ctx, s, a, answer, former, []byte(nas.Secret.Reveal()))
	got, err := c.exchange(ctx, p, netip.AddrPortFrom(s.NASAddress, c.port))
	switch {
	case err != nil:
		c.log.WarnContext(ctx, "an access server was not told of a change", "session", s.UniqueID, "address", s.NASAddress.String(), "error", err)
		return nil
	case got == radius.CodeCoAACK && !ends:
		err := c.r.Accounting.Regroup(ctx, s.UniqueID, answer.Group.Name)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil
		}
		return err
	case got == radius.CodeDisconnectACK:
		return nil // the access server reports the end itself
	}
	c.log.WarnContext(ctx, "an access server refused a change", "session", s.UniqueID, "address", s.NASAddress.String(), "answer", got.String())
	return nil
}

// request is what an access server is sent about a session.
func (c *Changer) request(ctx context.Context, s *core.Session, a *core.Account, answer *core.Answer, former []string, secret []byte) *radius.Packet {
	p := radius.New(radius.CodeCoARequest, secret)
	if answer.Decision == core.Exhausted {
		p.Code = radius.CodeDisconnectRequest
	} else {
		replies := slices.Clone(answer.Replies)
		for _, name := range former {
			d, known := c.names[strings.ToLower(name)]
			if known && d.kind == number && !slices.ContainsFunc(replies, func(r core.Reply) bool { return strings.EqualFold(r.Name, name) }) {
				replies = append(replies, core.Reply{Name: name, Value: unlimited})
			}
		}
		if unknown := fill(c.names, p, replies); len(unknown) > 0 {
			c.log.WarnContext(ctx, "attributes of a group are not in the dictionary, or do not fit", "names", unknown)
		}
	}
	p.Del(userName)
	p.Add(userName, radius.Attribute(a.Username))
	p.Add(acctSessionID, radius.Attribute(s.SessionID))
	if s.CallingStationID != nil && *s.CallingStationID != "" {
		p.Add(callingStationID, radius.Attribute(*s.CallingStationID))
	}
	if s.NASAddress.Is4() {
		p.Add(nasIPAddress, radius.Attribute(s.NASAddress.AsSlice()))
	}
	if s.FramedIPAddress.Is4() {
		p.Add(framedIPAddress, radius.Attribute(s.FramedIPAddress.AsSlice()))
	}
	return p
}

// exchange sends a request until it is answered and returns the answer's code.
func (c *Changer) exchange(ctx context.Context, p *radius.Packet, to netip.AddrPort) (radius.Code, error) {
	var id [1]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand aborts the program instead
	p.Identifier = id[0]
	raw, err := signed(p)
	if err != nil {
		return 0, err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", to.String())
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }() // nothing was buffered
	buffer := make([]byte, radius.MaxPacketLength)
	for try := 0; try < c.tries && ctx.Err() == nil; try++ {
		if _, err = conn.Write(raw); err != nil {
			continue // a port that nobody listens at; it may come back
		}
		if err = conn.SetReadDeadline(time.Now().Add(c.wait)); err != nil {
			return 0, err
		}
		for {
			n, rerr := conn.Read(buffer)
			if err = rerr; err != nil {
				break
			}
			answer := buffer[:n]
			if n >= 20 && answer[1] == p.Identifier && radius.IsAuthenticResponse(answer, raw, p.Secret) {
				return radius.Code(answer[0]), nil
			}
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return 0, errors.Join(errors.New("no answer after "+strconv.Itoa(c.tries)+" attempts"), err)
}
