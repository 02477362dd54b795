package server

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/dashboard"
	"github.com/wispwright/wispwright/server/dashboard/sysinfo"
)

// dashboardConcern has the charts of the others, how people arrange them, and what
// the installation is made of.
type dashboardConcern struct {
	Tenancy *TenancyConcern
	mounted bool
}

var (
	_ Concern          = (*dashboardConcern)(nil)
	_ dashboard.Source = (*ControllerConcern)(nil)
	_ dashboard.Source = (*GeoConcern)(nil)
	_ dashboard.Source = (*MonitoringConcern)(nil)
	_ dashboard.Source = (*RadiusConcern)(nil)
)

// Name implements Concern.
func (c *dashboardConcern) Name() string { return "dashboard" }

// Migrations implements Concern.
func (c *dashboardConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{dashboard.Migrations()}
}

// Mount implements Concern. The charts are gathered when all concerns stand ready,
// so that those of a vendor's come in wherever it is in the list.
func (c *dashboardConcern) Mount(_ context.Context, h *Host) error {
	if c.mounted {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Tenancy); err != nil {
		return err
	}
	c.mounted = true
	registry := &dashboard.Registry{}
	h.ready = append(h.ready, func() error {
		for _, one := range h.mounted {
			if s, ok := one.(dashboard.Source); ok {
				if err := registry.Register(s.Charts()...); err != nil {
					return err
				}
			}
		}
		return nil
	})
	dashboard.Mount(h.API(), registry, dashboard.NewLayouts(h.DB()), h.Log())
	sysinfo.Mount(h.API(), &sysinfo.Source{DB: h.DB(), Version: h.Build(), Started: time.Now(), Parts: func() (names []string) {
		for _, one := range h.mounted {
			names = append(names, one.Name())
		}
		return names
	}})
	return nil
}
