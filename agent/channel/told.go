package channel

import (
	"net"
	"sync"
)

// told remembers why a connection ended, which the multiplexer does not.
type told struct {
	net.Conn
	once sync.Once
	err  error
	done chan struct{}
}

// Read implements net.Conn.
func (t *told) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if err != nil {
		t.once.Do(func() {
			t.err = err
			close(t.done)
		})
	}
	return n, err
}
