package tenancy

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/tenancy/password"
)

// User is an account (spec: tenancy §1.1).
type User struct {
	// ID identifies the user.
	ID wispwright.ID
	// Username is unique, at most 150 characters.
	Username string
	// Password is the stored hash, never the password.
	Password wispwright.Secret
	// Email is unique without regard to letter case; empty when unknown.
	Email string
	// FirstName is at most 150 characters.
	FirstName string
	// LastName is at most 150 characters.
	LastName string
	// IsSuperuser may do everything everywhere.
	IsSuperuser bool
	// IsStaff may use the web admin.
	IsStaff bool
	// IsActive is false for an account that cannot authenticate by any means.
	IsActive bool
	// Bio is free text.
	Bio string
	// URL is the user's page, or empty.
	URL string
	// Company is at most 30 characters.
	Company string
	// Location is at most 256 characters.
	Location string
	// PhoneNumber is unique; empty when unknown. Any international spelling is
	// accepted and kept in E.164 form ("+393661236789").
	PhoneNumber string
	// BirthDate is a date without time; zero when unknown.
	BirthDate time.Time
	// Notes are for administrators.
	Notes string
	// Language is the language of e-mails.
	Language string
	// PasswordUpdated is the day the password was set last; zero when never.
	PasswordUpdated time.Time
	// ExpirationDate is the last day on which the account is active; zero for an
	// account without end (additions: U-2).
	ExpirationDate time.Time
	// LastLogin is the last session log-in; token use does not count.
	LastLogin time.Time
	// DateJoined is when the account was made.
	DateJoined time.Time
}

// Shape is how storages keep accounts. The letter case of ASCII makes no
// difference between e-mail addresses.
func (User) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_user", Order: store.Newest("DateJoined"),
		Search: []string{"Username", "Email", "FirstName", "LastName", "PhoneNumber"},
		Unique: []store.Unique{
			{Name: "user_username", Fields: []string{"Username"}},
			{Name: "user_email", Fields: []string{"Email"}, Fold: true},
			{Name: "user_phone_number", Fields: []string{"PhoneNumber"}},
		},
	}
}

// FullName is first and last name, or the username when both are empty.
func (u *User) FullName() string {
	if n := strings.TrimSpace(u.FirstName + " " + u.LastName); n != "" {
		return n
	}
	return u.Username
}

// UserFilter selects users; zero fields select all.
type UserFilter struct {
	// IDs limits to these users.
	IDs wispwright.Among[wispwright.ID]
	// Username limits to the one with exactly this name.
	Username string
	// Named limits to those with this name, letter case ignored.
	Named string
	// NamedAmong limits to those with one of these names, letter case ignored.
	NamedAmong wispwright.Among[string]
	// Email limits to the address, letter case ignored.
	Email string
	// PhoneNumber limits to the one with exactly this number, in E.164 form.
	PhoneNumber string
	// IsActive limits to active or inactive accounts.
	IsActive *bool
	// IsStaff limits to accounts with or without access to the admin.
	IsStaff *bool
	// IsSuperuser limits to superusers or others.
	IsSuperuser *bool
	// OrganizationID limits to the members of an organization.
	OrganizationID wispwright.ID
	// GroupID limits to the members of a group.
	GroupID int64
	// PasswordUpdated limits to those whose password was set on this day.
	PasswordUpdated time.Time
	// ExpirationDate limits to those whose last day is this one,
	// ExpirationDateFrom to that day or later, ExpirationDateBefore to an earlier one.
	ExpirationDate, ExpirationDateFrom, ExpirationDateBefore time.Time
	// Search finds a text in username, e-mail, phone number or names.
	Search string
}

// UserStore keeps users. Its unique rules are "user_username", "user_email"
// and "user_phone_number". A user's tenants are those of its memberships:
// within a Scope that is not ScopeAll only members of its organizations exist,
// superusers never.
type UserStore interface {
	wispwright.Repo[User, UserFilter]
	// ByIdentifier returns the users whose username, e-mail or phone number
	// is one of the texts, compared exactly.
	ByIdentifier(ctx context.Context, identifiers ...string) ([]*User, error)
}

// Users is the service of accounts, newest first.
type Users struct {
	*entity.Service[wispwright.ID, User, UserFilter]
	store     UserStore
	grants    GrantStore
	groups    GroupStore
	catalogue *Catalogue
	emails    *Emails
	letters   *Letters
	hasher    password.Hasher
	rules     PasswordRules
	phone     PhoneParser
	base
}

func newUsers(b base, stores Stores, catalogue *Catalogue, o *Options) *Users {
	s := &Users{store: stores.Users, grants: stores.Grants, groups: stores.Groups, catalogue: catalogue,
		hasher: o.Hasher, rules: o.Passwords, phone: o.Phone, base: b}
	s.Service = entity.New(b.entity, stores.Users, entity.Kind[wispwright.ID, User]{
		Name: "tenancy.Users", Model: "openwisp_users.user", Created: "DateJoined", Label: func(u *User) string { return u.Username },
		Validate: s.validate, Check: s.check, Stored: forgetting[User](b),
		Unique: map[string]error{
			"user_username":     wispwright.Invalid("username", "A user with that username already exists."),
			"user_email":        wispwright.Invalid("email", valid.Taken("user", "email address")),
			"user_phone_number": wispwright.Invalid("phone_number", valid.Taken("user", "phone number")),
		},
	})
	s.emails = newEmails(b, stores.Emails, s)
	return s
}

// Create validates and stores a new account. plain is hashed; an empty one
// makes an account that cannot log in with a password. Its e-mail address is
// taken as verified (spec: tenancy §1.1).
func (s *Users) Create(ctx context.Context, u *User, plain string) error {
	hash, err := s.hash(plain)
	if err != nil {
		return err
	}
	return s.create(ctx, u, hash, true)
}

// CreateUnverified is Create for an e-mail address nobody has shown to own: it
// is neither verified nor primary, and a letter asks to confirm it (spec:
// tenancy §5.3). A letter that cannot be sent is logged.
func (s *Users) CreateUnverified(ctx context.Context, u *User, plain string) error {
	hash, err := s.hash(plain)
	if err != nil {
		return err
	}
	return s.create(ctx, u, hash, false)
}

// CreateInvited is Create for somebody who is to choose a password by the link of
// an e-mail, which also shows that the address is theirs.
func (s *Users) CreateInvited(ctx context.Context, u *User) error {
	if u.Email == "" {
		return wispwright.Invalid("email", "This field may not be blank.")
	}
	return s.within(ctx, func(ctx context.Context) error {
		if err := s.createQuietly(ctx, u, password.Unusable(), false); err != nil {
			return err
		}
		return s.letters.SendInvitation(ctx, u.ID)
	})
}

// CreateHashed is Create for a password that is hashed already, as imports
// have it.
func (s *Users) CreateHashed(ctx context.Context, u *User, hash string) error {
	return s.create(ctx, u, hash, true)
}

func (s *Users) create(ctx context.Context, u *User, hash string, verified bool) error {
	return s.within(ctx, func(ctx context.Context) error {
		if err := s.createQuietly(ctx, u, hash, verified); err != nil || verified || u.Email == "" {
			return err
		}
		items, err := s.emails.store.List(ctx, wispwright.ScopeAll(), EmailFilter{UserID: u.ID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, e := range items.Rows {
			s.askToVerify(ctx, e)
		}
		return nil
	})
}

// createQuietly is create without a letter.
func (s *Users) createQuietly(ctx context.Context, u *User, hash string, verified bool) error {
	return s.within(ctx, func(ctx context.Context) error {
		if u.IsSuperuser && byNamedToken(ctx) {
			return errNamedToken()
		}
		u.Password, u.PasswordUpdated = wispwright.Secret(hash), day(s.now())
		if err := s.Service.Create(ctx, u); err != nil || u.Email == "" {
			return err
		}
		e := &Email{UserID: u.ID, Address: u.Email, IsVerified: verified, IsPrimary: verified}
		return s.emails.Service.Create(ctx, e)
	})
}

func (s *Users) askToVerify(ctx context.Context, e *Email) {
	if err := s.letters.SendVerification(ctx, e.ID); err != nil {
		s.letters.log.ErrorContext(ctx, "an e-mail could not be sent", "user", e.UserID, "error", err)
	}
}

// ByUsername returns the account with exactly this name.
func (s *Users) ByUsername(ctx context.Context, scope wispwright.Scope, name string) (*User, error) {
	if name == "" {
		return nil, wispwright.ErrNotFound
	}
	return s.First(ctx, scope, UserFilter{Username: name})
}

// Update changes an account; the password only through SetPassword. What decides
// who may use the account is decided by the people it is entrusted to (Entrusted).
func (s *Users) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*User) error) (*User, error) {
	var before User
	var after *User
	err := s.within(ctx, func(ctx context.Context) error {
		var err error
		after, err = s.Service.Update(ctx, scope, id, func(u *User) error {
			before = *u
			err := change(u)
			u.Password = before.Password
			return err
		})
		if err != nil {
			return err
		}
		return s.entrustedChange(ctx, scope, &before, after)
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

// SetPassword replaces the password of an account entrusted to the caller.
func (s *Users) SetPassword(ctx context.Context, scope wispwright.Scope, id wispwright.ID, plain string) error {
	hash, err := s.newHash(plain)
	if err != nil {
		return err
	}
	return s.within(ctx, func(ctx context.Context) error {
		if _, err := s.Get(ctx, scope, id); err != nil {
			return err
		}
		if err := s.Entrusted(ctx, scope, id); err != nil {
			return err
		}
		return s.setHash(ctx, scope, id, hash, true, nil)
	})
}

// newHash hashes a password that somebody chose.
func (s *Users) newHash(plain string) (string, error) {
	if plain == "" {
		return "", wispwright.Invalid("new_password", "This field may not be blank.")
	}
	return s.hash(plain)
}

// setHash stores a hash; dated also notes the day, which an automatic re-hash
// must not (spec: tenancy §4.6). guard may refuse, while nobody else writes.
func (s *Users) setHash(ctx context.Context, scope wispwright.Scope, id wispwright.ID, hash string, dated bool, guard func(*User) error) error {
	return s.do(ctx, "tenancy.Users.SetPassword", func(ctx context.Context) error {
		var before User
		after, err := s.store.Update(ctx, scope, id, func(u *User) error {
			before = *u
			if guard != nil {
				if err := guard(u); err != nil {
					return err
				}
			}
			u.Password = wispwright.Secret(hash)
			if dated {
				u.PasswordUpdated = day(s.now())
			}
			return nil
		})
		if err != nil {
			return err
		}
		return s.Note(ctx, entity.Change[User]{Before: &before, After: after})
	})
}

// Delete removes an account that belongs to no organization beyond the caller's.
func (s *Users) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.within(ctx, func(ctx context.Context) error {
		if _, err := s.Get(ctx, scope, id); err != nil {
			return err
		}
		if isOwn(ctx, id) && byNamedToken(ctx) {
			return errNamedToken()
		}
		if err := s.wholly(ctx, scope, id); err != nil {
			return err
		}
		return s.Service.Delete(ctx, scope, id)
	})
}

func (s *Users) hash(plain string) (string, error) {
	if plain == "" {
		return password.Unusable(), nil
	}
	if len(plain) > password.MaxLength {
		return "", wispwright.Invalid("password", "Ensure this field has no more than 4096 characters.")
	}
	return s.hasher.Hash(plain)
}

// check compares addresses without regard to letter case.
func (s *Users) check(ctx context.Context, c entity.Change[User]) error {
	u := c.After
	if u == nil || u.Email == "" {
		return nil
	}
	items, err := s.store.List(ctx, wispwright.ScopeAll(), UserFilter{Email: u.Email}, wispwright.Page{Limit: 2, NoTotal: true})
	if err != nil {
		return err
	}
	for _, other := range items.Rows {
		if other.ID != u.ID {
			return wispwright.Invalid("email", emailTaken(other.Email, u.Email))
		}
	}
	return nil
}

// emailTaken is the message for an address another account has, which differs
// when the letter case does (spec: tenancy §5.3).
func emailTaken(theirs, wanted string) string {
	if theirs != wanted {
		return "User with this Email address already exists."
	}
	return valid.Taken("user", "email address")
}

var usernamePattern = regexp.MustCompile(`^[\pL\pN_.@+-]+$`)

func (s *Users) validate(ctx context.Context, c entity.Change[User]) error {
	var v wispwright.ValidationError
	u := c.After
	valid.Text(&v, "username", u.Username, valid.Required, valid.Max(150), valid.Matching(usernamePattern,
		"Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."))
	valid.Text(&v, "email", u.Email, valid.Max(254), valid.Email)
	valid.Text(&v, "first_name", u.FirstName, valid.Max(150))
	valid.Text(&v, "last_name", u.LastName, valid.Max(150))
	valid.Text(&v, "company", u.Company, valid.Max(30))
	valid.Text(&v, "location", u.Location, valid.Max(256))
	if u.PhoneNumber != "" {
		e164, ok := s.phone(u.PhoneNumber)
		if !ok && keptPhone(ctx, c) {
			e164, ok = u.PhoneNumber, true
		}
		if !ok {
			v.Add("phone_number", "The phone number entered is not valid.")
		} else {
			u.PhoneNumber = e164
		}
	}
	s.checkExpiration(&v, c)
	valid.Text(&v, "language", u.Language, valid.Max(8))
	valid.Text(&v, "url", u.URL, valid.Max(200), valid.URL)
	return v.Err()
}
