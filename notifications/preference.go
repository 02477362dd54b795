package notifications

import (
	"context"
	"crypto/sha256"

	"github.com/wispwright/wispwright"
)

// Choice is what somebody chose about being told. What nobody chose is not
// stored: it follows from the wider choice, the type and the organization.
//
//	UserID  OrganizationID  Type   is the choice of
//	set     set             set    a user for one type of one organization
//	set     set             ""     a user for all types of one organization
//	set     zero            ""     a user for everything
//	zero    set             ""     an organization for its people
type Choice struct {
	ID             wispwright.ID
	UserID         wispwright.ID
	OrganizationID wispwright.ID
	Type           string
	// Web and Email are nil where the wider choice counts.
	Web, Email *bool
}

// ChoiceFilter selects choices; zero fields select all.
type ChoiceFilter struct {
	// UserIDs limits to these users'; the zero ID are the organizations' own.
	UserIDs wispwright.Among[wispwright.ID]
	// OrganizationIDs limits to these organizations; the zero ID are choices for
	// everything.
	OrganizationIDs wispwright.Among[wispwright.ID]
}

// ChoiceStore keeps choices. The ID follows from user, organization and type,
// of which there is therefore one each. Choices go with their user and
// organization.
type ChoiceStore interface {
	wispwright.Repo[Choice, ChoiceFilter]
	// Hold keeps others that hold them too from changing the choices of a user, or
	// of an organization for its people, until the transaction ends.
	Hold(ctx context.Context, owner wispwright.ID) error
	// Put stores choices, each in place of the one for the same user,
	// organization and type. One without Web and Email is removed.
	Put(ctx context.Context, choices ...Choice) error
	// Reset removes a user's choices that are narrower than for everything, or
	// than for one organization when it is given, as far as the column goes.
	Reset(ctx context.Context, user, organization wispwright.ID, web, email bool) error
	// ForgetUser and ForgetOrganization delete what was chosen by, or for, them.
	ForgetUser(ctx context.Context, user wispwright.ID) error
	ForgetOrganization(ctx context.Context, organization wispwright.ID) error
}

// choiceID is the id that a choice has whether it is stored or not, so that
// what follows from wider choices can be named and changed too.
func choiceID(user, organization wispwright.ID, typ string) wispwright.ID {
	sum := sha256.Sum256([]byte("notification choice " + user.String() + " " + organization.String() + " " + typ))
	var id wispwright.ID
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x80 // a UUID of version 8: made from other data
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Effective is what counts after all choices.
type Effective struct{ Web, Email bool }

// resolver finds what counts for the users and organizations it was made for.
type resolver struct {
	types    *Types
	defaults Effective // of organizations that chose nothing
	choices  map[choiceKey]Choice
}

type choiceKey struct {
	user, organization wispwright.ID
	typ                string
}

func newResolver(types *Types, defaults Effective, choices []*Choice) *resolver {
	r := &resolver{types, defaults, make(map[choiceKey]Choice, len(choices))}
	for _, c := range choices {
		r.choices[choiceKey{c.UserID, c.OrganizationID, c.Type}] = *c
	}
	return r
}

// inherited is what counts for a type of an organization when the user chose
// nothing for it in particular (spec: additions O-1), the ways not yet tied to
// each other: the choice for the organization, else no when the user turned everything off, else what the
// type and the organization agree on.
func (r *resolver) inherited(user, organization wispwright.ID, typ *Type) Effective {
	wide, all := r.choices[choiceKey{user, organization, ""}], r.choices[choiceKey{user: user}]
	own := r.organization(organization)
	way := func(wide, all *bool, usual bool) bool {
		switch {
		case wide != nil:
			return *wide
		case all != nil && !*all:
			return false
		}
		return usual
	}
	return Effective{way(wide.Web, all.Web, own.Web && !typ.NoWeb), way(wide.Email, all.Email, own.Email && !typ.NoEmail)}
}

// effective is what counts for a type of an organization. A type that cannot
// be chosen follows the global switch, and is never mailed.
func (r *resolver) effective(user, organization wispwright.ID, typ *Type) Effective {
	if typ.Unlisted {
		return Effective{Web: !typ.NoWeb && r.everything(user).Web}
	}
	e, c := r.inherited(user, organization, typ), r.choices[choiceKey{user, organization, typ.Name}]
	if c.Web != nil {
		e.Web = *c.Web
	}
	if c.Email != nil {
		e.Email = *c.Email
	}
	return tied(e.Web, e.Email)
}

// organization is what an organization wants for its people.
func (r *resolver) organization(id wispwright.ID) Effective {
	e, c := r.defaults, r.choices[choiceKey{organization: id}]
	if c.Web != nil {
		e.Web = *c.Web
	}
	if c.Email != nil {
		e.Email = *c.Email
	}
	return tied(e.Web, e.Email)
}

// everything is a user's global switch, on unless turned off.
func (r *resolver) everything(user wispwright.ID) Effective {
	c := r.choices[choiceKey{user: user}]
	return tied(c.Web == nil || *c.Web, c.Email == nil || *c.Email)
}

// tied keeps the rule that there is no e-mail without the web.
func tied(web, email bool) Effective { return Effective{web, web && email} }
