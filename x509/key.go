package x509

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	std "crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"github.com/youmark/pkcs8"

	"github.com/wispwright/wispwright"
)

// GenerateKey makes a private key of a length.
func GenerateKey(length KeyLength) (crypto.Signer, error) {
	if curve := length.curve(); curve != nil {
		return ecdsa.GenerateKey(curve, rand.Reader)
	}
	if length == Ed25519 {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	bits, err := strconv.Atoi(string(length))
	if err != nil || bits < 1024 || bits > maxRSA {
		return nil, wispwright.Invalid("key_length", strconv.Quote(string(length))+" is not a valid choice.")
	}
	return rsa.GenerateKey(rand.Reader, bits)
}

const (
	privateKeyBlock   = "PRIVATE KEY"
	encryptedKeyBlock = "ENCRYPTED PRIVATE KEY"
	certificateBlock  = "CERTIFICATE"
	crlBlock          = "X509 CRL"
)

// iterations of PBKDF2 for keys that are encrypted here: OpenVPN spends them at
// each start.
const iterations = 100_000

// encodeKey writes a key as PKCS#8, encrypted with AES-256-CBC when there is a
// passphrase (spec: x509 §3).
func encodeKey(key crypto.Signer, passphrase wispwright.Secret) (wispwright.Secret, error) {
	block := &pem.Block{Type: privateKeyBlock}
	var err error
	if passphrase == "" {
		block.Bytes, err = std.MarshalPKCS8PrivateKey(key)
	} else {
		block.Type = encryptedKeyBlock
		block.Bytes, err = pkcs8.MarshalPrivateKey(key, []byte(passphrase.Reveal()), &pkcs8.Opts{
			Cipher: pkcs8.AES256CBC, KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 16, IterationCount: iterations, HMACHash: crypto.SHA256},
		})
	}
	if err != nil {
		return "", fmt.Errorf("encode a private key: %w", err)
	}
	return wispwright.Secret(pem.EncodeToMemory(block)), nil
}

// maxPEM bounds what is read: the longest RSA key that is accepted needs a tenth.
const maxPEM = 64 << 10

var (
	errNoKey      = errors.New("Invalid private key")
	errPassphrase = errors.New("Incorrect Passphrase")
	errAlgorithm  = errors.New("Unsupported private key algorithm")
	errCostly     = errors.New("The parameters of the key's encryption would take too long or too much memory.")
)

// parseKey reads a private key in any of its usual forms. Its errors are
// sentences for people: errPassphrase belongs to the passphrase, all others to the
// key.
func parseKey(text, passphrase wispwright.Secret) (crypto.Signer, error) {
	if len(text) > maxPEM {
		return nil, fmt.Errorf("The text has more than %d characters.", maxPEM)
	}
	rest := []byte(text.Reveal())
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errNoKey
		}
		switch block.Type {
		case "EC PARAMETERS", certificateBlock: // stand in front of keys in files of OpenSSL
			continue
		}
		return blockKey(block, passphrase)
	}
}

func blockKey(block *pem.Block, passphrase wispwright.Secret) (crypto.Signer, error) {
	der := block.Bytes
	encrypted := block.Headers["DEK-Info"] != ""
	switch {
	case encrypted && passphrase == "":
		return nil, errPassphrase
	case encrypted:
		var err error
		//lint:ignore SA1019 old files are encrypted so; there is no other way to read them
		if der, err = std.DecryptPEMBlock(block, []byte(passphrase.Reveal())); err != nil {
			return nil, errPassphrase
		}
	}
	key, err := decodeKey(block.Type, der, passphrase)
	if err != nil {
		if encrypted && !errors.Is(err, errAlgorithm) { // a wrong passphrase can look right by chance
			return nil, errPassphrase
		}
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errAlgorithm
	}
	switch key := signer.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() <= maxRSA && key.Validate() != nil {
			return nil, errNoKey
		}
	case *ecdsa.PrivateKey, ed25519.PrivateKey:
	default:
		return nil, errAlgorithm
	}
	return signer, nil
}

func decodeKey(kind string, der []byte, passphrase wispwright.Secret) (key any, err error) {
	switch kind {
	case privateKeyBlock:
		key, err = std.ParsePKCS8PrivateKey(der)
	case "RSA PRIVATE KEY":
		key, err = std.ParsePKCS1PrivateKey(der)
	case "EC PRIVATE KEY":
		key, err = std.ParseECPrivateKey(der)
	case encryptedKeyBlock:
		if passphrase == "" {
			return nil, errPassphrase
		}
		if err := affordable(der); err != nil {
			return nil, err
		}
		if key, err = pkcs8.ParsePKCS8PrivateKey(der, []byte(passphrase.Reveal())); err != nil {
			return nil, errPassphrase
		}
	case "DSA PRIVATE KEY", "OPENSSH PRIVATE KEY":
		return nil, errAlgorithm
	default:
		return nil, errNoKey
	}
	if err != nil {
		if short := smallRSA(der); short > 0 { // Go refuses to read those
			return nil, fmt.Errorf("The RSA key has %d bits; at least %d are required.", short, 1024)
		}
		return nil, errNoKey
	}
	return key, nil
}

// smallRSA is the length of an RSA key that is too short for Go to read, to name
// the reason; 0 for anything else.
func smallRSA(der []byte) int {
	var info struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	if _, err := asn1.Unmarshal(der, &info); err == nil {
		der = info.Key
	}
	var key struct {
		Version int
		N, E, D *big.Int
		Rest    asn1.RawValue
	}
	if _, err := asn1.Unmarshal(der, &key); err != nil && key.N == nil || key.N == nil {
		return 0
	}
	if bits := key.N.BitLen(); bits < 1024 {
		return bits
	}
	return 0
}

// affordable refuses encrypted keys whose derivation would take hours or all
// memory, before it begins.
func affordable(der []byte) error {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	if rest, err := asn1.Unmarshal(der, &info); err != nil || len(rest) > 0 {
		return errNoKey
	}
	if !info.Algorithm.Algorithm.Equal(oidPBES2()) {
		return errors.New("The key is encrypted in an old way; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc")
	}
	return affordableParameters(info.Algorithm.Parameters.FullBytes, maxIterations)
}

// maxIterations is what a derivation may repeat: about a second.
const maxIterations = 2_000_000

func oidPBES2() asn1.ObjectIdentifier { return oid(1, 2, 840, 113549, 1, 5, 13) }

// affordableParameters is affordable for the parameters of PBES2.
func affordableParameters(der []byte, most int) error {
	var params struct {
		KDF, Cipher pkix.AlgorithmIdentifier
	}
	if _, err := asn1.Unmarshal(der, &params); err != nil {
		return errNoKey
	}
	return affordableKDF(params.KDF, most)
}

func affordableKDF(a pkix.AlgorithmIdentifier, most int) error {
	switch kdf := a.Parameters.FullBytes; {
	case a.Algorithm.Equal(oidPBKDF2()):
		var p struct {
			Salt       asn1.RawValue
			Iterations int
			KeyLength  int                      `asn1:"optional"`
			PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(kdf, &p); err != nil {
			return errNoKey
		}
		if p.Iterations < 1 || p.Iterations > most || len(p.Salt.Bytes) > 1024 || p.KeyLength > 64 {
			return errCostly
		}
	case a.Algorithm.Equal(oid(1, 3, 6, 1, 4, 1, 11591, 4, 11)):
		var p struct {
			Salt      []byte
			N, R, P   int
			KeyLength int `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(kdf, &p); err != nil {
			return errNoKey
		}
		if p.N < 2 || p.R < 1 || p.P < 1 || p.N > 1<<18 || p.R > 64 || p.P > 16 || 128*p.N*p.R > 64<<20 || p.N*p.R*p.P > 1<<22 || len(p.Salt) > 1024 || p.KeyLength > 64 {
			return errCostly
		}
	default:
		return errNoKey
	}
	return nil
}

// closePrimes finds the factors of a modulus whose primes are close, as some
// broken generators made them (Fermat's method).
func closePrimes(n *big.Int) bool {
	a := new(big.Int).Sqrt(n)
	square, root := new(big.Int), new(big.Int)
	one := big.NewInt(1)
	for range 100 {
		square.Mul(a, a)
		square.Sub(square, n)
		if square.Sign() >= 0 {
			root.Sqrt(square)
			if root.Mul(root, root).Cmp(square) == 0 {
				return true
			}
		}
		a.Add(a, one)
	}
	return false
}
