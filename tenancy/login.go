package tenancy

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/window"
	"github.com/wispwright/wispwright/tenancy/password"
)

// Authenticator is one way to check an identifier and a password. It returns
// nil without error when it does not know the pair.
type Authenticator interface {
	Authenticate(ctx context.Context, identifier, plain string) (*User, error)
}

// ErrCredentials says that no active account matches an identifier and a
// password; it does not say which of them was wrong.
var ErrCredentials = fmt.Errorf("wrong credentials: %w", wispwright.ErrUnauthenticated)

// Login checks identifiers and passwords against the accounts: username,
// e-mail or phone number (spec: tenancy §4.1).
type Login struct {
	users  *Users
	hasher password.Hasher
	dummy  string
	// prefixes of phone numbers that people leave out
	prefixes []string
	log      *slog.Logger
	// others are asked when no password matches
	others []Authenticator
	// wrong passwords of late, by account and by network address
	accounts, addresses *window.Window
}

// Authenticate returns the active user whose password matches, or nil. It
// hashes once even when nobody has the identifier, so that the answer's time
// does not tell. It may be tried any number of times: see Attempt.
func (l *Login) Authenticate(ctx context.Context, identifier, plain string) (*User, error) {
	candidates, err := l.Candidates(ctx, identifier)
	if err != nil {
		return nil, err
	}
	return l.match(ctx, candidates, identifier, plain, false)
}

// Attempt is Authenticate for people at a network address, or whatever else a
// client is counted by ("" when it is not known), who may fail a few times only. An account that is locked, or an address that failed too often,
// gets the answer of a wrong password until the time is over; so does an
// identifier nobody has.
func (l *Login) Attempt(ctx context.Context, address, identifier, plain string) (*User, error) {
	return l.attempt(ctx, address, identifier, plain, false)
}

// AttemptAny is Attempt for answers that tell people that their account was
// switched off: it returns inactive accounts too.
func (l *Login) AttemptAny(ctx context.Context, address, identifier, plain string) (*User, error) {
	return l.attempt(ctx, address, identifier, plain, true)
}

func (l *Login) attempt(ctx context.Context, address, identifier, plain string, inactive bool) (*User, error) {
	candidates, err := l.Candidates(ctx, identifier)
	if err != nil {
		return nil, err
	}
	// counted before the password is looked at: many attempts at once are
	// many attempts
	free := address == "" || l.addresses.Allow(address) == 0
	keys := accountKeys(candidates, identifier)
	for _, key := range keys {
		free = free && l.accounts.Allow(key) == 0
	}
	if !free {
		l.log.WarnContext(ctx, "a log-in was refused after too many wrong passwords", "address", address, "accounts", keys)
		// as much work as a wrong password
		l.hasher.Verify(plain, l.dummy)
		return nil, nil
	}
	u, err := l.match(ctx, candidates, identifier, plain, inactive)
	if u != nil && err == nil {
		l.addresses.Undo(address)
		for _, key := range keys {
			l.accounts.Forget(key)
		}
	}
	return u, err
}

// Unlock forgets the wrong passwords of a user, who has shown in another way to
// be the person it says.
func (l *Login) Unlock(user wispwright.ID) { l.accounts.Forget(user.String()) }

// accountKeys are what attempts are counted by: the accounts, by whichever of
// their identifiers, or the identifier of nobody.
func accountKeys(candidates []*User, identifier string) []string {
	if len(candidates) == 0 {
		// not in the log as it is: people type passwords here by mistake
		return []string{"nobody " + Digest(strings.ToLower(identifier[:min(len(identifier), 254)]))[:12]}
	}
	keys := make([]string, len(candidates))
	for i, u := range candidates {
		keys[i] = u.ID.String()
	}
	return keys
}

// Candidates are the users an identifier may mean, in the order in which their
// passwords are tried: those with the telephone number, the e-mail address in
// whatever letter case, the username.
func (l *Login) Candidates(ctx context.Context, identifier string) ([]*User, error) {
	if identifier == "" || len(identifier) > 254 {
		return nil, nil
	}
	phones := l.users.phone.candidates(identifier, l.prefixes)
	candidates, err := l.users.store.ByIdentifier(ctx, append([]string{identifier}, phones...)...)
	if err != nil {
		return nil, fmt.Errorf("authenticate: %w", err)
	}
	if strings.Contains(identifier, "@") {
		found, err := l.users.store.List(ctx, wispwright.ScopeAll(), UserFilter{Email: identifier}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, fmt.Errorf("authenticate: %w", err)
		}
		for _, u := range found.Rows {
			if !slices.ContainsFunc(candidates, func(c *User) bool { return c.ID == u.ID }) {
				candidates = append(candidates, u)
			}
		}
	}
	candidates = slices.DeleteFunc(candidates, func(u *User) bool { return rank(u, identifier, phones) == 0 })
	slices.SortStableFunc(candidates, func(a, b *User) int {
		return cmp.Compare(rank(a, identifier, phones), rank(b, identifier, phones))
	})
	return candidates, nil
}

func (l *Login) match(ctx context.Context, candidates []*User, identifier, plain string, inactive bool) (*User, error) {
	hashed := false
	for _, u := range candidates {
		hashed = hashed || password.Usable(u.Password.Reveal())
		if l.hasher.Verify(plain, u.Password.Reveal()) && (u.IsActive || inactive) {
			if err := l.rehash(ctx, u, plain); err != nil {
				// the password is right whether or not its hash can be renewed
				l.log.WarnContext(ctx, "the hash of a password was not renewed", "user", u.ID.String(), "error", err)
			}
			return u, nil
		}
	}
	if !hashed {
		l.hasher.Verify(plain, l.dummy)
	}
	if identifier == "" || plain == "" {
		return nil, nil
	}
	for _, a := range l.others {
		u, err := a.Authenticate(ctx, identifier, plain)
		if err != nil {
			return nil, fmt.Errorf("authenticate: %w", err)
		}
		if u != nil && u.IsActive {
			return u, nil
		}
	}
	return nil, nil
}

// rank orders those who share an identifier: phone number, e-mail, username.
// It is 0 for a user whose name or address is a number that was only derived.
func rank(u *User, identifier string, phones []string) int {
	switch {
	case slices.Contains(phones, u.PhoneNumber), u.PhoneNumber != "" && u.PhoneNumber == identifier:
		return 1
	case u.Email != "" && store.Fold(u.Email) == store.Fold(identifier):
		return 2
	case u.Username == identifier:
		return 3
	}
	return 0
}

// Verify reports whether a password is the account's, as it is stored. It is not
// counted as an attempt: for programs that ask on behalf of many clients, such as a
// RADIUS server.
func (l *Login) Verify(u *User, plain string) bool {
	return l.hasher.Verify(plain, u.Password.Reveal())
}

// rehash replaces a hash that is weaker than those made now.
func (l *Login) rehash(ctx context.Context, u *User, plain string) error {
	if !l.hasher.NeedsRehash(u.Password.Reveal()) {
		return nil
	}
	hash, err := l.hasher.Hash(plain)
	if err != nil {
		return err
	}
	return l.users.setHash(ctx, wispwright.ScopeAll(), u.ID, hash, false, nil)
}

// LoggedIn notes the time of a session log-in.
func (l *Login) LoggedIn(ctx context.Context, user wispwright.ID) error {
	_, err := l.users.store.Update(ctx, wispwright.ScopeAll(), user, func(u *User) error {
		u.LastLogin = l.users.now()
		return nil
	})
	if err != nil {
		return fmt.Errorf("note log-in: %w", err)
	}
	return nil
}

// failures is the window of so many wrong passwords; below 1 there is no limit.
func failures(limit int, period time.Duration, clock func() time.Time) *window.Window {
	if limit <= 0 {
		return nil
	}
	return window.New(limit, period, clock)
}
