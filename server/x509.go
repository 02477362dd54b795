package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/x509"
	"github.com/wispwright/wispwright/x509/x509http"
	"github.com/wispwright/wispwright/x509/x509sql"
)

// X509Concern is the public key infrastructure. Make it with NewX509.
type X509Concern struct {
	// Config is the section x509 of the configuration.
	Config X509Config
	// Tenancy keeps the organizations; it is required.
	Tenancy *TenancyConcern
	// Enrollee recognises devices that enrol (EST). Default: by their id and key,
	// where configuration management is part of the server.
	Enrollee func(*http.Request) (*x509.Enrollee, error)
	// Tune changes the options of the concern before it is made.
	Tune func(*x509.Options)

	// Authority is made by Mount.
	*x509.Authority
}

var (
	_ WithModels   = (*X509Concern)(nil)
	_ WithSettings = (*X509Concern)(nil)
	_ WithEvents   = (*X509Concern)(nil)
	_ WithCommands = (*X509Concern)(nil)

	_ WithKinds         = (*X509Concern)(nil)
	_ WithNotifications = (*X509Concern)(nil)
)

// NewX509 returns the concern with its default settings, over the accounts of t.
func NewX509(t *TenancyConcern) *X509Concern {
	return &X509Concern{Config: defaultX509Config(), Tenancy: t}
}

// Name implements Concern.
func (c *X509Concern) Name() string { return "x509" }

// Migrations implements Concern.
func (c *X509Concern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{x509sql.Migrations()}
}

// Models implements WithModels.
func (c *X509Concern) Models() []wispwright.Model { return x509.Models() }

// Events implements WithEvents.
func (c *X509Concern) Events() []event.Listed { return c.Authority.Events() }

// Section implements WithSettings.
func (c *X509Concern) Section() Section {
	defaults := defaultX509Config()
	return Section{&c.Config, &defaults}
}

// Mount implements Concern.
func (c *X509Concern) Mount(_ context.Context, h *Host) error {
	if c.Authority != nil {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Tenancy); err != nil {
		return err
	}
	stores, err := x509sql.New(h.DB())
	if err != nil {
		return err
	}
	o := c.Config.options()
	o.Bus, o.Log = h.DB(), h.Log()
	below := jobs.Kind[x509.Below]{Name: "x509.renew_below", Timeout: 3 * time.Minute}
	o.Later = func(ctx context.Context, b x509.Below) error { return below.Insert(ctx, h.Jobs(), b) }
	h.Jobs().Add(below.Handle(func(ctx context.Context, b x509.Below) error {
		return c.CAs.RenewBelow(wispwright.WithCaller(ctx, wispwright.System(below.Name)), b)
	}))
	if c.Tune != nil {
		c.Tune(o)
	}
	base := &entity.Base{Tx: h.DB(), Recorder: c.Tenancy.Trail, Tenants: c.Tenancy.Organizations}
	if c.Authority, err = x509.NewAuthority(base, stores, o); err != nil {
		return err
	}
	enrollee := c.Enrollee
	if enrollee == nil {
		enrollee = c.deviceOf(h)
	}
	wire, err := x509http.New(c.Authority, &x509http.Options{
		NoPrivateKeys: c.Config.PrivateKeys == "never", ProtectedCRL: c.Config.ProtectedCRL, PathLength: int64(c.Config.PathLength), Enrollee: enrollee, Source: h.API().Source, Log: h.Log(),
	})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	// OpenWISP has its lists among the pages of the admin
	h.Handle(x509http.ListPrefix, wire.Lists(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.server.front.admin.ServeHTTP(w, r) })), x509http.ListPrefix)
	h.Handle(x509http.PublicPrefix, wire.Public(), x509http.PublicPrefix)
	h.Handle(x509http.ESTPrefix, wire.EST(), x509http.ESTPrefix)
	h.Daily("x509.daily", func(ctx context.Context) error {
		ctx = wispwright.WithCaller(ctx, wispwright.System("x509.daily"))
		if err := c.Daily(ctx); err != nil {
			return err
		}
		// a year longer than anybody looks for it
		_, err := c.Clean(ctx, time.Now().AddDate(-1, 0, 0))
		return err
	})
	return c.Start(h.Lifetime())
}

// deviceOf recognises devices by their id and key, as HTTP Basic has them: the key
// is the credential that a device has anyway.
func (c *X509Concern) deviceOf(h *Host) func(*http.Request) (*x509.Enrollee, error) {
	return func(r *http.Request) (*x509.Enrollee, error) {
		configuration, ok := Find[*ControllerConcern](h.server.concerns)
		user, key, given := r.BasicAuth()
		id, err := wispwright.ParseID(user)
		if !ok || !given || err != nil {
			return nil, wispwright.ErrUnauthenticated
		}
		detail, err := configuration.Devices.Get(r.Context(), wispwright.ScopeAll(), id)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil, wispwright.ErrUnauthenticated
		}
		if err != nil {
			return nil, err
		}
		d := detail.Device
		if !d.Key.Equal(key) {
			return nil, wispwright.ErrUnauthenticated
		}
		o, err := c.Tenancy.Organizations.Get(r.Context(), wispwright.ScopeAll(), d.OrganizationID)
		if err != nil {
			return nil, err
		}
		if d.IsDeactivated || !o.IsActive {
			return nil, wispwright.Forbidden("The device is deactivated, or its organization is.")
		}
		return &x509.Enrollee{Holder: "device:" + d.ID.String(), Name: d.Name, CommonName: d.ID.String(), OrganizationID: d.OrganizationID}, nil
	}
}
