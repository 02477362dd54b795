//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	devices = 3
	user    = "admin"
	secret  = "demo-shared-secret"
	// askInterval is how often devices ask for their configuration by themselves.
	askInterval = time.Minute
)

// child is a program the demo started.
type child struct {
	cmd   *exec.Cmd
	log   string
	ended chan error
}

// start runs a program with its output in a file. It is in a process group of
// its own: Ctrl-C is for the demo, which then ends its children in order.
func (d *demo) start(name string, cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, log: filepath.Join(d.dir, name+".log"), ended: make(chan error, 1)}
	f, err := os.Create(c.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // the child has its own handle
	cmd.Stdout, cmd.Stderr = f, f
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() { c.ended <- cmd.Wait() }()
	d.children = append(d.children, c)
	return c, nil
}

// end ends the children, the agents before the server.
func (d *demo) end() error {
	var failed error
	for i := len(d.children) - 1; i >= 0; i-- {
		c := d.children[i]
		if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			continue // it has ended
		}
		select {
		case <-c.ended:
		case <-time.After(10 * time.Second):
			failed = errors.Join(failed, fmt.Errorf("%s did not end and was killed", filepath.Base(c.log)), c.cmd.Process.Kill())
		}
	}
	return failed
}

// startServer fills an installation and serves it, on another port when the
// address is in use.
func (d *demo) startServer(ctx context.Context) error {
	d.api = newAPI()
	host, _, err := net.SplitHostPort(d.address)
	if err != nil {
		return err
	}
	env := append(os.Environ(), "WISPWRIGHT_DATA="+filepath.Join(d.dir, "data"), "WISPWRIGHT_LOG_LEVEL=info", "WISPWRIGHT_LOG_FORMAT=text",
		"WISPWRIGHT_NOTIFICATIONS_WEBHOOK_NETWORKS=127.0.0.0/8", "WISPWRIGHT_NOTIFICATIONS_EMAIL_BATCH_INTERVAL=0s",
		"WISPWRIGHT_MONITORING_AUTO_DATA_COLLECTED=false", // only the boxes measure, and they are pinged instead
		"WISPWRIGHT_MONITORING_AUTO_PING=false",           // simulated devices have addresses that are somebody's
		"WISPWRIGHT_FIRMWARE_RECONNECT_DELAY=1s", "WISPWRIGHT_FIRMWARE_RECONNECT_RETRY_DELAY=500ms",
		// the sandboxes are on loopback
		"WISPWRIGHT_CONNECTION_REFUSED_NETWORKS=0.0.0.0/8", "WISPWRIGHT_CONNECTION_PUSH_DELAY=300ms")
	subnets, err := demoSubnets()
	if err != nil {
		return err
	}
	load := exec.CommandContext(ctx, d.server, "loaddata", "-")
	load.Env = env
	load.Stdin = strings.NewReader(fmt.Sprintf(`{"organizations":[{"name":"Demo","slug":"demo","shared_secret":%q,"registration_enabled":true},{"name":"Sites","slug":"sites","shared_secret":%q,"registration_enabled":true}],
		"users":[{"username":%q,"email":"admin@demo.example","password":%q,"token":%q,"is_superuser":true,"is_staff":true}],
		"subnets":%s}`, secret, sitesSecret, user, d.api.password, d.api.token, subnets))
	if out, err := load.CombinedOutput(); err != nil {
		return fmt.Errorf("fill the database: %w: %s", err, out)
	}
	err = d.serve(ctx, env, d.address)
	if errors.Is(err, errEnded) {
		d.children = nil
		err = d.serve(ctx, env, net.JoinHostPort(host, "0"))
	}
	return err
}

// errEnded means that a server ended by itself.
var errEnded = errors.New("the server ended")

// serve starts a server and waits until it is ready.
func (d *demo) serve(ctx context.Context, env []string, address string) error {
	serve := exec.Command(d.server, "serve", "--listen", address)
	serve.Env = env
	c, err := d.start("server", serve)
	if err != nil {
		return err
	}
	limit := time.After(patience)
	for {
		if d.address = c.serving(); d.address != "" {
			d.api.address = d.address
			if d.api.ready() {
				return nil
			}
		}
		select {
		case err := <-c.ended:
			return fmt.Errorf("%w: %w; see %s", errEnded, err, c.log)
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			return fmt.Errorf("the server is not ready after %s; see %s", patience, c.log)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// serving is the address the server says it listens on, "" before it does.
func (c *child) serving() string {
	text, err := os.ReadFile(c.log)
	if err != nil {
		return "" // not there yet
	}
	_, after, _ := strings.Cut(string(text), "msg=serving address=http://")
	address, _, said := strings.Cut(after, "/admin/")
	if !said {
		return ""
	}
	return address
}

// startAgent runs a device in a sandbox folder.
func (d *demo) startAgent(n int) error {
	name := fmt.Sprintf("box-%d", n)
	root := filepath.Join(d.dir, name)
	if err := os.MkdirAll(root, 0o700); err != nil {
		return err
	}
	more := []string{"--interval", fmt.Sprint(int(askInterval.Seconds()))}
	if n > 1 { // the first one is reached over SSH
		more = append(more, "--channel", "1")
	}
	if name == failing {
		more = []string{"--test-script", "/bin/false", "--interval", "2"}
	}
	c, err := d.start(name, exec.Command(d.agent, append([]string{"config", "--root", root, "--foreground",
		"--url", "http://" + d.address, "--shared-secret", secret, "--hostname", name,
		"--mac-address", fmt.Sprintf("02:00:00:DE:00:%02X", n), "--model", "Sandbox", "--os", "OpenWrt 23.05.5", "--system", "demo",
		"--management-ip", sandboxAddress(n), "--bootup-delay", "0", "--post-reload-delay", "0"}, more...)...))
	if err != nil {
		return err
	}
	return d.programs(root, c.cmd.Process.Pid)
}
