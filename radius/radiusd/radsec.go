package radiusd

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"layeh.com/radius"
)

// RadSec is RADIUS over TLS (RFC 6614): access servers show a certificate, nothing of a
// packet can be read or changed on the way, and the shared secret is a word that
// everybody knows.
const radsecSecret = "radsec"

const (
	// radsecConnections bounds access servers that are connected at a time.
	radsecConnections = 1000
	// radsecShake and radsecIdle are how long a handshake may take, and how long a
	// connection may be silent.
	radsecShake = 10 * time.Second
	radsecIdle  = 15 * time.Minute
	// smallest is the length of the smallest packet.
	smallest = 20
)

// ServeTLS answers access servers that connect by TLS until the context ends. The
// configuration must demand and verify certificates of clients. An access server is
// known by a name of its certificate.
func (s *Server) ServeTLS(ctx context.Context, listener net.Listener, config *tls.Config) error {
	if config == nil || config.ClientAuth != tls.RequireAndVerifyClientCert || config.ClientCAs == nil {
		return errors.New("radiusd: certificates of access servers must be demanded and verified")
	}
	var under sync.WaitGroup
	defer under.Wait()
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() }) // the accepting goroutine is told
	defer stop()
	slots := make(chan struct{}, radsecConnections)
	for {
		raw, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			time.Sleep(10 * time.Millisecond) // such as no descriptor left
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			s.busy.Add(1)
			_ = raw.Close() // it comes again
			continue
		}
		under.Go(func() {
			defer func() { <-slots }()
			s.connected(ctx, tls.Server(raw, config))
		})
	}
}

// connected answers one access server until it goes away.
func (s *Server) connected(ctx context.Context, conn *tls.Conn) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // the reader is told
	defer stop()
	defer func() { _ = conn.Close() }() // it is gone anyway
	shake, cancel := context.WithTimeout(ctx, radsecShake)
	err := conn.HandshakeContext(shake)
	cancel()
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return
	}
	from := netip.AddrPortFrom(tcp.AddrPort().Addr().Unmap(), tcp.AddrPort().Port())
	if err != nil {
		s.forged.Add(1)
		s.log.WarnContext(ctx, "an access server was refused", "address", from.Addr().String(), "error", err)
		return
	}
	c := s.byCertificate(conn, from.Addr())
	if c == nil {
		s.stranger(ctx, from.Addr())
		return
	}
	var under sync.WaitGroup
	defer under.Wait()
	var writing sync.Mutex
	work := context.WithoutCancel(ctx)
	for {
		if err := conn.SetReadDeadline(time.Now().Add(radsecIdle)); err != nil {
			return
		}
		raw, err := readPacket(conn)
		if err != nil {
			if errors.Is(err, errLength) {
				s.malformed.Add(1)
			}
			return
		}
		select { // a connection waits for its turn: TCP tells the other side
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		under.Go(func() {
			defer func() { <-s.slots }()
			ctx, cancel := context.WithTimeout(work, 10*time.Second)
			defer cancel()
			answer := s.handle(ctx, c, from, raw)
			if answer == nil {
				return
			}
			writing.Lock()
			defer writing.Unlock()
			_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Second)) // who does not read goes away
			_, _ = conn.Write(answer)                                   // reading fails next
		})
	}
}

var errLength = errors.New("the length of a packet is impossible")

// readPacket reads one packet of a stream.
func readPacket(r io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(head[2:]))
	if n < smallest || n > radius.MaxPacketLength {
		return nil, errLength
	}
	raw := make([]byte, n)
	copy(raw, head)
	_, err := io.ReadFull(r, raw[4:])
	return raw, err
}

// byCertificate finds an access server whose name is one of the certificate's. Addresses
// do not count here: with a secret that everybody knows, anybody who registers the address of
// somebody else's access server would get what it sends. Nor does a name that two access
// servers have.
func (s *Server) byCertificate(conn *tls.Conn, a netip.Addr) *client {
	peers := conn.ConnectionState().PeerCertificates
	if len(peers) == 0 {
		return nil
	}
	names := append([]string{peers[0].Subject.CommonName}, peers[0].DNSNames...)
	var found *client
	for _, c := range *s.nases.Load() {
		if c.name == "" || !slices.Contains(names, c.name) {
			continue
		}
		if found != nil {
			return nil
		}
		found = &client{secret: []byte(radsecSecret), organization: c.organization, secure: true, at: a}
	}
	return found
}
