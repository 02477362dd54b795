// Package passwords compares a password in clear with what FreeRADIUS keeps one as: the
// attributes of rlm_pap that administrators put into radcheck.
package passwords

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/bcrypt"
	//lint:ignore SA1019 NT-Password is MD4 by definition
	"golang.org/x/crypto/md4"
)

// The attributes that are understood, in the order in which they are tried.
const (
	Cleartext = "Cleartext-Password"
	NT        = "NT-Password"
	MD5       = "MD5-Password"
	SMD5      = "SMD5-Password"
	SHA       = "SHA-Password"
	SSHA      = "SSHA-Password"
	SHA2      = "SHA2-Password"
	Crypt     = "Crypt-Password"
	Header    = "Password-With-Header"
)

// form is how an attribute is computed: a hash of the password, with a salt behind it
// where salted.
type form struct {
	hash   func() hash.Hash
	salted bool
}

func forms() map[string]form {
	return map[string]form{
		MD5: {md5.New, false}, SMD5: {md5.New, true}, SHA: {sha1.New, false}, SSHA: {sha1.New, true},
		"SHA2-224-Password": {sha256.New224, false}, "SHA2-256-Password": {sha256.New, false}, "SHA2-384-Password": {sha512.New384, false}, "SHA2-512-Password": {sha512.New, false},
		"SSHA2-224-Password": {sha256.New224, true}, "SSHA2-256-Password": {sha256.New, true}, "SSHA2-384-Password": {sha512.New384, true}, "SSHA2-512-Password": {sha512.New, true},
	}
}

// sha2 finds the sum of SHA2-Password by its length, as FreeRADIUS does.
func sha2(n int) (form, bool) {
	for _, f := range []func() hash.Hash{sha256.New224, sha256.New, sha512.New384, sha512.New} {
		if f().Size() == n {
			return form{f, false}, true
		}
	}
	return form{}, false
}

// Names are the attributes that are understood, sorted.
func Names() []string {
	names := []string{Cleartext, NT, SHA2, Crypt, Header}
	for name := range forms() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Known reports whether an attribute holds a password in a form that is understood.
func Known(attribute string) bool { return slices.Contains(Names(), attribute) }

// Match reports whether a password is the one that an attribute's value was made of.
// What is not understood matches nothing. What it costs depends on neither.
func Match(attribute, value, plain string) bool {
	attribute, value = unwrapped(attribute, value)
	switch attribute {
	case Cleartext:
		return value != "" && subtle.ConstantTimeCompare([]byte(value), []byte(plain)) == 1
	case NT:
		want, ok := NTHash(attribute, value)
		got := HashNT(plain)
		return ok && subtle.ConstantTimeCompare(want[:], got[:]) == 1
	case Crypt: // the other forms of crypt(3) are the system's
		return strings.HasPrefix(value, "$2") && bcrypt.CompareHashAndPassword([]byte(value), []byte(plain)) == nil
	}
	f, ok := forms()[attribute]
	raw := decoded(value, func(n int) bool { return !ok || n == f.hash().Size() || f.salted && n > f.hash().Size() })
	if attribute == SHA2 {
		f, ok = sha2(len(raw))
	}
	if !ok {
		return false
	}
	h := f.hash()
	if len(raw) < h.Size() || !f.salted && len(raw) != h.Size() || f.salted && len(raw) == h.Size() {
		return false
	}
	_, _ = h.Write([]byte(plain))  // hashes never fail
	_, _ = h.Write(raw[h.Size():]) // the salt
	return subtle.ConstantTimeCompare(h.Sum(nil), raw[:h.Size()]) == 1
}

// NTHash is the hash that MS-CHAPv2 needs: of NT-Password as it is, of a password in
// clear made now.
func NTHash(attribute, value string) (sum [16]byte, ok bool) {
	attribute, value = unwrapped(attribute, value)
	switch attribute {
	case Cleartext:
		return HashNT(value), value != ""
	case NT:
		raw := decoded(value, func(n int) bool { return n == len(sum) })
		copy(sum[:], raw)
		return sum, len(raw) == len(sum)
	}
	return sum, false
}

// HashNT is the hash of a password as Windows keeps it: MD4 over UTF-16.
func HashNT(plain string) (sum [16]byte) {
	h := md4.New()
	for _, unit := range utf16.Encode([]rune(plain)) {
		_, _ = h.Write([]byte{byte(unit), byte(unit >> 8)}) // hashes never fail
	}
	return [16]byte(h.Sum(nil))
}

// headers are the marks of Password-With-Header.
func headers() map[string]string {
	return map[string]string{
		"{clear}": Cleartext, "{cleartext}": Cleartext, "{nt}": NT, "{nthash}": NT, "{x-nthash}": NT, "{md5}": MD5, "{smd5}": SMD5, "{sha}": SHA, "{ssha}": SSHA, "{crypt}": Crypt,
		"{sha224}": "SHA2-224-Password", "{sha256}": "SHA2-256-Password", "{sha384}": "SHA2-384-Password", "{sha512}": "SHA2-512-Password", "{sha2}": SHA2,
		"{ssha224}": "SSHA2-224-Password", "{ssha256}": "SSHA2-256-Password", "{ssha384}": "SSHA2-384-Password", "{ssha512}": "SSHA2-512-Password",
	}
}

// unwrapped takes the mark off a value that says itself what it is.
func unwrapped(attribute, value string) (string, string) {
	if attribute != Header {
		return attribute, value
	}
	end := strings.IndexByte(value, '}')
	if !strings.HasPrefix(value, "{") || end < 0 {
		return Cleartext, value
	}
	return headers()[strings.ToLower(value[:end+1])], value[end+1:]
}

// decoded reads a value in hexadecimal digits or in base64, whichever gives a length
// that fits, and as it is otherwise.
func decoded(value string, fits func(int) bool) []byte {
	value = strings.TrimSpace(value)
	if raw, err := hex.DecodeString(strings.TrimPrefix(value, "0x")); err == nil && fits(len(raw)) {
		return raw
	}
	if raw, err := base64.StdEncoding.DecodeString(value); err == nil && fits(len(raw)) {
		return raw
	}
	return nil
}

// Make returns the value of an attribute for a password, with a salt where the form
// has one.
func Make(attribute, plain string, salt []byte) (string, error) {
	switch attribute {
	case Cleartext:
		return plain, nil
	case NT:
		sum := HashNT(plain)
		return hex.EncodeToString(sum[:]), nil
	}
	f, ok := forms()[attribute]
	if !ok {
		return "", fmt.Errorf("passwords: %s is not made here", attribute)
	}
	if !f.salted {
		salt = nil
	}
	h := f.hash()
	_, _ = h.Write(bytes.Join([][]byte{[]byte(plain), salt}, nil)) // hashes never fail
	return base64.StdEncoding.EncodeToString(append(h.Sum(nil), salt...)), nil
}
