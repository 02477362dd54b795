package rollout_test

import (
	"testing"

	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/rollout/rollouttest"
)

func TestMemory(t *testing.T) {
	rollouttest.Run(t, func(*testing.T) rollouttest.Storage {
		m := memstore.New()
		return rollouttest.Storage{Tx: m, Stores: rollout.NewMemory(m)}
	})
}
