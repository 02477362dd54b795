package agent

import (
	"context"
	"encoding/hex"
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

	"github.com/wispwright/wispwright/internal/testkit"
)

// recording is a recorded run of the original agent.
type recording struct {
	Scenario     string            `json:"scenario"`
	Flags        []string          `json:"flags"`
	InitialFiles map[string]string `json:"initial_files"`
	ExitCode     *int              `json:"exit_code"`
	Exchanges    []struct {
		Endpoint string `json:"endpoint"`
		Request  struct {
			Line    string      `json:"line"`
			Headers [][2]string `json:"headers"`
			Body    string      `json:"body"`
		} `json:"request"`
		Response struct {
			Status  *int        `json:"status"`
			Headers [][2]string `json:"headers"`
			Body    string      `json:"body"`
		} `json:"response"`
	} `json:"exchanges"`
	Hotplug []string          `json:"hotplug_events"`
	Log     []string          `json:"log"`
	After   map[string]string `json:"files_after"`
	Removed []string          `json:"files_removed"`
}

// deviation is a difference from the recorded run that is meant.
type deviation struct {
	// log is the recorded line that is not written: "updated" is only logged
	// when it is true
	log string
	// undone: the original's roll-back leaves added files and its own new state
	// behind, ours does not
	undone bool
	// cut: the recording ended before the files it downloaded were applied
	cut bool
	// strict: the recorded exit needs the option that asks for it, without which
	// the agent tries again
	strict bool
	// overwrites: the original keeps copies of files it overwrote already (§6.3)
	overwrites bool
}

// deviations are those of a run, found in what was recorded.
func (r *recording) deviations() deviation {
	d := deviation{strict: r.ExitCode != nil && *r.ExitCode == ExitNoHeader}
	for _, e := range r.Exchanges {
		if e.Endpoint == "update-info" && e.Response.Status != nil && *e.Response.Status != http.StatusOK {
			d.log = "daemon.info openwisp: Device info updated on the controller"
		}
		d.cut = e.Endpoint == "download" // the last one counts
	}
	reloaded := slices.Index(r.Hotplug, "openwisp "+EventPreReload)
	d.undone = reloaded >= 0 && slices.ContainsFunc(r.Hotplug[reloaded:], func(e string) bool { return strings.HasPrefix(e, "sysupgrade -r") })
	if i := slices.Index(r.Flags, "--merge-config"); i >= 0 {
		d.overwrites = r.Flags[i+1] == "0"
	}
	return d
}

func TestRecordedRuns(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testkit.Vectors(t, "agent-config"), "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recording
			testkit.ReadVectors(t, &r, "agent-config", name+".json")
			replay(t, &r, r.deviations())
		})
	}
}

// controllerOf answers requests as recorded and compares them. When the
// recording is used up it takes a picture of the device's files and ends the
// run.
type controllerOf struct {
	t    *testing.T
	r    *recording
	tree *Tree
	stop context.CancelFunc

	mu    sync.Mutex
	n     int
	files map[string]string
}

func (c *controllerOf) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		c.t.Errorf("body: %v", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n >= len(c.r.Exchanges) {
		if c.files == nil {
			c.files = contents(c.t, c.tree, "/etc")
		}
		c.stop()
		panic(http.ErrAbortHandler)
	}
	e := c.r.Exchanges[c.n]
	c.n++
	if line := req.Method + " " + req.RequestURI + " " + req.Proto; line != e.Request.Line {
		c.t.Errorf("request %d: %s instead of %s", c.n, line, e.Request.Line)
	}
	want, got := normalBody(e.Request.Body), normalBody(string(body))
	if want != got {
		c.t.Errorf("request %d: body\n%s\ninstead of\n%s", c.n, got, want)
	}
	compareHeaders(c.t, req, e.Request.Headers)
	if e.Response.Status == nil {
		panic(http.ErrAbortHandler) // closes the connection
	}
	for _, h := range e.Response.Headers {
		w.Header().Set(h[0], h[1])
	}
	w.WriteHeader(*e.Response.Status)
	answer := []byte(e.Response.Body)
	if packed, ok := strings.CutPrefix(e.Response.Body, "hex:"); ok {
		if answer, err = hex.DecodeString(packed); err != nil {
			c.t.Errorf("recorded archive: %v", err)
		}
	}
	if _, err := w.Write(answer); err != nil {
		c.t.Errorf("answer: %v", err)
	}
}

func compareHeaders(t *testing.T, req *http.Request, want [][2]string) {
	recorded := map[string]string{}
	for _, h := range want {
		recorded[h[0]] = h[1]
	}
	for _, ignored := range []string{"Host", "User-Agent", "Content-Length"} {
		delete(recorded, ignored)
	}
	got := map[string]string{}
	for k, v := range req.Header {
		if k != "User-Agent" && k != "Content-Length" {
			got[k] = strings.Join(v, ", ")
		}
	}
	if !maps.Equal(recorded, got) {
		t.Errorf("headers of %s: %v instead of %v", req.URL.Path, got, recorded)
	}
	if req.Method == http.MethodPost && (req.ContentLength < 0 || len(req.TransferEncoding) > 0) {
		t.Errorf("%s has no Content-Length", req.URL.Path)
	}
}

// normalBody takes out of a body what may differ: the times in an error
// report, the order in which files were looked at, and the tags, where the
// original sends an error message of a program it calls.
func normalBody(body string) string {
	body = strings.Replace(body, "&tags=uci%3A+Entry+not+found&", "&tags=&", 1)
	body = regexp.MustCompile(`Sun\+Nov\+22\+\d\d%3A\d\d%3A\d\d\+2026`).ReplaceAllString(body, "TIME")
	return sortList(body, "renamed%3A+", "%2C+")
}

// sortList sorts the words of a list that follows a text.
func sortList(s, after, separator string) string {
	start := strings.Index(s, after)
	if start < 0 {
		return s
	}
	start += len(after)
	end := start + strings.Index(s[start:]+"%0A", "%0A")
	end = min(end, len(s))
	words := strings.Split(s[start:end], separator)
	slices.Sort(words)
	return s[:start] + strings.Join(words, separator) + s[end:]
}

func normalLine(line string) string {
	line = regexp.MustCompile(`Delaying startup for \d+ seconds`).ReplaceAllString(line, "Delaying startup for N seconds")
	return sortList(line, "renamed: ", ", ")
}

func replay(t *testing.T, r *recording, d deviation) {
	files := machine()
	maps.Copy(files, r.InitialFiles)
	files["/usr/sbin/hwid"] = "#!/bin/sh\necho HW-0001\n"
	files["/usr/sbin/mytest"] = "#!/bin/sh\nexit 1\n"
	tree := sandbox(t, files)
	before := contents(t, tree, "/etc")

	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	c := &controllerOf{t: t, r: r, tree: tree, stop: stop}
	server := httptest.NewUnstartedServer(c)
	server.Config.ErrorLog = nil
	server.Start()
	defer server.Close()

	clock, notes := newFakeClock(), &recorder{}
	log := NewLog(clock, notes.line)
	flags := slices.Clone(r.Flags)
	for i := range flags {
		flags[i] = strings.ReplaceAll(flags[i], "http://127.0.0.1:PORT", server.URL)
	}
	if d.strict {
		flags = append(flags, "--exit-on-missing-header", "1")
	}
	err := func() error {
		inv, err := ParseArgs(flags)
		if err != nil {
			return &ExitError{Code: ExitInvalidOption, Reason: err.Error()}
		}
		o, warnings, err := inv.Options(tree, func(string) (string, bool) { return "", false })
		require.NoError(t, err)
		require.Empty(t, warnings)
		a, err := New(o, Deps{Tree: tree, Clock: clock, Log: log, Events: notes, Reloader: notes,
			Addresses: addresses, Random: func(least, _ int) int { return least }})
		if err != nil {
			return err
		}
		return a.Run(ctx)
	}()

	code := ExitCode(err)
	if r.ExitCode != nil {
		require.Equal(t, *r.ExitCode, code, "exit code (%v)", err)
	} else {
		require.NoError(t, err, "the agent ended by itself")
	}
	require.Equal(t, len(r.Exchanges), c.n, "requests; log:\n%s", strings.Join(notes.logged(), "\n"))
	if c.files == nil {
		c.files = contents(t, tree, "/etc")
	}
	compareEvents(t, r, notes.happened())
	compareLog(t, r, d, notes.logged())
	compareFiles(t, r, d, before, c.files)
}

func compareEvents(t *testing.T, r *recording, got []string) {
	var want []string
	for _, e := range r.Hotplug {
		if action, ok := strings.CutPrefix(e, "openwisp "); ok {
			want = append(want, action)
		}
	}
	require.GreaterOrEqual(t, len(got), len(want), "events %v instead of %v", got, want)
	require.Equal(t, want, slices.Concat(got[:len(want)]), "events")
}

func compareLog(t *testing.T, r *recording, d deviation, got []string) {
	var want []string
	for i := 0; i < len(r.Log); i++ {
		// the recording machine's controller was not up yet
		if i+1 < len(r.Log) && strings.HasSuffix(r.Log[i+1], "during registration: curl exit code 7") {
			i++
			continue
		}
		if r.Log[i] != d.log {
			want = append(want, normalLine(r.Log[i]))
		}
	}
	for i := range got {
		got[i] = normalLine(got[i])
	}
	got = slices.DeleteFunc(got, func(l string) bool { return strings.Contains(l, "uci: network, line") }) // a detail of ours
	require.GreaterOrEqual(t, len(got), len(want), "log:\n%s", strings.Join(got, "\n"))
	require.Equal(t, want, got[:len(want)], "log")
}

func compareFiles(t *testing.T, r *recording, d deviation, before, got map[string]string) {
	ours := func(name string) bool {
		return strings.HasPrefix(name, "/etc/openwisp/") || strings.HasPrefix(name, "/etc/extra/")
	}
	for name, want := range r.After {
		have, ok := got[name]
		switch {
		case d.undone && ours(name):
			require.False(t, ok, "%s was not undone", name)
		case filepath.Base(name) == "checksum":
			require.Equal(t, lastLine([]byte(want)), lastLine([]byte(have)), name)
		case d.cut && name != identityFile:
		case d.overwrites && strings.HasPrefix(name, storedDir+configDir):
			require.Contains(t, have, "config ", name)
		default:
			require.True(t, ok, "%s is missing", name)
			require.Equal(t, want, have, name)
		}
	}
	for name := range got {
		if _, known := before[name]; known {
			continue
		}
		_, recorded := r.After[name]
		require.True(t, recorded || d.cut || strings.HasPrefix(name, journalDir) || name == trialFile, "%s should not be there", name)
	}
	for name, was := range before {
		if _, changed := r.After[name]; !changed && !d.cut {
			require.Equal(t, was, got[name], "%s should be as it was", name)
		}
	}
	for _, name := range r.Removed {
		require.NotContains(t, got, name)
	}
	_, err := os.Stat("/etc/openwisp/journal")
	require.True(t, os.IsNotExist(err), "the machine's own files were touched")
}
