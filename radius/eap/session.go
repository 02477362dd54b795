package eap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"slices"
)

// Options are what a server offers.
type Options struct {
	// Certificates are the server's.
	Certificates []tls.Certificate
	// ClientCAs issue the certificates that clients come in with (EAP-TLS). Default:
	// none, EAP-TLS is not offered.
	ClientCAs *x509.CertPool
	// Password checks what came through a tunnel (EAP-TTLS). For MS-CHAPv2 proof is
	// what shows the client that the server knows the password ("S=…"). An error is
	// one of the storage.
	Password func(ctx context.Context, c *Credentials) (ok bool, proof string, err error)
	// Certificate says whether the owner of a certificate, which was issued by one of
	// ClientCAs and is valid, comes in. The chain begins with it and ends with that CA;
	// whether one of them was revoked is not known yet.
	Certificate func(ctx context.Context, chain []*x509.Certificate) (ok bool, err error)
}

// Server makes sessions.
type Server struct {
	o     Options
	types []Type
}

// New returns a server.
func New(o Options) (*Server, error) {
	if len(o.Certificates) == 0 {
		return nil, errors.New("eap: the server needs a certificate")
	}
	s := &Server{o: o}
	if o.Password != nil {
		s.types = append(s.types, TTLS)
	}
	if o.ClientCAs != nil && o.Certificate != nil {
		s.types = append(s.types, TLS)
	}
	if len(s.types) == 0 {
		return nil, errors.New("eap: neither passwords nor certificates are checked")
	}
	return s, nil
}

// Verdict is how far a session is.
type Verdict int

// The verdicts.
const (
	Continue Verdict = iota
	Accept
	Reject
)

// Session is one client that wants to come in.
type Session struct {
	server   *Server
	identity string
	id       byte // of the request under way
	kind     Type
	tunnel   *tunnel
	in       []byte // fragments that came
	out      []byte // what is still to be sent
	leave    Verdict
	steps    int
	key      []byte
}

// Bounds of a session.
const (
	maxSteps   = 60
	maxMessage = 64 << 10
	perPacket  = 1000
)

// Flags of EAP-TLS and EAP-TTLS.
const (
	flagLength = 0x80
	flagMore   = 0x40
	flagStart  = 0x20
)

// Session begins with the identity that a client tells.
func (s *Server) Session() *Session { return &Session{server: s} }

// Identity is what the client called itself outside of any tunnel.
func (x *Session) Identity() string { return x.identity }

// Key are the 64 octets that both sides know after Accept (the MSK of RFC 3748).
func (x *Session) Key() []byte { return x.key }

// Close ends a session that nothing more is expected of.
func (x *Session) Close() {
	if x.tunnel != nil {
		x.tunnel.close()
	}
}

// Step takes a response and returns the next packet for the client. An error is one of
// the storage; whatever a client does wrong is Reject.
func (x *Session) Step(ctx context.Context, p *Packet) (*Packet, Verdict, error) {
	x.steps++
	if p.Code != Response || x.steps > maxSteps || x.kind != 0 && p.ID != x.id {
		return x.end(p.ID, Reject), Reject, nil
	}
	switch {
	case p.Type == Identity && x.kind == 0:
		x.identity, x.id = string(p.Data), p.ID
		return x.begin(x.server.types[0]), Continue, nil
	case p.Type == Nak && x.kind != 0 && x.tunnel == nil:
		for _, t := range x.server.types {
			if t != x.kind && slices.Contains(p.Data, byte(t)) {
				return x.begin(t), Continue, nil
			}
		}
		return x.end(p.ID, Reject), Reject, nil
	case x.kind != 0 && p.Type == x.kind:
		v, err := x.take(ctx, p.Data)
		if err != nil {
			return nil, Reject, err
		}
		if v != Continue {
			return x.end(p.ID, v), v, nil
		}
		return x.next(), Continue, nil
	}
	return x.end(p.ID, Reject), Reject, nil
}

// begin offers a method.
func (x *Session) begin(t Type) *Packet {
	x.kind = t
	x.id++
	return &Packet{Code: Request, ID: x.id, Type: t, Data: []byte{flagStart}}
}

func (x *Session) end(id byte, v Verdict) *Packet {
	x.Close()
	if v == Accept {
		return &Packet{Code: Success, ID: id}
	}
	return &Packet{Code: Failure, ID: id}
}

// next is the next fragment of what is to be sent, or a packet that says that more is
// waited for.
func (x *Session) next() *Packet {
	x.id++
	n := min(len(x.out), perPacket)
	data := []byte{0}
	if n < len(x.out) {
		data[0] = flagMore | flagLength
		data = binary.BigEndian.AppendUint32(data, uint32(len(x.out)))
	}
	data = append(data, x.out[:n]...)
	x.out = x.out[n:]
	return &Packet{Code: Request, ID: x.id, Type: x.kind, Data: data}
}

// take reads one packet of a method.
func (x *Session) take(ctx context.Context, data []byte) (Verdict, error) {
	if len(data) == 0 || data[0]&flagStart != 0 {
		return Reject, nil
	}
	flags, data := data[0], data[1:]
	if flags&flagLength != 0 {
		if len(data) < 4 || binary.BigEndian.Uint32(data) > maxMessage {
			return Reject, nil
		}
		data = data[4:]
	}
	if len(x.in)+len(data) > maxMessage {
		return Reject, nil
	}
	switch {
	case len(x.out) > 0: // fragments are acknowledged one by one
		if len(data) > 0 {
			return Reject, nil
		}
		return Continue, nil
	case x.leave != Continue && len(data) == 0:
		return x.leave, nil
	}
	x.in = append(x.in, data...)
	if flags&flagMore != 0 {
		if len(data) == 0 {
			return Reject, nil
		}
		return Continue, nil
	}
	message := x.in
	x.in = nil
	return x.work(ctx, message)
}

// work hands a whole message to the tunnel and looks how far it is.
func (x *Session) work(ctx context.Context, message []byte) (Verdict, error) {
	if x.tunnel == nil {
		x.tunnel = newTunnel(x.config(), x.kind == TTLS)
	}
	x.out = x.tunnel.feed(message)
	shaken, plain, err := x.tunnel.state()
	switch {
	case err != nil || len(message) == 0 && !shaken:
		if len(x.out) > 0 && x.leave == Continue {
			x.leave = Reject // the client is told why
			return Continue, nil
		}
		return Reject, nil
	case !shaken:
		return Continue, nil
	case x.kind == TLS:
		return x.certificate(ctx)
	case len(plain) > 0 && x.leave == Continue:
		return x.password(ctx, plain)
	}
	return Continue, nil
}

func (x *Session) config() *tls.Config {
	c := &tls.Config{Certificates: x.server.o.Certificates, MinVersion: tls.VersionTLS12,
		// TLS 1.3 has other keys and another end (RFC 9190); clients fall back
		MaxVersion: tls.VersionTLS12, SessionTicketsDisabled: true}
	if x.kind == TLS {
		c.ClientCAs, c.ClientAuth = x.server.o.ClientCAs, tls.RequireAndVerifyClientCert
	}
	return c
}

// certificate decides about the owner of a certificate, when the last message of the
// handshake has been sent.
func (x *Session) certificate(ctx context.Context) (Verdict, error) {
	state := x.tunnel.conn.ConnectionState()
	if len(state.VerifiedChains) == 0 {
		return Reject, nil
	}
	ok, err := x.server.o.Certificate(ctx, state.VerifiedChains[0])
	if err != nil {
		return Reject, err
	}
	v := Reject
	if ok {
		if x.key, err = state.ExportKeyingMaterial("client EAP encryption", nil, 64); err == nil {
			v = Accept
		}
	}
	return x.leaving(v), nil
}

// leaving is a verdict that waits until what is to be sent has been acknowledged.
func (x *Session) leaving(v Verdict) Verdict {
	if len(x.out) == 0 {
		return v
	}
	x.leave = v
	return Continue
}

// password decides about what came through the tunnel.
func (x *Session) password(ctx context.Context, plain []byte) (Verdict, error) {
	state := x.tunnel.conn.ConnectionState()
	challenge, err := state.ExportKeyingMaterial("ttls challenge", nil, 17)
	if err != nil {
		return Reject, nil // a client without what makes the keys of TLS 1.2 safe
	}
	c, err := readAVPs(plain, challenge)
	if err != nil {
		return Reject, nil
	}
	ok, proof, err := x.server.o.Password(ctx, c)
	if err != nil || !ok {
		return Reject, err
	}
	if x.key, err = state.ExportKeyingMaterial("ttls keying material", nil, 64); err != nil {
		return Reject, nil
	}
	if c.Response == nil {
		return x.leaving(Accept), nil
	}
	more, err := x.tunnel.send(msSuccess(c.ID, proof))
	if err != nil {
		return Reject, nil
	}
	x.out = append(x.out, more...)
	return x.leaving(Accept), nil
}
