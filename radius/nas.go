package radius

import (
	"context"
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// NAS is an access server: what lets people into a network and asks the RADIUS
// server about them (spec: radius §1.6).
type NAS struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is.
	OrganizationID wispwright.ID
	// Name is its address, a network in CIDR notation or a host name, up to 128
	// characters. Change of authorization needs one of the first two.
	Name string
	// ShortName is shown to people, up to 32 characters.
	ShortName string
	// Type is one of nasTypes.
	Type string
	// Ports is how many it has; nil: unknown.
	Ports *int64
	// Secret is shared with it, up to 60 characters.
	Secret wispwright.Secret
	// PlainSecret is Secret in clear where FreeRADIUS is to read the table itself
	// (Options.PlainSecrets), else empty. It is kept by the service.
	PlainSecret string
	// Server is the virtual server of FreeRADIUS, Community that of SNMP,
	// Description free text: up to 64, 50 and 200 characters.
	Server, Community, Description string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// NASFilter selects access servers; the zero value all.
type NASFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Search is a part of name, short name or server, in any letter case.
	Search string
}

// Shape is how storages keep access servers.
func (NAS) Shape() store.Shape {
	return store.Shape{Table: "nas", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Name", "ShortName", "Server"}}
}

// nasTypes are the kinds of access servers (spec: radius §1.6).
func nasTypes() []string {
	return []string{
		"Async", "Sync", "ISDN Sync", "ISDN Async V.120", "ISDN Async V.110", "Virtual", "PIAFS", "HDLC Clear", "Channel", "X.25", "X.75", "G.3 Fax",
		"SDSL", "ADSL-CAP", "ADSL-DMT", "IDSL", "Ethernet", "xDSL", "Cable", "Wireless - Other", "IEEE 802.11", "Token-Ring", "FDDI", "Wireless - CDMA2000",
		"Wireless - UMTS", "Wireless - 1X-EV", "IAPP", "FTTP", "IEEE 802.16", "IEEE 802.20", "IEEE 802.22", "PPPoA", "PPPoEoA", "PPPoEoE", "PPPoEoVLAN",
		"PPPoEoQinQ", "xPON", "Wireless - XGP", "WiMAX", "WIMAX-WIFI-IWK", "WIMAX-SFF", "WIMAX-HA-LMA", "WIMAX-DHCP", "WIMAX-LBS", "WIMAX-WVS", "Other",
	}
}

// NASes is the service of access servers, newest first.
type NASes struct {
	*entity.Service[wispwright.ID, NAS, NASFilter]
	types []string
	plain bool
}

func newNASes(b *entity.Base, store wispwright.Repo[NAS, NASFilter], o *Options) *NASes {
	s := &NASes{types: slices.Concat(o.NASTypes, nasTypes(), []string{"other"}), plain: o.PlainSecrets}
	s.Service = entity.New(b, store, entity.Kind[wispwright.ID, NAS]{
		Name: "radius.NASes", Model: "openwisp_radius.nas", Label: func(n *NAS) string { return n.Name }, Validate: s.validate, Hidden: []string{"PlainSecret"},
	})
	return s
}

// Types are the kinds that may be chosen.
func (s *NASes) Types() []string { return slices.Clone(s.types) }

// nasName is a host name, beside addresses and networks.
var nasName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`)

func (s *NASes) validate(_ context.Context, c entity.Change[NAS]) error {
	n := c.After
	if n.Type == "" {
		n.Type = "other"
	}
	n.PlainSecret = ""
	if s.plain {
		n.PlainSecret = n.Secret.Reveal()
	}
	var v wispwright.ValidationError
	if n.OrganizationID.IsZero() {
		v.Add("organization", valid.Blank)
	}
	valid.Text(&v, "name", n.Name, valid.Required, valid.Max(128))
	if _, err := n.Network(); err != nil && n.Name != "" && !nasName.MatchString(n.Name) {
		v.Add("name", "Enter an IP address, a network or a host name.")
	}
	valid.Text(&v, "short_name", n.ShortName, valid.Required, valid.Max(32))
	valid.Text(&v, "type", n.Type, valid.Max(30), valid.OneOf(s.types...))
	valid.Text(&v, "secret", n.Secret.Reveal(), valid.Required, valid.Max(60))
	valid.Text(&v, "server", n.Server, valid.Max(64))
	valid.Text(&v, "community", n.Community, valid.Max(50))
	valid.Text(&v, "description", n.Description, valid.Max(200))
	if n.Ports != nil && (*n.Ports < 0 || *n.Ports > 1<<31-1) {
		v.Add("ports", "Ensure this value is between 0 and 2147483647.")
	}
	return v.Err()
}

// errNoNetwork is said of a NAS that is named by a host name.
var errNoNetwork = errors.New("the name is neither an address nor a network")

// Network is where it is, if its name is an address or a network.
func (n *NAS) Network() (netip.Prefix, error) {
	if a, err := netip.ParseAddr(n.Name); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(n.Name)
	if err != nil {
		return netip.Prefix{}, errNoNetwork
	}
	return p.Masked(), nil
}

// At returns the access server of an organization at an address: the narrowest
// network wins. wispwright.ErrNotFound: there is none.
func (s *NASes) At(ctx context.Context, organization wispwright.ID, address netip.Addr) (*NAS, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), NASFilter{OrganizationID: organization}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	var best *NAS
	bits := -1
	for _, n := range found.Rows {
		p, err := n.Network()
		if err == nil && p.Bits() > bits && p.Contains(address.Unmap()) {
			best, bits = n, p.Bits()
		}
	}
	if best == nil {
		return nil, wispwright.ErrNotFound
	}
	return best, nil
}
