package health

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
)

// batch are changes of incidents in one transaction, each row written once.
type batch struct {
	h   *Health
	now time.Time

	incidents map[wispwright.ID]*Incident // those that are touched
	fresh     map[wispwright.ID]bool      // of them those that are new
	cases     []*Case                     // new ones
	changed   []*Case
	ended     []*Case
	entries   []*Entry
	notices   []Notice
	doubted   []wispwright.ID
	flapping  []*Case // of which people are told that they come and go

	open    map[wispwright.ID]*Case // by metric
	windows []*Maintenance
	uplinks map[wispwright.ID]wispwright.ID
	states  map[wispwright.ID]*DeviceStatus // of uplinks
}

// load reads what deciding about alarms takes.
func (b *batch) load(ctx context.Context, list []alarm) error {
	var metrics, devices []wispwright.ID
	for i := range list {
		metrics = append(metrics, list[i].watched.metric.ID)
		if list[i].problem {
			devices = append(devices, list[i].device.ID)
		}
	}
	yes := true
	unpaged := wispwright.Page{NoTotal: true}
	found, err := b.h.stores.Cases.List(ctx, wispwright.ScopeAll(), CaseFilter{MetricIDs: wispwright.Only(metrics...), Open: &yes}, unpaged)
	if err != nil {
		return fmt.Errorf("read open cases: %w", err)
	}
	b.open = map[wispwright.ID]*Case{}
	for _, c := range found.Rows {
		b.open[c.MetricID] = c
	}
	windows, err := b.h.stores.Windows.List(ctx, wispwright.ScopeAll(), MaintenanceFilter{}, unpaged)
	if err != nil {
		return fmt.Errorf("read times of maintenance: %w", err)
	}
	b.windows = windows.Rows
	return b.loadUplinks(ctx, devices)
}

// loadUplinks reads through which devices others are reached, and how those are.
func (b *batch) loadUplinks(ctx context.Context, devices []wispwright.ID) error {
	b.uplinks, b.states = map[wispwright.ID]wispwright.ID{}, map[wispwright.ID]*DeviceStatus{}
	if len(devices) == 0 {
		return nil
	}
	var err error
	if b.uplinks, err = b.h.UplinksOf(ctx, devices...); err != nil {
		return err
	}
	var parents []wispwright.ID
	for _, p := range b.uplinks {
		parents = append(parents, p)
	}
	b.states, err = b.h.StatusOf(ctx, parents...)
	return err
}

// incident returns one that is touched.
func (b *batch) incident(ctx context.Context, id wispwright.ID) (*Incident, error) {
	if i := b.incidents[id]; i != nil {
		return i, nil
	}
	i, err := b.h.stores.Incidents.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return nil, fmt.Errorf("read an incident: %w", err)
	}
	b.incidents[id] = i
	return i, nil
}

// problem takes a device into an incident.
func (b *batch) problem(ctx context.Context, a *alarm) error {
	if b.open[a.watched.metric.ID] != nil { // two nodes assessed the same value
		return nil
	}
	c := &Case{ID: wispwright.NewID(), OrganizationID: a.device.OrganizationID, DeviceID: a.device.ID, DeviceName: a.device.Name, MetricID: a.watched.metric.ID,
		Kind: a.watched.metric.Configuration, Value: a.watched.streak.Value, Threshold: a.watched.threshold.Value, Custom: a.watched.threshold.Custom,
		Started: a.since, Created: b.now, Modified: b.now}
	if err := b.decide(ctx, c, a.device, a.critical, a.status, a.watched.alert.Flaps, false); err != nil {
		return err
	}
	cause := wispwright.ID{}
	if c.Why == WhyUplink {
		cause = b.uplinks[c.DeviceID]
	}
	i, err := b.find(ctx, c, cause)
	if err != nil {
		return err
	}
	c.IncidentID = i.ID
	i.Devices++
	i.Ill++
	i.Updated, i.Modified = b.now, b.now
	b.open[c.MetricID] = c
	b.cases = append(b.cases, c)
	if i.Devices == 1 {
		b.entry(i, Entry{Kind: "opened", DeviceID: c.DeviceID, DeviceName: c.DeviceName, Devices: 1})
	}
	b.tell(i, c)
	return nil
}

// decide says whether people are told of a device one by one, and if not, why.
func (b *batch) decide(ctx context.Context, c *Case, d *Device, critical bool, status Status, flaps int, waited bool) error {
	c.Why, c.HoldUntil, c.Told = "", nil, false
	if until, ok := within(b.windows, d, b.now); ok {
		c.Why, c.HoldUntil = WhyMaintenance, &until
		return nil
	}
	if parent, ok := b.uplinks[d.ID]; ok && critical {
		if s := b.states[parent]; s != nil && s.Status == Critical {
			c.Why = WhyUplink
			return nil
		}
		if !waited && b.states[parent] != nil {
			until := b.now.Add(b.h.options.UplinkDelay)
			c.Why, c.HoldUntil = WhyUplink, &until
			b.doubted = append(b.doubted, parent)
			return nil
		}
	}
	switch {
	case flaps > b.h.options.MostFlaps:
		c.Why = WhyFlapping
		if flaps == b.h.options.MostFlaps+1 {
			b.flapping = append(b.flapping, c)
		}
		return nil
	case c.Kind == "data_collected" && status == Critical:
		c.Why = WhyInactive // that it cannot be reached says it all
		return nil
	}
	if b.h.options.Quiet != nil {
		quiet, err := b.h.options.Quiet(ctx, d.ID, c.Kind)
		if err != nil {
			return fmt.Errorf("ask who tells of it: %w", err)
		}
		if quiet {
			c.Why = WhyInactive
		}
	}
	return nil
}

// find returns the incident that a device belongs to, which may be a new one.
func (b *batch) find(ctx context.Context, c *Case, cause wispwright.ID) (*Incident, error) {
	yes, no := true, false
	first := func(f IncidentFilter, fits func(*Incident) bool) (*Incident, error) {
		f.OrganizationID = c.OrganizationID
		for _, id := range slices.SortedFunc(maps.Keys(b.incidents), compareIDs) {
			if i := b.incidents[id]; i.OrganizationID == c.OrganizationID && i.Open && fits(i) {
				return i, nil
			}
		}
		found, err := b.h.stores.Incidents.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 20, NoTotal: true})
		if err != nil {
			return nil, fmt.Errorf("look for an incident: %w", err)
		}
		for _, i := range found.Rows {
			if b.incidents[i.ID] == nil && fits(i) {
				b.incidents[i.ID] = i
				return i, nil
			}
		}
		return nil, nil
	}
	// one whose cause is this device, or its uplink
	for _, id := range []wispwright.ID{c.DeviceID, cause} {
		if id.IsZero() {
			continue
		}
		i, err := first(IncidentFilter{Open: &yes, CauseIDs: wispwright.Only(id)}, func(i *Incident) bool { return i.CauseID == id })
		if err != nil || i != nil {
			return i, err
		}
	}
	if !cause.IsZero() {
		i, err := b.ofCause(ctx, c, cause)
		if err != nil || i != nil {
			return i, err
		}
		return b.add(c, cause), nil
	}
	recent := func(i *Incident) bool {
		return i.Kind == c.Kind && i.CauseID.IsZero() && b.now.Sub(i.Updated) <= b.h.options.Together
	}
	i, err := first(IncidentFilter{Open: &yes, Kind: c.Kind}, recent)
	if err != nil || i != nil {
		return i, err
	}
	// one that has just ended and had this device: it comes and goes
	i, err = first(IncidentFilter{Open: &no, Kind: c.Kind, DeviceID: c.DeviceID}, func(i *Incident) bool {
		return i.Kind == c.Kind && i.Ended != nil && b.now.Sub(*i.Ended) <= b.h.options.Together
	})
	if err != nil {
		return nil, err
	}
	if i != nil {
		i.Open, i.Ended = true, nil
		b.entry(i, Entry{Kind: "reopened", DeviceID: c.DeviceID, DeviceName: c.DeviceName, Devices: i.Devices})
		return i, nil
	}
	return b.add(c, cause), nil
}

// ofCause returns the incident in which the cause itself is, and makes it one with that
// cause.
func (b *batch) ofCause(ctx context.Context, c *Case, cause wispwright.ID) (*Incident, error) {
	yes := true
	for _, other := range b.cases {
		if other.DeviceID == cause {
			return b.blame(ctx, other, c)
		}
	}
	found, err := b.h.stores.Cases.List(ctx, wispwright.ScopeOf(c.OrganizationID), CaseFilter{DeviceID: cause, Open: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("look for the case of an uplink: %w", err)
	}
	for _, other := range found.Rows {
		return b.blame(ctx, other, c)
	}
	return nil, nil
}

// blame makes the device of a case the cause of its incident, unless others are in it.
func (b *batch) blame(ctx context.Context, of, c *Case) (*Incident, error) {
	i, err := b.incident(ctx, of.IncidentID)
	if err != nil {
		return nil, err
	}
	if i.CauseID.IsZero() {
		i.CauseID = of.DeviceID
		b.entry(i, Entry{Kind: "cause", DeviceID: of.DeviceID, DeviceName: of.DeviceName, Devices: i.Devices, Text: c.DeviceName})
	}
	return i, nil
}

// add opens an incident.
func (b *batch) add(c *Case, cause wispwright.ID) *Incident {
	i := &Incident{ID: wispwright.NewID(), OrganizationID: c.OrganizationID, Kind: c.Kind, CauseID: cause, Open: true, Started: c.Started, Updated: b.now, Created: b.now, Modified: b.now}
	b.incidents[i.ID] = i
	if b.fresh == nil {
		b.fresh = map[wispwright.ID]bool{}
	}
	b.fresh[i.ID] = true
	return i
}

// tell decides how people are told of a case that may be told of.
func (b *batch) tell(i *Incident, c *Case) {
	if slices.Contains(b.flapping, c) {
		b.entry(i, Entry{Kind: "flapping", DeviceID: c.DeviceID, DeviceName: c.DeviceName, Devices: i.Ill})
		b.notices = append(b.notices, Notice{Kind: NoticeFlapping, Incident: i, Case: c})
		return
	}
	if c.Why != "" {
		return
	}
	if i.Told < b.h.options.MostTold {
		i.Told++
		c.Told = true
		b.notices = append(b.notices, Notice{Kind: NoticeProblem, Incident: i, Case: c})
		return
	}
	c.Why = WhyMany
	if i.Ill >= beyond(i, b.h.options.MostTold) {
		i.Grown = i.Ill
		b.entry(i, Entry{Kind: "grown", Devices: i.Ill})
		b.notices = append(b.notices, Notice{Kind: NoticeGrown, Incident: i})
	}
}

// recovery takes a device out of its incident.
func (b *batch) recovery(ctx context.Context, a *alarm) error {
	c := b.open[a.watched.metric.ID]
	if c == nil { // nobody was told
		return nil
	}
	delete(b.open, a.watched.metric.ID)
	if c.Told && a.watched.threshold.IsActive {
		b.notices = append(b.notices, Notice{Kind: NoticeRecovery, Case: c})
	}
	return b.close(ctx, c)
}

// close ends a case.
func (b *batch) close(ctx context.Context, c *Case) error {
	i, err := b.incident(ctx, c.IncidentID)
	if err != nil {
		return err
	}
	now := b.now
	c.Ended = &now
	b.ended = append(b.ended, c)
	i.Ill = max(i.Ill-1, 0)
	i.Modified = b.now
	if i.Ill > 0 {
		if i.CauseID == c.DeviceID {
			return b.release(ctx, i)
		}
		return nil
	}
	i.Open, i.Ended = false, &now
	b.entry(i, Entry{Kind: "resolved", Devices: i.Devices})
	if i.Grown > 0 {
		b.notices = append(b.notices, Notice{Kind: NoticeResolved, Incident: i})
	}
	return nil
}

// release looks again soon at what waited for an uplink that is well.
func (b *batch) release(ctx context.Context, i *Incident) error {
	yes := true
	found, err := b.h.stores.Cases.List(ctx, wispwright.ScopeAll(), CaseFilter{IncidentID: i.ID, Open: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return fmt.Errorf("read what waits for an uplink: %w", err)
	}
	soon := b.now.Add(b.h.options.Usual)
	for _, c := range found.Rows {
		if c.Why == WhyUplink && c.HoldUntil == nil {
			c.HoldUntil, c.Modified = &soon, b.now
			b.changed = append(b.changed, c)
			b.doubted = append(b.doubted, c.DeviceID)
		}
	}
	return nil
}

// again decides anew about cases that were held back.
func (b *batch) again(ctx context.Context, list []*Case) error {
	ids := make([]wispwright.ID, len(list))
	for n, c := range list {
		ids[n] = c.DeviceID
	}
	devices, err := b.h.devices.Some(ctx, ids...)
	if err != nil {
		return err
	}
	if err := b.load(ctx, nil); err != nil {
		return err
	}
	if err := b.loadUplinks(ctx, ids); err != nil {
		return err
	}
	states, err := b.h.StatusOf(ctx, ids...)
	if err != nil {
		return err
	}
	for _, c := range list {
		d := devices[c.DeviceID]
		if d == nil {
			d = &Device{ID: c.DeviceID, OrganizationID: c.OrganizationID, Name: c.DeviceName}
		}
		status := Unknown
		if s := states[c.DeviceID]; s != nil {
			status = s.Status
		}
		if err := b.decide(ctx, c, d, b.h.criticalKind(c.Kind), status, 0, true); err != nil {
			return err
		}
		i, err := b.incident(ctx, c.IncidentID)
		if err != nil {
			return err
		}
		if c.Why == WhyUplink && i.CauseID.IsZero() && i.Devices == 1 {
			if i, err = b.join(ctx, i, c); err != nil {
				return err
			}
		}
		c.Modified = b.now
		b.changed = append(b.changed, c)
		b.tell(i, c)
	}
	return nil
}

// join moves the only case of an incident to that of its uplink.
func (b *batch) join(ctx context.Context, from *Incident, c *Case) (*Incident, error) {
	cause := b.uplinks[c.DeviceID]
	to, err := b.find(ctx, c, cause)
	if err != nil || to.ID == from.ID {
		return from, err
	}
	now := b.now
	from.Ill, from.Devices, from.Open, from.Ended, from.Modified = 0, 0, false, &now, now
	to.Ill++
	to.Devices++
	to.Updated, to.Modified = now, now
	c.IncidentID = to.ID
	return to, nil
}

// criticalKind reports whether a kind of metric is critical.
func (h *Health) criticalKind(kind string) bool {
	c := h.registry.Metric(kind)
	if c == nil {
		return false
	}
	for _, o := range h.options.Critical {
		if o.Key == c.Measurement && o.Field == c.Field {
			return true
		}
	}
	return false
}

// entry adds a line to a timeline.
func (b *batch) entry(i *Incident, e Entry) {
	e.ID, e.IncidentID, e.OrganizationID = wispwright.NewID(), i.ID, i.OrganizationID
	if e.At.IsZero() {
		e.At = b.now.Add(time.Duration(len(b.entries)) * time.Microsecond) // in order
	}
	b.entries = append(b.entries, &e)
}

// store writes everything.
func (b *batch) store(ctx context.Context) error {
	s := b.h.stores
	ids := slices.SortedFunc(maps.Keys(b.incidents), compareIDs)
	touched := make([]*Incident, 0, len(ids))
	for _, id := range ids {
		i := b.incidents[id]
		if i.Devices == 0 {
			continue // its only case went to another
		}
		touched = append(touched, i)
		var err error
		if b.fresh[id] {
			err = s.Incidents.Insert(ctx, i)
		} else {
			_, err = s.Incidents.Update(ctx, wispwright.ScopeAll(), id, func(have *Incident) error {
				created := have.Created
				*have = *i
				have.Created = created
				return nil
			})
		}
		if err != nil {
			return fmt.Errorf("store an incident: %w", err)
		}
	}
	if err := s.Cases.InsertMany(ctx, b.cases); err != nil {
		return fmt.Errorf("store cases: %w", err)
	}
	for _, c := range b.changed {
		_, err := s.Cases.Update(ctx, wispwright.ScopeAll(), c.ID, func(have *Case) error {
			have.IncidentID, have.Told, have.Why, have.HoldUntil, have.Modified = c.IncidentID, c.Told, c.Why, c.HoldUntil, c.Modified
			return nil
		})
		if err != nil {
			return fmt.Errorf("store a case: %w", err)
		}
	}
	for _, id := range ids {
		if b.incidents[id].Devices == 0 && !b.fresh[id] {
			if err := s.Incidents.Delete(ctx, wispwright.ScopeAll(), id); err != nil {
				return fmt.Errorf("remove an incident that became part of another: %w", err)
			}
		}
	}
	gone := make([]wispwright.ID, len(b.ended))
	for n, c := range b.ended {
		gone[n] = c.ID
	}
	if err := s.Cases.End(ctx, b.now, gone...); err != nil {
		return fmt.Errorf("end cases: %w", err)
	}
	if err := s.Entries.InsertMany(ctx, b.entries); err != nil {
		return fmt.Errorf("store a timeline: %w", err)
	}
	for n := range b.notices {
		if notice := &b.notices[n]; notice.Incident == nil {
			notice.Incident = b.incidents[notice.Case.IncidentID]
		}
	}
	b.h.Incidents.publish(ctx, b.fresh, touched...)
	b.h.Notices.Publish(ctx, b.notices...)
	b.h.Doubted.Publish(ctx, b.doubted...)
	return nil
}
