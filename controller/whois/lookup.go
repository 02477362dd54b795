package whois

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
)

// The notes of the service: that a failure was told of, and since when nothing
// could be asked.
const (
	failing    = "failing"
	struggling = "struggling"
)

// patience is how long a service that cannot be asked is not spoken of.
const patience = time.Hour

// Work does a job: the address of the device is looked up, unless that is not
// wanted any more or what is known is new enough. An error is worth another try.
func (w *WHOIS) Work(ctx context.Context, job Job) error {
	d, err := w.devices.Get(ctx, wispwright.ScopeAll(), job.DeviceID)
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
	address := d.Device.LastIP.Unmap()
	known, err := w.record(ctx, address)
	if err != nil {
		return err
	}
	if known != nil && !w.old(known) {
		w.Skipped.Publish(ctx, Fetched{Record: known, Device: d.Device})
		return nil
	}
	answer, err := w.options.Provider.Lookup(ctx, address)
	if err == nil {
		err = w.keep(ctx, d.Device, address, answer)
	}
	var invalid *wispwright.ValidationError
	if err != nil && (final(err) || errors.As(err, &invalid)) {
		w.options.Log.WarnContext(ctx, "an address could not be looked up", "address", address.String(), "error", err)
		return w.trouble(ctx, d.Device, err, true)
	}
	if err != nil {
		return errors.Join(err, w.trouble(ctx, d.Device, err, false))
	}
	return nil
}

// trouble tells people once that lookups fail, until one succeeds: at once of what
// is final, after a while of what is tried again.
func (w *WHOIS) trouble(ctx context.Context, d *controller.Device, cause error, final bool) error {
	return w.base.Do(ctx, "whois.Work", func(ctx context.Context) error {
		notes, err := w.notes(ctx)
		if err != nil {
			return err
		}
		now := w.base.Now()
		since := notes[struggling]
		switch {
		case notes[failing] != nil:
			return nil
		case final, since != nil && now.Sub(since.At) >= patience:
			if err := w.stores.Notes.Insert(ctx, &Note{Name: failing, Text: cause.Error(), At: now}); err != nil {
				return fmt.Errorf("note that lookups fail: %w", err)
			}
			w.Trouble.Publish(ctx, Trouble{d, d.LastIP, cause.Error()})
		case since == nil:
			if err := w.stores.Notes.Insert(ctx, &Note{Name: struggling, Text: cause.Error(), At: now}); err != nil {
				return fmt.Errorf("note that a lookup failed: %w", err)
			}
		}
		return nil
	})
}

// notes are those there are, by name.
func (w *WHOIS) notes(ctx context.Context) (map[string]*Note, error) {
	found, err := w.stores.Notes.List(ctx, wispwright.ScopeAll(), NoteFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read how lookups go: %w", err)
	}
	out := map[string]*Note{}
	for _, n := range found.Rows {
		out[n.Name] = n
	}
	return out, nil
}

// keep stores what was answered.
func (w *WHOIS) keep(ctx context.Context, d *controller.Device, address netip.Addr, answer *Answer) error {
	return w.base.Do(ctx, "whois.Work", func(ctx context.Context) error {
		r := &Record{Address: address, Created: w.base.Now()}
		var changed []string
		put := func(r *Record) (err error) {
			changed, err = r.put(answer)
			r.Modified, r.UnreferencedSince = w.base.Now(), nil
			return err
		}
		known, err := w.record(ctx, address)
		if err != nil {
			return err
		}
		if known == nil {
			if err := put(r); err != nil {
				return err
			}
			if err := w.stores.Records.Insert(ctx, r); err != nil {
				return fmt.Errorf("keep what is known of %s: %w", address, err)
			}
		} else if r, err = w.stores.Records.Update(ctx, wispwright.ScopeAll(), address, put); err != nil {
			return err
		}
		notes, err := w.notes(ctx)
		if err != nil {
			return err
		}
		for name := range notes {
			if err := w.stores.Notes.Delete(ctx, wispwright.ScopeAll(), name); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return fmt.Errorf("forget that lookups failed: %w", err)
			}
		}
		w.Fetched.Publish(ctx, Fetched{r, changed, d})
		return nil
	})
}

// saved queues lookups of new addresses and marks those that devices left.
func (w *WHOIS) saved(ctx context.Context, changes ...entity.Change[controller.Device]) error {
	var jobs []Job
	var left []netip.Addr
	for _, c := range changes {
		after := c.After
		if after == nil {
			continue
		}
		moved := c.Before == nil || c.Before.LastIP != after.LastIP
		off := c.Before != nil && !c.Before.IsDeactivated && after.IsDeactivated
		if c.Before != nil && (moved || off) && Public(c.Before.LastIP) {
			left = append(left, c.Before.LastIP)
		}
		on := c.Before != nil && c.Before.IsDeactivated && !after.IsDeactivated
		if !moved && !on || after.IsDeactivated || !Public(after.LastIP) || !w.Configured() {
			continue
		}
		if err := w.stores.Records.Mark(ctx, nil, after.LastIP); err != nil {
			return err
		}
		wanted, err := w.Enabled(ctx, after.OrganizationID)
		if err != nil {
			return err
		}
		if wanted {
			jobs = append(jobs, Job{after.ID})
		}
	}
	if err := w.leave(ctx, nil, left...); err != nil || len(jobs) == 0 {
		return err
	}
	return w.options.Jobs.Enqueue(ctx, jobs...)
}

func (w *WHOIS) deleting(ctx context.Context, devices ...*controller.Device) error {
	var left []netip.Addr
	gone := map[wispwright.ID]bool{}
	for _, d := range devices {
		gone[d.ID] = true
		if Public(d.LastIP) {
			left = append(left, d.LastIP)
		}
	}
	return w.leave(ctx, gone, left...)
}

// perQuestion is how many addresses are asked for at once.
const perQuestion = 200

// leave marks the addresses that no active device is at, but for those that are
// about to be deleted.
func (w *WHOIS) leave(ctx context.Context, gone map[wispwright.ID]bool, addresses ...netip.Addr) error {
	now := w.base.Now()
	for start := 0; start < len(addresses); start += perQuestion {
		some := addresses[start:min(start+perQuestion, len(addresses))]
		used, err := w.used(ctx, gone, some)
		if err != nil {
			return err
		}
		var empty []netip.Addr
		for _, a := range some {
			if !used[a] {
				empty = append(empty, a)
			}
		}
		if len(empty) == 0 {
			continue
		}
		if err := w.stores.Records.Mark(ctx, &now, empty...); err != nil {
			return err
		}
	}
	return nil
}

// used are the addresses of a list that active devices were last seen at.
func (w *WHOIS) used(ctx context.Context, gone map[wispwright.ID]bool, addresses []netip.Addr) (map[netip.Addr]bool, error) {
	no, out := false, map[netip.Addr]bool{}
	f := controller.DeviceFilter{LastIPs: wispwright.Only(addresses...), IsDeactivated: &no}
	for page := (wispwright.Page{NoTotal: true, Limit: 1000}); ; page.Offset += page.Limit {
		found, err := w.devices.List(ctx, wispwright.ScopeAll(), f, page)
		if err != nil {
			return nil, err
		}
		for _, d := range found.Rows {
			if !gone[d.Device.ID] {
				out[d.Device.LastIP] = true
			}
		}
		if len(found.Rows) < page.Limit || len(out) == len(addresses) {
			return out, nil
		}
	}
}

// Clean corrects the marks of all records and deletes those that no device pointed
// to for the threshold. It returns the number of deleted ones.
func (w *WHOIS) Clean(ctx context.Context) (deleted int, err error) {
	now := w.base.Now()
	for at := (wispwright.Page{NoTotal: true, Limit: perQuestion, Order: []wispwright.Order{{Field: "Address"}}}); ; at.Offset += at.Limit {
		page, err := w.stores.Records.List(ctx, wispwright.ScopeAll(), RecordFilter{}, at)
		if err != nil {
			return deleted, err
		}
		if len(page.Rows) == 0 {
			break
		}
		var all, full []netip.Addr
		for _, r := range page.Rows {
			all = append(all, r.Address)
		}
		used, err := w.used(ctx, nil, all)
		if err != nil {
			return deleted, err
		}
		for a := range used {
			full = append(full, a)
		}
		if len(full) > 0 {
			if err := w.stores.Records.Mark(ctx, nil, full...); err != nil {
				return deleted, err
			}
		}
		if err := w.leave(ctx, nil, all...); err != nil {
			return deleted, err
		}
	}
	n, err := w.sweep(ctx, now.Add(-w.options.Threshold))
	return deleted + n, err
}

func (w *WHOIS) sweep(ctx context.Context, before time.Time) (deleted int, err error) {
	for {
		page, err := w.stores.Records.List(ctx, wispwright.ScopeAll(), RecordFilter{UnreferencedBefore: before}, wispwright.Page{NoTotal: true, Limit: perQuestion})
		if err != nil || len(page.Rows) == 0 {
			return deleted, err
		}
		for _, r := range page.Rows {
			if err := w.stores.Records.Delete(ctx, wispwright.ScopeAll(), r.Address); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return deleted, err
			}
			deleted++
		}
	}
}
