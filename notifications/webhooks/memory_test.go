package webhooks_test

import (
	"testing"

	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/notifications/webhooks/webhookstest"
)

func TestMemory(t *testing.T) {
	webhookstest.Run(t, func(*testing.T) webhookstest.Storage {
		m := memstore.New()
		return webhookstest.Storage{Tx: m, Stores: webhooks.NewMemory(m)}
	})
}
