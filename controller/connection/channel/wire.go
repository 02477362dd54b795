package channel

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"
)

// frameCost is the least that a frame of the multiplexer counts, in bytes: many
// small ones cost as much as long ones.
const frameCost = 512

// headerSize is that of the multiplexer's frames.
const headerSize = 12

// errUninvited ends the channel of a device that opens streams.
var errUninvited = errors.New("the device opened a stream, which only the server does")

// wire is a WebSocket as the multiplexer wants it. It holds a device to its rate
// by reading no faster, and to the protocol.
type wire struct {
	ws     *websocket.Conn
	limit  *rate.Limiter
	reader io.Reader
	// head is what was read of the header of a frame, have its length, skip what is
	// left of the frame's body
	head [headerSize]byte
	have int
	skip uint32

	heard   atomic.Int64 // when it was last heard of, in ns
	writing atomic.Int64 // when the present write began, in ns; 0: none
	ended   func(error)  // called once, when reading ends
	once    sync.Once
	stop    chan struct{}
}

func newWire(ws *websocket.Conn, limit *rate.Limiter, ended func(error)) *wire {
	w := &wire{ws: ws, limit: limit, ended: ended, stop: make(chan struct{})}
	w.heard.Store(time.Now().UnixNano())
	return w
}

// Read implements io.Reader.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.read(p)
	if err != nil {
		w.end(err)
		return n, err
	}
	return n, nil
}

func (w *wire) end(err error) {
	w.once.Do(func() {
		close(w.stop)
		w.ended(err)
	})
}

func (w *wire) read(p []byte) (int, error) {
	for {
		if w.reader == nil {
			kind, r, err := w.ws.Reader(context.Background())
			if err != nil {
				return 0, err
			}
			if kind != websocket.MessageBinary {
				return 0, errors.New("a message that is not binary")
			}
			w.reader = r
		}
		n, err := w.reader.Read(p)
		if errors.Is(err, io.EOF) {
			w.reader, err = nil, nil
		}
		if n == 0 && err == nil {
			continue
		}
		if err == nil {
			err = w.watch(p[:n])
		}
		return n, err
	}
}

// watch looks at what came, and waits until there is room for it in the device's
// rate.
func (w *wire) watch(p []byte) error {
	w.heard.Store(time.Now().UnixNano())
	count := len(p)
	for len(p) > 0 {
		if w.skip > 0 {
			n := min(w.skip, uint32(len(p)))
			w.skip, p = w.skip-n, p[n:]
			continue
		}
		n := copy(w.head[w.have:], p)
		w.have, p = w.have+n, p[n:]
		if w.have < headerSize {
			break
		}
		w.have = 0
		count += frameCost
		if w.head[1] <= 1 && binary.BigEndian.Uint16(w.head[2:])&1 != 0 { // SYN of data or window; pings have it too
			return errUninvited
		}
		if w.head[1] == 0 { // data
			w.skip = binary.BigEndian.Uint32(w.head[8:])
		}
	}
	if w.limit == nil {
		return nil
	}
	pause := w.limit.ReserveN(time.Now(), min(count, w.limit.Burst())).Delay()
	if pause <= 0 {
		return nil
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		w.heard.Store(time.Now().UnixNano())
		return nil
	case <-w.stop:
		return io.ErrClosedPipe
	}
}

// Write implements io.Writer.
func (w *wire) Write(p []byte) (int, error) {
	w.writing.Store(time.Now().UnixNano())
	err := w.ws.Write(context.Background(), websocket.MessageBinary, p)
	w.writing.Store(0)
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close implements io.Closer.
func (w *wire) Close() error {
	w.end(io.ErrClosedPipe)
	return w.ws.CloseNow()
}
