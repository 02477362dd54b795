package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

var _ WithCommands = (*MonitoringConcern)(nil)

// Commands implements WithCommands; run_checks has the name it has in OpenWISP.
func (c *MonitoringConcern) Commands() []any {
	return []any{&struct {
		Run        runChecks     `cmd:"" name:"run_checks" help:"Make all active checks due now; a running server runs them."`
		TimeSeries seriesCommand `cmd:"" name:"timeseries" help:"What devices measured, and where it is kept."`
	}{}}
}

type seriesCommand struct {
	Copy seriesCopy `cmd:"" help:"Copy all points, and the last document of each device, from one store to another."`
}

type seriesCopy struct {
	From  string `arg:"" help:"Where points are: embedded, the file of an SQLite database, postgres://…, influxdb://… or victoriametrics://…, as in monitoring.timeseries."`
	To    string `arg:"" help:"Where they go to, as FROM."`
	State string `help:"A file that keeps how far the copy is; a copy that broke off goes on from it." type:"path"`
	Until string `help:"Copy points up to this time, such as 2026-01-31T12:00:00Z. Default: now."`
}

// Run copies. Points may be written meanwhile: those since its start are copied by
// running it once more with the same state.
func (s seriesCopy) Run(ctx context.Context, p *Session, c *MonitoringConcern) error {
	if s.From == s.To {
		return fmt.Errorf("%w: FROM and TO are the same", ErrUsage)
	}
	for _, address := range []string{s.From, s.To} {
		if err := checkSeries(address); err != nil {
			return fmt.Errorf("%w: %w", ErrUsage, err)
		}
	}
	plan := timeseries.CopyPlan{Until: time.Now()}
	if s.Until != "" {
		var err error
		if plan.Until, err = time.Parse(time.RFC3339, s.Until); err != nil {
			return fmt.Errorf("%w: --until: %w", ErrUsage, err)
		}
	}
	state, err := s.load()
	if err != nil {
		return err
	}
	return p.Open(ctx, func(*Server) error {
		from, err := c.storeNamed(ctx, s.From)
		if err != nil {
			return err
		}
		to, err := c.storeNamed(ctx, s.To)
		if err != nil {
			return err
		}
		if err := c.planCopy(ctx, &plan); err != nil {
			return err
		}
		told := time.Now()
		plan.Progress = func(what string, now timeseries.CopyState) error {
			if err := s.save(now); err != nil {
				return err
			}
			if time.Since(told) > time.Second {
				told = time.Now()
				fmt.Fprintf(p.Err, "%s: %d points\n", what, now.Points)
			}
			return nil
		}
		if err := timeseries.Copy(ctx, from, to, plan, &state); err != nil {
			return err
		}
		if err := s.save(state); err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Out, "%d points of %d measurements and %d documents are copied\n", state.Points, len(plan.Measurements), state.Documents)
		return err
	})
}

func (s seriesCopy) load() (state timeseries.CopyState, err error) {
	if s.State == "" {
		return state, nil
	}
	text, err := os.ReadFile(s.State)
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err != nil {
		return state, fmt.Errorf("state: %w", err)
	}
	state.Documents = 0 // they change; there is one of each device
	return state, nil
}

func (s seriesCopy) save(state timeseries.CopyState) error {
	if s.State == "" {
		return nil
	}
	text, err := json.Marshal(state)
	if err == nil {
		err = os.WriteFile(s.State+".new", append(text, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(s.State+".new", s.State)
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

// storeNamed opens a store; "embedded" is the one without a setting.
func (c *MonitoringConcern) storeNamed(ctx context.Context, address string) (timeseries.Store, error) {
	if address == "embedded" {
		address = ""
	}
	if address == c.Config.TimeSeries {
		return c.store, nil
	}
	return c.open(ctx, address)
}

// planCopy names all measurements that the registry or a metric has, and the
// objects of all metrics.
func (c *MonitoringConcern) planCopy(ctx context.Context, plan *timeseries.CopyPlan) error {
	for _, m := range monitoring.BuiltinMetrics() {
		plan.Measurements = append(plan.Measurements, m.Measurement)
	}
	metrics, err := c.MetricsOf(ctx, everyone(), monitoring.MetricFilter{})
	if err != nil {
		return err
	}
	for _, m := range metrics {
		plan.Measurements = append(plan.Measurements, m.Key)
		if m.ObjectID != "" {
			plan.Objects = append(plan.Objects, timeseries.Object{Type: m.ContentType, ID: m.ObjectID})
		}
	}
	slices.Sort(plan.Measurements)
	plan.Measurements = slices.Compact(plan.Measurements)
	seen := map[timeseries.Object]bool{}
	plan.Objects = slices.DeleteFunc(plan.Objects, func(o timeseries.Object) bool {
		again := seen[o]
		seen[o] = true
		return again
	})
	return nil
}

type runChecks struct {
	Type []string `help:"Only checks of these types, such as openwisp_monitoring.check.classes.Ping."`
}

// Run makes the checks due.
func (r runChecks) Run(ctx context.Context, session *Session, c *MonitoringConcern) error {
	return session.Open(ctx, func(*Server) error {
		n, err := c.Checks.RunAll(ctx, r.Type...)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(session.Out, "%d checks are due now.\n", n)
		return err
	})
}
