package topology

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/netdiff"
)

// Device is what is known here of a device.
type Device struct {
	// ID identifies it, OrganizationID is whose it is, Name what it is called.
	ID, OrganizationID wispwright.ID
	Name               string
}

// Devices are those that nodes can be.
type Devices interface {
	// Named returns the devices that exist of some ids.
	Named(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]Device, error)
}

// Options change what New makes; nil means the defaults.
type Options struct {
	// Formats are what can be read. Default: netdiff.Formats.
	Formats *netdiff.Registry
	// Devices are those that nodes can be. Default: none are known.
	Devices Devices
	// Matchers find the devices that new nodes are, by the name of the format.
	Matchers map[string]Matcher
	// Dial connects to where topologies are fetched from; it decides which
	// addresses are dialled at all. Default: net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// RefuseURL says why an address is never fetched from, in words for people; ""
	// when it may be. Default: all may be.
	RefuseURL func(url string) string
	// Timeout ends a fetch. Default: 8 seconds.
	Timeout time.Duration
	// MaxBytes is the largest data. Default: 16 MiB.
	MaxBytes int64
	// MaxObjects is how many nodes, and how many links, a topology has at most.
	// Default: 100,000.
	MaxObjects int
	// Log hears of what went wrong where nobody waits for an answer. Default:
	// slog.Default.
	Log *slog.Logger
}

// Service is the concern.
type Service struct {
	// Topologies, Nodes and Links are the objects.
	Topologies *Topologies
	Nodes      *Nodes
	Links      *Links
	// Updated is published after data changed a topology, or a person did: anybody who
	// shows it reads it anew.
	Updated event.Topic[Update]
	// LinkStatusChanged is published when links of a topology went up or down; not
	// for new ones (spec: topology §3).
	LinkStatusChanged event.Topic[StatusChange]

	recorded atomic.Uint64 // moments
	base     *entity.Base
	stores   Stores
	options  Options
}

// New makes the services over stores of the base's transactor.
func New(base *entity.Base, stores Stores, o *Options) (*Service, error) {
	if base == nil || base.Tx == nil {
		return nil, errors.New("topology: a base with its transactor is required")
	}
	if err := store.Complete("topology", stores); err != nil {
		return nil, err
	}
	s := &Service{base: base, stores: stores}
	if o != nil {
		s.options = *o
	}
	d := &s.options
	if d.Formats == nil {
		d.Formats = netdiff.Formats()
	}
	if d.Devices == nil {
		d.Devices = noDevices{}
	}
	if d.Timeout == 0 {
		d.Timeout = 8 * time.Second
	}
	if d.MaxBytes == 0 {
		d.MaxBytes = 16 << 20
	}
	if d.MaxObjects == 0 {
		d.MaxObjects = 100_000
	}
	if d.Log == nil {
		d.Log = slog.Default()
	}
	s.Topologies, s.Nodes, s.Links = newTopologies(s), newNodes(s), newLinks(s)
	return s, nil
}

// Events lists the events of the concern, with OpenWISP's signals of the same
// meaning and the subscribers.
func (s *Service) Events() []event.Listed {
	return slices.Concat(s.Topologies.Listed("Topology"), s.Nodes.Listed("Node"), s.Links.Listed("Link"), []event.Listed{
		s.Updated.Listed("topology.Updated", "update_topology"),
		s.LinkStatusChanged.Listed("topology.LinkStatusChanged", "link_status_changed"),
	})
}

// Formats are what topologies can be read from.
func (s *Service) Formats() *netdiff.Registry { return s.options.Formats }

// Format finds the format a topology is read from, by its name or by another name
// of package netdiff; the short names of the command line are none here.
func (s *Service) Format(parser string) (*netdiff.Format, bool) {
	f, ok := s.options.Formats.Lookup(parser)
	return f, ok && (parser == f.Name || strings.HasPrefix(parser, "netdiff."))
}

// matcher finds the devices of a topology's nodes; nil when nothing does.
func (s *Service) matcher(t *Topology) Matcher {
	f, ok := s.Format(t.Parser)
	if !ok {
		return nil
	}
	return s.options.Matchers[f.Name]
}

// Models are the kinds of objects permissions exist for, with what the default
// groups may do (spec: tenancy §3).
func Models() []wispwright.Model {
	return []wispwright.Model{
		{App: "topology", Name: "topology", Label: "topology", Operator: "V", Administrator: "ACDV"},
		{App: "topology", Name: "node", Label: "node", Operator: "ACDV", Administrator: "ACDV"},
		{App: "topology", Name: "link", Label: "link", Operator: "ACDV", Administrator: "ACDV"},
	}
}

type noDevices struct{}

// Named knows none.
func (noDevices) Named(context.Context, ...wispwright.ID) (map[wispwright.ID]Device, error) {
	return nil, nil
}

// perQuestion is how many keys one question to a storage names.
const perQuestion = 500

// devices returns what is known of the devices that nodes are.
func (s *Service) devices(ctx context.Context, nodes []*Node) (map[wispwright.ID]Device, error) {
	var ids []wispwright.ID
	for _, n := range nodes {
		if !n.DeviceID.IsZero() {
			ids = append(ids, n.DeviceID)
		}
	}
	out := map[wispwright.ID]Device{}
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := s.options.Devices.Named(ctx, some...)
		if err != nil {
			return nil, err
		}
		for id, d := range found {
			out[id] = d
		}
	}
	return out, nil
}
