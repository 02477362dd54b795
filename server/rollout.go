package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/rollout/rollouthttp"
	"github.com/wispwright/wispwright/rollout/rolloutsql"
	"github.com/wispwright/wispwright/server/jobs"
)

// RolloutConcern carries changes to many devices in waves. What is rolled out is
// registered by other concerns. Make it with NewRollout.
type RolloutConcern struct {
	// Tenancy has the organizations and the history; it is required.
	Tenancy *TenancyConcern
	// Gates say whether devices are worse than before; concerns add theirs with
	// AddGate when they are mounted.
	Gates []rollout.Gate

	// Service is made by Mount.
	*rollout.Service
}

var (
	_ WithModels        = (*RolloutConcern)(nil)
	_ WithEvents        = (*RolloutConcern)(nil)
	_ WithKinds         = (*RolloutConcern)(nil)
	_ WithNotifications = (*RolloutConcern)(nil)
)

// NewRollout returns the concern.
func NewRollout(t *TenancyConcern) *RolloutConcern { return &RolloutConcern{Tenancy: t} }

// Name implements Concern.
func (c *RolloutConcern) Name() string { return "rollout" }

// Migrations implements Concern.
func (c *RolloutConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{rolloutsql.Migrations()}
}

// Models implements WithModels.
func (c *RolloutConcern) Models() []wispwright.Model { return rollout.Models() }

// Events implements WithEvents.
func (c *RolloutConcern) Events() []event.Listed { return c.Service.Events() }

// dueEvery is how often rollouts are looked for whose next turn is due.
const dueEvery = 2 * time.Second

// Mount implements Concern.
func (c *RolloutConcern) Mount(_ context.Context, h *Host) error {
	if c.Service != nil {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Tenancy); err != nil {
		return err
	}
	stores, err := rolloutsql.New(h.DB())
	if err != nil {
		return err
	}
	turns := idQueue{h.Jobs(), jobs.Kind[wispwright.ID]{Name: "rollout.turn", Queue: "rollout", Timeout: 10 * time.Minute, Key: wispwright.ID.String}}
	base := &entity.Base{Tx: h.DB(), Recorder: c.Tenancy.Trail, Tenants: c.Tenancy.Organizations}
	if c.Service, err = rollout.New(base, stores, &rollout.Options{Jobs: turns, Gates: c.Gates, Log: h.Log()}); err != nil {
		return err
	}
	h.Jobs().Add(turns.kind.Handle(func(ctx context.Context, id wispwright.ID) error {
		return c.Work(wispwright.WithCaller(ctx, wispwright.System("rollout")), id)
	}))
	wire, err := rollouthttp.New(c.Service)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	h.AtStart(func(context.Context) error {
		if !h.Config().Jobs.Off {
			go c.keepTurning(h.Lifetime(), h)
		}
		return nil
	})
	return nil
}

// keepTurning queues turns that are due until the server stops.
func (c *RolloutConcern) keepTurning(ctx context.Context, h *Host) {
	tick := time.NewTicker(dueEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := c.Due(ctx); err != nil && ctx.Err() == nil {
			h.Log().Warn("rollouts that are due could not be taken up; it is tried again", "error", err)
		}
	}
}

// idQueue queues work on objects, once for each.
type idQueue struct {
	queue *jobs.Queue
	kind  jobs.Kind[wispwright.ID]
}

// Enqueue implements rollout.Jobs and plan.Jobs.
func (q idQueue) Enqueue(ctx context.Context, ids ...wispwright.ID) error {
	return q.kind.Insert(ctx, q.queue, ids...)
}

const rolloutKind = "rollout.rollout"

// Kinds implements WithKinds.
func (c *RolloutConcern) Kinds() []Kind {
	return []Kind{NewKind(KindOptions[rollout.Rollout]{Kind: rolloutKind, Event: "rollout", Label: "Rollout", Changed: &c.Service.Changed,
		Subject: func(r *rollout.Rollout) Subject {
			return Subject{r.OrganizationID, r.ID.String(), r.Label, map[string]any{"kind": r.Kind, "status": string(r.Status)}}
		},
		Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*rollout.Rollout, error) {
			found, err := c.List(ctx, everyone(), rollout.RolloutFilter{IDs: ids}, unpaged)
			return found.Rows, err
		})})}
}

// NotificationTypes implements WithNotifications.
func (c *RolloutConcern) NotificationTypes() []notifications.Type {
	one := func(name, label, verb string, level notifications.Level) notifications.Type {
		return notifications.Type{Name: name, Label: label, Level: level, Verb: verb, Models: []string{rolloutKind},
			Subject: `[{site.name}] Rollout "{notification.target}" {notification.verb}`,
			Message: "The rollout [{notification.target}]({notification.target_link}) {notification.verb}. {reason}"}
	}
	return []notifications.Type{
		one("rollout_stopped", "Rollout STOPPED", "was stopped", notifications.Error),
		one("rollout_waits", "Rollout WAITS", "waits for approval", notifications.Warning),
		one("rollout_done", "Rollout DONE", "reached its devices", notifications.Success),
		one("rollout_rolled_back", "Rollout TAKEN BACK", "was taken back", notifications.Warning),
	}
}

// WebhookEvents implements WithNotifications: a rollout that goes from one status to
// another is one that changed.
func (c *RolloutConcern) WebhookEvents() []webhooks.Event { return nil }

// Notify implements WithNotifications: people are told of what they did not decide
// themselves.
func (c *RolloutConcern) Notify(n *NotificationsConcern) []Wire {
	return []Wire{{"rollout.StatusChanged", "notifications: rollout_stopped, rollout_waits, rollout_done, rollout_rolled_back", hook(c.StatusChanged.Within, func(ctx context.Context, list ...rollout.Moved) error {
		var events []notifications.Event
		for _, m := range list {
			r := m.Rollout
			name := map[rollout.Status]string{rollout.Stopped: "rollout_stopped", rollout.Done: "rollout_done", rollout.RolledBack: "rollout_rolled_back"}[r.Status]
			if r.Status == rollout.Paused && r.WaveEnded != nil {
				name = "rollout_waits"
			}
			if name == "" {
				continue
			}
			ref := notifications.Ref{Kind: rolloutKind, ID: r.ID.String()}
			reason := r.Reason
			if r.Status == rollout.Done {
				reason = fmt.Sprintf("It had %d devices in %d waves.", r.Total, r.Waves)
			}
			events = append(events, notifications.Event{Type: name, Actor: ref, Target: ref, Data: map[string]any{"reason": reason}})
		}
		return n.Post(ctx, events...)
	})}}
}
