package radiusd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"layeh.com/radius"
	"layeh.com/radius/vendors/microsoft"

	core "github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/eap"
)

// EAPOptions are what clients are offered that speak EAP.
type EAPOptions struct {
	// Certificate is the server's.
	Certificate tls.Certificate
	// ClientCAs issue certificates of users, whose common name is the username. Default:
	// none, nobody comes in by a certificate.
	ClientCAs *x509.CertPool
	// Revoked reports whether one of a chain of certificates was revoked; an error
	// refuses it too. Default: none was.
	Revoked func(ctx context.Context, chain []*x509.Certificate) (bool, error)
}

// roomKey is where the packet under way stands in a context.
type roomKey struct{}

// room is what the callbacks of EAP need to know of the packet under way.
type room struct {
	client *client
	packet *radius.Packet
	inner  *proven
}

// offer is what clients of an access server are offered: what its organization has, or
// else what all have; nil for nothing.
func (s *Server) offer(ctx context.Context, c *client) (*eap.Server, error) {
	if s.eapOf == nil {
		return s.eap, nil
	}
	o, err := s.eapOf(ctx, c.organization)
	if err != nil || o == nil {
		return s.eap, err
	}
	s.offering.Lock()
	defer s.offering.Unlock()
	if known, ok := s.offers[c.organization]; ok && known.of == o {
		return known.server, nil
	}
	made, err := s.newEAP(o)
	if err != nil {
		return nil, err
	}
	s.offers[c.organization] = offered{o, made}
	return made, nil
}

// offered is a server of EAP and what it was made of.
type offered struct {
	of     *EAPOptions
	server *eap.Server
}

func (s *Server) newEAP(o *EAPOptions) (*eap.Server, error) {
	return eap.New(eap.Options{
		Certificates: []tls.Certificate{o.Certificate}, ClientCAs: o.ClientCAs,
		Password: func(ctx context.Context, c *eap.Credentials) (bool, string, error) {
			r, ok := ctx.Value(roomKey{}).(*room)
			if !ok {
				return false, "", errors.New("no packet is under way")
			}
			r.inner = &proven{answer: &core.Answer{}, username: c.Username, password: c.Password}
			var err error
			proof := ""
			if c.Response != nil {
				r.inner.answer, proof, err = s.msCHAP(ctx, asking(r.client, r.packet, c.Username, ""), c.Challenge, c.PeerChallenge, c.Response)
			} else {
				r.inner.answer, err = s.pap(ctx, r.client, r.packet, c.Username, c.Password)
			}
			return err == nil && r.inner.answer.Decision == core.Accept, proof, err
		},
		Certificate: func(ctx context.Context, chain []*x509.Certificate) (bool, error) {
			r, ok := ctx.Value(roomKey{}).(*room)
			if !ok {
				return false, errors.New("no packet is under way")
			}
			c := chain[0]
			if o.Revoked != nil {
				revoked, err := o.Revoked(ctx, chain)
				if err != nil {
					return false, err
				}
				if revoked {
					r.inner = &proven{answer: &core.Answer{}, username: c.Subject.CommonName}
					return false, nil
				}
			}
			q := asking(r.client, r.packet, c.Subject.CommonName, "")
			q.Roamed = true // the certificate is as good as a password
			r.inner = &proven{answer: &core.Answer{}, username: c.Subject.CommonName}
			var err error
			r.inner.answer, err = s.r.Authorizer.Authorize(ctx, q)
			return err == nil && r.inner.answer.Decision == core.Accept, err
		},
	})
}

// message is the EAP packet of a RADIUS packet, nil when there is none.
func message(p *radius.Packet) []byte {
	var out []byte
	for _, avp := range p.Attributes {
		if avp.Type == eapMessage {
			out = append(out, avp.Attribute...)
		}
	}
	return out
}

// speakEAP takes one packet of a client that speaks EAP (RFC 3579).
func (s *Server) speakEAP(ctx context.Context, c *client, p *radius.Packet, raw []byte) (*radius.Packet, error) {
	reject := func(x *proven) (*radius.Packet, error) { return s.decided(ctx, c, p, x) }
	nobody := &proven{answer: &core.Answer{}, username: string(p.Get(userName))}
	in, err := eap.Parse(raw)
	if err != nil {
		return reject(nobody)
	}
	x := s.sessions.take(string(p.Get(stateAttribute)))
	if x == nil {
		if in.Type != eap.Identity {
			return reject(nobody)
		}
		offer, err := s.offer(ctx, c)
		if err != nil {
			return nil, err
		}
		if offer == nil {
			return reject(nobody)
		}
		x = &underWay{Session: offer.Session(), organization: c.organization}
	}
	if x.organization != c.organization {
		x.Close()
		return reject(nobody)
	}
	r := &room{client: c, packet: p, inner: x.inner}
	next, verdict, err := x.Step(context.WithValue(ctx, roomKey{}, r), in)
	if err != nil {
		x.Close()
		return nil, err
	}
	if x.inner = r.inner; x.inner == nil {
		x.inner = nobody
	}
	if verdict == eap.Continue {
		state := s.sessions.put(x)
		if state == "" {
			x.Close()
			s.busy.Add(1)
			return nil, nil
		}
		out := p.Response(radius.CodeAccessChallenge)
		out.Add(stateAttribute, radius.Attribute(state))
		carry(out, next)
		return out, nil
	}
	if verdict == eap.Reject && x.inner.answer.Decision == core.Accept {
		x.inner.answer = &core.Answer{} // the client went away in the middle
	}
	out, err := s.decided(ctx, c, p, x.inner)
	if err != nil {
		return nil, err
	}
	carry(out, next)
	if verdict != eap.Accept {
		return out, nil
	}
	// accounting names the user, not what was said outside of the tunnel
	out.Del(userName)
	out.Add(userName, radius.Attribute(x.inner.answer.Account.Username))
	key := x.Key()
	// the packet's authenticator is what keys are hidden with
	if err := microsoft.MSMPPERecvKey_Add(out, key[:32]); err != nil {
		return nil, err
	}
	return out, microsoft.MSMPPESendKey_Add(out, key[32:64])
}

// carry puts an EAP packet into attributes.
func carry(out *radius.Packet, p *eap.Packet) {
	raw := p.Bytes()
	for len(raw) > 0 {
		n := min(len(raw), 253)
		out.Add(eapMessage, radius.Attribute(raw[:n]))
		raw = raw[n:]
	}
}
