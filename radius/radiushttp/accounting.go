package radiushttp

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/radius"
)

// count is a number that FreeRADIUS writes as a text, empty where the packet has
// none.
type count struct {
	blank bool
	n     int64
}

const noInteger = "A valid integer is required."

// FromWire implements rest.Wire.
func (c *count) FromWire(raw json.RawMessage) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	text = strings.TrimSpace(text)
	if c.blank = text == ""; c.blank {
		return nil
	}
	text = strings.TrimSuffix(text, ".0")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return errors.New(noInteger)
	}
	c.n = n
	return nil
}

// host is an address, or none.
type host struct{ netip.Addr }

// FromWire implements rest.Wire.
func (a *host) FromWire(raw json.RawMessage) (err error) {
	if a.Addr, err = address(raw); err != nil {
		return errors.New(valid.NoIP)
	}
	return nil
}

// host6 is an address of IPv6, or none.
type host6 struct{ netip.Addr }

// FromWire implements rest.Wire.
func (a *host6) FromWire(raw json.RawMessage) (err error) {
	if a.Addr, err = address(raw); err != nil || a.IsValid() && !a.Is6() {
		return errors.New("Enter a valid IPv6 address.")
	}
	return nil
}

var errAddress = errors.New("no address")

func address(raw json.RawMessage) (netip.Addr, error) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return netip.Addr{}, errAddress
	}
	if text = strings.TrimSpace(text); text == "" {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, errAddress
	}
	return a, nil
}

// net6 is a network of IPv6 as it was written, or none.
type net6 string

// FromWire implements rest.Wire.
func (n *net6) FromWire(raw json.RawMessage) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return errors.New("Not a valid string.")
	}
	*n = net6(text)
	if text == "" {
		return nil
	}
	if len(text) > 44 {
		return errors.New("Ensure this field has no more than 44 characters.")
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, aerr := netip.ParseAddr(text)
		if aerr != nil || a.Zone() != "" {
			return errors.New("Invalid ipv6 prefix: '" + text + "' does not appear to be an IPv4 or IPv6 network")
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	switch {
	case p != p.Masked():
		return errors.New("Invalid ipv6 prefix: " + text + " has host bits set")
	case !p.Addr().Is6():
		return errors.New(text + " is not an IPv6 prefix")
	}
	return nil
}

// accountingIn is one accounting packet (spec: radius §3c).
type accountingIn struct {
	UniqueID            rest.Opt[string]    `json:"unique_id" required:"true" maxLength:"32" label:"Accounting unique ID"`
	FramedIPAddress     rest.Opt[host]      `json:"framed_ip_address" nullable:"true" blank:"true" metaType:"string" label:"Framed ip address"`
	FramedIPv6Address   rest.Opt[host6]     `json:"framed_ipv6_address" nullable:"true" blank:"true" metaType:"string" label:"Framed ipv6 address"`
	SessionTime         rest.Opt[count]     `json:"session_time" nullable:"true" blank:"true" metaType:"integer"`
	StopTime            rest.Opt[time.Time] `json:"stop_time" nullable:"true"`
	UpdateTime          rest.Opt[time.Time] `json:"update_time" nullable:"true"`
	InputOctets         rest.Opt[count]     `json:"input_octets" nullable:"true" blank:"true" metaType:"integer"`
	OutputOctets        rest.Opt[count]     `json:"output_octets" nullable:"true" blank:"true" metaType:"integer"`
	StatusType          rest.Opt[string]    `json:"status_type" required:"true" enum:"Start,Interim-Update,Stop,Accounting-On,Accounting-Off" enumLabels:"Start,Interim-Update,Stop,Accounting-On (ignored),Accounting-Off (ignored)"`
	SessionID           rest.Opt[string]    `json:"session_id" required:"true" maxLength:"64" label:"Session ID"`
	Username            rest.Opt[string]    `json:"username" nullable:"true" blank:"true" maxLength:"64"`
	GroupName           rest.Opt[string]    `json:"groupname" nullable:"true" blank:"true" maxLength:"64" label:"Group name"`
	Realm               rest.Opt[string]    `json:"realm" nullable:"true" blank:"true" maxLength:"64"`
	NASIPAddress        rest.Opt[string]    `json:"nas_ip_address" required:"true" format:"ip" label:"NAS IP address"`
	NASPortID           rest.Opt[string]    `json:"nas_port_id" nullable:"true" blank:"true" maxLength:"15" label:"NAS port ID"`
	NASPortType         rest.Opt[string]    `json:"nas_port_type" nullable:"true" blank:"true" maxLength:"32" label:"NAS port type"`
	StartTime           rest.Opt[time.Time] `json:"start_time" nullable:"true"`
	Interval            rest.Opt[count]     `json:"interval" nullable:"true" blank:"true" metaType:"integer"`
	Authentication      rest.Opt[string]    `json:"authentication" nullable:"true" blank:"true" maxLength:"32"`
	ConnectInfoStart    rest.Opt[string]    `json:"connection_info_start" nullable:"true" blank:"true" maxLength:"50"`
	ConnectInfoStop     rest.Opt[string]    `json:"connection_info_stop" nullable:"true" blank:"true" maxLength:"50"`
	CalledStationID     rest.Opt[string]    `json:"called_station_id" nullable:"true" blank:"true" maxLength:"253" label:"Called station ID"`
	CallingStationID    rest.Opt[string]    `json:"calling_station_id" nullable:"true" blank:"true" maxLength:"253" label:"Calling station ID"`
	TerminateCause      rest.Opt[string]    `json:"terminate_cause" nullable:"true" blank:"true" maxLength:"32" label:"Termination cause"`
	ServiceType         rest.Opt[string]    `json:"service_type" nullable:"true" blank:"true" maxLength:"32"`
	FramedProtocol      rest.Opt[string]    `json:"framed_protocol" nullable:"true" blank:"true" maxLength:"32"`
	FramedIPv6Prefix    rest.Opt[net6]      `json:"framed_ipv6_prefix" nullable:"true" blank:"true" metaType:"string" maxLength:"44" label:"Framed IPv6 prefix"`
	FramedInterfaceID   rest.Opt[string]    `json:"framed_interface_id" nullable:"true" blank:"true" maxLength:"19" label:"Framed interface ID"`
	DelegatedIPv6Prefix rest.Opt[net6]      `json:"delegated_ipv6_prefix" nullable:"true" blank:"true" metaType:"string" maxLength:"44" label:"Delegated IPv6 prefix"`
	InputGigawords      rest.Opt[count]     `json:"input_gigawords" nullable:"true" blank:"true" metaType:"integer"`
	OutputGigawords     rest.Opt[count]     `json:"output_gigawords" nullable:"true" blank:"true" metaType:"integer"`
}

// checkAccounting refuses empty numbers where the status does not say what they
// mean.
func checkAccounting(_ *rest.Request, in *accountingIn) error {
	var v wispwright.ValidationError
	if in.StatusType.Set {
		return nil
	}
	for _, f := range []struct {
		name string
		c    rest.Opt[count]
	}{{"session_time", in.SessionTime}, {"input_octets", in.InputOctets}, {"output_octets", in.OutputOctets}} {
		if f.c.Set && !f.c.Null && f.c.V.blank {
			v.Add(f.name, noInteger)
		}
	}
	return v.Err()
}

// number puts a number into a session; an empty one is 0 at the start of a session
// and leaves what is known otherwise.
func number(o rest.Opt[count], start bool, into **int64) {
	switch {
	case !o.Set:
	case o.Null:
		*into = nil
	case !o.V.blank:
		n := o.V.n
		*into = &n
	case start && *into == nil:
		*into = new(int64)
	}
}

// octets is number with the upper 32 bits, which RADIUS has in an attribute of their
// own (RFC 2869).
func octets(o, giga rest.Opt[count], start bool, into **int64) {
	number(o, start, into)
	if giga.Set && !giga.Null && !giga.V.blank && giga.V.n > 0 && giga.V.n < 1<<31 && *into != nil {
		n := **into + giga.V.n<<32
		*into = &n
	}
}

// fill puts a packet into a session.
func (in *accountingIn) fill(username *string) func(*radius.Session) {
	nas, _ := netip.ParseAddr(in.NASIPAddress.V) // its format was checked
	return func(s *radius.Session) {
		start := in.StatusType.V == string(radius.Start)
		s.SessionID, s.NASAddress = in.SessionID.V, nas
		if in.Username.Set {
			s.Username = username
		}
		for _, f := range []struct {
			sent rest.Opt[string]
			into **string
		}{
			{in.GroupName, &s.GroupName}, {in.Realm, &s.Realm}, {in.NASPortID, &s.NASPortID}, {in.NASPortType, &s.NASPortType}, {in.Authentication, &s.Authentication},
			{in.ConnectInfoStart, &s.ConnectInfoStart}, {in.ConnectInfoStop, &s.ConnectInfoStop}, {in.CalledStationID, &s.CalledStationID},
			{in.CallingStationID, &s.CallingStationID}, {in.TerminateCause, &s.TerminateCause}, {in.ServiceType, &s.ServiceType},
			{in.FramedProtocol, &s.FramedProtocol}, {in.FramedInterfaceID, &s.FramedInterfaceID},
		} {
			if f.sent.Set {
				*f.into = pointer(f.sent)
			}
		}
		number(in.SessionTime, start, &s.SessionTime)
		number(in.Interval, false, &s.Interval)
		octets(in.InputOctets, in.InputGigawords, start, &s.InputOctets)
		octets(in.OutputOctets, in.OutputGigawords, start, &s.OutputOctets)
		for _, f := range []struct {
			sent rest.Opt[time.Time]
			into *time.Time
		}{{in.StartTime, &s.StartTime}, {in.StopTime, &s.StopTime}, {in.UpdateTime, &s.UpdateTime}} {
			f.sent.Into(f.into)
		}
		if in.FramedIPAddress.Set {
			s.FramedIPAddress = in.FramedIPAddress.V.Addr
		}
		if in.FramedIPv6Address.Set {
			s.FramedIPv6Address = in.FramedIPv6Address.V.Addr
		}
		for _, f := range []struct {
			sent rest.Opt[net6]
			into **string
		}{{in.FramedIPv6Prefix, &s.FramedIPv6Prefix}, {in.DelegatedIPv6Prefix, &s.DelegatedIPv6Prefix}} {
			if f.sent.Set {
				*f.into = nil
				if text := string(f.sent.V); text != "" {
					*f.into = &text
				}
			}
		}
	}
}

// mountAccounting adds what FreeRADIUS tells of sessions, and the list of them
// (spec: radius §3c).
func (h *HTTP) mountAccounting(api *rest.API) {
	stored := rest.CheckedAction("POST", "freeradius_accounting_create", http.StatusCreated, checkAccounting, func(r *rest.Request, in *accountingIn) (outcome, error) {
		p := through(r)
		username := pointer(in.Username)
		if username != nil {
			name := p.username(*username)
			username = &name
		}
		o, err := h.r.Accounting.Record(r.Context(), radius.Report{OrganizationID: p.organization, Status: radius.Status(in.StatusType.V), UniqueID: in.UniqueID.V, Set: in.fill(username)})
		return outcome{p.organization, o}, err
	}, http.StatusOK)
	record := stored.Handle
	stored.Handle = func(r *rest.Request) (int, any, error) {
		if done, err := h.rebooted(r); done || err != nil {
			return http.StatusOK, empty(), err
		}
		_, what, err := record(r)
		if o, ok := what.(outcome); ok && o.what == radius.Created {
			return http.StatusCreated, empty(), err
		}
		return http.StatusOK, empty(), err
	}
	api.Mount(&rest.View{
		Path: "/api/v1/freeradius/accounting/", Name: "Accounting", Tag: freeradiusTag, Access: rest.Authenticated, Schemes: []rest.Scheme{h.scheme()}, Throttle: h.machines,
		Description: "Sessions: what access servers tell of them, and the list.",
	}, unlessNobody(stored), h.sessionList("freeradius_accounting_list", h.exactFilters(), func(r *rest.Request, f *radius.SessionFilter) (wispwright.Scope, error) {
		f.OrganizationID = through(r).organization
		return wispwright.ScopeOf(f.OrganizationID), nil
	}))
}

// outcome is what became of a packet. The answer has no body; what is documented of it
// is what OPTIONS calls read-only.
type outcome struct {
	Organization wispwright.ID `json:"organization" metaType:"field"`

	what radius.Outcome
}

// rebooted answers access servers that begin or cease to account: they tell of no
// session, and often leave out all that sessions must have.
func (h *HTTP) rebooted(r *rest.Request) (bool, error) {
	in, err := rest.Decode[rebootIn](r, true)
	if err != nil || in == nil {
		return false, nil // the fields of a session are complained of
	}
	status := radius.Status(in.StatusType.V)
	if status != radius.AccountingOn && status != radius.AccountingOff {
		return false, nil
	}
	nas, _ := netip.ParseAddr(string(in.NASIPAddress.V)) // without an address none is looked for
	_, err = h.r.Accounting.Rebooted(r.Context(), through(r).organization, string(in.CalledStationID.V), nas)
	return true, err
}

type rebootIn struct {
	StatusType      rest.Opt[loose] `json:"status_type" nullable:"true" blank:"true" metaType:"string"`
	NASIPAddress    rest.Opt[loose] `json:"nas_ip_address" nullable:"true" blank:"true" metaType:"string"`
	CalledStationID rest.Opt[loose] `json:"called_station_id" nullable:"true" blank:"true" metaType:"string"`
}
