package health

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/monitoring"
)

// Device is what must be known of a device.
type Device struct {
	// ID identifies it, OrganizationID and GroupID are whose it is.
	ID, OrganizationID, GroupID wispwright.ID
	// Name is its name.
	Name string
	// Deactivated says that nothing is expected of it, or of its organization.
	Deactivated bool
}

// Devices tells of devices.
type Devices interface {
	// Some returns those of the devices that exist.
	Some(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]*Device, error)
}

// Options change what New makes; nil means the defaults.
type Options struct {
	// Critical are the metrics without which a device is out of reach. Default:
	// DefaultCritical.
	Critical []CriticalMetric
	// AnyCritical makes a device critical when one of them is ill, as OpenWISP 24.11 does.
	// Default: when all are that it has.
	AnyCritical bool
	// Usual is how far values of a metric are apart. Default: 5 minutes.
	Usual time.Duration
	// Together is within which time devices of one organization that become ill in the same way
	// are one incident. Default: 10 minutes.
	Together time.Duration
	// MostTold is of how many devices of an incident people are told one by one. Default: 5.
	MostTold int
	// MostFlaps is how many problems of a metric within an hour people are told of.
	// Default: 5.
	MostFlaps int
	// UplinkDelay is how long a device behind an uplink waits for the uplink's own failure
	// to be seen. Default: 20 seconds.
	UplinkDelay time.Duration
	// EscalateAfter is after how long people are told again of an incident that nobody has
	// acknowledged; 0: never.
	EscalateAfter time.Duration
	// Uplinks finds the devices through which devices are reached, beside what people said.
	// Default: nobody knows.
	Uplinks func(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]wispwright.ID, error)
	// Quiet reports whether somebody else tells people of a problem. Default: nobody does.
	Quiet func(ctx context.Context, device wispwright.ID, kind string) (bool, error)
	// Bus tells other nodes what to read anew. Default: there are none.
	Bus wispwright.Bus
	// CachedDevices is how many devices are remembered. Default: 20,000.
	CachedDevices int
	// Log hears of what could not be assessed. Default: slog.Default.
	Log *slog.Logger
}

// Health is the concern.
type Health struct {
	// Alerts are alert settings of metrics, Defaults those of groups and organizations.
	Alerts   *entity.Service[wispwright.ID, AlertSettings, AlertFilter]
	Defaults *entity.Service[wispwright.ID, AlertDefault, DefaultFilter]
	// Windows are times of maintenance.
	Windows *entity.Service[wispwright.ID, Maintenance, MaintenanceFilter]
	// Pages are status pages.
	Pages *entity.Service[wispwright.ID, Page, PageFilter]
	// Incidents groups what went wrong.
	Incidents *Incidents

	// Changed is published when a device is in another way than before.
	Changed event.Topic[StatusChange]
	// Crossed is published when the health of a metric changed.
	Crossed event.Topic[Crossing]
	// Notices is published with what people are to be told.
	Notices event.Topic[Notice]
	// Doubted is published with devices that should be looked at at once.
	Doubted event.Topic[wispwright.ID]

	incidentChanged event.Topic[entity.Change[Incident]]

	options  Options
	base     *entity.Base
	stores   Stores
	registry *monitoring.Registry
	devices  Devices
	known    *lru.Cache[wispwright.ID, *known]
	turn     atomic.Uint64 // counts what was forgotten
}

// Crossing is a metric whose health changed (spec: monitoring §17).
type Crossing struct {
	// Metric is what, with its new health.
	Metric *monitoring.Metric
	// Device is whose.
	Device *Device
	// Critical says whether the metric is.
	Critical bool
	// ToleranceCrossed says that it was longer than tolerated, First that it is the first value.
	ToleranceCrossed, First bool
}

// New returns the concern over its stores.
func New(base *entity.Base, stores Stores, registry *monitoring.Registry, devices Devices, options *Options) (*Health, error) {
	if base == nil || base.Tx == nil || registry == nil || devices == nil {
		return nil, errors.New("health: a base, a registry and devices are required")
	}
	if err := store.Complete("health", stores); err != nil {
		return nil, err
	}
	h := &Health{base: base, stores: stores, registry: registry, devices: devices}
	if options != nil {
		h.options = *options
	}
	o := &h.options
	if o.Critical == nil {
		o.Critical = DefaultCritical()
	}
	o.Usual = cmp.Or(max(o.Usual, 0), 5*time.Minute)
	o.Together = cmp.Or(max(o.Together, 0), 10*time.Minute)
	o.MostTold = cmp.Or(max(o.MostTold, 0), 5)
	o.MostFlaps = cmp.Or(max(o.MostFlaps, 0), 5)
	o.UplinkDelay = cmp.Or(max(o.UplinkDelay, 0), 20*time.Second)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	var err error
	if h.known, err = lru.New[wispwright.ID, *known](cmp.Or(max(o.CachedDevices, 0), 20_000)); err != nil {
		return nil, fmt.Errorf("health: %w", err)
	}
	h.services()
	h.Incidents = &Incidents{h}
	return h, nil
}

// services makes those of the kinds of objects.
func (h *Health) services() {
	h.Alerts = entity.New(h.base, wispwright.KeyedRepo[wispwright.ID, AlertSettings, AlertFilter](h.stores.Alerts), entity.Kind[wispwright.ID, AlertSettings]{
		Name: "health.Alerts", Model: "monitoring.alertsettings", Key: "MetricID", Label: func(a *AlertSettings) string { return a.MetricID.String() },
		Hidden: []string{"Crossed", "Since", "Value", "Flaps", "FlapsSince"},
		Validate: func(_ context.Context, c entity.Change[AlertSettings]) error {
			e := &wispwright.ValidationError{}
			r := c.After.Rule()
			r.check(e, "custom_operator", "custom_tolerance")
			return e.Err()
		},
		Stored: func(ctx context.Context, changes ...entity.Change[AlertSettings]) error {
			for _, c := range changes {
				if err := h.Forget(ctx, c.Object().DeviceID); err != nil {
					return err
				}
			}
			return nil
		},
	})
	h.Defaults = entity.New(h.base, h.stores.Defaults, entity.Kind[wispwright.ID, AlertDefault]{
		Name: "health.Defaults", Model: "monitoring.alertdefault", Label: func(d *AlertDefault) string { return d.Configuration },
		Validate: func(_ context.Context, c entity.Change[AlertDefault]) error { return h.validDefault(c.After) },
		Stored:   func(ctx context.Context, _ ...entity.Change[AlertDefault]) error { return h.Forget(ctx) },
		Unique:   map[string]error{UniqueDefault: wispwright.Invalid("configuration", "There are such settings for this metric already.")},
	})
	h.Windows = entity.New(h.base, h.stores.Windows, entity.Kind[wispwright.ID, Maintenance]{Name: "health.Windows", Model: "monitoring.maintenance", Validate: validMaintenance})
	h.Pages = entity.New(h.base, h.stores.Pages, entity.Kind[wispwright.ID, Page]{Name: "health.Pages", Model: "monitoring.statuspage", Label: func(p *Page) string { return p.Title },
		Hidden: []string{"Digest"}, Validate: validPage})
}

func (h *Health) validDefault(d *AlertDefault) error {
	e := &wispwright.ValidationError{}
	r := d.Rule()
	r.check(e, "operator", "tolerance")
	if c := h.registry.Metric(d.Configuration); c == nil || c.Alert == nil {
		e.Add("configuration", `"`+d.Configuration+`" is not a valid choice.`)
	}
	if d.OrganizationID.IsZero() {
		e.Add("organization", "This field may not be null.")
	}
	d.Place = "organization"
	if !d.GroupID.IsZero() {
		d.Place = d.GroupID.String()
	}
	return e.Err()
}

// Events lists the events of the concern.
func (h *Health) Events() []event.Listed {
	all := []event.Listed{
		h.Changed.Listed("health.Changed", "health_status_changed"),
		h.Crossed.Listed("health.Crossed", "threshold_crossed"),
		h.Notices.Listed("health.Notices", ""),
		h.Doubted.Listed("health.Doubted", ""),
		h.Incidents.Changed().Listed("health.Incidents.Changed", ""),
	}
	all = append(all, h.Alerts.Listed("AlertSettings")...)
	all = append(all, h.Defaults.Listed("")...)
	return append(append(all, h.Windows.Listed("")...), h.Pages.Listed("")...)
}

// Models are the kinds of objects permissions exist for (spec: monitoring §22).
func Models() []wispwright.Model {
	return []wispwright.Model{
		{App: "monitoring", Name: "alertsettings", Label: "Alert settings", Operator: "V", Administrator: "ACDV"},
		{App: "monitoring", Name: "alertdefault", Label: "Alert default", Operator: "V", Administrator: "ACDV"},
		{App: "monitoring", Name: "incident", Label: "Incident", Operator: "CV", Administrator: "ACDV"},
		{App: "monitoring", Name: "maintenance", Label: "Maintenance window", Operator: "ACV", Administrator: "ACDV"},
		{App: "monitoring", Name: "statuspage", Label: "Status page", Operator: "V", Administrator: "ACDV"},
		{App: "device_monitoring", Name: "devicemonitoring", Label: "Device Monitoring", Operator: "V", Administrator: "ACDV"},
	}
}

// critical reports whether a metric is.
func (h *Health) critical(m *monitoring.Metric) bool {
	for _, c := range h.options.Critical {
		if c.Key == m.Key && c.Field == m.FieldName {
			return true
		}
	}
	return false
}

// IsCritical reports whether a metric is one without which a device counts as out of reach.
func (h *Health) IsCritical(m *monitoring.Metric) bool { return h.critical(m) }

// Kinds returns the kinds of metrics that have thresholds, by label.
func (h *Health) Kinds() []monitoring.MetricConfig {
	var out []monitoring.MetricConfig
	for _, c := range h.registry.Metrics() {
		if c.Alert != nil {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b monitoring.MetricConfig) int { return cmp.Compare(a.Label, b.Label) })
	return out
}

func newToken() wispwright.Secret { return wispwright.Secret(rand.Text() + rand.Text()[:6]) }

func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// PageByToken returns the status page of a link. Errors: wispwright.ErrNotFound.
func (h *Health) PageByToken(ctx context.Context, token string) (*Page, error) {
	return h.Pages.First(ctx, wispwright.ScopeAll(), PageFilter{Digest: digest(token)})
}
