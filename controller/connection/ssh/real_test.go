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
	"os/exec"
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
)

// program is the path of a daemon, without which a test is left out.
func program(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{"/usr/sbin", "/usr/bin"} {
		if path := filepath.Join(dir, name); fileExists(path) {
			return path
		}
	}
	if os.Getenv("WISPWRIGHT_REQUIRE_SERVICES") != "" {
		t.Fatalf("there is no %s; scripts/services installs it", name)
	}
	t.Skipf("there is no %s", name)
	return ""
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// box is a machine with a daemon that takes one connection after the other from
// a listener of the test, so that no port has to stay free.
type box struct {
	t       testing.TB
	dir     string
	at      netip.AddrPort
	command func() *exec.Cmd
	// conns are the connections that were taken
	conns chan net.Conn
}

func newBox(t testing.TB, command func(dir string) *exec.Cmd) *box {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a daemon that lets somebody in must be started by root")
	}
	b := &box{t: t, dir: t.TempDir(), conns: make(chan net.Conn, 100)}
	require.NoError(t, os.Chmod(b.dir, 0o755))
	b.command = func() *exec.Cmd { return command(b.dir) }
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b.at = l.Addr().(*net.TCPAddr).AddrPort()
	t.Cleanup(func() { _ = l.Close() })
	go b.serve(l)
	return b
}

func (b *box) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		b.conns <- conn
		go func() {
			defer conn.Close()
			file, err := conn.(*net.TCPConn).File()
			if err != nil {
				return
			}
			defer file.Close()
			cmd := b.command()
			cmd.Stdin, cmd.Stdout = file, file
			_ = cmd.Run()
		}()
	}
}

// target reaches the box.
func (b *box) target(params map[string]any) connection.Target {
	b.t.Helper()
	params["port"] = b.at.Port()
	text, err := json.Marshal(params)
	require.NoError(b.t, err)
	require.NoError(b.t, ssh.Check(wispwright.JSON(text)))
	return connection.Target{Addresses: []netip.Addr{b.at.Addr()}, Params: wispwright.JSON(text)}
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

const password = "a good Passw0rd"

// within runs a program with an /etc of its own, in which root has the password
// and the home directory is a folder.
func within(t testing.TB, dir, line string) *exec.Cmd {
	t.Helper()
	passwd := filepath.Join(dir, "passwd")
	if !fileExists(passwd) {
		hash, err := exec.Command("openssl", "passwd", "-6", password).Output()
		require.NoError(t, err)
		home := filepath.Join(dir, "home")
		require.NoError(t, os.MkdirAll(home, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "shadow"), []byte("root:"+strings.TrimSpace(string(hash))+":19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n"), 0o600))
		require.NoError(t, os.WriteFile(passwd, []byte("root:x:0:0:root:"+home+":/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n"), 0o644))
	}
	return exec.Command("unshare", "-m", "sh", "-c", "mount --bind "+dir+"/passwd /etc/passwd && mount --bind "+dir+"/shadow /etc/shadow && mkdir -p /run/sshd && exec "+line)
}

// openSSH is a box with Debian's OpenSSH.
func openSSH(t testing.TB, more string) *box {
	t.Helper()
	sshd := program(t, "sshd")
	return newBox(t, func(dir string) *exec.Cmd {
		config := filepath.Join(dir, "sshd_config")
		if !fileExists(config) {
			for _, kind := range []string{"ed25519", "rsa"} {
				out, err := exec.Command("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", filepath.Join(dir, "host_"+kind)).CombinedOutput()
				require.NoError(t, err, string(out))
			}
			text := fmt.Sprintf("HostKey %[1]s/host_ed25519\nHostKey %[1]s/host_rsa\nAuthorizedKeysFile %[1]s/home/.ssh/authorized_keys\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication yes\nUsePAM no\nPrintMotd no\nSubsystem sftp internal-sftp\n%[2]s\n", dir, more)
			require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
		}
		return within(t, dir, sshd+" -i -e -f "+config+" 2>>"+dir+"/log")
	})
}

// dropbear is a box with Debian's Dropbear, which is what OpenWrt has.
func dropbear(t testing.TB, more string) *box {
	t.Helper()
	daemon, key := program(t, "dropbear"), program(t, "dropbearkey")
	return newBox(t, func(dir string) *exec.Cmd {
		host := filepath.Join(dir, "host")
		if !fileExists(host) {
			out, err := exec.Command(key, "-t", "rsa", "-s", "2048", "-f", host).CombinedOutput()
			require.NoError(t, err, string(out))
		}
		return within(t, dir, daemon+" -i -r "+host+" "+more+" 2>>"+dir+"/log")
	})
}

// prepare makes files of a box before anything connects.
func (b *box) prepare() string {
	_ = b.command()
	return filepath.Join(b.dir, "home", ".ssh", "authorized_keys")
}

// Every kind of key, and a password, on both daemons.
func TestConnectorOnRealDaemons(t *testing.T) {
	for name, make := range map[string]func(testing.TB, string) *box{"openssh": openSSH, "dropbear": dropbear} {
		t.Run(name, func(t *testing.T) {
			b := make(t, "")
			file := b.prepare()
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
					connectiontest.RunConnector(t, connectiontest.Device{Connector: patient(), Target: b.target(params), Commands: true, Folder: folder})
				})
			}
			t.Run("refused", func(t *testing.T) {
				_, err := patient().Dial(t.Context(), b.target(map[string]any{"username": "root", "password": "wrong"}))
				require.EqualError(t, err, "Authentication failed.")
				_, stranger, err := ed25519.GenerateKey(rand.Reader)
				require.NoError(t, err)
				_, err = patient().Dial(t.Context(), b.target(map[string]any{"username": "root", "key": authorise(t, filepath.Join(t.TempDir(), "none"), stranger)}))
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
	b := openSSH(t, "KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes128-cbc\nMACs hmac-sha1\nHostKeyAlgorithms ssh-rsa\nPubkeyAcceptedAlgorithms ssh-rsa")
	file := b.prepare()
	for way, params := range map[string]map[string]any{
		"password": {"username": "root", "password": password},
		"RSA":      {"username": "root", "key": authorise(t, file, keys(t)["RSA"])},
	} {
		s, err := patient().Dial(t.Context(), b.target(params))
		require.NoError(t, err, way)
		text, err := connection.Execute(t.Context(), s, "echo reached")
		require.NoError(t, err)
		require.Equal(t, "reached\n", text)
		require.NoError(t, s.Close())
		modern := patient()
		modern.RefuseLegacy = true
		_, err = modern.Dial(t.Context(), b.target(params))
		require.ErrorContains(t, err, "no common algorithm")
	}
}

// A modern device that takes RSA keys with SHA-1 signatures only, as Dropbear
// before 2020.79 does.
func TestOldSignaturesOnly(t *testing.T) {
	b := openSSH(t, "PubkeyAcceptedAlgorithms ssh-rsa")
	params := map[string]any{"username": "root", "key": authorise(t, b.prepare(), keys(t)["RSA"])}
	s, err := patient().Dial(t.Context(), b.target(params))
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func TestPinnedHostKey(t *testing.T) {
	b := openSSH(t, "")
	target := b.target(map[string]any{"username": "root", "password": password})
	s, err := patient().Dial(t.Context(), target)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.Contains(t, s.HostKey(), "ssh-")
	target.HostKey = s.HostKey()
	s, err = patient().Dial(t.Context(), target)
	require.NoError(t, err, "the same device")
	require.NoError(t, s.Close())
	rsaKey, err := os.ReadFile(filepath.Join(b.dir, "host_rsa.pub"))
	require.NoError(t, err)
	target.HostKey = string(rsaKey)
	s, err = patient().Dial(t.Context(), target)
	require.NoError(t, err, "of several keys the pinned one is asked for")
	require.NoError(t, s.Close())

	other := openSSH(t, "")
	wrong := other.target(map[string]any{"username": "root", "password": password})
	wrong.HostKey = target.HostKey
	_, err = patient().Dial(t.Context(), wrong)
	require.ErrorContains(t, err, "it was pinned as "+strings.Fields(ssh.Fingerprint(target.HostKey))[1])
}

// The line is cut while a command runs.
func TestCutInTheMiddle(t *testing.T) {
	b := openSSH(t, "")
	s, err := patient().Dial(t.Context(), b.target(map[string]any{"username": "root", "password": password}))
	require.NoError(t, err)
	conn := <-b.conns
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
