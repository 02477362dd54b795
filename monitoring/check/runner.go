package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/monitoring"
)

// Devices tells of devices.
type Devices interface {
	// Some returns those of the devices that exist.
	Some(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]*Device, error)
}

// Recorder stores what checks found. *monitoring.Collector is one.
type Recorder interface {
	// RecordAll is that of monitoring.Collector, whose Collect takes in what types return as documents.
	RecordAll(ctx context.Context, at time.Time, all ...monitoring.Measurement) error
}

// Options change what New makes; nil means the defaults.
type Options struct {
	// AtOnce is how many checks of one type a node takes at a time. Default: 1,000.
	AtOnce int
	// Pools is how many groups of checks of one type run at once on a node. Default: 4.
	Pools int
	// Log hears of checks that could not be done. Default: slog.Default.
	Log *slog.Logger
}

// Checks is the service of checks.
type Checks struct {
	*entity.Service[wispwright.ID, Check, Filter]

	registry *Registry
	base     *entity.Base
	store    Store
	devices  Devices
	recorder Recorder
	options  Options
	slots    map[string]chan struct{}
}

// New returns the service.
func New(base *entity.Base, store Store, registry *Registry, devices Devices, recorder Recorder, options *Options) (*Checks, error) {
	if base == nil || base.Tx == nil || store == nil || registry == nil || devices == nil || recorder == nil {
		return nil, errors.New("check: a base, a store, a registry, devices and a recorder are required")
	}
	c := &Checks{registry: registry, base: base, store: store, devices: devices, recorder: recorder, slots: map[string]chan struct{}{}}
	if options != nil {
		c.options = *options
	}
	c.options.AtOnce = cmp.Or(max(c.options.AtOnce, 0), 1000)
	c.options.Pools = cmp.Or(max(c.options.Pools, 0), 4)
	if c.options.Log == nil {
		c.options.Log = slog.Default()
	}
	for _, t := range registry.types {
		c.slots[t.ID] = make(chan struct{}, c.options.Pools)
	}
	c.Service = entity.New(base, wispwright.KeyedRepo[wispwright.ID, Check, Filter](store), entity.Kind[wispwright.ID, Check]{
		Name: "check.Checks", Model: "check.check", Hidden: []string{"NextAt", "LastRun", "LastError", "LeaseUntil"}, Validate: c.validate,
		Unique: map[string]error{UniqueCheck: wispwright.Invalid("name", "The device has a check of this name already.")},
	})
	return c, nil
}

// Registry returns the types of checks.
func (c *Checks) Registry() *Registry { return c.registry }

func (c *Checks) validate(_ context.Context, change entity.Change[Check]) error {
	o, e := change.After, &wispwright.ValidationError{}
	t := c.registry.Type(o.Type)
	if t == nil {
		e.Add("check_type", `"`+o.Type+`" is not a valid choice.`)
		return e.Err()
	}
	if o.Name == "" {
		o.Name = t.Label
	}
	if o.Params == "" {
		o.Params = "{}"
	}
	if err := t.Check(o.Params); err != nil {
		e.Add("params", err.Error())
	}
	if o.DeviceID.IsZero() {
		e.Add("object_id", "A related device is required to perform this operation")
	}
	if o.NextAt.IsZero() || change.Before != nil && !change.Before.IsActive && o.IsActive {
		o.NextAt = c.base.Now()
	}
	return e.Err()
}

// Adopt gives new devices the checks that come by themselves, in the transaction of the context.
func (c *Checks) Adopt(ctx context.Context, devices ...*monitoring.Device) error {
	now := c.base.Now()
	var list []*Check
	for _, d := range devices {
		for _, t := range c.registry.types {
			if t.Auto { // spread over the interval, so that no storm begins
				list = append(list, &Check{ID: wispwright.NewID(), OrganizationID: d.OrganizationID, DeviceID: d.ID, Name: t.Label, Type: t.ID, IsActive: true, Params: "{}",
					NextAt: now.Add(rand.N(t.Every)).Truncate(time.Microsecond), Created: now, Modified: now})
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := c.store.InsertMany(ctx, list); err != nil {
		return fmt.Errorf("make checks: %w", err)
	}
	return nil
}

// Hasten runs the checks of devices soon that write one of some kinds of metrics, unless they ran
// within the last half minute.
func (c *Checks) Hasten(ctx context.Context, kinds []string, devices ...wispwright.ID) error {
	var types []string
	for _, t := range c.registry.types {
		for _, k := range t.Kinds {
			for _, wanted := range kinds {
				if k == wanted {
					types = append(types, t.ID)
				}
			}
		}
	}
	now := c.base.Now()
	if len(types) == 0 || len(devices) == 0 {
		return nil
	}
	return c.store.Hasten(ctx, now, now.Add(-30*time.Second), types, devices...)
}

// RunAll makes all active checks of some types due now, of all types if none is named, and returns how many
// were not yet. The caller of Run runs them. Errors: a type that there is not.
func (c *Checks) RunAll(ctx context.Context, types ...string) (int, error) {
	if len(types) == 0 {
		for _, t := range c.registry.types {
			types = append(types, t.ID)
		}
	}
	for _, id := range types {
		if c.registry.Type(id) == nil {
			return 0, fmt.Errorf("check: there is no type %q", id)
		}
	}
	return c.store.Due(ctx, c.base.Now(), types)
}

// Forget removes the checks of devices that are deleted.
func (c *Checks) Forget(ctx context.Context, devices ...wispwright.ID) error {
	return c.store.DeleteOf(ctx, devices...)
}

// MoveDevice makes the checks of a device another organization's.
func (c *Checks) MoveDevice(ctx context.Context, device, organization wispwright.ID) error {
	return c.store.Move(ctx, device, organization)
}

// Run takes what is due and runs it, until nothing is due or all pools are busy; it returns how many
// checks it began. What runs ends in the background. Any number of nodes may do so.
func (c *Checks) Run(ctx context.Context) (begun int, err error) {
	longest := time.Minute
	for _, t := range c.registry.types {
		longest = max(longest, t.Timeout)
	}
	for {
		if !c.room() {
			return begun, nil
		}
		now := c.base.Now()
		list, err := c.store.Take(ctx, now, now.Add(longest+time.Minute), c.options.AtOnce)
		if err != nil {
			return begun, fmt.Errorf("take checks that are due: %w", err)
		}
		if len(list) == 0 {
			return begun, nil
		}
		begun += len(list)
		by := map[string][]*Check{}
		for _, one := range list {
			by[one.Type] = append(by[one.Type], one)
		}
		for id, some := range by {
			if t := c.registry.Type(id); t != nil && t.Alone {
				c.beginAlone(ctx, t, some)
			} else {
				c.begin(ctx, id, some)
			}
		}
	}
}

// room reports whether a group of any type could begin.
func (c *Checks) room() bool {
	for _, slots := range c.slots {
		if len(slots) < cap(slots) {
			return true
		}
	}
	return false
}

// begin runs a group of one type as soon as there is room.
func (c *Checks) begin(ctx context.Context, id string, list []*Check) {
	slots := c.slots[id]
	if slots == nil { // of a program that knew more types
		c.finish(ctx, list, time.Hour, "there is no such type of check")
		return
	}
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return
	}
	go func() {
		defer func() { <-slots }()
		c.group(ctx, c.registry.Type(id), list)
	}()
}

// beginAlone begins as many as there is room for, each by itself, and puts the others off: nothing waits
// here for checks that take long.
func (c *Checks) beginAlone(ctx context.Context, t *Type, list []*Check) {
	var late []*Check
	for _, one := range list {
		select {
		case c.slots[t.ID] <- struct{}{}:
			go func() {
				defer func() { <-c.slots[t.ID] }()
				c.group(ctx, t, []*Check{one})
			}()
		default:
			one.NextAt = c.base.Now().Add(5*time.Second + rand.N(5*time.Second)).Truncate(time.Microsecond)
			late = append(late, one)
		}
	}
	c.putOff(ctx, late)
}

// putOff stores when checks are due that did not run.
func (c *Checks) putOff(ctx context.Context, list []*Check) {
	if len(list) == 0 {
		return
	}
	if err := c.store.Done(context.WithoutCancel(ctx), list); err != nil {
		c.options.Log.WarnContext(ctx, "checks could not be put off; they run again", "error", err)
	}
}

// group runs checks of one type, and stores what they found.
func (c *Checks) group(ctx context.Context, t *Type, list []*Check) {
	ids := make([]wispwright.ID, len(list))
	for i, o := range list {
		ids[i] = o.DeviceID
	}
	devices, err := c.devices.Some(ctx, ids...)
	if err != nil {
		c.options.Log.WarnContext(ctx, "devices to be checked could not be read", "error", err)
		c.finish(ctx, list, t.Every, err.Error())
		return
	}
	var targets []Target
	for _, o := range list {
		if d := devices[o.DeviceID]; d != nil && !d.Off {
			targets = append(targets, Target{o, d})
		}
	}
	results := c.limited(ctx, t, targets)
	var all []monitoring.Measurement
	failed, again := map[string]int{}, map[wispwright.ID]time.Duration{}
	for i, r := range results {
		targets[i].Check.LastError = ""
		if r.Err != nil {
			targets[i].Check.LastError = r.Err.Error()
			failed[r.Err.Error()]++
		}
		if r.Document != nil && r.Err == nil {
			if err := c.ingest(ctx, targets[i].Device, r.Document); err != nil {
				targets[i].Check.LastError = err.Error()
				failed[err.Error()]++
			}
		}
		if r.Again > 0 {
			again[targets[i].Check.ID] = r.Again
		}
		if len(r.Values) > 0 {
			all = append(all, monitoring.Measurement{Device: &targets[i].Device.Device, Values: r.Values})
		}
	}
	for text, n := range failed { // once, not for each device
		c.options.Log.WarnContext(ctx, "checks could not be done", "type", t.Label, "checks", n, "error", text)
	}
	if err := c.recorder.RecordAll(ctx, c.base.Now(), all...); err != nil {
		c.options.Log.WarnContext(ctx, "what checks found could not be stored; they run again", "type", t.Label, "error", err)
	}
	var soon []*Check
	list = slices.DeleteFunc(list, func(o *Check) bool {
		if again[o.ID] > 0 {
			soon = append(soon, o)
		}
		return again[o.ID] > 0
	})
	for _, o := range soon {
		o.NextAt = c.base.Now().Add(again[o.ID]).Truncate(time.Microsecond)
	}
	c.putOff(ctx, soon)
	c.finish(ctx, list, t.Every, "")
}

// ingest takes a document in that a check made.
func (c *Checks) ingest(ctx context.Context, d *Device, body []byte) error {
	collector, ok := c.recorder.(interface {
		Collect(ctx context.Context, s monitoring.Sample) error
	})
	if !ok {
		return errors.New("documents of checks cannot be taken in here")
	}
	if err := collector.Collect(ctx, monitoring.Sample{Device: &d.Device, Body: body, Time: c.base.Now(), Current: true}); err != nil {
		return fmt.Errorf("take a document in: %w", err)
	}
	return nil
}

// limited runs checks and does not wait for those that never return.
func (c *Checks) limited(ctx context.Context, t *Type, targets []Target) []Result {
	if len(targets) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	done := make(chan []Result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				c.options.Log.Error("a check panicked", "type", t.Label, "panic", p)
				done <- nil
			}
		}()
		done <- t.Run(ctx, targets)
	}()
	grace := time.NewTimer(t.Timeout + 5*time.Second)
	defer grace.Stop()
	var results []Result
	select {
	case results = <-done:
	case <-grace.C:
	}
	if len(results) != len(targets) {
		results = make([]Result, len(targets))
		for i := range results {
			results[i].Err = errors.New("the check did not end in time")
		}
	}
	return results
}

// finish makes checks due again after an interval, with some spread where they are late.
func (c *Checks) finish(ctx context.Context, list []*Check, every time.Duration, fault string) {
	now := c.base.Now()
	for _, o := range list {
		o.LastRun = &now
		if fault != "" {
			o.LastError = fault
		}
		next := o.NextAt.Add(every)
		if next.Before(now) || next.After(now.Add(2*every)) { // late, or the clock was set
			next = now.Add(every + rand.N(every/10+1))
		}
		o.NextAt = next.Truncate(time.Microsecond)
	}
	if err := c.store.Done(context.WithoutCancel(ctx), list); err != nil {
		c.options.Log.WarnContext(ctx, "checks could not be ended; they run again", "error", err)
	}
}
