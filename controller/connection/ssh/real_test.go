package ssh_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	xssh "golang.org/x/crypto/ssh"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/connectiontest"
	"github.com/wispwright/wispwright/controller/connection/ssh"
	"github.com/wispwright/wispwright/internal/box"
)

// target reaches a box.
func target(t testing.TB, b *box.Box, params map[string]any) connection.Target {
	t.Helper()
	params["port"] = b.At.Port()
	text, err := json.Marshal(params)
	require.NoError(t, err)
	require.NoError(t, ssh.Check(wispwright.JSON(text)))
	return connection.Target{Addresses: []netip.Addr{b.At.Addr()}, Params: wispwright.JSON(text)}
}

// authorise lets a key in.
func authorise(t testing.TB, path string, key any) (private string) {
	t.Helper()
	s, err := xssh.NewSignerFromKey(key)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = f.Write(xssh.MarshalAuthorizedKey(s.PublicKey()))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	block, err := xssh.MarshalPrivateKey(key, "")
	require.NoError(t, err)
	return string(pem.EncodeToMemory(block))
}

// keys are one of each kind.
func keys(t testing.TB) map[string]any {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, d, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return map[string]any{"RSA": r, "ECDSA": e, "Ed25519": d}
}

const password = box.Password

// Every kind of key, and a password, on both daemons.
func TestConnectorOnRealDaemons(t *testing.T) {
	for name, make := range map[string]func(testing.TB, string) *box.Box{"openssh": box.OpenSSH, "dropbear": box.Dropbear} {
		t.Run(name, func(t *testing.T) {
			b := make(t, "")
			file := b.AuthorizedKeys()
			ways := map[string]map[string]any{"password": {"username": "root", "password": password}}
			for kind, key := range keys(t) {
				ways[kind] = map[string]any{"username": "root", "key": authorise(t, file, key)}
			}
			for way, params := range ways {
				t.Run(way, func(t *testing.T) {
					folder := ""
					if way == "RSA" || way == "password" {
						folder = t.TempDir()
					}
					connectiontest.RunConnector(t, connectiontest.Device{Connector: patient(), Target: target(t, b, params), Commands: true, Folder: folder})
				})
			}
			t.Run("refused", func(t *testing.T) {
				_, err := patient().Dial(t.Context(), target(t, b, map[string]any{"username": "root", "password": "wrong"}))
				require.EqualError(t, err, "Authentication failed.")
				_, stranger, err := ed25519.GenerateKey(rand.Reader)
				require.NoError(t, err)
				_, err = patient().Dial(t.Context(), target(t, b, map[string]any{"username": "root", "key": authorise(t, filepath.Join(t.TempDir(), "none"), stranger)}))
				require.EqualError(t, err, "Authentication failed.")
			})
		})
	}
}

// patient waits long enough for a loaded machine.
func patient() *ssh.Connector {
	return &ssh.Connector{ConnectTimeout: 30 * time.Second, AuthTimeout: time.Minute}
}

// A device that speaks only what is out of date is reached, unless that is
// refused.
func TestOldAlgorithmsOnly(t *testing.T) {
	b := box.OpenSSH(t, "KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes128-cbc\nMACs hmac-sha1\nHostKeyAlgorithms ssh-rsa\nPubkeyAcceptedAlgorithms ssh-rsa")
	file := b.AuthorizedKeys()
	for way, params := range map[string]map[string]any{
		"password": {"username": "root", "password": password},
		"RSA":      {"username": "root", "key": authorise(t, file, keys(t)["RSA"])},
	} {
		s, err := patient().Dial(t.Context(), target(t, b, params))
		require.NoError(t, err, way)
		text, err := connection.Execute(t.Context(), s, "echo reached")
		require.NoError(t, err)
		require.Equal(t, "reached\n", text)
		require.NoError(t, s.Close())
		modern := patient()
		modern.RefuseLegacy = true
		_, err = modern.Dial(t.Context(), target(t, b, params))
		require.ErrorContains(t, err, "no common algorithm")
	}
}

// A modern device that takes RSA keys with SHA-1 signatures only, as Dropbear
// before 2020.79 does.
func TestOldSignaturesOnly(t *testing.T) {
	b := box.OpenSSH(t, "PubkeyAcceptedAlgorithms ssh-rsa")
	params := map[string]any{"username": "root", "key": authorise(t, b.AuthorizedKeys(), keys(t)["RSA"])}
	s, err := patient().Dial(t.Context(), target(t, b, params))
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func TestPinnedHostKey(t *testing.T) {
	b := box.OpenSSH(t, "")
	pinned := target(t, b, map[string]any{"username": "root", "password": password})
	s, err := patient().Dial(t.Context(), pinned)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.Contains(t, s.HostKey(), "ssh-")
	pinned.HostKey = s.HostKey()
	s, err = patient().Dial(t.Context(), pinned)
	require.NoError(t, err, "the same device")
	require.NoError(t, s.Close())
	rsaKey, err := os.ReadFile(b.HostKey("rsa") + ".pub")
	require.NoError(t, err)
	pinned.HostKey = string(rsaKey)
	s, err = patient().Dial(t.Context(), pinned)
	require.NoError(t, err, "of several keys the pinned one is asked for")
	require.NoError(t, s.Close())

	other := box.OpenSSH(t, "")
	wrong := target(t, other, map[string]any{"username": "root", "password": password})
	wrong.HostKey = pinned.HostKey
	_, err = patient().Dial(t.Context(), wrong)
	require.ErrorContains(t, err, "it was pinned as "+strings.Fields(ssh.Fingerprint(pinned.HostKey))[1])
}

// The line is cut while a command runs.
func TestCutInTheMiddle(t *testing.T) {
	b := box.OpenSSH(t, "")
	s, err := patient().Dial(t.Context(), target(t, b, map[string]any{"username": "root", "password": password}))
	require.NoError(t, err)
	conn := <-b.Conns
	cut := &cutter{conn: conn.(*net.TCPConn)}
	_, err = s.Run(t.Context(), "echo begun; sleep 600", connection.Output{Stdout: cut, Stderr: io.Discard})
	var lost *connection.LostError
	require.ErrorAs(t, err, &lost)
	_, err = s.Run(t.Context(), "true", connection.Output{Stdout: io.Discard, Stderr: io.Discard})
	require.ErrorAs(t, err, &lost)
}

type cutter struct{ conn *net.TCPConn }

// Write implements io.Writer.
func (c *cutter) Write(p []byte) (int, error) {
	// both halves: the daemon has a copy of the socket
	_ = c.conn.CloseRead()
	_ = c.conn.CloseWrite()
	return len(p), nil
}

// listening answers with fn.
func listening(t *testing.T, fn func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go fn(conn)
		}
	}()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

func at(address netip.AddrPort) connection.Target {
	return connection.Target{Addresses: []netip.Addr{address.Addr()}, Params: wispwright.JSON(fmt.Sprintf(`{"username":"root","password":"password","port":%d}`, address.Port()))}
}

func TestHostsThatAreNone(t *testing.T) {
	quick := &ssh.Connector{BannerTimeout: 100 * time.Millisecond}
	t.Run("says nothing", func(t *testing.T) {
		_, err := quick.Dial(t.Context(), at(listening(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })))
		require.EqualError(t, err, "Error reading SSH protocol banner: timed out")
	})
	t.Run("hangs up", func(t *testing.T) {
		_, err := quick.Dial(t.Context(), at(listening(t, func(c net.Conn) { _ = c.Close() })))
		require.ErrorContains(t, err, "SSH:")
	})
	t.Run("speaks HTTP without end", func(t *testing.T) {
		_, err := patient().Dial(t.Context(), at(listening(t, func(c net.Conn) {
			for {
				if _, err := c.Write(bytes.Repeat([]byte("x"), 4096)); err != nil {
					return
				}
			}
		})))
		require.Error(t, err)
	})
	t.Run("refuses", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		address := l.Addr().(*net.TCPAddr).AddrPort()
		require.NoError(t, l.Close())
		_, err = quick.Dial(t.Context(), at(address))
		require.EqualError(t, err, fmt.Sprintf("[Errno None] Unable to connect to port %d on 127.0.0.1", address.Port()))
		two := at(address)
		two.Addresses = append(two.Addresses, netip.MustParseAddr("127.0.0.2"))
		_, err = quick.Dial(t.Context(), two)
		require.ErrorContains(t, err, "on 127.0.0.1; [Errno None] Unable to connect")
	})
	t.Run("lies in a network that is not reached", func(t *testing.T) {
		careful := &ssh.Connector{Refuse: netip.Addr.IsLoopback}
		mapped := at(netip.MustParseAddrPort("[::ffff:127.0.0.1]:22"))
		_, err := careful.Dial(t.Context(), mapped)
		require.ErrorContains(t, err, "Unable to connect to port 22 on ::ffff:127.0.0.1: the server does not connect")
	})
	t.Run("the context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := patient().Dial(ctx, at(listening(t, func(net.Conn) { cancel() })))
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestKeysThatAreNone(t *testing.T) {
	const refused = "Unrecognized or unsupported SSH key algorithm, only RSA and ED25519 are currently supported."
	dsaKey := "-----BEGIN DSA PRIVATE KEY-----\nMIIBugIBAAKBgQD5\n-----END DSA PRIVATE KEY-----"
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	sealed, err := xssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("passphrase"))
	require.NoError(t, err)
	for _, text := range []string{strings.Repeat("x", 70), dsaKey, string(pem.EncodeToMemory(sealed))} {
		params, err := json.Marshal(map[string]any{"username": "root", "key": text})
		require.NoError(t, err)
		require.EqualError(t, ssh.Check(wispwright.JSON(params)), refused)
	}
	require.EqualError(t, ssh.Check(`{"username":"root"}`), "Missing password or key")
	require.Error(t, ssh.Check(`{"username":"root","password":"word","port":22.5}`))
	require.NoError(t, ssh.Check(`{"username":"root","password":"word","port":22.0}`))
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	text := strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})), "\n", "\r\n")
	params, err := json.Marshal(map[string]any{"username": "root", "key": text})
	require.NoError(t, err)
	require.NoError(t, ssh.Check(wispwright.JSON(params)), "PKCS#8 with line ends of another system")
}
