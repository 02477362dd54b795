package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/spool"
)

// openSpool opens what keeps documents while the time-series store is away, nil if that is
// switched off.
func (c *MonitoringConcern) openSpool(h *Host) (*spool.Spool, error) {
	if c.Config.SpoolLimit == 0 {
		return nil, nil
	}
	s, err := spool.Open(filepath.Join(h.Config().Data, "spool"), &spool.Options{Limit: c.Config.SpoolLimit, Log: h.Log()})
	if err != nil {
		return nil, err
	}
	h.AtStop(func(context.Context) error { return s.Close() })
	return s, nil
}

// replayEvery is how often it is looked whether the store is back.
const replayEvery = 2 * time.Second

// replay stores what waited, as soon as that is possible, until the server stops.
func (c *MonitoringConcern) replay(h *Host, s *spool.Spool) {
	tick := time.NewTicker(replayEvery)
	defer tick.Stop()
	for {
		if n, _ := s.Waiting(); n > 0 {
			if err := c.Collector.Replay(h.Lifetime(), c.replayed); err != nil && h.Lifetime().Err() == nil {
				h.Log().Warn("documents of the spool cannot be stored yet", "waiting", n, "error", err)
			}
		}
		select {
		case <-h.Lifetime().Done():
			return
		case <-tick.C:
		}
	}
}

// replayed returns a device as it is now, whose document waited.
func (c *MonitoringConcern) replayed(ctx context.Context, id wispwright.ID) (*monitoring.Device, error) {
	found, err := c.Controller.Devices.Get(ctx, everyone(), id)
	if err != nil {
		return nil, err
	}
	if found.Device.IsDeactivated {
		return nil, wispwright.ErrNotFound
	}
	d := &monitoring.Device{ID: id, OrganizationID: found.Device.OrganizationID, Name: found.Device.Name}
	if c.whereIs != nil {
		if d.LocationID, d.FloorplanID, err = c.whereIs(ctx, id); errors.Is(err, wispwright.ErrNotFound) {
			err = nil
		}
		if err != nil {
			return nil, fmt.Errorf("find the place of a device: %w", err)
		}
	}
	return d, nil
}
