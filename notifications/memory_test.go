package notifications_test

import (
	"testing"

	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/notificationstest"
)

func TestMemory(t *testing.T) {
	notificationstest.Run(t, func(*testing.T) notificationstest.Storage {
		m := memstore.New()
		return notificationstest.Storage{Tx: m, Stores: notifications.NewMemory(m)}
	})
}
