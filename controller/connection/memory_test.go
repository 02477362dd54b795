package connection_test

import (
	"testing"

	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/controller/connection/connectiontest"
	"github.com/wispwright/wispwright/controller/connection/terminal"
	"github.com/wispwright/wispwright/kit/memstore"
)

func TestMemory(t *testing.T) {
	connectiontest.Run(t, func(*testing.T) connectiontest.Storage {
		m := memstore.New()
		return connectiontest.Storage{Tx: m, Devices: controller.NewMemory(m).Devices, Stores: connection.NewMemory(m), Channels: channel.NewMemory(m), Terminals: terminal.NewMemory(m)}
	})
}
