package server

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/rollout"
)

// healthGate stops waves that make devices ill.
type healthGate struct{ c *MonitoringConcern }

// Gate says whether devices are worse than before a wave: one that is out of reach since, or more than
// a tenth with a problem since, is enough.
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
	switch n := len(q.Devices); {
	case critical > 0:
		return rollout.Verdict{Worse: true, Reason: fmt.Sprintf("%d of %d devices cannot be reached since they were begun", critical, n)}, nil
	case len(worse)*10 > n:
		return rollout.Verdict{Worse: true, Reason: fmt.Sprintf("%d of %d devices have a problem since they were begun", len(worse), n)}, nil
	}
	return rollout.Verdict{}, nil
}
