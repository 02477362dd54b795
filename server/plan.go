package server

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/controller/plan/planhttp"
	"github.com/wispwright/wispwright/controller/plan/plansql"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
)

// PlanConcern keeps changes of configurations as plans, says what they would do,
// and carries them out in waves. Make it with NewPlan.
type PlanConcern struct {
	// Tenancy, Controller and Rollout are required.
	Tenancy    *TenancyConcern
	Controller *ControllerConcern
	Rollout    *RolloutConcern
	// NeedsSignature lets only plans be applied that somebody else than their maker
	// approved of.
	NeedsSignature bool

	// Plans is made by Mount.
	*plan.Plans
}

var (
	_ WithModels   = (*PlanConcern)(nil)
	_ WithEvents   = (*PlanConcern)(nil)
	_ WithKinds    = (*PlanConcern)(nil)
	_ WithCommands = (*PlanConcern)(nil)
)

// NewPlan returns the concern.
func NewPlan(t *TenancyConcern, c *ControllerConcern, r *RolloutConcern) *PlanConcern {
	return &PlanConcern{Tenancy: t, Controller: c, Rollout: r}
}

// Name implements Concern.
func (c *PlanConcern) Name() string { return "plan" }

// Migrations implements Concern.
func (c *PlanConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{plansql.Migrations()}
}

// Models implements WithModels.
func (c *PlanConcern) Models() []wispwright.Model { return plan.Models() }

// Events implements WithEvents.
func (c *PlanConcern) Events() []event.Listed { return c.Plans.Events() }

// Mount implements Concern.
func (c *PlanConcern) Mount(_ context.Context, h *Host) error {
	if c.Plans != nil {
		return errors.New("it is mounted already")
	}
	if err := errors.Join(h.Mounted(c.Tenancy), h.Mounted(c.Controller), h.Mounted(c.Rollout)); err != nil {
		return err
	}
	stores, err := plansql.New(h.DB())
	if err != nil {
		return err
	}
	queue := idQueue{h.Jobs(), jobs.Kind[wispwright.ID]{Name: "plan.rehearse", Queue: "plan", Timeout: 30 * time.Minute, Key: wispwright.ID.String}}
	base := &entity.Base{Tx: h.DB(), Recorder: c.Tenancy.Trail, Tenants: c.Tenancy.Organizations}
	c.Plans, err = plan.New(base, stores, c.Controller.Controller, c.Rollout.Service, &plan.Options{
		Jobs: queue, AwayAfter: c.Controller.Config.SilentAfter, NeedsSignature: c.NeedsSignature, Log: h.Log(),
	})
	if err != nil {
		return err
	}
	h.Jobs().Add(queue.kind.Handle(func(ctx context.Context, id wispwright.ID) error {
		return c.Work(wispwright.WithCaller(ctx, wispwright.System("plan")), id)
	}))
	wire, err := planhttp.New(c.Plans)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	return nil
}

// Kinds implements WithKinds.
func (c *PlanConcern) Kinds() []Kind {
	return []Kind{NewKind(KindOptions[plan.Plan]{Kind: "config.plan", Event: "plan", Label: "Plan", Changed: &c.Plans.Changed,
		Subject: func(p *plan.Plan) Subject {
			return Subject{p.OrganizationID, p.ID.String(), p.Name, map[string]any{"status": string(p.Status)}}
		},
		Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*plan.Plan, error) {
			found, err := c.List(ctx, everyone(), plan.PlanFilter{IDs: ids}, unpaged)
			return found.Rows, err
		})})}
}
