package x509

import (
	"crypto"
	std "crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
)

// parseCertificate reads the first certificate of a text. Its errors are
// sentences for people.
func parseCertificate(text string) (*std.Certificate, error) {
	if len(text) > maxPEM {
		return nil, fmt.Errorf("The text has more than %d characters.", maxPEM)
	}
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errors.New("Invalid certificate")
		}
		if block.Type != certificateBlock && block.Type != "X509 CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" {
			continue
		}
		cert, err := std.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("Invalid certificate: %s", strings.TrimPrefix(err.Error(), "x509: "))
		}
		return cert, nil
	}
}

// imported is what an import consists of.
type imported struct {
	cert   *std.Certificate
	signer crypto.Signer
}

// readImport reads certificate and key, checks them, and takes the fields over
// from the certificate (spec: x509 §4).
func (d *Details) readImport(leastRSA int) (*imported, error) {
	var v wispwright.ValidationError
	if d.Certificate == "" || d.PrivateKey == "" {
		v.Add("", "When importing an existing certificate, both keys (private and public) must be present")
		return nil, v.Err()
	}
	cert, err := parseCertificate(d.Certificate)
	if err != nil {
		v.Add("certificate", err.Error())
	}
	signer, err := parseKey(d.PrivateKey, d.Passphrase)
	switch {
	case errors.Is(err, errPassphrase):
		v.Add("passphrase", err.Error())
	case err != nil:
		v.Add("private_key", err.Error())
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	if weak := weakness(signer.Public(), leastRSA); weak != "" {
		v.Add("private_key", weak)
	}
	if !samePublic(cert.PublicKey, signer.Public()) {
		v.Add("private_key", "The private key does not belong to the certificate.")
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	return &imported{cert, signer}, d.takeOver(cert)
}

// takeOver fills the fields from a certificate.
func (d *Details) takeOver(cert *std.Certificate) error {
	digest := digestOf(cert)
	if digest == "" {
		return wispwright.Invalid("certificate", "The certificate is signed with an unsupported or broken algorithm ("+cert.SignatureAlgorithm.String()+").")
	}
	if cert.SerialNumber.Sign() <= 0 || cert.SerialNumber.BitLen() > maxSerialBits+1 {
		return wispwright.Invalid("certificate", "The serial number must be positive and have at most 20 bytes.")
	}
	d.KeyLength, d.Digest = lengthOf(cert.PublicKey), digest
	d.ValidityStart, d.ValidityEnd = cert.NotBefore.UTC(), cert.NotAfter.UTC()
	d.SerialNumber = cert.SerialNumber.String()
	d.CountryCode, d.State, d.City, d.OrganizationName, d.OrganizationalUnitName, d.Email, d.CommonName = "", "", "", "", "", "", ""
	for _, a := range cert.Subject.Names {
		text, _ := a.Value.(string) // what is no text has no field
		text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
		for _, f := range []struct {
			id    string
			field *string
			most  int
		}{
			{"2.5.4.6", &d.CountryCode, 2}, {"2.5.4.8", &d.State, 64}, {"2.5.4.7", &d.City, 64}, {"2.5.4.10", &d.OrganizationName, 64},
			{"2.5.4.11", &d.OrganizationalUnitName, 64}, {oidEmail().String(), &d.Email, 254}, {"2.5.4.3", &d.CommonName, 64},
		} {
			if a.Type.String() != f.id || *f.field != "" {
				continue
			}
			if n := utf8.RuneCountInString(text); n > f.most {
				if f.most == 2 { // old data has whole names there
					continue
				}
				text = string([]rune(text)[:f.most])
			}
			*f.field = text
		}
	}
	if d.Name == "" {
		d.Name = d.CommonName
	}
	if d.Name == "" {
		d.Name = d.SerialNumber
	}
	return nil
}

// checkAuthority wants a certificate that may sign others.
func checkAuthority(cert *std.Certificate, now time.Time) error {
	var v wispwright.ValidationError
	switch {
	case !cert.BasicConstraintsValid || !cert.IsCA:
		v.Add("certificate", "The certificate is not that of a certification authority.")
	case cert.KeyUsage != 0 && cert.KeyUsage&std.KeyUsageCertSign == 0:
		v.Add("certificate", "The key usage of the certificate does not allow it to sign others.")
	}
	checkDates(&v, "certificate", cert, now)
	return v.Err()
}

func checkDates(v *wispwright.ValidationError, field string, cert *std.Certificate, now time.Time) {
	switch {
	case now.After(cert.NotAfter):
		v.Add(field, "The certificate has expired on "+cert.NotAfter.UTC().Format(time.RFC3339)+".")
	case now.Before(cert.NotBefore):
		v.Add(field, "The certificate is not valid before "+cert.NotBefore.UTC().Format(time.RFC3339)+".")
	}
}

// checkIssued holds an imported certificate against the authority it is said to
// come from (spec: additions X-1).
func checkIssued(cert *std.Certificate, ca *CA, now time.Time) error {
	var v wispwright.ValidationError
	authority, err := parseCertificate(ca.Certificate)
	if err != nil {
		return fmt.Errorf("certificate of CA %d: %w", ca.ID, err)
	}
	const prefix = "CA doesn't match: "
	switch {
	case string(cert.RawIssuer) != string(authority.RawSubject):
		v.Add("", prefix+"the issuer of the certificate is not the subject of the CA.")
	case !authority.IsCA:
		v.Add("", prefix+"the CA may not sign certificates.")
	case verify(cert, authority.PublicKey) != nil:
		v.Add("", prefix+"the signature was not made by the CA.")
	}
	checkDates(&v, "", cert, now)
	return v.Err()
}

// parseRequest reads a PKCS#10 request, as PEM or DER, and checks that the one that
// asks has the key, and that the key is good.
func parseRequest(text []byte, leastRSA int) (*std.CertificateRequest, error) {
	if len(text) > maxPEM {
		return nil, fmt.Errorf("The request has more than %d bytes.", maxPEM)
	}
	der := text
	if block, _ := pem.Decode(text); block != nil {
		if block.Type != "CERTIFICATE REQUEST" && block.Type != "NEW CERTIFICATE REQUEST" {
			return nil, errors.New("Invalid request for a certificate")
		}
		der = block.Bytes
	}
	request, err := std.ParseCertificateRequest(der)
	if err != nil {
		return nil, errors.New("Invalid request for a certificate")
	}
	if weak := weakness(request.PublicKey, leastRSA); weak != "" {
		return nil, errors.New(weak)
	}
	if request.CheckSignature() != nil {
		return nil, errors.New("The request is not signed with its own key.")
	}
	return request, nil
}
