package server

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/rollout"
)

// healthGate stops waves that make devices ill.
type healthGate struct{ c *MonitoringConcern }

// Gate says whether devices are worse than before a wave: more than tolerated are out of reach since it
// began, or have a problem since. A device of which nothing could be measured before says nothing.
func (c *MonitoringConcern) Gate() rollout.Gate { return healthGate{c} }

// Name implements rollout.Gate.
func (healthGate) Name() string { return "monitoring" }

// Check implements rollout.Gate.
func (g healthGate) Check(ctx context.Context, q rollout.Question) (rollout.Verdict, error) {
	worse, err := g.c.Health.Worse(ctx, q.Since, q.Devices...)
	if err != nil {
		return rollout.Verdict{}, err
	}
	critical := 0
	for _, s := range worse {
		if s.Status == health.Critical {
			critical++
		}
	}
	unreachable, problems := g.limits(q.Rollout)
	switch n := len(q.Devices); {
	case critical > unreachable:
		return rollout.Verdict{Worse: true, Reason: fmt.Sprintf("%d of %d devices cannot be reached since they were begun, %d may be", critical, n, unreachable)}, nil
	case float64(len(worse)*100) > problems*float64(n):
		return rollout.Verdict{Worse: true, Reason: fmt.Sprintf("%d of %d devices have a problem since they were begun, %g %% may", len(worse), n, problems)}, nil
	}
	return rollout.Verdict{}, nil
}

// limits are those of a rollout, or those of the server where it has none.
func (g healthGate) limits(r *rollout.Rollout) (unreachable int, problems float64) {
	unreachable, problems = g.c.Config.GateUnreachable, g.c.Config.GateProblems
	if r == nil {
		return unreachable, problems
	}
	if s := r.Strategy; s.MaxUnreachable != nil {
		unreachable = *s.MaxUnreachable
	}
	if s := r.Strategy; s.MaxProblemsPercent != nil {
		problems = *s.MaxProblemsPercent
	}
	return unreachable, problems
}
