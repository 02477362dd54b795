package firmware_test

import (
	"testing"

	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/kit/memstore"
)

func TestMemory(t *testing.T) {
	firmwaretest.Run(t, func(*testing.T) firmwaretest.Storage {
		m := memstore.New()
		return firmwaretest.Storage{Tx: m, Stores: firmware.NewMemory(m)}
	})
}
