// Package x509 is the public key infrastructure of an installation:
// certification authorities and the certificates they issue, renew and revoke,
// with revocation lists, an OCSP responder and enrolment of devices (EST).
//
//	m := memstore.New()
//	a, err := x509.NewAuthority(&entity.Base{Tx: m, Tenants: entity.NoTenants{}}, x509.NewMemory(m), nil)
//	ca := &x509.CA{Details: x509.Details{Name: "office", CommonName: "office"}}
//	err = a.CAs.Create(ctx, ca)
//	cert := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: "laptop", CommonName: "laptop"}}
//	err = a.Certs.Create(ctx, cert)
//	crl, err := a.CRL(ctx, wispwright.ScopeAll(), ca.ID)
//
// Every method takes part in the transaction of its context, so that other
// concerns make certificates together with what needs them. Everything that was
// ever issued is in a ledger: what was revoked stays revoked after its object was
// renewed or deleted.
package x509
