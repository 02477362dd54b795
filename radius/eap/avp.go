package eap

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Attributes of the tunnel (RFC 5281 §10.1).
const (
	avpUserName     = 1
	avpUserPassword = 2
	vendorMicrosoft = 311
	avpMSChallenge  = 11
	avpMSResponse   = 25
	avpMSSuccess    = 26

	flagVendor    = 0x80
	flagMandatory = 0x40
)

// errInner is said of credentials that cannot be read, or are of a kind that is not
// offered.
var errInner = errors.New("what came through the tunnel is no known kind of credentials")

// Credentials are what came through a tunnel.
type Credentials struct {
	// Username is who it is.
	Username string
	// Password is in clear, where HasPassword (PAP).
	Password    string
	HasPassword bool
	// Challenge, PeerChallenge and Response are those of MS-CHAPv2, 16, 16 and 24
	// octets; nil otherwise. ID is its identifier.
	Challenge, PeerChallenge, Response []byte
	ID                                 byte
}

// readAVPs reads credentials. challenge is what the tunnel has for MS-CHAPv2: 16 octets
// and an identifier, which the client must have used (RFC 5281 §11.1).
func readAVPs(b []byte, challenge []byte) (*Credentials, error) {
	c := &Credentials{}
	var sent []byte
	for len(b) > 0 {
		if len(b) < 8 {
			return nil, errInner
		}
		code, flags := binary.BigEndian.Uint32(b), b[4]
		n := int(binary.BigEndian.Uint32(b[4:]) & 0xffffff)
		head, id := 8, uint32(0)
		if flags&flagVendor != 0 {
			head = 12
		}
		if n < head || n > len(b) {
			return nil, errInner
		}
		if head == 12 {
			id = binary.BigEndian.Uint32(b[8:])
		}
		data := b[head:n]
		switch {
		case id == 0 && code == avpUserName:
			c.Username = string(data)
		case id == 0 && code == avpUserPassword:
			c.Password, c.HasPassword = string(bytes.TrimRight(data, "\x00")), true // padded to hide its length
		case id == vendorMicrosoft && code == avpMSChallenge:
			sent = data
		case id == vendorMicrosoft && code == avpMSResponse:
			if len(data) != 50 {
				return nil, errInner
			}
			c.ID, c.PeerChallenge, c.Response = data[0], data[2:18], data[26:50]
		case flags&flagMandatory != 0:
			return nil, errInner
		}
		b = b[min(len(b), (n+3)&^3):]
	}
	if c.Response != nil {
		if len(challenge) != 17 || !bytes.Equal(sent, challenge[:16]) || c.ID != challenge[16] {
			return nil, errInner
		}
		c.Challenge = sent
	}
	if c.Username == "" || !c.HasPassword && c.Response == nil {
		return nil, errInner
	}
	return c, nil
}

// msSuccess tells a client that the server knows its password too.
func msSuccess(id byte, proof string) []byte {
	data := append([]byte{id}, proof...)
	out := binary.BigEndian.AppendUint32(nil, avpMSSuccess)
	out = binary.BigEndian.AppendUint32(out, (flagVendor|flagMandatory)<<24|uint32(12+len(data)))
	out = binary.BigEndian.AppendUint32(out, vendorMicrosoft)
	out = append(out, data...)
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	return out
}
