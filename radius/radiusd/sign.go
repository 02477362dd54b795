package radiusd

import (
	"crypto/hmac"
	"crypto/md5"
	"errors"

	"layeh.com/radius"
)

// errForged is said of a packet whose sender did not know the secret.
var errForged = errors.New("the Message-Authenticator is wrong")

// signed puts a Message-Authenticator at the beginning of a packet (RFC 3579 §3.2; in
// front of everything else it also protects answers that are read without checking the
// rest) and returns the packet on the wire.
func signed(p *radius.Packet) ([]byte, error) {
	p.Del(messageAuthenticator)
	mac := make(radius.Attribute, md5.Size)
	p.Attributes = append(radius.Attributes{{Type: messageAuthenticator, Attribute: mac}}, p.Attributes...)
	switch p.Code {
	case radius.CodeCoARequest, radius.CodeDisconnectRequest, radius.CodeAccountingRequest:
		p.Authenticator = [16]byte{} // so it counts into the sum (RFC 5176 §3.4)
	}
	raw, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	h := hmac.New(md5.New, p.Secret)
	_, _ = h.Write(raw) // hashes never fail
	copy(mac, h.Sum(nil))
	return p.Encode()
}

// verified reports whether a request has a Message-Authenticator, and that it is right.
func verified(p *radius.Packet, secret []byte) (has bool, err error) {
	mac, has := p.Lookup(messageAuthenticator)
	if !has {
		return false, nil
	}
	if len(mac) != md5.Size {
		return true, errForged
	}
	sent := append([]byte{}, mac...)
	clear(mac)
	defer copy(mac, sent)
	raw, err := p.MarshalBinary()
	if err != nil {
		return true, errForged
	}
	h := hmac.New(md5.New, secret)
	_, _ = h.Write(raw) // hashes never fail
	if !hmac.Equal(sent, h.Sum(nil)) {
		return true, errForged
	}
	return true, nil
}
