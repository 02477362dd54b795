package devicecert

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

// Certificate is what a device has because of a template.
type Certificate struct {
	// ID identifies it.
	ID wispwright.ID
	// DeviceID is the device, TemplateID the template.
	DeviceID, TemplateID wispwright.ID
	// OrganizationID is the device's.
	OrganizationID wispwright.ID
	// AutoCert is true of one that was issued, and is revoked again; others are rows
	// without a certificate.
	AutoCert bool
	// CertID is the certificate; zero for none.
	CertID int64
	// Created is when the device got it, Modified when the certificate became another.
	Created, Modified time.Time
}

// UniqueCertificate is the rule that a device has one certificate for a template.
const UniqueCertificate = "devicecert_device_template"

// Shape is how storages keep certificates. Those of a new device are stored before
// the device itself, in its transaction, so that it is no parent of theirs.
func (Certificate) Shape() store.Shape {
	return store.Shape{
		Table: "devicecert_certificate", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique: []store.Unique{{Name: UniqueCertificate, Fields: []string{"DeviceID", "TemplateID"}}},
	}
}

// Filter selects certificates; zero fields select all.
type Filter struct {
	// DeviceID limits to one device, DeviceIDs to some.
	DeviceID  wispwright.ID
	DeviceIDs wispwright.Among[wispwright.ID]
	// TemplateID limits to one template.
	TemplateID wispwright.ID
	// CertID limits to those of one certificate.
	CertID int64
}

// Stores are where the concern keeps its rows, of the controller's transactor.
type Stores struct {
	// Certificates keeps what devices have.
	Certificates wispwright.Repo[Certificate, Filter]
}

// NewMemory returns stores that keep everything in memory, in a store that other
// concerns share.
func NewMemory(m *memstore.Store) Stores {
	return Stores{Certificates: memstore.NewRepo[wispwright.ID, Certificate, Filter](m, memstore.Spec[Certificate]{Shape: Certificate{}.Shape()})}
}
