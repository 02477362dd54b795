package radius

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// Settings are what an organization wants to be otherwise than the installation: a
// nil value means as everywhere (spec: radius §1.12).
type Settings struct {
	// ID identifies them.
	ID wispwright.ID
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Token proves that a request comes from the organization's RADIUS server: up to
	// 32 characters without spaces, dots and slashes.
	Token wispwright.Secret
	// AllowedHosts are the addresses and networks RADIUS servers ask from, separated
	// by commas.
	AllowedHosts *string
	// CoAEnabled: access servers are told when somebody's group changes.
	CoAEnabled *bool
	// NeedsVerification: only users whose identity was verified come in.
	NeedsVerification *bool
	// MACRoaming: devices with an open session come in again by their address.
	MACRoaming *bool
	// RegistrationEnabled: people may make accounts for themselves.
	RegistrationEnabled *bool
	// SocialEnabled: people may log in with an account that they have elsewhere.
	SocialEnabled *bool
	// SAMLEnabled: people may log in with the account of an institution.
	SAMLEnabled *bool
	// LoginURL is where magic links lead, StatusURL is shown to users.
	LoginURL, StatusURL string
	// PasswordResetURL is where letters lead that reset a password; it holds {token}
	// and {uid}.
	PasswordResetURL *string
	// FirstName, LastName, Location and BirthDate say what is asked of people who
	// register: "disabled", "allowed" or "mandatory".
	FirstName, LastName, Location, BirthDate *string
	// SMSVerification: telephone numbers are verified by codes. SMSSender is who
	// sends them, SMSMessage the text, which holds {code} and may hold
	// {organization}; SMSCooldown is how many seconds pass between two of them, and
	// SMSMetaData is handed to the gateway.
	SMSVerification *bool
	SMSSender       string
	SMSMessage      *string
	SMSCooldown     *int64
	SMSMetaData     wispwright.JSON
	// MobilePrefixes are those of telephone numbers that are taken, such as
	// "+39,+44"; empty: all.
	MobilePrefixes *string
	// Created and Modified are when they were stored first and last.
	Created, Modified time.Time
}

// SettingsFilter selects settings; the zero value all.
type SettingsFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
}

// uniqueSettings is the rule that an organization has settings once.
const uniqueSettings = "radius_settings_organization"

// Shape is how storages keep settings.
func (Settings) Shape() store.Shape {
	return store.Shape{
		Table: "radius_settings", Org: "OrganizationID", Order: store.Oldest("Created"),
		Unique: []store.Unique{{Name: uniqueSettings, Fields: []string{"OrganizationID"}}},
	}
}

// Defaults are the settings of an installation, and those that are in force in an
// organization.
type Defaults struct {
	// AllowedHosts are addresses and networks (Settings.AllowedHosts).
	AllowedHosts []string
	// CoAEnabled, NeedsVerification, MACRoaming, RegistrationEnabled, SocialEnabled and
	// SAMLEnabled are those of Settings.
	CoAEnabled, NeedsVerification, MACRoaming, RegistrationEnabled, SocialEnabled, SAMLEnabled bool
	// PasswordResetURL is that of Settings.
	PasswordResetURL string
	// FirstName, LastName, Location and BirthDate are those of Settings. Default:
	// "disabled".
	FirstName, LastName, Location, BirthDate string
	// SMSVerification, SMSMessage and SMSCooldown are those of Settings. Default of
	// the message: DefaultSMSMessage, of the cooldown: 30 seconds.
	SMSVerification bool
	SMSMessage      string
	SMSCooldown     int64
	// MobilePrefixes is that of Settings.
	MobilePrefixes []string
}

// DefaultSMSMessage is the text of a message with a code.
const DefaultSMSMessage = "{organization} verification code: {code}"

// InForce are the settings of an organization after those of the installation were
// put in where it has none of its own.
type InForce struct {
	Defaults
	// Organization is whose they are.
	Organization Organization
	// LoginURL and StatusURL are those of Settings.
	LoginURL, StatusURL string
	// SMSSender and SMSMetaData are those of Settings.
	SMSSender   string
	SMSMetaData wispwright.JSON

	token wispwright.Secret
}

// Token is that of Settings: it signs the cookies of login pages too.
func (in InForce) Token() wispwright.Secret { return in.token }

// SettingsService is the service of what organizations set, and of who may ask for
// one: the gate of RADIUS servers (spec: radius §2).
type SettingsService struct {
	*entity.Service[wispwright.ID, Settings, SettingsFilter]
	base          *entity.Base
	defaults      Defaults
	organizations Organizations
	known         *cache.Cache[wispwright.ID, InForce]
	stations      map[wispwright.ID][]string
	log           *slog.Logger
}

func newSettings(b *entity.Base, stores Stores, organizations Organizations, o *Options) *SettingsService {
	s := &SettingsService{base: b, defaults: o.Defaults, organizations: organizations, stations: o.Unconverted, log: o.Log,
		known: cache.New[wispwright.ID, InForce]("radius.settings", cache.Options{Bus: o.Bus, Clock: b.Clock})}
	for _, p := range []*string{&s.defaults.FirstName, &s.defaults.LastName, &s.defaults.Location, &s.defaults.BirthDate} {
		if *p == "" {
			*p = "disabled"
		}
	}
	if s.defaults.SMSMessage == "" {
		s.defaults.SMSMessage = DefaultSMSMessage
	}
	if s.defaults.SMSCooldown == 0 {
		s.defaults.SMSCooldown = 30
	}
	s.Service = entity.New(b, stores.Settings, entity.Kind[wispwright.ID, Settings]{
		Name: "radius.Settings", Model: "openwisp_radius.organizationradiussettings", Label: func(s *Settings) string { return "RADIUS settings" },
		Validate: s.validate, Stored: s.forget,
		Unique: map[string]error{uniqueSettings: wispwright.Invalid("organization", valid.Taken("Organization radius settings", "Organization"))},
	})
	return s
}

// forget drops what is remembered of changed settings.
func (s *SettingsService) forget(ctx context.Context, changes ...entity.Change[Settings]) error {
	for _, c := range changes {
		for _, one := range []*Settings{c.Before, c.After} {
			if one != nil {
				if err := s.known.Drop(ctx, one.OrganizationID); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Forget drops what is remembered of an organization that changed.
func (s *SettingsService) Forget(ctx context.Context, organization wispwright.ID) error {
	return s.known.Drop(ctx, organization)
}

// Prepare makes the settings that every organization has, unless it has them.
func (s *SettingsService) Prepare(ctx context.Context, organization wispwright.ID) error {
	return s.base.Do(ctx, "radius.Settings.Prepare", func(ctx context.Context) error {
		_, err := s.Of(ctx, wispwright.ScopeAll(), organization)
		if err == nil || !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
		return s.Create(ctx, &Settings{OrganizationID: organization})
	})
}

// Of returns what an organization set, or wispwright.ErrNotFound.
func (s *SettingsService) Of(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Settings, error) {
	return s.First(ctx, scope, SettingsFilter{OrganizationID: organization})
}

// Defaults are the settings of the installation.
func (s *SettingsService) Defaults() Defaults { return s.defaults }

// Effective returns the settings in force in an organization; with the zero ID those
// of the installation.
func (s *SettingsService) Effective(ctx context.Context, organization wispwright.ID) (InForce, error) {
	if organization.IsZero() {
		return InForce{Defaults: s.defaults}, nil
	}
	return s.known.Load(ctx, organization, func(ctx context.Context) (InForce, error) {
		out := InForce{Defaults: s.defaults}
		o, err := s.organizations.Get(ctx, organization)
		if err != nil {
			return out, fmt.Errorf("settings of an organization: %w", err)
		}
		out.Organization = o
		own, err := s.Of(ctx, wispwright.ScopeAll(), organization)
		if errors.Is(err, wispwright.ErrNotFound) {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("settings of an organization: %w", err)
		}
		in := s.InForce(own)
		in.Organization = o
		return in, nil
	})
}

// InForce puts the settings of the installation in where an organization has none.
func (s *SettingsService) InForce(own *Settings) InForce {
	out := InForce{Defaults: s.defaults}
	out.token, out.LoginURL, out.StatusURL, out.SMSSender, out.SMSMetaData = own.Token, own.LoginURL, own.StatusURL, own.SMSSender, own.SMSMetaData
	if own.AllowedHosts != nil {
		out.AllowedHosts = split(*own.AllowedHosts)
	}
	if own.MobilePrefixes != nil {
		out.MobilePrefixes = split(*own.MobilePrefixes)
	}
	if own.SMSCooldown != nil {
		out.SMSCooldown = *own.SMSCooldown
	}
	for _, f := range own.flags(&out.Defaults) {
		if *f.own != nil {
			*f.everywhere = **f.own
		}
	}
	for _, f := range own.texts(&out.Defaults) {
		if *f.own != nil {
			*f.everywhere = **f.own
		}
	}
	return out
}

// inherited is a setting of an organization beside that of the installation.
type inherited[T any] struct {
	own        **T
	everywhere *T
}

func (s *Settings) flags(d *Defaults) []inherited[bool] {
	return []inherited[bool]{
		{&s.CoAEnabled, &d.CoAEnabled}, {&s.NeedsVerification, &d.NeedsVerification}, {&s.MACRoaming, &d.MACRoaming}, {&s.RegistrationEnabled, &d.RegistrationEnabled},
		{&s.SMSVerification, &d.SMSVerification}, {&s.SocialEnabled, &d.SocialEnabled}, {&s.SAMLEnabled, &d.SAMLEnabled},
	}
}

func (s *Settings) texts(d *Defaults) []inherited[string] {
	return []inherited[string]{
		{&s.PasswordResetURL, &d.PasswordResetURL}, {&s.FirstName, &d.FirstName}, {&s.LastName, &d.LastName}, {&s.Location, &d.Location}, {&s.BirthDate, &d.BirthDate},
		{&s.SMSMessage, &d.SMSMessage},
	}
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// unconverted are the called station ids of an organization that stand for what is
// found out otherwise (spec: radius §5.7).
func (s *SettingsService) unconverted(_ context.Context, organization wispwright.ID) ([]string, error) {
	return s.stations[organization], nil
}

// The sentences of the gate (spec: radius §2).
const (
	wrongToken   = "Token authentication failed"
	noneAllowed  = "Cannot be empty when the settings value for `OPENWISP_RADIUS_FREERADIUS_ALLOWED_HOSTS` is not provided."
	wrongHosts   = "Invalid input. Please enter valid ip addresses or subnets separated by comma. (no spaces)"
	wrongSecret  = "This value must not contain spaces, dots or slashes."
	wrongPrefix  = "Invalid input. Please enter valid mobile prefixes separated by comma. (no spaces)"
	noSender     = "if SMS verification is enabled this field is required."
	noCode       = "The text must contain the placeholder {code}."
	noResetParts = `The URL must contain the "{token}" and "{uid}" placeholders.`
)

// ByToken lets a RADIUS server in that knows an organization's id and token. Every
// failure is the same *wispwright.ForbiddenError, unless the storage failed.
func (s *SettingsService) ByToken(ctx context.Context, organization wispwright.ID, token string) (InForce, error) {
	in, err := s.Effective(ctx, organization)
	switch {
	case errors.Is(err, wispwright.ErrNotFound), err == nil && (organization.IsZero() || !in.token.Equal(token) || !in.Organization.IsActive):
		return in, &wispwright.ForbiddenError{Message: wrongToken}
	}
	return in, err
}

// Active returns the settings of an organization that is switched on, or the
// *wispwright.ForbiddenError of ByToken.
func (s *SettingsService) Active(ctx context.Context, organization wispwright.ID) (InForce, error) {
	in, err := s.Effective(ctx, organization)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && !in.Organization.IsActive {
		return in, &wispwright.ForbiddenError{Message: wrongToken}
	}
	return in, err
}

// Admit refuses a RADIUS server at an address that is not among those allowed.
func (in InForce) Admit(address string) error {
	client, err := netip.ParseAddr(address)
	for _, host := range in.AllowedHosts {
		p, perr := network(host)
		if perr != nil {
			return wispwright.Forbidden("Request rejected: (" + host + ") in organization settings or settings.py is not a valid IP address. Please contact administrator.")
		}
		if err == nil && p.Contains(client.Unmap()) {
			return nil
		}
	}
	return wispwright.Forbidden("Request rejected: Client IP address (" + address + ") is not in the list of IP addresses allowed to consume the freeradius API.")
}

// network reads an address or a network.
func network(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

var tokenPattern = regexp.MustCompile(`^[^\s/.]+$`)

func (s *SettingsService) validate(_ context.Context, c entity.Change[Settings]) error {
	x := c.After
	var v wispwright.ValidationError
	if x.OrganizationID.IsZero() {
		v.Add("organization", valid.Blank)
	}
	if x.Token == "" {
		x.Token = wispwright.Secret(randomText(32))
	}
	valid.Text(&v, "token", x.Token.Reveal(), valid.Max(32), valid.Matching(tokenPattern, wrongSecret))
	s.inherit(x)
	if x.AllowedHosts != nil {
		if *x.AllowedHosts == "" && len(s.defaults.AllowedHosts) == 0 {
			v.Add("freeradius_allowed_hosts", noneAllowed)
		}
		for _, host := range split(*x.AllowedHosts) {
			if _, err := network(host); err != nil {
				v.Add("freeradius_allowed_hosts", wrongHosts)
				break
			}
		}
		valid.Text(&v, "freeradius_allowed_hosts", *x.AllowedHosts, valid.Max(4000))
	}
	for field, url := range map[string]string{"login_url": x.LoginURL, "status_url": x.StatusURL} {
		valid.Text(&v, field, url, valid.URL, valid.Max(200))
	}
	if u := text(x.PasswordResetURL); u != "" {
		valid.Text(&v, "password_reset_url", strings.NewReplacer("{site}", "example.com", "{organization}", "x", "{uid}", "x", "{token}", "x").Replace(u), valid.URL, valid.Max(200))
		if !strings.Contains(u, "{uid}") || !strings.Contains(u, "{token}") {
			v.Add("password_reset_url", noResetParts)
		}
	}
	s.validateSMS(&v, x)
	for field, choice := range map[string]*string{"first_name": x.FirstName, "last_name": x.LastName, "location": x.Location, "birth_date": x.BirthDate} {
		if choice != nil {
			valid.Text(&v, field, *choice, valid.OneOf("disabled", "allowed", "mandatory"))
		}
	}
	return v.Err()
}

// mobilePrefix is a country's code, or the beginning of numbers of one.
var mobilePrefix = regexp.MustCompile(`^\+[1-9][0-9]{0,9}$`)

// validateSMS checks what concerns messages with codes.
func (s *SettingsService) validateSMS(v *wispwright.ValidationError, x *Settings) {
	if x.MobilePrefixes != nil {
		for _, prefix := range split(*x.MobilePrefixes) {
			if !mobilePrefix.MatchString(prefix) {
				v.Add("allowed_mobile_prefixes", wrongPrefix)
				break
			}
		}
		valid.Text(v, "allowed_mobile_prefixes", *x.MobilePrefixes, valid.Max(1000))
	}
	valid.Text(v, "sms_sender", x.SMSSender, valid.Max(128))
	if on := s.InForce(x).SMSVerification; on && x.SMSSender == "" {
		v.Add("sms_sender", noSender)
	}
	if m := text(x.SMSMessage); m != "" {
		valid.Text(v, "sms_message", m, valid.Max(160))
		if !strings.Contains(m, "{code}") {
			v.Add("sms_message", noCode)
		}
	}
	if c := x.SMSCooldown; c != nil && (*c < 0 || *c > 86400) {
		v.Add("sms_cooldown", "Ensure this value is between 0 and 86400.")
	}
	if !x.SMSMetaData.IsEmpty() {
		valid.Object(v, "sms_meta_data", &x.SMSMetaData)
	}
}

// inherit stores nothing where an organization wants what is so everywhere (spec:
// radius §1.12).
func (s *SettingsService) inherit(x *Settings) {
	d := &s.defaults
	if x.AllowedHosts != nil && *x.AllowedHosts == strings.Join(d.AllowedHosts, ",") && *x.AllowedHosts != "" {
		x.AllowedHosts = nil
	}
	if x.MobilePrefixes != nil && *x.MobilePrefixes == strings.Join(d.MobilePrefixes, ",") {
		x.MobilePrefixes = nil
	}
	if x.SMSCooldown != nil && *x.SMSCooldown == d.SMSCooldown {
		x.SMSCooldown = nil
	}
	for _, f := range x.flags(d) {
		if *f.own != nil && **f.own == *f.everywhere {
			*f.own = nil
		}
	}
	for _, f := range x.texts(d) {
		if *f.own != nil && (**f.own == *f.everywhere || **f.own == "") {
			*f.own = nil
		}
	}
}

// randomText is a text of letters and digits.
func randomText(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, 0, n)
	for len(out) < n {
		some := make([]byte, n)
		_, _ = rand.Read(some) // never fails: crypto/rand aborts the program instead
		for _, b := range some {
			if int(b) < 256/len(letters)*len(letters) && len(out) < n {
				out = append(out, letters[int(b)%len(letters)])
			}
		}
	}
	return string(out)
}
