package server

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/removal"
	"github.com/wispwright/wispwright/tenancy/removal/removalsql"
	"github.com/wispwright/wispwright/tenancy/sesame"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// TenancyConcern is who may do what: organizations, users, groups, log-in and
// the trail of changes. Make it with NewTenancy.
type TenancyConcern struct {
	// Config is the section tenancy of the configuration.
	Config TenancyConfig
	// Mailer sends the e-mails. Default: as the section mail says.
	Mailer tenancy.Mailer
	// Tune changes the options of the concern before it is made, such as what
	// passwords are hashed with. Default: they are as Config says.
	Tune func(*tenancy.Options)
	// TuneHTTP changes those of its endpoints. Default: they are as Config says.
	TuneHTTP func(*tenancyhttp.Options)

	// Tenancy is made by Mount.
	*tenancy.Tenancy
	host *Host
	wire *tenancyhttp.HTTP
	// removals delete organizations
	removals *removal.Removals
}

// NewTenancy returns the concern with its default settings.
func NewTenancy() *TenancyConcern { return &TenancyConcern{Config: DefaultTenancyConfig()} }

// Tenancy is the product's own concern of accounts; nil without it.
func (s *Server) Tenancy() *tenancy.Tenancy {
	if t, ok := Find[*TenancyConcern](s.concerns); ok {
		return t.Tenancy
	}
	return nil
}

// Name implements Concern.
func (t *TenancyConcern) Name() string { return "tenancy" }

// Migrations implements Concern.
func (t *TenancyConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{tenancysql.Migrations(), removalsql.Migrations()}
}

// Events implements WithEvents.
func (t *TenancyConcern) Events() []event.Listed { return t.Tenancy.Events() }

// Section implements WithSettings.
func (t *TenancyConcern) Section() Section {
	defaults := DefaultTenancyConfig()
	return Section{&t.Config, &defaults}
}

// Mount implements Concern.
func (t *TenancyConcern) Mount(_ context.Context, h *Host) error {
	if t.Tenancy != nil {
		return errors.New("it is mounted already")
	}
	stores, err := tenancysql.New(h.DB())
	if err != nil {
		return err
	}
	letters := newLetters(h.Jobs())
	options, err := t.options(h, letters)
	if err != nil {
		return err
	}
	if t.Tenancy, err = tenancy.New(h.DB(), stores, options); err != nil {
		return err
	}
	if err := t.Start(h.Lifetime()); err != nil {
		return err
	}
	sessions, err := tenancysql.NewSessions(h.DB())
	if err != nil {
		return err
	}
	if err := t.mountRemovals(h); err != nil {
		return err
	}
	wire, err := tenancyhttp.New(h.DB(), t.Tenancy, t.httpOptions(h, sessions))
	if err != nil {
		return err
	}
	t.host, t.wire = h, wire
	letters.send(t.Letters)
	h.Recognise(rest.Callers{Schemes: wire.Schemes(), DocsSchemes: wire.DocsSchemes(), Organizations: wire})
	wire.Mount(h.API())
	t.live(h)
	h.Daily("tenancy.clean", func(ctx context.Context) error { return t.clean(ctx, h, sessions) })
	return t.expire(h)
}

// expire switches accounts off that are over and tells people of those that will
// be, soon after midnight (UTC) and once a day however many nodes there are.
func (t *TenancyConcern) expire(h *Host) error {
	job, err := jobs.Kind[struct{}]{Name: "tenancy.expire"}.Every(10*time.Minute, struct{}{}, func(ctx context.Context, _ struct{}) error {
		ctx = wispwright.WithCaller(ctx, wispwright.System("account expired"))
		return h.WhenChanged(ctx, "tenancy.expired", time.Now().UTC().Format(time.DateOnly), func(ctx context.Context) error {
			if _, err := t.Letters.DeactivateExpired(ctx); err != nil {
				return err
			}
			_, err := t.Letters.RemindOfExpiration(ctx, t.Config.ExpirationWarningDays)
			return err
		})
	})
	if err != nil {
		return err
	}
	h.Jobs().AddPeriodic(job)
	return nil
}

// clean removes what is over, and reminds of what will be.
func (t *TenancyConcern) clean(ctx context.Context, h *Host, sessions *tenancysql.Sessions) error {
	if err := remind(ctx, h, t.Letters); err != nil {
		h.Log().ErrorContext(ctx, "people were not reminded of passwords that expire", "error", err)
	}
	if _, err := sessions.Prune(ctx); err != nil || t.Config.AuditAge <= 0 {
		return err
	}
	_, err := t.Trail.Prune(ctx, t.Config.AuditAge)
	return err
}

func (t *TenancyConcern) options(h *Host, l *letters) (*tenancy.Options, error) {
	c := &t.Config
	secret, err := h.SecretKey()
	if err != nil {
		return nil, err
	}
	o := &tenancy.Options{
		Models: h.Models(), Hasher: password.Hasher{Iterations: c.PasswordIterations, Legacy: c.LegacyPasswords}, Phone: tenancyhttp.ParsePhone, PhonePrefixes: c.PhonePrefixes, Bus: h.DB(),
		Passwords:       tenancy.PasswordRules{Policy: password.Policy{MinLength: c.PasswordLength}, Days: c.PasswordDays, StaffDays: c.StaffPasswordDays},
		AccountFailures: c.AccountFailures, AddressFailures: c.AddressFailures, RequireSecondFactor: c.RequireSecondFactor,
		SecretKey: secret, Sesame: sesame.Options{Key: c.SesameKey, MaxAge: c.SesameMaxAge, OneTime: c.SesameOneTime, OldSecrets: h.Config().OldSecretKeys},
		Mailer: t.Mailer, LetterQueue: l.queue, Site: tenancy.Site{Name: c.SiteName, URL: c.SiteURL}, Log: h.Log(),
	}
	if o.Mailer == nil {
		if o.Mailer, err = h.Mailer(); err != nil {
			return nil, err
		}
	}
	if t.Tune != nil {
		t.Tune(o)
	}
	return o, nil
}

func (t *TenancyConcern) httpOptions(h *Host, sessions *tenancysql.Sessions) *tenancyhttp.Options {
	c, web := &t.Config, h.Config().HTTP
	o := &tenancyhttp.Options{
		NoTokenEndpoint: !c.TokenEndpoint, TokenRate: c.TokenRate, LoginRate: c.LoginRate, SlugFromName: c.SlugFromName, StrictGroups: c.StrictGroups,
		Sessions: sessions, SessionLifetime: c.SessionLifetime, SecureCookies: web.SecureCookies || h.Config().tls(),
		Removals: t.removals, TrustedOrigins: web.Origins, SiteURL: c.SiteURL, SessionEnded: func(ctx context.Context, user wispwright.ID) { h.Hub().Recheck(ctx, user) },
	}
	if t.TuneHTTP != nil {
		t.TuneHTTP(o)
	}
	return o
}
