package x509

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Details are what authorities and certificates have in common
// (spec: x509 §1.1).
type Details struct {
	// ID is an integer on the wire; the storage numbers a new object.
	ID int64
	// OrganizationID is the tenant; zero for an object shared by all.
	OrganizationID wispwright.ID
	// Name is for people, at most 64 characters. An import without one is named
	// by its common name, or its serial number.
	Name string
	// Notes are free text for people.
	Notes string
	// KeyLength says which kind of key is made. Default: Options.KeyLength; an
	// import has that of its key.
	KeyLength KeyLength
	// Digest is the hash of the signature. Default: Options.Digest.
	Digest Digest
	// ValidityStart and ValidityEnd bound the certificate, in whole seconds.
	// Default: midnight of yesterday; so many days from now as Options says.
	ValidityStart, ValidityEnd time.Time
	// CountryCode, State, City, OrganizationName, OrganizationalUnitName, Email
	// and CommonName are the subject; empty ones are left out of it.
	CountryCode, State, City, OrganizationName, OrganizationalUnitName, Email, CommonName string
	// Extensions follow the built-in ones, in this order. They cannot be changed
	// afterwards and are applied again on renewal.
	Extensions []Extension
	// SerialNumber is in decimal digits. Default: 128 random bits.
	SerialNumber string
	// Certificate is PEM. Given at creation together with PrivateKey it is
	// imported instead of made.
	Certificate string
	// PrivateKey is PEM, encrypted when there is a passphrase. It is empty for
	// certificates whose key never left its device.
	PrivateKey wispwright.Secret
	// Passphrase protects PrivateKey, at most 64 characters.
	Passphrase wispwright.Secret
	// AutoRenew renews the object by itself before it expires.
	AutoRenew bool
	// Revoked, RevokedAt and RevocationReason are set by Revoke.
	Revoked          bool
	RevokedAt        *time.Time
	RevocationReason Reason
	// NoticedDays is the last of the days before the expiry that people were
	// told of; 0 before the first. The concern sets it.
	NoticedDays int64
	// NameKey makes common names unique; the concern sets it.
	NameKey string
	// Created is when the object was stored first, Modified when last.
	Created, Modified time.Time
}

// CA is a certification authority.
type CA struct {
	Details
	// ParentID is the authority that signed this one; nil for a self-signed one,
	// and for an import whose issuer is not here.
	ParentID *int64
	// PathLength is how many authorities may follow below this one; NoLimit for
	// any number (spec: x509 §3.1).
	PathLength int64
	// Enrolment lets devices ask for certificates of this authority (EST).
	Enrolment bool
}

// NoLimit is the PathLength of an authority that may have authorities below it
// without end.
const NoLimit = -1

// Shape is how storages keep authorities.
func (CA) Shape() store.Shape {
	return store.Shape{
		Table: "x509_ca", Org: "OrganizationID", Serial: true, Order: store.Newest("Created"), Search: []string{"Name", "SerialNumber", "CommonName"},
		Documents: []string{"Extensions"},
		Unique:    []store.Unique{{Name: UniqueCAName, Fields: []string{"NameKey"}}},
		Parents:   []store.Parent{{Field: "ParentID", Table: "x509_ca"}},
	}
}

// CAFilter selects authorities; zero fields select all.
type CAFilter struct {
	// IDs limits to these.
	IDs wispwright.Among[int64]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// ParentID limits to those signed by one authority.
	ParentID *int64
	// KeyLength and Digest limit to one of each.
	KeyLength KeyLength
	Digest    Digest
	// CommonName and NameKey limit to one.
	CommonName, NameKey string
	// Revoked and AutoRenew limit to those that are or are not.
	Revoked, AutoRenew *bool
	// ValidityEndFrom and ValidityEndBefore limit to those that expire then.
	ValidityEndFrom, ValidityEndBefore time.Time
	// CreatedFrom and CreatedBefore limit to those stored first then.
	CreatedFrom, CreatedBefore time.Time
	// Search finds a text in name, serial number or common name.
	Search string
}

// Cert is a certificate that a CA issued to somebody who is none.
type Cert struct {
	Details
	// CAID is the issuer.
	CAID int64
	// Holder names who enrolled for it, such as "device:UUID"; empty for others.
	Holder string
	// Request is a PKCS#10 request in PEM that a new certificate is made of, whose
	// private key is elsewhere. It is not kept.
	Request string
}

// Shape is how storages keep certificates.
func (Cert) Shape() store.Shape {
	return store.Shape{
		Table: "x509_cert", Org: "OrganizationID", Serial: true, Order: store.Newest("Created"), Search: []string{"Name", "SerialNumber", "CommonName"},
		Documents: []string{"Extensions"},
		Unique: []store.Unique{
			{Name: UniqueCertName, Fields: []string{"NameKey"}},
			{Name: UniqueCertSerial, Fields: []string{"CAID", "SerialNumber"}},
			{Name: UniqueCertHolder, Fields: []string{"CAID", "Holder"}},
		},
		Parents: []store.Parent{{Field: "CAID", Table: "x509_ca"}},
	}
}

// CertFilter selects certificates; zero fields select all.
type CertFilter struct {
	// IDs limits to these.
	IDs wispwright.Among[int64]
	// IDFrom and IDBefore limit to those with an id from one on and below another.
	IDFrom, IDBefore int64
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// CAID limits to one issuer.
	CAID int64
	// KeyLength and Digest limit to one of each.
	KeyLength KeyLength
	Digest    Digest
	// CommonName, NameKey, SerialNumber and Holder limit to one.
	CommonName, NameKey, SerialNumber, Holder string
	// CommonNames limits to some.
	CommonNames wispwright.Among[string]
	// Revoked and AutoRenew limit to those that are or are not.
	Revoked, AutoRenew *bool
	// ValidityEndFrom and ValidityEndBefore limit to those that expire then.
	ValidityEndFrom, ValidityEndBefore time.Time
	// CreatedFrom and CreatedBefore limit to those stored first then.
	CreatedFrom, CreatedBefore time.Time
	// Search finds a text in name, serial number or common name.
	Search string
}

// The unique rules of storages.
const (
	UniqueCAName     = "x509_ca_name"
	UniqueCertName   = "x509_cert_name"
	UniqueCertSerial = "x509_cert_serial"
	UniqueCertHolder = "x509_cert_holder"
	UniqueIssued     = "x509_issued_serial"
)

// Issued is one line of the ledger: a serial number that an authority gave away.
type Issued struct {
	// ID identifies the line.
	ID wispwright.ID
	// CAID is the issuer.
	CAID int64
	// SerialNumber is unique for the issuer, in decimal digits.
	SerialNumber string
	// CertID is the certificate, SubordinateID the authority below that has, or
	// had, this serial number; 0 for neither, such as the key of the OCSP responder.
	CertID, SubordinateID int64
	// NotBefore and NotAfter are the validity.
	NotBefore, NotAfter time.Time
	// RevokedAt is nil while it is good.
	RevokedAt *time.Time
	// Reason says why it was revoked.
	Reason Reason
	// Entry is the line as revocation lists have it (RFC 5280 §5.1), made when it
	// is revoked so that a list of many is quickly put together; empty before.
	Entry []byte
}

// Revoke marks the line and makes its entry of revocation lists.
func (i *Issued) Revoke(at time.Time, reason Reason) error {
	entry, err := encodeEntry(i.SerialNumber, at, reason)
	if err != nil {
		return err
	}
	i.RevokedAt, i.Reason, i.Entry = &at, reason, entry
	return nil
}

// Shape is how storages keep the ledger.
func (Issued) Shape() store.Shape {
	return store.Shape{
		Table:   "x509_issued",
		Unique:  []store.Unique{{Name: UniqueIssued, Fields: []string{"CAID", "SerialNumber"}}},
		Parents: []store.Parent{{Field: "CAID", Table: "x509_ca"}},
	}
}

// IssuedFilter selects lines of the ledger; zero fields select all.
type IssuedFilter struct {
	// CAID limits to one issuer.
	CAID int64
	// SerialNumber limits to one.
	SerialNumber string
	// CertID and SubordinateID limit to what one object had.
	CertID, SubordinateID int64
	// NotAfterBefore limits to what had expired at a moment.
	NotAfterBefore time.Time
}

// List is the present revocation list of an authority.
type List struct {
	// CAID is the authority.
	CAID int64
	// Number is the CRL number, which only grows.
	Number int64
	// DER is the list; empty before the first one.
	DER []byte
	// ThisUpdate and NextUpdate bound its validity.
	ThisUpdate, NextUpdate time.Time
	// Stale says that something was revoked since.
	Stale bool
}

// Shape is how storages keep lists.
func (List) Shape() store.Shape {
	return store.Shape{Table: "x509_list", Key: "CAID", Parents: []store.Parent{{Field: "CAID", Table: "x509_ca"}}}
}

// Responder is the delegated key that signs OCSP answers of an authority
// (RFC 6960 §4.2.2.2).
type Responder struct {
	// CAID is the authority.
	CAID int64
	// Certificate is PEM, PrivateKey too.
	Certificate string
	PrivateKey  wispwright.Secret
	// NotAfter is when the certificate expires.
	NotAfter time.Time
	// Issuer is the serial number of the authority's certificate at that time.
	Issuer string
}

// Shape is how storages keep responders.
func (Responder) Shape() store.Shape {
	return store.Shape{Table: "x509_responder", Key: "CAID", Parents: []store.Parent{{Field: "CAID", Table: "x509_ca"}}}
}

// CAStore keeps authorities and numbers them.
type CAStore interface {
	wispwright.KeyedRepo[int64, CA, CAFilter]
	// Hold reads an authority and keeps it from being changed or deleted until the
	// transaction ends. Errors: ErrNotFound.
	Hold(ctx context.Context, id int64) (*CA, error)
}

// CertStore keeps certificates and numbers them.
type CertStore interface {
	wispwright.KeyedRepo[int64, Cert, CertFilter]
}

// IssuedStore keeps the ledger.
type IssuedStore interface {
	wispwright.Repo[Issued, IssuedFilter]
	// Revoked returns the entries, one behind the other in any order, of the lines
	// of an authority that were revoked, expire after from and are valid before
	// until.
	Revoked(ctx context.Context, ca int64, from, until time.Time) ([]byte, error)
	// Forget removes what belongs to an authority that is deleted.
	Forget(ctx context.Context, ca int64) error
	// Prune removes lines that expired before a moment and belong to no object any
	// more, and returns how many.
	Prune(ctx context.Context, before time.Time) (int, error)
}

// ListStore keeps revocation lists.
type ListStore interface {
	wispwright.KeyedRepo[int64, List, struct{}]
}

// ResponderStore keeps responders.
type ResponderStore interface {
	wispwright.KeyedRepo[int64, Responder, struct{}]
}

// Stores are where an Authority keeps everything, in one storage.
type Stores struct {
	CAs        CAStore
	Certs      CertStore
	Issued     IssuedStore
	Lists      ListStore
	Responders ResponderStore
}
