package vpnhost

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// OpenVPN runs instances of OpenVPN 2.4 or newer as programs that go on when this
// process ends. The zero value is ready.
type OpenVPN struct {
	// Program is where it is. Default: openvpn, found in the path.
	Program string
	// Patience is how long an instance may take to come up. Default: 20 s.
	Patience time.Duration
	// NoWait does not wait until an instance is up: clients are when their server is.
	NoWait bool
	// Scripts lets configurations run programs (script-security 2). Default: the
	// configuration's own value, with 1 at most.
	Scripts bool
}

var _ Driver = (*OpenVPN)(nil)

// Runs implements Driver: a file of OpenVPN has no sections, and says how it listens.
func (o *OpenVPN) Runs(b *Bundle) bool {
	for line := range strings.Lines(b.Main) {
		if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word == "dev" || word == "dev-type" || word == "tls-server" {
			return !isWireguard(b.Main)
		}
	}
	return false
}

// the files of an instance, in its folder
const (
	pidFile    = "openvpn.pid"
	socketFile = "openvpn.sock"
	logFile    = "openvpn.log"
	sumFile    = "openvpn.sum"
	listFile   = "wispwright-crl.pem"
	// mostLog is how large the log may become.
	mostLog = 1 << 20
)

// Apply implements Driver. An instance that runs the same files is left alone; another
// one is ended before.
func (o *OpenVPN) Apply(ctx context.Context, b *Bundle) error {
	with := b.Checksum
	if len(b.Revocations) > 0 {
		with += " revocations"
	}
	ran, err := os.ReadFile(filepath.Join(b.Dir, sumFile))
	if err == nil && string(ran) == with && o.alive(b) {
		return o.Revoke(ctx, b)
	}
	if err := o.Remove(ctx, b); err != nil {
		return err
	}
	if err := o.write(b); err != nil {
		return err
	}
	if err := o.start(ctx, b); err != nil {
		return err
	}
	return writeFile(filepath.Join(b.Dir, sumFile), []byte(with), 0o600)
}

// write puts the files of an instance into its folder, which was emptied.
func (o *OpenVPN) write(b *Bundle) error {
	if err := os.RemoveAll(b.Dir); err != nil {
		return fmt.Errorf("folder of %s: %w", b.Name, err)
	}
	if err := os.MkdirAll(b.Dir, 0o711); err != nil {
		return fmt.Errorf("folder of %s: %w", b.Name, err)
	}
	for name, f := range b.Files {
		path := filepath.Join(b.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o711); err != nil {
			return fmt.Errorf("folder of %s: %w", name, err)
		}
		mode := f.Mode
		if bytes.Contains(f.Content, []byte("PRIVATE KEY")) {
			mode &= 0o700
		}
		if err := writeFile(path, f.Content, mode); err != nil {
			return err
		}
	}
	if len(b.Revocations) > 0 {
		if err := writeFile(filepath.Join(b.Dir, listFile), b.Revocations, 0o644); err != nil {
			return err
		}
	}
	return writeFile(filepath.Join(b.Dir, b.Name+".conf"), []byte(runnable(b.Main)), 0o600)
}

// upDelay is rendered as OpenWISP does, with a number; the program takes the word alone.
var upDelay = regexp.MustCompile(`(?m)^up-delay [0-9]+$`)

// runnable is a configuration as the program takes it. A server has no peer to wait for
// before it opens its device: the program refuses the option there.
func runnable(main string) string {
	with := "up-delay"
	if regexp.MustCompile(`(?m)^mode server$`).MatchString(main) {
		with = "# up-delay is nothing for servers"
	}
	return upDelay.ReplaceAllString(main, with)
}

func (o *OpenVPN) start(ctx context.Context, b *Bundle) error {
	program := o.Program
	if program == "" {
		program = "openvpn"
	}
	dir, err := filepath.Abs(b.Dir)
	if err != nil {
		return fmt.Errorf("folder of %s: %w", b.Name, err)
	}
	// what comes later wins over the file
	args := []string{
		"--cd", dir, "--config", b.Name + ".conf", "--writepid", filepath.Join(dir, pidFile), "--management", socketFile, "unix",
		"--log-append", filepath.Join(dir, logFile), "--daemon", "openvpn-" + b.Name,
	}
	if len(b.Revocations) > 0 {
		args = append(args, "--crl-verify", listFile)
	}
	if !o.Scripts {
		args = append(args, "--script-security", "1")
	}
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // what the option is for
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	if out, err := cmd.CombinedOutput(); err != nil {
		reason := lastLine(out)
		if reason == "" {
			reason = o.lastLog(b)
		}
		return fmt.Errorf("openvpn %s: %w: %s", b.Name, err, reason)
	}
	if o.NoWait {
		return nil
	}
	patience := o.Patience
	if patience <= 0 {
		patience = 20 * time.Second
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	for {
		state, err := o.ask(ctx, b, "state")
		if err == nil && strings.Contains(state, ",CONNECTED,") {
			return nil
		}
		if err != nil && o.pid(b) != 0 && !o.alive(b) {
			return fmt.Errorf("openvpn %s has ended: %s", b.Name, o.lastLog(b))
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("openvpn %s does not come up: %s", b.Name, o.lastLog(b)), o.Remove(context.WithoutCancel(ctx), b))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Revoke implements Driver: the list is read again with each connection.
func (o *OpenVPN) Revoke(ctx context.Context, b *Bundle) error {
	path := filepath.Join(b.Dir, listFile)
	before, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(before, b.Revocations):
		return nil
	case err == nil && len(b.Revocations) > 0:
		return writeFile(path, b.Revocations, 0o644)
	case errors.Is(err, os.ErrNotExist) && len(b.Revocations) == 0:
		return nil
	}
	return o.Apply(ctx, b) // with a list, or without one, is another command line
}

// Status implements Driver.
func (o *OpenVPN) Status(ctx context.Context, b *Bundle) (string, []Peer, error) {
	const by = "OpenVPN"
	if !o.alive(b) {
		return by, nil, fmt.Errorf("openvpn %s does not run: %s", b.Name, o.lastLog(b))
	}
	if info, err := os.Stat(filepath.Join(b.Dir, logFile)); err == nil && info.Size() > mostLog {
		if err := os.Truncate(filepath.Join(b.Dir, logFile), 0); err != nil {
			return by, nil, fmt.Errorf("log of %s: %w", b.Name, err)
		}
	}
	text, err := o.ask(ctx, b, "status 3")
	if err != nil {
		return by, nil, err
	}
	return by, parseStatus(text), nil
}

// parseStatus reads the answer to "status 3".
func parseStatus(text string) []Peer {
	var out []Peer
	for _, get := range statusRows(text) {
		number := func(name string) int64 {
			n, err := strconv.ParseInt(get(name), 10, 64)
			if err != nil {
				return 0
			}
			return n
		}
		if get("Common Name") == "UNDEF" { // not yet known
			continue
		}
		out = append(out, Peer{
			CommonName: get("Common Name"), Address: get("Virtual Address"), Endpoint: get("Real Address"), Connected: true,
			Seen: time.Unix(number("Connected Since (time_t)"), 0).UTC(), Received: number("Bytes Received"), Sent: number("Bytes Sent"),
		})
	}
	return out
}

// statusRows are the clients, each a function from the name of a column to its text.
func statusRows(text string) []func(string) string {
	var out []func(string) string
	column := map[string]int{}
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		switch {
		case len(fields) > 2 && fields[0] == "HEADER" && fields[1] == "CLIENT_LIST":
			for i, name := range fields[2:] {
				column[name] = i + 1
			}
		case fields[0] == "CLIENT_LIST":
			out = append(out, func(name string) string {
				if i, ok := column[name]; ok && i < len(fields) {
					return fields[i]
				}
				return ""
			})
		}
	}
	return out
}

// Disconnect implements Driver.
func (o *OpenVPN) Disconnect(ctx context.Context, b *Bundle, names ...string) error {
	text, err := o.ask(ctx, b, "status 3")
	if err != nil {
		return err
	}
	// by number: a common name with colons is taken for an address there
	for i, fields := range statusRows(text) {
		if id, err := strconv.Atoi(fields("Client ID")); err == nil && slices.Contains(names, fields("Common Name")) {
			if _, err := o.ask(ctx, b, fmt.Sprintf("client-kill %d", id)); err != nil {
				return fmt.Errorf("client %d: %w", i, err)
			}
		}
	}
	return nil
}

// Remove implements Driver.
func (o *OpenVPN) Remove(ctx context.Context, b *Bundle) error {
	pid := o.pid(b)
	for n := 0; pid != 0 && o.alive(b); n++ {
		signal := syscall.SIGTERM
		if n > 100 {
			signal = syscall.SIGKILL
		}
		if n%100 == 0 || n > 100 {
			if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("end openvpn %s: %w", b.Name, err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// pid is the number of the instance's process, 0 for none.
func (o *OpenVPN) pid(b *Bundle) int {
	text, err := os.ReadFile(filepath.Join(b.Dir, pidFile))
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || n < 2 {
		return 0
	}
	return n
}

// alive reports whether the process is there and is the instance's, not another one that
// has its number by now.
func (o *OpenVPN) alive(b *Bundle) bool {
	pid := o.pid(b)
	if pid == 0 {
		return false
	}
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && bytes.Contains(line, []byte(filepath.Join(filepath.Base(filepath.Dir(b.Dir)), filepath.Base(b.Dir), pidFile))) && bytes.Contains(line, []byte(b.Name+".conf"))
}

// ask sends a command to the instance and returns its answer.
func (o *OpenVPN) ask(ctx context.Context, b *Bundle, command string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	// the folder's path may be too long for a socket
	dir, err := os.Open(b.Dir)
	if err != nil {
		return "", fmt.Errorf("ask openvpn %s: %w", b.Name, err)
	}
	defer dir.Close()
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), socketFile))
	if err != nil {
		return "", fmt.Errorf("ask openvpn %s: %w", b.Name, err)
	}
	defer c.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(deadline); err != nil {
			return "", fmt.Errorf("ask openvpn %s: %w", b.Name, err)
		}
	}
	if _, err := c.Write([]byte(command + "\n")); err != nil {
		return "", fmt.Errorf("ask openvpn %s: %w", b.Name, err)
	}
	var out strings.Builder
	lines := bufio.NewScanner(c)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, ">"): // told without being asked
		case line == "END", strings.HasPrefix(line, "SUCCESS:"), strings.HasPrefix(line, "ERROR:"):
			return out.String(), nil
		default:
			out.WriteString(line + "\n")
		}
	}
	return "", fmt.Errorf("ask openvpn %s: it did not answer to the end", b.Name)
}

// lastLog is the last thing that the instance said.
func (o *OpenVPN) lastLog(b *Bundle) string {
	text, err := os.ReadFile(filepath.Join(b.Dir, logFile))
	if err != nil {
		return "it said nothing"
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if !strings.Contains(lines[i], "Exiting due to fatal error") {
			return strings.TrimSpace(lines[i])
		}
	}
	return "it said nothing"
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
