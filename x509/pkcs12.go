package x509

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	std "crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/wispwright/wispwright"
)

// File is what a PKCS#12 file holds.
type File struct {
	// Certificate is PEM, of the key.
	Certificate string
	// PrivateKey is PEM, not encrypted.
	PrivateKey wispwright.Secret
	// Chain are the other certificates, in PEM, in the order of the file.
	Chain []string
}

// MaxPKCS12 is the largest PKCS#12 file that is read, in bytes: a key with a long
// chain needs a tenth.
const MaxPKCS12 = 128 << 10

// ReadPKCS12 reads a file with a private key and its certificate (RFC 7292), of
// DER, as browsers, Windows and OpenSSL make them. What would take too long to
// decrypt is refused before it begins. Errors: faults of the fields "pkcs12" and
// "passphrase".
func ReadPKCS12(file []byte, passphrase wispwright.Secret) (*File, error) {
	return readPKCS12(file, passphrase, maxIterations)
}

// readPKCS12 is ReadPKCS12 with at most so many iterations of each derivation.
func readPKCS12(file []byte, passphrase wispwright.Secret, most int) (*File, error) {
	refuse := func(format string, args ...any) error {
		return wispwright.Invalid("pkcs12", fmt.Sprintf(format, args...))
	}
	if len(file) > MaxPKCS12 {
		return nil, refuse("The file has more than %d bytes.", MaxPKCS12)
	}
	if len(passphrase) > 128 {
		return nil, wispwright.Invalid("passphrase", "Ensure this value has at most 128 characters.")
	}
	encrypted, err := readPFX(file, most)
	if err != nil {
		return nil, refuse("%s", err)
	}
	for _, content := range encrypted {
		if err := keyless(content, passphrase); err != nil {
			return nil, err
		}
	}
	key, first, others, err := pkcs12.DecodeChain(file, passphrase.Reveal())
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return nil, wispwright.Invalid("passphrase", errPassphrase.Error())
	case err != nil:
		return nil, refuse("The file cannot be read: %s.", cut(err.Error()))
	}
	text, err := std.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, refuse("%s", errAlgorithm)
	}
	signer, err := parseKey(wispwright.Secret(block(privateKeyBlock, text)), "")
	if err != nil {
		return nil, refuse("%s", err)
	}
	out := &File{PrivateKey: wispwright.Secret(block(privateKeyBlock, text))}
	for _, cert := range append([]*std.Certificate{first}, others...) {
		if out.Certificate == "" && samePublic(cert.PublicKey, signer.Public()) {
			out.Certificate = block(certificateBlock, cert.Raw)
			continue
		}
		out.Chain = append(out.Chain, block(certificateBlock, cert.Raw))
	}
	if out.Certificate == "" {
		return nil, refuse("The private key does not belong to a certificate of the file.")
	}
	return out, nil
}

// The structures of RFC 7292 §4, as far as they are looked at.
type (
	pfx struct {
		Version  int
		AuthSafe pfxContent
		MacData  pfxMac `asn1:"optional"`
	}
	pfxContent struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"tag:0,explicit,optional"`
	}
	pfxDigest struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
	pfxMac struct {
		Mac        pfxDigest
		Salt       []byte
		Iterations int `asn1:"optional,default:1"`
	}
	pfxEncrypted struct {
		Version int
		Content struct {
			Type      asn1.ObjectIdentifier
			Algorithm pkix.AlgorithmIdentifier
			Data      asn1.RawValue `asn1:"tag:0,optional"`
		}
	}
	pfxBag struct {
		ID         asn1.ObjectIdentifier
		Value      asn1.RawValue   `asn1:"tag:0,explicit"`
		Attributes []asn1.RawValue `asn1:"set,optional"`
	}
)

func oidData() asn1.ObjectIdentifier          { return oid(1, 2, 840, 113549, 1, 7, 1) }
func oidEncryptedData() asn1.ObjectIdentifier { return oid(1, 2, 840, 113549, 1, 7, 6) }
func oidKeyBag() asn1.ObjectIdentifier        { return oid(1, 2, 840, 113549, 1, 12, 10, 1, 1) }
func oidShroudedBag() asn1.ObjectIdentifier   { return oid(1, 2, 840, 113549, 1, 12, 10, 1, 2) }
func oidPBMAC1() asn1.ObjectIdentifier        { return oid(1, 2, 840, 113549, 1, 5, 14) }
func oidPBKDF2() asn1.ObjectIdentifier        { return oid(1, 2, 840, 113549, 1, 5, 12) }
func oidHMACSHA256() asn1.ObjectIdentifier    { return oid(1, 2, 840, 113549, 2, 9) }

var errNoFile = errors.New("The file is no PKCS#12 file that can be read.")

// readPFX looks through the outside of a file: nothing may take too long. It
// returns the parts that are encrypted.
func readPFX(file []byte, most int) (encrypted []asn1.RawValue, err error) {
	var p pfx
	if rest, err := asn1.Unmarshal(file, &p); err != nil || len(rest) > 0 || !p.AuthSafe.Type.Equal(oidData()) {
		return nil, errNoFile
	}
	if p.MacData.Iterations > most || len(p.MacData.Salt) > 1024 {
		return nil, errCostly
	}
	if p.MacData.Mac.Algorithm.Algorithm.Equal(oidPBMAC1()) {
		var mac struct{ KDF, MAC pkix.AlgorithmIdentifier }
		if _, err := asn1.Unmarshal(p.MacData.Mac.Algorithm.Parameters.FullBytes, &mac); err != nil {
			return nil, errNoFile
		}
		if err := affordableKDF(mac.KDF, most); err != nil {
			return nil, err
		}
	}
	var inside []byte
	var list []asn1.RawValue
	if _, err := asn1.Unmarshal(p.AuthSafe.Content.Bytes, &inside); err != nil {
		return nil, errNoFile
	}
	if rest, err := asn1.Unmarshal(inside, &list); err != nil || len(rest) > 0 || len(list) > 2 {
		return nil, errNoFile
	}
	for _, raw := range list {
		var c pfxContent
		if _, err := asn1.Unmarshal(raw.FullBytes, &c); err != nil {
			return nil, errNoFile
		}
		switch {
		case c.Type.Equal(oidData()):
			err = affordableBags(c.Content.Bytes, most)
		case c.Type.Equal(oidEncryptedData()):
			var e pfxEncrypted
			if _, err := asn1.Unmarshal(c.Content.Bytes, &e); err != nil {
				return nil, errNoFile
			}
			encrypted = append(encrypted, raw)
			err = affordableScheme(e.Content.Algorithm, most)
		default:
			err = errNoFile
		}
		if err != nil {
			return nil, err
		}
	}
	return encrypted, nil
}

// affordableBags looks at the keys of a part that is not encrypted itself.
func affordableBags(content []byte, most int) error {
	var inside []byte
	var bags []pfxBag
	if _, err := asn1.Unmarshal(content, &inside); err != nil {
		return errNoFile
	}
	if _, err := asn1.Unmarshal(inside, &bags); err != nil {
		return errNoFile
	}
	for _, bag := range bags {
		if !bag.ID.Equal(oidShroudedBag()) {
			continue
		}
		var key struct {
			Algorithm pkix.AlgorithmIdentifier
			Data      []byte
		}
		if _, err := asn1.Unmarshal(bag.Value.Bytes, &key); err != nil {
			return errNoFile
		}
		if err := affordableScheme(key.Algorithm, most); err != nil {
			return err
		}
	}
	return nil
}

// affordableScheme is affordable for the old ways of PKCS#12 too.
func affordableScheme(a pkix.AlgorithmIdentifier, most int) error {
	if a.Algorithm.Equal(oidPBES2()) {
		return affordableParameters(a.Parameters.FullBytes, most)
	}
	var p struct {
		Salt       []byte
		Iterations int
	}
	if _, err := asn1.Unmarshal(a.Parameters.FullBytes, &p); err != nil {
		return errNoFile
	}
	if p.Iterations < 1 || p.Iterations > most || len(p.Salt) > 1024 {
		return errCostly
	}
	return nil
}

// keyless refuses an encrypted part in which a key is encrypted once more: how
// long that would take cannot be seen from outside. The part is read together with
// a key that is not encrypted, since nothing decrypts a second one then.
func keyless(part asn1.RawValue, passphrase wispwright.Secret) error {
	guard, err := guarded(part, passphrase)
	if err != nil {
		return fmt.Errorf("read a PKCS#12 file: %w", err)
	}
	_, _, _, err = pkcs12.DecodeChain(guard, passphrase.Reveal())
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return wispwright.Invalid("passphrase", errPassphrase.Error())
	}
	return wispwright.Invalid("pkcs12", "The file cannot be read: "+cut(err.Error())+".")
}

// guarded is a file of a key that is not encrypted and one part.
func guarded(part asn1.RawValue, passphrase wispwright.Secret) ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand aborts the program instead
	var failed error
	der := func(v any) []byte {
		out, err := asn1.Marshal(v)
		failed = errors.Join(failed, err)
		return out
	}
	explicit := func(content []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: content}
	}
	type written struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}
	plain, err := std.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	bags := der([]written{{oidKeyBag(), explicit(plain)}})
	content := der([]asn1.RawValue{{FullBytes: der(written{oidData(), explicit(der(bags))})}, part})
	sha := pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256(), Parameters: asn1.NullRawValue}
	kdf := der(struct {
		Salt               []byte
		Iterations, Length int
		PRF                pkix.AlgorithmIdentifier
	}{salt[:], 1, 32, sha})
	parameters := der(struct{ KDF, MAC pkix.AlgorithmIdentifier }{pkix.AlgorithmIdentifier{Algorithm: oidPBKDF2(), Parameters: asn1.RawValue{FullBytes: kdf}}, sha})
	secret, err := pbkdf2.Key(sha256.New, passphrase.Reveal(), salt[:], 1, 32)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(content)
	out := der(struct {
		Version  int
		AuthSafe written
		Mac      struct {
			Mac        pfxDigest
			Salt       []byte
			Iterations int
		}
	}{3, written{oidData(), explicit(der(content))}, struct {
		Mac        pfxDigest
		Salt       []byte
		Iterations int
	}{pfxDigest{pkix.AlgorithmIdentifier{Algorithm: oidPBMAC1(), Parameters: asn1.RawValue{FullBytes: parameters}}, mac.Sum(nil)}, salt[:], 1}})
	return out, failed
}
