package subnetdivision

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/ipam"
)

// JobKind says what a Job does.
type JobKind string

// The kinds of jobs.
const (
	// JobProvision gives the networks of a new rule to devices that are there.
	JobProvision JobKind = "provision"
	// JobAdapt follows another label or more addresses of a rule.
	JobAdapt JobKind = "adapt"
	// JobRemove takes back what devices have of a deleted rule.
	JobRemove JobKind = "remove"
	// JobDevice gives a device what the rules of its organization have for it.
	JobDevice JobKind = "device"
)

// Job is work that follows from a change. It is plain data: a queue may store it as
// JSON.
type Job struct {
	// Kind says what to do, ID to which rule or device.
	Kind JobKind
	ID   wispwright.ID
	// Type is that of a deleted rule.
	Type string
}

// Key is the same for jobs that are the same work.
func (j Job) Key() string { return string(j.Kind) + " " + j.ID.String() }

// Jobs queues work. Enqueue is called inside the transaction that causes the jobs; the
// queue calls Divisions.Work for each after the commit, again when it returns an error.
type Jobs interface {
	Enqueue(ctx context.Context, jobs ...Job) error
}

// atOnce is how many devices one transaction of a job deals with.
const atOnce = 100

// Work does a job. It may be called again after an error or a crash: what was done
// already is left alone.
func (d *Divisions) Work(ctx context.Context, job Job) error {
	c := d.core
	var err error
	switch job.Kind {
	case JobProvision:
		err = c.workProvision(ctx, job.ID)
	case JobAdapt:
		err = c.workAdapt(ctx, job.ID)
	case JobRemove:
		err = c.workRemove(ctx, job.ID)
	case JobDevice:
		err = c.workDevice(ctx, job.ID)
	default:
		err = fmt.Errorf("unknown kind of job %q", job.Kind)
	}
	if err != nil {
		return fmt.Errorf("subnetdivision: %s %s: %w", job.Kind, job.ID, err)
	}
	return nil
}

// rule reads a rule for a job. One that is missing is only worth a warning.
func (c *core) rule(ctx context.Context, id wispwright.ID, what string) (*Rule, error) {
	r, err := c.stores.Rules.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		c.Log.WarnContext(ctx, fmt.Sprintf("Failed to %s Subnet Division Rule with id: %q, reason: %v", what, id, err))
		return nil, nil
	}
	return r, err
}

func (c *core) workProvision(ctx context.Context, id wispwright.ID) error {
	r, err := c.rule(ctx, id, "provision IPs on existing devices for")
	if err != nil || r == nil {
		return err
	}
	t := c.typeOf(r.Type)
	if t == nil {
		return nil
	}
	existing := t.Existing
	switch {
	case existing != nil:
	case t.AtVPN && c.vpn != nil:
		return c.provisionClients(ctx, r)
	case t.AtConfiguration:
		existing = c.configured
	default:
		return nil
	}
	devices, err := existing(ctx, r)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(devices, atOnce) {
		err = c.kit.Do(ctx, "subnetdivision: existing devices", func(ctx context.Context) error {
			ids := make([]wispwright.ID, len(some))
			for i, d := range some {
				ids[i] = d.ID
				if _, err := c.give(ctx, r, d); err != nil {
					return err
				}
			}
			return c.ctl.Devices.Renew(ctx, "subnet division rule "+r.Label+" added", ids...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// configured are the devices of a rule's organization that have a configuration.
func (c *core) configured(ctx context.Context, r *Rule) ([]*controller.Device, error) {
	yes := true
	found, err := c.ctl.Devices.List(ctx, wispwright.ScopeAll(), controller.DeviceFilter{OrganizationID: r.OrganizationID, HasConfig: &yes}, wispwright.Page{NoTotal: true})
	out := make([]*controller.Device, 0, len(found.Rows))
	for _, d := range found.Rows {
		out = append(out, d.Device)
	}
	return out, err
}

// provisionClients gives the networks of a new rule to the clients of servers in its
// subnet, and their addresses to the clients.
func (c *core) provisionClients(ctx context.Context, r *Rule) error {
	servers, err := c.vpn.Servers.List(ctx, wispwright.ScopeAll(), vpn.ServerFilter{SubnetID: r.MasterSubnetID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, s := range servers.Rows {
		clients, err := c.vpn.Clients.List(ctx, wispwright.ScopeAll(), vpn.ClientFilter{ServerID: s.ID, OrganizationID: r.OrganizationID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, cl := range clients.Rows {
			d, err := c.ctl.Devices.Get(ctx, wispwright.ScopeAll(), cl.DeviceID)
			if errors.Is(err, wispwright.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			err = c.kit.Do(ctx, "subnetdivision: existing client", func(ctx context.Context) error {
				first, mine, err := c.Give(ctx, s, d.Device)
				if err != nil || !mine || !first.Value.IsValid() {
					return err
				}
				return c.vpn.Clients.Readdress(ctx, cl.ID, first)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// workAdapt renames variables and networks, and takes further addresses.
func (c *core) workAdapt(ctx context.Context, id wispwright.ID) error {
	r, err := c.rule(ctx, id, "update indexes for")
	if err != nil || r == nil {
		return err
	}
	yes := true
	networks, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), EntryFilter{RuleID: id, Networks: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, e := range networks.Rows {
		if err := c.holding(ctx, r, func(ctx context.Context) error { return c.adapt(ctx, r, e) }); err != nil {
			return err
		}
	}
	if !r.direct() {
		return nil
	}
	// the first address of each device stands for all of them
	all, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), EntryFilter{RuleID: id, Direct: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	done := map[wispwright.ID]bool{}
	for _, e := range all.Rows {
		if done[e.DeviceID] {
			continue
		}
		done[e.DeviceID] = true
		if err := c.holding(ctx, r, func(ctx context.Context) error { return c.adaptDirect(ctx, r, e.DeviceID) }); err != nil {
			return err
		}
	}
	return nil
}

// holding does something in a transaction that holds the rules of a rule's subnet.
func (c *core) holding(ctx context.Context, r *Rule, do func(context.Context) error) error {
	return c.kit.Do(ctx, "subnetdivision: adapt", func(ctx context.Context) error {
		if _, err := c.stores.Rules.Hold(ctx, r.MasterSubnetID); err != nil {
			return err
		}
		return do(ctx)
	})
}

// adapt makes one network of a device what its rule says.
func (c *core) adapt(ctx context.Context, r *Rule, of *Entry) error {
	found, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), EntryFilter{RuleID: r.ID, DeviceID: of.DeviceID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	last, first, changed := int64(0), int64(1), false
	for _, e := range found.Rows {
		if e.Number != of.Number {
			continue
		}
		keyword := subnetKeyword(r.Label, e.Number)
		if e.Ordinal > 0 {
			keyword = addressKeyword(r.Label, e.Number, e.Ordinal)
			if last = max(last, e.Ordinal); e.Ordinal == 1 && parseAddr(e.Value) == of.network().Addr() {
				first = 0
			}
		}
		if e.Keyword == keyword {
			continue
		}
		changed = true
		if _, err := c.stores.Entries.Update(ctx, wispwright.ScopeAll(), e.ID, func(e *Entry) error { e.Keyword = keyword; return nil }); err != nil {
			return err
		}
		if e.Ordinal == 0 {
			_, err := c.ipam.Subnets.Update(ctx, wispwright.ScopeAll(), e.SubnetID, func(n *ipam.Subnet) error {
				n.Name, n.Description = keyword, describe(r.Label)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	if last < r.NumberOfIPs {
		more, err := c.addresses(ctx, r, of, first, last+1, r.NumberOfIPs)
		if err != nil {
			return err
		}
		if err := c.stores.Entries.InsertMany(ctx, more); err != nil {
			return err
		}
		changed = true
	}
	if !changed {
		return nil
	}
	return c.ctl.Devices.Renew(ctx, "subnet division rule "+r.Label+" changed", of.DeviceID)
}

// workRemove takes back what devices have of a deleted rule. Clients whose address was
// one of these get another of their server's subnet when they are rendered anew.
func (c *core) workRemove(ctx context.Context, id wispwright.ID) error {
	for {
		some, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), EntryFilter{RuleID: id}, wispwright.Page{Limit: atOnce, NoTotal: true})
		if err != nil || len(some.Rows) == 0 {
			return err
		}
		err = c.kit.Do(ctx, "subnetdivision: deleted rule", func(ctx context.Context) error {
			devices := map[wispwright.ID]bool{}
			for _, e := range some.Rows {
				if err := c.letGo(ctx, e); err != nil {
					return err
				}
				devices[e.DeviceID] = true
			}
			for device := range devices {
				if err := c.takeAll(ctx, EntryFilter{RuleID: id, DeviceID: device}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// takeAll takes back what entries stand for, and removes also those of what is gone.
func (c *core) takeAll(ctx context.Context, f EntryFilter) error {
	if err := c.takeBack(ctx, f); err != nil {
		return err
	}
	left, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	ids := make([]wispwright.ID, len(left.Rows))
	for i, e := range left.Rows {
		ids[i] = e.ID
	}
	return c.stores.Entries.DeleteMany(ctx, ids...)
}

// letGo takes the addresses of a network from VPN clients, or one address of the subnet
// itself.
func (c *core) letGo(ctx context.Context, of *Entry) error {
	if c.vpn == nil || of.Number > 0 && of.Ordinal > 0 {
		return nil
	}
	clients, err := c.vpn.Clients.List(ctx, wispwright.ScopeAll(), vpn.ClientFilter{DeviceID: of.DeviceID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, cl := range clients.Rows {
		if cl.Address.IsValid() && (cl.AddressID == of.AddressID || of.network().IsValid() && of.network().Contains(cl.Address)) {
			if err := c.vpn.AddressesChanged(ctx, vpn.Address{ID: cl.AddressID}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *core) workDevice(ctx context.Context, id wispwright.ID) error {
	d, err := c.ctl.Devices.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil || d.Config == nil {
		return err
	}
	return c.kit.Do(ctx, "subnetdivision: device", func(ctx context.Context) error {
		if err := c.giveAll(ctx, d.Device); err != nil {
			return err
		}
		return c.ctl.Devices.Renew(ctx, "moved to another organization", id)
	})
}

func parseAddr(text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{} // a network
	}
	return a
}

// inline does jobs as soon as they exist.
type inline struct{ d *Divisions }

// Enqueue implements Jobs.
func (q *inline) Enqueue(ctx context.Context, jobs ...Job) error {
	wispwright.AfterCommit(ctx, func() {
		background := wispwright.WithCaller(context.WithoutCancel(ctx), wispwright.System("subnetdivision"))
		for _, job := range jobs {
			if err := q.d.Work(background, job); err != nil {
				q.d.Log.ErrorContext(ctx, "a job of subnet division failed", "kind", string(job.Kind), "id", job.ID.String(), "error", err)
			}
		}
	})
	return nil
}
