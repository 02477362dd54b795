// Command bench measures a server as spec/performance.md describes and prints
// its tables with this program's columns: on SQLite, on PostgreSQL, and a bare
// net/http handler in the same run.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server/simulate"
)

// options are the command line.
type options struct {
	program  string
	postgres string
	seconds  int
	devices  int
	fleet    int
	scale    int
	parts    string

	bareAddress string
}

func main() {
	var o options
	bareOn := flag.String("bare", "", "only serve 32 bytes at this address")
	flag.StringVar(&o.program, "program", "bin/wispwright", "the server")
	flag.StringVar(&o.postgres, "postgres", "", "address of an empty PostgreSQL database; empty: SQLite only")
	flag.IntVar(&o.seconds, "seconds", 4, "how long each measurement takes")
	flag.IntVar(&o.devices, "devices", 1000, "seeded devices")
	flag.IntVar(&o.fleet, "fleet", 10_000, "polling devices for the memory figure; 0: leave out")
	flag.IntVar(&o.scale, "scale", 50_000, "devices that use the template whose saving is measured at scale; 0: leave out")
	flag.StringVar(&o.parts, "parts", "endpoints,register,fleet,scale", "what to measure")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *bareOn != "" {
		err = bare(ctx, *bareOn)
	} else {
		err = o.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (o *options) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "wispwright-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	r := &results{}
	stopBare, err := o.startBare(ctx)
	if err != nil {
		return err
	}
	defer stopBare()
	for _, d := range []struct{ name, address string }{{"SQLite", ""}, {"PostgreSQL", o.postgres}} {
		if d.name == "PostgreSQL" && d.address == "" {
			continue
		}
		place := filepath.Join(dir, d.name)
		if err := os.Mkdir(place, 0o700); err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, "bench: measuring on", d.name)
		c := &column{name: d.name, rows: map[string]*outcome{}, shares: map[string]float64{}, progress: os.Stderr}
		r.columns = append(r.columns, c)
		if err := o.measure(ctx, c, place, d.address); err != nil {
			c.failed = append(c.failed, err)
		}
		if len(c.failed) > 0 {
			log, _ := os.ReadFile(filepath.Join(place, "server.log")) // only to say more
			fmt.Fprintf(os.Stderr, "bench: the server's last lines:\n%s\n", tail(string(log)))
		}
	}
	r.print(os.Stdout)
	return r.err()
}

func tail(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// startBare runs the handler everything is compared with, in a process of its
// own, until the returned function is called.
func (o *options) startBare(ctx context.Context) (stop func(), err error) {
	if o.bareAddress, err = freeAddress(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-bare", o.bareAddress)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for range 1000 {
		if c, err := net.Dial("tcp", o.bareAddress); err == nil {
			_ = c.Close() // only to see that it listens
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	return func() {
		_ = cmd.Process.Kill() // it is ours and has no state
		_ = cmd.Wait()         // killed by the line above
	}, nil
}

// measure fills one column of the tables. A part that fails, as on a machine
// with too much else to do, costs its own rows: the others are measured.
func (o options) measure(ctx context.Context, c *column, dir, database string) error {
	p, err := prepare(o.program, dir, database)
	if err != nil {
		return err
	}
	if err := p.start(); err != nil {
		return err
	}
	defer func() {
		if err := p.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}()
	c.ready = p.ready
	if err := p.load(); err != nil {
		return err
	}
	if !o.wants("endpoints") {
		o.devices = 0
	}
	begun := time.Now()
	devices, templateID, err := p.seed(o.devices)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	fmt.Fprintf(os.Stderr, "bench: %d devices made through the API, one after the other, in %.1f s\n", len(devices), time.Since(begun).Seconds())
	if len(devices) > 0 {
		o.asked(p, c, devices, templateID)
	}
	if o.wants("register") {
		o.beside(c, "register", load{address: p.address, connections: 4, duration: time.Duration(o.seconds) * time.Second, want: 201,
			next: func(i int) []byte { return registration(secret, "AA:01", i) }})
	}
	if o.wants("fleet") && o.fleet > 0 {
		c.part("cycles", func() error { return o.cycles(ctx, p, c) })
		c.part("polling devices", func() error { return o.polling(ctx, p, c) })
	}
	if o.wants("scale") && o.scale > 0 {
		c.part("at scale", func() (err error) {
			c.scale, err = o.atScale(p)
			return err
		})
	}
	return nil
}

func (o options) wants(part string) bool { return slices.Contains(strings.Split(o.parts, ","), part) }

// asked measures what seeded devices and administrators ask, and the change of
// their template.
func (o options) asked(p *process, c *column, devices []device, templateID string) {
	o.warm(p, c, devices)
	o.endpoints(p, c, devices)
	c.part("checksum, cold", func() error { return o.cold(p, c, devices) })
	c.part("a changed template", func() (err error) {
		if err := o.apply(p, devices); err != nil {
			return err
		}
		c.saved, c.fanOut, err = p.fanOut(templateID, len(devices))
		return err
	})
}

// endpoints measures what is asked again and again.
func (o options) endpoints(p *process, c *column, devices []device) {
	l := load{address: p.address, connections: 4, duration: time.Duration(o.seconds) * time.Second, want: 200}
	each := func(name string, bytes func(d device) []byte) {
		all := make([][]byte, len(devices))
		for i, d := range devices {
			all[i] = bytes(d)
		}
		l.next = func(n int) []byte { return all[n%len(all)] }
		o.beside(c, name, l)
	}
	each("download-config", func(d device) []byte { return get("/controller/download-config/"+d.hex+"/?key="+d.key, "") })
	each("device list, 10 per page", func(device) []byte { return get("/api/v1/controller/device/", token) })
	each("device list, 100 per page", func(device) []byte { return get("/api/v1/controller/device/?page_size=100", token) })
	each("device detail", func(d device) []byte { return get("/api/v1/controller/device/"+d.id+"/", token) })
}

// warm measures the hottest path.
func (o options) warm(p *process, c *column, devices []device) {
	all := make([][]byte, len(devices))
	for i, d := range devices {
		all[i] = checksum(d)
	}
	// the first request of a device stores where it comes from
	l := load{address: p.address, connections: 4, count: len(all), want: 200, next: func(n int) []byte { return all[n] }}
	l.run("warm-up")
	l.count, l.duration, l.next = 0, time.Duration(o.seconds)*time.Second, func(n int) []byte { return all[n%len(all)] }
	c.bare = o.beside(c, "checksum, warm", l)
}

// beside measures a row and the bare handler in turns, so that both have the
// same share of a machine that others use too, and returns what the bare
// handler did meanwhile.
func (o options) beside(c *column, name string, l load) (bare *outcome) {
	const turns = 4
	bare = &outcome{name: "bare", latency: &simulate.Histogram{}}
	ours := &outcome{name: name, latency: &simulate.Histogram{}}
	plain := load{address: o.bareAddress, connections: l.connections, duration: l.duration / turns / 2, want: 200,
		next: func(int) []byte { return get("/", "") }}
	l.duration /= turns
	var asked atomic.Int64 // over all turns: registrations must differ
	numbered := l.next
	l.next = func(int) []byte { return numbered(int(asked.Add(1)) - 1) }
	for range turns {
		plain.into(bare)
		l.into(ours)
	}
	c.shares[name] = ours.rate() / max(bare.rate(), 1e-9)
	c.add(ours)
	return bare
}

func checksum(d device) []byte { return get("/controller/checksum/"+d.hex+"/?key="+d.key, "") }

// cold asks for every device's checksum once, right after a start.
func (o options) cold(p *process, c *column, devices []device) error {
	if err := p.stop(); err != nil {
		return err
	}
	if err := p.start(); err != nil {
		return err
	}
	c.add(load{address: p.address, connections: 4, count: len(devices), want: 200, next: func(n int) []byte { return checksum(devices[n]) }}.run("checksum, cold"))
	return nil
}

// apply downloads every configuration and reports it as applied.
func (o options) apply(p *process, devices []device) error {
	l := load{address: p.address, connections: 4, count: len(devices), want: 200}
	l.next = func(n int) []byte {
		return get("/controller/download-config/"+devices[n].hex+"/?key="+devices[n].key, "")
	}
	if out := l.run("download"); out.first != nil {
		return out.first
	}
	l.next = func(n int) []byte {
		return post("/controller/report-status/"+devices[n].hex+"/", "", "application/x-www-form-urlencoded", []byte("key="+devices[n].key+"&status=applied&"))
	}
	return l.run("report").first
}

// cycles measures whole lives: registered, asked, downloaded, applied.
func (o options) cycles(ctx context.Context, p *process, c *column) error {
	r, err := simulate.Run(ctx, simulate.NewClient("http://"+p.address, 16, time.Minute), simulate.Options{
		Secret: wispwright.Secret(secret), Devices: 2000, Ramp: -1, Interval: time.Minute, Concurrency: 16, Prefix: "cycle", Once: true, Duration: 2 * time.Minute,
	})
	if err != nil {
		return err
	}
	if r.Applied() < 2000 || r.Failures() > 0 {
		return fmt.Errorf("only %d of 2000 simulated devices applied their configuration, %d requests failed", r.Applied(), r.Failures())
	}
	c.cycles = float64(r.Applied()) / r.Ended.Sub(r.Started).Seconds()
	return nil
}

// polling registers a fleet and lets it poll, and looks at the memory.
func (o options) polling(ctx context.Context, p *process, c *column) error {
	const interval = 20 * time.Second
	r, err := simulate.Run(ctx, simulate.NewClient("http://"+p.address, 64, time.Minute), simulate.Options{
		Secret: wispwright.Secret(secret), Devices: o.fleet, Ramp: interval, Interval: interval, Concurrency: 64, Prefix: "poll", Duration: 3 * interval,
	})
	if err != nil {
		return err
	}
	if r.Applied() < o.fleet || r.Failures() > 0 {
		return fmt.Errorf("only %d of %d polling devices applied their configuration, %d requests failed", r.Applied(), o.fleet, r.Failures())
	}
	c.memory, c.peak, err = p.memory()
	return err
}
