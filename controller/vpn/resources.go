package vpn

import (
	"context"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/hostwire"
)

// Subnet is what VPN servers know of a network.
type Subnet struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is; zero: shared by all.
	OrganizationID wispwright.ID
	// Network is the network itself.
	Network netip.Prefix
}

// Address is an address of a subnet that is taken.
type Address struct {
	// ID identifies it, SubnetID is where it is recorded.
	ID, SubnetID wispwright.ID
	// Value is the address.
	Value netip.Addr
}

// Recorded is an address that is taken.
type Recorded struct {
	Address
	// Fresh is true of one that was free before.
	Fresh bool
}

// IPAM gives addresses. Everything joins the context's transaction. Subnets makes
// one of package ipam.
type IPAM interface {
	// Subnet returns a subnet, or wispwright.ErrNotFound.
	Subnet(ctx context.Context, id wispwright.ID) (Subnet, error)
	// CreateSubnet makes a subnet of an organization, or a shared one.
	CreateSubnet(ctx context.Context, n Subnet, name string) (Subnet, error)
	// Address returns an address that is taken, or wispwright.ErrNotFound.
	Address(ctx context.Context, id wispwright.ID) (Address, error)
	// Request takes as many free addresses of a subnet as there are descriptions, or
	// fewer when no more are free, which is no error.
	Request(ctx context.Context, subnet wispwright.ID, descriptions ...string) ([]Address, error)
	// Record records addresses of a subnet that are in use already and returns all of
	// them in their order; those that are recorded stay as they are. Where they cannot be
	// in the subnet it is a *wispwright.ValidationError.
	Record(ctx context.Context, subnet wispwright.ID, description string, values ...netip.Addr) ([]Recorded, error)
	// Free gives addresses back; those that do not exist are no error.
	Free(ctx context.Context, ids ...wispwright.ID) error
}

// Certificate is what VPN servers know of a certificate or an authority.
type Certificate struct {
	// ID identifies it; CAID is the authority that issued it, zero for authorities.
	ID, CAID int64
	// OrganizationID is whose it is; zero: shared by all.
	OrganizationID wispwright.ID
	// CommonName is its subject's.
	CommonName string
	// PEM is the certificate.
	PEM string
	// Key is the private key in PEM.
	Key wispwright.Secret
	// Revoked is true of one that is not valid any more.
	Revoked bool
}

// Order is a certificate to be made.
type Order struct {
	// Name is for people, CommonName is what the certificate says.
	Name, CommonName string
	// OrganizationID is whose it will be.
	OrganizationID wispwright.ID
	// Server is true of the certificate of a server.
	Server bool
}

// PKI gives certificates. Everything joins the context's transaction. X509 makes
// one of package x509.
type PKI interface {
	// Authorities returns authorities by their ids; those that do not exist are left
	// out.
	Authorities(ctx context.Context, ids ...int64) (map[int64]*Certificate, error)
	// Certificates returns certificates by their ids; those that do not exist are left
	// out.
	Certificates(ctx context.Context, ids ...int64) (map[int64]*Certificate, error)
	// Issue makes a certificate of an authority, with its attributes, and returns its
	// id.
	Issue(ctx context.Context, authority int64, o Order) (int64, error)
	// Revocations returns the list of revoked certificates of an authority; nil where
	// it keeps none.
	Revocations(ctx context.Context, authority int64) (*hostwire.Revocations, error)
	// Revoked returns those of some common names whose certificates of an authority are
	// all revoked. A name without any is left out.
	Revoked(ctx context.Context, authority int64, commonNames ...string) ([]string, error)
	// Revoke revokes certificates; those that do not exist are no error.
	Revoke(ctx context.Context, ids ...int64) error
}
