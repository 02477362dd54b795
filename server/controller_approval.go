package server

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/approval"
	"github.com/wispwright/wispwright/controller/approval/approvalhttp"
	"github.com/wispwright/wispwright/controller/approval/approvalsql"
	"github.com/wispwright/wispwright/controller/controllerhttp"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

// approvalAge is how long a registration is kept whose device does not ask any more.
const approvalAge = 30 * 24 * time.Hour

// gated is the device protocol whose registrations may wait.
type gated struct {
	controllerhttp.Agent
	gate approval.Agents
}

// Register implements controllerhttp.Agent.
func (g gated) Register(ctx context.Context, r protocol.Registration) (*controller.Registered, error) {
	return g.gate.Register(ctx, r)
}

// mountApproval adds the registrations that wait, and returns the device protocol
// that holds them back. Programs with organizations of their own have none.
func (c *ControllerConcern) mountApproval(h *Host, recorder wispwright.Recorder) (controllerhttp.Agent, error) {
	if c.Tenancy == nil {
		return c.Agents, nil
	}
	stores, err := approvalsql.New(h.DB())
	if err != nil {
		return nil, err
	}
	if c.approval, err = approval.New(&entity.Base{Tx: h.DB(), Recorder: recorder, Tenants: c.Tenancy.Organizations}, stores); err != nil {
		return nil, err
	}
	c.approval.Attach(c.Agents)
	wire, err := approvalhttp.New(c.approval, func(ctx context.Context, id wispwright.ID) error {
		_, err := c.Tenancy.Organizations.Tenant(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	wire.Mount(h.API())
	h.Daily("controller.approval.clean", func(ctx context.Context) error {
		_, err := c.approval.Prune(ctx, approvalAge)
		return err
	})
	return gated{c.Agents, c.approval.Gate(c.Agents)}, nil
}

const waitsType = "device_waits"

// approvalWires tell people and webhooks of devices that wait.
func (c *ControllerConcern) approvalWires(n *NotificationsConcern) []Wire {
	if c.approval == nil {
		return nil
	}
	Offer(n, &c.approval.Waits, func(_ context.Context, r approval.Registration) []webhooks.Message {
		m := n.Message(deviceKind, Subject{OrganizationID: r.OrganizationID, ID: r.ID.String(), Name: r.Name}, "device.waits", "info", "Device "+quoted(r.Name)+"waits for approval")
		m.Data["mac_address"], m.Data["model"] = r.MACAddress, r.Model
		return []webhooks.Message{m}
	})
	return []Wire{{"approval.Waits", "notifications: device_waits", hook(c.approval.Waits.Within, func(ctx context.Context, list ...approval.Registration) error {
		var events []notifications.Event
		for _, r := range list {
			organization := notifications.Ref{Kind: "openwisp_users.organization", ID: r.OrganizationID.String()}
			events = append(events, notifications.Event{Type: waitsType, Actor: organization, Target: organization,
				Data: map[string]any{"name": r.Name, "mac_address": r.MACAddress}})
		}
		return n.Post(ctx, events...)
	})}}
}
