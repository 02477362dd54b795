package terminal

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
)

// tape records what a terminal shows as lines of an asciicast, version 2
// (https://docs.asciinema.org/manual/asciicast/v2/). What is typed is not recorded:
// passwords are among it.
type tape struct {
	id    wispwright.ID
	begun time.Time
	limit int

	mu    sync.Mutex
	lines bytes.Buffer
	rest  []byte // the beginning of a letter whose end did not come yet
	bytes int
	n     int
	taken int
}

func newTape(t *Session, begun time.Time, limit int) *tape {
	r := &tape{id: t.ID, begun: begun, limit: limit}
	header, err := json.Marshal(map[string]any{"version": 2, "width": t.Cols, "height": t.Rows, "timestamp": begun.Unix(), "env": map[string]string{"TERM": "xterm-256color"}})
	if err == nil { // plain values always marshal
		r.lines.Write(append(header, '\n'))
	}
	return r
}

// line adds an event. The lock is held.
func (r *tape) line(kind, data string) {
	text, err := json.Marshal([]any{json.Number(fmt.Sprintf("%.6f", time.Since(r.begun).Seconds())), kind, data})
	if err == nil {
		r.lines.Write(append(text, '\n'))
	}
}

// output records what is shown, and reports whether there was room for it.
func (r *tape) output(p []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bytes+len(p) > r.limit {
		return false
	}
	r.bytes += len(p)
	text := append(r.rest, p...)
	cut := len(text)
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if utf8.RuneStart(text[len(text)-n]) {
			if !utf8.FullRune(text[len(text)-n:]) {
				cut = len(text) - n
			}
			break
		}
	}
	r.rest = bytes.Clone(text[cut:])
	if cut > 0 {
		r.line("o", strings.ToValidUTF8(string(text[:cut]), "\uFFFD"))
	}
	return true
}

func (r *tape) resize(z Size) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line("r", fmt.Sprintf("%dx%d", z.Cols, z.Rows))
}

func (r *tape) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytes
}

// waiting is how much is not stored yet.
func (r *tape) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines.Len()
}

// cut makes the next part of what is not stored, nil where that is nothing.
func (r *tape) cut() (*Part, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lines.Len() == 0 {
		return nil, nil
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(r.lines.Bytes())
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, err
	}
	r.taken = r.lines.Len()
	return &Part{ID: wispwright.NewID(), TerminalID: r.id, N: r.n, Data: wispwright.Secret(base64.StdEncoding.EncodeToString(packed.Bytes()))}, nil
}

// stored says what became of the part that was cut.
func (r *tape) stored(ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ok {
		r.lines.Next(r.taken)
		r.n++
	}
	r.taken = 0
}

// Recording writes the recording of a terminal within the scope, an asciicast, as far
// as it was stored.
func (s *Terminals) Recording(ctx context.Context, scope wispwright.Scope, id wispwright.ID, w io.Writer) error {
	t, err := s.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	const step = 100
	for offset := 0; ; offset += step {
		parts, err := s.stores.Parts.List(ctx, wispwright.ScopeAll(), PartFilter{TerminalID: t.ID}, wispwright.Page{Offset: offset, Limit: step, NoTotal: true})
		if err != nil {
			return err
		}
		for _, p := range parts.Rows {
			if err := unpack(w, p); err != nil {
				return fmt.Errorf("recording %s, part %d: %w", id, p.N, err)
			}
		}
		if len(parts.Rows) < step {
			return nil
		}
	}
}

func unpack(w io.Writer, p *Part) error {
	packed, err := base64.StdEncoding.DecodeString(p.Data.Reveal())
	if err != nil {
		return err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	_, err = io.Copy(w, z)
	return err
}
