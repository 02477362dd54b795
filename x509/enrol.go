package x509

import (
	"context"
	std "crypto/x509"

	"github.com/wispwright/wispwright"
)

// Enrollee is who asks for a certificate with a key of its own, after it proved
// who it is.
type Enrollee struct {
	// Holder identifies it for ever, such as "device:UUID".
	Holder string
	// Name names the certificate; CommonName is what it says. Nothing of the
	// subject in the request is believed.
	Name, CommonName string
	// OrganizationID is its tenant.
	OrganizationID wispwright.ID
	// Extensions of its certificate. Default: extendedKeyUsage clientAuth.
	Extensions []Extension
}

// Enrol signs the request, PEM or DER, of an enrollee (RFC 7030 §4.2). The
// authority must allow it and be of the enrollee's organization or shared. One
// that comes again gets its certificate anew: with again (simplereenroll) the old
// one stays valid until it expires, otherwise its key counts as lost and it is
// revoked. A revoked certificate gives no right to a new one: errors.Is
// ErrForbidden.
func (a *Authority) Enrol(ctx context.Context, id int64, request []byte, who Enrollee, again bool) (*Cert, error) {
	scope := wispwright.ScopeOf(who.OrganizationID).WithShared()
	ca, err := a.stores.CAs.Get(ctx, scope, id)
	if err == nil && (!ca.Enrolment || who.Holder == "" || who.OrganizationID.IsZero()) {
		err = wispwright.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	asked, err := parseRequest(request, a.options.LeastRSA)
	if err != nil {
		return nil, wispwright.Invalid("csr", err.Error())
	}
	var out *Cert
	err = a.do(ctx, "Enrol", func(ctx context.Context) error {
		found, err := a.stores.Certs.List(ctx, wispwright.ScopeAll(), CertFilter{CAID: id, Holder: who.Holder}, all())
		if err != nil {
			return err
		}
		if len(found.Rows) == 0 {
			out, err = a.enrolFirst(ctx, id, asked, who)
			return err
		}
		out, err = a.enrolAgain(ctx, ca, found.Rows[0], asked, who, again)
		return err
	})
	return out, err
}

func (a *Authority) enrolFirst(ctx context.Context, id int64, asked *std.CertificateRequest, who Enrollee) (*Cert, error) {
	extensions := who.Extensions
	if extensions == nil {
		extensions = []Extension{{Name: "extendedKeyUsage", Value: "clientAuth"}}
	}
	cert := &Cert{CAID: id, Holder: who.Holder, Request: block("CERTIFICATE REQUEST", asked.Raw), Details: Details{
		Name: cut(who.Name), CommonName: cut(who.CommonName), OrganizationID: who.OrganizationID, Extensions: extensions,
	}}
	return cert, a.Certs.Create(ctx, cert)
}

func (a *Authority) enrolAgain(ctx context.Context, ca *CA, old *Cert, asked *std.CertificateRequest, who Enrollee, again bool) (*Cert, error) {
	if old.Revoked {
		return nil, wispwright.Forbidden("The certificate of this holder was revoked.")
	}
	issuer, err := a.issuer(ctx, ca, "ca")
	if err != nil {
		return nil, err
	}
	if !again {
		if err := a.revoke(ctx, IssuedFilter{CAID: ca.ID, CertID: old.ID}, a.base.Now(), Superseded); err != nil {
			return nil, err
		}
	}
	r := Renewal{}
	r.Cert, err = a.Certs.Update(ctx, wispwright.ScopeAll(), old.ID, func(c *Cert) error {
		r.Old = c.SerialNumber
		if c.Revoked {
			return wispwright.Forbidden("The certificate of this holder was revoked.")
		}
		c.KeyLength, c.PrivateKey, c.Passphrase = lengthOf(asked.PublicKey), "", ""
		c.OrganizationID = who.OrganizationID // a device may have moved, which those of before must not follow
		if err := a.again(&c.Details, a.options.CertDays); err != nil {
			return err
		}
		return refused(a.Certs.sign(c, issuer, asked.PublicKey))
	})
	if err != nil {
		return nil, err
	}
	return r.Cert, a.Renewed.Fire(ctx, r)
}

// cut keeps names within their limit.
func cut(text string) string {
	if r := []rune(text); len(r) > 64 {
		return string(r[:64])
	}
	return text
}

// Enrollers returns the authorities that devices of an organization may enrol at.
func (a *Authority) Enrollers(ctx context.Context, organization wispwright.ID) ([]*CA, error) {
	no := false
	found, err := a.stores.CAs.List(ctx, wispwright.ScopeOf(organization).WithShared(), CAFilter{Revoked: &no, ValidityEndFrom: a.base.Now()}, oldestFirst())
	var out []*CA
	for _, ca := range found.Rows {
		if ca.Enrolment {
			out = append(out, ca)
		}
	}
	return out, err
}
