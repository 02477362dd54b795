package x509_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/require"
)

// hiddenKey is a PKCS#12 file whose encrypted part holds a key that is encrypted
// once more, by two billion iterations.
func hiddenKey(t testing.TB, password string) []byte {
	t.Helper()
	type pair struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}
	der := func(v any) []byte {
		out, err := asn1.Marshal(v)
		require.NoError(t, err)
		return out
	}
	explicit := func(b []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: b}
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, Parameters: asn1.NullRawValue}
	salt, iv := make([]byte, 16), make([]byte, 16)
	kdf := func(iterations int) pkix.AlgorithmIdentifier {
		return pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}, Parameters: asn1.RawValue{FullBytes: der(struct {
			Salt               []byte
			Iterations, Length int
			PRF                pkix.AlgorithmIdentifier
		}{salt, iterations, 32, sha})}}
	}
	scheme := func(iterations int) pkix.AlgorithmIdentifier {
		return pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, Parameters: asn1.RawValue{FullBytes: der(struct{ KDF, Cipher pkix.AlgorithmIdentifier }{
			kdf(iterations), pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, Parameters: asn1.RawValue{FullBytes: der(iv)}}})}}
	}
	key := der(struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{scheme(2_000_000_000), make([]byte, 32)})
	bags := der([]pair{{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}, explicit(key)}})
	n := 16 - len(bags)%16
	bags = append(bags, bytes.Repeat([]byte{byte(n)}, n)...)
	secret, err := pbkdf2.Key(sha256.New, password, salt, 1, 32)
	require.NoError(t, err)
	block, err := aes.NewCipher(secret)
	require.NoError(t, err)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(bags, bags)
	data := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	encrypted := der(struct {
		Version int
		Content struct {
			Type      asn1.ObjectIdentifier
			Algorithm pkix.AlgorithmIdentifier
			Data      asn1.RawValue
		}
	}{0, struct {
		Type      asn1.ObjectIdentifier
		Algorithm pkix.AlgorithmIdentifier
		Data      asn1.RawValue
	}{data, scheme(1), asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: bags}}})
	content := der([]pair{{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}, explicit(encrypted)}})
	mac := hmac.New(sha256.New, secret)
	mac.Write(content)
	parameters := der(struct{ KDF, MAC pkix.AlgorithmIdentifier }{kdf(1), sha})
	return der(struct {
		Version  int
		AuthSafe pair
		Mac      struct {
			Mac struct {
				Algorithm pkix.AlgorithmIdentifier
				Digest    []byte
			}
			Salt       []byte
			Iterations int
		}
	}{3, pair{data, explicit(der(content))}, struct {
		Mac struct {
			Algorithm pkix.AlgorithmIdentifier
			Digest    []byte
		}
		Salt       []byte
		Iterations int
	}{struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 14}, Parameters: asn1.RawValue{FullBytes: parameters}}, mac.Sum(nil)}, salt, 1}})
}
