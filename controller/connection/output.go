package connection

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// transcript keeps what a command writes, within a limit: the beginning, and
// the end. Its writers may be used from different goroutines.
type transcript struct {
	mu             sync.Mutex
	stdout, stderr clipped
	secrets        []string
	changed        bool
}

func newTranscript(limit int, secrets []string) *transcript {
	return &transcript{stdout: clipped{limit: limit}, stderr: clipped{limit: limit}, secrets: secrets}
}

// output are the writers of both streams.
func (t *transcript) output() Output { return Output{t.writer(&t.stdout), t.writer(&t.stderr)} }

func (t *transcript) writer(c *clipped) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.changed = true
		c.add(p)
		return len(p), nil
	})
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// text is everything so far, within the limit and without secrets.
func (t *transcript) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changed = false
	text := clip(join(t.stdout.String(), t.stderr.String()), t.stdout.limit)
	return t.hide(text)
}

// news is text, if there is more than when it was asked last.
func (t *transcript) news() (text string, changed bool) {
	t.mu.Lock()
	changed = t.changed
	t.mu.Unlock()
	if !changed {
		return "", false
	}
	return t.text(), true
}

// errors is what was written to the standard error.
func (t *transcript) errors() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hide(t.stderr.String())
}

// hide replaces secrets, which a device may repeat.
func (t *transcript) hide(text string) string {
	for _, s := range t.secrets {
		if len(s) >= leastHidden {
			text = strings.ReplaceAll(text, s, hidden)
		}
	}
	return text
}

// leastHidden is how long a secret must be to be looked for in output, in
// bytes: shorter ones would make holes everywhere.
const leastHidden = 4

// clipped keeps the beginning and the end of what is added to it.
type clipped struct {
	limit int
	head  []byte
	tail  []byte // the last of what came after head, at most twice its share
	total int64
}

func (c *clipped) add(p []byte) {
	c.total += int64(len(p))
	half := c.limit / 2
	n := min(len(p), half-len(c.head))
	c.head, p = append(c.head, p[:n]...), p[n:]
	if len(p) > half {
		p = p[len(p)-half:]
	}
	c.tail = append(c.tail, p...)
	if len(c.tail) > 2*half { // seldom, so that it costs little
		c.tail = append(c.tail[:0], c.tail[len(c.tail)-half:]...)
	}
}

// String is what was kept, as text.
func (c *clipped) String() string {
	half := c.limit / 2
	tail := c.tail[max(0, len(c.tail)-half):]
	left := c.total - int64(len(c.head)) - int64(len(tail))
	if left <= 0 {
		return plain(append(c.head[:len(c.head):len(c.head)], tail...))
	}
	return plain(c.head) + omitted(left) + plain(tail)
}

func omitted(bytes int64) string { return fmt.Sprintf("\n[… %d bytes are left out …]\n", bytes) }

// clip cuts a text in its middle.
func clip(text string, limit int) string {
	if len(text) <= limit+64 { // the note of what is left out may go beyond it
		return text
	}
	half := limit / 2
	return plain([]byte(text[:half])) + omitted(int64(len(text)-2*half)) + plain([]byte(text[len(text)-half:]))
}

// plain drops what no database takes as text.
func plain(b []byte) string {
	text := string(b)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "")
	}
	return strings.ReplaceAll(text, "\x00", "")
}
