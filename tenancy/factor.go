package tenancy

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/window"
)

// SecondFactor is a user's generator of one-time codes (TOTP, RFC 6238).
type SecondFactor struct {
	// UserID is whose it is, and its key.
	UserID wispwright.ID
	// Secret is shared with the generator, in base32; sealed at rest.
	Secret wispwright.Secret
	// Confirmed is when the user showed that the generator works; zero until
	// then, and nothing is asked for.
	Confirmed time.Time
	// LastStep is the time step of the last code that was used, so that none is
	// used twice.
	LastStep int64
	// Recovery are the digests of the codes for who lost the generator.
	Recovery []string
	// Created is when the secret was made.
	Created time.Time
}

// SecondFactorFilter selects second factors; zero fields select all.
type SecondFactorFilter struct {
	// UserIDs limits to those of these users.
	UserIDs []wispwright.ID
}

// SecondFactorStore keeps second factors by user.
type SecondFactorStore interface {
	wispwright.Repo[SecondFactor, SecondFactorFilter]
}

const (
	// codeStep is how long a code is good, in seconds, and codeSkew how many
	// steps clocks may be apart.
	codeStep = 30
	codeSkew = 1
	// recoveryCodes is how many codes there are for who lost the generator.
	recoveryCodes = 10
)

// SecondFactors is the service of second factors.
type SecondFactors struct {
	// Changed is published with the users whose second factor was confirmed or
	// removed.
	Changed event.Topic[wispwright.ID]

	store    SecondFactorStore
	passkeys PasskeyStore
	users    *Users
	issuer   string
	required bool
	wrong    *window.Window
	base
}

// Get returns a user's second factor, confirmed or not, or ErrNotFound.
func (s *SecondFactors) Get(ctx context.Context, user wispwright.ID) (*SecondFactor, error) {
	return s.store.Get(ctx, wispwright.ScopeAll(), user)
}

// Has reports whether a user has a second factor that is asked for.
func (s *SecondFactors) Has(ctx context.Context, user wispwright.ID) (bool, error) {
	methods, err := s.Methods(ctx, user)
	return len(methods) > 0, err
}

// Methods are the kinds of second factors of a user, any one of which is asked
// for: "totp" for a confirmed generator, "webauthn" for passkeys.
func (s *SecondFactors) Methods(ctx context.Context, user wispwright.ID) ([]string, error) {
	var out []string
	f, err := s.store.Get(ctx, wispwright.ScopeAll(), user)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	if err == nil && !f.Confirmed.IsZero() {
		out = append(out, "totp")
	}
	keys, err := s.passkeys.List(ctx, wispwright.ScopeAll(), PasskeyFilter{UserID: user}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(keys.Rows) > 0 {
		out = append(out, "webauthn")
	}
	return out, nil
}

// RequiredOf reports whether a user must have a second factor.
func (s *SecondFactors) RequiredOf(u *User) bool { return s.requiredOf(u.IsStaff, u.IsSuperuser) }

func (s *SecondFactors) requiredOf(staff, superuser bool) bool {
	return s.required && (staff || superuser)
}

// Enrol makes a secret for a user, which counts once it is confirmed. The key
// is what the user's generator takes: as an address, an image or a text.
func (s *SecondFactors) Enrol(ctx context.Context, user wispwright.ID) (*otp.Key, error) {
	var key *otp.Key
	err := s.do(ctx, "tenancy.SecondFactors.Enrol", func(ctx context.Context) error {
		u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), user)
		if err != nil {
			return err
		}
		have, err := s.store.Get(ctx, wispwright.ScopeAll(), user)
		switch {
		case err == nil && !have.Confirmed.IsZero():
			return wispwright.Invalid("", "There is a second factor already; remove it first.")
		case err == nil:
			err = s.store.Delete(ctx, wispwright.ScopeAll(), user)
		case isNotFound(err):
			err = nil
		}
		if err != nil {
			return err
		}
		// the colon separates issuer and account in the address
		issuer := strings.ReplaceAll(s.issuer, ":", " ")
		if key, err = totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: u.Username}); err != nil {
			return err
		}
		return s.store.Insert(ctx, &SecondFactor{UserID: user, Secret: wispwright.Secret(key.Secret()), Created: s.now()})
	})
	return key, err
}

// Confirm makes a second factor count, given a code of the generator, and
// returns the recovery codes, which are shown this once. A wrong code is a fault
// of the field "otp".
func (s *SecondFactors) Confirm(ctx context.Context, user wispwright.ID, code string) ([]string, error) {
	return s.renew(ctx, "tenancy.SecondFactors.Confirm", user, code, func(f *SecondFactor) error {
		if !f.Confirmed.IsZero() {
			return wispwright.Invalid("", "The second factor is confirmed already.")
		}
		return nil
	})
}

// NewRecovery replaces the recovery codes, given a code of the generator.
func (s *SecondFactors) NewRecovery(ctx context.Context, user wispwright.ID, code string) ([]string, error) {
	return s.renew(ctx, "tenancy.SecondFactors.NewRecovery", user, code, func(f *SecondFactor) error {
		if f.Confirmed.IsZero() {
			return wispwright.ErrNotFound
		}
		return nil
	})
}

// renew gives new recovery codes for a code of the generator.
func (s *SecondFactors) renew(ctx context.Context, operation string, user wispwright.ID, code string, fits func(*SecondFactor) error) ([]string, error) {
	if s.wrong.Allow(user.String()) > 0 {
		return nil, wrongCode()
	}
	plain, digests := make([]string, recoveryCodes), make([]string, recoveryCodes)
	for i := range plain {
		text := strings.ToLower(rand.Text())
		plain[i] = text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:16]
		digests[i] = recoveryDigest(user, plain[i])
	}
	err := s.change(ctx, operation, user, func(f *SecondFactor) error {
		if err := fits(f); err != nil {
			return err
		}
		if !s.useCode(f, code) {
			return wrongCode()
		}
		f.Recovery = digests
		if f.Confirmed.IsZero() {
			f.Confirmed = s.now()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.wrong.Forget(user.String())
	return plain, nil
}

func wrongCode() error {
	return wispwright.Invalid("otp", "The code is wrong or was used already.")
}

// Check uses a code of the generator, or a recovery code, up. It reports
// whether the code was good. After five wrong ones every code is wrong for five
// minutes.
func (s *SecondFactors) Check(ctx context.Context, user wispwright.ID, code string) (bool, error) {
	if s.wrong.Allow(user.String()) > 0 {
		return false, nil
	}
	errWrong := errors.New("wrong code")
	err := s.change(ctx, "tenancy.SecondFactors.Check", user, func(f *SecondFactor) error {
		if f.Confirmed.IsZero() {
			return wispwright.ErrNotFound
		}
		if s.useCode(f, code) || useRecovery(f, code) {
			return nil
		}
		return errWrong
	})
	if errors.Is(err, errWrong) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.wrong.Forget(user.String())
	return true, nil
}

// useCode accepts a code of now, of the step before or of the one after, and
// none of a step that was used already.
func (s *SecondFactors) useCode(f *SecondFactor, code string) bool {
	code = strings.ReplaceAll(code, " ", "")
	now := s.now().Unix() / codeStep
	good := int64(0)
	for step := now - codeSkew; step <= now+codeSkew; step++ {
		want, err := hotp.GenerateCodeCustom(f.Secret.Reveal(), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		// a secret that cannot be read opens nothing
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > f.LastStep {
			good = step
		}
	}
	if good == 0 {
		return false
	}
	f.LastStep = good
	return true
}

func useRecovery(f *SecondFactor, code string) bool {
	digest := recoveryDigest(f.UserID, code)
	i := slices.IndexFunc(f.Recovery, func(d string) bool { return subtle.ConstantTimeCompare([]byte(d), []byte(digest)) == 1 })
	if i < 0 {
		return false
	}
	f.Recovery = slices.Delete(slices.Clone(f.Recovery), i, i+1)
	return true
}

// recoveryDigest is how a recovery code is stored. The codes have 80 bits of
// chance, so that no slow hash is needed.
func recoveryDigest(user wispwright.ID, code string) string {
	code = strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
	return Digest("recovery " + user.String() + " " + code)
}

// Remove takes a user's second factor away; what it was is in the trail.
func (s *SecondFactors) Remove(ctx context.Context, user wispwright.ID) error {
	return s.do(ctx, "tenancy.SecondFactors.Remove", func(ctx context.Context) error {
		if err := s.store.Delete(ctx, wispwright.ScopeAll(), user); err != nil {
			return err
		}
		s.Changed.Publish(ctx, user)
		return s.record(ctx, "delete", "account.secondfactor", user.String(), "", wispwright.ID{}, nil)
	})
}

// change stores what fn makes of a second factor; a code that is used up is no
// entry of the trail, a confirmation is.
func (s *SecondFactors) change(ctx context.Context, operation string, user wispwright.ID, fn func(*SecondFactor) error) error {
	return s.do(ctx, operation, func(ctx context.Context) error {
		confirmed := false
		after, err := s.store.Update(ctx, wispwright.ScopeAll(), user, func(f *SecondFactor) error {
			confirmed = !f.Confirmed.IsZero()
			return fn(f)
		})
		if err != nil {
			return err
		}
		if confirmed == !after.Confirmed.IsZero() {
			return nil
		}
		s.Changed.Publish(ctx, user)
		return s.record(ctx, "add", "account.secondfactor", user.String(), "", wispwright.ID{}, nil)
	})
}

// factorMessage is what staff without a second factor is told where it is
// required.
const factorMessage = "Set up a second factor for your account first."
