package x509_test

import (
	"crypto/tls"
	std "crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	ours "github.com/wispwright/wispwright/x509"
)

type sample struct {
	Label       string            `json:"label"`
	Certificate string            `json:"certificate"`
	PrivateKey  wispwright.Secret `json:"-"`
	Key         string            `json:"private_key"`
	Passphrase  string            `json:"passphrase"`
	Expected    map[string]string `json:"expected"`
	Extensions  []struct {
		Name     string `json:"name"`
		Critical bool   `json:"critical"`
		DER      string `json:"der_hex"`
	} `json:"extensions"`
	Issuer    string           `json:"issuer"`
	Requested []ours.Extension `json:"requested_extensions"`
}

// Every certificate of the vectors is imported with its fields, and one made of
// the same fields has the same extensions.
func TestVectors(t *testing.T) {
	var in struct {
		Samples []sample `json:"samples"`
	}
	testkit.ReadVectors(t, &in, "x509", "samples.json")
	p := newPKI(t, nil)
	p.now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	cas := map[string]*ours.CA{}
	fields := func(d *ours.Details) map[string]string {
		return map[string]string{"name": d.Name, "key_length": string(d.KeyLength), "digest": string(d.Digest), "country_code": d.CountryCode, "state": d.State, "city": d.City,
			"organization_name": d.OrganizationName, "organizational_unit_name": d.OrganizationalUnitName, "email": d.Email, "common_name": d.CommonName, "serial_number": d.SerialNumber,
			"not_before": d.ValidityStart.Format("20060102150405Z"), "not_after": d.ValidityEnd.Format("20060102150405Z")}
	}
	matched := 0
	for _, s := range in.Samples {
		d := ours.Details{Certificate: s.Certificate, PrivateKey: wispwright.Secret(s.Key), Passphrase: wispwright.Secret(s.Passphrase)}
		again := ours.Details{OrganizationID: wispwright.NewID(), Name: "again", CommonName: s.Label, KeyLength: ours.P256, Extensions: s.Requested}
		var made string
		if s.Issuer == "" {
			ca := &ours.CA{Details: d}
			require.NoError(t, p.CAs.Create(t.Context(), ca), s.Label)
			cas[s.Label], d = ca, ca.Details
			if s.Label == "CA, minimal subject, sha512, nsComment" {
				again.Extensions = []ours.Extension{{Name: "nsComment", Value: "hello"}}
			}
			copied := &ours.CA{Details: again}
			require.NoError(t, p.CAs.Create(t.Context(), copied))
			made = copied.Certificate
		} else {
			c := &ours.Cert{Details: d, CAID: cas[s.Issuer].ID}
			require.NoError(t, p.Certs.Create(t.Context(), c), s.Label)
			d, again.OrganizationID, again.KeyLength = c.Details, wispwright.ID{}, ours.RSA2048
			copied := &ours.Cert{Details: again, CAID: c.CAID}
			require.NoError(t, p.Certs.Create(t.Context(), copied))
			made = copied.Certificate
		}
		want := s.Expected
		want["name"] = want["common_name"]
		require.Equal(t, want, fields(&d), s.Label)
		extensions := parse(t, made).Extensions
		require.Len(t, extensions, len(s.Extensions), s.Label)
		for i, e := range s.Extensions {
			have := extensions[i]
			require.Equal(t, e.Critical, have.Critical, "%s %s", s.Label, e.Name)
			switch e.Name {
			case "subjectKeyIdentifier":
				require.Len(t, have.Value, 22)
			case "authorityKeyIdentifier": // the key's alone: spec x509 §3.2
				require.Len(t, have.Value, 24)
			default:
				require.Equal(t, e.DER, hex.EncodeToString(have.Value), "%s %s", s.Label, e.Name)
			}
		}
		matched++
	}
	t.Logf("%d/%d matched", matched, len(in.Samples))
}

// Each kind of key signs with each digest, and OpenSSL agrees with the chain.
func TestOpenSSLVerifiesEveryKindOfKey(t *testing.T) {
	p := newPKI(t, nil)
	for _, length := range []ours.KeyLength{ours.P256, ours.P384, ours.P521, ours.Ed25519, ours.RSA1024, ours.RSA2048} {
		for _, digest := range ours.Digests() {
			name := fmt.Sprintf("%s %s", length, digest)
			ca := p.ca(t, "ca "+name, func(c *ours.CA) { c.KeyLength, c.Digest = length, digest })
			c := p.cert(t, ca, "cert "+name, func(c *ours.Cert) { c.Digest, c.SerialNumber = digest, "1234567890123456789012345678901234567890" })
			dir := files(t, map[string]string{"ca.pem": ca.Certificate, "cert.pem": c.Certificate, "key.pem": c.PrivateKey.Reveal()})
			// level 0: SHA-1 and 1024 bits are below what OpenSSL takes by itself
			require.Contains(t, openssl(t, dir, "verify", "-x509_strict", "-auth_level", "0", "-CAfile", "ca.pem", "cert.pem"), "OK", name)
			require.Contains(t, openssl(t, dir, "x509", "-in", "cert.pem", "-noout", "-serial"), "03A0C92075C0DBF3B8ACBC5F96CE3F0AD2")
			require.Equal(t, openssl(t, dir, "x509", "-in", "cert.pem", "-noout", "-pubkey"), openssl(t, dir, "pkey", "-in", "key.pem", "-pubout"))
			text, err := ours.Text(c.Certificate)
			require.NoError(t, err)
			require.Contains(t, text, `CN = "cert `+name+`"`)
			if length == ours.Ed25519 {
				require.Equal(t, ours.SHA512, ca.Digest)
				break
			}
		}
	}
}

// Intermediate authorities make chains that OpenSSL and Go accept.
func TestChains(t *testing.T) {
	p := newPKI(t, nil)
	root := p.ca(t, "root", func(c *ours.CA) { c.PathLength = 1 })
	below := func(parent *ours.CA, name string, length int64) (*ours.CA, error) {
		ca := &ours.CA{ParentID: &parent.ID, PathLength: length, Details: ours.Details{Name: name, CommonName: name, KeyLength: ours.P256}}
		return ca, p.CAs.Create(t.Context(), ca)
	}
	_, err := below(root, "too long", 1)
	require.Contains(t, faults(t, err)["path_length"], "at most 0")
	sub, err := below(root, "sub", 0)
	require.NoError(t, err)
	_, err = below(sub, "too deep", 0)
	require.Contains(t, faults(t, err)["parent"], "allows no other below it")
	leaf := p.cert(t, sub, "leaf", func(c *ours.Cert) {
		c.Extensions = []ours.Extension{{Name: "subjectAltName", Value: "DNS:localhost,IP:127.0.0.1"}, {Name: "extendedKeyUsage", Value: "serverAuth,clientAuth"}}
	})
	dir := files(t, map[string]string{"root.pem": root.Certificate, "sub.pem": sub.Certificate, "leaf.pem": leaf.Certificate, "key.pem": leaf.PrivateKey.Reveal()})
	require.Contains(t, openssl(t, dir, "verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "sub.pem", "leaf.pem"), "OK")
	chain, err := p.CAs.Chain(t.Context(), sub.ID)
	require.NoError(t, err)
	require.Len(t, chain, 2)

	// a handshake of Go, both sides with a certificate
	pair, err := tls.X509KeyPair([]byte(ours.Bundle(leaf.Certificate, chain[:1])), []byte(leaf.PrivateKey.Reveal()))
	require.NoError(t, err)
	roots := std.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(root.Certificate)))
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert})
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = c.Write([]byte("hello\n")) // anybody who did not prove itself gets none
				_ = c.Close()
			}()
		}
	}()
	client, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "localhost", Certificates: []tls.Certificate{pair}})
	require.NoError(t, err)
	hello := make([]byte, 6)
	_, err = client.Read(hello)
	require.NoError(t, err)
	require.NoError(t, client.Close())
	// and one of OpenSSL
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	out := openssl(t, dir, "s_client", "-connect", "127.0.0.1:"+port, "-servername", "localhost", "-verify_return_error", "-verify_hostname", "localhost",
		"-CAfile", "root.pem", "-cert", "leaf.pem", "-key", "key.pem", "-cert_chain", "sub.pem", "-quiet", "-no_ign_eof")
	require.Contains(t, out, "verify return:1")

	_, err = p.CAs.Revoke(t.Context(), everything(), root.ID, "")
	require.Contains(t, faults(t, err)[""], "Only a CA that another CA here signed")
	_, err = p.CAs.Revoke(t.Context(), everything(), sub.ID, ours.CACompromise)
	require.NoError(t, err)
	crl, err := p.CRL(t.Context(), everything(), root.ID)
	require.NoError(t, err)
	dir = files(t, map[string]string{"root.pem": root.Certificate, "sub.pem": sub.Certificate, "crl.pem": string(crl.PEM())})
	out, err = try(t, dir, "verify", "-crl_check", "-CAfile", "root.pem", "-CRLfile", "crl.pem", "sub.pem")
	require.Error(t, err)
	require.Contains(t, out, "certificate revoked")
	_, err = below(sub, "of a revoked one", 0)
	require.Error(t, err)
	require.Contains(t, faults(t, p.Certs.Create(t.Context(), &ours.Cert{CAID: sub.ID, Details: ours.Details{Name: "x", CommonName: "x"}}))["ca"], "revoked")
	require.ErrorAs(t, p.CAs.Delete(t.Context(), everything(), root.ID), new(*wispwright.ProtectedError))
}

// What is made keeps the rules of RFC 5280 as zlint checks them.
func TestLint(t *testing.T) {
	p := newPKI(t, nil)
	ca := p.ca(t, "root", func(c *ours.CA) {
		c.CountryCode, c.State, c.City, c.OrganizationName, c.Email = "IT", "Römer", "Rome", "ACME", "a@example.org"
	})
	c := p.cert(t, ca, "server", func(c *ours.Cert) {
		c.Extensions = []ours.Extension{{Name: "subjectAltName", Value: "DNS:a.example.com"}, {Name: "extendedKeyUsage", Value: "serverAuth"}, {Name: "crlDistributionPoints", Value: "URI:http://a.example.com/ca.crl"},
			{Name: "authorityInfoAccess", Value: "OCSP;URI:http://a.example.com/ocsp"}, {Name: "certificatePolicies", Value: "1.3.6.1.4.1.65901.9"}, {OID: "1.3.6.1.4.1.65901.1", Value: "ASN1:UTF8:string:ü"}}
	})
	registry, err := lint.GlobalRegistry().Filter(lint.FilterOptions{IncludeSources: lint.SourceList{lint.RFC5280, lint.RFC5480, lint.RFC8813},
		// OpenWISP writes the address of people into the subject
		ExcludeNames: []string{"e_subj_email_not_in_san"}})
	require.NoError(t, err)
	for name, text := range map[string]string{"ca": ca.Certificate, "cert": c.Certificate} {
		parsed, err := x509.ParseCertificate(parse(t, text).Raw)
		require.NoError(t, err)
		for rule, r := range zlint.LintCertificateEx(parsed, registry).Results {
			require.Less(t, r.Status, lint.Error, "%s: %s: %s", name, rule, r.Details)
		}
	}
}

// Times until 2049 are UTCTime, later ones GeneralizedTime; serial numbers may be
// chosen; the end of a key's passphrase.
func TestWhatIsAsked(t *testing.T) {
	p := newPKI(t, nil)
	end := time.Date(2051, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600))
	ca := p.ca(t, "long", func(c *ours.CA) { c.ValidityEnd, c.Passphrase = end, "s3cret" })
	require.Equal(t, end.UTC().Truncate(time.Second), parse(t, ca.Certificate).NotAfter.UTC())
	require.Equal(t, ca.ValidityEnd, parse(t, ca.Certificate).NotAfter.UTC())
	require.Equal(t, 0, ca.ValidityStart.Hour())
	require.Contains(t, ca.PrivateKey.Reveal(), "BEGIN ENCRYPTED PRIVATE KEY")
	dir := files(t, map[string]string{"key.pem": ca.PrivateKey.Reveal(), "ca.pem": ca.Certificate})
	require.Contains(t, openssl(t, dir, "pkey", "-in", "key.pem", "-passin", "pass:s3cret", "-noout", "-check"), "valid")
	require.Contains(t, openssl(t, dir, "asn1parse", "-in", "ca.pem"), "GENERALIZEDTIME")
	c := p.cert(t, ca, "c", func(c *ours.Cert) { c.SerialNumber = "3" })
	require.Equal(t, "3", parse(t, c.Certificate).SerialNumber.String())
	_, err := p.CRL(t.Context(), everything(), ca.ID)
	require.NoError(t, err, "with the stored passphrase")
	for _, change := range p.history {
		require.NotContains(t, fmt.Sprint(change), "PRIVATE KEY")
		require.NotContains(t, fmt.Sprint(change), "s3cret")
	}
	for name, o := range map[string]ours.Options{"keyusage": {CAKeyUsage: "nonsense"}, "key": {KeyLength: "17"}} {
		_, err := ours.NewAuthority(nil, p.stores, &o)
		require.Error(t, err, name)
	}
	other := newPKI(t, &ours.Options{CAConstraintsNotCritical: true, CAKeyUsageNotCritical: true, CertKeyUsageCritical: true, CertKeyUsage: "digitalSignature"})
	turned := parse(t, other.ca(t, "turned", func(c *ours.CA) { c.PathLength = ours.NoLimit }).Certificate)
	require.False(t, turned.Extensions[0].Critical)
	require.Equal(t, "30030101ff", hex.EncodeToString(turned.Extensions[0].Value))
	require.False(t, turned.Extensions[1].Critical)
}
