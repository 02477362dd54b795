package enrol

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
)

// Person is an account that is to be made.
type Person struct {
	// Username is its name, Email and Phone are empty when there is none; Phone is in
	// E.164 form.
	Username, Email, Phone string
	// FirstName, LastName and Location may be empty, BirthDate zero.
	FirstName, LastName, Location string
	BirthDate                     time.Time
	// Password is in clear, or Hash is the stored form of one.
	Password, Hash string
	// Verified: the e-mail address is taken as the person's. Otherwise a letter asks.
	Verified bool
	// Expires is the last day of the account; zero: none.
	Expires time.Time
}

// Holders are the accounts that something is taken by: nil where it is free.
type Holders struct {
	// Username, Email and Phone hold each of them.
	Username, Email, Phone *radius.Account
	// EmailVerified: the address was shown to be that account's.
	EmailVerified bool
}

// People are the accounts of the installation as this package changes them. Each
// method works in the transaction of its context.
type People interface {
	radius.Accounts
	// Holders tells by whom a username, an e-mail address and a telephone number are
	// taken, without regard to letter case.
	Holders(ctx context.Context, username, email, phone string) (Holders, error)
	// Organizations are those a user belongs to.
	Organizations(ctx context.Context, user wispwright.ID) ([]radius.Organization, error)
	// Weak says what is wrong with a password that somebody chose.
	Weak(password string) []string
	// Create makes an account. Faults name the fields username, email, phone_number,
	// first_name, last_name and location.
	Create(ctx context.Context, p *Person) (*radius.Account, error)
	// Free returns those of some usernames that nobody has, without regard to letter
	// case, in their order.
	Free(ctx context.Context, usernames ...string) ([]string, error)
	// CreateMembers makes accounts with hashed passwords and without addresses, all
	// members of an organization, all or none.
	CreateMembers(ctx context.Context, organization wispwright.ID, list ...*Person) ([]*radius.Account, error)
	// Join makes a user a member of an organization; who is one stays it.
	Join(ctx context.Context, user, organization wispwright.ID) error
	// Key is what a user's programs show to the API.
	Key(ctx context.Context, user wispwright.ID) (string, error)
	// Reach gives a user a telephone number that was verified, and switches the
	// account on. A username that was the former number follows.
	Reach(ctx context.Context, user wispwright.ID, phone string) error
	// Remove deletes an account.
	Remove(ctx context.Context, user wispwright.ID) error
}

// Hasher makes and recognises what passwords are stored as.
type Hasher interface {
	// Hash is for passwords that people choose, HashRandom for those made here: they
	// cannot be guessed, so that less work protects them (README).
	Hash(password string) (string, error)
	HashRandom(password string) (string, error)
	// IsHash reports whether a text is a stored password of a known form.
	IsHash(text string) bool
}

// Telephone reads telephone numbers.
type Telephone interface {
	// Parse returns the E.164 form of an international number; mobile is false for one
	// that no message can be sent to.
	Parse(text string) (e164 string, mobile, ok bool)
}
