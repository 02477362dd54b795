package radiusd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"layeh.com/radius"

	"github.com/wispwright/wispwright"
	core "github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/eap"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// EAP is what is offered to clients that speak EAP. Default: nothing.
	EAP *EAPOptions
	// EAPOf is what an organization offers instead of EAP, nil for nothing of its own.
	// The same pointer is the same offer.
	EAPOf func(ctx context.Context, organization wispwright.ID) (*EAPOptions, error)
	// Unsigned lets access servers send requests for access without a
	// Message-Authenticator, which somebody between could turn into others
	// (CVE-2024-3596).
	Unsigned bool
	// Workers is how many packets are worked on at once; more are dropped, and sent
	// again by the access server. Default: 256.
	Workers int
	// Log receives what is worth knowing. Default: slog's own.
	Log *slog.Logger
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Counts are what became of packets.
type Counts struct {
	// Accepted, Rejected and Challenged are answers to requests for access, Accounted
	// those to reports.
	Accepted, Rejected, Challenged, Accounted int64
	// Repeated were answered from the cache; Unknown came from nobody's access
	// server, Forged had a wrong secret, Malformed could not be read, Busy came when
	// there was too much to do, Failed because something was away.
	Repeated, Unknown, Forged, Malformed, Busy, Failed int64
}

// Server answers access servers.
type Server struct {
	r        *core.Radius
	accounts core.Accounts
	names    map[string]definition
	unsigned bool
	eap      *eap.Server
	eapOf    func(context.Context, wispwright.ID) (*EAPOptions, error)
	offering sync.Mutex
	offers   map[wispwright.ID]offered
	sessions *sessions
	answers  *answers
	nases    atomic.Pointer[[]client]
	slots    chan struct{}
	clock    func() time.Time
	log      *slog.Logger

	accepted, rejected, challenged, accounted                   atomic.Int64
	repeated, unknown, forged, malformed, busy, failed, skipped atomic.Int64
	warned                                                      atomic.Int64 // when a stranger was logged last
}

// client is an access server, or a network of them.
type client struct {
	network      netip.Prefix
	name         string // of its certificate, when it is no network
	secret       []byte
	organization wispwright.ID
	secure       bool       // nobody between can change anything
	at           netip.Addr // where a secure one is
}

// address is the access server's, as far as it is known.
func (c *client) address() netip.Addr {
	if c.at.IsValid() {
		return c.at
	}
	return c.network.Addr()
}

// New returns a server. It knows no access servers before Load.
func New(r *core.Radius, accounts core.Accounts, o *Options) (*Server, error) {
	if r == nil || accounts == nil {
		return nil, errors.New("radiusd: the concern and accounts are required")
	}
	if o == nil {
		o = &Options{}
	}
	s := &Server{r: r, accounts: accounts, names: dictionary(), unsigned: o.Unsigned, clock: o.Clock, log: o.Log, eapOf: o.EAPOf, offers: map[wispwright.ID]offered{}}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	workers := o.Workers
	if workers <= 0 {
		workers = 256
	}
	s.slots = make(chan struct{}, workers)
	s.answers, s.sessions = newAnswers(s.clock), newSessions(s.clock)
	s.nases.Store(&[]client{})
	if o.EAP != nil {
		var err error
		if s.eap, err = s.newEAP(o.EAP); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Load reads the access servers: at the start, and whenever they may have changed.
func (s *Server) Load(ctx context.Context) error {
	found, err := s.r.NASes.List(ctx, wispwright.ScopeAll(), core.NASFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	list := []client{}
	for _, n := range found.Rows {
		one := client{secret: []byte(n.Secret.Reveal()), organization: n.OrganizationID}
		if one.network, err = n.Network(); err != nil {
			one.name = n.Name
		}
		list = append(list, one)
	}
	s.nases.Store(&list)
	return nil
}

// Counts are what became of packets so far.
func (s *Server) Counts() Counts {
	return Counts{s.accepted.Load(), s.rejected.Load(), s.challenged.Load(), s.accounted.Load(), s.repeated.Load(), s.unknown.Load(), s.forged.Load(), s.malformed.Load(),
		s.busy.Load(), s.failed.Load()}
}

// client finds the access server at an address: the narrowest network wins.
func (s *Server) client(a netip.Addr) *client {
	var best *client
	list := *s.nases.Load()
	for i := range list {
		if list[i].network.IsValid() && list[i].network.Contains(a) && (best == nil || list[i].network.Bits() > best.network.Bits()) {
			best = &list[i]
		}
	}
	return best
}

// Serve answers what comes to a socket, requests for access and reports alike, until
// the context ends; then the socket is closed and what is under way is finished.
func (s *Server) Serve(ctx context.Context, conn net.PacketConn) error {
	var under sync.WaitGroup
	defer under.Wait()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // the reader is told
	defer stop()
	work := context.WithoutCancel(ctx)
	buffer := make([]byte, radius.MaxPacketLength+1)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			if n == 0 {
				time.Sleep(10 * time.Millisecond) // such as no memory for packets
			}
			continue
		}
		udp, ok := from.(*net.UDPAddr)
		if !ok {
			continue
		}
		at := udp.AddrPort()
		at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
		c := s.client(at.Addr())
		if c == nil {
			s.stranger(ctx, at.Addr())
			continue
		}
		select {
		case s.slots <- struct{}{}:
		default:
			s.busy.Add(1)
			continue
		}
		raw := append([]byte{}, buffer[:n]...)
		under.Add(1)
		go func() {
			defer func() { <-s.slots; under.Done() }()
			ctx, cancel := context.WithTimeout(work, 10*time.Second)
			defer cancel()
			if answer := s.handle(ctx, c, at, raw); answer != nil {
				_, _ = conn.WriteTo(answer, from) // an answer that is lost is asked for again
			}
		}()
	}
}

// stranger counts a packet of nobody's access server. It costs next to nothing, and is
// logged once in a minute at most.
func (s *Server) stranger(ctx context.Context, from netip.Addr) {
	s.unknown.Add(1)
	now, last := s.clock().Unix(), s.warned.Load()
	if now-last >= 60 && s.warned.CompareAndSwap(last, now) {
		s.log.WarnContext(ctx, "packets come from an address that is no access server's", "address", from.String(), "so far", s.unknown.Load())
	}
}

// handle answers one packet; nil is no answer.
func (s *Server) handle(ctx context.Context, c *client, from netip.AddrPort, raw []byte) []byte {
	p, err := radius.Parse(raw, c.secret)
	if err != nil {
		s.malformed.Add(1)
		return nil
	}
	has, err := verified(p, c.secret)
	switch {
	case err != nil,
		p.Code == radius.CodeAccountingRequest && !radius.IsAuthenticRequest(raw, c.secret),
		p.Code == radius.CodeStatusServer && !has,
		p.Code == radius.CodeAccessRequest && !has && !c.secure && (!s.unsigned || len(p.Get(eapMessage)) > 0):
		s.forged.Add(1)
		s.log.WarnContext(ctx, "a packet was dropped: its secret is wrong, or it has no Message-Authenticator", "address", from.Addr().String(), "code", p.Code.String())
		return nil
	}
	key := packetKey{from, p.Code, p.Identifier, p.Authenticator}
	answer, first := s.answers.begin(key)
	if !first {
		s.repeated.Add(1)
		return answer // nil while the first one is under way
	}
	answer = s.answer(ctx, c, p)
	s.answers.end(key, answer)
	return answer
}

// answer works on a packet that is new and authentic.
func (s *Server) answer(ctx context.Context, c *client, p *radius.Packet) []byte {
	var out *radius.Packet
	var err error
	switch p.Code {
	case radius.CodeStatusServer:
		out = p.Response(radius.CodeAccessAccept)
	case radius.CodeAccessRequest:
		out, err = s.access(ctx, c, p)
	case radius.CodeAccountingRequest:
		out, err = s.account(ctx, c, p)
	default:
		s.malformed.Add(1)
		return nil
	}
	if err != nil {
		s.failed.Add(1)
		s.log.ErrorContext(ctx, "a packet was not answered", "code", p.Code.String(), "error", err)
		return nil // it is sent again
	}
	if out == nil {
		return nil
	}
	for _, avp := range p.Attributes {
		if avp.Type == proxyState {
			out.Add(proxyState, avp.Attribute)
		}
	}
	write := signed
	if out.Code == radius.CodeAccountingResponse {
		write = (*radius.Packet).Encode // nobody expects more there, and clients sum it up in different ways
	}
	raw, err := write(out)
	if err != nil {
		s.failed.Add(1)
		s.log.ErrorContext(ctx, "an answer does not fit into a packet", "error", err)
		return nil
	}
	switch out.Code {
	case radius.CodeAccessAccept:
		s.accepted.Add(1)
	case radius.CodeAccessReject:
		s.rejected.Add(1)
	case radius.CodeAccessChallenge:
		s.challenged.Add(1)
	case radius.CodeAccountingResponse:
		s.accounted.Add(1)
	}
	return raw
}
