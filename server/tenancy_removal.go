package server

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy/removal"
	"github.com/wispwright/wispwright/tenancy/removal/removalsql"
)

// mountRemovals deletes large organizations in the background: one job each, which asks
// for itself again until nothing is left.
func (t *TenancyConcern) mountRemovals(h *Host) error {
	store, err := removalsql.New(h.DB())
	if err != nil {
		return err
	}
	kind := jobs.Kind[wispwright.ID]{Name: "tenancy.removal", Queue: "removals", Workers: 2, Timeout: 5 * time.Minute, Key: wispwright.ID.String}
	queue := func(ctx context.Context, organization wispwright.ID) error {
		return kind.Insert(ctx, h.Jobs(), organization)
	}
	if t.removals, err = removal.New(h.DB(), store, t.Organizations, &removal.Options{Queue: queue, Log: h.Log()}); err != nil {
		return err
	}
	h.Jobs().Add(kind.Handle(func(ctx context.Context, organization wispwright.ID) error {
		more, err := t.removals.Work(ctx, organization)
		if err != nil || !more {
			return err
		}
		return queue(ctx, organization)
	}))
	return nil
}
