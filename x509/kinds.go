package x509

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"slices"
	"strconv"

	"github.com/wispwright/wispwright"
)

// KeyLength says which kind of key: bits of RSA, bits of the curve of ECDSA, or
// Ed25519 (spec: x509 §1.1, additions X-1).
type KeyLength string

// The keys that can be made. Imports may have RSA keys of any length between the
// smallest that is accepted and 8192 bits.
const (
	RSA1024 KeyLength = "1024"
	RSA2048 KeyLength = "2048"
	RSA3072 KeyLength = "3072"
	RSA4096 KeyLength = "4096"
	P256    KeyLength = "256"
	P384    KeyLength = "384"
	P521    KeyLength = "521"
	Ed25519 KeyLength = "ed25519"
)

// KeyLengths are the choices, in the order of a form.
func KeyLengths() []KeyLength {
	return []KeyLength{P256, P384, P521, Ed25519, RSA1024, RSA2048, RSA3072, RSA4096}
}

// Digest is the hash function of signatures.
type Digest string

// The digests.
const (
	SHA1   Digest = "sha1"
	SHA224 Digest = "sha224"
	SHA256 Digest = "sha256"
	SHA384 Digest = "sha384"
	SHA512 Digest = "sha512"
)

// Digests are the choices, in the order of a form.
func Digests() []Digest { return []Digest{SHA1, SHA224, SHA256, SHA384, SHA512} }

func (d Digest) hash() crypto.Hash {
	switch d {
	case SHA1:
		return crypto.SHA1
	case SHA224:
		return crypto.SHA224
	case SHA384:
		return crypto.SHA384
	case SHA512:
		return crypto.SHA512
	}
	return crypto.SHA256
}

// curve returns the curve of a key length, nil for others.
func (k KeyLength) curve() elliptic.Curve {
	switch k {
	case P256:
		return elliptic.P256()
	case P384:
		return elliptic.P384()
	case P521:
		return elliptic.P521()
	}
	return nil
}

func (k KeyLength) known() bool { return slices.Contains(KeyLengths(), k) }

// maxRSA bounds the work that a foreign key causes.
const maxRSA = 8192

// weakness says what is wrong with a public key, "" for nothing
// (spec: additions X-1).
func weakness(key crypto.PublicKey, leastRSA int) string {
	switch key := key.(type) {
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		switch {
		case bits < leastRSA:
			return fmt.Sprintf("The RSA key has %d bits; at least %d are required.", bits, leastRSA)
		case bits > maxRSA:
			return fmt.Sprintf("The RSA key has %d bits; at most %d are accepted.", bits, maxRSA)
		case key.E < 65537:
			return fmt.Sprintf("The RSA key has the public exponent %d; at least 65537 is required.", key.E)
		case key.N.Bit(0) == 0:
			return "The modulus of the RSA key is even."
		case closePrimes(key.N):
			return "The primes of the RSA key are so close that it can be factored."
		}
	case *ecdsa.PublicKey:
		if lengthOf(key) == "" {
			return "The curve of the ECDSA key is none of P-256, P-384 and P-521."
		}
	case ed25519.PublicKey:
	default:
		return "Unsupported private key algorithm"
	}
	return ""
}

// lengthOf is the key length of a public key; empty for what is not supported.
func lengthOf(key crypto.PublicKey) KeyLength {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return KeyLength(strconv.Itoa(key.N.BitLen()))
	case *ecdsa.PublicKey:
		for _, k := range []KeyLength{P256, P384, P521} {
			if k.curve() == key.Curve {
				return k
			}
		}
	case ed25519.PublicKey:
		return Ed25519
	}
	return ""
}

// Reason says why a certificate was revoked (RFC 5280 §5.3.1).
type Reason string

// The reasons. Unspecified is what OpenWISP always says; Hold is that of deleted
// objects, which an import takes back.
const (
	Unspecified          Reason = "unspecified"
	KeyCompromise        Reason = "key_compromise"
	CACompromise         Reason = "ca_compromise"
	AffiliationChanged   Reason = "affiliation_changed"
	Superseded           Reason = "superseded"
	CessationOfOperation Reason = "cessation_of_operation"
	Hold                 Reason = "certificate_hold"
	PrivilegeWithdrawn   Reason = "privilege_withdrawn"
)

// Reasons are the choices of people; Hold is not among them.
func Reasons() []Reason {
	return []Reason{Unspecified, KeyCompromise, CACompromise, AffiliationChanged, Superseded, CessationOfOperation, PrivilegeWithdrawn}
}

// code is the number of a reason.
func (r Reason) code() int {
	switch r {
	case KeyCompromise:
		return 1
	case CACompromise:
		return 2
	case AffiliationChanged:
		return 3
	case Superseded:
		return 4
	case CessationOfOperation:
		return 5
	case Hold:
		return 6
	case PrivilegeWithdrawn:
		return 9
	}
	return 0
}

// check adds what is wrong with a choice.
func check[S ~string](v *wispwright.ValidationError, field string, value S, choices []S) {
	if !slices.Contains(choices, value) {
		v.Add(field, strconv.Quote(string(value))+" is not a valid choice.")
	}
}
