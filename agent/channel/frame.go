package channel

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// The kinds of frames of a stream: one letter, four bytes of length, and so many
// bytes (docs/channel.md).
const (
	frameRequest = 'Q'
	frameOutput  = 'O'
	frameError   = 'E'
	frameInput   = 'I'
	frameSize    = 'W'
	frameEnd     = 'X'
)

// mostFrame bounds a frame, in bytes.
const mostFrame = 64 << 10

// request is the first frame of a stream.
type request struct {
	Do   string `json:"do"`
	Line string `json:"line"`
	Path string `json:"path"`
	Mode uint32 `json:"mode"`
	Size int64  `json:"size"`
	// SHA256 and From are of files that the device gets by itself.
	SHA256 string `json:"sha256"`
	From   string `json:"from"`
	window
	Term string `json:"term"`
}

// window is the size of a terminal, in characters.
type window struct {
	Cols uint16 `json:"cols"`
	Rows uint16 `json:"rows"`
}

// end is the last frame of a stream.
type end struct {
	Exit  int    `json:"exit"`
	Error string `json:"error,omitempty"`
	Text  string `json:"text,omitempty"`
}

// readFrame reads one frame.
func readFrame(r io.Reader) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > mostFrame {
		return 0, nil, fmt.Errorf("a frame of %d bytes", n)
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(r, payload)
	return head[0], payload, err
}

// frames writes frames; it may be used by several goroutines.
type frames struct {
	mu sync.Mutex
	w  io.Writer
}

func (f *frames) write(kind byte, payload []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	frame := make([]byte, 5, 5+len(payload))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(payload)))
	_, err := f.w.Write(append(frame, payload...))
	return err
}

func (f *frames) end(e end) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err // plain values always marshal
	}
	return f.write(frameEnd, text)
}

// output is a writer that makes frames of one kind.
type output struct {
	frames *frames
	kind   byte
}

// Write implements io.Writer.
func (o output) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		part := p[done:min(len(p), done+mostFrame)]
		if err := o.frames.write(o.kind, part); err != nil {
			return done, err
		}
		done += len(part)
	}
	return len(p), nil
}
