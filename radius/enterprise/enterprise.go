// Package enterprise makes a network for which everybody has an account of their own
// (WPA-Enterprise) in one step: authority, certificate of the server, access points,
// their configuration, and profiles for telephones.
package enterprise

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/radius"
)

// Network is a network of an organization that people come into by EAP. Each
// organization has one at most.
type Network struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is.
	OrganizationID wispwright.ID
	// SSID is its name in the air, 1 to 32 octets.
	SSID string
	// Server is the host name or the address at which access points reach the RADIUS
	// server; ServerName is the name in the certificate that devices check.
	Server, ServerName string
	// AccessPoints are where the access points are, an address or a network.
	AccessPoints string
	// CAID is the authority, CertID the server's certificate.
	CAID, CertID int64
	// NASID are the access points as an access server, TemplateID is their
	// configuration.
	NASID, TemplateID wispwright.ID
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// NetworkFilter selects networks; the zero value all.
type NetworkFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
}

const uniqueNetwork = "radius_enterprise_organization"

// Shape is how storages keep networks.
func (Network) Shape() store.Shape {
	return store.Shape{Table: "radius_enterprise", Org: "OrganizationID", Order: store.Oldest("Created"),
		Unique: []store.Unique{{Name: uniqueNetwork, Fields: []string{"OrganizationID"}}}}
}

// Wish is what somebody says of a network that is to be made.
type Wish struct {
	// OrganizationID, SSID, Server, ServerName and AccessPoints are those of Network.
	// Default of ServerName: Server.
	OrganizationID                         wispwright.ID
	SSID, Server, ServerName, AccessPoints string
	// Radios are those of the access points that send it. Default: radio0.
	Radios []string
	// AccessPort and AccountingPort are the server's. Default: 1812 and 1813.
	AccessPort, AccountingPort int
}

// Parts are the other parts of the system that a network is made of. Each works in the
// transaction of its context.
type Parts interface {
	// Certify makes an authority of an organization and a certificate of it for a
	// server's name.
	Certify(ctx context.Context, organization wispwright.ID, authority, server string) (ca, cert int64, err error)
	// Template stores configuration for access points.
	Template(ctx context.Context, organization wispwright.ID, name string, config map[string]any) (wispwright.ID, error)
	// Pair is a certificate with its chain and its key; authorities are those that
	// devices are to trust. wispwright.ErrNotFound: it was deleted.
	Pair(ctx context.Context, ca, cert int64) (pair tls.Certificate, authorities []*x509.Certificate, err error)
}

// Networks is the service of networks.
type Networks struct {
	*entity.Service[wispwright.ID, Network, NetworkFilter]
	base  *entity.Base
	r     *radius.Radius
	parts Parts
}

// New makes the service over a store of the base's transactor.
func New(base *entity.Base, networks wispwright.Repo[Network, NetworkFilter], r *radius.Radius, parts Parts) (*Networks, error) {
	if base == nil || base.Tx == nil || networks == nil || r == nil || parts == nil {
		return nil, errors.New("enterprise: base, store, radius and parts are required")
	}
	s := &Networks{base: base, r: r, parts: parts}
	s.Service = entity.New(base, networks, entity.Kind[wispwright.ID, Network]{
		Name: "enterprise.Networks", Model: "openwisp_radius.enterprisenetwork", Label: func(n *Network) string { return n.SSID },
		Validate: func(_ context.Context, c entity.Change[Network]) error { return c.After.check() },
		Unique:   map[string]error{uniqueNetwork: wispwright.Invalid("", "The organization has such a network already.")},
	})
	return s, nil
}

// Events lists the events of the package.
func (s *Networks) Events() []event.Listed { return s.Listed("") }

// hostName is a name that certificates and access points take.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

func (n *Network) check() error {
	var v wispwright.ValidationError
	if n.OrganizationID.IsZero() {
		v.Add("organization", valid.Blank)
	}
	switch {
	case n.SSID == "":
		v.Add("ssid", valid.Blank)
	case len(n.SSID) > 32:
		v.Add("ssid", "Ensure this field has no more than 32 octets.")
	}
	if _, err := netip.ParseAddr(n.Server); err != nil && (!hostName.MatchString(n.Server) || len(n.Server) > 253) {
		v.Add("server", "Enter a host name or an address.")
	}
	if !hostName.MatchString(n.ServerName) || len(n.ServerName) > 64 {
		v.Add("server_name", "Enter a host name of up to 64 characters.")
	}
	if _, err := (&radius.NAS{Name: n.AccessPoints}).Network(); err != nil {
		v.Add("access_points", "Enter an IP address or a network.")
	}
	return v.Err()
}

// Make makes a network with all that belongs to it, or nothing.
func (s *Networks) Make(ctx context.Context, w Wish) (*Network, error) {
	n := &Network{OrganizationID: w.OrganizationID, SSID: w.SSID, Server: w.Server, ServerName: w.ServerName, AccessPoints: w.AccessPoints}
	if n.ServerName == "" {
		n.ServerName = n.Server
	}
	if len(w.Radios) == 0 {
		w.Radios = []string{"radio0"}
	}
	if w.AccessPort == 0 {
		w.AccessPort = 1812
	}
	if w.AccountingPort == 0 {
		w.AccountingPort = 1813
	}
	if err := n.check(); err != nil {
		return nil, err
	}
	secret := rand.Text()
	err := s.base.Do(ctx, "enterprise.Networks.Make", func(ctx context.Context) error {
		there, err := s.List(ctx, wispwright.ScopeAll(), NetworkFilter{OrganizationID: w.OrganizationID}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(there.Rows) > 0 {
			return s.Kind().Unique[uniqueNetwork]
		}
		nas := &radius.NAS{OrganizationID: n.OrganizationID, Name: n.AccessPoints, ShortName: short(n.SSID), Type: "other", Secret: wispwright.Secret(secret), Description: "Access points of " + n.SSID}
		if err := s.r.NASes.Create(ctx, nas); err != nil {
			return err
		}
		if n.CAID, n.CertID, err = s.parts.Certify(ctx, n.OrganizationID, n.SSID+" CA", n.ServerName); err != nil {
			return err
		}
		if n.TemplateID, err = s.parts.Template(ctx, n.OrganizationID, n.SSID+" (WPA-Enterprise)", configuration(n, w, secret)); err != nil {
			return err
		}
		n.NASID = nas.ID
		return s.Create(ctx, n)
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}

// short is the beginning of a name that fits a short one.
func short(name string) string {
	r := []rune(name)
	return string(r[:min(len(r), 32)])
}

// configuration is NetJSON for access points.
func configuration(n *Network, w Wish, secret string) map[string]any {
	interfaces := []any{}
	for i, r := range w.Radios {
		interfaces = append(interfaces, map[string]any{
			"type": "wireless", "name": fmt.Sprint("wlan", i), "wireless": map[string]any{
				"mode": "access_point", "radio": r, "ssid": n.SSID, "network": []any{"lan"},
				"encryption": map[string]any{"protocol": "wpa2_enterprise", "cipher": "ccmp", "key": secret, "server": n.Server, "port": w.AccessPort, "acct_server": n.Server, "acct_server_port": w.AccountingPort},
			},
		})
	}
	return map[string]any{"interfaces": interfaces}
}

// Of returns the network of an organization, or wispwright.ErrNotFound.
func (s *Networks) Of(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Network, error) {
	return s.First(ctx, scope, NetworkFilter{OrganizationID: organization})
}

// Pair is the server's certificate of an organization with its key, and the
// authorities that devices are to trust; wispwright.ErrNotFound: there is none.
func (s *Networks) Pair(ctx context.Context, organization wispwright.ID) (tls.Certificate, []*x509.Certificate, error) {
	n, err := s.Of(ctx, wispwright.ScopeAll(), organization)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return s.parts.Pair(ctx, n.CAID, n.CertID)
}
