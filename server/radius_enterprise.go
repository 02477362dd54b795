package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	stdx509 "crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/radius/enterprise"
	"github.com/wispwright/wispwright/radius/radiusd"
	"github.com/wispwright/wispwright/radius/radiussql"
	"github.com/wispwright/wispwright/x509"
)

// enterpriseParts are certificates and templates of the server, as networks with EAP
// are made of them.
type enterpriseParts struct{ host *Host }

var _ enterprise.Parts = enterpriseParts{}

// errNoPart is said where the server was put together without one of them.
var errNoPart = errors.New("WPA-Enterprise needs certificates and configuration management")

// mark tells things of one name apart that were made one after the other.
func mark(name string) string { return name + " " + rand.Text()[:5] }

// Certify implements enterprise.Parts.
func (p enterpriseParts) Certify(ctx context.Context, organization wispwright.ID, authority, server string) (int64, int64, error) {
	pki, ok := Find[*X509Concern](p.host.server.concerns)
	if !ok {
		return 0, 0, errNoPart
	}
	name := mark(authority)
	ca := &x509.CA{Details: x509.Details{Name: name, CommonName: name, OrganizationID: organization, KeyLength: "256", ValidityEnd: time.Now().AddDate(10, 0, 0)}}
	if err := pki.CAs.Create(ctx, ca); err != nil {
		return 0, 0, fmt.Errorf("authority: %w", err)
	}
	cert := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: mark(server), CommonName: server, OrganizationID: organization, KeyLength: "256", AutoRenew: true,
		Extensions: []x509.Extension{{Name: "extendedKeyUsage", Value: "serverAuth"}, {Name: "subjectAltName", Value: "DNS:" + server}}}}
	if err := pki.Certs.Create(ctx, cert); err != nil {
		return 0, 0, fmt.Errorf("certificate: %w", err)
	}
	return ca.ID, cert.ID, nil
}

// Template implements enterprise.Parts.
func (p enterpriseParts) Template(ctx context.Context, organization wispwright.ID, name string, config map[string]any) (wispwright.ID, error) {
	c, ok := Find[*ControllerConcern](p.host.server.concerns)
	if !ok {
		return wispwright.ID{}, errNoPart
	}
	text, err := json.Marshal(config)
	if err != nil {
		return wispwright.ID{}, fmt.Errorf("template: %w", err)
	}
	r := []rune(name)
	t := &controller.Template{OrganizationID: organization, Name: mark(string(r[:min(len(r), 56)])), Backend: "netjsonconfig.OpenWrt", Config: wispwright.JSON(text)}
	if err := c.Templates.Create(ctx, t); err != nil {
		return wispwright.ID{}, fmt.Errorf("template: %w", err)
	}
	return t.ID, nil
}

// Pair implements enterprise.Parts.
func (p enterpriseParts) Pair(ctx context.Context, ca, cert int64) (pair tls.Certificate, authorities []*stdx509.Certificate, err error) {
	pki, ok := Find[*X509Concern](p.host.server.concerns)
	if !ok {
		return pair, nil, errNoPart
	}
	c, err := pki.Certs.Get(ctx, everyone(), cert)
	if err != nil {
		return pair, nil, err
	}
	chain, err := pki.CAs.Chain(ctx, ca)
	if err != nil {
		return pair, nil, err
	}
	if pair, err = tls.X509KeyPair([]byte(x509.Bundle(c.Certificate, chain)), []byte(c.PrivateKey.Reveal())); err != nil {
		return pair, nil, fmt.Errorf("certificate of the RADIUS server: %w", err)
	}
	for _, ca := range chain {
		block, _ := pem.Decode([]byte(ca.Certificate))
		if block == nil {
			return pair, nil, fmt.Errorf("authority %d has no certificate", ca.ID)
		}
		parsed, err := stdx509.ParseCertificate(block.Bytes)
		if err != nil {
			return pair, nil, fmt.Errorf("authority %d: %w", ca.ID, err)
		}
		authorities = append(authorities, parsed)
	}
	return pair, authorities, nil
}

// newEnterprise makes the service of networks with EAP.
func (c *RadiusConcern) newEnterprise(h *Host) error {
	networks, err := radiussql.NewEnterprise(h.DB())
	if err != nil {
		return err
	}
	c.networks, err = enterprise.New(c.base, networks, c.Radius, enterpriseParts{h})
	return err
}

// offered is what the own server offers to devices of each organization: its network's
// certificate, or nothing of its own. A renewed certificate is offered within half a
// minute.
func (c *RadiusConcern) offered(h *Host, lists *revocations) (func(context.Context, wispwright.ID) (*radiusd.EAPOptions, error), error) {
	known := cache.New[wispwright.ID, *radiusd.EAPOptions]("radius.offers", cache.Options{Size: 10_000, Bus: h.DB()})
	c.networks.Changed.Within("radius: what is offered to devices", func(ctx context.Context, changes ...entity.Change[enterprise.Network]) error {
		var keys []wispwright.ID
		for _, n := range changes {
			for _, one := range []*enterprise.Network{n.Before, n.After} {
				if one != nil {
					keys = append(keys, one.OrganizationID)
				}
			}
		}
		return known.Drop(ctx, keys...)
	})
	offer := func(ctx context.Context, organization wispwright.ID) (*radiusd.EAPOptions, error) {
		return known.Load(ctx, organization, func(ctx context.Context) (*radiusd.EAPOptions, error) {
			pair, authorities, err := c.networks.Pair(ctx, organization)
			if errors.Is(err, wispwright.ErrNotFound) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			pool := stdx509.NewCertPool()
			for _, a := range authorities {
				pool.AddCert(a)
			}
			return &radiusd.EAPOptions{Certificate: pair, ClientCAs: pool, Revoked: lists.revoked}, nil
		})
	}
	return offer, known.Listen(h.Lifetime())
}
