package tenancy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/window"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/sesame"
)

// Stores are everything tenancy keeps. All but Standings are required, and
// belong to one Transactor.
type Stores struct {
	// Organizations keeps organizations.
	Organizations OrganizationStore
	// Users keeps accounts.
	Users UserStore
	// Emails keeps the addresses of accounts.
	Emails EmailStore
	// Grants keeps groups and permissions of accounts.
	Grants GrantStore
	// Memberships keeps the organizations that users belong to.
	Memberships MembershipStore
	// Owners keeps the owners of organizations.
	Owners OwnerStore
	// Groups keeps groups of permissions.
	Groups GroupStore
	// Tokens keeps bearer tokens.
	Tokens TokenStore
	// APITokens keeps named tokens.
	APITokens APITokenStore
	// SecondFactors keeps generators of one-time codes.
	SecondFactors SecondFactorStore
	// Passkeys keeps passkeys.
	Passkeys PasskeyStore
	// Standings reads what a caller is made of. Default: ComposeStandings of the
	// other stores.
	Standings StandingStore
	// Events keeps the audit trail.
	Events EventStore
}

// Options change what New makes; nil means the defaults.
type Options struct {
	// Models are the kinds of objects of the other concerns that permissions
	// exist for. Default: those of tenancy alone.
	Models []wispwright.Model
	// Hasher makes and checks password hashes. Default: 600,000 iterations of
	// PBKDF2-SHA256, about 0.2 s of one core per log-in.
	Hasher password.Hasher
	// Passwords are the rules of passwords. Default: OpenWISP's, without expiry.
	Passwords PasswordRules
	// AccountFailures is how many wrong passwords lock an account for five
	// minutes, no matter which client tries. Default: 5; -1 for never (spec: tenancy §9).
	AccountFailures int
	// AddressFailures is how many wrong passwords a network address may send in
	// a minute. Default: 10; -1 for any number.
	AddressFailures int
	// RequireSecondFactor lets staff and superusers who log in do nothing before
	// they have set up a second factor. Tokens work without. Default: false.
	RequireSecondFactor bool
	// Authenticators are asked in order when no password of an account matches:
	// a directory, for instance. The user they return must be active. Default:
	// none.
	Authenticators []Authenticator
	// Phone reads phone numbers. Default: PlainPhone.
	Phone PhoneParser
	// PhonePrefixes are put before a phone number that someone logs in with, such
	// as "+39". Default: none, numbers are given with their own prefix.
	PhonePrefixes []string
	// SecretKey signs links. Default: a random one for those of e-mails, which
	// then end with the program, and none for log-in.
	SecretKey wispwright.Secret
	// Sesame are the settings of links for log-in. Its Clock is ignored.
	Sesame sesame.Options
	// Mailer sends e-mails. Default: NoMail.
	Mailer Mailer
	// LetterQueue keeps letters until Letters.Deliver has sent them, in the
	// transaction of the context if there is one; bulk ones may wait for others.
	// What it keeps opens no account. Default: none, each letter is sent at once
	// after the commit, by the caller that caused it.
	LetterQueue func(ctx context.Context, bulk bool, letters ...wispwright.JSON) error
	// Site is what e-mails call the installation.
	Site Site
	// Log receives what must not fail a request, such as an e-mail that could
	// not be sent. Default: slog's own.
	Log *slog.Logger
	// Bus tells other nodes what to forget; see Tenancy.Start. Default: this node
	// is alone.
	Bus wispwright.Bus
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// complete returns the options with their defaults.
func (o *Options) complete() *Options {
	out := Options{}
	if o != nil {
		out = *o
	}
	if out.Clock == nil {
		out.Clock = time.Now
	}
	if out.AccountFailures == 0 {
		out.AccountFailures = 5
	}
	if out.AddressFailures == 0 {
		out.AddressFailures = 10
	}
	if out.Phone == nil {
		out.Phone = PlainPhone
	}
	if out.Mailer == nil {
		out.Mailer = NoMail{}
	}
	if out.Log == nil {
		out.Log = slog.Default()
	}
	return &out
}

// Tenancy is the concern: its services over one set of stores.
type Tenancy struct {
	// Organizations are the tenants.
	Organizations *Organizations
	// Users are the accounts.
	Users *Users
	// Emails are the addresses of accounts.
	Emails *Emails
	// Letters are the e-mails about accounts.
	Letters *Letters
	// Memberships are the organizations that users belong to.
	Memberships *Memberships
	// Groups are sets of permissions.
	Groups *Groups
	// Tokens are bearer tokens.
	Tokens *Tokens
	// APITokens are named tokens of users.
	APITokens *APITokens
	// SecondFactors are generators of one-time codes.
	SecondFactors *SecondFactors
	// Passkeys are keys of browsers and security tokens.
	Passkeys *Passkeys
	// Callers finds the account behind a request.
	Callers *Callers
	// Login checks passwords.
	Login *Login
	// MagicLinks log people in by a link.
	MagicLinks *MagicLinks
	// Trail is the audit trail, the Recorder of every concern.
	Trail *Trail
}

// New returns the concern over its stores.
func New(tx wispwright.Transactor, stores Stores, options *Options) (*Tenancy, error) {
	if tx == nil {
		return nil, errors.New("tenancy: a transactor is required")
	}
	if err := store.Complete("tenancy", stores, "Standings"); err != nil {
		return nil, err
	}
	if stores.Standings == nil {
		stores.Standings = ComposeStandings(stores)
	}
	options = options.complete()
	clock := options.Clock
	trail := NewTrail(stores.Events, clock)
	b := base{entity: &entity.Base{Tx: tx, Recorder: trail, Clock: clock}, known: cache.New[proof, known]("tenancy.callers",
		cache.Options{Bus: options.Bus, TTL: callerTTL, Size: rememberedCallers, Clock: clock})}
	catalogue := NewCatalogue(slices.Concat(ownModels(), options.Models)...)
	t := &Tenancy{Organizations: newOrganizations(b, stores.Organizations), Trail: trail}
	b.entity.Tenants = t.Organizations
	t.Users = newUsers(b, stores, catalogue, options)
	t.Emails = t.Users.emails
	t.Memberships = newMemberships(b, stores)
	t.Groups = newGroups(b, stores.Groups, catalogue)
	t.Tokens = &Tokens{store: stores.Tokens, base: b}
	t.APITokens = newAPITokens(b, stores.APITokens, catalogue)
	var err error
	if t.MagicLinks, err = newMagicLinks(options, t.Users, b); err != nil {
		return nil, err
	}
	if err := t.connectLetters(stores, options, b); err != nil {
		return nil, err
	}
	t.SecondFactors = &SecondFactors{store: stores.SecondFactors, passkeys: stores.Passkeys, users: t.Users, issuer: options.Site.complete().Name,
		required: options.RequireSecondFactor, wrong: window.New(5, 5*time.Minute, clock), base: b}
	t.Passkeys = newPasskeys(b, stores.Passkeys, t.SecondFactors)
	t.Callers = &Callers{standings: stores.Standings, organizations: stores.Organizations, apiTokens: t.APITokens, factors: t.SecondFactors,
		rules: options.Passwords, clock: clock, base: b}
	dummy, err := options.Hasher.Hash("nobody")
	if err != nil {
		return nil, err
	}
	t.Login = &Login{users: t.Users, hasher: options.Hasher, dummy: dummy, prefixes: slices.Clone(options.PhonePrefixes), others: slices.Clone(options.Authenticators), log: options.Log,
		accounts:  failures(options.AccountFailures, 5*time.Minute, clock),
		addresses: failures(options.AddressFailures, time.Minute, clock)}
	t.Letters.unlock, t.Letters.candidates = t.Login.Unlock, t.Login.Candidates
	return t, nil
}

func (t *Tenancy) connectLetters(stores Stores, options *Options, b base) error {
	l, err := newLetters(options)
	if err != nil {
		return err
	}
	l.users, l.emails, l.organizations, l.base = t.Users, t.Emails, stores.Organizations, b
	t.Letters, t.Users.letters = l, l
	return nil
}

// Start forgets what other nodes tell of over Options.Bus, until the context
// ends.
func (t *Tenancy) Start(ctx context.Context) error {
	if err := t.Callers.known.Listen(ctx); err != nil {
		return fmt.Errorf("tenancy: %w", err)
	}
	return nil
}
