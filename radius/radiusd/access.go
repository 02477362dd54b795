package radiusd

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/subtle"
	"errors"
	"fmt"

	"layeh.com/radius"
	"layeh.com/radius/rfc2759"
	"layeh.com/radius/vendors/microsoft"

	"github.com/wispwright/wispwright"
	core "github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/passwords"
)

// proven is somebody who showed to be a user, with the answer for it.
type proven struct {
	answer   *core.Answer
	username string
	password string // as it was sent, for the log of refusals
	// proof is what MS-CHAPv2 wants to see in turn
	proof string
}

// access answers a request for access.
func (s *Server) access(ctx context.Context, c *client, p *radius.Packet) (*radius.Packet, error) {
	if message := message(p); message != nil {
		return s.speakEAP(ctx, c, p, message)
	}
	name := string(p.Get(userName))
	x, err := s.prove(ctx, c, p, name)
	if err != nil {
		return nil, err
	}
	return s.decided(ctx, c, p, x)
}

// asking is the question about somebody who sent a packet.
func asking(c *client, p *radius.Packet, name, password string) core.Asking {
	return core.Asking{OrganizationID: c.organization, Identifier: name, Password: password,
		CalledStationID: string(p.Get(calledStationID)), CallingStationID: string(p.Get(callingStationID))}
}

// prove finds out whether the sender is who it says.
func (s *Server) prove(ctx context.Context, c *client, p *radius.Packet, name string) (*proven, error) {
	x := &proven{answer: &core.Answer{}, username: name}
	if name == "" {
		return x, nil
	}
	var err error
	switch {
	case len(p.Get(userPassword)) > 0:
		plain, derr := radius.UserPassword(p.Get(userPassword), c.secret, p.Authenticator[:])
		if derr != nil {
			return x, nil
		}
		x.password = string(plain)
		x.answer, err = s.pap(ctx, c, p, name, x.password)
	case len(p.Get(chapPassword)) == 17:
		sent, challenge := p.Get(chapPassword), []byte(p.Get(chapChallenge))
		if len(challenge) == 0 {
			challenge = p.Authenticator[:]
		}
		x.answer, err = s.secretly(ctx, asking(c, p, name, ""), func(attribute, plain string) bool {
			if attribute != passwords.Cleartext {
				return false // the answer was made of the password itself
			}
			sum := md5.Sum(bytes.Join([][]byte{sent[:1], []byte(plain), challenge}, nil))
			return subtle.ConstantTimeCompare(sum[:], sent[1:]) == 1
		})
	default:
		challenge, response := vendor(p, vendorMicrosoft, msChallenge), vendor(p, vendorMicrosoft, msResponse)
		if len(challenge) != 16 || len(response) != 50 {
			return x, nil
		}
		x.answer, x.proof, err = s.msCHAP(ctx, asking(c, p, name, ""), challenge, response[2:18], response[26:50])
	}
	return x, err
}

// Attributes of Microsoft (RFC 2548).
const (
	vendorMicrosoft = 311
	msChallenge     = 11
	msResponse      = 25
)

// pap decides by a password in clear: the user's, a token, a check of the user's, or
// the address of a device that roams.
func (s *Server) pap(ctx context.Context, c *client, p *radius.Packet, name, password string) (*core.Answer, error) {
	roamed, isMAC, err := s.r.Accounting.Roamed(ctx, name)
	if err != nil {
		return nil, err
	}
	if isMAC && roamed != nil && roamed.OrganizationID == c.organization && roamed.Username != nil {
		q := asking(c, p, *roamed.Username, "")
		q.Roamed = true
		return s.r.Authorizer.Authorize(ctx, q)
	}
	answer, err := s.r.Authorizer.Authorize(ctx, asking(c, p, name, password))
	if err != nil || answer.Decision != core.Unknown {
		return answer, err
	}
	return s.secretly(ctx, asking(c, p, name, ""), func(attribute, value string) bool { return passwords.Match(attribute, value, password) })
}

// secretly decides by what an administrator put into the checks of the user (a password
// in clear or in one of FreeRADIUS's forms), or by the user's token, which it spends.
func (s *Server) secretly(ctx context.Context, q core.Asking, right func(attribute, value string) bool) (*core.Answer, error) {
	found, err := s.accounts.Find(ctx, q.Identifier)
	if err != nil || len(found) == 0 {
		return &core.Answer{}, err
	}
	a := found[0]
	checks, err := s.r.Checks.List(ctx, wispwright.ScopeOf(q.OrganizationID), core.AttributeFilter{UserID: a.ID}, wispwright.Page{Limit: 100, NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, c := range checks.Rows {
		if passwords.Known(c.Attribute) && right(c.Attribute, c.Value) {
			q.Roamed = true // it was proven
			return s.r.Authorizer.Authorize(ctx, q)
		}
	}
	k, err := s.r.Tokens.Of(ctx, a.ID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return &core.Answer{}, nil
	}
	if err != nil {
		return nil, err
	}
	if k.OrganizationID != q.OrganizationID || !k.CanAuth || !right(passwords.Cleartext, k.Key.Reveal()) {
		return &core.Answer{}, nil
	}
	q.Password = k.Key.Reveal()
	return s.r.Authorizer.Authorize(ctx, q)
}

// msCHAP decides by MS-CHAPv2 (RFC 2759) and returns what proves the password to the
// client. It needs the password in clear or its NT-Password.
func (s *Server) msCHAP(ctx context.Context, q core.Asking, challenge, peer, response []byte) (answer *core.Answer, proof string, err error) {
	answer, err = s.secretly(ctx, q, func(attribute, value string) bool {
		hash, ok := passwords.NTHash(attribute, value)
		mixed := rfc2759.ChallengeHash(peer, challenge, []byte(q.Identifier))
		if !ok || subtle.ConstantTimeCompare(rfc2759.ChallengeResponse(mixed, hash[:]), response) != 1 {
			return false
		}
		proof = msProof(hash, mixed, response)
		return true
	})
	return answer, proof, err
}

// msProof is the authenticator response of RFC 2759 §8.7.
func msProof(hash [16]byte, mixed, response []byte) string {
	sum := func(parts ...[]byte) []byte {
		s := sha1.Sum(bytes.Join(parts, nil))
		return s[:]
	}
	digest := sum(rfc2759.NTPasswordHash(hash[:]), response, []byte("Magic server to client signing constant"))
	return fmt.Sprintf("S=%X", sum(digest, mixed, []byte("Pad to make it do more than one iteration")))
}

// decided writes an answer, and keeps what was answered.
func (s *Server) decided(ctx context.Context, c *client, p *radius.Packet, x *proven) (*radius.Packet, error) {
	out := p.Response(radius.CodeAccessReject)
	if x.answer.Decision == core.Accept {
		out.Code = radius.CodeAccessAccept
		if x.proof != "" {
			id := vendor(p, vendorMicrosoft, msResponse)
			if len(id) == 0 {
				id = []byte{0}
			}
			if err := microsoft.MSCHAP2Success_Add(out, append([]byte{id[0]}, x.proof...)); err != nil {
				return nil, err
			}
		}
	}
	if x.answer.Decision != core.Unknown {
		if unknown := fill(s.names, out, x.answer.Replies); len(unknown) > 0 && s.skipped.Add(1) == 1 {
			s.log.WarnContext(ctx, "attributes of a group are not in the dictionary, or do not fit", "names", unknown)
		}
	}
	return out, s.note(ctx, c, p, x, out.Code)
}

// note keeps what was answered, as FreeRADIUS tells it afterwards.
func (s *Server) note(ctx context.Context, c *client, p *radius.Packet, x *proven, code radius.Code) error {
	reply := "Access-Reject"
	if code == radius.CodeAccessAccept {
		reply = "Access-Accept"
	}
	name := x.username
	if name == "" {
		name = "-"
	}
	err := s.r.PostAuths.Record(ctx, &core.PostAuth{OrganizationID: c.organization, Username: cut(name, 64), Password: x.password, Reply: reply,
		CalledStationID: optional(p, calledStationID), CallingStationID: optional(p, callingStationID)})
	var invalid *wispwright.ValidationError
	if errors.As(err, &invalid) {
		s.log.WarnContext(ctx, "an answer was not kept", "error", err)
		return nil
	}
	return err
}

// optional is a text of a packet, nil when it is not there.
func optional(p *radius.Packet, t radius.Type) *string {
	v, ok := p.Lookup(t)
	if !ok {
		return nil
	}
	text := clean(v)
	return &text
}

// clean is a text without what no database takes.
func clean(b []byte) string {
	return string(bytes.ToValidUTF8(bytes.ReplaceAll(b, []byte{0}, nil), []byte("?")))
}

// cut is the beginning of a text of so many characters.
func cut(text string, n int) string {
	r := []rune(clean([]byte(text)))
	return string(r[:min(len(r), n)])
}
