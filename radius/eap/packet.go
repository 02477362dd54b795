// Package eap is the server's side of EAP as access points carry it (RFC 3748): EAP-TLS
// (RFC 5216), by certificates, and EAP-TTLS (RFC 5281), a tunnel in which passwords go,
// in clear (PAP) or as MS-CHAPv2.
//
// It knows neither RADIUS nor accounts: a Session takes the packets of one client and
// returns those for it, until it accepts or rejects.
package eap

import (
	"encoding/binary"
	"errors"
)

// Code says what a packet is.
type Code byte

// The codes.
const (
	Request  Code = 1
	Response Code = 2
	Success  Code = 3
	Failure  Code = 4
)

// Type is a method, or what a packet without method says.
type Type byte

// The types that are known here.
const (
	Identity Type = 1
	Nak      Type = 3
	TLS      Type = 13
	TTLS     Type = 21
)

// Packet is one packet.
type Packet struct {
	// Code says what it is, ID pairs requests and responses.
	Code Code
	ID   byte
	// Type and Data are those of requests and responses.
	Type Type
	Data []byte
}

// errMalformed is said of bytes that are no packet.
var errMalformed = errors.New("the EAP packet is malformed")

// Parse reads a packet. What follows it is padding.
func Parse(b []byte) (*Packet, error) {
	if len(b) < 4 {
		return nil, errMalformed
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	p := &Packet{Code: Code(b[0]), ID: b[1]}
	switch {
	case n > len(b) || n < 4:
		return nil, errMalformed
	case p.Code == Success || p.Code == Failure:
		return p, nil
	case p.Code != Request && p.Code != Response || n < 5:
		return nil, errMalformed
	}
	p.Type, p.Data = Type(b[4]), b[5:n]
	return p, nil
}

// Bytes is the packet on the wire.
func (p *Packet) Bytes() []byte {
	if p.Code == Success || p.Code == Failure {
		return []byte{byte(p.Code), p.ID, 0, 4}
	}
	out := []byte{byte(p.Code), p.ID, 0, 0, byte(p.Type)}
	out = append(out, p.Data...)
	binary.BigEndian.PutUint16(out[2:], uint16(len(out)))
	return out
}
