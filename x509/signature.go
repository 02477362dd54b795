package x509

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // registers the digests
	_ "crypto/sha256"
	_ "crypto/sha512"
	std "crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
)

// algorithm is a way to sign. Go's own certificates know neither SHA-224 nor, for
// checking, SHA-1, which authorities of OpenWISP may have.
type algorithm struct {
	oid    asn1.ObjectIdentifier
	key    string
	digest Digest
}

func algorithms() []algorithm {
	rsaOID := func(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, n} }
	ecOID := func(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, n} }
	return []algorithm{
		{rsaOID(5), "rsa", SHA1}, {rsaOID(14), "rsa", SHA224}, {rsaOID(11), "rsa", SHA256}, {rsaOID(12), "rsa", SHA384}, {rsaOID(13), "rsa", SHA512},
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, "ecdsa", SHA1}, {ecOID(1), "ecdsa", SHA224}, {ecOID(2), "ecdsa", SHA256}, {ecOID(3), "ecdsa", SHA384}, {ecOID(4), "ecdsa", SHA512},
		{asn1.ObjectIdentifier{1, 3, 101, 112}, "ed25519", SHA512},
	}
}

// sort is which algorithms fit a key.
func sortOf(key crypto.PublicKey) string {
	switch key.(type) {
	case *rsa.PublicKey:
		return "rsa"
	case *ecdsa.PublicKey:
		return "ecdsa"
	case ed25519.PublicKey:
		return "ed25519"
	}
	return ""
}

// algorithmFor is how a key signs with a digest; Ed25519 has one of its own.
func algorithmFor(key crypto.PublicKey, digest Digest) (algorithm, error) {
	for _, a := range algorithms() {
		if a.key == sortOf(key) && (a.digest == digest || a.key == "ed25519") {
			return a, nil
		}
	}
	return algorithm{}, fmt.Errorf("no way to sign with a %T and %s", key, digest)
}

// byOID finds a way to sign by its identifier.
func byOID(oid asn1.ObjectIdentifier) (algorithm, bool) {
	for _, a := range algorithms() {
		if a.oid.Equal(oid) {
			return a, true
		}
	}
	return algorithm{}, false
}

// identifier is the algorithm as it is written: RSA has a NULL behind it.
func (a algorithm) identifier() pkix.AlgorithmIdentifier {
	id := pkix.AlgorithmIdentifier{Algorithm: a.oid}
	if a.key == "rsa" {
		id.Parameters = asn1.NullRawValue
	}
	return id
}

func (a algorithm) sum(text []byte) ([]byte, crypto.SignerOpts) {
	if a.key == "ed25519" {
		return text, crypto.Hash(0)
	}
	h := a.digest.hash().New()
	h.Write(text)
	return h.Sum(nil), a.digest.hash()
}

// signed is what certificates, lists and answers of OCSP have in common.
type signed struct {
	Content   asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

// sign signs a DER value; the algorithm in it must be the same.
func sign(key crypto.Signer, a algorithm, content []byte) (asn1.BitString, error) {
	sum, opts := a.sum(content)
	if a.key == "rsa" && a.digest.hash().Size()+11+19 > key.Public().(*rsa.PublicKey).Size() {
		return asn1.BitString{}, fmt.Errorf("an RSA key of %d bits is too short for %s", key.Public().(*rsa.PublicKey).N.BitLen(), a.digest)
	}
	signature, err := key.Sign(rand.Reader, sum, opts)
	if err != nil {
		return asn1.BitString{}, fmt.Errorf("sign: %w", err)
	}
	return asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}, nil
}

// seal signs content and puts it together with its signature.
func seal(key crypto.Signer, a algorithm, content []byte) ([]byte, error) {
	signature, err := sign(key, a, content)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(signed{asn1.RawValue{FullBytes: content}, a.identifier(), signature})
}

var errSignature = errors.New("the signature does not verify")

// verify checks the signature of a certificate with the key of its issuer.
func verify(cert *std.Certificate, issuer crypto.PublicKey) error {
	a, known := algorithmOf(cert)
	if !known {
		parent := &std.Certificate{PublicKey: issuer, PublicKeyAlgorithm: algorithmOfKey(issuer)}
		if parent.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) != nil {
			return errSignature
		}
		return nil
	}
	sum, opts := a.sum(cert.RawTBSCertificate)
	ok := false
	switch key := issuer.(type) {
	case *rsa.PublicKey:
		ok = a.key == "rsa" && rsa.VerifyPKCS1v15(key, opts.HashFunc(), sum, cert.Signature) == nil
	case *ecdsa.PublicKey:
		ok = a.key == "ecdsa" && ecdsa.VerifyASN1(key, sum, cert.Signature)
	case ed25519.PublicKey:
		ok = a.key == "ed25519" && ed25519.Verify(key, sum, cert.Signature)
	}
	if !ok {
		return errSignature
	}
	return nil
}

func algorithmOfKey(key crypto.PublicKey) std.PublicKeyAlgorithm {
	switch sortOf(key) {
	case "rsa":
		return std.RSA
	case "ecdsa":
		return std.ECDSA
	}
	return std.Ed25519
}

// algorithmOf is how a certificate was signed, as far as it is one of ours.
func algorithmOf(cert *std.Certificate) (algorithm, bool) {
	var s signed
	if _, err := asn1.Unmarshal(cert.Raw, &s); err != nil {
		return algorithm{}, false
	}
	return byOID(s.Algorithm.Algorithm)
}

// digestOf is the digest of a certificate's signature, "" for one that is not
// accepted.
func digestOf(cert *std.Certificate) Digest {
	if a, ok := algorithmOf(cert); ok {
		return a.digest
	}
	switch cert.SignatureAlgorithm {
	case std.SHA256WithRSAPSS:
		return SHA256
	case std.SHA384WithRSAPSS:
		return SHA384
	case std.SHA512WithRSAPSS:
		return SHA512
	}
	return ""
}

// samePublic reports whether two public keys are one.
func samePublic(a, b crypto.PublicKey) bool {
	x, err1 := std.MarshalPKIXPublicKey(a)
	y, err2 := std.MarshalPKIXPublicKey(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}
