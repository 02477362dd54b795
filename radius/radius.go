package radius

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/radius/counters"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// Defaults are the settings of organizations that set nothing of their own.
	Defaults Defaults
	// Counters are the limits that are looked at, in order. Default:
	// counters.Defaults; an empty list that is not nil: none.
	Counters []counters.Counter
	// Methods are the ways to register. Default: DefaultMethods.
	Methods []Method
	// Zone is where days and months begin. Default: UTC.
	Zone *time.Location
	// NASTypes are further kinds of access servers, shown first.
	NASTypes []string
	// PlainSecrets keeps the secrets of access servers in clear beside the sealed
	// ones, for a FreeRADIUS that reads the table nas itself (rlm_sql).
	PlainSecrets bool
	// LastingTokens are good more than once.
	LastingTokens bool
	// NoAutoGroup leaves the group of new sessions to the access server.
	NoAutoGroup bool
	// NoSimultaneousUse leaves sessions at a time unlimited.
	NoSimultaneousUse bool
	// NoGigawords leaves limits beyond 32 bits to FreeRADIUS, which cuts them.
	NoGigawords bool
	// NoRejectedPasswords keeps no password that was refused.
	NoRejectedPasswords bool
	// Unconverted are called station ids of organizations that an update of a
	// session must not bring back (spec: radius §5.7).
	Unconverted map[wispwright.ID][]string
	// Bus tells other nodes what to forget. Default: this node is alone.
	Bus wispwright.Bus
	// Log receives what must not fail a request. Default: slog's own.
	Log *slog.Logger
}

// Radius is the concern.
type Radius struct {
	// Groups, GroupChecks and GroupReplies are limits and attributes of groups.
	Groups       *Groups
	GroupChecks  *GroupAttributes
	GroupReplies *GroupAttributes
	// Memberships are who is in which group.
	Memberships *Memberships
	// Checks and Replies are attributes of users.
	Checks, Replies *Attributes
	// NASes are access servers.
	NASes *NASes
	// Accounting keeps sessions, PostAuths answers.
	Accounting *Accounting
	PostAuths  *PostAuths
	// Tokens are passwords for RADIUS alone.
	Tokens *Tokens
	// Registrations are how people came to organizations.
	Registrations *Registrations
	// Settings are those of organizations.
	Settings *SettingsService
	// Authorizer decides who may come in.
	Authorizer *Authorizer

	base     *entity.Base
	stores   Stores
	standing *standing
}

// New makes the services over stores of the base's transactor.
func New(base *entity.Base, stores Stores, accounts Accounts, organizations Organizations, o *Options) (*Radius, error) {
	switch {
	case base == nil || base.Tx == nil:
		return nil, errors.New("radius: a base with its transactor is required")
	case accounts == nil || organizations == nil:
		return nil, errors.New("radius: accounts and organizations are required")
	}
	if err := store.Complete("radius", stores); err != nil {
		return nil, err
	}
	options := Options{}
	if o != nil {
		options = *o
	}
	o = &options
	if o.Counters == nil {
		o.Counters = counters.Defaults("", "")
	}
	if o.Methods == nil {
		o.Methods = DefaultMethods()
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	r := &Radius{base: base, stores: stores}
	r.Checks = newAttributes(base, stores.Checks, accounts, "check", uniqueCheck, ":=", checkOperators())
	r.Replies = newAttributes(base, stores.Replies, accounts, "reply", uniqueReply, "=", replyOperators())
	r.GroupChecks = newGroupAttributes(base, stores.GroupChecks, stores.Groups, "check", uniqueGroupCheck, ":=", checkOperators())
	r.GroupReplies = newGroupAttributes(base, stores.GroupReplies, stores.Groups, "reply", uniqueGroupReply, "=", replyOperators())
	r.Memberships = newMemberships(base, stores, accounts)
	r.Groups = newGroups(base, stores, organizations, r.GroupChecks, r.GroupReplies, r.Memberships)
	r.NASes = newNASes(base, stores.NASes, o)
	r.Registrations = newRegistrations(base, stores, o)
	r.Settings = newSettings(base, stores, organizations, o)
	r.Tokens = newTokens(base, stores, accounts, o)
	r.standing = newStanding(base, stores, o)
	r.Accounting = newAccounting(base, stores, accounts, r.Memberships, r.standing, r.Settings, r.Tokens, o)
	r.Tokens.accounting = r.Accounting
	r.PostAuths = newPostAuths(base, stores.PostAuths, o)
	r.Authorizer = &Authorizer{base: base, stores: stores, accounts: accounts, members: r.Memberships, standing: r.standing, settings: r.Settings, tokens: r.Tokens, people: r.Registrations,
		counters: o.Counters, simple: o.NoSimultaneousUse, giga: !o.NoGigawords, zone: o.Zone, visitors: strangers{}, log: o.Log}
	for _, m := range o.Methods {
		if m.AuthorizeUnverified {
			r.Authorizer.methods = append(r.Authorizer.methods, m.Name)
		}
	}
	r.standing.watch(r)
	return r, nil
}

// Start listens to what other nodes forget, until the context ends.
func (r *Radius) Start(ctx context.Context) error {
	return errors.Join(r.Settings.known.Listen(ctx), r.standing.listen(ctx))
}

// Events lists the events of the concern, with OpenWISP's signals of the same
// meaning and the subscribers.
func (r *Radius) Events() []event.Listed {
	return slices.Concat(
		[]event.Listed{
			r.Accounting.Accounted.Listed("radius.Accounting.Accounted", "radius_accounting_success"),
			r.Accounting.Closed.Listed("radius.Accounting.Closed", "radius_accounting_closed"),
			r.Accounting.Changed.Listed("radius.Accounting.Changed", ""),
		},
		r.Groups.Listed("RadiusGroup"), r.GroupChecks.Listed("RadiusGroupCheck"), r.GroupReplies.Listed("RadiusGroupReply"), r.Memberships.Listed("RadiusUserGroup"),
		r.Checks.Listed("RadiusCheck"), r.Replies.Listed("RadiusReply"), r.NASes.Listed("Nas"), r.Registrations.Listed("RegisteredUser"), r.Settings.Listed("OrganizationRadiusSettings"),
	)
}

// Prepare gives an organization the settings and the groups that every one has. It
// may be called again.
func (r *Radius) Prepare(ctx context.Context, organization wispwright.ID) error {
	if err := r.Settings.Prepare(ctx, organization); err != nil {
		return err
	}
	return r.Groups.Prepare(ctx, organization)
}

// Renamed keeps what FreeRADIUS knows a user by (spec: radius §7.3).
func (r *Radius) Renamed(ctx context.Context, user wispwright.ID, username string) error {
	return r.base.Do(ctx, "radius.Renamed", func(ctx context.Context) error {
		return errors.Join(r.stores.Names.RenameUser(ctx, user, username), r.standing.renamed(ctx))
	})
}

// ForgetUser removes what belongs to a user who is deleted; sessions and answers
// stay.
func (r *Radius) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return r.base.Do(ctx, "radius.ForgetUser", func(ctx context.Context) error {
		return errors.Join(r.stores.Names.ForgetUser(ctx, user), r.standing.renamed(ctx))
	})
}

// Models are the kinds of objects permissions exist for, with what the default
// groups may do (spec: radius §15).
func Models() []wispwright.Model {
	const app = "openwisp_radius"
	m := func(name, label, operator string) wispwright.Model {
		return wispwright.Model{App: app, Name: name, Label: label, Operator: operator, Administrator: "ACDV"}
	}
	return []wispwright.Model{
		m("radiuspostauth", "post auth", "ACDV"), m("radiusaccounting", "accounting", "ACDV"), m("radiuscheck", "check", "V"), m("radiusreply", "reply", "V"),
		m("radiusgroup", "group", "V"), m("radiusgroupcheck", "group check", "V"), m("radiusgroupreply", "group reply", "V"), m("radiususergroup", "user group", "V"),
		m("nas", "NAS", "V"), m("radiusbatch", "batch user creation", "V"), m("organizationradiussettings", "organization radius settings", "V"),
		m("registereduser", "registration information", "V"),
	}
}
