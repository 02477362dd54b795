package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// ExitError says with which code the agent ends (§2).
type ExitError struct {
	// Code is the process's exit code.
	Code int
	// Reason is the text that was logged.
	Reason string
}

// Error returns the reason.
func (e *ExitError) Error() string { return e.Reason }

// The exit codes.
const (
	ExitInvalidOption = 1
	ExitNoURL         = 2
	ExitNoCredentials = 3
	ExitNoHeader      = 4
	ExitForbidden     = 5
)

// ExitCode returns the code a process ends with after Run.
func ExitCode(err error) int {
	var e *ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e.Code
	}
	return 1
}

// Deps are what an agent works with. Only Tree is required; the rest has
// defaults that fit the tree.
type Deps struct {
	// Tree is the device's file system.
	Tree *Tree
	// Clock is the time; default RealClock.
	Clock Clock
	// HTTP makes the requests; default NewHTTPClient(Options.HTTP).
	HTTP *http.Client
	// UserAgent is sent with requests; default as in Client.
	UserAgent string
	// Reloader tells services of changes; default as Options.Reload says.
	Reloader Reloader
	// Events is told what happens; default Hotplug.
	Events EventSink
	// Log is where messages go; default nowhere.
	Log *Log
	// Store keeps state; default FileStore.
	Store Store
	// Applier applies configurations; default an Updater.
	Applier Applier
	// Random returns a number from least to most, both included; default a
	// random one.
	Random func(least, most int) int
	// Addresses looks up interfaces; default KernelAddresses.
	Addresses Addresses
}

// Agent is the program of a device. Its methods but Wake are not for concurrent
// use.
type Agent struct {
	o      Options
	d      Deps
	client *Client
	device *Device
	log    *Log
	wake   chan struct{}

	creds    Credentials
	ip       string // the management address last found
	checksum string // of the configuration last taken in, applied or not
	again    again
	forced   atomic.Int32 // updates asked for by Force
	sums     snapshot
}

// randomBetween returns a random number from least to most, both included.
func randomBetween(least, most int) int {
	if most <= least {
		return least
	}
	return least + rand.IntN(most-least+1)
}

// New checks options and returns an agent. Missing options are an *ExitError.
func New(o Options, d Deps) (*Agent, error) {
	if d.Tree == nil {
		return nil, errors.New("agent: Deps.Tree is required")
	}
	if d.Clock == nil {
		d.Clock = RealClock{}
	}
	if d.Log == nil {
		d.Log = NewLog(d.Clock, nil)
	}
	exit := func(code int, reason string) error {
		d.Log.Err("%s", reason)
		return &ExitError{Code: code, Reason: reason}
	}
	if o.URL == "" {
		return nil, exit(ExitNoURL, "missing required --url option")
	}
	if (o.Credentials.UUID == "" || o.Credentials.Key == "") && o.SharedSecret == "" {
		return nil, exit(ExitNoCredentials, "you must either specify --uuid and --key, or --shared-secret")
	}
	if o.Interval <= 0 {
		o.Interval = Defaults().Interval
	}
	if o.ManagementInterval <= 0 {
		o.ManagementInterval = (o.Interval / 12).Truncate(time.Second)
	}
	if o.RegistrationInterval <= 0 {
		o.RegistrationInterval = (o.Interval / 4).Truncate(time.Second)
	}
	if d.HTTP == nil {
		d.HTTP = NewHTTPClient(o.HTTP)
		if _, err := o.HTTP.trusted(); err != nil {
			// the file may come later: a device must not be lost over it
			d.Log.Warning("%v", err)
		}
	}
	if d.Reloader == nil {
		d.Reloader = chooseReloader(o.Reload, d.Tree)
	}
	if d.Events == nil {
		d.Events = Hotplug{Tree: d.Tree}
	}
	if d.Store == nil {
		d.Store = FileStore{Tree: d.Tree}
	}
	if d.Applier == nil {
		d.Applier = &Updater{Tree: d.Tree, Overwrite: !o.MergeConfig, Unmanaged: o.Unmanaged, Warn: d.Log.Warning}
	}
	if d.Random == nil {
		d.Random = randomBetween
	}
	if d.Addresses == nil {
		d.Addresses = KernelAddresses
	}
	return &Agent{
		o: o, d: d, log: d.Log,
		client: &Client{BaseURL: o.URL, HTTP: d.HTTP, UserAgent: d.UserAgent, MaxArchive: maxArchive(d.Tree)},
		device: &Device{Tree: d.Tree, Hostname: o.Hostname, MAC: o.MAC, Info: o.Info},
		wake:   make(chan struct{}, 1),
		creds:  o.Credentials,
	}, nil
}

// Wake ends the pause between two cycles, now or as soon as the work under way
// is done. It may be called by any goroutine, also before Run.
func (a *Agent) Wake() {
	select {
	case a.wake <- struct{}{}:
	default: // one is enough
	}
}

// Force makes the next cycle download and apply the configuration even if it is
// the one in force, and ends the pause before it. Each call stands for one such
// cycle. It may be called by any goroutine, also before Run.
func (a *Agent) Force() {
	a.forced.Add(1)
	a.Wake()
}

// forget takes one call of Force into account.
func (a *Agent) forget() {
	if a.forced.Load() == 0 {
		return
	}
	a.forced.Add(-1)
	a.log.Info("Configuration update forced, forgetting the checksum")
	a.checksum, a.again = "", again{}
	if err := a.d.Store.SetChecksum(""); err != nil {
		a.log.Err("Could not remove the saved checksum: %v", err)
	}
}

// maxArchive is the size of a packed archive a device takes.
func maxArchive(t *Tree) int64 {
	if unpacked := limitsFor(t.Memory()).Bytes; unpacked > 0 {
		return min(defaultMaxArchive, unpacked)
	}
	return defaultMaxArchive
}

// Credentials returns the device's id and key, empty before the registration.
func (a *Agent) Credentials() Credentials { return a.creds }

// Run does the agent's work until the context ends, which returns nil, or until
// the agent has to end by itself: *ExitError, or nil when the device was
// deleted on the controller. A configuration that is being tried when the
// context ends is undone.
func (a *Agent) Run(ctx context.Context) error {
	unlock, err := a.d.Tree.lock(os.Getpid())
	switch {
	case errors.Is(err, errLocked), errors.Is(err, errForeign):
		a.log.Err("%v", err)
		return err
	case err != nil:
		a.log.Warning("%v", err) // a read-only file system, say: the agent can still be told so
	default:
		defer func() {
			if err := unlock(); err != nil {
				a.log.Warning("unlock: %v", err)
			}
		}()
	}
	err = a.run(ctx)
	if errors.Is(err, ErrDeleted) || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// ErrDeleted means that the controller does not know the device any more, which
// it said several times (§4.4).
var ErrDeleted = errors.New("the device was deleted on the controller")

func (a *Agent) run(ctx context.Context) error {
	a.recover(ctx)
	sum, err := a.d.Store.Checksum()
	if err != nil {
		a.log.Err("Could not read the saved checksum: %v", err)
	}
	a.checksum = sum
	registered, err := a.ensureRegistered(ctx)
	if err != nil {
		return err
	}
	defer a.openChannel(ctx)()
	if err := a.bootup(ctx, registered); err != nil {
		return err
	}
	for first := true; ; first = false {
		// right after a registration the first cycle goes without (§6.7)
		if !(first && registered) {
			if err := a.discoverManagementIP(ctx); err != nil {
				return err
			}
		}
		a.forget()
		if err := a.Cycle(ctx); err != nil {
			return err
		}
		a.event(ctx, EventEndOfCycle)
		if err := a.pause(ctx); err != nil {
			return err
		}
	}
}

// recover undoes a configuration whose trial a crash or power loss cut off.
func (a *Agent) recover(ctx context.Context) {
	paths, err := a.d.Applier.Recover()
	if err != nil {
		a.log.Crit("Could not undo an interrupted configuration: %v", err)
		return
	}
	if len(paths) == 0 {
		return
	}
	a.log.Warning("A configuration whose application was interrupted has been undone")
	// whether services run with the old or the new files nobody knows
	for _, p := range paths {
		if isUCI(p) {
			a.reloadOne(ctx, p[len(configDir)+1:])
		}
	}
	a.event(ctx, EventConfigRestored)
}

// ensureRegistered registers a device that has no id or key, for as long as it
// takes, and reports whether it did.
func (a *Agent) ensureRegistered(ctx context.Context) (bool, error) {
	if a.creds.UUID != "" && a.creds.Key != "" {
		return false, nil
	}
	for {
		done, err := a.register(ctx)
		if err != nil || done {
			return done, err
		}
		if err := a.d.Clock.Sleep(ctx, a.o.RegistrationInterval); err != nil {
			return false, err
		}
	}
}

// bootMarker is on a volatile file system: it is gone after a reboot.
const bootMarker = volatileDir + "/bootup"

func (a *Agent) mark(name string) {
	if err := a.d.Tree.WriteFile(name, nil, 0o644); err != nil {
		a.log.Warning("Could not write %s: %v", name, err)
	}
}

// bootup tells a start after a boot from a restart (§3).
func (a *Agent) bootup(ctx context.Context, registered bool) error {
	if registered {
		a.event(ctx, EventBootup)
		a.mark(bootMarker)
	}
	if a.d.Tree.exists(bootMarker) {
		a.event(ctx, EventRestart)
		return ctx.Err()
	}
	if a.o.BootupDelay > 0 {
		delay := a.d.Random(0, int(a.o.BootupDelay/time.Second))
		a.log.Info("Delaying startup for %d seconds...", delay)
		if err := a.d.Clock.Sleep(ctx, time.Duration(delay)*time.Second); err != nil {
			return err
		}
	}
	a.event(ctx, EventBootup)
	if err := a.updateInfo(ctx); err != nil {
		return err
	}
	a.mark(bootMarker)
	return ctx.Err()
}

// pause is the time between two cycles, which Wake ends early.
func (a *Agent) pause(ctx context.Context) error {
	if a.forced.Load() > 0 {
		return ctx.Err()
	}
	sleeping, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-a.wake:
			cancel(errWoken)
		case <-sleeping.Done():
		}
	}()
	err := a.d.Clock.Sleep(sleeping, a.o.Interval)
	woken := errors.Is(context.Cause(sleeping), errWoken)
	cancel(nil)
	<-done
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if woken {
		a.log.Info("Received SIGUSR1: interrupting interval sleep...")
		return nil
	}
	return err
}

var errWoken = errors.New("woken")

func (a *Agent) event(ctx context.Context, action string) {
	if err := a.d.Events.Event(ctx, action); err != nil && ctx.Err() == nil {
		a.log.Warning("Event %s: %v", action, err)
	}
}

// hook runs a program if there is one; its exit code is only logged (§7.3).
func (a *Agent) hook(ctx context.Context, name, program string) {
	if program == "" || !a.d.Tree.executable(program) {
		return
	}
	err := runner{tree: a.d.Tree}.run(ctx, nil, program)
	a.log.Info("Called %s: %s - exit code: %d", name, program, exitCode(err))
}

// missingHeader handles an answer that is not a controller's. The original ends
// with code 4; behind a proxy that answers for a controller being restarted this
// leaves devices alone, so trying again is the default (§10).
func (a *Agent) missingHeader() error {
	const reason = "Invalid url: missing X-Openwisp-Controller header"
	a.log.Err(reason)
	if a.o.ExitOnMissingHeader {
		return &ExitError{Code: ExitNoHeader, Reason: reason}
	}
	return nil
}

// attempts and the pauses between them (§3).
const (
	attempts           = 10
	backoffMin         = 2
	backoffMax         = 15
	infoPause          = 2 * time.Second
	testPauseMin       = 5
	testPauseMax       = 20
	managementAttempts = 3
)

// retry calls f until it succeeds, with random pauses, at most ten times. An
// error of f ends it at once.
func (a *Agent) retry(ctx context.Context, f func() (bool, error)) (bool, error) {
	for range attempts {
		ok, err := f()
		if ok || err != nil {
			return ok, err
		}
		if err := a.d.Clock.Sleep(ctx, time.Duration(a.d.Random(backoffMin, backoffMax))*time.Second); err != nil {
			return false, err
		}
	}
	return false, nil
}

// connectError logs a request that got no answer, in the original's words.
func (a *Agent) connectError(while string, err error) {
	var t *TransportError
	if errors.As(err, &t) {
		a.log.Err("Failed to connect to controller %s: curl exit code %d", while, t.CurlCode())
		return
	}
	a.log.Err("Failed to connect to controller %s: %v", while, err)
}

// reloadOne reloads one service and logs it.
func (a *Agent) reloadOne(ctx context.Context, pkg string) {
	how, err := a.d.Reloader.Reload(ctx, pkg)
	switch {
	case err != nil:
		a.log.Err("Could not reload %s: %v", pkg, err)
	case how != "":
		a.log.Info("Service %s has been reloaded via %s", pkg, how)
	}
}

// reload reloads the services whose configuration changed since the last time.
func (a *Agent) reload(ctx context.Context) {
	now, err := takeSnapshot(a.d.Tree)
	if err != nil {
		a.log.Err("Could not find out what changed: %v", err)
		return
	}
	for _, pkg := range a.sums.changed(now) {
		a.reloadOne(ctx, pkg)
	}
	a.remember(now)
}

// remember makes a state of the packages the one later changes are seen
// against.
func (a *Agent) remember(now snapshot) {
	a.sums = now
	if _, procd := a.d.Reloader.(ProcdReload); procd {
		if err := now.save(a.d.Tree); err != nil {
			a.log.Warning("Could not save what is loaded: %v", err)
		}
	}
}

func chooseReloader(how string, t *Tree) Reloader {
	switch {
	case how == "none", how == "" && !(t.Real() && (t.executable("/bin/ubus") || t.executable("/sbin/procd"))):
		return NoReload{}
	case how == "" || how == "procd":
		return ProcdReload{Tree: t}
	}
	return CommandReload{Command: strings.Fields(how)}
}

func (a *Agent) discoverManagementIP(ctx context.Context) error {
	if a.o.ManagementIP != "" {
		a.ip = a.o.ManagementIP
		return nil
	}
	if a.o.ManagementInterface == "" {
		return nil
	}
	for i := range managementAttempts {
		if ip := managementAddress(a.d.Tree, a.o.ManagementInterface, a.d.Addresses); ip != "" {
			a.ip = ip
			return nil
		}
		a.log.Notice("management interface not ready (attempt %d of %d)", i+1, managementAttempts)
		if err := a.d.Clock.Sleep(ctx, a.o.ManagementInterval); err != nil {
			return err
		}
	}
	a.log.Warning("could not determine ip address of management interface, giving up...")
	return nil
}

// updateInfo tells the controller hardware and system once after a boot (§4.3).
func (a *Agent) updateInfo(ctx context.Context) error {
	info := a.device.ReadInfo(ctx)
	var err error
	for i := range attempts {
		if i > 0 {
			if err := a.d.Clock.Sleep(ctx, infoPause); err != nil {
				return err
			}
		}
		err = a.client.UpdateInfo(ctx, a.creds, info)
		var t *TransportError
		if !errors.As(err, &t) {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	var status *StatusError
	switch {
	case err == nil:
		a.log.Info("Device info updated on the controller")
	case errors.Is(err, ErrNoHeader):
		return a.missingHeader()
	case errors.As(err, &status):
		a.log.Err("Failed to update device info: %s", status.Line)
	default:
		a.connectError("during update-info", err)
	}
	return nil
}

// describe is an error's text for a log line that has its own beginning.
func describe(err error) string {
	var s *StatusError
	if errors.As(err, &s) {
		return s.Line
	}
	return fmt.Sprint(err)
}
