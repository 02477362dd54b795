package portal

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/emptied"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/window"
	"github.com/wispwright/wispwright/radius"
)

// People are the accounts of the installation as this package changes them.
type People interface {
	radius.Accounts
	// MakeGuest makes an account of an organization for a guest, with a password and a
	// verified identity, good until the end of the day of an instant.
	MakeGuest(ctx context.Context, organization wispwright.ID, username, name, password string, until time.Time) (*radius.Account, error)
	// Close switches an account off.
	Close(ctx context.Context, user wispwright.ID) error
	// Remove deletes an account.
	Remove(ctx context.Context, user wispwright.ID) error
}

// Options change what New makes; nil means the defaults.
type Options struct {
	// Defaults are the settings of organizations that set nothing of their own.
	Defaults Defaults
	// AskSponsor and TellGuest order letters about a guest, in the transaction of the
	// context. Default: none is sent.
	AskSponsor func(ctx context.Context, guest wispwright.ID) error
	TellGuest  func(ctx context.Context, guest wispwright.ID) error
	// Key seals the links of clients. It is required.
	Key wispwright.Secret
	// Bus tells other nodes what to forget. Default: this node is alone.
	Bus wispwright.Bus
	// Log receives what must not fail a request. Default: slog's own.
	Log *slog.Logger
}

// Stores are where the rows are kept, all of one transactor.
type Stores struct {
	Settings wispwright.Repo[Settings, SettingsFilter]
	Guests   wispwright.Repo[Guest, GuestFilter]
	Devices  wispwright.Repo[Device, DeviceFilter]
	Graces   wispwright.Repo[Grace, GraceFilter]
}

// Service is the captive portal's side of the concern radius.
type Service struct {
	// Settings are those of organizations.
	Settings *SettingsService
	// Guests are people whom sponsors let in.
	Guests *Guests
	// Devices come in again by themselves.
	Devices *Devices

	base    *entity.Base
	stores  Stores
	radius  *radius.Radius
	people  People
	options Options
}

var _ radius.Visitors = (*Service)(nil)

// New makes the services. The base is that of the concern radius.
func New(base *entity.Base, stores Stores, r *radius.Radius, people People, o *Options) (*Service, error) {
	if base == nil || base.Tx == nil || r == nil || people == nil || o == nil || o.Key == "" {
		return nil, errors.New("portal: base, radius, people and a key are required")
	}
	if err := store.Complete("portal", stores); err != nil {
		return nil, err
	}
	s := &Service{base: base, stores: stores, radius: r, people: people, options: *o}
	if s.options.Log == nil {
		s.options.Log = slog.Default()
	}
	d := &s.options.Defaults
	if d.Dialect == "" {
		d.Dialect = None
	}
	for _, n := range []*int64{&d.GuestHours, &d.ApprovalHours} {
		if *n == 0 {
			*n = 24
		}
	}
	s.Settings = newSettings(base, stores, &s.options)
	s.Guests = newGuests(s)
	s.Devices = newDevices(s)
	if base.Tenants != nil {
		count, some := emptied.Rows[wispwright.ID, Grace, GraceFilter](stores.Graces, func(organization wispwright.ID) GraceFilter { return GraceFilter{OrganizationID: organization} }, func(g *Grace) wispwright.ID { return g.ID })
		emptied.Subscribe(base.Tx, base.Tenants, "portal.Graces", count, some)
	}
	return s, nil
}

// Start listens to what other nodes forget, until the context ends.
func (s *Service) Start(ctx context.Context) error { return s.Settings.known.Listen(ctx) }

// Events lists the events of the package.
func (s *Service) Events() []event.Listed {
	return slices.Concat(s.Settings.Listed(""), s.Guests.Listed(""), s.Devices.Listed(""))
}

// ForgetUser removes what belongs to a user who is deleted.
func (s *Service) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return s.base.Do(ctx, "portal.ForgetUser", func(ctx context.Context) error {
		if _, err := s.Devices.DeleteAll(ctx, wispwright.ScopeAll(), DeviceFilter{UserID: user}); err != nil {
			return err
		}
		return s.dropGraces(ctx, GraceFilter{UserID: user})
	})
}

// PortalURL is the page where people of an organization log in.
func (in InForce) Portal(o radius.Organization) string {
	return strings.ReplaceAll(in.PortalURL, "{organization}", o.Slug)
}

// Venue is the page that tells of the place; empty: there is none.
func (in InForce) Venue(o radius.Organization) string {
	return strings.ReplaceAll(in.VenueURL, "{organization}", o.Slug)
}

// perStep is how many rows are looked at in one go.
const perStep = 200

// Prune removes what is of no use any more: guests whose access ended, or who were
// never let in, some time ago, with their accounts; devices and short stays that ran
// out.
func (s *Service) Prune(ctx context.Context, age time.Duration) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("cleaning of captive portals"))
	now := s.base.Now()
	return errors.Join(s.Guests.prune(ctx, now.Add(-age)), s.Devices.prune(ctx, now), s.pruneGraces(ctx, now.Add(-graceAgain)))
}

func newWindow(n int, d time.Duration, b *entity.Base) *window.Window {
	return window.New(n, d, b.Clock)
}

// Models are the kinds of objects permissions exist for.
func Models() []wispwright.Model {
	m := func(name, label, operator string) wispwright.Model {
		return wispwright.Model{App: "portal", Name: name, Label: label, Operator: operator, Administrator: "ACDV"}
	}
	return []wispwright.Model{m("settings", "captive portal settings", "V"), m("guest", "guest", "CV"), m("device", "remembered device", "DV")}
}
