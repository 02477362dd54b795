package devicecert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/ahead"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/x509"
)

// Type is the type of templates that give certificates.
const Type controller.TemplateType = "cert"

// The extensions by which a certificate names its device (additions: C-11).
const (
	OIDMACAddress = "1.3.6.1.4.1.65901.1"
	OIDDeviceID   = "1.3.6.1.4.1.65901.2"
)

// Options change how the concern works; nil and zero fields mean the defaults.
type Options struct {
	// CommonName makes the common name of a device's certificate, which is to be another
	// one each time. Required.
	CommonName func(d *controller.Device) string
	// Path is the folder of certificates on devices. Default: /etc/x509.
	Path string
	// KeepOnChange leaves certificates as they are when name or MAC address of their
	// device change. Default: they are revoked and issued anew.
	KeepOnChange bool
	// Taken reports whether something else has a certificate, which then cannot be a
	// blueprint. Default: nothing has.
	Taken func(ctx context.Context, cert int64) (bool, error)
	// Jobs runs what follows from changes. Default: it is done after the commit, before
	// the causing call returns, which is meant for examples and tests.
	Jobs Jobs
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

// Reissued tells that certificates of a device were issued anew, since its name or
// MAC address is another.
type Reissued struct {
	// Device is the device as it is now.
	Device *controller.Device
	// Certificates are those it has now.
	Certificates []*Certificate
}

// Certificates is the concern. Make it with New.
type Certificates struct {
	// Reissued is published after certificates of a device were issued anew.
	Reissued event.Topic[Reissued]

	o      Options
	kit    *entity.Base
	stores Stores
	ctl    *controller.Controller
	pki    *x509.Authority
}

// New makes the concern over stores of the base's transactor, which is also that of
// the controller and of the authority, and attaches it to both.
func New(base *entity.Base, stores Stores, c *controller.Controller, pki *x509.Authority, o Options) (*Certificates, error) {
	if base == nil || base.Tx == nil || c == nil || pki == nil || o.CommonName == nil {
		return nil, errors.New("devicecert: a transactor, a controller, an authority and common names are required")
	}
	if err := store.Complete("devicecert", stores); err != nil {
		return nil, err
	}
	if o.Path == "" {
		o.Path = "/etc/x509"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	own := *base
	own.Tx = ahead.Over(base.Tx)
	s := &Certificates{o: o, kit: &own, stores: stores, ctl: c, pki: pki}
	if s.o.Jobs == nil {
		s.o.Jobs = &inline{s}
	}
	c.AttachCertificates(s.check)
	c.Extend(s, s)
	c.Devices.Deleting.Subscribe("devicecert: certificates of deleted devices", s.devicesDeleting)
	c.Devices.Saved.Subscribe("devicecert: certificates of devices with another name, address or organization", s.devicesSaved)
	return s, nil
}

// Events lists the events of the concern.
func (s *Certificates) Events() []event.Listed {
	return []event.Listed{s.Reissued.Listed("devicecert.Reissued", "")}
}

// Get returns what a device has because of a template.
func (s *Certificates) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Certificate, error) {
	return s.stores.Certificates.Get(ctx, scope, id)
}

// List returns a page of what devices have, newest first.
func (s *Certificates) List(ctx context.Context, scope wispwright.Scope, f Filter, p wispwright.Page) (wispwright.Items[Certificate], error) {
	return s.stores.Certificates.List(ctx, scope, f, p)
}

// perQuestion is how many ids one question names.
const perQuestion = 500

// of returns what devices have, by device.
func (s *Certificates) of(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID][]*Certificate, error) {
	out := map[wispwright.ID][]*Certificate{}
	for some := range slices.Chunk(devices, perQuestion) {
		found, err := s.stores.Certificates.List(ctx, wispwright.ScopeAll(), Filter{DeviceIDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, fmt.Errorf("certificates of devices: %w", err)
		}
		for _, c := range found.Rows {
			out[c.DeviceID] = append(out[c.DeviceID], c)
		}
	}
	return out, nil
}

// Issued returns the certificates of some rows by their ids, those that have none
// left out.
func (s *Certificates) Issued(ctx context.Context, rows ...*Certificate) (map[int64]*x509.Cert, error) {
	var ids []int64
	for _, c := range rows {
		if c.CertID != 0 {
			ids = append(ids, c.CertID)
		}
	}
	out := map[int64]*x509.Cert{}
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := s.pki.Certs.List(ctx, wispwright.ScopeAll(), x509.CertFilter{IDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, fmt.Errorf("certificates of devices: %w", err)
		}
		for _, c := range found.Rows {
			out[c.ID] = c
		}
	}
	return out, nil
}

// prefix is how the variables of a template's certificate begin.
func prefix(template wispwright.ID) string { return "cert_" + hexOf(template) + "_" }

// Variables implements controller.ContextProvider: the certificates of devices, and
// where they are to be.
func (s *Certificates) Variables(ctx context.Context, devices []*controller.Device) (map[wispwright.ID]map[string]any, error) {
	ids := make([]wispwright.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.ID
	}
	of, err := s.of(ctx, ids...)
	if err != nil || len(of) == 0 {
		return nil, err
	}
	var rows []*Certificate
	for _, list := range of {
		rows = append(rows, list...)
	}
	certs, err := s.Issued(ctx, rows...)
	if err != nil {
		return nil, err
	}
	out := map[wispwright.ID]map[string]any{}
	for _, row := range rows {
		cert := certs[row.CertID]
		if cert == nil {
			continue
		}
		vars := out[row.DeviceID]
		if vars == nil {
			vars = map[string]any{}
			out[row.DeviceID] = vars
		}
		name := prefix(row.TemplateID)
		vars[name+"pem"], vars[name+"key"], vars[name+"uuid"] = cert.Certificate, cert.PrivateKey.Reveal(), row.ID.String()
		vars[name+"path"], vars[name+"key_path"] = s.paths(row.TemplateID)
	}
	return out, nil
}

// paths are where certificate and key of a template are on devices.
func (s *Certificates) paths(template wispwright.ID) (cert, key string) {
	return s.o.Path + "/cert-" + hexOf(template) + ".pem", s.o.Path + "/key-" + hexOf(template) + ".pem"
}
