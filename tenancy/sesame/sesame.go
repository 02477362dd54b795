// Package sesame makes and checks the tokens of links that log somebody in
// without a password, in the second format of Django's Sesame (spec: tenancy
// §4.4). Links made by an existing installation keep working, given its secret
// key and settings.
package sesame

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// ErrToken is all that anybody is told about a token that does not work.
var ErrToken = errors.New("invalid or expired token")

// Options are the settings of Sesame; nil means the defaults.
type Options struct {
	// Key is mixed into the signing key: changing it ends all links
	// (SESAME_KEY). Default: none.
	Key wispwright.Secret
	// MaxAge is how long a link works, in whole seconds (SESAME_MAX_AGE).
	// Default: 0, until the password changes.
	MaxAge time.Duration
	// OneTime ends a link at the user's next log-in (SESAME_ONE_TIME).
	OneTime bool
	// KeepOnPasswordChange keeps links alive when the password changes
	// (SESAME_INVALIDATE_ON_PASSWORD_CHANGE=False).
	KeepOnPasswordChange bool
	// EndOnEmailChange ends links when the address changes
	// (SESAME_INVALIDATE_ON_EMAIL_CHANGE).
	EndOnEmailChange bool
	// SignatureSize is in bytes, 1 to 64 (SESAME_SIGNATURE_SIZE). Default: 10.
	SignatureSize int
	// OldSecrets are former secret keys; links signed with them still work.
	OldSecrets []wispwright.Secret
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Subject is what a link depends on.
type Subject struct {
	// ID of the user.
	ID wispwright.ID
	// Password is the stored hash.
	Password wispwright.Secret
	// Email matters with EndOnEmailChange.
	Email string
	// LastLogin matters with OneTime.
	LastLogin time.Time
}

// Signer makes and checks tokens. It is safe for concurrent use.
type Signer struct {
	o    Options
	keys [][]byte
}

const (
	idSize   = 16
	timeSize = 4
	// maxToken bounds what is decoded: no token is longer.
	maxToken = 200
)

// epoch is where the time of a token begins.
func epoch() time.Time { return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) }

// New returns a signer. It fails without a secret, and for a signature of
// impossible size.
func New(secret wispwright.Secret, o *Options) (*Signer, error) {
	s := &Signer{}
	if o != nil {
		s.o = *o
	}
	if s.o.SignatureSize == 0 {
		s.o.SignatureSize = 10
	}
	if s.o.Clock == nil {
		s.o.Clock = time.Now
	}
	if secret == "" || s.o.SignatureSize < 1 || s.o.SignatureSize > 64 || s.o.MaxAge < 0 {
		return nil, errors.New("sesame: a secret, a signature of 1 to 64 bytes and an age that is not negative are required")
	}
	for _, k := range append([]wispwright.Secret{secret}, s.o.OldSecrets...) {
		age := ""
		if s.o.MaxAge > 0 {
			age = "max_age"
		}
		text := strings.Join([]string{k.Reveal(), s.o.Key.Reveal(), age, "", "pk"}, "|")
		key, err := blake2b(64, nil, "sesame.settings", []byte(text))
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

// Make returns a token for a user. Tokens of one scope are worth nothing in
// another; "" is a scope too.
func (s *Signer) Make(who Subject, scope string) (string, error) {
	head := append([]byte{}, who.ID[:]...)
	if s.o.MaxAge > 0 {
		head = binary.BigEndian.AppendUint32(head, uint32(int32(s.o.Clock().Unix()-epoch().Unix())))
	}
	signature, err := s.sign(s.keys[0], head, who, scope)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(head, signature...)), nil
}

func (s *Signer) sign(key, head []byte, who Subject, scope string) ([]byte, error) {
	data := append(append([]byte{}, head...), s.revocation(who)...)
	return blake2b(s.o.SignatureSize, key, "sesame.tokens_v2", append(data, scope...))
}

// revocation is what must stay the same for a link to work.
func (s *Signer) revocation(who Subject) string {
	out := ""
	if !s.o.KeepOnPasswordChange {
		out = rawHash(who.Password.Reveal())
	}
	if s.o.EndOnEmailChange {
		out += who.Email
	}
	if s.o.OneTime && !who.LastLogin.IsZero() {
		out += iso(who.LastLogin)
	}
	return out
}

// rawHash is the part of a stored password that is the hash itself.
func rawHash(encoded string) string {
	method, _, _ := strings.Cut(encoded, "$")
	n := map[string]int{"pbkdf2_sha256": 44, "pbkdf2_sha1": 28, "argon2": 22, "bcrypt": 31, "bcrypt_sha256": 31, "sha1": 40, "md5": 32, "crypt": 11}[method]
	if n == 0 || n > len(encoded) {
		return encoded
	}
	return encoded[len(encoded)-n:]
}

// iso writes a time as Python does.
func iso(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond()/1000 == 0 {
		return t.Format("2006-01-02T15:04:05+00:00")
	}
	return t.Format("2006-01-02T15:04:05.000000+00:00")
}

// token is a token taken apart.
type token struct {
	head      []byte
	signature []byte
}

func (s *Signer) parse(text string) (token, error) {
	if len(text) > maxToken {
		return token{}, ErrToken
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	size := idSize
	if s.o.MaxAge > 0 {
		size += timeSize
	}
	// a token has one spelling: decoding passes over line ends and over bits of no use
	if err != nil || len(raw) != size+s.o.SignatureSize || base64.RawURLEncoding.EncodeToString(raw) != text {
		return token{}, ErrToken
	}
	return token{raw[:size], raw[size:]}, nil
}

// Claims returns whose token it claims to be. It is worth nothing before Check.
func (s *Signer) Claims(text string) (wispwright.ID, error) {
	t, err := s.parse(text)
	if err != nil {
		return wispwright.ID{}, err
	}
	return wispwright.ID(t.head[:idSize]), nil
}

// Check returns nil for a token that was made for this user in this scope, is
// not too old, and was not ended. Otherwise it is ErrToken.
func (s *Signer) Check(text string, who Subject, scope string) error {
	t, err := s.parse(text)
	if err != nil || wispwright.ID(t.head[:idSize]) != who.ID {
		return ErrToken
	}
	good := false
	for _, key := range s.keys {
		want, err := s.sign(key, t.head, who, scope)
		if err != nil {
			return err
		}
		good = hmac.Equal(want, t.signature) || good
	}
	if !good {
		return ErrToken
	}
	if s.o.MaxAge > 0 {
		made := epoch().Add(time.Duration(int32(binary.BigEndian.Uint32(t.head[idSize:]))) * time.Second)
		if age := s.o.Clock().Sub(made); age >= s.o.MaxAge || age < -time.Minute {
			return ErrToken
		}
	}
	return nil
}
