package radius

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// checkOperators are what FreeRADIUS compares with, replyOperators what it adds to
// an answer with (spec: radius §1.1, §1.2).
func checkOperators() []string {
	return []string{"=", ":=", "==", "+=", "!=", ">", ">=", "<", "<=", "=~", "!~", "=*", "!*"}
}

// replyOperators are the operators of attributes of an answer.
func replyOperators() []string { return []string{"=", ":=", "+="} }

// Attribute is one attribute of a user: something FreeRADIUS compares (radcheck) or
// adds to its answer (radreply) when it reads the tables itself (spec: radius §1.1,
// §1.2). Values are kept as they are typed: the attribute's name tells FreeRADIUS
// what form they have, such as NT-Password.
type Attribute struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is.
	OrganizationID wispwright.ID
	// Username is the user's name: 1 to 64 characters.
	Username string
	// UserID is the account of that name; zero: there is none.
	UserID wispwright.ID
	// Attribute is the name in the dictionary, up to 64 characters.
	Attribute string
	// Op is one of checkOperators or replyOperators.
	Op string
	// Value has up to 253 characters.
	Value string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// AttributeFilter selects attributes of users; the zero value all.
type AttributeFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// UserID and Username are of whom.
	UserID   wispwright.ID
	Username string
	// Attribute is a name.
	Attribute string
	// Search is a part of the username or of the value, in any letter case.
	Search string
}

// uniqueCheck and uniqueReply are the rules that a user has an attribute once in an
// organization.
const (
	uniqueCheck = "radcheck_user_attribute"
	uniqueReply = "radreply_user_attribute"
)

// CheckShape is how storages keep checks of users.
func CheckShape() store.Shape { return attributeShape("radcheck", uniqueCheck) }

// ReplyShape is how storages keep replies of users.
func ReplyShape() store.Shape { return attributeShape("radreply", uniqueReply) }

func attributeShape(table, unique string) store.Shape {
	return store.Shape{
		Table: table, Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Username", "Value"},
		Unique: []store.Unique{{Name: unique, Fields: []string{"UserID", "Attribute", "OrganizationID"}}},
	}
}

// Attributes is the service of checks or of replies of users, newest first.
type Attributes struct {
	*entity.Service[wispwright.ID, Attribute, AttributeFilter]
	accounts  Accounts
	operators []string
	normal    string
}

func newAttributes(b *entity.Base, store wispwright.Repo[Attribute, AttributeFilter], accounts Accounts, what, unique, normal string, operators []string) *Attributes {
	s := &Attributes{accounts: accounts, operators: operators, normal: normal}
	s.Service = entity.New(b, store, entity.Kind[wispwright.ID, Attribute]{
		Name: "radius." + map[string]string{"check": "Checks", "reply": "Replies"}[what], Model: "openwisp_radius.radius" + what,
		Label: func(a *Attribute) string { return a.Username + " " + a.Attribute }, Validate: s.validate,
		// a value may be a password
		Hidden: []string{"Value"},
		Unique: map[string]error{unique: wispwright.Invalid("attribute", "Another "+what+" for the same user and with the same attribute already exists.")},
	})
	return s
}

// validate links an attribute to its account (spec: radius §1.1).
func (s *Attributes) validate(ctx context.Context, c entity.Change[Attribute]) error {
	a := c.After
	if a.Op == "" {
		a.Op = s.normal
	}
	if c.Before != nil && a.Username != c.Before.Username && a.UserID == c.Before.UserID {
		a.UserID = wispwright.ID{} // the new name decides
	}
	var v wispwright.ValidationError
	switch {
	case a.UserID.IsZero() && a.Username == "":
		v.Add("username", valid.Blank)
		v.Add("user", valid.Blank)
	case a.UserID.IsZero():
		found, err := s.accounts.Named(ctx, a.Username)
		switch {
		case err == nil:
			a.UserID = found.ID
		case !errors.Is(err, wispwright.ErrNotFound):
			return err
		}
	default:
		found, err := s.accounts.Get(ctx, a.UserID)
		if err != nil {
			return valid.Reference(err, "user", a.UserID)
		}
		a.Username = found.Username
	}
	if !a.UserID.IsZero() && !a.OrganizationID.IsZero() {
		member, err := s.accounts.IsMember(ctx, a.UserID, a.OrganizationID)
		if err != nil {
			return err
		}
		if !member {
			v.Add("organization", notMember)
		}
	}
	if a.OrganizationID.IsZero() {
		v.Add("organization", valid.Blank)
	}
	valid.Text(&v, "username", a.Username, valid.Max(64))
	valid.Text(&v, "attribute", a.Attribute, valid.Required, valid.Max(64))
	valid.Text(&v, "op", a.Op, valid.OneOf(s.operators...))
	valid.Text(&v, "value", a.Value, valid.Required, valid.Max(253))
	return v.Err()
}

const notMember = "The user is not a member of this organization"
