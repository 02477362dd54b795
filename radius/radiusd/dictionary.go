package radiusd

import (
	"encoding/binary"
	"net"
	"strconv"
	"strings"

	"layeh.com/radius"

	core "github.com/wispwright/wispwright/radius"
)

// kind is the form of a value on the wire.
type kind int

const (
	text kind = iota
	number
	address
	tagged // a number behind a tag
	label  // a text behind a tag
)

// definition is where an attribute stands.
type definition struct {
	vendor uint32
	code   byte
	kind   kind
}

// dictionary are the attributes that answers may have, by their names in small letters:
// those of RFCs that limit or describe a session, and of vendors of access points.
func dictionary() map[string]definition {
	d := map[string]definition{
		"user-name": {0, 1, text}, "framed-ip-address": {0, 8, address}, "framed-ip-netmask": {0, 9, address}, "filter-id": {0, 11, text}, "framed-mtu": {0, 12, number},
		"reply-message": {0, 18, text}, "framed-route": {0, 22, text}, "class": {0, 25, text}, "session-timeout": {0, 27, number}, "idle-timeout": {0, 28, number},
		"termination-action": {0, 29, number}, "port-limit": {0, 62, number}, "tunnel-type": {0, 64, tagged}, "tunnel-medium-type": {0, 65, tagged},
		"tunnel-private-group-id": {0, 81, label}, "acct-interim-interval": {0, 85, number}, "framed-pool": {0, 88, text},
		"chargeable-user-identity": {0, 89, text}, "nas-filter-rule": {0, 92, text},
		"wispr-redirection-url": {14122, 4, text}, "wispr-bandwidth-min-up": {14122, 5, number}, "wispr-bandwidth-min-down": {14122, 6, number},
		"wispr-bandwidth-max-up": {14122, 7, number}, "wispr-bandwidth-max-down": {14122, 8, number}, "wispr-session-terminate-time": {14122, 9, text},
		"mikrotik-recv-limit": {14988, 1, number}, "mikrotik-xmit-limit": {14988, 2, number}, "mikrotik-group": {14988, 3, text}, "mikrotik-rate-limit": {14988, 8, text},
		"mikrotik-recv-limit-gigawords": {14988, 14, number}, "mikrotik-xmit-limit-gigawords": {14988, 15, number}, "mikrotik-total-limit": {14988, 17, number},
		"mikrotik-total-limit-gigawords": {14988, 18, number}, "mikrotik-address-list": {14988, 19, text},
		"pfsense-bandwidth-max-up": {13644, 1, number}, "pfsense-bandwidth-max-down": {13644, 2, number}, "pfsense-max-total-octets": {13644, 3, number},
		"cisco-avpair": {9, 1, text}, "airespace-interface-name": {14179, 5, text}, "airespace-acl-name": {14179, 6, text},
	}
	for name, code := range map[string]byte{"max-input-octets": 1, "max-output-octets": 2, "max-total-octets": 3, "bandwidth-max-up": 4, "bandwidth-max-down": 5, "lang": 8,
		"max-input-gigawords": 21, "max-output-gigawords": 22, "max-total-gigawords": 23} {
		k := number
		if name == "lang" {
			k = text
		}
		d["coovachilli-"+name], d["chillispot-"+name] = definition{14559, code, k}, definition{14559, code, k}
	}
	return d
}

// maxText is how long a value is on the wire.
const maxText = 247

// encode writes an attribute; false for a name nobody knows, or a value that does not fit.
func (d definition) encode(value string) (radius.Attribute, bool) {
	switch d.kind {
	case number, tagged:
		n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64)
		if err != nil {
			return nil, false
		}
		a := radius.NewInteger(uint32(min(n, 1<<32-1)))
		if d.kind == tagged {
			if n >= 1<<24 {
				return nil, false
			}
			a[0] = 0 // no tag
		}
		return a, true
	case address:
		a, err := radius.NewIPAddr(net.ParseIP(strings.TrimSpace(value)))
		return a, err == nil
	}
	if value == "" || len(value) > maxText {
		return nil, false
	}
	return radius.Attribute(value), true
}

// add puts an attribute into a packet.
func (d definition) add(p *radius.Packet, a radius.Attribute) {
	if d.vendor == 0 {
		p.Add(radius.Type(d.code), a)
		return
	}
	v := binary.BigEndian.AppendUint32(nil, d.vendor)
	p.Add(vendorSpecific, append(append(v, d.code, byte(len(a)+2)), a...))
}

// fill puts the replies of an answer into a packet and returns the names that are
// known to nobody, or have values that do not fit.
func fill(names map[string]definition, p *radius.Packet, replies []core.Reply) (unknown []string) {
	for _, r := range replies {
		value := r.Value
		if r.Counted {
			value = strconv.FormatInt(r.Number, 10)
			if strings.HasSuffix(r.Name, "-Octets") {
				value = strconv.FormatInt(r.Number&(1<<32-1), 10) // the rest is told in gigawords
			}
		}
		d, ok := names[strings.ToLower(r.Name)]
		a, fits := d.encode(value)
		if !ok || !fits {
			unknown = append(unknown, r.Name)
			continue
		}
		d.add(p, a)
	}
	return unknown
}

// Numbers of attributes that are read here.
const (
	userName             = radius.Type(1)
	userPassword         = radius.Type(2)
	chapPassword         = radius.Type(3)
	nasIPAddress         = radius.Type(4)
	nasPort              = radius.Type(5)
	serviceType          = radius.Type(6)
	framedProtocol       = radius.Type(7)
	framedIPAddress      = radius.Type(8)
	stateAttribute       = radius.Type(24)
	vendorSpecific       = radius.Type(26)
	calledStationID      = radius.Type(30)
	callingStationID     = radius.Type(31)
	nasIdentifier        = radius.Type(32)
	proxyState           = radius.Type(33)
	acctStatusType       = radius.Type(40)
	acctInputOctets      = radius.Type(42)
	acctOutputOctets     = radius.Type(43)
	acctSessionID        = radius.Type(44)
	acctAuthentic        = radius.Type(45)
	acctSessionTime      = radius.Type(46)
	acctTerminateCause   = radius.Type(49)
	acctInputGigawords   = radius.Type(52)
	acctOutputGigawords  = radius.Type(53)
	chapChallenge        = radius.Type(60)
	nasPortType          = radius.Type(61)
	connectInfo          = radius.Type(77)
	eapMessage           = radius.Type(79)
	messageAuthenticator = radius.Type(80)
)

// vendor finds a value of a vendor in a packet, nil when there is none.
func vendor(p *radius.Packet, id uint32, code byte) []byte {
	for _, avp := range p.Attributes {
		a := avp.Attribute
		if avp.Type != vendorSpecific || len(a) < 4 || binary.BigEndian.Uint32(a) != id {
			continue
		}
		for rest := a[4:]; len(rest) >= 2; {
			n := int(rest[1])
			if n < 2 || n > len(rest) {
				break
			}
			if rest[0] == code {
				return rest[2:n]
			}
			rest = rest[n:]
		}
	}
	return nil
}
