package server

import (
	"context"
	"net/url"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/sesame"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// Tenancy is who may do what: organizations, users, groups, log-in and the
// trail of changes. Every other concern needs it.
func Tenancy() Concern {
	return Concern{
		Name:    "tenancy",
		Migrate: func(ctx context.Context, db *sqlstore.DB) error { return db.Migrate(ctx, tenancysql.Migrations()) },
		Mount:   func(ctx context.Context, s *Server) error { return s.mountTenancy(ctx) },
		Events:  func(s *Server) []event.Listed { return s.tenancy.Events() },
	}
}

func (c *TenancyConfig) check(e *wispwright.ValidationError) {
	if u, err := url.Parse(c.SiteURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		e.Add("tenancy.site_url", "must be an address, as https://HOST.")
	}
	for key, days := range map[string]int{"tenancy.password_days": c.PasswordDays, "tenancy.staff_password_days": c.StaffPasswordDays} {
		if days < 0 {
			e.Add(key, "must not be negative.")
		}
	}
	for key, n := range map[string]int{
		"tenancy.password_length": c.PasswordLength, "tenancy.account_failures": c.AccountFailures, "tenancy.address_failures": c.AddressFailures,
	} {
		// 0 would silently be the default
		if n == 0 || n < -1 {
			e.Add(key, "must be positive, or -1 for no limit.")
		}
	}
	if c.SesameMaxAge < 0 || c.SesameMaxAge%time.Second != 0 {
		e.Add("tenancy.sesame_max_age", "must be whole seconds.")
	}
}

func (s *Server) mountTenancy(context.Context) error {
	stores, err := tenancysql.New(s.db)
	if err != nil {
		return err
	}
	c := s.config.Tenancy
	options, err := s.tenancyOptions()
	if err != nil {
		return err
	}
	s.tenancy, err = tenancy.New(s.db, stores, options)
	if err != nil {
		return err
	}
	sessions, err := tenancysql.NewSessions(s.db)
	if err != nil {
		return err
	}
	h, err := tenancyhttp.New(s.db, s.tenancy, &tenancyhttp.Options{
		NoTokenEndpoint: !c.TokenEndpoint, TokenRate: c.TokenRate, SlugFromName: c.SlugFromName, StrictGroups: c.StrictGroups,
		Sessions: sessions, SessionLifetime: c.SessionLifetime, SecureCookies: s.config.HTTP.SecureCookies || s.config.HTTP.TLSCert != "",
		TrustedOrigins: s.config.HTTP.Origins, SiteURL: c.SiteURL,
	})
	if err != nil {
		return err
	}
	s.sendLetters()
	s.api = s.newAPI(h)
	h.Mount(s.api)
	return s.cleanTenancy(sessions)
}

func (s *Server) tenancyOptions() (*tenancy.Options, error) {
	c := s.config.Tenancy
	mailer, err := s.newMailer()
	if err != nil {
		return nil, err
	}
	secret, err := signingSecret(s.config)
	if err != nil {
		return nil, err
	}
	return &tenancy.Options{
		Models: s.models(), Hasher: password.Hasher{Iterations: c.PasswordIterations}, PhonePrefixes: c.PhonePrefixes,
		Passwords:       tenancy.PasswordRules{Policy: password.Policy{MinLength: c.PasswordLength}, Days: c.PasswordDays, StaffDays: c.StaffPasswordDays},
		AccountFailures: c.AccountFailures, AddressFailures: c.AddressFailures, RequireSecondFactor: c.RequireSecondFactor,
		SecretKey: secret, Sesame: sesame.Options{Key: c.SesameKey, MaxAge: c.SesameMaxAge, OneTime: c.SesameOneTime, OldSecrets: s.config.OldSecretKeys},
		Mailer: mailer, LetterQueue: s.queueLetters, Site: tenancy.Site{Name: c.SiteName, URL: c.SiteURL}, Log: s.log,
	}, nil
}

// newAPI makes the API whose callers are recognised by tenancy.
func (s *Server) newAPI(h *tenancyhttp.HTTP) *rest.API {
	c := s.config.HTTP
	o := &rest.Options{
		Schemes: h.Schemes(), DocsSchemes: h.DocsSchemes(), PublicDocs: c.PublicDocs, Organizations: h,
		// the front has removed or checked what proxies say
		BodyLimit: c.BodyLimit, TrustProxy: true, Log: s.log,
	}
	if len(c.Origins) > 0 {
		o.CORS = &rest.CORS{Origins: c.Origins}
	}
	return rest.New(o)
}

// cleanTenancy removes once a day what is over, and reminds of what will be.
func (s *Server) cleanTenancy(sessions *tenancysql.Sessions) error {
	nightly, err := jobs.Kind[struct{}]{Name: "tenancy.clean"}.Every(24*time.Hour, struct{}{}, func(ctx context.Context, _ struct{}) error {
		if err := s.remind(ctx); err != nil {
			s.log.ErrorContext(ctx, "people were not reminded of passwords that expire", "error", err)
		}
		if _, err := sessions.Prune(ctx); err != nil || s.config.Tenancy.AuditAge <= 0 {
			return err
		}
		_, err := s.tenancy.Trail.Prune(ctx, s.config.Tenancy.AuditAge)
		return err
	})
	if err != nil {
		return err
	}
	s.jobs.AddPeriodic(nightly)
	return nil
}
