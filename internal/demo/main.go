//go:build linux

// Command demo runs a server with an organization, three templates and three
// devices in sandbox folders, on loopback, and follows the devices from
// modified to applied. A fourth device fails its configuration, which makes a
// notification, an e-mail and a message to a webhook. The server reaches the first
// device over SSH and the others through the channels that they keep open: at the end
// a changed template is pushed to them. Where the machine allows it, three more devices
// get tunnels in network namespaces. It ends
// everything it started.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	if is, err := inside(os.Args[1:]); is {
		if err != nil {
			fmt.Fprintln(os.Stderr, "demo:", err)
			os.Exit(1)
		}
		return
	}
	var d demo
	flag.StringVar(&d.dir, "dir", ".demo", "folder for everything the demo keeps; made anew")
	flag.StringVar(&d.server, "server", "bin/wispwright", "the server")
	flag.StringVar(&d.agent, "agent", "bin/wispwright-agent", "the agent")
	flag.StringVar(&d.address, "address", "127.0.0.1:8080", "where to listen; another port is taken when it is in use")
	flag.BoolVar(&d.once, "once", false, "end as soon as every device is applied, with an error after a minute")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := d.run(ctx)
	if err != nil && !(errors.Is(err, context.Canceled) && !d.once) {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo is one run.
type demo struct {
	dir, server, agent, address string
	once                        bool

	api      *api
	receiver receiver
	reach    reach
	children []*child
}

// patience is how long the server may take to start, and then the devices to
// apply their configurations.
const patience = time.Minute

func (d *demo) run(ctx context.Context) (err error) {
	begun := time.Now()
	defer func() { err = errors.Join(err, d.end()) }()
	if err := d.prepare(); err != nil {
		return err
	}
	if err := d.receiver.listen(); err != nil {
		return err
	}
	if err := d.reach.listen(func(n int) string { return filepath.Join(d.dir, fmt.Sprintf("box-%d", n)) }); err != nil {
		return err
	}
	if err := d.startServer(ctx); err != nil {
		return err
	}
	if err := d.subscribe(); err != nil {
		return err
	}
	if err := d.makeTemplates(); err != nil {
		return err
	}
	if err := d.makeCertificates(); err != nil {
		return err
	}
	if err := d.makeCredentials(); err != nil {
		return err
	}
	fmt.Printf("\n  Web admin  http://%s/admin/\n  User       %s\n  Password   %s\n  API        http://%s/api/v1/docs/\n\n", d.address, user, d.api.password, d.address)
	for n := 1; n <= devices+1; n++ { // the last one is the failing one
		if err := d.startAgent(n); err != nil {
			return err
		}
	}
	limit := ctx
	if d.once {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeoutCause(ctx, patience, errors.New("not every device was applied, or nobody was told of the one that fails, within a minute; see the logs in "+d.dir))
		defer cancel()
	}
	return d.follow(limit, begun)
}

// prepare empties the demo's folder.
func (d *demo) prepare() error {
	for _, program := range []string{d.server, d.agent} {
		if _, err := os.Stat(program); err != nil {
			return fmt.Errorf("%w; make build makes it", err)
		}
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	if err := d.clear(); err != nil {
		return err
	}
	var err error
	d.dir, err = filepath.Abs(d.dir)
	return err
}

// clear removes what an earlier run left, and nothing else: the folder is
// named by the person who runs the demo.
func (d *demo) clear() error {
	old, err := filepath.Glob(filepath.Join(d.dir, "box-*"))
	if err != nil {
		return err
	}
	old = append(old, filepath.Join(d.dir, "data"))
	for _, path := range old {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// follow prints every change of a device's state. With once it ends when all
// are applied.
func (d *demo) follow(ctx context.Context, begun time.Time) error {
	last := map[string]string{}
	said, told := false, map[string]bool{}
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		states, fault := d.api.states() // which a busy server may not tell every time
		applied := 0
		for _, s := range states {
			if s.status == "applied" {
				applied++
			}
			if last[s.name] != s.status {
				if last[s.name] == "" {
					fmt.Printf("  %5.1f s  %-8s registered, modified\n", time.Since(begun).Seconds(), s.name)
					last[s.name] = "modified" // as every new device is; it may have gone on since
				}
				if s.status != last[s.name] {
					fmt.Printf("  %5.1f s  %-8s %s → %s\n", time.Since(begun).Seconds(), s.name, last[s.name], s.status)
				}
				last[s.name] = s.status
			}
		}
		all, err := d.showTold(told, time.Since(begun))
		if err != nil {
			fault = err
		}
		if applied == devices && all && !said {
			said = true
			fmt.Printf("\n  All %d devices run their configuration; it is in %s/box-*/etc. A fourth one fails, and says so: see its notification, the e-mail in %s/data/outbox and the webhook's log.\n", devices, d.dir, d.dir)
			if err := d.showPush(ctx); err != nil {
				return err
			}
			if err := d.showMore(ctx, begun); err != nil {
				return err
			}
			if d.once {
				return nil
			}
			fmt.Printf("  Change a template or a device in the web admin and watch, or send a device a command: it runs in its folder, as you. Ctrl-C ends everything.\n\n")
		}
		select {
		case <-ctx.Done():
			if fault != nil {
				return fmt.Errorf("%w; the last question failed: %w", context.Cause(ctx), fault)
			}
			return context.Cause(ctx)
		case err := <-d.children[0].ended:
			return fmt.Errorf("%w: %w; see %s", errEnded, err, d.children[0].log)
		case <-tick.C:
		}
	}
}

// showMore fills the pages of the concerns beside configuration.
func (d *demo) showMore(ctx context.Context, begun time.Time) error {
	boxes, err := d.boxes()
	if err != nil {
		return err
	}
	tunnels, err := d.startTunnels()
	if err != nil {
		return err
	}
	if err := d.show(boxes); err != nil {
		return err
	}
	if err := d.showWaves(ctx, boxes); err != nil {
		return err
	}
	if err := d.showFirmware(ctx); err != nil {
		return err
	}
	all, err := d.week(ctx, boxes)
	if err != nil {
		return err
	}
	if err := d.showIncident(ctx, boxes); err != nil {
		return err
	}
	go d.measure(ctx, boxes, all)
	if err := tunnels.wait(ctx, d, begun); err != nil {
		return err
	}
	fmt.Printf("  %5.1f s  a week of charts, three places on the map, a topology and a session of RADIUS are in the web admin.\n", time.Since(begun).Seconds())
	fmt.Printf("  %5.1f s  a guest signed up and logged in at the hotspot's page: http://%s/demo/login, %s with %s\n", time.Since(begun).Seconds(), d.address, guest, guestPassword)
	return nil
}
