package enrol

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/radius"
)

// Newcomer is somebody who makes an account.
type Newcomer struct {
	// Username and Email are the account's; Email may be empty.
	Username, Email string
	// Password and Repeated must be the same.
	Password, Repeated string
	// Phone is wanted where telephones are verified, and dropped elsewhere.
	Phone string
	// FirstName, LastName, Location and BirthDate are kept where the organization asks
	// for them.
	FirstName, LastName, Location string
	BirthDate                     time.Time
	// Method is the way to register.
	Method string
}

// Registered is an account that somebody made.
type Registered struct {
	// Account is whose it is, Organization where.
	Account      *radius.Account
	Organization radius.Organization
}

// Admitted is a new account with what opens it. Subscribers of Registered are not told
// these.
type Admitted struct {
	Registered
	// Key is for the API, Token for RADIUS.
	Key, Token wispwright.Secret
}

// TakenError says that there is an account like the one that was to be made, of
// somebody who is not in the organization yet.
type TakenError struct {
	// Organizations are those that somebody is in.
	Organizations []radius.Organization
}

// Error is the sentence of the original.
func (e *TakenError) Error() string {
	return "A user like the one being registered already exists."
}

// RequiredError says that an organization wants a field that was not given.
type RequiredError struct {
	// Field is its name on the wire.
	Field string
}

// Error is the sentence of the original.
func (e *RequiredError) Error() string { return "This field is required." }

// The sentences of registration (spec: radius §8.1).
const (
	takenUsername  = "A user with that username already exists."
	takenEmail     = "A user is already registered with this e-mail address."
	likeEmail      = "User with this Email address already exists."
	takenPhone     = "A user is already registered with this phone number."
	malformedPhone = "Enter a valid phone number."
	foreignPrefix  = "This international mobile prefix is not allowed."
	noMobile       = "Only mobile phone numbers are allowed."
	mismatch       = "The two password fields didn't match."
	missing        = "This field is required."
)

// Register makes an account in an organization. faults are what is known to be wrong
// with fields already; nothing is stored if there are any. Errors are
// *wispwright.ValidationError, *TakenError, *RequiredError, wispwright.ErrForbidden
// where nobody may register, and those of the storage.
func (e *Enrolment) Register(ctx context.Context, in radius.InForce, n Newcomer, faults *wispwright.ValidationError) (*Admitted, error) {
	if !in.RegistrationEnabled {
		return nil, wispwright.ErrForbidden
	}
	n.Email = strings.ToLower(n.Email)
	if !in.SMSVerification {
		n.Phone = ""
	} else if e164, _, ok := e.phones.Parse(n.Phone); ok {
		n.Phone = e164
	}
	if err := e.taken(ctx, in, &n, faults); err != nil {
		return nil, err
	}
	if in.SMSVerification && !faults.Has("phone_number") {
		if n.Phone == "" {
			faults.Add("phone_number", missing)
		} else if fault := e.unusable(in, n.Phone, malformedPhone); fault != "" {
			faults.Add("phone_number", fault)
		}
	}
	if !faults.Has("email") && valid.Email(n.Email) != "" {
		faults.Add("email", valid.NoEmail)
	}
	if !faults.Has("password1") {
		for _, m := range e.people.Weak(n.Password) {
			faults.Add("password1", m)
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if n.Password != n.Repeated {
		return nil, wispwright.Invalid("", mismatch)
	}
	if err := e.asked(in, &n); err != nil {
		return nil, err
	}
	return e.enter(ctx, in, &n)
}

// taken looks for accounts like the one that is to be made. Of those in the
// organization the fields tell; for others there is a *TakenError.
func (e *Enrolment) taken(ctx context.Context, in radius.InForce, n *Newcomer, faults *wispwright.ValidationError) error {
	h, err := e.people.Holders(ctx, n.Username, n.Email, n.Phone)
	if err != nil {
		return err
	}
	var found []*radius.Account
	for _, a := range []*radius.Account{h.Phone, h.Username, h.Email} {
		if a != nil {
			found = append(found, a)
		}
	}
	if len(found) == 0 {
		return nil
	}
	inside := false
	for _, a := range found {
		member, err := e.people.IsMember(ctx, a.ID, in.Organization.ID)
		if err != nil {
			return err
		}
		inside = inside || member
	}
	if !inside {
		there, err := e.people.Organizations(ctx, found[0].ID)
		if err != nil {
			return err
		}
		return &TakenError{there}
	}
	if h.Username != nil {
		faults.Add("username", takenUsername)
	}
	if h.Email != nil && h.EmailVerified {
		faults.Add("email", takenEmail)
	} else if h.Email != nil {
		faults.Add("email", likeEmail)
	}
	if h.Phone != nil {
		faults.Add("phone_number", takenPhone)
	}
	return nil
}

// unusable says why no code can be sent to a number, or "".
func (e *Enrolment) unusable(in radius.InForce, phone, malformed string) string {
	e164, mobile, ok := e.phones.Parse(phone)
	switch {
	case !ok:
		return malformed
	case len(in.MobilePrefixes) > 0 && !slices.ContainsFunc(in.MobilePrefixes, func(p string) bool { return strings.HasPrefix(e164, p) }):
		return foreignPrefix
	case !mobile:
		return noMobile
	}
	return ""
}

// asked keeps what the organization asks of people who register.
func (e *Enrolment) asked(in radius.InForce, n *Newcomer) error {
	for _, f := range []struct {
		name, rule string
		empty      bool
		drop       func()
	}{
		{"first_name", in.FirstName, n.FirstName == "", func() { n.FirstName = "" }}, {"last_name", in.LastName, n.LastName == "", func() { n.LastName = "" }},
		{"birth_date", in.BirthDate, n.BirthDate.IsZero(), func() { n.BirthDate = time.Time{} }}, {"location", in.Location, n.Location == "", func() { n.Location = "" }},
	} {
		switch f.rule {
		case "mandatory":
			if f.empty {
				return &RequiredError{f.name}
			}
		case "allowed":
		default:
			f.drop()
		}
	}
	if in.NeedsVerification && n.Method == "" {
		return &RequiredError{"method"}
	}
	return nil
}

// enter stores a newcomer.
func (e *Enrolment) enter(ctx context.Context, in radius.InForce, n *Newcomer) (out *Admitted, err error) {
	ctx = wispwright.WithCaller(ctx, wispwright.System("registration of "+n.Username))
	err = e.base.Do(ctx, "enrol.Register", func(ctx context.Context) error {
		a, err := e.people.Create(ctx, &Person{Username: n.Username, Email: n.Email, Phone: n.Phone, FirstName: n.FirstName, LastName: n.LastName, Location: n.Location,
			BirthDate: n.BirthDate, Password: n.Password})
		if err != nil {
			return err
		}
		if err := e.people.Join(ctx, a.ID, in.Organization.ID); err != nil {
			return err
		}
		if err := e.radius.Registrations.Create(ctx, &radius.Registration{UserID: a.ID, OrganizationID: in.Organization.ID, Method: n.Method}); err != nil {
			return err
		}
		key, err := e.people.Key(ctx, a.ID)
		if err != nil {
			return err
		}
		token, err := e.radius.Tokens.Issue(ctx, a, in.Organization.ID, false, true)
		if err != nil {
			return err
		}
		out = &Admitted{Registered{Account: a, Organization: in.Organization}, wispwright.Secret(key), token.Key}
		e.Registered.Publish(ctx, out.Registered)
		return nil
	})
	return out, err
}

// The sentences of choosing a method (additions: R-6).
const (
	notPending = "Method can only be updated from pending verification state."
)

// Choose is how somebody who came from another organization says by which method the
// identity is to be verified (additions: R-6). wispwright.ErrNotFound: it is not known
// how the user came.
func (e *Enrolment) Choose(ctx context.Context, user, organization wispwright.ID, method string) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("choice of a method to register"))
	return e.base.Do(ctx, "enrol.Choose", func(ctx context.Context) error {
		r, err := e.radius.Registrations.Of(ctx, user, organization)
		if err != nil {
			return err
		}
		if method == radius.Pending || !slices.Contains(e.options.SettableMethods, method) {
			return wispwright.Invalid("method", valid.NoChoice(method))
		}
		_, err = e.radius.Registrations.Update(ctx, wispwright.ScopeAll(), r.ID, func(r *radius.Registration) error {
			if r.Method != radius.Pending {
				return wispwright.Invalid("", notPending)
			}
			r.Method, r.IsVerified = method, false
			return nil
		})
		return err
	})
}
