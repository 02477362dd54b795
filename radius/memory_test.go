package radius_test

import (
	"testing"

	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/counters"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/radiustest"
)

func memory(*testing.T) radiustest.Storage {
	m := memstore.New()
	return radiustest.Storage{Tx: m, Stores: radius.NewMemory(m)}
}

func TestEnrolmentMemory(t *testing.T) {
	radiustest.RunEnrolment(t, func(*testing.T) radiustest.Enrolment {
		m := memstore.New()
		return radiustest.Enrolment{Tx: m, Stores: enrol.NewMemory(m)}
	})
}

func TestMemory(t *testing.T) { radiustest.Run(t, memory) }

func TestCounters(t *testing.T) {
	for name, c := range map[string]counters.Quota{
		"daily": {Check: "X", Replies: []string{"A"}, Reset: counters.Daily}, "weekly": {Check: "X", Replies: []string{"A", "B"}, Reset: counters.Weekly},
		"monthly": {Check: "X", Reset: counters.Monthly}, "subscription": {Check: "X", Replies: []string{"A"}, Reset: counters.MonthlySubscription}, "ever": {Check: "X", Replies: []string{"A"}},
	} {
		t.Run(name+" time", func(t *testing.T) {
			radiustest.RunCounter(t, memory, c, func(s *radius.Session, used int64) { s.SessionTime = &used })
		})
		c.Traffic = true
		t.Run(name+" traffic", func(t *testing.T) {
			radiustest.RunCounter(t, memory, c, func(s *radius.Session, used int64) { s.OutputOctets = &used })
		})
	}
}
