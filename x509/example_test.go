package x509_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/x509"
)

// An authority in memory, a certificate, its revocation.
func Example() {
	ctx, all := context.Background(), wispwright.ScopeAll()
	m := memstore.New()
	a, err := x509.NewAuthority(&entity.Base{Tx: m, Tenants: entity.NoTenants{}}, x509.NewMemory(m), nil)
	if err != nil {
		log.Fatal(err)
	}
	ca := &x509.CA{Details: x509.Details{Name: "office", CommonName: "Office CA", KeyLength: x509.P256}}
	if err := a.CAs.Create(ctx, ca); err != nil {
		log.Fatal(err)
	}
	cert := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: "laptop", CommonName: "laptop", KeyLength: x509.P256, SerialNumber: "1001"}}
	if err := a.Certs.Create(ctx, cert); err != nil {
		log.Fatal(err)
	}
	if _, err := a.Certs.Revoke(ctx, all, cert.ID, x509.KeyCompromise); err != nil {
		log.Fatal(err)
	}
	crl, err := a.CRL(ctx, all, ca.ID)
	fmt.Println(cert.SerialNumber, crl.Number, string(crl.PEM()[:24]), err)
	// Output: 1001 1 -----BEGIN X509 CRL----- <nil>
}
