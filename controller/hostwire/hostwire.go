// Package hostwire is what the host of a VPN server and the installation say to each
// other beside the protocol of OpenWISP: whether there is something new, and how the
// server fares. The host is package vpnhost, the service that answers vpn.Agents.
package hostwire

import (
	"net/http"
	"time"
)

// Versions tell whether there is something new; empty ones are not known.
type Versions struct {
	// Archive is the checksum of the archive: MD5 in hexadecimal.
	Archive string
	// Revocations is that of the list of revoked certificates; empty without one.
	Revocations string
}

// RevocationsHeader goes with a checksum and says which list of revoked certificates
// there is.
const RevocationsHeader = "X-Wispwright-Revocations"

// State is how a server fares.
type State string

// The states of servers.
const (
	// Running: what is to run does.
	Running State = "running"
	// Failed: what is to run did not come up. What ran before runs on, where there
	// was something.
	Failed State = "failed"
)

// Report is what a host tells of a server.
type Report struct {
	// State is how it fares; Reason says why it failed, for people.
	State  State  `json:"state"`
	Reason string `json:"reason"`
	// Checksum is that of the archive that runs; empty: none does.
	Checksum string `json:"checksum"`
	// Driver says what runs it: "WireGuard, kernel".
	Driver string `json:"driver"`
	// Peers are those that were connected at least once.
	Peers []Peer `json:"peers"`
}

// Peer is a client at a VPN server. Either PublicKey or CommonName names it.
type Peer struct {
	// PublicKey is WireGuard's, in base64.
	PublicKey string `json:"public_key,omitempty"`
	// CommonName is that of the certificate.
	CommonName string `json:"common_name,omitempty"`
	// Address is the peer's in the tunnel, Endpoint where its packets come from.
	Address  string `json:"address,omitempty"`
	Endpoint string `json:"endpoint,omitempty"`
	// Seen is the last handshake of WireGuard, or the beginning of OpenVPN's
	// connection.
	Seen time.Time `json:"seen"`
	// Connected says that it is connected now, as far as the server can tell.
	Connected bool `json:"connected"`
	// Received and Sent are bytes, seen from the server.
	Received int64 `json:"received"`
	Sent     int64 `json:"sent"`
}

// Revocations is a list of revoked certificates.
type Revocations struct {
	// PEM is the list; its bytes must not be changed.
	PEM []byte
	// Checksum is MD5 of PEM, in hexadecimal.
	Checksum string
}

// Answer is what a host hears when it reports.
type Answer struct {
	// Disconnect are the common names of peers that may not be connected any more.
	Disconnect []string `json:"disconnect"`
}

// Understood reports whether an answer is from an installation that knows reports:
// OpenWISP does not.
func Understood(h http.Header) bool { return h.Get(understood) != "" }

// Understand marks an answer to a host.
func Understand(h http.Header) { h.Set(understood, "1") }

const understood = "X-Wispwright-Hosting"
