package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/x509"
)

var _ WithData = (*VPNConcern)(nil)

// vpnData is a VPN server in files of data, with the templates that lead to it. It is
// known by its organization and its name; its authority and its certificate by their
// common names, its subnet by the network. Secrets that are left out stay, or are made.
type vpnData struct {
	ID              string            `json:"id,omitempty"`
	Organization    string            `json:"organization,omitempty"`
	Name            string            `json:"name"`
	Host            string            `json:"host"`
	Backend         string            `json:"backend"`
	Config          json.RawMessage   `json:"config"`
	Notes           string            `json:"notes,omitempty"`
	CA              string            `json:"ca,omitempty"`
	Cert            string            `json:"cert,omitempty"`
	DH              string            `json:"dh,omitempty"`
	Subnet          string            `json:"subnet,omitempty"`
	SubnetIsShared  bool              `json:"subnet_is_shared,omitempty"`
	IPAddress       string            `json:"ip_address,omitempty"`
	Key             string            `json:"key,omitempty"`
	PrivateKey      string            `json:"private_key,omitempty"`
	PeerKeys        map[string]string `json:"peer_keys,omitempty"`
	WebhookEndpoint string            `json:"webhook_endpoint,omitempty"`
	AuthToken       string            `json:"auth_token,omitempty"`
	Hub             bool              `json:"hub,omitempty"`
	Templates       []vpnTemplateData `json:"templates,omitempty"`
}

// vpnTemplateData is a template that leads to a server. Its configuration is made of the
// server's where it is left out.
type vpnTemplateData struct {
	Organization  *string         `json:"organization,omitempty"` // default: the server's
	Name          string          `json:"name"`
	Backend       string          `json:"backend,omitempty"`
	Config        json.RawMessage `json:"config,omitempty"`
	AutoCert      *bool           `json:"auto_cert,omitempty"`
	Default       bool            `json:"default,omitempty"`
	Required      bool            `json:"required,omitempty"`
	Tags          []string        `json:"tags,omitempty"`
	DefaultValues json.RawMessage `json:"default_values,omitempty"`
	Notes         string          `json:"notes,omitempty"`
}

// DataKeys implements WithData.
func (c *VPNConcern) DataKeys() []string { return []string{"vpn_servers"} }

// LoadData implements WithData.
func (c *VPNConcern) LoadData(_ context.Context, part map[string]json.RawMessage) (func(context.Context) error, error) {
	var servers []vpnData
	if text, ok := part["vpn_servers"]; ok {
		if err := strictly(text, &servers); err != nil {
			return nil, fmt.Errorf("vpn_servers: %w", err)
		}
	}
	return func(ctx context.Context) error {
		for i := range servers {
			if err := c.loadServer(ctx, &servers[i]); err != nil {
				return fmt.Errorf("VPN server %s: %w", servers[i].Name, err)
			}
		}
		return nil
	}, nil
}

// canonical is a JSON object as it is stored, the empty one for none.
func canonical(field string, text json.RawMessage) (wispwright.JSON, error) {
	if len(text) == 0 {
		return "{}", nil
	}
	o, err := ordered.DecodeObject(text)
	if err != nil {
		return "", wispwright.Invalid(field, "Want a JSON object.")
	}
	return wispwright.JSON(ordered.Append(nil, o)), nil
}

// loadServer makes a server, or changes the one of that name, and its templates.
func (c *VPNConcern) loadServer(ctx context.Context, d *vpnData) error {
	if strings.HasSuffix(d.Backend, ".ZeroTier") {
		return wispwright.Invalid("backend", "Networks of ZeroTier controllers are made over the API, since the controller takes part.")
	}
	organization, err := c.Tenancy.bySlug(ctx, d.Organization)
	if err != nil {
		return err
	}
	fill, err := c.filled(ctx, organization, d)
	if err != nil {
		return err
	}
	s, err := c.Servers.First(ctx, ownedBy(organization), vpn.ServerFilter{Name: d.Name})
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		s = &vpn.Server{OrganizationID: organization}
		if d.ID != "" {
			if s.ID, err = wispwright.ParseID(d.ID); err != nil {
				return wispwright.Invalid("id", "Must be a valid UUID.")
			}
		}
		if err := errors.Join(fill(s), c.Servers.Create(ctx, s)); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		if s, err = c.Servers.Update(ctx, everyone(), s.ID, fill); err != nil {
			return err
		}
	}
	for i := range d.Templates {
		if err := c.loadTemplate(ctx, s, &d.Templates[i]); err != nil {
			return fmt.Errorf("template %s: %w", d.Templates[i].Name, err)
		}
	}
	return nil
}

// filled finds what a server refers to and returns what fills it in.
func (c *VPNConcern) filled(ctx context.Context, organization wispwright.ID, d *vpnData) (func(*vpn.Server) error, error) {
	config, err := canonical("config", d.Config)
	if err != nil {
		return nil, err
	}
	ca, cert, err := c.certificatesOf(ctx, organization, d)
	if err != nil {
		return nil, err
	}
	subnet, address, err := c.addressOf(ctx, organization, d)
	if err != nil {
		return nil, err
	}
	return func(s *vpn.Server) error {
		s.Name, s.Host, s.Backend, s.Config, s.Notes = d.Name, d.Host, d.Backend, config, d.Notes
		s.WebhookEndpoint, s.Hub, s.CAID, s.SubnetID = d.WebhookEndpoint, d.Hub, ca, subnet
		if cert != 0 {
			s.CertID = cert
		}
		if !address.IsZero() {
			s.AddressID = address
		}
		if d.DH != "" {
			s.DH = d.DH
		}
		for text, to := range map[*string]*wispwright.Secret{&d.Key: &s.Key, &d.PrivateKey: &s.PrivateKey, &d.AuthToken: &s.AuthToken} {
			if *text != "" {
				*to = wispwright.Secret(*text)
			}
		}
		if len(d.PeerKeys) > 0 {
			raw, err := json.Marshal(d.PeerKeys)
			if err != nil {
				return err
			}
			s.PeerKeys = wispwright.Secret(raw)
		}
		return nil
	}, nil
}

// certificatesOf finds an authority of the organization, or a shared one, and a
// certificate of it; zero for none.
func (c *VPNConcern) certificatesOf(ctx context.Context, organization wispwright.ID, d *vpnData) (ca, cert int64, err error) {
	if d.CA == "" {
		return 0, 0, nil
	}
	if c.PKI != nil {
		return 0, 0, wispwright.Invalid("ca", "The authorities of this program have no place in files of data.")
	}
	cas, err := c.X509.CAs.List(ctx, ownedBy(organization).WithShared(), x509.CAFilter{CommonName: d.CA}, unpaged)
	if err != nil {
		return 0, 0, err
	}
	for _, one := range cas.Rows {
		if ca == 0 || one.OrganizationID == organization {
			ca = one.ID
		}
	}
	if ca == 0 {
		return 0, 0, wispwright.Invalid("ca", fmt.Sprintf("There is no authority %q.", d.CA))
	}
	if d.Cert == "" {
		return ca, 0, nil
	}
	certs, err := c.X509.Certs.List(ctx, ownedBy(organization).WithShared(), x509.CertFilter{CAID: ca, CommonName: d.Cert}, unpaged)
	if err == nil && len(certs.Rows) == 0 {
		err = wispwright.Invalid("cert", fmt.Sprintf("The authority %q has no certificate %q.", d.CA, d.Cert))
	}
	if err != nil {
		return 0, 0, err
	}
	return ca, certs.Rows[0].ID, nil
}

// addressOf finds a subnet and records an address in it; zero for none.
func (c *VPNConcern) addressOf(ctx context.Context, organization wispwright.ID, d *vpnData) (subnet, address wispwright.ID, err error) {
	if d.Subnet == "" {
		return subnet, address, nil
	}
	if c.Addresses != nil {
		return subnet, address, wispwright.Invalid("subnet", "The subnets of this program have no place in files of data.")
	}
	network, err := ipam.ParseNetwork(d.Subnet)
	if err != nil {
		return subnet, address, wispwright.Invalid("subnet", err.Error())
	}
	owner := organization
	if d.SubnetIsShared {
		owner = wispwright.ID{}
	}
	n, err := c.IPAM.find(ctx, owner, network)
	if errors.Is(err, wispwright.ErrNotFound) {
		err = wispwright.Invalid("subnet", fmt.Sprintf("There is no subnet %s.", network))
	}
	if err != nil || d.IPAddress == "" {
		return idOf(n), address, err
	}
	value, err := ipam.ParseAddress(d.IPAddress)
	if err != nil {
		return subnet, address, wispwright.Invalid("ip_address", err.Error())
	}
	a, err := c.IPAM.Addresses.First(ctx, everyone(), ipam.AddressFilter{SubnetID: n.ID, IPAddress: value})
	if errors.Is(err, wispwright.ErrNotFound) {
		a = &ipam.Address{SubnetID: n.ID, IPAddress: value, Description: d.Name}
		err = c.IPAM.Addresses.Create(ctx, a)
	}
	if err != nil {
		return subnet, address, err
	}
	return n.ID, a.ID, nil
}

func idOf(n *ipam.Subnet) (none wispwright.ID) {
	if n == nil {
		return none
	}
	return n.ID
}

// loadTemplate makes a template, or changes the one of that name.
func (c *VPNConcern) loadTemplate(ctx context.Context, s *vpn.Server, d *vpnTemplateData) error {
	organization := s.OrganizationID
	if d.Organization != nil {
		var err error
		if organization, err = c.Tenancy.bySlug(ctx, *d.Organization); err != nil {
			return err
		}
	}
	config, err := canonical("config", d.Config)
	if err != nil {
		return err
	}
	values, err := canonical("default_values", d.DefaultValues)
	if err != nil {
		return err
	}
	fill := func(t *controller.Template) error {
		t.Name, t.Type, t.VPNID, t.Backend, t.AutoCert = d.Name, controller.TemplateVPN, s.ID, d.Backend, d.AutoCert == nil || *d.AutoCert
		t.Default, t.Required, t.Tags, t.DefaultValues, t.Notes = d.Default || d.Required, d.Required, d.Tags, values, d.Notes
		if t.Backend == "" {
			t.Backend = openWrtBackend
		}
		if len(d.Config) > 0 || t.Config == "" {
			t.Config = config
		}
		return nil
	}
	templates := c.Controller.Templates
	t, err := templates.First(ctx, ownedBy(organization), controller.TemplateFilter{Name: d.Name})
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		t = &controller.Template{OrganizationID: organization}
		return errors.Join(fill(t), templates.Create(ctx, t))
	case err != nil:
		return err
	case t.VPNID != s.ID:
		return wispwright.Invalid("name", "There is a template of this name already that does not lead to this server.")
	}
	_, err = templates.Update(ctx, everyone(), t.ID, fill)
	return err
}

// openWrtBackend is what templates are written for unless they say otherwise.
const openWrtBackend = "netjsonconfig.OpenWrt"

// DumpData implements WithData. Networks of ZeroTier controllers are left out.
func (c *VPNConcern) DumpData(ctx context.Context) (any, error) {
	var out struct {
		Servers []vpnData `json:"vpn_servers"`
	}
	out.Servers = []vpnData{}
	slugs, err := c.Tenancy.slugs(ctx)
	if err != nil {
		return nil, err
	}
	byName := wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Name"}, {Field: "ID"}}}
	servers, err := c.Servers.List(ctx, everyone(), vpn.ServerFilter{}, byName)
	if err != nil {
		return nil, err
	}
	for _, s := range servers.Rows {
		if strings.HasSuffix(s.Backend, ".ZeroTier") {
			continue
		}
		d, err := c.dumpServer(ctx, s, slugs)
		if err != nil {
			return nil, err
		}
		out.Servers = append(out.Servers, *d)
	}
	return out, nil
}

func (c *VPNConcern) dumpServer(ctx context.Context, s *vpn.Server, slugs map[wispwright.ID]string) (*vpnData, error) {
	d := &vpnData{
		ID: s.ID.String(), Organization: slugs[s.OrganizationID], Name: s.Name, Host: s.Host, Backend: s.Backend, Config: json.RawMessage(s.Config), Notes: s.Notes, DH: s.DH,
		Key: s.Key.Reveal(), PrivateKey: s.PrivateKey.Reveal(), WebhookEndpoint: s.WebhookEndpoint, AuthToken: s.AuthToken.Reveal(), Hub: s.Hub,
	}
	if s.PeerKeys != "" {
		if err := json.Unmarshal([]byte(s.PeerKeys.Reveal()), &d.PeerKeys); err != nil {
			return nil, fmt.Errorf("keys of the peers of VPN server %s cannot be read", s.Name)
		}
	}
	if c.PKI == nil && s.CAID != 0 {
		ca, err := c.X509.CAs.Get(ctx, everyone(), s.CAID)
		if err != nil {
			return nil, err
		}
		d.CA = ca.CommonName
		if s.CertID != 0 {
			cert, err := c.X509.Certs.Get(ctx, everyone(), s.CertID)
			if err != nil {
				return nil, err
			}
			d.Cert = cert.CommonName
		}
	}
	if c.Addresses == nil && !s.SubnetID.IsZero() {
		n, err := c.IPAM.Subnets.Get(ctx, everyone(), s.SubnetID)
		if err != nil {
			return nil, err
		}
		d.Subnet, d.SubnetIsShared = n.Subnet.String(), n.Shared() && !s.OrganizationID.IsZero()
		if s.Address.IsValid() {
			d.IPAddress = s.Address.String()
		}
	}
	templates, err := c.Controller.Templates.List(ctx, everyone(), controller.TemplateFilter{VPNID: s.ID}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
	if err != nil {
		return nil, err
	}
	for _, t := range templates.Rows {
		owner := slugs[t.OrganizationID]
		d.Templates = append(d.Templates, vpnTemplateData{
			Organization: &owner, Name: t.Name, Backend: t.Backend, Config: json.RawMessage(t.Config), AutoCert: &t.AutoCert, Default: t.Default, Required: t.Required, Tags: t.Tags,
			DefaultValues: json.RawMessage(t.DefaultValues), Notes: t.Notes,
		})
	}
	return d, nil
}
