package estimate

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/whois"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
)

// Job places a device.
type Job struct {
	// DeviceID is the device.
	DeviceID wispwright.ID `json:"device"`
}

// Key coalesces the jobs of one device.
func (j Job) Key() string { return j.DeviceID.String() }

// Jobs queues work; inside a transaction it exists when that is committed.
type Jobs interface {
	Enqueue(ctx context.Context, list ...Job) error
}

// Addresses is what is known of public addresses; *whois.WHOIS is one.
type Addresses interface {
	// Configured reports whether anything can be looked up at all.
	Configured() bool
	// Enabled reports whether the devices of an organization are looked up.
	Enabled(ctx context.Context, organization wispwright.ID) (bool, error)
}

// Options change what New makes; zero fields mean the defaults.
type Options struct {
	// Enabled places the devices of all organizations that did not choose.
	Enabled bool
	// Threshold is for how long people are told once of a device, a provider and an
	// area. Default: 90 days.
	Threshold time.Duration
}

// What became of a device.
const (
	Created  = "created"
	Updated  = "updated"
	Conflict = "conflict"
)

// Estimated tells of a device that was placed, or that could not be.
type Estimated struct {
	// Device is the device.
	Device *controller.Device
	// Location is where it is now; nil for Conflict.
	Location *geo.Location
	// Outcome is Created, Updated, or Conflict: devices with its address are at
	// different locations.
	Outcome string
}

// Estimator is the service.
type Estimator struct {
	// Choices is the service of what organizations chose.
	Choices *entity.Service[wispwright.ID, Choice, ChoiceFilter]
	// Estimated is published when people are to be told of a device.
	Estimated event.Topic[Estimated]

	base      *entity.Base
	stores    Stores
	addresses Addresses
	options   Options

	geo     *geo.Geo
	devices whois.Devices
	records func(ctx context.Context, d *controller.Device) (*whois.Record, error)
	jobs    Jobs
}

// New returns the service over what is known of addresses. It places nothing until
// it is attached: package geo asks its Enabled before (geo.Options.Estimates).
func New(base *entity.Base, stores Stores, addresses Addresses, o *Options) (*Estimator, error) {
	if base == nil || base.Tx == nil || addresses == nil || stores.Choices == nil || stores.Notes == nil {
		return nil, errors.New("estimate: base, stores and addresses are required")
	}
	s := &Estimator{base: base, stores: stores, addresses: addresses}
	if o != nil {
		s.options = *o
	}
	if s.options.Enabled && !addresses.Configured() {
		return nil, errors.New("estimate: it is enabled where nothing can be looked up")
	}
	if s.options.Threshold <= 0 {
		s.options.Threshold = 90 * 24 * time.Hour
	}
	s.Choices = entity.New(base, wispwright.KeyedRepo[wispwright.ID, Choice, ChoiceFilter](stores.Choices), entity.Kind[wispwright.ID, Choice]{
		Name: "estimate.Choices", Model: "config.organizationconfigsettings", Key: "OrganizationID", Org: "OrganizationID",
		Label: func(*Choice) string { return "estimated locations" }, Validate: s.validate,
	})
	return s, nil
}

// Attach hears of addresses that were looked up, and has jobs place their devices;
// the queue calls Work for each.
func (s *Estimator) Attach(g *geo.Geo, w *whois.WHOIS, devices whois.Devices, jobs Jobs) error {
	if g == nil || w == nil || devices == nil || jobs == nil {
		return errors.New("estimate: places, addresses, devices and jobs are required")
	}
	s.geo, s.devices, s.jobs = g, devices, jobs
	s.records = func(ctx context.Context, d *controller.Device) (*whois.Record, error) {
		found, err := w.Of(ctx, d.LastIP)
		return found[d.LastIP.Unmap()], err
	}
	w.Fetched.Within("estimate: devices whose address was looked up", s.fetched)
	w.Skipped.Within("estimate: devices whose address is known", s.queue)
	return nil
}

// fetched queues devices of whose address something changed that matters here, and
// those that are nowhere.
func (s *Estimator) fetched(ctx context.Context, list ...whois.Fetched) error {
	var some []whois.Fetched
	for _, f := range list {
		matters := false
		for _, field := range f.Changed {
			switch field {
			case "isp", "asn", "address", "coordinates":
				matters = true
			}
		}
		if !matters {
			_, err := s.geo.DeviceLocations.Of(ctx, wispwright.ScopeAll(), f.Device.ID)
			if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return err
			}
			matters = err != nil
		}
		if matters {
			some = append(some, f)
		}
	}
	return s.queue(ctx, some...)
}

func (s *Estimator) queue(ctx context.Context, list ...whois.Fetched) error {
	var jobs []Job
	for _, f := range list {
		on, err := s.Enabled(ctx, f.Device.OrganizationID)
		if err != nil {
			return err
		}
		if on {
			jobs = append(jobs, Job{f.Device.ID})
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	return s.jobs.Enqueue(ctx, jobs...)
}

// Events lists the events of the service.
func (s *Estimator) Events() []event.Listed {
	return append(s.Choices.Listed("OrganizationGeoSettings"), s.Estimated.Listed("estimate.Estimated", ""))
}

func (s *Estimator) validate(ctx context.Context, c entity.Change[Choice]) error {
	if e := c.After.Enabled; e == nil || !*e {
		return nil
	}
	const field = "estimated_location_enabled"
	if !s.addresses.Configured() {
		return wispwright.Invalid(field, "WHOIS_GEOIP_ACCOUNT and WHOIS_GEOIP_KEY must be set before enabling Estimated Location feature.")
	}
	on, err := s.addresses.Enabled(ctx, c.After.OrganizationID)
	if err != nil || on {
		return err
	}
	return wispwright.Invalid(field, "WHOIS must be enabled before enabling Estimated Location feature.")
}

// Choice returns what an organization chose.
func (s *Estimator) Choice(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Choice, error) {
	if !scope.Allows(organization) || organization.IsZero() {
		return nil, wispwright.ErrNotFound
	}
	c, err := s.stores.Choices.Get(ctx, scope, organization)
	if errors.Is(err, wispwright.ErrNotFound) {
		return &Choice{OrganizationID: organization}, nil
	}
	return c, err
}

// Choose changes what an organization chose. Errors: *wispwright.ValidationError on
// estimated_location_enabled.
func (s *Estimator) Choose(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, enabled *bool) (*Choice, error) {
	was, err := s.Choice(ctx, scope, organization)
	if err != nil || was.Enabled == nil && enabled == nil {
		return was, err
	}
	set := func(c *Choice) error {
		c.Enabled = enabled
		return nil
	}
	c, err := s.Choices.Update(ctx, scope, organization, set)
	if !errors.Is(err, wispwright.ErrNotFound) {
		return c, err
	}
	c = &Choice{OrganizationID: organization, Enabled: enabled}
	err = s.Choices.Create(ctx, c)
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) { // somebody else chose just now
		return s.Choices.Update(ctx, scope, organization, set)
	}
	return c, err
}

// Configured reports whether devices can be placed at all.
func (s *Estimator) Configured() bool { return s.addresses.Configured() }

// Enabled reports whether the devices of an organization are placed: it wants
// that, and their addresses are looked up.
func (s *Estimator) Enabled(ctx context.Context, organization wispwright.ID) (bool, error) {
	if !s.addresses.Configured() {
		return false, nil
	}
	c, err := s.Choice(ctx, wispwright.ScopeAll(), organization)
	if err != nil {
		return false, err
	}
	if c.Enabled == nil && !s.options.Enabled || c.Enabled != nil && !*c.Enabled {
		return false, nil
	}
	return s.addresses.Enabled(ctx, organization)
}

// Clean removes what is known of notifications that may be repeated, and returns
// how many.
func (s *Estimator) Clean(ctx context.Context) (n int, err error) {
	before := s.base.Now().Add(-s.options.Threshold)
	for {
		page, err := s.stores.Notes.List(ctx, wispwright.ScopeAll(), NoteFilter{AtBefore: before}, wispwright.Page{NoTotal: true, Limit: 500})
		if err != nil || len(page.Rows) == 0 {
			return n, err
		}
		for _, note := range page.Rows {
			if err := s.stores.Notes.Delete(ctx, wispwright.ScopeAll(), note.Name); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return n, err
			}
			n++
		}
	}
}
