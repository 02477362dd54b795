package channel

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"
	"golang.org/x/time/rate"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/kit/event"
)

// Options change how a Hub works. Identify and Store are required.
type Options struct {
	// Identify finds the device that a key belongs to. Errors: as of
	// controller.Agents.Identify.
	Identify func(ctx context.Context, c protocol.Credentials) (*controller.Identity, error)
	// Store keeps which node holds which channel.
	Store Store
	// Opened is told of every channel that was opened. Default: nobody is.
	Opened func(ctx context.Context, c *Channel) error
	// Bus connects the nodes. Default: this node is alone.
	Bus wispwright.Bus
	// Node is the address at which other nodes reach this one, such as
	// "http://10.0.0.2:8080", Host what they say as the host there. Default: they do
	// not, and find no channels of this one.
	Node, Host string
	// Secret proves nodes to each other. Without it there are no channels between nodes.
	Secret wispwright.Secret
	// PerSecond is how many channels a node opens in a second; devices that are more
	// are told when to come again. Default: 200.
	PerSecond int
	// Most is how many channels a node holds. Default: 50,000.
	Most int
	// Bytes is how many bytes a device may send in a second. Default: 4 MiB.
	Bytes int
	// Silence is how long a device may be silent; its agent says something every 45 s.
	// Default: 150 s.
	Silence time.Duration
	// Recheck is after which time the key of an open channel is looked at again.
	// Default: 15 min.
	Recheck time.Duration
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

// Hub holds the channels of a node. It implements connection.Connector.
type Hub struct {
	// Contested tells of keys that are used from two places at the same time: the
	// newer channel won.
	Contested event.Topic[Contested]

	o         Options
	admission *rate.Limiter
	relays    relays

	mu      sync.RWMutex
	open    map[wispwright.ID]*channel
	stopped bool
}

// Contested says that the key of a device opened a second channel while the first
// one lived.
type Contested struct {
	// DeviceID is the device, OrganizationID its organization.
	DeviceID, OrganizationID wispwright.ID
	// Before and Now are the addresses of the two.
	Before, Now string
}

var _ connection.Connector = (*Hub)(nil)

// New returns a hub without channels.
func New(o Options) (*Hub, error) {
	if o.Identify == nil || o.Store == nil {
		return nil, errors.New("channel: Identify and Store are required")
	}
	if o.PerSecond <= 0 {
		o.PerSecond = 200
	}
	if o.Most <= 0 {
		o.Most = 50_000
	}
	if o.Bytes <= 0 {
		o.Bytes = 4 << 20
	}
	if o.Silence <= 0 {
		o.Silence = 150 * time.Second
	}
	if o.Recheck <= 0 {
		o.Recheck = 15 * time.Minute
	}
	if o.Opened == nil {
		o.Opened = func(context.Context, *Channel) error { return nil }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Hub{o: o, admission: rate.NewLimiter(rate.Limit(o.PerSecond), o.PerSecond), open: map[wispwright.ID]*channel{}}, nil
}

// Type is the connector for a registry.
func Type(h *Hub) connection.ConnectorType {
	return connection.ConnectorType{
		ID: connection.ConnectorChannel, Label: "Channel of the agent", Commands: true, Connector: h, Open: h.Reachable,
		Schema: `{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "title": "Channel", "properties": {}, "additionalProperties": false}`,
	}
}

// channel is one that is open here.
type channel struct {
	row     Channel
	key     string
	checked time.Time // by the sweeper only
	ws      *websocket.Conn
	wire    *wire
	session *yamux.Session
	streams chan struct{}
}

// streamsAtOnce is how many requests a device works at.
const streamsAtOnce = 16

// errClosed is said of devices without a channel.
var errClosed = errors.New("the device has no open channel")

// Dial implements connection.Connector.
func (h *Hub) Dial(ctx context.Context, t connection.Target) (connection.Session, error) {
	if t.DeviceID.IsZero() {
		return nil, errors.New("No valid IP addresses to initiate connections found") //nolint:staticcheck // as all connectors say
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if c := h.local(t.DeviceID); c != nil {
		return &session{open: c.stream}, nil
	}
	row, err := h.o.Store.Get(ctx, wispwright.ScopeAll(), t.DeviceID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound) || err == nil && (row.Node == "" || row.Node == h.o.Node):
		return nil, errClosed
	case err != nil:
		return nil, err
	}
	return h.remote(ctx, row)
}

// Reachable reports whether a device has an open channel here or at another node.
func (h *Hub) Reachable(ctx context.Context, device wispwright.ID) bool {
	if h.local(device) != nil {
		return true
	}
	if h.o.Node == "" {
		return false
	}
	row, err := h.o.Store.Get(ctx, wispwright.ScopeAll(), device)
	return err == nil && row.Node != "" && row.Node != h.o.Node
}

func (h *Hub) local(device wispwright.ID) *channel {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.open[device]
}

// Count is how many channels this node holds.
func (h *Hub) Count() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.open)
}

// stream opens a stream of the channel, once the device has room for it.
func (c *channel) stream(ctx context.Context) (net.Conn, error) {
	select {
	case c.streams <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.session.CloseChan():
		return nil, io.EOF
	}
	s, err := c.session.OpenStream()
	if err != nil {
		<-c.streams
		return nil, err
	}
	return &stream{Stream: s, release: func() { <-c.streams }}, nil
}

// stream gives its place free when it is closed.
type stream struct {
	*yamux.Stream
	once    sync.Once
	release func()
}

// Close implements net.Conn.
func (s *stream) Close() error {
	defer s.once.Do(s.release)
	return s.Stream.Close()
}

func muxConfig() *yamux.Config {
	o := yamux.DefaultConfig()
	o.EnableKeepAlive, o.AcceptBacklog, o.LogOutput = false, 32, io.Discard
	o.ConnectionWriteTimeout, o.StreamCloseTimeout, o.StreamOpenTimeout = 10*time.Second, time.Minute, 30*time.Second
	return o
}
