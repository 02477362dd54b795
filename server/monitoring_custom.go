package server

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/custom"
	"github.com/wispwright/wispwright/monitoring/custom/customhttp"
	"github.com/wispwright/wispwright/monitoring/custom/customsql"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// declared returns the values of metrics that organizations declared; the service is made
// after monitoring, whose registry it tells of them.
func (c *MonitoringConcern) declared(ctx context.Context, organization wispwright.ID, doc *ordered.Object) ([]monitoring.DeclaredValue, error) {
	return c.custom.Read(ctx, organization, doc)
}

// mountCustom makes what lets organizations declare metrics.
func (c *MonitoringConcern) mountCustom(h *Host) error {
	store, err := customsql.New(h.DB())
	if err != nil {
		return err
	}
	t := c.Controller.Tenancy.Tenancy
	base := &entity.Base{Tx: h.DB(), Recorder: t.Trail, Tenants: t.Organizations}
	c.custom, err = custom.New(base, store, c.Registry(), &custom.Options{Bus: h.DB(), Log: h.Log(), Reloaded: func() {
		c.MetricsChanged()
		if err := c.Health.Forget(h.Lifetime()); err != nil && h.Lifetime().Err() == nil {
			h.Log().Warn("thresholds of declared metrics are not known yet", "error", err)
		}
	}})
	if err != nil {
		return err
	}
	wire, err := customhttp.New(c.custom)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	c.custom.Changed.Within("monitoring: metrics of kinds that are declared no more", func(ctx context.Context, list ...entity.Change[custom.Metric]) error {
		for _, change := range list {
			if change.After != nil {
				continue
			}
			gone, err := c.RemoveKind(ctx, change.Before.Kind())
			if err != nil {
				return err
			}
			if err := c.Health.Removed(ctx, gone...); err != nil {
				return err
			}
		}
		return nil
	})
	h.AtStart(func(context.Context) error { return c.custom.Start(h.Lifetime()) })
	return nil
}
