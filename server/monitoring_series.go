package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/influxdb"
	"github.com/wispwright/wispwright/monitoring/timeseries/victoriametrics"
)

// series opens the time-series store that the settings name.
func (c *MonitoringConcern) series(ctx context.Context, h *Host) (timeseries.Store, error) {
	c.open = func(ctx context.Context, address string) (timeseries.Store, error) {
		return c.openSeries(ctx, h, address)
	}
	c.store = c.Series
	if c.store == nil {
		var err error
		if c.store, err = c.open(ctx, c.Config.TimeSeries); err != nil {
			return nil, err
		}
	}
	return c.store, nil
}

// openSeries opens a store by its address. Documents, and what else the store of
// another make has no place for, stay in the embedded one.
func (c *MonitoringConcern) openSeries(ctx context.Context, h *Host, address string) (timeseries.Store, error) {
	switch scheme, _, _ := strings.Cut(address, "://"); scheme {
	case "influxdb", "influxdbs":
		o, err := influxdb.ParseURL(address)
		if err != nil {
			return nil, err
		}
		if o.Documents, err = c.embedded(ctx, h, ""); err != nil {
			return nil, err
		}
		o.Keep, o.KeepShort = c.Config.Retention, c.Config.ShortRetention
		s, err := influxdb.New(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("open the time series: %w", err)
		}
		return s, nil
	case "victoriametrics", "victoriametricss":
		o, err := victoriametrics.ParseURL(address)
		if err != nil {
			return nil, err
		}
		if o.Beside, err = c.embedded(ctx, h, ""); err != nil {
			return nil, err
		}
		o.Keep, o.KeepShort = c.Config.Retention, c.Config.ShortRetention
		return victoriametrics.New(o)
	}
	return c.embedded(ctx, h, address)
}

// checkSeries says what is wrong with the address of a store.
func checkSeries(address string) error {
	scheme, _, named := strings.Cut(address, "://")
	if !named {
		return nil // a file
	}
	switch scheme {
	case "postgres", "postgresql":
		return nil
	case "influxdb", "influxdbs":
		_, err := influxdb.ParseURL(address)
		return err
	case "victoriametrics", "victoriametricss":
		_, err := victoriametrics.ParseURL(address)
		return err
	}
	return fmt.Errorf("%s:// is no store of time series: postgres://, influxdb://, victoriametrics://, or a file", scheme)
}
