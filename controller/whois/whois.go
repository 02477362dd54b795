package whois

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
)

// Job asks for the address of a device.
type Job struct {
	// DeviceID is the device.
	DeviceID wispwright.ID `json:"device"`
}

// Key coalesces the questions about one device.
func (j Job) Key() string { return j.DeviceID.String() }

// Jobs queues lookups; inside a transaction they exist when that is committed.
type Jobs interface {
	Enqueue(ctx context.Context, list ...Job) error
}

// Devices is what is needed of devices; controller.Devices is one.
type Devices interface {
	Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*controller.Detail, error)
	List(ctx context.Context, scope wispwright.Scope, f controller.DeviceFilter, p wispwright.Page) (wispwright.Items[controller.Detail], error)
}

// Options change what New makes; zero fields mean the defaults.
type Options struct {
	// Provider is asked. Default: there is none, so that nothing is ever looked up.
	Provider Provider
	// Enabled looks the devices of all organizations up that did not choose.
	Enabled bool
	// Threshold is how old a record may be before it is asked for again, and how long
	// one is kept that no device points to. Default: 90 days.
	Threshold time.Duration
	// Again is how often a device may ask for a record that is missing or old.
	// Default: 1 hour.
	Again time.Duration
	// Jobs does the lookups; required with a Provider.
	Jobs Jobs
	// Log is told what goes wrong. Default: slog.Default.
	Log *slog.Logger
}

// Fetched tells of an address that was looked up.
type Fetched struct {
	// Record is what is known now.
	Record *Record
	// Changed names what differs from before, in the names of REST; all that is known
	// when it is new.
	Changed []string
	// Device is the device whose address it is.
	Device *controller.Device
}

// Trouble tells of a lookup that failed for good.
type Trouble struct {
	// Device is the device whose address was asked for.
	Device *controller.Device
	// Address is the address.
	Address netip.Addr
	// Reason is one sentence for people.
	Reason string
}

// WHOIS is the service.
type WHOIS struct {
	// Choices is the service of what organizations chose.
	Choices *entity.Service[wispwright.ID, Choice, ChoiceFilter]
	// Fetched is published after an address was looked up.
	Fetched event.Topic[Fetched]
	// Skipped is published when a lookup was not needed: what is known is new enough.
	Skipped event.Topic[Fetched]
	// Trouble is published when a lookup failed for good, once until one succeeds.
	Trouble event.Topic[Trouble]

	base    *entity.Base
	stores  Stores
	devices Devices
	options Options
	asked   *lru.Cache[wispwright.ID, time.Time]
	polled  chan wispwright.ID
}

// remembered is of how many devices it is known when they asked last.
const remembered = 100_000

// New returns the service over the devices of a controller.
func New(base *entity.Base, stores Stores, devices Devices, o *Options) (*WHOIS, error) {
	w := &WHOIS{base: base, stores: stores, devices: devices, polled: make(chan wispwright.ID, 1000)}
	if o != nil {
		w.options = *o
	}
	if w.options.Provider != nil && w.options.Jobs == nil {
		return nil, errors.New("whois: a provider needs jobs")
	}
	if w.options.Enabled && w.options.Provider == nil {
		return nil, errors.New("whois: it is enabled without a provider")
	}
	if w.options.Threshold <= 0 {
		w.options.Threshold = 90 * 24 * time.Hour
	}
	if w.options.Again <= 0 {
		w.options.Again = time.Hour
	}
	if w.options.Log == nil {
		w.options.Log = slog.Default()
	}
	w.asked, _ = lru.New[wispwright.ID, time.Time](remembered) // fails for sizes below 1 only
	w.Choices = entity.New(base, wispwright.KeyedRepo[wispwright.ID, Choice, ChoiceFilter](stores.Choices), entity.Kind[wispwright.ID, Choice]{
		Name: "whois.Choices", Model: "config.organizationconfigsettings", Key: "OrganizationID", Org: "OrganizationID",
		Label: func(*Choice) string { return "WHOIS" }, Validate: w.validate,
	})
	return w, nil
}

// Events lists the events of the service.
func (w *WHOIS) Events() []event.Listed {
	return append(w.Choices.Listed(""),
		w.Fetched.Listed("whois.Fetched", "whois_fetched"),
		w.Skipped.Listed("whois.Skipped", "whois_lookup_skipped"),
		w.Trouble.Listed("whois.Trouble", ""))
}

// Configured reports whether there is a provider at all.
func (w *WHOIS) Configured() bool { return w.options.Provider != nil }

func (w *WHOIS) validate(_ context.Context, c entity.Change[Choice]) error {
	if e := c.After.Enabled; e != nil && *e && !w.Configured() {
		return wispwright.Invalid("whois_enabled", "WHOIS_GEOIP_ACCOUNT and WHOIS_GEOIP_KEY must be set before enabling WHOIS feature.")
	}
	return nil
}

// Choice returns what an organization chose.
func (w *WHOIS) Choice(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Choice, error) {
	if !scope.Allows(organization) || organization.IsZero() {
		return nil, wispwright.ErrNotFound
	}
	c, err := w.stores.Choices.Get(ctx, scope, organization)
	if errors.Is(err, wispwright.ErrNotFound) {
		return &Choice{OrganizationID: organization}, nil
	}
	return c, err
}

// Choose changes what an organization chose. Its devices are looked up as they ask
// for their configuration. Errors: *wispwright.ValidationError on whois_enabled.
func (w *WHOIS) Choose(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, enabled *bool) (*Choice, error) {
	was, err := w.Choice(ctx, scope, organization)
	if err != nil {
		return nil, err
	}
	if was.Enabled == nil && enabled == nil {
		return was, nil
	}
	set := func(c *Choice) error {
		c.Enabled = enabled
		return nil
	}
	c, err := w.Choices.Update(ctx, scope, organization, set)
	if !errors.Is(err, wispwright.ErrNotFound) {
		return c, err
	}
	c = &Choice{OrganizationID: organization, Enabled: enabled}
	err = w.Choices.Create(ctx, c)
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) { // somebody else chose just now
		return w.Choices.Update(ctx, scope, organization, set)
	}
	return c, err
}

// Enabled reports whether the devices of an organization are looked up.
func (w *WHOIS) Enabled(ctx context.Context, organization wispwright.ID) (bool, error) {
	if !w.Configured() {
		return false, nil
	}
	c, err := w.Choice(ctx, wispwright.ScopeAll(), organization)
	if err != nil || c.Enabled == nil {
		return w.options.Enabled, err
	}
	return *c.Enabled, nil
}

// Of returns what is known of some addresses; those without a record are left out.
func (w *WHOIS) Of(ctx context.Context, addresses ...netip.Addr) (map[netip.Addr]*Record, error) {
	out := map[netip.Addr]*Record{}
	var some []netip.Addr
	for _, a := range addresses {
		if Public(a) {
			some = append(some, a)
		}
	}
	if len(some) == 0 {
		return out, nil
	}
	found, err := w.stores.Records.List(ctx, wispwright.ScopeAll(), RecordFilter{Addresses: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
	for _, r := range found.Rows {
		out[r.Address] = r
	}
	return out, err
}

// Attach hears of the devices of a controller: new addresses are looked up, those
// that devices leave are marked.
func (w *WHOIS) Attach(c *controller.Controller) {
	c.Devices.Saved.Subscribe("whois: addresses of devices", w.saved)
	c.Devices.Deleting.Subscribe("whois: addresses of deleted devices", w.deleting)
	if w.Configured() {
		c.Agents.Requested.Subscribe("whois: devices that ask", func(_ context.Context, list ...protocol.Requested) {
			for _, r := range list {
				w.poll(r)
			}
		})
	}
}

// poll remembers that a device asked, without holding it up.
func (w *WHOIS) poll(r protocol.Requested) {
	if r.Download {
		return
	}
	now := w.base.Now()
	if last, ok := w.asked.Get(r.DeviceID); ok && now.Sub(last) < w.options.Again {
		return
	}
	select {
	case w.polled <- r.DeviceID:
		w.asked.Add(r.DeviceID, now)
	default: // it asks again soon
	}
}

// Run looks after devices that asked for their configuration until the context
// ends: an address without a record, or with an old one, is looked up.
func (w *WHOIS) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-w.polled:
			if err := w.refresh(ctx, id); err != nil && ctx.Err() == nil {
				w.options.Log.WarnContext(ctx, "the address of a device could not be looked at", "device", id.String(), "error", err)
			}
		}
	}
}

func (w *WHOIS) refresh(ctx context.Context, id wispwright.ID) error {
	d, err := w.devices.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	wanted, err := w.wanted(ctx, d)
	if err != nil || !wanted {
		return err
	}
	r, err := w.record(ctx, d.Device.LastIP)
	if err != nil || r != nil && !w.old(r) {
		return err
	}
	return w.options.Jobs.Enqueue(ctx, Job{id})
}

// wanted reports whether the address of a device is looked up.
func (w *WHOIS) wanted(ctx context.Context, d *controller.Detail) (bool, error) {
	if !w.Configured() || !active(d) || !Public(d.Device.LastIP) {
		return false, nil
	}
	return w.Enabled(ctx, d.Device.OrganizationID)
}

// active reports whether a device is neither deactivated nor about to be.
func active(d *controller.Detail) bool {
	return !d.Device.IsDeactivated && (d.Config == nil || d.Config.Status != controller.StatusDeactivating && d.Config.Status != controller.StatusDeactivated)
}

// record returns what is known of an address; nil for nothing.
func (w *WHOIS) record(ctx context.Context, a netip.Addr) (*Record, error) {
	r, err := w.stores.Records.Get(ctx, wispwright.ScopeAll(), a.Unmap())
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what is known of %s: %w", a, err)
	}
	return r, nil
}

func (w *WHOIS) old(r *Record) bool { return w.base.Now().Sub(r.Modified) >= w.options.Threshold }
