package radius

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// Account is what the concern knows of a user.
type Account struct {
	// ID identifies the user.
	ID wispwright.ID
	// Username is what sessions and memberships are kept under.
	Username string
	// Email and Phone are empty when unknown; Phone is in E.164 form.
	Email, Phone string
	// FirstName and LastName may be empty.
	FirstName, LastName string
	// IsActive is false for an account that was switched off.
	IsActive bool
	// IsSuperuser belongs to every organization.
	IsSuperuser bool
	// IsStaff may use the web admin.
	IsStaff bool
	// PasswordExpired: the password is too old to be used.
	PasswordExpired bool
	// Joined is when the account was made.
	Joined time.Time
	// Expires is its last day, zero for none.
	Expires time.Time
}

// Accounts are the users of the installation.
type Accounts interface {
	// Find returns the accounts that an identifier may mean, the best first: a
	// username, an e-mail address or a telephone number (spec: radius §7.1).
	Find(ctx context.Context, identifier string) ([]*Account, error)
	// Get returns an account, or wispwright.ErrNotFound.
	Get(ctx context.Context, id wispwright.ID) (*Account, error)
	// Named returns the account with exactly this username, or
	// wispwright.ErrNotFound.
	Named(ctx context.Context, username string) (*Account, error)
	// Usernames are the names of accounts; those that are not there are left out.
	Usernames(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]string, error)
	// Verify reports whether a password is the account's. What it costs may
	// depend on whether it was asked the same before.
	Verify(ctx context.Context, user wispwright.ID, password string) (bool, error)
	// IsMember reports whether a user belongs to an organization.
	IsMember(ctx context.Context, user, organization wispwright.ID) (bool, error)
}

// Organization is what the concern knows of a tenant.
type Organization struct {
	// ID identifies it.
	ID wispwright.ID
	// Name is shown to people; Slug is in addresses and in the names of groups.
	Name, Slug string
	// IsActive is false for one that was switched off.
	IsActive bool
}

// Organizations are the tenants of the installation.
type Organizations interface {
	// Get returns one, or wispwright.ErrNotFound.
	Get(ctx context.Context, id wispwright.ID) (Organization, error)
	// BySlug returns one, or wispwright.ErrNotFound.
	BySlug(ctx context.Context, slug string) (Organization, error)
}
