package live

import (
	"context"
	"net/http"

	"github.com/wispwright/wispwright"
)

// Everything is the group of those that hear of all events of a topic, as
// superusers do.
const Everything = "*"

// Event is one thing that happened. It is carried between nodes as text, so it
// names what changed and does not hold it: MostPayload bounds Payload.
type Event struct {
	// Topic is the name of the Topic it belongs to.
	Topic string `json:"t"`
	// Group names the sessions that hear of it: sessions with this group, and those with
	// Everything.
	Group string `json:"g"`
	// Payload is the topic's own: an id, or a few of them.
	Payload string `json:"p,omitempty"`
}

// MostPayload is how many bytes the group and payload of an event may have
// together: PostgreSQL carries 8,000 in a notification.
const MostPayload = 6000

// Topic is one kind of live messages.
type Topic struct {
	// Name is unique within the hub, such as "notification".
	Name string
	// Open decides whether a caller may listen. The caller is nil for a
	// stranger. An error refuses: ErrNotFound, ErrForbidden and
	// ErrUnauthenticated become a 403 before the handshake, as the original's
	// are. Open is called again now and then, and after Recheck, with the same
	// request: a caller that lost the right to listen is cut.
	Open func(ctx context.Context, r *http.Request, c *wispwright.Caller) (*Session, error)
	// Load reads what an event tells of, once for each event and node, and only
	// where somebody listens. Its outcome is handed to each session's Frame;
	// nil tells nobody. When Load is nil, the outcome is the payload.
	Load func(ctx context.Context, e Event) (any, error)
}

// Session is one client of a topic.
type Session struct {
	// Groups are what the client hears of.
	Groups []string
	// Frame makes the text frame of what Load returned, or nil to send none. It
	// is called by one goroutine at a time for each session, so it may keep a
	// state of the session. When it is nil, what Load returned is the frame: a
	// string or []byte.
	Frame func(loaded any) []byte
	// Receive takes a text frame of the client and returns the answer, or nil
	// for none. When it is nil, frames of the client are ignored.
	Receive func(ctx context.Context, text []byte) []byte
	// ReceiveMany is Receive for clients that get several frames in answer. It takes
	// the place of Receive when it is set.
	ReceiveMany func(ctx context.Context, text []byte) [][]byte
	// Missed is sent when events may have been lost: the connection between the
	// nodes broke, or more happened than the queues hold. Nil sends nothing.
	Missed []byte
}
