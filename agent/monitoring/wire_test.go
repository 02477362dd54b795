package monitoring

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
)

// recordedWire are the exchanges of the original agent with a scripted controller.
type recordedWire struct {
	Scenario     string
	CollectFlags string `json:"collect_flags"`
	SendFlags    string `json:"send_flags"`
	Controller   struct {
		Script map[string][]struct {
			Status int
			Body   string
		}
	}
	Exchanges []struct {
		Request struct {
			Line    string
			Headers [][2]string
		}
	}
	Log          []string
	SpoolAfter   []string `json:"spool_after"`
	SendExitCode *string  `json:"send_exit_code"`
}

// fastClock does not wait: sleeping moves its time. It ends the run when the time
// is up.
type fastClock struct {
	mu    sync.Mutex
	now   time.Time
	until time.Time
	end   context.CancelFunc
	slept []time.Duration
}

func (c *fastClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fastClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	over := c.now.After(c.until)
	c.mu.Unlock()
	if over {
		c.end()
		<-ctx.Done()
	}
	return ctx.Err()
}

// controller answers by a script and writes down what it is asked.
type controller struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	lines    []string
	headers  []http.Header
	bodies   []string
	answer   func(n int) (int, string)
}

func newController(t *testing.T, answer func(n int) (int, string)) *controller {
	c := &controller{answer: answer}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lines = append(c.lines, r.Method+" "+r.URL.RequestURI()+" "+r.Proto)
		c.headers = append(c.headers, r.Header.Clone())
		c.bodies = append(c.bodies, string(body))
		code, text := c.answer(len(c.lines) - 1)
		c.statuses = append(c.statuses, code)
		w.Header().Set("X-Openwisp-Controller", "true")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *controller) seen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.lines)
}

// bench is an agent in a sandbox.
type bench struct {
	tree  *agent.Tree
	spool *DirSpool
	clock *fastClock
	log   *[]agent.Line
	mu    *sync.Mutex
	agent *Agent
	ctx   context.Context
}

func newBench(t *testing.T, o Options, files Files, run time.Duration) *bench {
	t.Helper()
	tree, err := agent.NewTree(t.TempDir())
	require.NoError(t, err)
	dir, err := tree.Path(spoolDir)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	spool, err := NewDirSpool(dir, 1<<20)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	start := time.Date(2026, 11, 22, 7, 48, 0, 0, time.UTC)
	b := &bench{tree: tree, spool: spool, clock: &fastClock{now: start, until: start.Add(run), end: cancel}, log: &[]agent.Line{}, mu: &sync.Mutex{}, ctx: ctx}
	log := agent.NewLog(b.clock, func(l agent.Line) { b.mu.Lock(); *b.log = append(*b.log, l); b.mu.Unlock() })
	log.Tag = "openwisp-monitoring"
	if files == nil {
		files = &recordedRun{}
	}
	r, ok := files.(*recordedRun)
	if !ok {
		r = &recordedRun{}
	}
	sources := r.sources()
	sources.Files = files
	b.agent, err = New(o, Deps{
		Tree: tree, Log: log, Clock: b.clock, Collector: NewCollector(sources), Spool: spool, HTTP: agent.NewHTTPClient(o.HTTP),
		ConfigAgentRuns: func() bool { return false }, Random: func(n int) int { return n - 1 },
	})
	require.NoError(t, err)
	return b
}

// lines are what was logged of some levels.
func (b *bench) lines(levels ...agent.Level) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []string{}
	for _, l := range *b.log {
		if slices.Contains(levels, l.Level) {
			out = append(out, l.Message)
		}
	}
	return out
}

var timeOfSample = regexp.MustCompile(`time=\d\d-\d\d-\d{4}_\d\d:\d\d:\d\d\.000000`)

// TestRecordedExchanges plays the original's runs: the same requests, log lines of
// errors, spool and exit code. Deviations are meant, see the cases.
func TestRecordedExchanges(t *testing.T) {
	full := recordings(t)[0]
	require.Equal(t, "full", full.Name)
	for _, name := range []string{"http-400-discard", "http-404-gone", "http-500-retries", "not-registered", "send-default-quiet", "send-ok"} {
		t.Run(name, func(t *testing.T) {
			var w recordedWire
			testkit.ReadVectors(t, &w, "agent-monitoring", "wire-"+name+".json")
			script := w.Controller.Script["monitoring"]
			c := newController(t, func(n int) (int, string) {
				if n < len(script) {
					return script[n].Status, script[n].Body
				}
				return 200, ""
			})
			inv, err := ParseArgs(strings.Fields(w.CollectFlags + " " + w.SendFlags + " --url " + c.URL))
			require.NoError(t, err)
			empty, err := agent.NewTree(t.TempDir())
			require.NoError(t, err)
			o, warnings, err := inv.Options(empty, func(string) (string, bool) { return "", false })
			require.NoError(t, err)
			require.Empty(t, warnings)
			b := newBench(t, o, &full, time.Hour)
			// the two halves by turns, as they take them in the recordings
			require.NoError(t, b.agent.bootupDelay(b.ctx))
			b.agent.collectOnce(b.ctx)
			wantRequests := len(w.Exchanges)
			var end error
			if name == "not-registered" {
				b.clock.until = b.clock.now.Add(time.Minute)
				end = b.agent.Send(b.ctx)
				require.ErrorIs(t, end, context.Canceled)
			} else {
				s := delivery{Agent: b.agent}
				for rounds := 0; end == nil && len(c.seen()) < wantRequests && rounds < 20; rounds++ {
					if name == "send-ok" && rounds > 0 {
						b.clock.now = b.clock.now.Add(time.Minute)
						b.agent.collectOnce(b.ctx)
					}
					end = s.round(b.ctx)
				}
			}
			got := c.seen()
			require.Len(t, got, wantRequests)
			for i, e := range w.Exchanges {
				require.Regexp(t, timeOfSample, got[i])
				want := timeOfSample.ReplaceAllString(e.Request.Line, "time=T")
				if i > 0 && name != "send-ok" && !strings.Contains(want, "current=true") {
					// the original forgets that its sample is the newest once it failed
					want = strings.Replace(want, " HTTP", "&current=true HTTP", 1)
				}
				require.Equal(t, want, timeOfSample.ReplaceAllString(got[i], "time=T"))
				for _, h := range e.Request.Headers {
					if !slices.Contains([]string{"Host", "Content-Length", "User-Agent"}, h[0]) {
						require.Equal(t, []string{h[1]}, c.headers[i].Values(h[0]))
					}
				}
				require.ElementsMatch(t, []string{"Accept", "Content-Length", "Content-Type", "User-Agent"}, slices.Collect(maps.Keys(c.headers[i])), "no other header")
				require.Equal(t, comparable(t, full.Output), comparable(t, []byte(c.bodies[i])))
			}
			if w.SendExitCode != nil && name != "not-registered" {
				// a signal does not end ours while it waits for its registration
				require.Equal(t, strings.TrimSpace(*w.SendExitCode), fmt.Sprint(ExitCode(end)))
			}
			list, err := b.spool.List()
			require.NoError(t, err)
			kept := slices.DeleteFunc(w.SpoolAfter, func(s string) bool { return strings.HasSuffix(s, "response.txt") })
			require.Len(t, list, len(kept))
			var wantErrors []string
			for _, l := range w.Log {
				if _, m, ok := strings.Cut(l, ": "); ok && strings.HasPrefix(l, "daemon.err") {
					wantErrors = append(wantErrors, m)
				}
			}
			var gotErrors []string
			for _, m := range b.lines(agent.LevelErr) {
				gotErrors = append(gotErrors, strings.TrimSuffix(m, "."))
			}
			for i, m := range wantErrors {
				wantErrors[i] = strings.TrimSuffix(m, ".")
			}
			require.Equal(t, wantErrors, gotErrors)
			for _, m := range b.lines(agent.LevelInfo) {
				require.True(t, slices.ContainsFunc(w.Log, func(l string) bool {
					return strings.Contains(digits.ReplaceAllString(l, "N"), digits.ReplaceAllString(m, "N"))
				}) || m == "Data sent successfully." || o.Verbose && strings.HasPrefix(m, "Collecting") || o.Verbose && m == "Data saved temporarily.", m)
			}
		})
	}
}

var digits = regexp.MustCompile(`\d+`)

func registered() Options {
	o := Defaults()
	o.Credentials = agent.Credentials{UUID: "u", Key: "k"}
	return o
}

// TestABacklog is delivered from the oldest to the newest across a change of the
// month, of which only the last is current.
func TestABacklog(t *testing.T) {
	c := newController(t, func(int) (int, string) { return 200, "" })
	o := registered()
	o.URL = c.URL + "/"
	b := newBench(t, o, nil, time.Hour)
	at := time.Date(2026, 10, 31, 23, 58, 0, 0, time.UTC)
	for i := range 25 {
		require.NoError(t, b.spool.Put(at.Add(time.Duration(i)*time.Minute), []byte(fmt.Sprint(i))))
	}
	dir, err := b.tree.Path(spoolDir)
	require.NoError(t, err)
	// what the original leaves: an unpacked sample, an answer, and what it never had
	require.NoError(t, os.WriteFile(dir+"/01-10-2026_00:00:00", []byte("old"), 0o600))
	require.NoError(t, os.WriteFile(dir+"/02-10-2026_00:00:00.gz", []byte("torn"), 0o600))
	require.NoError(t, os.WriteFile(dir+"/response.txt", nil, 0o600))
	s := delivery{Agent: b.agent}
	require.NoError(t, s.round(b.ctx))
	require.Equal(t, "old", c.bodies[0])
	for i := range 25 {
		require.Equal(t, fmt.Sprint(i), c.bodies[i+1])
		require.Equal(t, i == 24, strings.Contains(c.lines[i+1], "&current=true"), i)
	}
	require.Contains(t, c.lines[25], "time=01-11-2026_00:22:00.000000&current=true")
	require.Equal(t, []time.Duration{5 * time.Second, 5 * time.Second}, b.clock.slept, "a pause after each ten")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
	require.Contains(t, strings.Join(b.lines(agent.LevelErr), "\n"), "discarding data")
}

// TestAnOutage keeps what could not be delivered, pauses longer each time and tells
// of its beginning and its end once.
func TestAnOutage(t *testing.T) {
	working := false
	c := newController(t, func(int) (int, string) {
		if working {
			return 200, ""
		}
		return 502, "bad gateway"
	})
	o := registered()
	o.URL, o.MaxRetries, o.Interval = c.URL, 2, 100*time.Second
	b := newBench(t, o, nil, 24*time.Hour)
	require.NoError(t, b.spool.Put(b.clock.now, []byte("{}")))
	s := delivery{Agent: b.agent}
	for range 5 {
		require.NoError(t, s.round(b.ctx))
	}
	require.Len(t, c.seen(), 10, "two attempts each, as the option says")
	var pauses []time.Duration
	for _, d := range b.clock.slept {
		if d != 15*time.Second || len(pauses) == 0 {
			pauses = append(pauses, d)
		}
	}
	require.Equal(t, 100*time.Second, pauses[len(pauses)-1], "at most the interval")
	working = true
	require.NoError(t, s.round(b.ctx))
	require.Equal(t, []string{`Data not sent successfully. Response code is "502". Error message is "bad gateway". Run with verbose mode to find more.`}, b.lines(agent.LevelErr))
	require.Equal(t, []string{"Data sent successfully."}, b.lines(agent.LevelInfo))
	list, err := b.spool.List()
	require.NoError(t, err)
	require.Empty(t, list)

	c.Close()
	require.NoError(t, b.spool.Put(b.clock.now, []byte("{}")))
	require.NoError(t, s.round(b.ctx))
	last := b.lines(agent.LevelErr)[1]
	require.Contains(t, last, `Response code is "0"`)
	require.NotContains(t, last, "key=", "the key stands in the address")
}

// TestGone ends only when nobody would register the device again.
func TestGone(t *testing.T) {
	c := newController(t, func(int) (int, string) { return 404, "" })
	o := registered()
	o.URL, o.MaxRetries = c.URL, 3
	b := newBench(t, o, nil, time.Hour)
	require.NoError(t, b.spool.Put(b.clock.now, []byte("{}")))
	b.agent.d.ConfigAgentRuns = func() bool { return true }
	s := delivery{Agent: b.agent}
	require.NoError(t, s.round(b.ctx))
	require.Len(t, c.seen(), 3, "the other agent registers the device again")
	b.agent.d.ConfigAgentRuns = func() bool { return false }
	err := s.round(b.ctx)
	require.ErrorIs(t, err, ErrGone)
	require.Equal(t, ExitGone, ExitCode(err))
	list, err := b.spool.List()
	require.NoError(t, err)
	require.Len(t, list, 1, "the spool stays")
}

// TestNewCredentials are used as soon as the other agent wrote them down.
func TestNewCredentials(t *testing.T) {
	c := newController(t, func(n int) (int, string) { return []int{403, 200}[min(n, 1)], "" })
	o := Defaults()
	o.URL = c.URL
	b := newBench(t, o, nil, time.Hour)
	require.NoError(t, b.spool.Put(b.clock.now, []byte("{}")))
	write := func(uuid string) {
		require.NoError(t, b.tree.WriteFile("/etc/config/openwisp", []byte("config controller 'http'\n\toption uuid '"+uuid+"'\n\toption key 'k'\n"), 0o600))
	}
	_, ok := b.agent.credentials()
	require.False(t, ok)
	write("one")
	b.agent.d.Random = func(int) int { write("two"); return 0 } // while it pauses
	s := delivery{Agent: b.agent}
	require.NoError(t, s.round(b.ctx))
	require.Contains(t, c.lines[0], "/device/one/")
	require.Contains(t, c.lines[1], "/device/two/")
}

// memory is a device that has little of it: dropping a document frees some.
type memory struct {
	recordedRun
	spool func() int
}

func (m *memory) ReadFile(name string) ([]byte, error) {
	if name == "/proc/meminfo" {
		return fmt.Appendf(nil, "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: %d kB\n", 80-10*m.spool()), nil
	}
	return m.recordedRun.ReadFile(name)
}

// TestLittleMemory drops the oldest documents first and skips when none is left.
func TestLittleMemory(t *testing.T) {
	m := &memory{recordedRun: recordings(t)[0]}
	o := registered()
	o.URL, o.Verbose = "http://127.0.0.1:1", true
	b := newBench(t, o, m, time.Hour)
	b.agent.d.Collector = NewCollector(func() Sources { s := m.sources(); s.Files = m; return s }())
	least := 0
	m.spool = func() int {
		list, err := b.spool.List()
		require.NoError(t, err)
		return len(list) + least
	}
	at := b.clock.now.Add(-time.Hour)
	for i := range 5 {
		require.NoError(t, b.spool.Put(at.Add(time.Duration(i)*time.Minute), []byte(fmt.Sprint(i))))
	}
	b.agent.collectOnce(b.ctx)
	list, err := b.spool.List()
	require.NoError(t, err)
	require.Len(t, list, 4, "two gave way, one came")
	first, err := b.spool.Get(list[0])
	require.NoError(t, err)
	require.Equal(t, "2", string(first))
	least = 8
	b.agent.collectOnce(b.ctx)
	list, err = b.spool.List()
	require.NoError(t, err)
	require.Empty(t, list)
	require.Contains(t, b.lines(agent.LevelWarning), "Not enough memory available, skipping collect data.")
}

// TestACollectorThatFails stores nothing: the server would refuse an empty document.
func TestACollectorThatFails(t *testing.T) {
	o := registered()
	o.URL = "http://127.0.0.1:1"
	b := newBench(t, o, nil, time.Hour)
	b.agent.d.Collector = NewCollector(Sources{Files: &recordedRun{}, Disks: failing{}, Kernel: failing{}, Bus: failing{}})
	b.agent.collectOnce(b.ctx)
	list, err := b.spool.List()
	require.NoError(t, err)
	require.Empty(t, list)
	require.Equal(t, []time.Duration{collectPause, collectPause, collectPause, collectPause}, b.clock.slept)
	require.Contains(t, b.lines(agent.LevelErr)[0], "could not be collected")

	b.clock.now = time.Unix(1000, 0)
	b.agent.collectOnce(b.ctx)
	require.Len(t, b.lines(agent.LevelErr), 1, "no attempt before the clock is set")
}

type failing struct{}

func (failing) Disks() ([]Disk, error)               { return nil, errAbsent }
func (failing) Links() ([]Link, error)               { return nil, errAbsent }
func (failing) Addresses() ([]KernelAddress, error)  { return nil, errAbsent }
func (failing) Neighbors() ([]Neighbor, error)       { return nil, errAbsent }
func (failing) Gateways() (map[string]string, error) { return nil, errAbsent }
func (failing) Call(context.Context, string, string, map[string]any, any) error {
	return errAbsent
}

// TestSourcesFailAlone: one that fails costs its part and nothing else.
func TestSourcesFailAlone(t *testing.T) {
	r := recordings(t)[0]
	var failed []string
	s := r.sources()
	s.Disks, s.Kernel, s.Run = failing{}, failing{}, nil
	c := NewCollector(s)
	c.Failed = func(source string, _ error) { failed = append(failed, source) }
	d, err := c.Collect(t.Context(), ParseMonitored("*"))
	require.NoError(t, err)
	require.Len(t, d.Interfaces, 8)
	require.ElementsMatch(t, []string{"disks", "addresses"}, failed)
	text, err := json.Marshal(d)
	require.NoError(t, err)
	require.Contains(t, string(text), `"disk":[]`)
	require.Empty(t, d.Neighbors, "the recorded table of ARP is empty")
}
