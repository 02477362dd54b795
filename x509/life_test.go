package x509_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	std "crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/x509"
)

func (p *pki) revoked(t *testing.T, ca *x509.CA) map[string]int {
	t.Helper()
	l, err := p.CRL(t.Context(), everything(), ca.ID)
	require.NoError(t, err)
	list, err := std.ParseRevocationList(l.DER)
	require.NoError(t, err)
	have, err := p.CAs.Get(t.Context(), everything(), ca.ID)
	require.NoError(t, err)
	require.NoError(t, list.CheckSignatureFrom(parse(t, have.Certificate)))
	require.Equal(t, l.Number, list.Number.Int64())
	out := map[string]int{}
	for _, e := range list.RevokedCertificateEntries {
		out[e.SerialNumber.String()] = e.ReasonCode
	}
	return out
}

// What was revoked stays so after renewals and deletions, for all that the
// certificate ever had (spec: x509 §5-§7).
func TestRevocation(t *testing.T) {
	p := newPKI(t, nil)
	var told []string
	p.Revoked.Subscribe("test", func(_ context.Context, list ...*x509.Cert) error {
		for _, c := range list {
			told = append(told, c.Name)
		}
		return nil
	})
	ca := p.ca(t, "root")
	a := p.cert(t, ca, "a", func(c *x509.Cert) { c.SerialNumber = "12345" })
	b := p.cert(t, ca, "b", func(c *x509.Cert) { c.SerialNumber = "77" })
	require.Empty(t, p.revoked(t, ca))
	first, err := p.CRL(t.Context(), everything(), ca.ID)
	require.NoError(t, err)
	again, err := p.CRL(t.Context(), everything(), ca.ID)
	require.NoError(t, err)
	require.Equal(t, first, again, "the list is kept")

	renewed, err := p.Certs.Renew(t.Context(), everything(), a.ID)
	require.NoError(t, err)
	require.NotEqual(t, a.SerialNumber, renewed.SerialNumber)
	require.NotEqual(t, a.PrivateKey, renewed.PrivateKey)
	require.Equal(t, renewed.SerialNumber, parse(t, renewed.Certificate).SerialNumber.String())
	require.Equal(t, renewed.ValidityEnd, parse(t, renewed.Certificate).NotAfter.UTC())
	require.Equal(t, a.ValidityStart, renewed.ValidityStart)
	require.Empty(t, p.revoked(t, ca), "a renewed one stays valid until it expires")

	out, err := p.Certs.Revoke(t.Context(), everything(), a.ID, x509.KeyCompromise)
	require.NoError(t, err)
	require.True(t, out.Revoked)
	require.Equal(t, map[string]int{"12345": 1, renewed.SerialNumber: 1}, p.revoked(t, ca), "the key of before the renewal too")
	second, err := p.Certs.Revoke(t.Context(), everything(), a.ID, x509.Superseded)
	require.NoError(t, err)
	require.True(t, second.RevokedAt.After(*out.RevokedAt), "again refreshes the date that is shown")
	require.Equal(t, x509.KeyCompromise, second.RevocationReason)
	third, err := p.Certs.Renew(t.Context(), everything(), a.ID)
	require.NoError(t, err)
	require.True(t, third.Revoked)
	require.Len(t, p.revoked(t, ca), 3, "what a revoked certificate gets is revoked")
	require.NoError(t, p.Certs.Delete(t.Context(), everything(), a.ID))
	require.Len(t, p.revoked(t, ca), 3)
	require.Equal(t, []string{"a", "a"}, told)
	_, err = p.Certs.Revoke(t.Context(), everything(), b.ID, "because")
	require.Contains(t, faults(t, err)["reason"], "not a valid choice")

	// a deletion holds what was in force; the import takes it back
	require.NoError(t, p.Certs.Delete(t.Context(), everything(), b.ID))
	require.Equal(t, 6, p.revoked(t, ca)["77"])
	back := &x509.Cert{CAID: ca.ID, Details: x509.Details{Certificate: b.Certificate, PrivateKey: b.PrivateKey}}
	require.NoError(t, p.Certs.Create(t.Context(), back))
	require.NotContains(t, p.revoked(t, ca), "77")
	gone := &x509.Cert{CAID: ca.ID, Details: x509.Details{Certificate: a.Certificate, PrivateKey: a.PrivateKey}}
	require.Contains(t, faults(t, p.Certs.Create(t.Context(), gone))[""], "already exists", "what was revoked does not come back")

	// OpenSSL reads the list and refuses the certificate
	_, err = p.Certs.Revoke(t.Context(), everything(), back.ID, "")
	require.NoError(t, err)
	l, err := p.CRL(t.Context(), everything(), ca.ID)
	require.NoError(t, err)
	dir := files(t, map[string]string{"ca.pem": ca.Certificate, "b.pem": b.Certificate, "crl.pem": string(l.PEM()), "crl.der": string(l.DER)})
	require.Contains(t, openssl(t, dir, "crl", "-in", "crl.pem", "-CAfile", "ca.pem", "-noout", "-text", "-verify"), "X509v3 CRL Number")
	require.Contains(t, openssl(t, dir, "crl", "-inform", "DER", "-in", "crl.der", "-CAfile", "ca.pem", "-noout", "-verify"), "verify OK")
	text, err := try(t, dir, "verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", "crl.pem", "b.pem")
	require.Error(t, err)
	require.Contains(t, text, "certificate revoked")

	// made anew in the middle of its validity, and without what has expired
	p.pass(13 * time.Hour)
	l2, err := p.CRL(t.Context(), everything(), ca.ID)
	require.NoError(t, err)
	require.Equal(t, l.Number+1, l2.Number)
	p.pass(400 * 24 * time.Hour)
	require.Empty(t, p.revoked(t, ca))
	n, err := p.Clean(t.Context(), p.now)
	require.NoError(t, err)
	require.Equal(t, 3, n, "what belonged to the deleted certificate")
	require.NoError(t, p.CAs.Delete(t.Context(), everything(), ca.ID))
	p.nothing(t, 0, 0)
}

// The renewal of an authority renews what it issued, with the new key.
func TestRenewalOfAnAuthority(t *testing.T) {
	p := newPKI(t, nil)
	var told []string
	p.Renewed.Subscribe("test", func(_ context.Context, list ...x509.Renewal) error {
		for _, r := range list {
			switch {
			case r.CA != nil:
				told = append(told, r.CA.Name)
				require.NotEqual(t, r.Old, r.CA.SerialNumber)
			default:
				told = append(told, r.Cert.Name)
				require.NotEqual(t, r.Old, r.Cert.SerialNumber)
			}
		}
		return nil
	})
	root := p.ca(t, "root", func(c *x509.CA) {
		c.PathLength = x509.NoLimit
		c.Extensions = []x509.Extension{{Name: "nsComment", Value: "hi"}}
	})
	sub := p.ca(t, "sub", func(c *x509.CA) { c.ParentID = &root.ID })
	a, b, deep := p.cert(t, root, "a"), p.cert(t, root, "b"), p.cert(t, sub, "deep")
	_, err := p.Certs.Revoke(t.Context(), everything(), b.ID, "")
	require.NoError(t, err)
	before := p.revoked(t, root)
	affected, err := p.CAs.Affects(t.Context(), everything(), root.ID)
	require.NoError(t, err)
	require.Equal(t, x509.Affected{Certificates: 1, Authorities: 1}, affected)
	after, err := p.CAs.Renew(t.Context(), everything(), root.ID, x509.RenewOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"root", "a", "b", "sub"}, told)
	for _, one := range []int64{a.ID, b.ID} {
		c, err := p.Certs.Get(t.Context(), everything(), one)
		require.NoError(t, err)
		require.NoError(t, parse(t, c.Certificate).CheckSignatureFrom(parse(t, after.Certificate)))
		require.Equal(t, c.SerialNumber, parse(t, c.Certificate).SerialNumber.String())
	}
	require.Len(t, p.revoked(t, root), len(before)+1)
	subAfter, err := p.CAs.Get(t.Context(), everything(), sub.ID)
	require.NoError(t, err)
	dir := files(t, map[string]string{"root.pem": after.Certificate, "sub.pem": subAfter.Certificate, "deep.pem": deep.Certificate})
	require.Contains(t, openssl(t, dir, "verify", "-CAfile", "root.pem", "-untrusted", "sub.pem", "deep.pem"), "OK", "what is below the one below stays as it is")

	// with its key nothing else changes
	told = nil
	kept, err := p.CAs.Renew(t.Context(), everything(), root.ID, x509.RenewOptions{KeepKey: true})
	require.NoError(t, err)
	require.Equal(t, []string{"root"}, told)
	require.Equal(t, after.PrivateKey, kept.PrivateKey)
	c, err := p.Certs.Get(t.Context(), everything(), a.ID)
	require.NoError(t, err)
	require.NoError(t, parse(t, c.Certificate).CheckSignatureFrom(parse(t, kept.Certificate)))
	require.Equal(t, "hi", string(parse(t, kept.Certificate).Extensions[4].Value[2:]))
}

// Of many certificates most are renewed after the authority: each once, also
// when a batch fails, and neither what was deleted meanwhile nor what was issued.
func TestRenewalOfManyCertificates(t *testing.T) {
	var ordered []x509.Below
	var refuse error
	p := newPKI(t, &x509.Options{RenewTogether: 2, Later: func(_ context.Context, b x509.Below) error {
		ordered = append(ordered, b)
		return refuse
	}})
	ca := p.ca(t, "root")
	var certs []*x509.Cert
	for i := range 7 {
		certs = append(certs, p.cert(t, ca, fmt.Sprint("c", i)))
	}
	issuedBy := func(of *x509.CA, id int64) bool {
		c, err := p.Certs.Get(t.Context(), everything(), id)
		require.NoError(t, err)
		return parse(t, c.Certificate).CheckSignatureFrom(parse(t, of.Certificate)) == nil
	}
	after, err := p.CAs.Renew(t.Context(), everything(), ca.ID, x509.RenewOptions{})
	require.NoError(t, err)
	require.Equal(t, []x509.Below{{CA: ca.ID, From: certs[2].ID, UpBefore: certs[6].ID + 1}}, ordered)
	for i, c := range certs {
		require.Equal(t, i < 2, issuedBy(after, c.ID), i)
	}

	fresh := p.cert(t, after, "fresh")
	require.NoError(t, p.Certs.Delete(t.Context(), everything(), certs[3].ID))
	refuse = errors.New("the queue is away")
	require.ErrorIs(t, p.CAs.RenewBelow(t.Context(), ordered[0]), refuse)
	require.False(t, issuedBy(after, certs[2].ID), "nothing of a batch that failed")
	refuse = nil
	renewed := map[string]int{}
	p.Renewed.Subscribe("test", func(_ context.Context, list ...x509.Renewal) error {
		for _, r := range list {
			renewed[r.Cert.Name]++
		}
		return nil
	})
	for next := ordered[0]; ; next = ordered[0] {
		ordered = nil
		require.NoError(t, p.CAs.RenewBelow(t.Context(), next))
		if len(ordered) == 0 {
			break
		}
	}
	require.Equal(t, map[string]int{"c2": 1, "c4": 1, "c5": 1, "c6": 1}, renewed)
	for _, c := range []*x509.Cert{certs[0], certs[2], certs[6], fresh} {
		require.True(t, issuedBy(after, c.ID), c.Name)
	}
	require.NoError(t, p.CAs.RenewBelow(t.Context(), x509.Below{CA: 99}), "an authority that is gone")
}

// Objects renew themselves, and people are told once for each of the days.
func TestExpiry(t *testing.T) {
	p := newPKI(t, nil)
	var told []string
	p.Expiring.Subscribe("test", func(_ context.Context, list ...x509.Expiry) error {
		for _, e := range list {
			name := ""
			if e.CA != nil {
				name = e.CA.Name
			} else {
				name = e.Cert.Name
			}
			told = append(told, fmt.Sprint(name, " ", e.Days))
		}
		return nil
	})
	day := 24 * time.Hour
	ca := p.ca(t, "root", func(c *x509.CA) { c.ValidityEnd = p.now.Add(100 * day) })
	p.cert(t, ca, "soon", func(c *x509.Cert) { c.ValidityEnd = p.now.Add(40 * day) })
	p.cert(t, ca, "self", func(c *x509.Cert) { c.ValidityEnd, c.AutoRenew = p.now.Add(40*day), true })
	gone := p.cert(t, ca, "gone", func(c *x509.Cert) { c.ValidityEnd = p.now.Add(40 * day) })
	_, err := p.Certs.Revoke(t.Context(), everything(), gone.ID, "")
	require.NoError(t, err)
	for range 60 {
		require.NoError(t, p.Daily(t.Context()))
		require.NoError(t, p.Daily(t.Context()), "twice a day does no harm")
		p.pass(day)
	}
	require.Equal(t, []string{"soon 30", "self 30", "soon 7", "soon 1"}, told)
	renewed, err := p.Certs.First(t.Context(), everything(), x509.CertFilter{CommonName: "self"})
	require.NoError(t, err)
	require.True(t, renewed.ValidityEnd.After(p.now.Add(300*day)))
	for range 41 {
		require.NoError(t, p.Daily(t.Context()))
		p.pass(day)
	}
	require.Equal(t, []string{"root 30", "root 7", "root 1"}, told[4:])
}

func request(t *testing.T, curve elliptic.Curve) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	der, err := std.CreateCertificateRequest(rand.Reader, &std.CertificateRequest{Subject: pkix.Name{CommonName: "somebody else", Organization: []string{"Root"}}, DNSNames: []string{"victim"}}, key)
	require.NoError(t, err)
	return der
}

// Devices enrol with keys of their own; nothing of their requests is believed but
// the key.
func TestEnrolment(t *testing.T) {
	p := newPKI(t, nil)
	mine, foreign := wispwright.NewID(), wispwright.NewID()
	ca := p.ca(t, "own", func(c *x509.CA) { c.OrganizationID, c.Enrolment = mine, true })
	closed := p.ca(t, "closed", func(c *x509.CA) { c.OrganizationID = mine })
	who := x509.Enrollee{Holder: "device:1", Name: "router", CommonName: "device-1", OrganizationID: mine}
	_, err := p.Enrol(t.Context(), closed.ID, request(t, elliptic.P256()), who, false)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	stranger := who
	stranger.OrganizationID = foreign
	_, err = p.Enrol(t.Context(), ca.ID, request(t, elliptic.P256()), stranger, false)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = p.Enrol(t.Context(), ca.ID, []byte("nonsense"), who, false)
	require.Contains(t, faults(t, err)["csr"], "Invalid request")
	_, err = p.Enrol(t.Context(), ca.ID, request(t, elliptic.P224()), who, false)
	require.Contains(t, faults(t, err)["csr"], "curve")

	first, err := p.Enrol(t.Context(), ca.ID, request(t, elliptic.P256()), who, false)
	require.NoError(t, err)
	got := parse(t, first.Certificate)
	require.Equal(t, "device-1", got.Subject.CommonName)
	require.Empty(t, got.Subject.Organization)
	require.Empty(t, got.DNSNames)
	require.Equal(t, []std.ExtKeyUsage{std.ExtKeyUsageClientAuth}, got.ExtKeyUsage)
	require.Empty(t, first.PrivateKey)
	second, err := p.Enrol(t.Context(), ca.ID, request(t, elliptic.P384()), who, true)
	require.NoError(t, err)
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, x509.P384, second.KeyLength)
	require.Empty(t, p.revoked(t, ca))
	third, err := p.Enrol(t.Context(), ca.ID, request(t, elliptic.P256()), who, false)
	require.NoError(t, err)
	require.Equal(t, map[string]int{first.SerialNumber: 4, second.SerialNumber: 4}, p.revoked(t, ca), "a lost key is revoked")
	// the renewal from here keeps the device's key
	renewed, err := p.Certs.Renew(t.Context(), everything(), third.ID)
	require.NoError(t, err)
	require.Equal(t, parse(t, third.Certificate).PublicKey, parse(t, renewed.Certificate).PublicKey)
	_, err = x509.PKCS12(&renewed.Details, nil, "x", false)
	require.Contains(t, faults(t, err)[""], "not here")
	_, err = p.Certs.Revoke(t.Context(), everything(), third.ID, "")
	require.NoError(t, err)
	_, err = p.Enrol(t.Context(), ca.ID, request(t, elliptic.P256()), who, true)
	require.ErrorIs(t, err, wispwright.ErrForbidden)
	list, err := p.Enrollers(t.Context(), mine)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func TestPKCS12(t *testing.T) {
	p := newPKI(t, nil)
	ca := p.ca(t, "root")
	c := p.cert(t, ca, "leaf", func(c *x509.Cert) { c.Passphrase, c.KeyLength = "inner", x509.RSA2048 })
	for _, legacy := range []bool{false, true} {
		file, err := x509.PKCS12(&c.Details, []*x509.CA{ca}, "päss", legacy)
		require.NoError(t, err)
		dir := files(t, map[string]string{"a.p12": string(file)})
		out := openssl(t, dir, "pkcs12", "-in", "a.p12", "-passin", "pass:päss", "-nodes")
		require.Contains(t, out, "PRIVATE KEY")
		require.Contains(t, out, "CN = root")
	}
	_, err := x509.PKCS12(&c.Details, nil, "", false)
	require.Contains(t, faults(t, err)["password"], "blank")
}

// What OpenSSL, and what is exported here, is read again; what would take hours is
// refused before it begins, wherever it hides.
func TestReadPKCS12(t *testing.T) {
	p := newPKI(t, nil)
	root := p.ca(t, "root")
	c := p.cert(t, root, "leaf", func(c *x509.Cert) { c.Passphrase = "inner" })
	stranger := p.cert(t, root, "stranger")
	plain, err := x509.PKCS12(&c.Details, []*x509.CA{root}, "päss", false)
	require.NoError(t, err)
	legacy, err := x509.PKCS12(&c.Details, []*x509.CA{root}, "päss", true)
	require.NoError(t, err)
	dir := files(t, map[string]string{"root.pem": root.Certificate, "leaf.pem": c.Certificate, "other.pem": stranger.Certificate, "both.pem": stranger.Certificate + c.Certificate,
		"key.pem": c.PrivateKey.Reveal(), "plain.p12": string(plain), "legacy.p12": string(legacy)})
	made := func(name string, args ...string) {
		openssl(t, dir, append([]string{"pkcs12", "-export", "-inkey", "key.pem", "-passin", "pass:inner", "-passout", "pass:päss", "-out", name + ".p12"}, args...)...)
	}
	made("openssl", "-in", "leaf.pem", "-certfile", "root.pem")
	made("order", "-in", "leaf.pem", "-certfile", "other.pem")
	made("costly", "-in", "leaf.pem", "-iter", "2100000", "-nomaciter")
	made("bare", "-in", "leaf.pem", "-certpbe", "NONE", "-keypbe", "NONE")
	for name, chain := range map[string]int{"plain": 1, "legacy": 1, "openssl": 1, "order": 1, "bare": 0} {
		t.Run(name, func(t *testing.T) {
			file := []byte(read(t, dir, name+".p12"))
			got, err := x509.ReadPKCS12(file, "päss")
			require.NoError(t, err)
			require.Equal(t, parse(t, c.Certificate).Raw, parse(t, got.Certificate).Raw)
			require.Len(t, got.Chain, chain)
			_, err = x509.ReadPKCS12(file, "wrong")
			require.Equal(t, "Incorrect Passphrase", faults(t, err)["passphrase"])
			q := newPKI(t, nil)
			above := &x509.CA{Details: x509.Details{Certificate: root.Certificate, PrivateKey: root.PrivateKey}}
			require.NoError(t, q.CAs.Create(t.Context(), above))
			in := &x509.Cert{CAID: above.ID, Details: x509.Details{Certificate: got.Certificate, PrivateKey: got.PrivateKey}}
			require.NoError(t, q.Certs.Create(t.Context(), in))
			require.Equal(t, "leaf", in.Name)
		})
	}
	begun := time.Now()
	_, err = x509.ReadPKCS12([]byte(read(t, dir, "costly.p12")), "päss")
	require.Contains(t, faults(t, err)["pkcs12"], "too long")
	_, err = x509.ReadPKCS12(hiddenKey(t, "päss"), "päss")
	require.Contains(t, faults(t, err)["pkcs12"], "one key bag")
	require.Less(t, time.Since(begun), 20*time.Second)
	for _, text := range []string{"", "x", c.Certificate, string(plain[:len(plain)-1]), string(plain) + "x", strings.Repeat("x", x509.MaxPKCS12+1)} {
		_, err := x509.ReadPKCS12([]byte(text), "päss")
		require.NotEmpty(t, faults(t, err)["pkcs12"])
	}
	_, err = x509.ReadPKCS12(plain, wispwright.Secret(strings.Repeat("x", 200)))
	require.Contains(t, faults(t, err)["passphrase"], "128")
}
