// Package boxtest gives tests machines to reach: Debian's OpenSSH, or Dropbear, which
// is what OpenWrt has, over a folder, with an agent in it if a test wants one. A
// box has an /etc/passwd and a table of processes of its own, so that nothing it
// is told to do reaches the machine's. It needs root and Linux.
package boxtest

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Password is that of the user root of every box.
const Password = "a good Passw0rd"

// Box is a machine with a daemon that takes one connection after the other from
// a listener of the test, so that no port has to stay free.
type Box struct {
	// Dir is the folder with everything of the box.
	Dir string
	// At is where it listens.
	At netip.AddrPort
	// Conns are the connections that were taken, the first hundred of them.
	Conns chan net.Conn
	// Answers reports whether the daemon answers a connection; nil: it does. Set it
	// before anything connects.
	Answers func() bool

	t      testing.TB
	daemon string
	keeper int // process whose namespaces are the box's
}

// OpenSSH makes a box with Debian's OpenSSH. more are further lines of its
// configuration.
func OpenSSH(t testing.TB, more string) *Box {
	t.Helper()
	sshd := Program(t, "sshd")
	b := newBox(t)
	for _, kind := range []string{"ed25519", "rsa"} {
		out, err := exec.Command("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", b.HostKey(kind)).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	config := filepath.Join(b.Dir, "sshd_config")
	text := fmt.Sprintf("HostKey %s\nHostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication yes\nUsePAM no\nPrintMotd no\nSubsystem sftp internal-sftp\n%s\n",
		b.HostKey("ed25519"), b.HostKey("rsa"), b.AuthorizedKeys(), more)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	b.daemon = sshd + " -i -e -f " + config + " 2>>" + b.Dir + "/log"
	b.listen()
	return b
}

// Dropbear makes a box with Debian's Dropbear. more are further options of it.
func Dropbear(t testing.TB, more string) *Box {
	t.Helper()
	daemon, key := Program(t, "dropbear"), Program(t, "dropbearkey")
	b := newBox(t)
	out, err := exec.Command(key, "-t", "rsa", "-s", "2048", "-f", b.HostKey("rsa")).CombinedOutput()
	require.NoError(t, err, string(out))
	b.daemon = daemon + " -i -r " + b.HostKey("rsa") + " " + more + " 2>>" + b.Dir + "/log"
	b.listen()
	return b
}

// HostKey is the file of the host key of a kind, "rsa" or "ed25519"; the public
// one of OpenSSH has .pub behind.
func (b *Box) HostKey(kind string) string { return filepath.Join(b.Dir, "host_"+kind) }

// AuthorizedKeys is the file of the keys that may log in.
func (b *Box) AuthorizedKeys() string { return filepath.Join(b.Dir, "home", ".ssh", "authorized_keys") }

// Program is the path of a program, without which the test is left out.
func Program(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if path := filepath.Join(dir, name); exists(path) {
			return path
		}
	}
	if os.Getenv("WISPWRIGHT_REQUIRE_SERVICES") != "" {
		t.Fatalf("there is no %s; scripts/services installs it", name)
	}
	t.Skipf("there is no %s", name)
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// newBox makes the folder and the namespaces of a box.
func newBox(t testing.TB) *Box {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a daemon that lets somebody in must be started by root")
	}
	busybox := Program(t, "busybox")
	b := &Box{t: t, Dir: t.TempDir(), Conns: make(chan net.Conn, 100)}
	require.NoError(t, os.Chmod(b.Dir, 0o755))
	hash, err := exec.Command("openssl", "passwd", "-6", Password).Output()
	require.NoError(t, err)
	for _, dir := range []string{"home/.ssh", "bin"} {
		require.NoError(t, os.MkdirAll(filepath.Join(b.Dir, dir), 0o700))
	}
	require.NoError(t, os.Symlink(busybox, filepath.Join(b.Dir, "bin", "ps")))
	shell := filepath.Join(b.Dir, "shell")
	for name, text := range map[string]string{
		"shadow": "root:" + strings.TrimSpace(string(hash)) + ":19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n",
		"passwd": "root:x:0:0:root:" + filepath.Join(b.Dir, "home") + ":" + shell + "\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n",
		"shells": shell + "\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(b.Dir, name), []byte(text), 0o644))
	}
	require.NoError(t, os.WriteFile(shell, []byte("#!/bin/sh\nPATH="+b.Dir+"/bin:$PATH\nexport PATH\nexec /bin/sh \"$@\"\n"), 0o755))
	b.isolate()
	return b
}

// isolate starts the process whose namespaces the box has.
func (b *Box) isolate() {
	b.t.Helper()
	ready := filepath.Join(b.Dir, "ready")
	line := "mkdir -p /run/sshd"
	for _, name := range []string{"passwd", "shadow", "shells"} {
		line += " && mount --bind " + b.Dir + "/" + name + " /etc/" + name
	}
	cmd := exec.Command("unshare", "-m", "-p", "-f", "--mount-proc", "--kill-child", "sh", "-c", line+" && touch "+ready+" && exec sleep infinity")
	log, err := os.Create(filepath.Join(b.Dir, "keeper.log"))
	require.NoError(b.t, err)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(b.t, cmd.Start())
	require.NoError(b.t, log.Close())
	b.t.Cleanup(func() {
		_ = cmd.Process.Kill() // what runs in the box ends with it
		_ = cmd.Wait()         // which says that it was killed
	})
	require.Eventually(b.t, func() bool { return exists(ready) }, time.Minute, 20*time.Millisecond, "the box is there")
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", cmd.Process.Pid, cmd.Process.Pid))
	require.NoError(b.t, err)
	_, err = fmt.Sscan(string(children), &b.keeper)
	require.NoError(b.t, err, "the box's first process: %q", children)
}

// Within makes a command that runs in the box.
func (b *Box) Within(line string) *exec.Cmd {
	return exec.Command("nsenter", "-t", fmt.Sprint(b.keeper), "-m", "-p", "sh", "-c", "exec "+line)
}

// listen hands connections to the daemon until the test is over.
func (b *Box) listen() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b.t, err)
	b.At = l.Addr().(*net.TCPAddr).AddrPort()
	b.t.Cleanup(func() { _ = l.Close() }) // the test is over
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			select {
			case b.Conns <- conn:
			default: // nobody wants them
			}
			go b.serve(conn)
		}
	}()
}

func (b *Box) serve(conn net.Conn) {
	defer conn.Close() // the daemon has it
	if b.Answers != nil && !b.Answers() {
		return
	}
	file, err := conn.(*net.TCPConn).File()
	if err != nil {
		return
	}
	defer file.Close() // a copy
	cmd := b.Within(b.daemon)
	cmd.Stdin, cmd.Stdout = file, file
	_ = cmd.Run() // it ends when the connection does
}

// Root is the folder that the box's agent keeps.
func (b *Box) Root() string { return filepath.Join(b.Dir, "root") }

// StartAgent builds the agent and runs it in the box, under the name that
// controllers look for, with options of its command line.
func (b *Box) StartAgent(options ...string) {
	b.t.Helper()
	program := filepath.Join(b.Dir, "bin", "openwisp-config")
	build := exec.Command("go", "build", "-o", program, "github.com/wispwright/wispwright/agent/cmd/wispwright-agent")
	out, err := build.CombinedOutput()
	require.NoError(b.t, err, string(out))
	require.NoError(b.t, os.MkdirAll(b.Root(), 0o755))
	line := program + " --root " + b.Root()
	for _, o := range options {
		line += " '" + o + "'"
	}
	cmd := b.Within(line)
	log, err := os.Create(filepath.Join(b.Dir, "agent.log"))
	require.NoError(b.t, err)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(b.t, cmd.Start())
	require.NoError(b.t, log.Close())
	b.t.Cleanup(func() {
		_ = cmd.Process.Kill() // the box kills it too
		_ = cmd.Wait()
		if text, err := os.ReadFile(log.Name()); err == nil && b.t.Failed() {
			b.t.Logf("the agent's log: %s", text)
		}
	})
}
