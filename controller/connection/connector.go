package connection

import (
	"context"
	"io"
	"io/fs"
	"net/netip"

	"github.com/wispwright/wispwright"
)

// The identifiers of OpenWISP's connectors and update strategies: they are
// stored and travel in the API as they are (spec: connection §3).
const (
	ConnectorSSH         = "openwisp_controller.connection.connectors.ssh.Ssh"
	ConnectorOpenWrtSNMP = "openwisp_controller.connection.connectors.openwrt.snmp.OpenWRTSnmp"
	ConnectorAirOSSNMP   = "openwisp_controller.connection.connectors.airos.snmp.AirOsSnmp"
	StrategyOpenWrt      = "openwisp_controller.connection.connectors.openwrt.ssh.OpenWrt"
	StrategyOpenWisp1    = "openwisp_controller.connection.connectors.openwrt.ssh.OpenWisp1"
)

// ConnectorType is one way of reaching devices.
type ConnectorType struct {
	// ID is its value in the API and in storage.
	ID string
	// Label is its name for people.
	Label string
	// Schema is the JSON Schema (draft 4) of its parameters.
	Schema wispwright.JSON
	// Secrets are the parameters that are not shown.
	Secrets []string
	// Check looks at parameters that follow the schema; its error's text is shown
	// to the user. Default: there is nothing more to check.
	Check func(params wispwright.JSON) error
	// Commands reports whether its sessions run commands, so that pushes and
	// commands may use it.
	Commands bool
	// Open says whether a device keeps itself reachable now: such connectors need no
	// address, and are tried first, or last. Default: devices are reached at their
	// addresses.
	Open func(ctx context.Context, device wispwright.ID) bool
	// Connector does it.
	Connector Connector
}

// Connector reaches devices. Any implementation must pass
// connectiontest.RunConnector.
type Connector interface {
	// Dial opens a session on the first address that answers. The error's text
	// is shown to people; it tells of every address that was tried.
	Dial(ctx context.Context, t Target) (Session, error)
}

// Target is the device to be reached.
type Target struct {
	// DeviceID is the device.
	DeviceID wispwright.ID
	// Addresses are tried in order.
	Addresses []netip.Addr
	// Params are the parameters, checked before.
	Params wispwright.JSON
	// HostKey is the key that the device must show; empty takes any.
	HostKey string
}

// Session is an open connection to a device. It is used by one goroutine at a
// time.
//
// A Session with a method Wake(context.Context) error tells the agent of its device
// itself to look for a changed configuration, and no update strategy is asked. One
// that is a terminal.Opener opens terminals.
type Session interface {
	// HostKey is the key that the device showed, in the form of Target's;
	// empty when the connector knows no such thing.
	HostKey() string
	// Describe asks the device who it is, in a line for people.
	Describe(ctx context.Context) (string, error)
	// Run runs a command line and returns its exit status. What it writes is
	// handed to out as it comes. When the context ends the command's session is
	// ended too, and the context's error returned. Errors: ErrNoCommands;
	// *LostError when the device went away before it told the status.
	Run(ctx context.Context, line string, out Output) (exit int, err error)
	// Upload writes a file. Errors: as of Run.
	Upload(ctx context.Context, path string, mode fs.FileMode, size int64, content io.Reader) error
	// Close ends the session; it may be called more than once.
	Close() error
}

// Output takes what a command writes.
type Output struct {
	// Stdout and Stderr must not be nil. They must not block for long, and
	// are called by one goroutine each.
	Stdout, Stderr io.Writer
}

// LostError says that a device went away in the middle of something.
type LostError struct {
	// Reason says what was seen of it.
	Reason string
}

func (e *LostError) Error() string { return "the connection was lost: " + e.Reason }

// ErrNoCommands is returned by sessions that run no commands.
const ErrNoCommands = noCommands("this connector runs no commands")

type noCommands string

func (e noCommands) Error() string { return string(e) }
