package signin

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/window"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/tenancy"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// Enrolment is how people get accounts. Default: they do not.
	Enrolment *enrol.Enrolment
	// OrderReset has the user whom an identifier means sent a letter with which to
	// choose a new password, in the background. Default: no letter is sent.
	OrderReset func(ctx context.Context, organization wispwright.ID, identifier string) error
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Service lets people in.
type Service struct {
	r             *radius.Radius
	t             *tenancy.Tenancy
	accounts      radius.Accounts
	organizations radius.Organizations
	enrolment     *enrol.Enrolment
	orderReset    func(ctx context.Context, organization wispwright.ID, identifier string) error
	resets        *window.Window
}

// Letters for a new password that one identifier may be sent in an hour, and how long
// a name, an address or a number can be.
const (
	resetsPerHour = 10
	maxIdentifier = 254
)

// New returns the service.
func New(r *radius.Radius, t *tenancy.Tenancy, accounts radius.Accounts, organizations radius.Organizations, o *Options) (*Service, error) {
	if r == nil || t == nil || accounts == nil || organizations == nil {
		return nil, errors.New("signin: the concern, tenancy, accounts and organizations are required")
	}
	if o == nil {
		o = &Options{}
	}
	return &Service{r: r, t: t, accounts: accounts, organizations: organizations, enrolment: o.Enrolment, orderReset: o.OrderReset, resets: window.New(resetsPerHour, time.Hour, o.Clock)}, nil
}

// The sentences of the original (spec: radius §8).
const (
	WrongCredentials = "The credentials entered are not valid. Please double-check and try again."
	WrongLink        = "Invalid or expired token."
	AlreadyMember    = "Organization user with this User and Organization already exists."
	WrongPassword    = "Your old password was entered incorrectly. Please enter it again."
	SamePassword     = "New password cannot be the same as your old password."
	Mismatch         = "The two password fields didn’t match."
	InvalidValue     = "Invalid value"
)

// Organization is the organization with a slug and the settings in force there, or
// wispwright.ErrNotFound.
func (s *Service) Organization(ctx context.Context, slug string) (radius.InForce, error) {
	o, err := s.organizations.BySlug(ctx, slug)
	if err != nil {
		return radius.InForce{}, err
	}
	in, err := s.r.Settings.Effective(ctx, o.ID)
	in.Organization = o
	return in, err
}

// Credentials are what somebody shows.
type Credentials struct {
	// Identifier is a username, an e-mail address or a telephone number.
	Identifier string
	// Password is the user's.
	Password string
	// Code is that of the second factor, for users who have one.
	Code string
	// Link is the token of a magic link, which stands for the rest.
	Link string
	// Source is what wrong passwords are counted by.
	Source string
}

// Prove finds out who it is. Errors are *wispwright.ValidationError,
// *wispwright.ForbiddenError for a link that is no good, and those of the storage. A
// user who was switched off is returned.
func (s *Service) Prove(ctx context.Context, c Credentials) (u *tenancy.User, byPassword bool, err error) {
	if c.Link != "" {
		u, err := s.t.MagicLinks.Authenticate(ctx, c.Link)
		if errors.Is(err, wispwright.ErrUnauthenticated) {
			return nil, false, wispwright.Forbidden(WrongLink)
		}
		if err != nil {
			return nil, false, err
		}
		return u, false, s.checkFactor(ctx, u, c.Code)
	}
	u, err = s.t.Login.AttemptAny(ctx, c.Source, c.Identifier, c.Password)
	if err != nil {
		return nil, false, err
	}
	if u == nil {
		return nil, false, wispwright.Invalid("", WrongCredentials)
	}
	return u, true, s.checkFactor(ctx, u, c.Code)
}

// checkFactor asks for the second factor of those who have one: the key opens
// everything that they may do.
func (s *Service) checkFactor(ctx context.Context, u *tenancy.User, code string) error {
	has, err := s.t.SecondFactors.Has(ctx, u.ID)
	switch {
	case err != nil:
		return err
	case !has && s.t.SecondFactors.RequiredOf(u):
		return wispwright.Invalid("", "Set up a second factor for your account first.")
	case !has:
		return nil
	case code == "":
		return wispwright.Invalid("otp", "A code of the second factor is required.")
	}
	good, err := s.t.SecondFactors.Check(ctx, u.ID, code)
	if err == nil && !good {
		return wispwright.Invalid("otp", "Wrong code.")
	}
	return err
}

// Entry is somebody who proved to be a user, in an organization.
type Entry struct {
	// User is who it is.
	User *tenancy.User
	// Key is what the user's programs show to the API.
	Key wispwright.Secret
	// Token is a password for RADIUS.
	Token wispwright.Secret
	// Registration is how the user came to the organization; nil: it is not known.
	Registration *radius.Registration
	// PasswordExpired: the user must choose a new one.
	PasswordExpired bool
	// Accepted is false for somebody whose identity must be verified first, or whose
	// account was switched off.
	Accepted bool
}

// Enter makes a user a member of the organization where that is open to everybody,
// issues a password for RADIUS and notes the log-in. Errors are
// *wispwright.ForbiddenError where nobody may join, *wispwright.ValidationError, and
// those of the storage.
func (s *Service) Enter(ctx context.Context, in radius.InForce, u *tenancy.User, byPassword bool) (*Entry, error) {
	if err := s.join(ctx, u, in); err != nil {
		return nil, err
	}
	key, err := s.t.Tokens.For(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	k, err := s.r.Tokens.Issue(ctx, account(u), in.Organization.ID, true, byPassword)
	if err != nil {
		return nil, err
	}
	if err := s.t.Login.LoggedIn(ctx, u.ID); err != nil {
		return nil, err
	}
	e, err := s.describe(ctx, in, u)
	if err != nil {
		return nil, err
	}
	e.Key, e.Token, e.PasswordExpired = key.Key, k.Key, byPassword && s.t.Users.PasswordExpired(u)
	return e, nil
}

// describe says how a user stands in an organization.
func (s *Service) describe(ctx context.Context, in radius.InForce, u *tenancy.User) (*Entry, error) {
	e := &Entry{User: u}
	var err error
	if e.Registration, err = s.r.Registrations.Of(ctx, u.ID, in.Organization.ID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		return nil, err
	}
	strong := e.Registration != nil && e.Registration.IsStrong(s.r.Registrations.Methods())
	e.Accepted = u.IsActive && (!in.NeedsVerification || strong)
	return e, nil
}

// join makes a user a member of the organization where that is open to everybody
// (spec: radius §8.2, additions: R-6). Where identities are verified, the user begins
// as one that was not.
func (s *Service) join(ctx context.Context, u *tenancy.User, in radius.InForce) error {
	member, err := s.accounts.IsMember(ctx, u.ID, in.Organization.ID)
	if err != nil || in.Organization.IsActive && (member || u.IsSuperuser) {
		return err
	}
	if !in.RegistrationEnabled || !in.Organization.IsActive { // one that was switched off lets nobody in
		return wispwright.Forbidden(in.Organization.Name + " does not allow self registration of new accounts.")
	}
	ctx = wispwright.WithCaller(ctx, wispwright.System("log-in of "+u.Username))
	err = s.t.Memberships.Create(ctx, &tenancy.Membership{UserID: u.ID, OrganizationID: in.Organization.ID})
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) {
		return wispwright.Invalid("", AlreadyMember)
	}
	if err != nil || !in.NeedsVerification {
		return err
	}
	_, err = s.r.Registrations.Of(ctx, u.ID, in.Organization.ID)
	if errors.Is(err, wispwright.ErrNotFound) {
		err = s.r.Registrations.Create(ctx, &radius.Registration{UserID: u.ID, OrganizationID: in.Organization.ID, Method: radius.Pending})
	}
	return err
}

func account(u *tenancy.User) *radius.Account {
	return &radius.Account{ID: u.ID, Username: u.Username, Email: u.Email, Phone: u.PhoneNumber, IsActive: u.IsActive, IsSuperuser: u.IsSuperuser, IsStaff: u.IsStaff, Joined: u.DateJoined}
}

// Recognise returns the user with a key as Enter would, without issuing or noting
// anything: Token is empty. wispwright.ErrNotFound: nobody has the key.
func (s *Service) Recognise(ctx context.Context, in radius.InForce, key string) (*Entry, error) {
	u, k, byPassword, err := s.byKey(ctx, key)
	if err != nil {
		return nil, err
	}
	e, err := s.describe(ctx, in, u)
	if err != nil {
		return nil, err
	}
	e.Key, e.PasswordExpired = k, byPassword && s.t.Users.PasswordExpired(u)
	return e, nil
}

// Return lets somebody in who comes back with a key (spec: radius §8.3). Anybody who is not
// a member joins as at a log-in. wispwright.ErrNotFound: nobody has the key.
func (s *Service) Return(ctx context.Context, in radius.InForce, key string) (*Entry, error) {
	u, _, byPassword, err := s.byKey(ctx, key)
	if err != nil {
		return nil, err
	}
	return s.Enter(ctx, in, u, byPassword)
}

// byKey finds a user by the key, and whether the user's last log-in was by a password.
func (s *Service) byKey(ctx context.Context, key string) (u *tenancy.User, k wispwright.Secret, byPassword bool, err error) {
	found, err := s.t.Tokens.ByKey(ctx, key)
	if err != nil {
		return nil, "", false, err
	}
	if u, err = s.t.Users.Get(ctx, wispwright.ScopeAll(), found.UserID); err != nil {
		return nil, "", false, err
	}
	byPassword = true
	if token, err := s.r.Tokens.Of(ctx, u.ID); err == nil {
		byPassword = token.PasswordBased == nil || *token.PasswordBased
	} else if !errors.Is(err, wispwright.ErrNotFound) {
		return nil, "", false, err
	}
	return u, found.Key, byPassword, nil
}

// Proving is the telephone number that a code was last sent to for a user who is not
// verified yet; "" when there is none.
func (s *Service) Proving(ctx context.Context, in radius.InForce, e *Entry) (string, error) {
	if s.enrolment == nil || e.Accepted && e.Registration != nil && e.Registration.Counts() {
		return "", nil
	}
	c, err := s.enrolment.Codes.Last(ctx, e.User.ID, in.Organization.ID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return c.Phone, nil
}

// Member refuses users who do not belong to the organization.
func (s *Service) Member(ctx context.Context, u *tenancy.User, in radius.InForce) error {
	member, err := s.accounts.IsMember(ctx, u.ID, in.Organization.ID)
	if err != nil || member || u.IsSuperuser {
		return err
	}
	return wispwright.Invalid("", "The user "+u.Username+" is not member of organization "+in.Organization.Name+".")
}

// CheckPasswords says what is wrong with the three passwords of a change; nil texts are
// not looked at. Faults name current_password and confirm_password.
func (s *Service) CheckPasswords(u *tenancy.User, current, chosen, repeated *string) error {
	var v wispwright.ValidationError
	if current != nil && !s.t.Login.Verify(u, *current) {
		v.Add("current_password", WrongPassword)
	}
	if chosen != nil && repeated != nil && *chosen != *repeated {
		v.Add("confirm_password", Mismatch)
	}
	return v.Err()
}

// ChangePassword gives a member a new password (spec: radius §8.6). current was checked
// by CheckPasswords; nil: a superuser does without.
func (s *Service) ChangePassword(ctx context.Context, in radius.InForce, u *tenancy.User, current *string, chosen string) error {
	if err := s.Member(ctx, u, in); err != nil {
		return err
	}
	if current == nil && !u.IsSuperuser {
		return wispwright.Invalid("current_password", WrongPassword)
	}
	if current != nil && *current == chosen {
		return wispwright.Invalid("new_password", SamePassword)
	}
	// held against the address as a whole: its domain is a part of many passwords, and
	// the original compares nothing here
	judged := &tenancy.User{Password: u.Password, Username: u.Username, Email: strings.NewReplacer("@", "_", ".", "_", "-", "_").Replace(u.Email)}
	if err := s.t.Users.CheckPassword(judged, chosen); err != nil {
		return err
	}
	return s.t.Users.SetPassword(ctx, wispwright.ScopeAll(), u.ID, chosen)
}

// OrderReset has somebody sent a letter with which to choose a new password. Nothing
// tells whether there is anybody (spec: radius §8.7, additions: R-8).
func (s *Service) OrderReset(ctx context.Context, in radius.InForce, identifier string) error {
	if s.orderReset == nil || !in.Organization.IsActive || len(identifier) > maxIdentifier || s.resets.Allow(strings.ToLower(identifier)) != 0 {
		return nil
	}
	return s.orderReset(ctx, in.Organization.ID, identifier)
}

// ResetPassword gives a user whom a letter was sent to a new password (spec: radius
// §8.8). Faults name token and new_password2; wispwright.ErrNotFound: there is no such
// user.
func (s *Service) ResetPassword(ctx context.Context, in radius.InForce, user wispwright.ID, token, chosen, repeated string) error {
	u, err := s.t.Users.Get(ctx, wispwright.ScopeAll(), user)
	if err != nil {
		return err
	}
	key := u.ID.Hex() + "-" + token
	// who cannot show the token learns nothing about the account
	if _, err := s.t.Letters.ResetUser(ctx, key); err != nil {
		return asToken(err)
	}
	if err := s.Member(ctx, u, in); err != nil {
		return err
	}
	if chosen != repeated {
		return wispwright.Invalid("new_password2", Mismatch)
	}
	_, err = s.t.Letters.ResetPassword(ctx, key, chosen)
	return asToken(err)
}

// asToken tells of a bad key as of a token, and of a bad password as of its second
// field.
func asToken(err error) error {
	var invalid *wispwright.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	var out wispwright.ValidationError
	for _, f := range invalid.Fields {
		if f.Path == "key" {
			out.Add("token", InvalidValue)
			continue
		}
		for _, m := range f.Messages {
			out.Add("new_password2", m)
		}
	}
	return out.Err()
}
