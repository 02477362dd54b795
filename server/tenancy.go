package server

import (
	"context"
	"time"

	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
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
	}
}

func (s *Server) mountTenancy(context.Context) error {
	stores, err := tenancysql.New(s.db)
	if err != nil {
		return err
	}
	c := s.config.Tenancy
	s.tenancy, err = tenancy.New(s.db, stores, &tenancy.Options{
		Models: s.models(), Hasher: password.Hasher{Iterations: c.PasswordIterations}, PhonePrefixes: c.PhonePrefixes,
	})
	if err != nil {
		return err
	}
	sessions, err := tenancysql.NewSessions(s.db)
	if err != nil {
		return err
	}
	h, err := tenancyhttp.New(s.db, s.tenancy, &tenancyhttp.Options{
		NoTokenEndpoint: !c.TokenEndpoint, TokenRate: c.TokenRate, SlugFromName: c.SlugFromName,
		Sessions: sessions, SessionLifetime: c.SessionLifetime, SecureCookies: s.config.HTTP.SecureCookies || s.config.HTTP.TLSCert != "",
		TrustedOrigins: s.config.HTTP.Origins,
	})
	if err != nil {
		return err
	}
	s.api = s.newAPI(h)
	h.Mount(s.api)
	return s.cleanTenancy(sessions)
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

// cleanTenancy removes once a day what is over.
func (s *Server) cleanTenancy(sessions *tenancysql.Sessions) error {
	nightly, err := jobs.Kind[struct{}]{Name: "tenancy.clean"}.Every(24*time.Hour, struct{}{}, func(ctx context.Context, _ struct{}) error {
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
