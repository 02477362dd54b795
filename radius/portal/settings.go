package portal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/radius/gateway"
)

// Settings are what an organization says of its portal; nil and empty values mean as
// everywhere.
type Settings struct {
	// ID identifies them.
	ID wispwright.ID
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Dialect is how its gateways speak, one of gateway.Dialects; "none": they are not
	// spoken to.
	Dialect *string
	// GatewaySecret is shared with the gateways (gateway.Settings.Secret).
	GatewaySecret wispwright.Secret
	// RADIUSSecret is that of the RADIUS server which hotspots made of a template ask.
	RADIUSSecret wispwright.Secret
	// GatewayHosts are where forms may lead, separated by commas.
	GatewayHosts *string
	// AnswerChallenge logs in by CHAP (gateway.Settings.CHAP).
	AnswerChallenge *bool
	// PortalURL is the page where people log in, VenueURL tells of the place. Both may
	// hold {organization}.
	PortalURL, VenueURL *string
	// GuestsEnabled: people may ask for access that a sponsor gives.
	GuestsEnabled *bool
	// SponsorDomains are the domains of sponsors' addresses, separated by commas.
	SponsorDomains *string
	// GuestHours is how long a guest may stay, ApprovalHours how long a sponsor may
	// wait.
	GuestHours, ApprovalHours *int64
	// GraceMinutes is how long somebody may stay who has yet to read an e-mail; 0: not
	// at all.
	GraceMinutes *int64
	// RememberDays is for how long devices come in again by themselves; 0: never.
	RememberDays *int64
	// Created and Modified are when they were stored first and last.
	Created, Modified time.Time
}

// SettingsFilter selects settings; the zero value all.
type SettingsFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
}

const uniqueSettings = "radius_portal_settings_organization"

// Shape is how storages keep settings.
func (Settings) Shape() store.Shape {
	return store.Shape{Table: "radius_portal_settings", Org: "OrganizationID", Order: store.Oldest("Created"),
		Unique: []store.Unique{{Name: uniqueSettings, Fields: []string{"OrganizationID"}}}}
}

// None is the dialect of organizations whose gateways are not spoken to.
const None = "none"

// Defaults are the settings of an installation, and those in force in an organization.
type Defaults struct {
	// Dialect, GatewayHosts and AnswerChallenge are those of Settings. Default of the
	// dialect: None.
	Dialect         string
	GatewayHosts    string
	AnswerChallenge bool
	// PortalURL and VenueURL are those of Settings.
	PortalURL, VenueURL string
	// GuestsEnabled, SponsorDomains, GuestHours, ApprovalHours, GraceMinutes and
	// RememberDays are those of Settings. Default: 24 and 24 hours, nothing else.
	GuestsEnabled                                         bool
	SponsorDomains                                        string
	GuestHours, ApprovalHours, GraceMinutes, RememberDays int64
}

// InForce are the settings of an organization, filled up with those of the
// installation.
type InForce struct {
	Defaults
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	secret, radius wispwright.Secret
}

// SettingsService is the service of settings.
type SettingsService struct {
	*entity.Service[wispwright.ID, Settings, SettingsFilter]
	defaults Defaults
	known    *cache.Cache[wispwright.ID, InForce]
}

func newSettings(b *entity.Base, stores Stores, o *Options) *SettingsService {
	s := &SettingsService{defaults: o.Defaults, known: cache.New[wispwright.ID, InForce]("portal.settings", cache.Options{Bus: o.Bus, Clock: b.Clock})}
	s.Service = entity.New(b, stores.Settings, entity.Kind[wispwright.ID, Settings]{
		Name: "portal.Settings", Model: "portal.settings", Label: func(*Settings) string { return "captive portal settings" },
		Validate: s.validate,
		Stored: func(ctx context.Context, changes ...entity.Change[Settings]) error {
			for _, c := range changes {
				if err := s.known.Drop(ctx, c.Object().OrganizationID); err != nil {
					return err
				}
			}
			return nil
		},
		Unique: map[string]error{uniqueSettings: wispwright.Invalid("organization", valid.Taken("Captive portal settings", "Organization"))},
	})
	return s
}

// Defaults are the settings of the installation.
func (s *SettingsService) Defaults() Defaults { return s.defaults }

// Of returns what an organization set; without anything set, settings that are not
// stored yet.
func (s *SettingsService) Of(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Settings, error) {
	found, err := s.First(ctx, scope, SettingsFilter{OrganizationID: organization})
	if errors.Is(err, wispwright.ErrNotFound) {
		return &Settings{OrganizationID: organization}, nil
	}
	return found, err
}

// Change changes the settings of an organization, which are stored when they are not
// yet.
func (s *SettingsService) Change(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, change func(*Settings) error) (*Settings, error) {
	own, err := s.Of(ctx, scope, organization)
	if err != nil {
		return nil, err
	}
	if !own.ID.IsZero() {
		return s.Update(ctx, scope, own.ID, change)
	}
	if err := change(own); err != nil {
		return nil, err
	}
	return own, s.Create(ctx, own)
}

// Effective returns the settings in force in an organization.
func (s *SettingsService) Effective(ctx context.Context, organization wispwright.ID) (InForce, error) {
	return s.known.Load(ctx, organization, func(ctx context.Context) (InForce, error) {
		own, err := s.Of(ctx, wispwright.ScopeAll(), organization)
		if err != nil {
			return InForce{}, fmt.Errorf("settings of a portal: %w", err)
		}
		return s.InForce(own), nil
	})
}

// InForce fills settings up with those of the installation.
func (s *SettingsService) InForce(own *Settings) InForce {
	out := InForce{Defaults: s.defaults, OrganizationID: own.OrganizationID, secret: own.GatewaySecret, radius: own.RADIUSSecret}
	for _, p := range own.pairs(&out.Defaults) {
		p.fill()
	}
	return out
}

// pair is a setting of an organization beside that of the installation.
type pair struct {
	fill func() // lays the organization's over the installation's
	drop func() // forgets the organization's if it says the same
}

func paired[T comparable](own **T, everywhere *T) pair {
	return pair{
		fill: func() {
			if *own != nil {
				*everywhere = **own
			}
		},
		drop: func() {
			if *own != nil && **own == *everywhere {
				*own = nil
			}
		},
	}
}

func (s *Settings) pairs(d *Defaults) []pair {
	return []pair{
		paired(&s.Dialect, &d.Dialect), paired(&s.GatewayHosts, &d.GatewayHosts), paired(&s.AnswerChallenge, &d.AnswerChallenge), paired(&s.PortalURL, &d.PortalURL), paired(&s.VenueURL, &d.VenueURL),
		paired(&s.GuestsEnabled, &d.GuestsEnabled), paired(&s.SponsorDomains, &d.SponsorDomains), paired(&s.GuestHours, &d.GuestHours), paired(&s.ApprovalHours, &d.ApprovalHours),
		paired(&s.GraceMinutes, &d.GraceMinutes), paired(&s.RememberDays, &d.RememberDays),
	}
}

// Gateway opens the gateways of the organization; nil where they are not spoken to.
func (in InForce) Gateway() (*gateway.Gateway, error) {
	if in.Dialect == None {
		return nil, nil
	}
	return gateway.Open(gateway.Settings{Dialect: in.Dialect, Secret: in.secret, Hosts: split(in.GatewayHosts), CHAP: in.AnswerChallenge})
}

// MaySponsor reports whether an e-mail address is one of a sponsor's.
func (in InForce) MaySponsor(email string) bool {
	_, domain, ok := strings.Cut(strings.ToLower(email), "@")
	if !ok {
		return false
	}
	for _, d := range split(strings.ToLower(in.SponsorDomains)) {
		if d == domain {
			return true
		}
	}
	return false
}

func split(list string) []string {
	var out []string
	for _, one := range strings.Split(list, ",") {
		if one = strings.TrimSpace(one); one != "" {
			out = append(out, one)
		}
	}
	return out
}

// Bounds of settings.
const (
	maxGuestHours    = 24 * 366
	maxApprovalHours = 24 * 30
	maxGraceMinutes  = 24 * 60
	maxRememberDays  = 366
)

func (s *SettingsService) validate(_ context.Context, c entity.Change[Settings]) error {
	x := c.After
	var v wispwright.ValidationError
	if x.OrganizationID.IsZero() {
		v.Add("organization", valid.Blank)
	}
	d := s.defaults
	for _, p := range x.pairs(&d) {
		p.drop()
	}
	in := s.InForce(x)
	valid.Text(&v, "gateway_secret", x.GatewaySecret.Reveal(), valid.Max(128))
	valid.Text(&v, "radius_secret", x.RADIUSSecret.Reveal(), valid.Max(60))
	if err := badRADIUSSecret(x.RADIUSSecret.Reveal()); err != nil {
		v.Add("radius_secret", err.Error())
	}
	valid.Text(&v, "gateway_hosts", in.GatewayHosts, valid.Max(2000))
	var invalid *wispwright.ValidationError
	if _, err := in.Gateway(); errors.As(err, &invalid) {
		for _, f := range invalid.Fields {
			for _, m := range f.Messages {
				v.Add(map[string]string{"dialect": "dialect", "secret": "gateway_secret", "hosts": "gateway_hosts"}[f.Path], m)
			}
		}
	}
	for field, url := range map[string]*string{"portal_url": x.PortalURL, "venue_url": x.VenueURL} {
		if url != nil && *url != "" {
			valid.Text(&v, field, strings.ReplaceAll(*url, "{organization}", "x"), valid.URL, valid.Max(500))
		}
	}
	for _, domain := range split(in.SponsorDomains) {
		if valid.Email("a@"+domain) != "" || len(in.SponsorDomains) > 1000 {
			v.Add("sponsor_domains", "Enter domains such as example.org, separated by commas.")
			break
		}
	}
	if in.GuestsEnabled && len(split(in.SponsorDomains)) == 0 {
		v.Add("sponsor_domains", "Say whose addresses may sponsor guests.")
	}
	for _, n := range []struct {
		field     string
		value     *int64
		low, high int64
	}{{"guest_hours", x.GuestHours, 1, maxGuestHours}, {"approval_hours", x.ApprovalHours, 1, maxApprovalHours}, {"grace_minutes", x.GraceMinutes, 0, maxGraceMinutes}, {"remember_days", x.RememberDays, 0, maxRememberDays}} {
		if n.value != nil && (*n.value < n.low || *n.value > n.high) {
			v.Add(n.field, fmt.Sprintf("Ensure this value is between %d and %d.", n.low, n.high))
		}
	}
	return v.Err()
}
