package radiusd

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"

	"layeh.com/radius"

	core "github.com/wispwright/wispwright/radius"
)

// named are the words that FreeRADIUS stores for numbers (RFC 2865, 2866, 3580).
func named(t radius.Type, n uint32) string {
	words := map[radius.Type]map[uint32]string{
		serviceType:    {1: "Login-User", 2: "Framed-User", 3: "Callback-Login-User", 5: "Outbound-User", 6: "Administrative-User", 8: "Authenticate-Only", 10: "Call-Check"},
		framedProtocol: {1: "PPP", 2: "SLIP"},
		acctAuthentic:  {1: "RADIUS", 2: "Local", 3: "Remote", 4: "Diameter"},
		nasPortType:    {0: "Async", 1: "Sync", 5: "Virtual", 15: "Ethernet", 18: "Wireless-Other", 19: "Wireless-802.11", 27: "Cable"},
		acctTerminateCause: {1: "User-Request", 2: "Lost-Carrier", 3: "Lost-Service", 4: "Idle-Timeout", 5: "Session-Timeout", 6: "Admin-Reset", 7: "Admin-Reboot", 8: "Port-Error",
			9: "NAS-Error", 10: "NAS-Request", 11: "NAS-Reboot", 12: "Port-Unneeded", 13: "Port-Preempted", 14: "Port-Suspended", 15: "Service-Unavailable", 16: "Callback", 17: "User-Error", 18: "Host-Request"},
	}
	if word, ok := words[t][n]; ok {
		return word
	}
	return strconv.FormatUint(uint64(n), 10)
}

func integer(p *radius.Packet, t radius.Type) (uint32, bool) {
	v, ok := p.Lookup(t)
	if !ok || len(v) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(v), true
}

// account stores a report. What is answered was stored; what cannot be stored is
// answered too when it never will be.
func (s *Server) account(ctx context.Context, c *client, p *radius.Packet) (*radius.Packet, error) {
	out := p.Response(radius.CodeAccountingResponse)
	status, ok := integer(p, acctStatusType)
	if !ok {
		s.malformed.Add(1)
		return nil, nil
	}
	nas := netip.Addr{}
	if v, ok := p.Lookup(nasIPAddress); ok && len(v) == 4 {
		nas = netip.AddrFrom4([4]byte(v))
	}
	if !nas.IsValid() {
		nas = c.address()
	}
	report := core.Report{OrganizationID: c.organization, UniqueID: unique(p)}
	switch status {
	case 1:
		report.Status = core.Start
	case 2:
		report.Status = core.Stop
	case 3:
		report.Status = core.Interim
	case 7, 8:
		_, err := s.r.Accounting.Rebooted(ctx, c.organization, clean(p.Get(calledStationID)), nas)
		return out, err
	default:
		return out, nil // such as a failed tunnel: nothing that is kept
	}
	if len(p.Get(acctSessionID)) == 0 {
		s.malformed.Add(1)
		return nil, nil
	}
	report.Set = func(x *core.Session) { set(x, p, nas) }
	_, err := s.r.Accounting.Record(ctx, report)
	return out, err
}

// unique identifies a session as FreeRADIUS does.
func unique(p *radius.Packet) string {
	h := md5.New()
	for _, t := range []radius.Type{userName, acctSessionID, nasIPAddress, nasIdentifier, nasPort} {
		v := p.Get(t)
		_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(v)))) // hashes never fail
		_, _ = h.Write(v)                                                  // as above
	}
	return hex.EncodeToString(h.Sum(nil))
}

// set puts what a packet tells into a session; what it does not tell stays.
func set(x *core.Session, p *radius.Packet, nas netip.Addr) {
	x.SessionID, x.NASAddress = cut(string(p.Get(acctSessionID)), 64), nas
	for _, f := range []struct {
		t    radius.Type
		into **string
		most int
	}{{userName, &x.Username, 64}, {calledStationID, &x.CalledStationID, 253}, {callingStationID, &x.CallingStationID, 253}} {
		if v, ok := p.Lookup(f.t); ok {
			text := cut(string(v), f.most)
			*f.into = &text
		}
	}
	if v, ok := p.Lookup(connectInfo); ok {
		text := cut(string(v), 50)
		if x.ConnectInfoStart == nil {
			x.ConnectInfoStart = &text
		} else {
			x.ConnectInfoStop = &text
		}
	}
	for _, f := range []struct {
		t    radius.Type
		into **string
	}{{serviceType, &x.ServiceType}, {framedProtocol, &x.FramedProtocol}, {acctAuthentic, &x.Authentication}, {nasPortType, &x.NASPortType}, {acctTerminateCause, &x.TerminateCause}} {
		if n, ok := integer(p, f.t); ok {
			word := named(f.t, n)
			*f.into = &word
		}
	}
	if n, ok := integer(p, nasPort); ok {
		text := strconv.FormatUint(uint64(n), 10)
		x.NASPortID = &text
	}
	if v, ok := p.Lookup(framedIPAddress); ok && len(v) == 4 {
		x.FramedIPAddress = netip.AddrFrom4([4]byte(v))
	}
	if n, ok := integer(p, acctSessionTime); ok {
		seconds := int64(n)
		x.SessionTime = &seconds
	}
	for _, f := range []struct {
		octets, gigawords radius.Type
		into              **int64
	}{{acctInputOctets, acctInputGigawords, &x.InputOctets}, {acctOutputOctets, acctOutputGigawords, &x.OutputOctets}} {
		if n, ok := integer(p, f.octets); ok {
			high, _ := integer(p, f.gigawords)
			sum := int64(high&0x7fffffff)<<32 | int64(n)
			*f.into = &sum
		}
	}
}
