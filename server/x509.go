package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
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
)

// NewX509 returns the concern with its default settings, over the accounts of t.
func NewX509(t *TenancyConcern) *X509Concern {
	return &X509Concern{Config: DefaultX509Config(), Tenancy: t}
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
	defaults := DefaultX509Config()
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
		NoPrivateKeys: c.Config.PrivateKeys == "never", ProtectedCRL: c.Config.ProtectedCRL, PathLength: int64(c.Config.PathLength), Enrollee: enrollee, Log: h.Log(),
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

// certificateTypes are the notifications of the PKI.
func certificateTypes() []notifications.Type {
	const target = "[{notification.target}]({notification.target_link})"
	return []notifications.Type{{
		Name: "certificate_expiry", Label: "Certificate Expiry", Level: notifications.Warning, Verb: "expires soon", Models: []string{"pki.ca", "pki.cert"},
		Subject: `[{site.name}] WARNING: {kind} "{notification.target}" {notification.verb}`,
		Message: "{kind} " + target + " expires in {days}. Renew it, or let it renew itself.",
	}}
}

func caRef(id int64) notifications.Ref {
	return notifications.Ref{Kind: "pki.ca", ID: strconv.FormatInt(id, 10)}
}

func certRef(id int64) notifications.Ref {
	return notifications.Ref{Kind: "pki.cert", ID: strconv.FormatInt(id, 10)}
}

// describeCertificates describes CAs and certificates to people.
func describeCertificates(a *x509.Authority, into notifications.Objects) {
	numbers := func(keys []string) wispwright.Among[int64] {
		var ids []int64
		for _, key := range keys {
			if id, err := strconv.ParseInt(key, 10, 64); err == nil {
				ids = append(ids, id)
			}
		}
		return wispwright.Only(ids...)
	}
	object := func(model string, d *x509.Details) notifications.Object {
		return notifications.Object{Label: d.Name, OrganizationID: d.OrganizationID, Path: "/admin/pki/" + model + "/" + strconv.FormatInt(d.ID, 10) + "/change/"}
	}
	into["pki.ca"] = func(ctx context.Context, keys []string) (map[string]notifications.Object, error) {
		found, err := a.CAs.List(ctx, everyone(), x509.CAFilter{IDs: numbers(keys)}, unpaged)
		out := map[string]notifications.Object{}
		for _, c := range found.Rows {
			out[strconv.FormatInt(c.ID, 10)] = object("ca", &c.Details)
		}
		return out, err
	}
	into["pki.cert"] = func(ctx context.Context, keys []string) (map[string]notifications.Object, error) {
		found, err := a.Certs.List(ctx, everyone(), x509.CertFilter{IDs: numbers(keys)}, unpaged)
		out := map[string]notifications.Object{}
		for _, c := range found.Rows {
			out[strconv.FormatInt(c.ID, 10)] = object("cert", &c.Details)
		}
		return out, err
	}
}

// expiring tells of what expires soon, in the transaction that notes that it was told.
func (n *NotificationsConcern) expiring(ctx context.Context, list ...x509.Expiry) error {
	var events []notifications.Event
	for _, e := range list {
		days := fmt.Sprintf("%d days", e.Days)
		if e.Days == 1 {
			days = "one day"
		}
		one := notifications.Event{Type: "certificate_expiry", Data: map[string]any{"days": days, "kind": "Certificate"}}
		if e.CA != nil {
			one.Target, one.Data["kind"] = caRef(e.CA.ID), "CA"
		} else {
			one.Target = certRef(e.Cert.ID)
		}
		events = append(events, one)
	}
	return n.Notify(ctx, events...)
}

// certificatesWiring is what people hear of the PKI.
func (n *NotificationsConcern) certificatesWiring(a *x509.Authority) []wire {
	return []wire{
		{"x509.Expiring", "notifications: certificate_expiry", hook(a.Expiring.Subscribe, n.expiring)},
		{"x509.CAs.Deleting", "notifications: what was said of CAs", hook(a.CAs.Deleting.Subscribe, func(ctx context.Context, list ...*x509.CA) error {
			refs := make([]notifications.Ref, 0, len(list))
			for _, c := range list {
				refs = append(refs, caRef(c.ID))
			}
			return n.ForgetObjects(ctx, refs...)
		})},
		{"x509.Certs.Deleting", "notifications: what was said of certificates", hook(a.Certs.Deleting.Subscribe, func(ctx context.Context, list ...*x509.Cert) error {
			refs := make([]notifications.Ref, 0, len(list))
			for _, c := range list {
				refs = append(refs, certRef(c.ID))
			}
			return n.ForgetObjects(ctx, refs...)
		})},
	}
}
