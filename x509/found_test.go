package x509_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	std "crypto/x509"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/x509"
)

// A revoked authority that was deleted does not come back by an import, and says
// why.
func TestARevokedAuthorityIsNotImportedAgain(t *testing.T) {
	p := newPKI(t, nil)
	root := p.ca(t, "root", func(c *x509.CA) { c.PathLength = x509.NoLimit })
	below := p.ca(t, "below", func(c *x509.CA) { c.ParentID = &root.ID })
	again := func() error {
		return p.CAs.Create(t.Context(), &x509.CA{Details: x509.Details{Certificate: below.Certificate, PrivateKey: below.PrivateKey}})
	}
	require.NoError(t, p.CAs.Delete(t.Context(), everything(), below.ID))
	require.NoError(t, again(), "what was deleted only comes back")
	found, err := p.CAs.First(t.Context(), everything(), x509.CAFilter{CommonName: "below"})
	require.NoError(t, err)
	_, err = p.CAs.Revoke(t.Context(), everything(), found.ID, x509.CACompromise)
	require.NoError(t, err)
	require.NoError(t, p.CAs.Delete(t.Context(), everything(), found.ID))
	require.Contains(t, faults(t, again())[""], "serial number")
}

// An authority below one of an organization is not given to everybody.
func TestAnAuthorityBelowStaysWithTheOneAbove(t *testing.T) {
	p := newPKI(t, nil)
	mine := wispwright.NewID()
	root := p.ca(t, "root", func(c *x509.CA) { c.PathLength, c.OrganizationID = x509.NoLimit, mine })
	below := p.ca(t, "below", func(c *x509.CA) { c.ParentID, c.OrganizationID = &root.ID, mine })
	_, err := p.CAs.Update(t.Context(), everything(), below.ID, func(c *x509.CA) error { c.OrganizationID = wispwright.ID{}; return nil })
	require.Contains(t, faults(t, err)["organization"], "match")
	_, err = p.CAs.Update(t.Context(), everything(), root.ID, func(c *x509.CA) error { c.OrganizationID = wispwright.ID{}; return nil })
	require.NoError(t, err)
}

// However many cannot renew themselves, the others do.
func TestThoseThatCannotRenewHoldUpNobody(t *testing.T) {
	p := newPKI(t, nil)
	root := p.ca(t, "root")
	soon := func(c *x509.Cert) { c.AutoRenew, c.ValidityEnd = true, p.now.AddDate(0, 0, 5) }
	first := p.cert(t, root, "first", soon)
	for n := range 520 { // keys that are elsewhere, past the service
		c := *first
		c.ID, c.PrivateKey, c.SerialNumber, c.NameKey = 0, "", fmt.Sprint(n+1), fmt.Sprint(n)
		require.NoError(t, p.stores.Certs.Insert(t.Context(), &c))
	}
	last := p.cert(t, root, "last", soon)
	require.NoError(t, p.Daily(t.Context()))
	for _, c := range []*x509.Cert{first, last} {
		now, err := p.Certs.Get(t.Context(), everything(), c.ID)
		require.NoError(t, err)
		require.NotEqual(t, c.SerialNumber, now.SerialNumber, c.Name)
	}
}

// The certificate of a device that moved moves too: those of before see it no more.
func TestTheCertificateOfADeviceThatMoved(t *testing.T) {
	p := newPKI(t, nil)
	ca := p.ca(t, "root", func(c *x509.CA) { c.Enrolment = true })
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	request, err := std.CreateCertificateRequest(rand.Reader, &std.CertificateRequest{}, key)
	require.NoError(t, err)
	before, after := wispwright.NewID(), wispwright.NewID()
	var last *x509.Cert
	for _, organization := range []wispwright.ID{before, after} {
		last, err = p.Enrol(t.Context(), ca.ID, request, x509.Enrollee{Holder: "device:1", Name: "ap", CommonName: "ap", OrganizationID: organization}, true)
		require.NoError(t, err)
		p.pass(time.Hour)
	}
	require.Equal(t, after, last.OrganizationID)
	_, err = p.Certs.Get(t.Context(), wispwright.ScopeOf(before), last.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}
