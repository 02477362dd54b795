package eap

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// tunnel runs TLS over messages: what came is fed, and what is to be sent taken, when
// the other side has nothing to do any more.
type tunnel struct {
	conn *tls.Conn

	lock     sync.Mutex
	changed  *sync.Cond
	in, out  bytes.Buffer
	plain    bytes.Buffer // what came through
	waiting  bool         // for more to be fed
	finished bool         // nothing will change any more
	shaken   bool         // the handshake is complete
	closed   bool
	err      error
}

// maxPlain bounds what may come through a tunnel.
const maxPlain = 16 << 10

func newTunnel(config *tls.Config, readOn bool) *tunnel {
	t := &tunnel{}
	t.changed = sync.NewCond(&t.lock)
	t.conn = tls.Server(pipe{t}, config)
	go t.run(readOn)
	return t
}

// run shakes hands and then reads what comes, until the tunnel is closed.
func (t *tunnel) run(readOn bool) {
	err := t.conn.Handshake()
	t.lock.Lock()
	t.shaken = err == nil
	t.lock.Unlock()
	buffer := make([]byte, 4096)
	for err == nil && readOn {
		var n int
		n, err = t.conn.Read(buffer)
		t.lock.Lock()
		t.plain.Write(buffer[:n])
		if t.plain.Len() > maxPlain {
			err = errors.New("too much came through the tunnel")
		}
		t.lock.Unlock()
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	t.err, t.finished = err, true
	t.changed.Broadcast()
}

// feed hands in what came and returns what is to be sent.
func (t *tunnel) feed(data []byte) []byte {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.in.Write(data)
	t.changed.Broadcast()
	for !t.finished && (!t.waiting || t.in.Len() > 0) {
		t.changed.Wait()
	}
	return t.take()
}

// take is what is to be sent; the lock is held.
func (t *tunnel) take() []byte {
	out := bytes.Clone(t.out.Bytes())
	t.out.Reset()
	return out
}

// send puts something through the tunnel and returns what is to be sent.
func (t *tunnel) send(plain []byte) ([]byte, error) {
	if _, err := t.conn.Write(plain); err != nil {
		return nil, err
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.take(), nil
}

// state tells whether hands were shaken, what came through, and what went wrong.
func (t *tunnel) state() (shaken bool, plain []byte, err error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.shaken, bytes.Clone(t.plain.Bytes()), t.err
}

// close ends the tunnel and what runs in it.
func (t *tunnel) close() {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.closed = true
	t.changed.Broadcast()
}

// pipe is the net.Conn of a tunnel.
type pipe struct{ t *tunnel }

func (p pipe) Read(b []byte) (int, error) {
	t := p.t
	t.lock.Lock()
	defer t.lock.Unlock()
	for t.in.Len() == 0 && !t.closed {
		t.waiting = true
		t.changed.Broadcast()
		t.changed.Wait()
	}
	t.waiting = false
	if t.closed {
		return 0, io.EOF
	}
	return t.in.Read(b)
}

func (p pipe) Write(b []byte) (int, error) {
	p.t.lock.Lock()
	defer p.t.lock.Unlock()
	return p.t.out.Write(b)
}

func (p pipe) Close() error                     { return nil }
func (p pipe) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (p pipe) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (p pipe) SetDeadline(time.Time) error      { return nil }
func (p pipe) SetReadDeadline(time.Time) error  { return nil }
func (p pipe) SetWriteDeadline(time.Time) error { return nil }
