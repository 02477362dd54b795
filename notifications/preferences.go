package notifications

import (
	"context"

	"github.com/wispwright/wispwright"
)

// Preference is one line of a user's preferences: what counts, and what the
// user chose for this line.
type Preference struct {
	// ID is the line's for as long as the user, the organization and the type
	// exist.
	ID     wispwright.ID
	UserID wispwright.ID
	// Organization is zero for the line of everything.
	Organization Organization
	// Type is nil for the line of everything.
	Type *Type
	// Effective is what counts.
	Effective Effective
	// Web and Email are what was chosen for this line; nil where a wider choice
	// counts.
	Web, Email *bool
}

// Preferences returns the lines of a user: everything first, then each
// organization that the user is told of with each type that can be chosen.
func (s *Service) Preferences(ctx context.Context, user wispwright.ID) ([]Preference, error) {
	organizations, err := s.options.People.Organizations(ctx, user)
	if err != nil {
		return nil, err
	}
	r, err := s.resolverOf(ctx, user)
	if err != nil {
		return nil, err
	}
	all := r.choices[choiceKey{user: user}]
	lines := make([]Preference, 0, 1+len(organizations)*len(s.types.names))
	lines = append(lines, Preference{ID: choiceID(user, wispwright.ID{}, ""), UserID: user, Effective: r.everything(user), Web: all.Web, Email: all.Email})
	for _, o := range organizations {
		for _, t := range s.types.Listed() {
			c := r.choices[choiceKey{user, o.ID, t.Name}]
			lines = append(lines, Preference{
				ID: choiceID(user, o.ID, t.Name), UserID: user, Organization: o, Type: t, Effective: r.effective(user, o.ID, t), Web: c.Web, Email: c.Email,
			})
		}
	}
	return lines, nil
}

// resolverOf reads what a user and the organizations chose.
func (s *Service) resolverOf(ctx context.Context, user wispwright.ID) (*resolver, error) {
	return s.resolve(ctx, ChoiceFilter{UserIDs: wispwright.Only(user, wispwright.ID{})})
}

// resolver reads what these users, and the organizations, chose about these
// organizations. The zero ID among the users are the organizations, among the
// organizations the choices for everything.
func (s *Service) resolver(ctx context.Context, users, organizations []wispwright.ID) (*resolver, error) {
	return s.resolve(ctx, ChoiceFilter{UserIDs: wispwright.Only(users...), OrganizationIDs: wispwright.Only(organizations...)})
}

func (s *Service) resolve(ctx context.Context, f ChoiceFilter) (*resolver, error) {
	choices, err := s.stores.Choices.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	return newResolver(s.types, s.options.Defaults, choices.Rows), nil
}

// Preference returns one line. Errors: ErrNotFound.
func (s *Service) Preference(ctx context.Context, user, id wispwright.ID) (*Preference, error) {
	lines, err := s.Preferences(ctx, user)
	if err != nil {
		return nil, err
	}
	for i := range lines {
		if lines[i].ID == id {
			return &lines[i], nil
		}
	}
	return nil, wispwright.ErrNotFound
}

// Wish is a change of a choice: what is Set becomes Value; nil is the wider
// choice again.
type Wish struct {
	Set   bool
	Value *bool
}

// Want is the Wish for a value.
func Want(value bool) Wish { return Wish{true, &value} }

// Choose changes one line of a user's preferences and returns it as it then is.
//
// What equals the wider choice is not kept, so that it follows that one from
// then on; only an explicit no to what is usually told stays (spec: additions
// O-1). Without the web there is no e-mail. A change of the line of everything
// takes back what was chosen for organizations and types. Errors: ErrNotFound.
func (s *Service) Choose(ctx context.Context, user, id wispwright.ID, web, email Wish) (line *Preference, err error) {
	err = s.base.Do(ctx, "notifications.Choose", func(ctx context.Context) error {
		// what is not changed is stored as it was read
		if err := s.stores.Choices.Hold(ctx, user); err != nil {
			return err
		}
		if line, err = s.Preference(ctx, user, id); err != nil {
			return err
		}
		if line.Type == nil {
			err = s.chooseEverything(ctx, user, line, web, email)
		} else {
			err = s.chooseLine(ctx, line, web, email)
		}
		if err != nil {
			return err
		}
		line, err = s.Preference(ctx, user, id)
		return err
	})
	return line, err
}

func (s *Service) chooseLine(ctx context.Context, line *Preference, web, email Wish) error {
	r, err := s.resolverOf(ctx, line.UserID)
	if err != nil {
		return err
	}
	wide := r.inherited(line.UserID, line.Organization.ID, line.Type)
	c := Choice{UserID: line.UserID, OrganizationID: line.Organization.ID, Type: line.Type.Name, Web: line.Web, Email: line.Email}
	if web.Set {
		c.Web = kept(web.Value, wide.Web, !line.Type.NoWeb)
	}
	if email.Set {
		c.Email = kept(email.Value, wide.Email, !line.Type.NoEmail)
	}
	if web := c.Web; web != nil && !*web || web == nil && !wide.Web {
		c.Email = web // no e-mail without the web
	}
	c.ID = line.ID
	return s.stores.Choices.Put(ctx, c)
}

// kept is what of a choice has to be stored: nothing when it is the wider one
// anyway, unless it is an explicit no to what is usual.
func kept(value *bool, wide, usual bool) *bool {
	if value != nil && *value == wide && (*value || !usual) {
		return nil
	}
	return value
}

func (s *Service) chooseEverything(ctx context.Context, user wispwright.ID, line *Preference, web, email Wish) error {
	now := Effective{value(web, line.Effective.Web), value(email, line.Effective.Email)}
	if web.Set && !now.Web {
		now.Email = false
	}
	now = tied(now.Web, now.Email) // also in the lines that are narrower
	changedWeb, changedEmail := now.Web != line.Effective.Web, now.Email != line.Effective.Email
	if !changedWeb && !changedEmail {
		return nil
	}
	return s.everything(ctx, user, line.ID, now, changedWeb, changedEmail || !now.Web)
}

// everything stores what counts for everything, and takes back what was chosen
// for organizations and types in the columns that are rewritten.
func (s *Service) everything(ctx context.Context, user, id wispwright.ID, now Effective, web, email bool) error {
	if err := s.stores.Choices.Put(ctx, Choice{ID: id, UserID: user, Web: off(now.Web), Email: off(now.Email)}); err != nil {
		return err
	}
	return s.stores.Choices.Reset(ctx, user, wispwright.ID{}, web, email)
}

// value is what a Wish comes to: no choice means yes.
func value(w Wish, now bool) bool {
	if !w.Set {
		return now
	}
	return w.Value == nil || *w.Value
}

// off stores a no; yes is what counts anyway.
func off(on bool) *bool {
	if on {
		return nil
	}
	return &on
}

// ChooseOrganization changes a user's choice for all types of an organization
// and takes back what was chosen for single types. Errors: ErrNotFound when
// the user is not told of the organization.
func (s *Service) ChooseOrganization(ctx context.Context, user, organization wispwright.ID, web, email Wish) error {
	return s.base.Do(ctx, "notifications.ChooseOrganization", func(ctx context.Context) error {
		if err := s.stores.Choices.Hold(ctx, user); err != nil {
			return err
		}
		organizations, err := s.options.People.Organizations(ctx, user)
		if err != nil {
			return err
		}
		known := false
		for _, o := range organizations {
			known = known || o.ID == organization
		}
		if !known {
			return wispwright.ErrNotFound
		}
		r, err := s.resolverOf(ctx, user)
		if err != nil {
			return err
		}
		c := r.choices[choiceKey{user, organization, ""}]
		c.ID, c.UserID, c.OrganizationID = choiceID(user, organization, ""), user, organization
		applyTied(&c, web, email)
		if err := s.stores.Choices.Put(ctx, c); err != nil {
			return err
		}
		return s.stores.Choices.Reset(ctx, user, organization, web.Set, email.Set || web.Set && web.Value != nil && !*web.Value)
	})
}

// OrganizationChoice is what an organization chose for its people (spec:
// additions O-2).
func (s *Service) OrganizationChoice(ctx context.Context, organization wispwright.ID) (Choice, error) {
	r, err := s.resolverOf(ctx, wispwright.ID{})
	if err != nil {
		return Choice{}, err
	}
	c := r.choices[choiceKey{organization: organization}]
	c.OrganizationID = organization
	return c, nil
}

// ChooseForOrganization changes what an organization chose for its people.
func (s *Service) ChooseForOrganization(ctx context.Context, organization wispwright.ID, web, email Wish) (c Choice, err error) {
	err = s.base.Do(ctx, "notifications.ChooseForOrganization", func(ctx context.Context) error {
		if err := s.stores.Choices.Hold(ctx, organization); err != nil {
			return err
		}
		if c, err = s.OrganizationChoice(ctx, organization); err != nil {
			return err
		}
		c.ID = choiceID(wispwright.ID{}, organization, "")
		applyTied(&c, web, email)
		return s.stores.Choices.Put(ctx, c)
	})
	return c, err
}

// applyTied changes a choice; no web means no e-mail.
func applyTied(c *Choice, web, email Wish) {
	if web.Set {
		c.Web = web.Value
	}
	if email.Set {
		c.Email = email.Value
	}
	if c.Web != nil && !*c.Web {
		no := false
		c.Email = &no
	}
}
