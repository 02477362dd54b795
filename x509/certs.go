package x509

import (
	"context"
	"crypto"
	std "crypto/x509"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Certs is the service of certificates.
type Certs struct {
	*entity.Service[int64, Cert, CertFilter]
	a *Authority
}

// mismatch is what certificates of another organization are refused with
// (spec: x509 §1.4).
const mismatch = "Please ensure that the organization of this certificate and the organization of the related CA match."

func newCerts(a *Authority) *Certs {
	s := &Certs{a: a}
	serial := wispwright.Invalid("", valid.Taken("Certificate", "CA", "Serial number"))
	s.Service = entity.New(a.base, a.stores.Certs, entity.Kind[int64, Cert]{
		Name: "x509.Certs", Model: "pki.cert", Hidden: []string{"NameKey", "NoticedDays", "Certificate"},
		Validate: s.validate, Check: s.check, Stored: s.stored,
		Unique: map[string]error{
			UniqueCertName:   wispwright.Invalid("", valid.Taken("Certificate", "Common name", "Organization")),
			UniqueCertSerial: serial,
			UniqueIssued:     serial,
			UniqueCertHolder: wispwright.Invalid("", "This holder has a certificate of this CA already."),
		},
	})
	return s
}

// validate makes or reads a new certificate; of others only name, organization
// and notes change.
func (s *Certs) validate(ctx context.Context, c entity.Change[Cert]) error {
	cert := c.After
	cert.NameKey = cert.nameKey()
	if c.Before != nil && c.Before.OrganizationID == cert.OrganizationID {
		var v wispwright.ValidationError
		cert.checkPeople(&v)
		return v.Err()
	}
	var v wispwright.ValidationError
	ca, err := s.a.stores.CAs.Get(ctx, wispwright.ScopeAll(), cert.CAID)
	if err != nil {
		return valid.Reference(err, "ca", cert.CAID)
	}
	if !ca.OrganizationID.IsZero() && ca.OrganizationID != cert.OrganizationID {
		v.Add("organization", mismatch)
	}
	if c.Before != nil {
		cert.checkPeople(&v)
		return v.Err()
	}
	if err := v.Err(); err != nil {
		return err
	}
	if cert.Certificate != "" || cert.PrivateKey != "" {
		return s.imported(cert, ca)
	}
	cert.checkPeople(&v)
	var public crypto.PublicKey
	if cert.Request != "" {
		request, err := parseRequest([]byte(cert.Request), s.a.options.LeastRSA)
		if err != nil {
			return wispwright.Invalid("csr", err.Error())
		}
		public, cert.KeyLength, cert.Request, cert.Passphrase = request.PublicKey, lengthOf(request.PublicKey), "", ""
	}
	s.a.complete(&cert.Details, s.a.options.CertDays, &v)
	if err := s.free(ctx, &v, cert); err != nil {
		return err
	}
	if err := v.Err(); err != nil {
		return err
	}
	if cert.SerialNumber == "" {
		if err := s.a.number(&cert.Details); err != nil {
			return err
		}
	}
	return refused(s.make(ctx, cert, ca, public))
}

func (s *Certs) free(ctx context.Context, v *wispwright.ValidationError, cert *Cert) error {
	found, err := s.a.stores.Certs.List(ctx, wispwright.ScopeAll(), CertFilter{NameKey: cert.NameKey}, wispwright.Page{Limit: 1, NoTotal: true})
	if err == nil && len(found.Rows) > 0 {
		err = v.Merge("", s.Kind().Unique[UniqueCertName])
	}
	return err
}

// imported reads a certificate that was made elsewhere, by the authority that is
// named.
func (s *Certs) imported(cert *Cert, ca *CA) error {
	in, err := cert.readImport(s.a.options.LeastRSA)
	if err != nil {
		return err
	}
	var v wispwright.ValidationError
	cert.checkPeople(&v)
	valid.Text(&v, "passphrase", cert.Passphrase.Reveal(), valid.Max(64))
	if err := v.Merge("", checkIssued(in.cert, ca, s.a.base.Now())); err != nil {
		return err
	}
	cert.NameKey, cert.Extensions = cert.nameKey(), nil
	return v.Err()
}

// make signs the certificate of a new key, or of a public key whose private one is
// elsewhere.
func (s *Certs) make(ctx context.Context, cert *Cert, ca *CA, public crypto.PublicKey) error {
	issuer, err := s.a.issuer(ctx, ca, "ca")
	if err != nil {
		return err
	}
	if public == nil {
		signer, err := s.a.key(ctx, &cert.Details, nil)
		if err != nil {
			return err
		}
		public = signer.Public()
	}
	return s.sign(cert, issuer, public)
}

func (s *Certs) sign(cert *Cert, issuer *issuer, public crypto.PublicKey) error {
	o := &order{Details: &cert.Details, key: public, issuer: issuer}
	var err error
	cert.Certificate, err = o.make(&s.a.options)
	return err
}

// check holds the authority while a certificate of it is stored, and the rule of
// organizations once more, since it may have changed meanwhile.
func (s *Certs) check(ctx context.Context, c entity.Change[Cert]) error {
	cert := c.After
	if cert == nil || c.Before != nil && c.Before.Certificate == cert.Certificate && c.Before.OrganizationID == cert.OrganizationID {
		return nil
	}
	ca, err := s.a.stores.CAs.Hold(ctx, cert.CAID)
	if err != nil {
		return valid.Reference(err, "ca", cert.CAID)
	}
	if !ca.OrganizationID.IsZero() && ca.OrganizationID != cert.OrganizationID {
		return wispwright.Invalid("organization", mismatch)
	}
	if c.Before != nil && c.Before.Certificate == cert.Certificate {
		return nil
	}
	above, err := parseCertificate(ca.Certificate)
	if err != nil {
		return err
	}
	now, err := parseCertificate(cert.Certificate)
	if err != nil {
		return err
	}
	if verify(now, above.PublicKey) != nil {
		return wispwright.Invalid("ca", "The CA was renewed meanwhile; please try again.")
	}
	return nil
}

// stored keeps the ledger.
func (s *Certs) stored(ctx context.Context, changes ...entity.Change[Cert]) error {
	for _, c := range changes {
		cert := c.After
		var err error
		switch {
		case cert == nil:
			err = s.a.hold(ctx, IssuedFilter{CAID: c.Before.CAID, CertID: c.Before.ID})
		case c.Before == nil || c.Before.SerialNumber != cert.SerialNumber:
			err = s.Kind().Explain(s.a.enter(ctx, &Issued{CAID: cert.CAID, CertID: cert.ID}, &cert.Details))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// publicKey is the key of the present certificate.
func (d *Details) publicKey() (crypto.PublicKey, error) {
	cert, err := parseCertificate(d.Certificate)
	if err != nil {
		return nil, err
	}
	return cert.PublicKey, nil
}

// certificate is the present certificate, parsed.
func (d *Details) certificate() (*std.Certificate, error) { return parseCertificate(d.Certificate) }
