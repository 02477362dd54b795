// Package password hashes and verifies passwords in the formats Django writes,
// so that accounts of an existing database keep working (spec: tenancy §4.6).
package password

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

const (
	// DefaultIterations is the PBKDF2 work factor of new hashes, as in Django 4.2.
	DefaultIterations = 600_000
	// MaxLength bounds what is hashed, in bytes: longer passwords never match,
	// so that a request cannot buy computing time with its size.
	MaxLength = 4096

	saltLength   = 22
	saltAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

	// Bounds on the work a stored hash may ask for: a hash from an imported
	// database must not be able to exhaust the server.
	maxIterations = 10_000_000
	maxMemoryKiB  = 1 << 20
)

// Hasher makes new hashes.
type Hasher struct {
	// Iterations of PBKDF2-SHA256; 0 means DefaultIterations (about 0.2 s of
	// one core per log-in). Lower it in tests only.
	Iterations int
	// Legacy also verifies what older systems made: md5 and sha1, with and without
	// salt, and the crypt of Unix with two characters of salt; off by default.
	Legacy bool
}

func (h Hasher) iterations() int {
	if h.Iterations > 0 {
		return h.Iterations
	}
	return DefaultIterations
}

// Hash returns pbkdf2_sha256$<iterations>$<salt>$<hash> with a random salt.
func (h Hasher) Hash(plain string) (string, error) {
	if len(plain) > MaxLength {
		return "", fmt.Errorf("hash password: longer than %d bytes", MaxLength)
	}
	return encodePBKDF2("pbkdf2_sha256", sha256.New, plain, randomText(saltLength), h.iterations())
}

// Unusable returns the value stored for an account without a password.
func Unusable() string { return "!" + randomText(40) }

// Usable reports whether a stored value can match any password at all.
func Usable(encoded string) bool { return encoded != "" && !strings.HasPrefix(encoded, "!") }

// Verify reports whether the password matches the stored hash. Unknown or
// damaged hashes match nothing. Comparison takes constant time.
func (h Hasher) Verify(plain, encoded string) bool {
	if !Usable(encoded) || len(plain) > MaxLength {
		return false
	}
	method, rest, ok := strings.Cut(encoded, "$")
	if !ok {
		return h.Legacy && bareMD5.MatchString(encoded) && verifyLegacy(md5.New, plain, "$"+encoded)
	}
	switch method {
	case "pbkdf2_sha256":
		return verifyPBKDF2(method, sha256.New, plain, encoded)
	case "pbkdf2_sha1":
		return verifyPBKDF2(method, sha1.New, plain, encoded)
	case "argon2":
		return verifyArgon2(plain, rest)
	case "bcrypt_sha256":
		sum := sha256.Sum256([]byte(plain))
		return bcrypt.CompareHashAndPassword([]byte(rest), []byte(hex.EncodeToString(sum[:]))) == nil
	case "bcrypt":
		return bcrypt.CompareHashAndPassword([]byte(rest), []byte(plain)) == nil
	case "scrypt":
		return verifyScrypt(plain, rest)
	case "md5":
		return h.Legacy && verifyLegacy(md5.New, plain, rest)
	case "sha1":
		return h.Legacy && verifyLegacy(sha1.New, plain, rest)
	case "crypt":
		return h.Legacy && verifyCrypt(plain, rest)
	}
	return false
}

// Recognised reports whether a text looks like a stored hash rather than a
// password in clear, for files that may hold either.
func Recognised(s string) bool {
	method, rest, ok := strings.Cut(s, "$")
	if !ok {
		return strings.HasPrefix(s, "!") && len(s) == 41 || bareMD5.MatchString(s)
	}
	switch method {
	case "pbkdf2_sha256", "pbkdf2_sha1", "scrypt", "argon2", "bcrypt", "bcrypt_sha256", "md5", "sha1":
		return strings.Contains(rest, "$")
	case "crypt":
		_, hash, found := strings.Cut(rest, "$")
		return found && len(hash) == 13
	}
	return false
}

// NeedsRehash reports whether a hash is weaker than a new one would be, so
// that it should be replaced after the next successful log-in.
func (h Hasher) NeedsRehash(encoded string) bool {
	parts := strings.Split(encoded, "$")
	switch parts[0] {
	case "argon2", "scrypt", "bcrypt_sha256":
		return false
	case "pbkdf2_sha256":
		if len(parts) == 4 {
			n, err := strconv.Atoi(parts[1])
			return err != nil || n < h.iterations()
		}
	}
	return Usable(encoded)
}

func encodePBKDF2(method string, f func() hash.Hash, plain, salt string, iterations int) (string, error) {
	key, err := pbkdf2.Key(f, plain, []byte(salt), iterations, f().Size())
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return fmt.Sprintf("%s$%d$%s$%s", method, iterations, salt, base64.StdEncoding.EncodeToString(key)), nil
}

func verifyPBKDF2(method string, f func() hash.Hash, plain, encoded string) bool {
	parts := strings.Split(encoded, "$")
	if len(parts) != 4 {
		return false
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n < 1 || n > maxIterations {
		return false
	}
	want, err := encodePBKDF2(method, f, plain, parts[2], n)
	return err == nil && equal(want, encoded)
}

// verifyArgon2 reads the PHC form: argon2id$v=19$m=102400,t=2,p=8$salt$hash.
func verifyArgon2(plain, phc string) bool {
	parts := strings.Split(strings.TrimPrefix(phc, "$"), "$")
	if len(parts) != 5 || parts[1] != "v=19" {
		return false
	}
	var m, t uint32
	var p uint8
	if _, err := fmt.Sscanf(parts[2], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil || m == 0 || m > maxMemoryKiB || t == 0 || t > 100 || p == 0 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[3])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(want) < 4 || len(want) > 128 {
		return false
	}
	var got []byte
	switch parts[0] {
	case "argon2id":
		got = argon2.IDKey([]byte(plain), salt, t, m, p, uint32(len(want)))
	case "argon2i":
		got = argon2.Key([]byte(plain), salt, t, m, p, uint32(len(want)))
	default:
		return false
	}
	return subtle.ConstantTimeCompare(got, want) == 1
}

// verifyScrypt reads N$salt$r$p$hash, Django's order.
func verifyScrypt(plain, rest string) bool {
	parts := strings.Split(rest, "$")
	if len(parts) != 5 {
		return false
	}
	n, err1 := strconv.Atoi(parts[0])
	r, err2 := strconv.Atoi(parts[2])
	p, err3 := strconv.Atoi(parts[3])
	want, err4 := base64.StdEncoding.DecodeString(parts[4])
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || r < 1 || p < 1 || r > 64 || p > 64 || n > 1<<20 || len(want) == 0 {
		return false
	}
	got, err := scrypt.Key([]byte(plain), []byte(parts[1]), n, r, p, len(want))
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1
}

func verifyLegacy(f func() hash.Hash, plain, rest string) bool {
	salt, want, ok := strings.Cut(rest, "$")
	if !ok {
		return false
	}
	d := f()
	d.Write([]byte(salt + plain))
	return equal(hex.EncodeToString(d.Sum(nil)), want)
}

// bareMD5 matches what Django calls unsalted_md5.
var bareMD5 = regexp.MustCompile(`^[0-9a-f]{32}$`)

// verifyCrypt reads what crypt(3) made, behind an empty field.
func verifyCrypt(plain, rest string) bool {
	_, want, ok := strings.Cut(rest, "$")
	if !ok || len(want) != 13 || !isCryptText(want) {
		return false
	}
	return equal(cryptDES(plain, want[:2]), want)
}

func equal(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

func randomText(n int) string {
	out := make([]byte, 0, n)
	var b [64]byte
	for len(out) < n {
		_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
		for _, c := range b {
			// 248 is the largest multiple of 62 in a byte: no letter is favoured
			if c < 248 && len(out) < n {
				out = append(out, saltAlphabet[int(c)%len(saltAlphabet)])
			}
		}
	}
	return string(out)
}
