package channel

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/wispwright/wispwright/controller/connection"
)

// The kinds of frames of a stream (docs/channel.md).
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

// request is the first frame of a stream. To a node it names the device only.
type request struct {
	Do     string `json:"do,omitempty"`
	Line   string `json:"line,omitempty"`
	Path   string `json:"path,omitempty"`
	Mode   uint32 `json:"mode,omitempty"`
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	From   string `json:"from,omitempty"`
	Cols   int    `json:"cols,omitempty"`
	Rows   int    `json:"rows,omitempty"`
	Term   string `json:"term,omitempty"`
	Device string `json:"device,omitempty"`
}

// end is the last frame of a stream, and a node's answer.
type end struct {
	Exit  int    `json:"exit"`
	Error string `json:"error,omitempty"`
	Text  string `json:"text,omitempty"`
}

// readFrame reads one frame into a buffer that it may replace.
func readFrame(r io.Reader, buffer []byte) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(binary.BigEndian.Uint32(head[1:]))
	if n > mostFrame {
		return 0, nil, fmt.Errorf("a frame of %d bytes", n)
	}
	if cap(buffer) < n {
		buffer = make([]byte, n)
	}
	_, err = io.ReadFull(r, buffer[:n])
	return head[0], buffer[:n], err
}

// readEnd reads frames up to the last one, which it returns; what is shown goes to
// out.
func readEnd(r io.Reader, out connection.Output) (e end, err error) {
	var buffer []byte
	for {
		kind, payload, err := readFrame(r, buffer)
		if err != nil {
			return e, err
		}
		buffer = payload[:0]
		switch kind {
		case frameOutput:
			_, err = out.Stdout.Write(payload)
		case frameError:
			_, err = out.Stderr.Write(payload)
		case frameEnd:
			return e, json.Unmarshal(payload, &e)
		default:
			err = fmt.Errorf("a frame of the unknown kind %q", kind)
		}
		if err != nil {
			return e, err
		}
	}
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

func (f *frames) json(kind byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return f.write(kind, text)
}

// Write makes frames of what is typed.
func (f *frames) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		part := p[done:min(len(p), done+mostFrame/2)]
		if err := f.write(frameInput, part); err != nil {
			return done, err
		}
		done += len(part)
	}
	return len(p), nil
}
