package testkit

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Gate stands between a test and its PostgreSQL, and can be closed as if the
// server were away.
type Gate struct {
	// URL is the address of an empty schema, through the gate.
	URL string

	server string
	mu     sync.Mutex
	closed bool
	open   map[net.Conn]bool
}

// PostgresGate makes an empty schema behind a gate; it skips the test when
// there is no PostgreSQL.
func PostgresGate(t testing.TB) *Gate {
	t.Helper()
	u, err := url.Parse(PostgresURL(t))
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := &Gate{server: u.Host, open: map[net.Conn]bool{}}
	u.Host = l.Addr().String()
	g.URL = u.String()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { g.pass(c) })
		}
	})
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		g.Close()
		serving.Wait()
	})
	return g
}

// Close cuts every connection and refuses new ones.
func (g *Gate) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for c := range g.open {
		_ = c.Close() // cut, at whatever moment
	}
	clear(g.open)
}

// Open lets connections through again.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = false
}

// hold keeps connections to be cut, unless the gate is closed.
func (g *Gate) hold(list ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range list {
		if g.closed {
			_ = c.Close() // refused
			continue
		}
		g.open[c] = true
	}
	return !g.closed
}

func (g *Gate) drop(list ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range list {
		_ = c.Close() // one side is closed already
		delete(g.open, c)
	}
}

func (g *Gate) pass(client net.Conn) {
	server, err := net.Dial("tcp", g.server)
	if err != nil {
		_ = client.Close() // as the server would
		return
	}
	if !g.hold(client, server) {
		return
	}
	defer g.drop(client, server)
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(client, server) // ends when either side is closed
		g.drop(client, server)
	})
	_, _ = io.Copy(server, client) // likewise
	g.drop(client, server)
	back.Wait()
}
