package monitoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// The files of the agent, which the original has too.
const (
	spoolDir   = "/tmp/openwisp/monitoring"
	bootupFile = "/tmp/openwisp/monitoring-bootup"
)

// What processes hold while they work (agent.Tree.Hold).
const (
	collecting = "monitoring-collect"
	sending    = "monitoring-send"
)

// Exit codes (§6).
const (
	ExitOK    = 0
	ExitUsage = 1
	ExitGone  = 2
)

// ErrGone means that the controller does not know the device any more and nobody
// on the device will register it again.
var ErrGone = errors.New("the device may have been deleted from the controller")

// ErrNoURL means that the controller's address is not set.
var ErrNoURL = errors.New("missing required --url option")

// ExitCode returns the code a process ends with.
func ExitCode(err error) int {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return ExitOK
	case errors.Is(err, ErrGone):
		return ExitGone
	}
	return ExitUsage
}

// Deps are what an Agent works with. Tree is required.
type Deps struct {
	// Tree is the device's files.
	Tree *agent.Tree
	// Log is where it writes; nil: nowhere.
	Log *agent.Log
	// Clock is the time; nil: the machine's.
	Clock agent.Clock
	// Collector makes the documents; nil: one of this machine.
	Collector *Collector
	// Spool keeps them; nil: the device's folder.
	Spool Spool
	// HTTP makes the requests; nil: a client by the options.
	HTTP *http.Client
	// UserAgent is sent with them.
	UserAgent string
	// ConfigAgentRuns says whether an agent that could register the device again is
	// at work; nil: looks for one.
	ConfigAgentRuns func() bool
	// Random returns a number from 0 to n-1; nil: a random one.
	Random func(n int) int
}

// Agent collects documents and delivers them.
type Agent struct {
	o      Options
	d      Deps
	sender *Sender
	wake   chan struct{}
}

// New returns an agent. It fails without an address to send to.
func New(o Options, d Deps) (*Agent, error) {
	if o.URL == "" && o.Mode != ModeCollect {
		return nil, ErrNoURL
	}
	if d.Clock == nil {
		d.Clock = agent.RealClock{}
	}
	if d.Log == nil {
		d.Log = agent.NewLog(d.Clock, nil)
	}
	if d.Random == nil {
		d.Random = rand.IntN
	}
	if d.HTTP == nil {
		d.HTTP = agent.NewHTTPClient(o.HTTP)
	}
	if d.ConfigAgentRuns == nil {
		d.ConfigAgentRuns = func() bool { return d.Tree.Running() || processNamed("openwisp-config", "openwisp_config") }
	}
	if d.Collector == nil {
		d.Collector = NewCollector(OnThisMachine(d.Tree))
		told := map[string]bool{}
		d.Collector.Failed = func(source string, err error) {
			// once: what fails on a device fails every five minutes
			if o.Verbose || !told[source] {
				told[source] = true
				d.Log.Warning("The data of %s are missing: %v", source, err)
			}
		}
	}
	a := &Agent{o: o, d: d, wake: make(chan struct{}, 1), sender: &Sender{BaseURL: o.URL, HTTP: d.HTTP, UserAgent: d.UserAgent}}
	if d.Spool == nil {
		dir, err := d.Tree.Path(spoolDir)
		if err != nil {
			return nil, err
		}
		if a.d.Spool, err = NewDirSpool(dir, spoolLimit(o, d.Tree)); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func spoolLimit(o Options, t *agent.Tree) int64 {
	if o.SpoolLimit > 0 {
		return o.SpoolLimit
	}
	const least, most, share = 512 << 10, 16 << 20, 16
	if memory := t.Memory(); memory > 0 {
		return max(least, min(most, memory/share))
	}
	return most
}

// Run does what the mode says until the context ends or the device is gone
// (ErrGone). One process at a time does each half.
func (a *Agent) Run(ctx context.Context) error {
	var releases []func() error
	defer func() {
		for _, release := range releases {
			_ = release() // it ends with the process anyway
		}
	}()
	for name, mode := range map[string]Mode{collecting: ModeCollect, sending: ModeSend} {
		if a.o.Mode != ModeBoth && a.o.Mode != mode {
			continue
		}
		release, err := a.d.Tree.Hold(name)
		if err != nil {
			return err
		}
		releases = append(releases, release)
	}
	switch a.o.Mode {
	case ModeCollect:
		return a.Collect(ctx)
	case ModeSend:
		return a.Send(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 2)
	go func() { done <- a.Collect(ctx) }()
	go func() { done <- a.Send(ctx) }()
	first := <-done
	cancel()
	<-done
	return first
}

// Wake ends the pause of the sender (SIGUSR1).
func (a *Agent) Wake() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// verbose logs progress, where that is wanted.
func (a *Agent) verbose(format string, args ...any) {
	if a.o.Verbose {
		a.d.Log.Info(format, args...)
	}
}

// Collect makes documents until the context ends (§3).
func (a *Agent) Collect(ctx context.Context) error {
	if err := a.bootupDelay(ctx); err != nil {
		return err
	}
	for {
		start := a.d.Clock.Now()
		a.collectOnce(ctx)
		if err := a.d.Clock.Sleep(ctx, max(a.o.Interval-a.d.Clock.Now().Sub(start), time.Second)); err != nil {
			return err
		}
	}
}

// bootupDelay spreads the first documents of a fleet that got its power back.
func (a *Agent) bootupDelay(ctx context.Context) error {
	seen, err := a.d.Tree.ReadFile(bootupFile)
	if err == nil && seen != nil {
		return nil
	}
	delay := a.d.Random(int(a.o.BootupDelay/time.Second) + 1)
	if a.o.BootupDelay > 0 {
		a.d.Log.Info("Delaying initialization of the monitoring agent for %d seconds.", delay)
	}
	if err := a.d.Clock.Sleep(ctx, time.Duration(delay)*time.Second); err != nil {
		return err
	}
	if err := a.d.Tree.WriteFile(bootupFile, []byte("1\n"), 0o600); err != nil {
		a.d.Log.Warning("%v", err)
	}
	return nil
}

const (
	collectAttempts = 5
	collectPause    = 5 * time.Second
)

// collectOnce makes a document and puts it into the spool.
func (a *Agent) collectOnce(ctx context.Context) {
	if !a.enoughMemory() {
		a.verboseWarning("Not enough memory available, skipping collect data.")
		return
	}
	if a.d.Clock.Now().Year() < 2020 {
		// the server would store it in the past, where nobody looks for it
		a.verboseWarning("The clock is not set, skipping collect data.")
		return
	}
	a.verbose("Collecting NetJSON Monitoring data.")
	err := a.fill(ctx)
	// what was needed for it is given back: the agent sleeps for minutes now
	debug.FreeOSMemory()
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		a.d.Log.Err("Data could not be collected: %v", err)
		return
	}
	a.verbose("Data saved temporarily.")
	if a.o.Mode == ModeCollect {
		if err := a.d.Tree.SignalHolder(sending, syscall.SIGUSR1); err != nil {
			a.verbose("The send process does not run: %v", err)
		}
		return
	}
	a.Wake()
}

// fill puts a document into the spool; what fails is tried again some times.
func (a *Agent) fill(ctx context.Context) error {
	for try := 1; ; try++ {
		text, err := Once(ctx, a.d.Collector, a.o.Monitored)
		if err == nil {
			return a.d.Spool.Put(a.d.Clock.Now(), text)
		}
		if try == collectAttempts {
			return err
		}
		if err := a.d.Clock.Sleep(ctx, collectPause); err != nil {
			return err
		}
	}
}

func (a *Agent) verboseWarning(message string) {
	if a.o.Verbose {
		a.d.Log.Warning("%s", message)
	}
}

// enoughMemory makes room: the spool lies in memory, so its oldest documents go
// until what is required is available.
func (a *Agent) enoughMemory() bool {
	for {
		text, err := a.d.Collector.s.Files.ReadFile("/proc/meminfo")
		info := parseMeminfo(string(text))
		if err != nil || info["MemTotal"] == 0 {
			return true // nothing is known of it
		}
		if float64(available(info)) >= float64(info["MemTotal"])*a.o.RequiredMemory {
			return true
		}
		list, err := a.d.Spool.List()
		if err != nil || len(list) == 0 || a.d.Spool.Drop(list[0]) != nil {
			return false
		}
	}
}

// credentials returns those of the options, or of the configuration.
func (a *Agent) credentials() (agent.Credentials, bool) {
	c := a.o.Credentials
	if text, err := a.d.Tree.ReadFile("/etc/config/openwisp"); err == nil {
		// the controller may have given new ones since the start
		if o := agent.Defaults(); loadUCI(&o, text) && o.Credentials.UUID != "" && o.Credentials.Key != "" {
			c = o.Credentials
		}
	}
	return c, c.UUID != "" && c.Key != ""
}

func loadUCI(o *agent.Options, text []byte) bool {
	p, err := uci.Parse("openwisp", text)
	if err != nil {
		return false
	}
	o.LoadUCI(p) // what else is wrong there was said at the start
	return true
}

// processNamed reports whether a program of one of these names runs: another
// make of the agent.
func processNamed(names ...string) bool {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return false
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // it ended
		}
		for i, word := range strings.SplitN(string(text), "\x00", 3) {
			for _, name := range names {
				if i < 2 && filepath.Base(word) == name {
					return true
				}
			}
		}
	}
	return false
}

// Once makes one document and returns its text (--dump).
func Once(ctx context.Context, c *Collector, m Monitored) ([]byte, error) {
	d, err := c.Collect(ctx, m)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("collect: %w", err)
	}
	return text, nil
}
