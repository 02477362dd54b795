package server

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/controller/subnetdivision/subnetdivisionhttp"
	"github.com/wispwright/wispwright/controller/subnetdivision/subnetdivisionsql"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/server/jobs"
)

// SubnetDivisionConcern divides subnets among devices. Make it with
// NewSubnetDivision.
type SubnetDivisionConcern struct {
	// Tenancy, Controller and IPAM are required; without VPN there are no rules for VPN
	// servers.
	Tenancy    *TenancyConcern
	Controller *ControllerConcern
	IPAM       *IPAMConcern
	VPN        *VPNConcern
	// Types are further kinds of rules.
	Types []subnetdivision.Type

	// Divisions is made by Mount.
	*subnetdivision.Divisions
}

var (
	_ WithModels        = (*SubnetDivisionConcern)(nil)
	_ WithEvents        = (*SubnetDivisionConcern)(nil)
	_ WithKinds         = (*SubnetDivisionConcern)(nil)
	_ WithNotifications = (*SubnetDivisionConcern)(nil)
)

// NewSubnetDivision returns the concern.
func NewSubnetDivision(t *TenancyConcern, c *ControllerConcern, i *IPAMConcern, v *VPNConcern) *SubnetDivisionConcern {
	out := &SubnetDivisionConcern{Tenancy: t, Controller: c, IPAM: i, VPN: v}
	out.extendLists()
	return out
}

// Name implements Concern.
func (c *SubnetDivisionConcern) Name() string { return "subnetdivision" }

// Migrations implements Concern.
func (c *SubnetDivisionConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{subnetdivisionsql.Migrations()}
}

// Models implements WithModels.
func (c *SubnetDivisionConcern) Models() []wispwright.Model { return subnetdivision.Models() }

// Events implements WithEvents.
func (c *SubnetDivisionConcern) Events() []event.Listed { return c.Divisions.Events() }

// Mount implements Concern.
func (c *SubnetDivisionConcern) Mount(_ context.Context, h *Host) error {
	if c.Divisions != nil {
		return errors.New("it is mounted already")
	}
	if err := errors.Join(h.Mounted(c.Tenancy), h.Mounted(c.Controller), h.Mounted(c.IPAM)); err != nil {
		return err
	}
	var tunnels *vpn.VPN
	if c.VPN != nil {
		if err := h.Mounted(c.VPN); err != nil {
			return err
		}
		tunnels = c.VPN.VPN
	}
	stores, err := subnetdivisionsql.New(h.DB())
	if err != nil {
		return err
	}
	queue := divisionQueue{h.Jobs(), jobs.Kind[subnetdivision.Job]{Name: "subnetdivision.work", Queue: "subnetdivision", Timeout: 2 * time.Hour, Key: subnetdivision.Job.Key}}
	base := &entity.Base{Tx: h.DB(), Recorder: c.Tenancy.Trail, Tenants: c.Tenancy.Organizations}
	c.Divisions, err = subnetdivision.New(base, stores, c.Controller.Controller, c.IPAM.IPAM, tunnels, &subnetdivision.Options{
		Types: append(subnetdivision.DefaultTypes(), c.Types...), Jobs: queue, Bus: h.DB(), Log: h.Log(),
		Reuse: c.IPAM.Config.ReuseBlocks, Direct: c.IPAM.Config.DirectAddresses, WarnBelow: warnBelow(c.IPAM.Config.WarnBelow),
	})
	if err != nil {
		return err
	}
	h.Jobs().Add(queue.kind.Handle(func(ctx context.Context, job subnetdivision.Job) error {
		return c.Work(wispwright.WithCaller(ctx, wispwright.System("subnetdivision")), job)
	}))
	wire, err := subnetdivisionhttp.New(c.Divisions, c.IPAM.Subnets, c.Controller.Devices)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	c.IPAM.generated = c.generated
	return c.Start(h.Lifetime())
}

// generated are the subnets that rules made, and the addresses of subnets that they took.
func (c *SubnetDivisionConcern) generated(ctx context.Context) (map[wispwright.ID]bool, error) {
	entries, err := c.Entries(ctx, subnetdivision.EntryFilter{}, wispwright.Page{NoTotal: true})
	out := make(map[wispwright.ID]bool, len(entries.Rows))
	for _, e := range entries.Rows {
		if e.Number > 0 {
			out[e.SubnetID] = true
		} else {
			out[e.AddressID] = true
		}
	}
	return out, err
}

// divisionQueue queues the concern's work.
type divisionQueue struct {
	queue *jobs.Queue
	kind  jobs.Kind[subnetdivision.Job]
}

// Enqueue implements subnetdivision.Jobs.
func (q divisionQueue) Enqueue(ctx context.Context, list ...subnetdivision.Job) error {
	return q.kind.Insert(ctx, q.queue, list...)
}

// Kinds implements WithKinds.
func (c *SubnetDivisionConcern) Kinds() []Kind {
	return []Kind{NewKind(KindOptions[subnetdivision.Rule]{Kind: "subnet_division.subnetdivisionrule", Event: "subnet_division_rule", Label: "Subnet division rule", Changed: &c.Rules.Changed,
		Subject: func(r *subnetdivision.Rule) Subject { return Subject{r.OrganizationID, r.ID.String(), r.Label, nil} }})}
}

// NotificationTypes implements WithNotifications: what is told has its own text.
func (c *SubnetDivisionConcern) NotificationTypes() []notifications.Type { return nil }

// WebhookEvents implements WithNotifications: there are none beside.
func (c *SubnetDivisionConcern) WebhookEvents() []webhooks.Event { return nil }

// Notify implements WithNotifications: people are told of subnets without room
// (spec: subnet-division §6).
func (c *SubnetDivisionConcern) Notify(n *NotificationsConcern) []Wire {
	return []Wire{{"subnetdivision.Scarce", "notifications: generic_message", hook(c.Scarce.Within, func(ctx context.Context, list ...subnetdivision.Scarcity) error {
		events := make([]notifications.Event, 0, len(list))
		for _, x := range list {
			events = append(events, notifications.Event{
				Type: notifications.GenericMessage, Level: notifications.Warning, Target: deviceRef(x.Device.ID), Actor: deviceRef(x.Device.ID),
				Action:      notifications.Ref{Kind: "openwisp_ipam.subnet", ID: x.Master.ID.String()},
				Description: "The rule {rule} has room in the {subnet} subnet for {room} more devices.",
				Data: map[string]any{"message": "A subnet is nearly full since [{notification.target}]({notification.target_link}) got its networks",
					"subnet": x.Master.Name + " " + x.Master.Subnet.String(), "rule": x.Rule.Label, "room": x.Room},
			})
		}
		return n.Post(ctx, events...)
	})}, {"subnetdivision.Exhausted", "notifications: generic_message", hook(c.Exhausted.Within, func(ctx context.Context, list ...subnetdivision.Exhaustion) error {
		events := make([]notifications.Event, 0, len(list))
		for _, x := range list {
			events = append(events, notifications.Event{
				Type: notifications.GenericMessage, Level: notifications.Error, Target: deviceRef(x.Device.ID), Actor: deviceRef(x.Device.ID),
				Action:      notifications.Ref{Kind: "openwisp_ipam.subnet", ID: x.Master.ID.String()},
				Description: "The {subnet} subnet has run out of space.",
				Data: map[string]any{"message": "Failed to provision subnets for [{notification.target}]({notification.target_link})",
					"subnet": x.Master.Name + " " + x.Master.Subnet.String()},
			})
		}
		return n.Post(ctx, events...)
	})}}
}

// warnBelow is the setting as the concern takes it: none is the default there.
func warnBelow(devices int64) int64 {
	if devices == 0 {
		return -1 // nobody is left: Exhausted tells
	}
	return devices
}
