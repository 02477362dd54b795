package agent

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

// station is a controller whose answers a test decides.
type station struct {
	mu       sync.Mutex
	archive  []byte
	requests []string // endpoints
	bodies   []string
	// answer, when it says true, has answered the n-th request (from 0) of an
	// endpoint; otherwise the usual answer follows
	answer func(endpoint string, n int, w http.ResponseWriter) bool
}

func (s *station) count(endpoint string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counted(endpoint)
}

func (s *station) counted(endpoint string) int {
	n := 0
	for _, r := range s.requests {
		if r == endpoint {
			n++
		}
	}
	return n
}

func (s *station) setArchive(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archive = b
}

func (s *station) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	endpoint := strings.Split(r.URL.Path, "/")[2]
	body := r.URL.RawQuery
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = r.PostForm.Encode()
	}
	s.mu.Lock()
	n := s.counted(endpoint)
	s.requests = append(s.requests, endpoint)
	s.bodies = append(s.bodies, endpoint+" "+body)
	archive, answer := s.archive, s.answer
	s.mu.Unlock()
	if answer != nil && answer(endpoint, n, w) {
		return
	}
	w.Header().Set("X-Openwisp-Controller", "true")
	switch endpoint {
	case "register":
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte("registration-result: success\nuuid: id-1\nkey: key-1\nhostname: ap-1 x\nis-new: 0\n"))
	case "checksum":
		_, _ = w.Write([]byte(sumOf(archive)))
	case "download-config":
		_, _ = w.Write(archive)
	case "report-status":
		_, _ = w.Write([]byte("report-result: success\ncurrent-status: x\n"))
	case "update-info":
		_, _ = w.Write([]byte("update-info: success"))
	}
}

// status answers with a status and the controller's header.
func status(w http.ResponseWriter, code int, body string) bool {
	w.Header().Set("X-Openwisp-Controller", "true")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(body))
	return true
}

// rig is a device with an agent and a controller.
type rig struct {
	tree  *Tree
	s     *station
	notes *recorder
	clock *fakeClock
	deps  Deps
	o     Options
}

func newRig(t *testing.T, files map[string]string) *rig {
	all := machine()
	for k, v := range deviceFiles() {
		all[k] = v
	}
	for k, v := range files {
		all[k] = v
	}
	r := &rig{tree: sandbox(t, all), s: &station{archive: oldArchive(t)}, notes: &recorder{}, clock: newFakeClock(), o: Defaults()}
	server := httptest.NewServer(r.s)
	t.Cleanup(server.Close)
	r.o.URL = server.URL
	r.o.Credentials = Credentials{UUID: "id-1", Key: "key-1"}
	r.deps = Deps{Tree: r.tree, Clock: r.clock, Log: NewLog(r.clock, r.notes.line), Events: r.notes, Reloader: r.notes,
		Addresses: addresses, Random: func(least, _ int) int { return least }}
	return r
}

func (r *rig) agent(t *testing.T) *Agent {
	a, err := New(r.o, r.deps)
	require.NoError(t, err)
	return a
}

// runUntil runs the agent until an endpoint has been asked n times, which stops
// the agent, or until it ends.
func (r *rig) runUntil(t *testing.T, endpoint string, n int) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	before := r.s.answer
	r.s.answer = func(e string, i int, w http.ResponseWriter) bool {
		if e == endpoint && i >= n {
			cancel()
		}
		return before != nil && before(e, i, w)
	}
	err := r.agent(t).Run(ctx)
	require.NotErrorIs(t, ctx.Err(), context.DeadlineExceeded, "the agent did not come that far:\n%s", strings.Join(r.notes.logged(), "\n"))
	return err
}

func TestADeletedDeviceEndsTheAgent(t *testing.T) {
	r := newRig(t, nil)
	r.s.answer = func(endpoint string, _ int, w http.ResponseWriter) bool {
		return endpoint == "checksum" && status(w, http.StatusNotFound, "<html>")
	}
	require.NoError(t, r.agent(t).Run(context.Background()))
	require.Equal(t, 5, r.s.count("checksum"))
	log := r.notes.logged()
	require.Equal(t, []string{"daemon.warning openwisp: Failed to retrieve checksum: 404 Not Found",
		"daemon.err openwisp: Failed to retrieve checksum: HTTP/1.1 404 Not Found"}, log[len(log)-4:len(log)-2])
	require.Equal(t, "daemon.err openwisp: Giving up and shutting down: the device may have been deleted from OpenWISP Controller", log[len(log)-1])
	// four pauses of 6 s and 2 s, and the delays before
	require.Equal(t, 32*time.Second, r.clock.Now().Sub(newFakeClock().Now()))
}

func TestBackoffEndsTheCycleAfterTenFailures(t *testing.T) {
	r := newRig(t, nil)
	r.s.answer = func(endpoint string, n int, w http.ResponseWriter) bool {
		return endpoint == "checksum" && n < 10 && status(w, http.StatusBadGateway, "")
	}
	require.NoError(t, r.runUntil(t, "download-config", 0))
	require.Equal(t, 11, r.s.count("checksum"))
	require.Equal(t, []string{EventBootup, EventEndOfCycle}, r.notes.happened())
}

func TestAProxysAnswerIsNoReasonToEnd(t *testing.T) {
	r := newRig(t, nil)
	r.o.Credentials, r.o.SharedSecret = Credentials{}, "s"
	r.s.answer = func(_ string, n int, w http.ResponseWriter) bool {
		if n > 0 {
			return false
		}
		w.WriteHeader(http.StatusOK) // each first answer comes from a proxy
		return true
	}
	require.NoError(t, r.runUntil(t, "checksum", 3))
	require.Equal(t, 2, r.s.count("register"))
	require.Equal(t, "http=controller uuid=id-1 key=key-1", squeeze(t, r.tree, "openwisp"))
	require.Contains(t, r.notes.logged(), "daemon.info openwisp: Existing device registered successfully as ap-1, id: id-1")
}

func TestADownloadThatFailsIsTriedAgain(t *testing.T) {
	r := newRig(t, nil)
	r.s.answer = func(endpoint string, n int, w http.ResponseWriter) bool {
		return endpoint == "download-config" && n < 10 && status(w, http.StatusInternalServerError, "boom")
	}
	require.NoError(t, r.runUntil(t, "report-status", 0))
	require.Equal(t, 11, r.s.count("download-config"))
	require.Contains(t, r.notes.logged(), "daemon.err openwisp: Failed to download configuration from controller, giving up!")
}

func TestAReportThatFailsIsMadeAgain(t *testing.T) {
	r := newRig(t, nil)
	r.s.answer = func(endpoint string, n int, w http.ResponseWriter) bool {
		return endpoint == "report-status" && n < 10 && status(w, http.StatusServiceUnavailable, "")
	}
	require.NoError(t, r.runUntil(t, "download-config", 1), "the same configuration is taken again")
	require.Equal(t, 10, r.s.count("report-status"))
	sum, err := FileStore{Tree: r.tree}.Checksum()
	require.NoError(t, err)
	require.Equal(t, "", sum)
}

func TestAFailedConfigurationIsNotTriedAgain(t *testing.T) {
	r := newRig(t, nil)
	r.s.setArchive(pack(t, map[string]string{"etc/config/network": "config x 'y\n"}))
	require.NoError(t, r.runUntil(t, "checksum", 4))
	require.Equal(t, 1, r.s.count("download-config"))
	require.Equal(t, 1, r.s.count("report-status"))
	for _, b := range r.s.bodies {
		if strings.HasPrefix(b, "report-status") {
			require.Contains(t, b, "invalid+UCI+configuration+file")
			require.Contains(t, b, "status=error")
		}
	}
	// the same after a restart, because the saved checksum is another
	require.NoError(t, r.runUntil(t, "report-status", 1))
	require.Equal(t, 2, r.s.count("download-config"))
}

func TestStoppingDuringATrialUndoesIt(t *testing.T) {
	r := newRig(t, map[string]string{"/usr/sbin/slow": "#!/bin/sh\ntouch \"$ROOT/started\"\nexec sleep 60\n"})
	r.o.TestScript = "/usr/sbin/slow"
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error)
	before := contents(t, r.tree, "/etc")
	a := r.agent(t)
	go func() { done <- a.Run(ctx) }()
	require.Eventually(t, func() bool { return r.tree.exists("/started") }, time.Minute, 5*time.Millisecond)
	require.Equal(t, "from the controller\n", readAll(t, r.tree, "/etc/banner"))
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, before, contents(t, r.tree, "/etc"))
	require.Zero(t, r.s.count("report-status"))
	require.False(t, r.tree.exists(applyingMarker))
}

func TestAnInterruptedTrialIsUndoneAtTheNextStart(t *testing.T) {
	r := newRig(t, nil)
	_, err := (&Updater{Tree: r.tree}).Apply(oldArchive(t))
	require.NoError(t, err) // and then the power failed
	require.NoError(t, r.runUntil(t, "update-info", 0))
	require.Equal(t, "factory\n", readAll(t, r.tree, "/etc/banner"))
	log := r.notes.logged()
	require.Equal(t, []string{
		"daemon.warning openwisp: A configuration whose application was interrupted has been undone",
		"daemon.info openwisp: Service network has been reloaded via procd/ubus",
		"daemon.info openwisp: Service only has been reloaded via procd/ubus",
	}, log[:3])
	require.Equal(t, EventConfigRestored, r.notes.happened()[0])
}

// stopClock sleeps until it is told to wake. Each sleep is told first, also one
// that was ended before it began, so that a test can count them.
type stopClock struct {
	RealClock
	asleep chan time.Duration
	over   <-chan struct{} // nobody listens any more
}

func (c stopClock) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case c.asleep <- d:
	case <-c.over:
		return ctx.Err()
	}
	if d == 120*time.Second {
		<-ctx.Done()
	}
	return ctx.Err()
}

func TestWakeEndsThePause(t *testing.T) {
	r := newRig(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	clock := stopClock{asleep: make(chan time.Duration), over: ctx.Done()}
	r.deps.Clock = clock
	a := r.agent(t)
	a.Wake() // before anything: remembered, and harmless
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	interval := func() {
		for d := range clock.asleep {
			if d == 120*time.Second {
				return
			}
		}
	}
	interval() // ended at once by the early call
	interval()
	checks := r.s.count("checksum")
	a.Wake()
	interval()
	require.Greater(t, r.s.count("checksum"), checks)
	a.Wake()
	a.Wake()
	interval()
	cancel()
	require.NoError(t, <-done)
	woken := 0
	for _, l := range r.notes.logged() {
		if strings.Contains(l, "Received SIGUSR1") {
			woken++
		}
	}
	require.GreaterOrEqual(t, woken, 3)
}

func TestHooksAndEventsInOrder(t *testing.T) {
	note := func(what string) string { return "#!/bin/sh\necho \"" + what + "\" >> \"$ROOT/order\"\n" }
	r := newRig(t, map[string]string{
		"/etc/openwisp/pre-reload-hook":        note("pre-reload-hook"),
		"/etc/openwisp/post-reload-hook":       note("post-reload-hook") + "exit 3\n",
		"/etc/openwisp/post-registration-hook": note("post-registration-hook"),
		"/etc/hotplug.d/openwisp/10-second":    strings.TrimPrefix(note("again $ACTION"), "#!/bin/sh\n"),
		"/etc/hotplug.d/openwisp/01_first":     note("event $ACTION $HOTPLUG_TYPE"),
		"/etc/hotplug.d/openwisp/99-fails":     "exit 1\n",
		"/usr/sbin/test":                       note("test"),
	})
	r.o.Credentials, r.o.SharedSecret, r.o.TestScript = Credentials{}, "s", "/usr/sbin/test"
	r.deps.Events = nil // the real scripts
	require.NoError(t, r.runUntil(t, "checksum", 1))
	var order []string
	for line := range strings.Lines(readAll(t, r.tree, "/order")) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "again") {
			order = append(order, line)
		}
	}
	require.Equal(t, []string{
		"event post-registration openwisp", "post-registration-hook", "event bootup openwisp", "event restart openwisp",
		"event pre-reload openwisp", "pre-reload-hook", "event post-reload openwisp", "post-reload-hook", "test",
		"event config-applied openwisp", "event end-of-cycle openwisp",
	}, order)
	require.Contains(t, readAll(t, r.tree, "/order"), "again post-registration\n")
	require.Contains(t, r.notes.logged(), "daemon.info openwisp: Called post-reload-hook: /etc/openwisp/post-reload-hook - exit code: 3")
	require.False(t, slices.ContainsFunc(r.notes.logged(), func(l string) bool { return strings.Contains(l, "99-fails") }), "an exit code says nothing")
}

func TestAScriptThatHangsIsTold(t *testing.T) {
	tree := sandbox(t, map[string]string{"/etc/hotplug.d/openwisp/99-hangs": "exec sleep 600\n"})
	require.ErrorContains(t, Hotplug{Tree: tree, Timeout: time.Millisecond}.Event(context.Background(), EventRestart), "99-hangs")
}

func TestUpdateInfoTriesAgainOnlyWithoutAnAnswer(t *testing.T) {
	r := newRig(t, nil)
	r.s.answer = func(endpoint string, n int, _ http.ResponseWriter) bool {
		if endpoint == "update-info" && n < 20 {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	require.NoError(t, r.runUntil(t, "checksum", 0))
	require.Equal(t, 10, r.s.count("update-info"))
	require.Contains(t, strings.Join(r.notes.logged(), "\n"), "Failed to connect to controller during update-info: curl exit code 52")
}

func TestARestartIsNoBoot(t *testing.T) {
	r := newRig(t, map[string]string{bootMarker: ""})
	require.NoError(t, r.runUntil(t, "checksum", 0))
	require.Zero(t, r.s.count("update-info"))
	require.Equal(t, []string{EventRestart}, r.notes.happened())
}

func TestManagementAddressIsLookedForThreeTimes(t *testing.T) {
	r := newRig(t, nil)
	r.o.ManagementInterface = "tun0"
	require.NoError(t, r.runUntil(t, "checksum", 0))
	log := r.notes.logged()
	require.Contains(t, log, "daemon.notice openwisp: management interface not ready (attempt 3 of 3)")
	require.Contains(t, log, "daemon.warning openwisp: could not determine ip address of management interface, giving up...")
	require.Contains(t, r.s.bodies, "checksum key=key-1")
}

func TestAnInvalidAnswerToARegistration(t *testing.T) {
	r := newRig(t, nil)
	r.o.Credentials, r.o.SharedSecret = Credentials{}, "s"
	r.s.answer = func(endpoint string, n int, w http.ResponseWriter) bool {
		return endpoint == "register" && n == 0 && status(w, http.StatusCreated, "registration-result: success\n")
	}
	require.NoError(t, r.runUntil(t, "checksum", 0))
	require.Equal(t, 2, r.s.count("register"))
	require.Equal(t, EventRegistrationFailed, r.notes.happened()[0])
}

func TestNewChecksOptions(t *testing.T) {
	tree := sandbox(t, nil)
	_, err := New(Options{}, Deps{})
	require.ErrorContains(t, err, "Tree is required")
	_, err = New(Options{}, Deps{Tree: tree})
	require.Equal(t, ExitNoURL, ExitCode(err))
	_, err = New(Options{URL: "http://x", Credentials: Credentials{UUID: "only"}}, Deps{Tree: tree})
	require.Equal(t, ExitNoCredentials, ExitCode(err))
	notes := &recorder{}
	_, err = New(Options{URL: "http://x", SharedSecret: "s", HTTP: HTTPOptions{CACert: "/does/not/exist"}}, Deps{Tree: tree, Log: NewLog(RealClock{}, notes.line)})
	require.NoError(t, err, "the file may come later")
	require.Contains(t, notes.logged()[0], "daemon.warning openwisp: cacert: open /does/not/exist")
	a, err := New(Options{URL: "http://x", SharedSecret: "s"}, Deps{Tree: tree})
	require.NoError(t, err)
	require.Equal(t, []time.Duration{120 * time.Second, 10 * time.Second, 30 * time.Second},
		[]time.Duration{a.o.Interval, a.o.ManagementInterval, a.o.RegistrationInterval})
	require.Equal(t, NoReload{}, a.d.Reloader, "a sandbox reloads nothing of the machine")
	require.Equal(t, 1, ExitCode(errors.New("any")))
	require.Equal(t, 0, ExitCode(nil))
}

func TestRandomBetween(t *testing.T) {
	seen := map[int]bool{}
	for range 1000 {
		seen[randomBetween(2, 4)] = true
	}
	require.Equal(t, map[int]bool{2: true, 3: true, 4: true}, seen, "both bounds are included")
	require.Equal(t, 3, randomBetween(3, 3))
}

func TestSecretsStayOutOfTheLog(t *testing.T) {
	r := newRig(t, nil)
	r.o.URL = "http://127.0.0.1:1" // nobody listens
	r.o.Credentials.Key = "very-secret-key"
	r.o.SharedSecret = "very-secret-too"
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	r.deps.Random = func(least, _ int) int {
		if n++; n > 15 {
			cancel()
		}
		return least
	}
	require.NoError(t, r.agent(t).Run(ctx))
	require.NotContains(t, strings.Join(r.notes.logged(), "\n"), "very-secret")
	require.Contains(t, strings.Join(r.notes.logged(), "\n"), "curl exit code 7")
	_, err := (&Client{BaseURL: r.o.URL}).Checksum(context.Background(), Credentials{UUID: "a", Key: "very-secret-key"}, "")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "very-secret")
	require.Equal(t, "***", wispwright.Secret("very-secret").String())
}

func TestDiskFullWhileApplying(t *testing.T) {
	r := newRig(t, nil)
	r.tree.fault = func(op, name string) error {
		if op == "create" && strings.HasPrefix(name, "/etc/deep") {
			return os.ErrPermission
		}
		return nil
	}
	require.NoError(t, r.runUntil(t, "checksum", 1))
	require.Contains(t, r.s.requests, "report-status")
	require.Equal(t, "factory\n", readAll(t, r.tree, "/etc/banner"))
	require.Contains(t, strings.Join(r.notes.logged(), "\n"), "Could not apply configuration, openwisp-update-config exit code was 1")
}

// TestAConfigurationThatCrashesTheDevice is cut off each time it is tried.
func TestAConfigurationThatCrashesTheDevice(t *testing.T) {
	r := newRig(t, nil)
	errPower := errors.New("power failure")
	for round := range maxInterruptions {
		r.s.answer = nil
		r.tree.fault = nil
		crash := false
		r.tree.fault = func(op, name string) error {
			// the world stops when the new files are in place
			crash = crash || op == "remove" && name == journalManifest && readAll(t, &Tree{dir: r.tree.dir}, "/etc/banner") != "factory\n"
			if crash {
				return errPower
			}
			return nil
		}
		require.NoError(t, r.runUntil(t, "report-status", 0), "round %d", round)
		require.Contains(t, readAll(t, r.tree, trialFile), " "+strconv.Itoa(round+1))
	}
	r.tree.fault, r.s.answer = nil, nil
	downloads := r.s.count("download-config")
	require.NoError(t, r.runUntil(t, "report-status", r.s.count("report-status")))
	require.Equal(t, "factory\n", readAll(t, r.tree, "/etc/banner"))
	require.Equal(t, downloads+1, r.s.count("download-config"))
	require.Contains(t, strings.Join(r.notes.logged(), "\n"), "was interrupted 3 times, it is not tried again")

	r.s.answer = nil
	r.s.setArchive(newArchive(t)) // another one is tried at once
	require.NoError(t, r.runUntil(t, "report-status", r.s.count("report-status")))
	require.Equal(t, "changed\n", readAll(t, r.tree, "/etc/profile"))
	require.False(t, r.tree.exists(trialFile))
}
