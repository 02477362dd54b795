// Package devicecerttest checks that a storage keeps everything the concern devicecert
// relies on. Any implementation must pass Run.
package devicecerttest

import (
	"testing"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/devicecert"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores devicecert.Stores
}

// Harness makes a Storage.
type Harness func(t *testing.T) Storage

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xac, 0x40, byte(n>>8), byte(n)
	return out
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	s := h(t)
	type (
		row    = devicecert.Certificate
		filter = storetest.Filter[row, devicecert.Filter]
	)
	storetest.RunRepo[wispwright.ID, row, devicecert.Filter](t, s.Stores.Certificates, storetest.Sample[wispwright.ID, row, devicecert.Filter]{
		Tx: s.Tx, Key: func(r *row) wispwright.ID { return r.ID },
		New: func(n, o int) *row {
			return &row{ID: id(1000 + n), DeviceID: id(2000 + n/2), TemplateID: id(3000 + n%2), OrganizationID: id(1 + o), AutoCert: n%2 == 0, CertID: int64(100 + n), Created: at(n), Modified: at(n)}
		},
		Mutate: func(r *row) { r.CertID++ }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Created"},
		Uniques: map[string]func(*row) *row{devicecert.UniqueCertificate: func(first *row) *row {
			r := *first
			r.ID = id(1900)
			return &r
		}},
		Filters: map[string]filter{
			"device":      {Filter: devicecert.Filter{DeviceID: id(2001)}, Selects: func(r *row) bool { return r.DeviceID == id(2001) }},
			"devices":     {Filter: devicecert.Filter{DeviceIDs: wispwright.Only(id(2000), id(2001))}, Selects: func(r *row) bool { return r.DeviceID == id(2000) || r.DeviceID == id(2001) }},
			"template":    {Filter: devicecert.Filter{TemplateID: id(3001)}, Selects: func(r *row) bool { return r.TemplateID == id(3001) }},
			"certificate": {Filter: devicecert.Filter{CertID: 101}, Selects: func(r *row) bool { return r.CertID == 101 }},
		},
	})
}
