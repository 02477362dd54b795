package simulate

import (
	"container/heap"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/agent"
)

// Protocol is the device's side of the controller protocol, which *agent.Client
// implements. Every method is one request and is called by many goroutines.
type Protocol interface {
	Register(ctx context.Context, r agent.Registration) (agent.Identity, error)
	Checksum(ctx context.Context, d agent.Credentials, managementIP string) (string, error)
	Download(ctx context.Context, d agent.Credentials, managementIP string) ([]byte, error)
	ReportStatus(ctx context.Context, d agent.Credentials, status, reason string) error
}

// Options describe a fleet.
type Options struct {
	// Secret is the organization's shared secret. Required.
	Secret wispwright.Secret
	// Devices is the size of the fleet. Default: 100.
	Devices int
	// Interval is the pause between two polls of one device. Default: 2 minutes.
	Interval time.Duration
	// Duration ends the run; 0 means until the context ends.
	Duration time.Duration
	// Ramp spreads the registrations evenly. Default: one interval; negative:
	// all at once.
	Ramp time.Duration
	// Concurrency is the number of requests under way at most. Default: 64.
	Concurrency int
	// Prefix begins every device's name; two fleets on one server need
	// different ones. Default: "sim".
	Prefix string
	// Sender sends what the devices measure; nil: they measure nothing.
	Sender *Sender
	// Measure is the pause between two documents of one device. Default: 5 minutes.
	Measure time.Duration
	// History is for how long before its first document a device has measured.
	History time.Duration
	// Once ends the run when every device has applied its configuration.
	Once bool
	// Progress receives one line that is kept up to date; nil for none.
	Progress io.Writer
	// Every is how often the line is written. Default: 1 second.
	Every time.Duration
}

func (o Options) withDefaults() (Options, error) {
	if o.Secret == "" {
		return o, errors.New("simulate: the organization's shared secret is required")
	}
	if o.Devices == 0 {
		o.Devices = 100
	}
	if o.Devices < 0 || o.Devices > maxDevices {
		return o, fmt.Errorf("simulate: between 1 and %d devices, not %d", maxDevices, o.Devices)
	}
	if o.Interval <= 0 {
		o.Interval = 2 * time.Minute
	}
	if o.Ramp == 0 {
		o.Ramp = o.Interval
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 64
	}
	if o.Prefix == "" {
		o.Prefix = "sim"
	}
	if o.Measure <= 0 {
		o.Measure = 5 * time.Minute
	}
	if o.Every <= 0 {
		o.Every = time.Second
	}
	return o, nil
}

// maxDevices is what fits into the part of the hardware address that numbers
// the devices.
const maxDevices = 1 << 24

// device is one simulated router.
type device struct {
	number   int
	identity agent.Credentials
	applied  string
	next     time.Time
	measured *Measured
	document time.Time // when the next document is due
}

// registration makes the device's identity from its number: locally
// administered hardware addresses, distinct for every prefix, and the
// consistent key, so that a second run finds the devices of the first.
func (d *device) registration(o Options) agent.Registration {
	sum := md5.Sum([]byte(o.Prefix))
	mac := fmt.Sprintf("02:%02X:%02X:%02X:%02X:%02X", sum[0], sum[1], d.number>>16&0xff, d.number>>8&0xff, d.number&0xff)
	return agent.Registration{
		Key: agent.ConsistentKey(mac, o.Secret), Secret: o.Secret, Name: fmt.Sprintf("%s-%06d", o.Prefix, d.number), MACAddress: mac,
		Info: agent.Info{Model: "Simulated device", OS: "OpenWrt 23.05.5", System: "simulation"},
	}
}

// queue orders devices by the time of their next request.
type queue []*device

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].next.Before(q[j].next) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is for container/heap.
func (q *queue) Push(x any) { *q = append(*q, x.(*device)) }

// Pop is for container/heap.
func (q *queue) Pop() any {
	old := *q
	d := old[len(old)-1]
	*q = old[:len(old)-1]
	return d
}

// fleet runs the devices.
type fleet struct {
	options  Options
	protocol Protocol
	stats    *Report

	mu      sync.Mutex
	waiting queue
	wake    chan struct{}
}

// Run simulates the fleet until its duration is over, the context ends or,
// with Once, every device has applied its configuration. It returns what was
// measured; errors of single requests are counted there, not returned.
func Run(ctx context.Context, protocol Protocol, options Options) (*Report, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Duration)
		defer cancel()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f := &fleet{options: o, protocol: protocol, stats: newReport(o.Devices), wake: make(chan struct{}, 1)}
	now := time.Now()
	for n := range o.Devices {
		d := &device{number: n, next: now}
		if o.Ramp > 0 {
			d.next = now.Add(o.Ramp * time.Duration(n) / time.Duration(o.Devices))
		}
		heap.Push(&f.waiting, d)
	}
	work := make(chan *device)
	var workers sync.WaitGroup
	for range min(o.Concurrency, o.Devices) {
		workers.Go(func() {
			for d := range work {
				f.serve(ctx, d)
				if o.Once && f.stats.Applied() >= o.Devices {
					stop()
				}
			}
		})
	}
	var printer sync.WaitGroup
	printer.Go(func() { f.stats.print(ctx, o) })
	f.dispatch(ctx, work)
	close(work)
	workers.Wait()
	stop()
	printer.Wait()
	f.stats.finish()
	return f.stats, nil
}

// dispatch hands out devices whose time has come.
func (f *fleet) dispatch(ctx context.Context, work chan<- *device) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		d, wait := f.due()
		if d == nil {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			case <-f.wake:
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case work <- d:
		}
	}
}

// due takes the first device whose time has come, or tells how long to wait.
func (f *fleet) due() (*device, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting) == 0 {
		return nil, time.Hour
	}
	wait := time.Until(f.waiting[0].next)
	if wait > 0 {
		return nil, wait
	}
	return heap.Pop(&f.waiting).(*device), 0
}

// again puts a device back into the queue.
func (f *fleet) again(d *device, after time.Duration) {
	d.next = time.Now().Add(after)
	f.mu.Lock()
	heap.Push(&f.waiting, d)
	first := f.waiting[0] == d
	f.mu.Unlock()
	if first {
		select {
		case f.wake <- struct{}{}:
		default: // somebody is waking it already
		}
	}
}

// serve lets one device do what is next for it.
func (f *fleet) serve(ctx context.Context, d *device) {
	// a tenth of jitter keeps a fleet from marching in step
	pause := f.options.Interval - f.options.Interval/20 + rand.N(f.options.Interval/10+1)
	if err := f.step(ctx, d); err != nil && ctx.Err() == nil {
		pause = min(pause, f.options.Interval/4+time.Second)
	}
	if d.identity.UUID != "" && f.options.Sender != nil {
		f.measure(ctx, d)
		pause = min(pause, max(time.Until(d.document), 0))
	}
	f.again(d, pause)
}

// measure sends the document that is due.
func (f *fleet) measure(ctx context.Context, d *device) {
	now := time.Now()
	if d.measured == nil {
		d.measured = NewMeasured(uint64(d.number) + 1)
		if f.options.History > 0 {
			_ = f.stats.time(ctx, Document, func() error { // counted as failed
				return f.options.Sender.History(ctx, d.identity, d.measured, now.Add(-f.options.History), now)
			})
		}
	}
	if now.Before(d.document) {
		return
	}
	d.document = now.Add(f.options.Measure)
	_ = f.stats.time(ctx, Document, func() error { // counted as failed
		return f.options.Sender.Send(ctx, d.identity, now, d.measured.Document(now))
	})
}

var errMismatch = errors.New("the archive does not match the checksum")

// step is one cycle of a device: register if new, ask, and apply if changed.
func (f *fleet) step(ctx context.Context, d *device) error {
	if d.identity.UUID == "" {
		err := f.stats.time(ctx, Register, func() error {
			known, err := f.protocol.Register(ctx, d.registration(f.options))
			d.identity = known.Credentials
			return err
		})
		if err != nil {
			return err
		}
	}
	var sum string
	err := f.stats.time(ctx, Checksum, func() (err error) {
		sum, err = f.protocol.Checksum(ctx, d.identity, "")
		return err
	})
	if err != nil || sum == d.applied {
		return err
	}
	err = f.stats.time(ctx, Download, func() error {
		archive, err := f.protocol.Download(ctx, d.identity, "")
		if err != nil {
			return err
		}
		if got := md5.Sum(archive); hex.EncodeToString(got[:]) != sum {
			return errMismatch
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = f.stats.time(ctx, Applied, func() error { return f.protocol.ReportStatus(ctx, d.identity, agent.ReportApplied, "") })
	if err != nil {
		return err
	}
	if d.applied == "" {
		f.stats.applied.Add(1)
	}
	d.applied = sum
	return nil
}
