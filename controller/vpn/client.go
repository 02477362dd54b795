package vpn

import (
	"context"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Client is a device at a server (spec: controller-config §1.5).
type Client struct {
	// ID identifies the client.
	ID wispwright.ID
	// ServerID is the server, DeviceID the device, TemplateID the template that
	// made it a client.
	ServerID, DeviceID, TemplateID wispwright.ID
	// OrganizationID is the device's.
	OrganizationID wispwright.ID
	// AutoCert is true of a client for which everything is made; others have
	// nothing but their row.
	AutoCert bool
	// CertID is its certificate; zero for none.
	CertID int64
	// AddressID is its address in the server's subnet; zero for none.
	AddressID wispwright.ID
	// Address is the value of the address.
	Address netip.Addr
	// PublicKey and PrivateKey are WireGuard's, in base64.
	PublicKey  string
	PrivateKey wispwright.Secret
	// Identity is ZeroTier's, with the private part. A device has the same one in
	// all its networks.
	Identity wispwright.Secret
	// VNI is the number of its virtual network, from 1 to 16777216; nil where the
	// server fixes it or there is none.
	VNI *int64
	// Created is when the client was stored first.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// The unique rules of clients.
const (
	UniqueClient = "vpn_client_device_server"
	UniqueVNI    = "vpn_client_server_vni"
)

// Shape is how storages keep clients. A device's clients are stored before the
// device itself, in its transaction, so that it is no parent of theirs.
func (Client) Shape() store.Shape {
	return store.Shape{
		Table: "vpn_client", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique: []store.Unique{
			{Name: UniqueClient, Fields: []string{"DeviceID", "ServerID"}},
			{Name: UniqueVNI, Fields: []string{"ServerID", "VNI"}},
		},
	}
}

// ClientFilter selects clients; zero fields select all.
type ClientFilter struct {
	// IDs limits to these clients.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// ServerID limits to the clients of one server.
	ServerID wispwright.ID
	// DeviceID limits to one device, DeviceIDs to some.
	DeviceID  wispwright.ID
	DeviceIDs wispwright.Among[wispwright.ID]
	// AddressID limits to the client with one address, AddressIDs to those with one
	// of some.
	AddressID  wispwright.ID
	AddressIDs wispwright.Among[wispwright.ID]
	// CertID limits to the client with one certificate.
	CertID int64
}

// State tells whether the clients of a server are those they were.
type State struct {
	// Count is how many there are.
	Count int
	// Modified is when one of them was stored last; zero without any.
	Modified time.Time
}

// Peer is what a server's configuration says of a client.
type Peer struct {
	// ClientID and DeviceID say which client it is.
	ClientID, DeviceID wispwright.ID
	// Address is the client's; always valid.
	Address netip.Addr
	// PublicKey is WireGuard's.
	PublicKey string
	// VNI is the client's own; nil for none.
	VNI *int64
}

// ServerStore keeps servers.
type ServerStore interface {
	wispwright.Repo[Server, ServerFilter]
	// Hold reads servers and keeps them from being changed until the transaction
	// ends; exclusive keeps others from holding them too. Those that do not exist are
	// left out.
	Hold(ctx context.Context, exclusive bool, ids ...wispwright.ID) ([]*Server, error)
	// Note stores what the service itself notes of a server, without holding up
	// anybody who changes it: Announced and Trouble, and Fetched where it is later than
	// what is stored. A server that is gone is no error.
	Note(ctx context.Context, id wispwright.ID, announced, trouble string) error
	// Seen notes when the host of a server asked.
	Seen(ctx context.Context, id wispwright.ID, at time.Time) error
}

// ClientStore keeps clients. Its unique rules are UniqueClient and UniqueVNI.
type ClientStore interface {
	wispwright.Repo[Client, ClientFilter]
	// InsertMany stores new clients.
	InsertMany(ctx context.Context, clients []*Client) error
	// DeleteMany removes clients; those that do not exist are no error.
	DeleteMany(ctx context.Context, ids ...wispwright.ID) error
	// Peers returns the clients of a server that have AutoCert and an address, in the
	// order in which they came.
	Peers(ctx context.Context, server wispwright.ID) ([]Peer, error)
	// State tells of the clients of a server, without reading them.
	State(ctx context.Context, server wispwright.ID) (State, error)
	// LastVNI is the highest number of a virtual network of a server, 0 for none.
	LastVNI(ctx context.Context, server wispwright.ID) (int64, error)
	// Counts returns the number of clients of each server; servers without any are left out.
	Counts(ctx context.Context, scope wispwright.Scope, servers ...wispwright.ID) (map[wispwright.ID]int, error)
	// Move makes the clients of a device another organization's.
	Move(ctx context.Context, device, organization wispwright.ID) error
}

// Stores are where the concern keeps its rows, all of the controller's transactor.
type Stores struct {
	Servers ServerStore
	Clients ClientStore
	// Departures keeps networks that are to be removed.
	Departures wispwright.Repo[Departure, struct{}]
	// Statuses and Connections keep what hosts report.
	Statuses    wispwright.Repo[Status, StatusFilter]
	Connections wispwright.Repo[Connections, StatusFilter]
}
