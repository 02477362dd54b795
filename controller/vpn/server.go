package vpn

import (
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Server is a VPN server, or the network of a ZeroTier controller
// (spec: controller-config §1.4).
type Server struct {
	// ID identifies the server.
	ID wispwright.ID
	// OrganizationID is the tenant; zero for a server that all share.
	OrganizationID wispwright.ID
	// Name is unique in the organization, at most 64 characters; a shared
	// server's name is unique everywhere.
	Name string
	// Host is a host name or an address, at most 64 characters; host:port of the
	// controller's API for ZeroTier.
	Host string
	// Key lets the server's host fetch what it is to run; made by the service when
	// empty.
	Key wispwright.Secret
	// Backend is the path of a Type.
	Backend string
	// CAID is the authority of a server with certificates; zero for others.
	CAID int64
	// CertID is the server's own certificate; made by the service when zero.
	CertID int64
	// OwnCert is true of a certificate that the service made.
	OwnCert bool
	// Config is a NetJSON object with one tunnel.
	Config wispwright.JSON
	// Notes are free text for people.
	Notes string
	// SubnetID is where addresses of clients come from; zero for none.
	SubnetID wispwright.ID
	// Subnet is its network; the service keeps it.
	Subnet netip.Prefix
	// AddressID is the server's own address in the subnet; requested by the service
	// when zero.
	AddressID wispwright.ID
	// Address is its value; the service keeps it.
	Address netip.Addr
	// OwnAddress is true of an address that the service requested.
	OwnAddress bool
	// WebhookEndpoint is called when the server has something new to fetch; empty
	// for none.
	WebhookEndpoint string
	// AuthToken goes with the webhook, or opens the API of a ZeroTier controller.
	AuthToken wispwright.Secret
	// DH are Diffie-Hellman parameters in PEM, for OpenVPN.
	DH string
	// PublicKey and PrivateKey are WireGuard's, in base64.
	PublicKey  string
	PrivateKey wispwright.Secret
	// PeerKeys are pre-shared keys of the peers that stand in Config, a JSON object by
	// their public keys; the service takes them from there.
	PeerKeys wispwright.Secret
	// Hub says that the installation itself runs the server.
	Hub bool
	// NodeID and NetworkID are ZeroTier's.
	NodeID, NetworkID string
	// Inherited is true of a server that came from OpenWISP, whose host is answered the
	// bytes of OpenWISP until the configuration, its backend or its certificates
	// change; the service keeps it.
	Inherited bool
	// Announced is the state that the webhook told of last; the service keeps it.
	Announced string
	// Trouble says why the webhook or the ZeroTier controller failed last; empty
	// while all is well.
	Trouble string
	// Fetched is when the server's host asked last, as exactly as Options.SeenEvery.
	Fetched *time.Time
	// Created is when the server was stored first.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// UniqueServer is the unique rule of servers: one name per organization.
const UniqueServer = "vpn_server_organization_name"

// Shape is how storages keep servers.
func (Server) Shape() store.Shape {
	return store.Shape{
		Table: "vpn_server", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"ID", "Name", "Host", "Notes"},
		Unique: []store.Unique{{Name: UniqueServer, Fields: []string{"OrganizationID", "Name"}}},
	}
}

// ServerFilter selects servers; zero fields select all.
type ServerFilter struct {
	// IDs limits to these servers.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// Name limits to one name, Host to one host, Backend to one type.
	Name, Host, Backend string
	// SubnetID limits to the servers on one subnet, AddressID to the one with an
	// address.
	SubnetID, AddressID wispwright.ID
	// AddressIDs limits to those with one of some addresses.
	AddressIDs wispwright.Among[wispwright.ID]
	// CAID and CertID limit to those with one authority or certificate.
	CAID, CertID int64
	// CreatedFrom limits to servers stored first at that moment or later,
	// CreatedBefore to earlier ones.
	CreatedFrom, CreatedBefore time.Time
	// Hub limits to servers that the installation runs, or does not.
	Hub *bool
	// Search finds a text in id, name, host or notes.
	Search string
}

// sameInputs reports whether two states of a server are configured alike.
func (s *Server) sameInputs(o *Server) bool {
	return s.Config == o.Config && s.Backend == o.Backend && s.CAID == o.CAID && s.CertID == o.CertID && s.DH == o.DH && s.PeerKeys == o.PeerKeys
}

// hex is a server's id in the names of variables.
func (s *Server) hex() string { return s.ID.Hex() }
