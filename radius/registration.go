package radius

import (
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// Registration is how a user came to an organization and whether the identity was
// verified there (spec: radius §1.13, additions: R-6).
type Registration struct {
	// ID identifies it.
	ID wispwright.ID
	// UserID and OrganizationID are who and where.
	UserID, OrganizationID wispwright.ID
	// Method is the name of a Method, "" when it is not known.
	Method string
	// IsVerified: the identity was verified.
	IsVerified bool
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// Pending is the method of somebody who came from another organization and was not
// verified in this one; it never counts as verified.
const Pending = "pending_verification"

// Counts reports whether the identity is verified.
func (r *Registration) Counts() bool { return r.IsVerified && r.Method != Pending }

// IsStrong reports whether the identity is verified in a way that cannot be had by
// just anybody (spec: radius §1.13).
func (r *Registration) IsStrong(methods []Method) bool {
	i := slices.IndexFunc(methods, func(m Method) bool { return m.Name == r.Method })
	return r.Counts() && i >= 0 && methods[i].Strong
}

// RegistrationFilter selects registrations; the zero value all.
type RegistrationFilter struct {
	// UserID and OrganizationID are who and where, UserIDs some users.
	UserID, OrganizationID wispwright.ID
	UserIDs                wispwright.Among[wispwright.ID]
	// Method is one of them; IsVerified those that were verified, or not.
	Method     string
	IsVerified *bool
}

// uniqueRegistration is the rule that a user registers once with an organization.
const uniqueRegistration = "radius_registration_user_organization"

// Shape is how storages keep registrations.
func (Registration) Shape() store.Shape {
	return store.Shape{
		Table: "radius_registration", Org: "OrganizationID", Order: store.Newest("Modified"),
		Unique: []store.Unique{{Name: uniqueRegistration, Fields: []string{"UserID", "OrganizationID"}}},
	}
}

// Method is a way to register.
type Method struct {
	// Name is stored, Label is shown.
	Name, Label string
	// Strong: it verifies who somebody is.
	Strong bool
	// AuthorizeUnverified lets people in before they are verified, so that they can
	// pay for instance.
	AuthorizeUnverified bool
}

// DefaultMethods are those of the product (spec: radius §1.13).
func DefaultMethods() []Method {
	return []Method{
		{Name: "", Label: "Unspecified"},
		{Name: "manual", Label: "Manually created", Strong: true},
		{Name: "email", Label: "Email"},
		{Name: "mobile_phone", Label: "Mobile phone", Strong: true},
		{Name: Pending, Label: "Pending verification"},
	}
}

// Registrations is the service of registrations, latest change first.
type Registrations struct {
	*entity.Service[wispwright.ID, Registration, RegistrationFilter]
	methods []Method
}

func newRegistrations(b *entity.Base, stores Stores, o *Options) *Registrations {
	s := &Registrations{methods: o.Methods}
	var names []string
	for _, m := range o.Methods {
		names = append(names, m.Name)
	}
	s.Service = entity.New(b, stores.Registrations, entity.Kind[wispwright.ID, Registration]{
		Name: "radius.Registrations", Model: "openwisp_radius.registereduser", Label: func(r *Registration) string { return "registration by " + r.Method },
		Validate: func(_ context.Context, c entity.Change[Registration]) error {
			var v wispwright.ValidationError
			valid.Text(&v, "method", c.After.Method, valid.Max(64), valid.OneOf(names...))
			if c.After.UserID.IsZero() {
				v.Add("user", valid.Blank)
			}
			if c.After.OrganizationID.IsZero() {
				v.Add("organization", valid.Blank)
			}
			return v.Err()
		},
		Unique: map[string]error{uniqueRegistration: wispwright.Invalid("", valid.Taken("Registered user", "User", "Organization"))},
	})
	return s
}

// Methods are the ways to register.
func (s *Registrations) Methods() []Method { return slices.Clone(s.methods) }

// Of returns the registration of a user with an organization, or
// wispwright.ErrNotFound.
func (s *Registrations) Of(ctx context.Context, user, organization wispwright.ID) (*Registration, error) {
	return s.First(ctx, wispwright.ScopeAll(), RegistrationFilter{UserID: user, OrganizationID: organization})
}
