package server

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/x509"
)

var _ WithData = (*X509Concern)(nil)

// caData is an authority in files of data, with the certificates it issued; both are
// known by what their PEM holds. Keys are in clear, or under their passphrase.
type caData struct {
	certificateData
	Enrolment    bool              `json:"enrolment,omitempty"`
	Certificates []certificateData `json:"certificates,omitempty"`
}

type certificateData struct {
	Organization string `json:"organization,omitempty"`
	Name         string `json:"name,omitempty"`
	Notes        string `json:"notes,omitempty"`
	Certificate  string `json:"certificate"`
	PrivateKey   string `json:"private_key"`
	Passphrase   string `json:"passphrase,omitempty"`
	AutoRenew    bool   `json:"auto_renew,omitempty"`
	Revoked      string `json:"revoked,omitempty"` // why
}

// DataKeys implements WithData.
func (c *X509Concern) DataKeys() []string { return []string{"cas"} }

// LoadData implements WithData. Authorities stand before those that they signed.
func (c *X509Concern) LoadData(_ context.Context, part map[string]json.RawMessage) (func(context.Context) error, error) {
	var cas []caData
	if text, ok := part["cas"]; ok {
		if err := strictly(text, &cas); err != nil {
			return nil, fmt.Errorf("cas: %w", err)
		}
	}
	return func(ctx context.Context) error {
		for i := range cas {
			if err := c.loadCA(ctx, &cas[i]); err != nil {
				return fmt.Errorf("cas[%d] %q: %w", i, cas[i].Name, err)
			}
		}
		return nil
	}, nil
}

// samePEM reports whether two texts hold the same certificate.
func samePEM(a, b string) bool {
	one, _ := pem.Decode([]byte(a))
	other, _ := pem.Decode([]byte(b))
	return one != nil && other != nil && bytes.Equal(one.Bytes, other.Bytes)
}

// details are those of an object that is imported.
func (d *certificateData) details(organization wispwright.ID) x509.Details {
	return x509.Details{OrganizationID: organization, Name: d.Name, Notes: d.Notes, Certificate: d.Certificate, PrivateKey: wispwright.Secret(d.PrivateKey),
		Passphrase: wispwright.Secret(d.Passphrase), AutoRenew: d.AutoRenew}
}

// whole refuses what would be made instead of imported.
func (d *certificateData) whole() error {
	if d.Certificate == "" || d.PrivateKey == "" {
		return wispwright.Invalid("certificate", "The certificate and its private key are needed, both in PEM.")
	}
	return nil
}

// fill changes what people change of an object that is there already.
func (d *certificateData) fill(o *x509.Details) error {
	if d.Name != "" {
		o.Name = d.Name
	}
	o.Notes, o.AutoRenew = d.Notes, d.AutoRenew
	return nil
}

func (c *X509Concern) loadCA(ctx context.Context, d *caData) error {
	organization, err := c.organization(ctx, d.Organization)
	if err != nil {
		return err
	}
	found, err := c.CAs.List(ctx, ownedBy(organization), x509.CAFilter{}, unpaged)
	if err != nil {
		return err
	}
	var ca *x509.CA
	for _, one := range found.Rows {
		if samePEM(one.Certificate, d.Certificate) {
			ca = one
		}
	}
	if ca == nil {
		if err := d.whole(); err != nil {
			return err
		}
		ca = &x509.CA{Details: d.details(organization), Enrolment: d.Enrolment}
		err = c.CAs.Create(ctx, ca)
	} else {
		_, err = c.CAs.Update(ctx, everyone(), ca.ID, func(o *x509.CA) error {
			o.Enrolment = d.Enrolment
			return d.fill(&o.Details)
		})
	}
	if err != nil || len(d.Certificates) == 0 {
		return err
	}
	have, err := c.Certs.List(ctx, everyone(), x509.CertFilter{CAID: ca.ID}, unpaged)
	if err != nil {
		return err
	}
	for i := range d.Certificates {
		if err := c.loadCert(ctx, ca.ID, have.Rows, &d.Certificates[i]); err != nil {
			return fmt.Errorf("certificates[%d] %q: %w", i, d.Certificates[i].Name, err)
		}
	}
	return nil
}

func (c *X509Concern) loadCert(ctx context.Context, ca int64, have []*x509.Cert, d *certificateData) error {
	organization, err := c.organization(ctx, d.Organization)
	if err != nil {
		return err
	}
	var cert *x509.Cert
	for _, one := range have {
		if samePEM(one.Certificate, d.Certificate) {
			cert = one
		}
	}
	if cert == nil {
		if err := d.whole(); err != nil {
			return err
		}
		cert = &x509.Cert{CAID: ca, Details: d.details(organization)}
		err = c.Certs.Create(ctx, cert)
	} else {
		_, err = c.Certs.Update(ctx, everyone(), cert.ID, func(o *x509.Cert) error { return d.fill(&o.Details) })
	}
	if err != nil || d.Revoked == "" || cert.Revoked {
		return err
	}
	_, err = c.Certs.Revoke(ctx, everyone(), cert.ID, x509.Reason(d.Revoked))
	return err
}

// DumpData implements WithData. Certificates whose key is elsewhere are left out: they
// cannot be imported.
func (c *X509Concern) DumpData(ctx context.Context) (any, error) {
	var out struct {
		CAs []caData `json:"cas"`
	}
	out.CAs = []caData{}
	slugs, err := c.Tenancy.slugs(ctx)
	if err != nil {
		return nil, err
	}
	// those that signed others come first
	cas, err := c.CAs.List(ctx, everyone(), x509.CAFilter{}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
	if err != nil {
		return nil, err
	}
	certs, err := c.Certs.List(ctx, everyone(), x509.CertFilter{}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
	if err != nil {
		return nil, err
	}
	of := map[int64][]certificateData{}
	for _, cert := range certs.Rows {
		if cert.PrivateKey != "" {
			of[cert.CAID] = append(of[cert.CAID], dumped(&cert.Details, slugs))
		}
	}
	for _, ca := range cas.Rows {
		out.CAs = append(out.CAs, caData{dumped(&ca.Details, slugs), ca.Enrolment, of[ca.ID]})
	}
	return out, nil
}

func dumped(d *x509.Details, slugs map[wispwright.ID]string) certificateData {
	return certificateData{Organization: slugs[d.OrganizationID], Name: d.Name, Notes: d.Notes, Certificate: d.Certificate, PrivateKey: d.PrivateKey.Reveal(),
		Passphrase: d.Passphrase.Reveal(), AutoRenew: d.AutoRenew, Revoked: string(d.RevocationReason)}
}

// slugs are the slugs of all organizations.
func (t *TenancyConcern) slugs(ctx context.Context) (map[wispwright.ID]string, error) {
	found, err := t.Organizations.List(ctx, everyone(), tenancy.OrganizationFilter{}, unpaged)
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]string, len(found.Rows))
	for _, o := range found.Rows {
		out[o.ID] = o.Slug
	}
	return out, nil
}

// bySlug is the id of a slug, the zero ID of "".
func (t *TenancyConcern) bySlug(ctx context.Context, slug string) (wispwright.ID, error) {
	if slug == "" {
		return wispwright.ID{}, nil
	}
	o, err := t.Organizations.BySlug(ctx, everyone(), slug)
	if err != nil {
		return wispwright.ID{}, fmt.Errorf("organization %s: %w", slug, err)
	}
	return o.ID, nil
}

// ownedBy is the scope of what is an organization's own, or shared for the zero ID.
func ownedBy(organization wispwright.ID) wispwright.Scope {
	if organization.IsZero() {
		return wispwright.ScopeOf().WithShared()
	}
	return wispwright.ScopeOf(organization)
}
