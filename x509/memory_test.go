package x509_test

import (
	"testing"

	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/x509"
	"github.com/wispwright/wispwright/x509/x509test"
)

func TestMemory(t *testing.T) {
	x509test.Run(t, func(*testing.T) x509test.Storage {
		m := memstore.New()
		return x509test.Storage{Tx: m, Stores: x509.NewMemory(m)}
	})
}
