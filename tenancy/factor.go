package tenancy

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/window"
)

// SecondFactor is a user's generator of one-time codes (TOTP, RFC 6238) with the
// recovery codes, which also back up passkeys. A user who has only passkeys
// has a SecondFactor with an empty Secret.
type SecondFactor struct {
	// UserID is whose it is, and its key.
	UserID wispwright.ID
	// Secret is shared with the generator, in base32; sealed at rest. Empty
	// without a generator.
	Secret wispwright.Secret
	// Confirmed is when the user showed that the generator works; zero until
	// then, and nothing is asked for.
	Confirmed time.Time
	// LastStep is the time step of the last code that was used, so that none is
	// used twice.
	LastStep int64
	// Recovery are the digests of the codes for users who lost generator and passkeys.
	Recovery []string
	// Created is when the secret was made.
	Created time.Time
}

// Shape is how storages keep second factors.
func (SecondFactor) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_second_factor", Key: "UserID",
		Parents: []store.Parent{{Field: "UserID", Table: "tenancy_user"}},
	}
}

// SecondFactorFilter selects second factors; zero fields select all.
type SecondFactorFilter struct {
	// UserIDs limits to those of these users.
	UserIDs wispwright.Among[wispwright.ID]
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
	// recoveryCodes is how many recovery codes are made.
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

// Get returns a user's second factor, confirmed or not, or ErrNotFound. It may
// hold recovery codes only.
func (s *SecondFactors) Get(ctx context.Context, user wispwright.ID) (*SecondFactor, error) {
	return s.store.Get(ctx, wispwright.ScopeAll(), user)
}

// Has reports whether a user has a second factor that is asked for.
func (s *SecondFactors) Has(ctx context.Context, user wispwright.ID) (bool, error) {
	methods, err := s.Methods(ctx, user)
	return len(methods) > 0, err
}

// Methods are the kinds of second factors of a user, any one of which is asked
// for: "totp" for a confirmed generator, "webauthn" for passkeys, and with either
// "recovery" while there are recovery codes.
func (s *SecondFactors) Methods(ctx context.Context, user wispwright.ID) ([]string, error) {
	var out []string
	f, err := s.store.Get(ctx, wispwright.ScopeAll(), user)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	if err == nil && !f.Confirmed.IsZero() {
		out = append(out, "totp")
	}
	keys, failed := s.hasPasskeys(ctx, user)
	if failed != nil {
		return nil, failed
	}
	if keys {
		out = append(out, "webauthn")
	}
	if err == nil && len(f.Recovery) > 0 && len(out) > 0 {
		out = append(out, "recovery")
	}
	return out, nil
}

func (s *SecondFactors) hasPasskeys(ctx context.Context, user wispwright.ID) (bool, error) {
	keys, err := s.passkeys.List(ctx, wispwright.ScopeAll(), PasskeyFilter{UserID: user}, wispwright.Page{Limit: 1, NoTotal: true})
	return len(keys.Rows) > 0, err
}

// RequiredOf reports whether a user must have a second factor.
func (s *SecondFactors) RequiredOf(u *User) bool { return s.requiredOf(u.IsStaff, u.IsSuperuser) }

func (s *SecondFactors) requiredOf(staff, superuser bool) bool {
	return s.required && (staff || superuser)
}

// Enrol makes a secret for a user, which counts once it is confirmed. The key
// is what the user's generator takes: as an address, an image or a text.
func (s *SecondFactors) Enrol(ctx context.Context, user wispwright.ID) (*Enrolment, error) {
	var key *Enrolment
	err := s.do(ctx, "tenancy.SecondFactors.Enrol", func(ctx context.Context) error {
		u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), user)
		if err != nil {
			return err
		}
		have, err := s.store.Get(ctx, wispwright.ScopeAll(), user)
		if err != nil && !isNotFound(err) {
			return err
		}
		known := err == nil
		if known && !have.Confirmed.IsZero() {
			return wispwright.Invalid("", "There is a second factor already; remove it first.")
		}
		key = newEnrolment(s.issuer, u.Username)
		fresh := SecondFactor{UserID: user, Secret: key.Secret, Created: s.now()}
		if !known {
			return s.store.Insert(ctx, &fresh)
		}
		_, err = s.store.Update(ctx, wispwright.ScopeAll(), user, func(f *SecondFactor) error {
			fresh.Recovery = f.Recovery // those of passkeys
			*f = fresh
			return nil
		})
		return err
	})
	return key, err
}

// Confirm makes a second factor count, given a code of the generator, and
// returns the recovery codes, which are shown this once. A wrong code is a fault
// of the field "otp".
func (s *SecondFactors) Confirm(ctx context.Context, user wispwright.ID, code string) ([]string, error) {
	return s.renew(ctx, "tenancy.SecondFactors.Confirm", user, code, func(f *SecondFactor) error {
		switch {
		case f.Secret == "":
			return wispwright.ErrNotFound
		case !f.Confirmed.IsZero():
			return wispwright.Invalid("", "The second factor is confirmed already.")
		}
		return nil
	})
}

// NewRecovery replaces the recovery codes, given a code of the generator. A
// user who has only passkeys needs none, and must have proven in another way to be that user.
func (s *SecondFactors) NewRecovery(ctx context.Context, user wispwright.ID, code string) ([]string, error) {
	f, err := s.store.Get(ctx, wispwright.ScopeAll(), user)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	if err == nil && !f.Confirmed.IsZero() {
		return s.renew(ctx, "tenancy.SecondFactors.NewRecovery", user, code, func(f *SecondFactor) error {
			if f.Confirmed.IsZero() {
				return wispwright.ErrNotFound
			}
			return nil
		})
	}
	return s.recoveryOfPasskeys(ctx, user, true)
}

// EnsureRecovery makes recovery codes for a user who has passkeys and no codes yet; the
// result is nil for others.
func (s *SecondFactors) EnsureRecovery(ctx context.Context, user wispwright.ID) ([]string, error) {
	return s.recoveryOfPasskeys(ctx, user, false)
}

// recoveryOfPasskeys stores recovery codes beside passkeys; replace also does
// where there are some.
func (s *SecondFactors) recoveryOfPasskeys(ctx context.Context, user wispwright.ID, replace bool) ([]string, error) {
	var plain []string
	err := s.do(ctx, "tenancy.SecondFactors.Recovery", func(ctx context.Context) error {
		plain = nil
		keys, err := s.hasPasskeys(ctx, user)
		if err == nil && !keys {
			err = wispwright.ErrNotFound
		}
		if err != nil {
			return err
		}
		f, err := s.store.Get(ctx, wispwright.ScopeAll(), user)
		if err != nil && !isNotFound(err) {
			return err
		}
		if err == nil && len(f.Recovery) > 0 && !replace {
			return nil
		}
		var digests []string
		plain, digests = newRecovery(user)
		if err != nil {
			return s.store.Insert(ctx, &SecondFactor{UserID: user, Recovery: digests, Created: s.now()})
		}
		_, err = s.store.Update(ctx, wispwright.ScopeAll(), user, func(f *SecondFactor) error {
			f.Recovery = digests
			return nil
		})
		return err
	})
	return plain, err
}

// newRecovery makes recovery codes and what is stored of them.
func newRecovery(user wispwright.ID) (plain, digests []string) {
	plain, digests = make([]string, recoveryCodes), make([]string, recoveryCodes)
	for i := range plain {
		text := strings.ToLower(rand.Text())
		plain[i] = text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:16]
		digests[i] = recoveryDigest(user, plain[i])
	}
	return plain, digests
}

// renew gives new recovery codes for a code of the generator.
func (s *SecondFactors) renew(ctx context.Context, operation string, user wispwright.ID, code string, fits func(*SecondFactor) error) ([]string, error) {
	if s.wrong.Allow(user.String()) > 0 {
		return nil, wrongCode()
	}
	plain, digests := newRecovery(user)
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
		if !f.Confirmed.IsZero() && s.useCode(f, code) || useRecovery(f, code) {
			return nil
		}
		return errWrong
	})
	if errors.Is(err, errWrong) || isNotFound(err) {
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
		want, err := oneTimeCode(f.Secret, uint64(step))
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

// Remove takes a user's generator away; that it was is in the trail. The
// recovery codes stay as long as there are passkeys.
func (s *SecondFactors) Remove(ctx context.Context, user wispwright.ID) error {
	return s.do(ctx, "tenancy.SecondFactors.Remove", func(ctx context.Context) error {
		_, err := s.store.Update(ctx, wispwright.ScopeAll(), user, func(f *SecondFactor) error {
			if f.Secret == "" {
				return wispwright.ErrNotFound
			}
			f.Secret, f.Confirmed, f.LastStep = "", time.Time{}, 0
			return nil
		})
		if err == nil {
			err = s.tidy(ctx, user)
		}
		if err != nil {
			return err
		}
		return s.noted(ctx, "delete", user)
	})
}

// tidy removes recovery codes that stand in for nothing any more.
func (s *SecondFactors) tidy(ctx context.Context, user wispwright.ID) error {
	f, err := s.store.Get(ctx, wispwright.ScopeAll(), user)
	if isNotFound(err) || err == nil && f.Secret != "" {
		return nil
	}
	if err != nil {
		return err
	}
	if keys, err := s.hasPasskeys(ctx, user); err != nil || keys {
		return err
	}
	return s.store.Delete(ctx, wispwright.ScopeAll(), user)
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
		return s.noted(ctx, "add", user)
	})
}

func (s *SecondFactors) noted(ctx context.Context, action string, user wispwright.ID) error {
	if err := s.changed(ctx, user); err != nil {
		return err
	}
	return s.record(ctx, action, "account.secondfactor", user.String(), "", wispwright.ID{}, nil)
}

func (s *SecondFactors) changed(ctx context.Context, user wispwright.ID) error {
	s.Changed.Publish(ctx, user)
	return s.forget(ctx)
}

// factorMessage is what staff without a second factor is told where it is
// required.
const factorMessage = "Set up a second factor for your account first."
