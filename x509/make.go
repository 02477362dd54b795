package x509

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1" // what key identifiers are made with (RFC 5280 §4.2.1.2)
	std "crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// subject is the distinguished name: C, ST, L, O, OU, emailAddress, CN, as far
// as they are there (spec: x509 §3).
func (d *Details) subject() ([]byte, error) {
	var name pkix.RDNSequence
	for _, a := range []struct {
		id    asn1.ObjectIdentifier
		value string
		tag   int
	}{
		{oid(2, 5, 4, 6), d.CountryCode, asn1.TagPrintableString},
		{oid(2, 5, 4, 8), d.State, asn1.TagUTF8String},
		{oid(2, 5, 4, 7), d.City, asn1.TagUTF8String},
		{oid(2, 5, 4, 10), d.OrganizationName, asn1.TagUTF8String},
		{oid(2, 5, 4, 11), d.OrganizationalUnitName, asn1.TagUTF8String},
		{oidEmail(), d.Email, asn1.TagIA5String},
		{oid(2, 5, 4, 3), d.CommonName, asn1.TagUTF8String},
	} {
		if a.value != "" {
			name = append(name, pkix.RelativeDistinguishedNameSET{{Type: a.id, Value: asn1.RawValue{Tag: a.tag, Bytes: []byte(a.value)}}})
		}
	}
	return asn1.Marshal(name)
}

func oidEmail() asn1.ObjectIdentifier { return oid(1, 2, 840, 113549, 1, 9, 1) }

// tbs is what is signed of a certificate.
type tbs struct {
	Version    int `asn1:"optional,explicit,default:0,tag:0"`
	Serial     *big.Int
	Algorithm  pkix.AlgorithmIdentifier
	Issuer     asn1.RawValue
	Validity   struct{ NotBefore, NotAfter time.Time }
	Subject    asn1.RawValue
	PublicKey  asn1.RawValue
	Extensions []pkix.Extension `asn1:"explicit,tag:3"`
}

// order is what a certificate is made of.
type order struct {
	*Details
	key    crypto.PublicKey
	issuer *issuer // nil: the certificate signs itself with signer
	signer crypto.Signer
	ca     bool
	// below is the path length, NoLimit for none
	below int64
	// further are extensions that no user asked for
	further []pkix.Extension
}

// issuer is an authority that is about to sign.
type issuer struct {
	ca     *CA
	cert   *std.Certificate
	signer crypto.Signer
}

// keyID is the identifier of a public key: the SHA-1 sum of its bits.
func keyID(key crypto.PublicKey) ([]byte, error) {
	der, err := std.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:], nil
}

// keyIDOf is the identifier that an issuer's certificate states, or that of its key.
func keyIDOf(cert *std.Certificate) ([]byte, error) {
	if len(cert.SubjectKeyId) > 0 {
		return cert.SubjectKeyId, nil
	}
	return keyID(cert.PublicKey)
}

// make signs a certificate and returns it as PEM.
func (o *order) make(settings *Options) (string, error) {
	subject, err := o.subject()
	if err != nil {
		return "", fmt.Errorf("subject: %w", err)
	}
	public, err := std.MarshalPKIXPublicKey(o.key)
	if err != nil {
		return "", fmt.Errorf("public key: %w", err)
	}
	signer, issuerName := o.signer, subject
	if o.issuer != nil {
		signer, issuerName = o.issuer.signer, o.issuer.cert.RawSubject
	}
	a, err := algorithmFor(signer.Public(), o.Digest)
	if err != nil {
		return "", err
	}
	serial, ok := new(big.Int).SetString(o.SerialNumber, 10)
	if !ok {
		return "", fmt.Errorf("serial number %q", o.SerialNumber)
	}
	t := tbs{Version: 2, Serial: serial, Algorithm: a.identifier(), Issuer: asn1.RawValue{FullBytes: issuerName}, Subject: asn1.RawValue{FullBytes: subject}, PublicKey: asn1.RawValue{FullBytes: public}}
	t.Validity.NotBefore, t.Validity.NotAfter = o.ValidityStart.UTC(), o.ValidityEnd.UTC()
	if t.Extensions, err = o.extensions(settings); err != nil {
		return "", err
	}
	content, err := asn1.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("certificate: %w", err)
	}
	der, err := seal(signer, a, content)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: der})), nil
}

// extensions are the built-in ones and the user's, in this order (spec: x509
// §3.2): basicConstraints, keyUsage, subjectKeyIdentifier, authorityKeyIdentifier.
func (o *order) extensions(settings *Options) ([]pkix.Extension, error) {
	own, usage, usageCritical, err := encodeExtensions(o.Extensions)
	if err != nil {
		return nil, err
	}
	constraints := []byte{0x30, 0}
	critical, bits := settings.CertKeyUsageCritical, settings.CertKeyUsage
	if o.ca {
		critical, bits = !settings.CAKeyUsageNotCritical, settings.CAKeyUsage
		var der any = struct{ CA bool }{true}
		if o.below != NoLimit {
			der = struct {
				CA   bool
				Path int64
			}{true, o.below}
		}
		if constraints, err = asn1.Marshal(der); err != nil {
			return nil, err
		}
	}
	named, err := flags(bits, keyUsages())
	if err != nil {
		return nil, fmt.Errorf("key usage of the settings: %w", err)
	}
	if sortOf(o.key) != "rsa" && !o.ca && usage == 0 {
		named &^= 1 << slices.Index(keyUsages(), "keyEncipherment") // only RSA keys encipher others
	}
	usages, err := bitString(named | usage)
	if err != nil {
		return nil, err
	}
	id, err := keyID(o.key)
	if err != nil {
		return nil, err
	}
	ski, err := asn1.Marshal(id)
	if err != nil {
		return nil, err
	}
	authority := id
	if o.issuer != nil {
		if authority, err = keyIDOf(o.issuer.cert); err != nil {
			return nil, err
		}
	}
	aki, err := asn1.Marshal(struct {
		ID []byte `asn1:"tag:0"`
	}{authority})
	if err != nil {
		return nil, err
	}
	return slices.Concat([]pkix.Extension{
		{Id: oidBasicConstraints(), Critical: o.ca && !settings.CAConstraintsNotCritical, Value: constraints},
		{Id: oidKeyUsage(), Critical: critical || usageCritical, Value: usages},
		{Id: oidSubjectKeyID(), Value: ski},
		{Id: oidAuthorityKeyID(), Value: aki},
	}, o.further, own), nil
}

// randomSerial is 128 random bits that are not 0 (spec: x509 §3).
func randomSerial() (*big.Int, error) {
	id := wispwright.NewID()
	n := new(big.Int).SetBytes(id[:])
	if n.Sign() == 0 { // a version 4 UUID has bits that are set
		return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	}
	return n, nil
}

// maxSerial is what RFC 5280 §4.1.2.2 allows: 20 octets, positive.
const maxSerialBits = 159

// checkSerial wants an integer within the limits (spec: x509 §2).
func checkSerial(v *wispwright.ValidationError, text string) string {
	n, ok := new(big.Int).SetString(strings.TrimSpace(text), 10)
	switch {
	case len(text) > 48 || !ok:
		v.Add("serial_number", "Serial number must be an integer")
		return text
	case n.Sign() <= 0:
		v.Add("serial_number", "Serial number must be greater than zero")
	case n.BitLen() > maxSerialBits:
		v.Add("serial_number", "Serial number must have at most 159 bits")
	}
	return n.String()
}
