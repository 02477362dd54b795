package rollouthttp

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/rollout"
)

// StrategyIn is a strategy on the wire; durations are in seconds. What starts
// rollouts embeds it under "strategy".
type StrategyIn struct {
	Waves              rest.Opt[[]WaveIn]  `json:"waves" help:"those that are left over after the last one make one more"`
	Parallel           rest.Opt[int64]     `json:"parallel" help:"devices that are worked on at once"`
	PerSite            rest.Opt[int64]     `json:"per_site" help:"devices of one site that are worked on at once; 0: any number"`
	MaxFailed          rest.Opt[int64]     `json:"max_failed" help:"failures of a wave that are accepted"`
	MaxFailedPercent   rest.Opt[float64]   `json:"max_failed_percent"`
	MaxUnreachable     rest.Opt[int64]     `json:"max_unreachable" nullable:"true" help:"devices of a wave that may be out of reach since it began; null: as the server is set"`
	MaxProblemsPercent rest.Opt[float64]   `json:"max_problems_percent" nullable:"true" help:"part of a wave that may have a problem since it began; null: as the server is set"`
	ReturnWithin       rest.Opt[int64]     `json:"return_within" help:"seconds after which a device has failed; 0: never"`
	OnStop             rest.Opt[string]    `json:"on_stop" enum:"halt,rollback_wave,rollback"`
	Start              rest.Opt[time.Time] `json:"start" nullable:"true"`
	Window             rest.Opt[WindowIn]  `json:"window" nullable:"true" help:"when devices may be begun"`
	TimeZone           rest.Opt[string]    `json:"time_zone" blank:"true" help:"of the window where a device's site has none, such as Europe/Rome"`
	Deadline           rest.Opt[time.Time] `json:"deadline" nullable:"true" help:"until when devices that are away are waited for"`
	NoGates            rest.Opt[bool]      `json:"no_gates"`
}

// WaveIn is a wave on the wire.
type WaveIn struct {
	Devices rest.Opt[[]wispwright.ID] `json:"devices"`
	Percent rest.Opt[float64]         `json:"percent"`
	Count   rest.Opt[int64]           `json:"count"`
	Pause   rest.Opt[int64]           `json:"pause" help:"seconds"`
	Confirm rest.Opt[bool]            `json:"confirm"`
}

// WindowIn is a window on the wire.
type WindowIn struct {
	Days rest.Opt[[]int64] `json:"days" help:"0 is Sunday; none: all"`
	From rest.Opt[string]  `json:"from" required:"true"`
	To   rest.Opt[string]  `json:"to" required:"true"`
}

// Strategy is what the wire means; whether it makes sense is the engine's affair.
func (in *StrategyIn) Strategy() rollout.Strategy {
	s := rollout.Strategy{
		Parallel: int(in.Parallel.Or(0)), PerSite: int(in.PerSite.Or(0)), MaxFailed: int(in.MaxFailed.Or(0)), MaxFailedPercent: in.MaxFailedPercent.Or(0),
		ReturnWithin: seconds(in.ReturnWithin.Or(0)), OnStop: rollout.OnStop(in.OnStop.Or("")), TimeZone: in.TimeZone.Or(""), NoGates: in.NoGates.Or(false),
	}
	in.MaxProblemsPercent.IntoPtr(&s.MaxProblemsPercent)
	if in.MaxUnreachable.Set && !in.MaxUnreachable.Null {
		n := int(in.MaxUnreachable.V)
		s.MaxUnreachable = &n
	}
	in.Start.IntoPtr(&s.Start)
	in.Deadline.IntoPtr(&s.Deadline)
	for _, w := range in.Waves.Or(nil) {
		s.Waves = append(s.Waves, rollout.Wave{Devices: w.Devices.Or(nil), Percent: w.Percent.Or(0), Count: int(w.Count.Or(0)), Pause: seconds(w.Pause.Or(0)), Confirm: w.Confirm.Or(false)})
	}
	if in.Window.Set && !in.Window.Null {
		w := &rollout.Window{From: in.Window.V.From.Or(""), To: in.Window.V.To.Or("")}
		for _, d := range in.Window.V.Days.Or(nil) {
			w.Days = append(w.Days, time.Weekday(d))
		}
		s.Window = w
	}
	return s
}

// longest is what a duration on the wire is cut to, before it overflows.
const longest = 100 * 365 * 24 * 3600

func seconds(n int64) time.Duration { return time.Duration(max(-1, min(n, longest))) * time.Second }

// StrategyWire is a strategy as it is answered.
type StrategyWire struct {
	Waves              []WaveWire  `json:"waves"`
	Parallel           int         `json:"parallel"`
	PerSite            int         `json:"per_site"`
	MaxFailed          int         `json:"max_failed"`
	MaxFailedPercent   float64     `json:"max_failed_percent"`
	MaxUnreachable     *int        `json:"max_unreachable"`
	MaxProblemsPercent *float64    `json:"max_problems_percent"`
	ReturnWithin       int64       `json:"return_within"`
	OnStop             string      `json:"on_stop"`
	Start              rest.Time   `json:"start"`
	Window             *WindowWire `json:"window"`
	TimeZone           string      `json:"time_zone"`
	Deadline           rest.Time   `json:"deadline"`
	NoGates            bool        `json:"no_gates"`
}

// WaveWire is a wave as it is answered.
type WaveWire struct {
	Devices []wispwright.ID `json:"devices"`
	Percent float64         `json:"percent"`
	Count   int             `json:"count"`
	Pause   int64           `json:"pause"`
	Confirm bool            `json:"confirm"`
}

// WindowWire is a window as it is answered.
type WindowWire struct {
	Days []int  `json:"days"`
	From string `json:"from"`
	To   string `json:"to"`
}

// NewStrategyWire is a strategy as it is answered.
func NewStrategyWire(s rollout.Strategy) StrategyWire {
	out := StrategyWire{
		Waves: make([]WaveWire, len(s.Waves)), Parallel: s.Parallel, PerSite: s.PerSite, MaxFailed: s.MaxFailed, MaxFailedPercent: s.MaxFailedPercent,
		MaxUnreachable: s.MaxUnreachable, MaxProblemsPercent: s.MaxProblemsPercent, ReturnWithin: int64(s.ReturnWithin / time.Second), OnStop: string(s.OnStop), Start: moment(s.Start), TimeZone: s.TimeZone, Deadline: moment(s.Deadline), NoGates: s.NoGates,
	}
	if s.OnStop == "" {
		out.OnStop = string(rollout.Halt)
	}
	for i, w := range s.Waves {
		out.Waves[i] = WaveWire{append([]wispwright.ID{}, w.Devices...), w.Percent, w.Count, int64(w.Pause / time.Second), w.Confirm}
	}
	if w := s.Window; w != nil {
		out.Window = &WindowWire{[]int{}, w.From, w.To}
		for _, d := range w.Days {
			out.Window.Days = append(out.Window.Days, int(d))
		}
	}
	return out
}

func moment(t *time.Time) rest.Time {
	if t == nil {
		return rest.Time{}
	}
	return rest.Time(*t)
}

// steps are the devices of a rollout, as a Resource lists them.
type steps struct{ s *rollout.Service }

// Get finds nothing: steps are read through their rollout.
func (steps) Get(context.Context, wispwright.Scope, wispwright.ID) (*rollout.Step, error) {
	return nil, wispwright.ErrNotFound
}

// List returns a page of the steps of one rollout.
func (o steps) List(ctx context.Context, scope wispwright.Scope, f rollout.StepFilter, p wispwright.Page) (wispwright.Items[rollout.Step], error) {
	return o.s.Steps(ctx, scope, f, p)
}
