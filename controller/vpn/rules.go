package vpn

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

const (
	outsideSubnet = "VPN IP address must be within the VPN subnet"
	// mostText bounds notes and parameters, in characters.
	mostText = 64 << 10
)

// validate checks and completes a server (spec: controller-config §1.4), before its
// row is locked: its configuration is rendered, and a ZeroTier controller asked.
func (s *Servers) validate(ctx context.Context, ch entity.Change[Server]) error {
	o := ch.After
	var v wispwright.ValidationError
	valid.Text(&v, "name", o.Name, valid.Required, valid.Max(64))
	valid.Text(&v, "host", o.Host, valid.Required, valid.Max(64), wellFormedHost)
	if o.Key == "" {
		o.Key = controller.RandomKey()
	}
	controller.CheckKey(&v, "key", o.Key, 64)
	valid.Text(&v, "notes", o.Notes, valid.Max(mostText))
	valid.Text(&v, "dh", o.DH, valid.Max(mostText))
	valid.Text(&v, "webhook_endpoint", o.WebhookEndpoint, valid.Max(200), webAddress)
	valid.Text(&v, "auth_token", o.AuthToken.Reveal(), valid.Max(128))
	t := s.core.byPath[o.Backend]
	switch {
	case o.Backend == "":
		v.Add("backend", valid.Blank)
	case t == nil:
		v.Add("backend", valid.NoChoice(o.Backend))
	}
	if !o.Config.IsObject() {
		v.Add("config", render.UnexpectedFormat)
	}
	if t == nil {
		return v.Err()
	}
	if err := s.checkNeeds(ctx, &v, ch.Before, o, t); err != nil {
		return err
	}
	if err := adoptKeys(&v, ch.Before, o, t); err != nil {
		return err
	}
	if !v.Has("config") {
		if err := v.Merge("", adoptPeerKeys(o, t)); err != nil {
			return err
		}
	}
	if err := s.complete(o, t); err != nil {
		return err
	}
	if v.Has("config") || v.Has("private_key") || v.Has("peer_keys") {
		return v.Err()
	}
	if err := v.Merge("", s.core.checkConfig(ctx, o, t)); err != nil {
		return err
	}
	if t.Controller && !v.Has("host") && !v.Has("auth_token") {
		if err := v.Merge("", s.core.zerotier.check(ctx, o)); err != nil {
			return err
		}
	}
	return v.Err()
}

// wellFormedHost refuses what cannot be part of an address.
func wellFormedHost(host string) string {
	if strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == '/' || r == '"' || r == '\'' || r == '\\' || r == 0x7f }) {
		return "Enter a host name or an IP address."
	}
	return ""
}

// webAddress refuses addresses that no webhook can have.
func webAddress(address string) string {
	if address == "" {
		return ""
	}
	if fault := valid.URL(address); fault != "" {
		return fault
	}
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return valid.NoURL
	}
	return ""
}

// checkNeeds checks what the type wants: authority, certificate, subnet, address,
// token, and that they are of the server's organization or shared.
func (s *Servers) checkNeeds(ctx context.Context, v *wispwright.ValidationError, before, o *Server, t *Type) error {
	if !t.Certificates {
		o.CAID, o.CertID = 0, 0
	}
	if !t.Keys {
		o.PublicKey, o.PrivateKey = "", ""
	}
	if !t.Controller {
		o.NodeID, o.NetworkID = "", ""
	} else if o.AuthToken == "" {
		v.Add("auth_token", "Auth token is required for this VPN backend")
	}
	if err := s.checkCertificates(ctx, v, before, o, t); err != nil {
		return err
	}
	switch {
	case o.SubnetID.IsZero():
		if t.Subnet {
			v.Add("subnet", "Subnet is required for this VPN backend.")
		}
		o.AddressID = wispwright.ID{}
		return nil
	}
	n, err := s.core.ipam.Subnet(ctx, o.SubnetID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		v.Add("subnet", valid.UnknownPK(o.SubnetID))
		return nil
	case err != nil:
		return err
	}
	match(v, o, n.OrganizationID, "subnet")
	if n.Network.IsSingleIP() {
		v.Add("subnet", "The subnet has no room for clients.")
	}
	if o.AddressID.IsZero() || before != nil && before.AddressID == o.AddressID && before.OwnAddress && before.SubnetID != o.SubnetID {
		return nil
	}
	a, err := s.core.ipam.Address(ctx, o.AddressID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		v.Add("ip", valid.UnknownPK(o.AddressID))
	case err != nil:
		return err
	case a.SubnetID != o.SubnetID:
		v.Add("ip", outsideSubnet)
	}
	return nil
}

func (s *Servers) checkCertificates(ctx context.Context, v *wispwright.ValidationError, before, o *Server, t *Type) error {
	if !t.Certificates {
		return nil
	}
	if o.CAID == 0 {
		v.Add("ca", "CA is required with this VPN backend")
		return nil
	}
	cas, err := s.core.pki.Authorities(ctx, o.CAID)
	if err != nil {
		return err
	}
	ca := cas[o.CAID]
	if ca == nil {
		v.Add("ca", valid.UnknownPK(o.CAID))
		return nil
	}
	match(v, o, ca.OrganizationID, "CA")
	if before != nil && before.CAID != o.CAID && before.CertID == o.CertID && before.OwnCert {
		return nil // it is made anew
	}
	if o.CertID == 0 {
		return nil
	}
	certs, err := s.core.pki.Certificates(ctx, o.CertID)
	if err != nil {
		return err
	}
	cert := certs[o.CertID]
	switch {
	case cert == nil:
		v.Add("cert", valid.UnknownPK(o.CertID))
	case cert.CAID != o.CAID && before != nil && before.CAID != o.CAID && before.CertID == o.CertID:
		o.CertID = 0 // the authority was changed and nobody said which certificate
	case cert.CAID != o.CAID:
		v.Add("cert", "The selected certificate must match the selected CA.")
	default:
		match(v, o, cert.OrganizationID, "certificate")
		if before == nil || before.CertID != o.CertID {
			checkOwnCertificate(v, o, t, cert)
		}
	}
	return nil
}

// match wants an object of the server's organization, or a shared one.
func match(v *wispwright.ValidationError, o *Server, organization wispwright.ID, what string) {
	if !organization.IsZero() && organization != o.OrganizationID {
		v.Add("organization", "Please ensure that the organization of this VPN server and the organization of the related "+what+" match.")
	}
}

// complete makes keys and parameters.
func (s *Servers) complete(o *Server, t *Type) error {
	if t.Keys && o.PrivateKey == "" {
		var err error
		if o.PublicKey, o.PrivateKey, err = newKeys(); err != nil {
			return err
		}
	}
	if t.Certificates && o.DH == "" {
		o.DH = parameters
	}
	return nil
}

// checkConfig renders the server's side without its peers.
func (c *core) checkConfig(ctx context.Context, o *Server, t *Type) error {
	draft := *o
	draft.Subnet, draft.Address = netip.MustParsePrefix("192.0.2.0/24"), netip.MustParseAddr("192.0.2.1") // while there is none
	if n, err := c.subnetOf(ctx, o); err == nil && n.Network.IsValid() {                                  // its own fault was told
		draft.Subnet, draft.Address = n.Network, n.Network.Addr()
	}
	in, err := c.input(&draft, t, nil, nil)
	if err != nil {
		return err
	}
	if _, err := c.renderer.Archive(ctx, in); err != nil {
		return invalidConfig(err)
	}
	return nil
}

// invalidConfig is the fault of the field config for what could not be rendered.
func invalidConfig(err error) error {
	var refused *render.Error
	if !errors.As(err, &refused) {
		return err
	}
	v := &wispwright.ValidationError{}
	v.Add("config", refused.Message)
	for _, f := range refused.Faults {
		v.Places = append(v.Places, wispwright.Place{Pointer: f.Pointer, Message: f.Message})
	}
	return v
}

// input is what the server's side is rendered of; certificates may be nil.
func (c *core) input(o *Server, t *Type, certificates *material, peers []Peer) (render.Input, error) {
	config, err := decode(o.Config)
	if err != nil {
		return render.Input{}, err
	}
	if t.Complete != nil {
		if err := t.Complete(o, config, peers); err != nil {
			return render.Input{}, fmt.Errorf("complete VPN server %s: %w", o.ID, err)
		}
	}
	return render.Input{Backend: o.Backend, Config: wispwright.JSON(ordered.Append(nil, config)), Context: c.serverContext(o, certificates), Former: o.Inherited}, nil
}

// material are the certificates of a server.
type material struct{ ca, cert *Certificate }

// serverContext are the variables of the server's own side
// (spec: controller-config §5); only what there is.
func (c *core) serverContext(o *Server, m *material) map[string]any {
	out := map[string]any{}
	set := func(name, value string) {
		if value != "" {
			out[name] = value
		}
	}
	if m != nil && m.ca != nil {
		set("ca", m.ca.PEM)
	}
	if m != nil && m.cert != nil {
		set("cert", m.cert.PEM)
		set("key", m.cert.Key.Reveal())
	}
	set("dh", o.DH)
	set("private_key", o.PrivateKey.Reveal())
	set("public_key", o.PublicKey)
	if o.Subnet.IsValid() {
		set("subnet", o.Subnet.String())
		set("subnet_prefixlen", fmt.Sprint(o.Subnet.Bits()))
	}
	if o.Address.IsValid() {
		set("ip_address", o.Address.String())
	}
	set("node_id", o.NodeID)
	set("network_id", o.NetworkID)
	maps.Copy(out, c.Context)
	return out
}
