package moving

import (
	"context"

	"github.com/wispwright/wispwright/x509"
)

// X509 takes over authorities and certificates, with their numbers, keys and
// revocations.
func X509(a *x509.Authority) Part {
	return Part{Name: "x509", Take: func(ctx context.Context, run *Run) error {
		if err := run.Table(ctx, "pki_ca", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
			d, err := details(r)
			if err != nil {
				return "", err
			}
			return a.CAs.Restore(ctx, &x509.CA{Details: d})
		}); err != nil {
			return err
		}
		return run.Table(ctx, "pki_cert", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
			d, err := details(r)
			if err != nil {
				return "", err
			}
			if d.Revoked = r.Flag("revoked"); d.Revoked {
				at := r.Instant("revoked_at")
				if at.IsZero() {
					at = d.Modified
				}
				d.RevokedAt = &at
			}
			c := &x509.Cert{Details: d, CAID: r.Number("ca_id")}
			if err := r.Err(); err != nil {
				return "", err
			}
			return a.Certs.Restore(ctx, c)
		})
	}}
}

// details are what authorities and certificates have in common.
func details(r *Row) (x509.Details, error) {
	d := x509.Details{
		ID: r.Number("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("name"), Notes: r.Text("notes"),
		KeyLength: x509.KeyLength(r.Text("key_length")), Digest: x509.Digest(r.Text("digest")),
		CountryCode: r.Text("country_code"), State: r.Text("state"), City: r.Text("city"), OrganizationName: r.Text("organization_name"),
		OrganizationalUnitName: r.Text("organizational_unit_name"), Email: r.Text("email"), CommonName: r.Text("common_name"),
		Certificate: r.Text("certificate"), PrivateKey: r.Secret("private_key"), Passphrase: r.Secret("passphrase"),
		Created: r.Instant("created"), Modified: r.Instant("modified"),
	}
	var list []x509.Extension
	if err := r.JSON("extensions").Decode(&list); err != nil {
		r.fault("extensions", "a list of extensions")
	}
	if len(list) > 0 {
		d.Extensions = list
	}
	return d, r.Err()
}
