package monitoring_test

import (
	"testing"

	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/monitoringtest"
)

func TestMemory(t *testing.T) {
	monitoringtest.Run(t, func(*testing.T) monitoringtest.Storage {
		m := memstore.New()
		return monitoringtest.Storage{Tx: m, Stores: monitoring.NewMemory(m)}
	})
}
