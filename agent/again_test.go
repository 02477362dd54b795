package agent

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// away makes the controller unreachable from the first test of a configuration
// on, for a time; r.s.answer is set.
func (r *rig) away(from func(endpoint string) bool, d time.Duration) {
	var since time.Time
	r.s.answer = func(endpoint string, _ int, _ http.ResponseWriter) bool {
		if since.IsZero() && from(endpoint) {
			since = r.clock.Now()
		}
		if !since.IsZero() && r.clock.Now().Sub(since) < d {
			panic(http.ErrAbortHandler)
		}
		return false
	}
}

// trial tells the test of a configuration from the request before it.
func trial(r *rig) func(string) bool {
	return func(endpoint string) bool { return endpoint == "checksum" && r.s.count("download-config") > 0 }
}

func (r *rig) statuses() []string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var out []string
	for _, b := range r.s.bodies {
		if strings.HasPrefix(b, "report-status") {
			_, status, _ := strings.Cut(b, "status=")
			out = append(out, status)
		}
	}
	return out
}

func TestAControllerAwayDuringATrial(t *testing.T) {
	for _, d := range []time.Duration{10 * time.Second, 15 * time.Second, 45 * time.Second} {
		r := newRig(t, nil)
		r.away(trial(r), d)
		require.NoError(t, r.runUntil(t, "report-status", 0))
		require.Equal(t, []string{"applied"}, r.statuses(), d)
		require.Equal(t, "from the controller\n", readAll(t, r.tree, "/etc/banner"))
	}
	r := newRig(t, nil)
	r.away(trial(r), 10*time.Second)
	require.NoError(t, r.runUntil(t, "report-status", 0))
	require.Contains(t, r.notes.logged(), "daemon.warning openwisp: Configuration test failed (attempt 2)")
}

// TestAControllerAwayForLong is back while the outcome is being reported: the
// configuration was not to blame and is tried again in the next cycle.
func TestAControllerAwayForLong(t *testing.T) {
	r := newRig(t, nil)
	r.away(trial(r), 70*time.Second)
	require.NoError(t, r.runUntil(t, "report-status", 9))
	statuses := r.statuses()
	require.Equal(t, "applied", statuses[len(statuses)-1])
	require.Contains(t, strings.Join(statuses, " "), "error")
	require.Equal(t, "from the controller\n", readAll(t, r.tree, "/etc/banner"))
	require.Contains(t, strings.Join(r.notes.logged(), "\n"), "during report-status: curl exit code 52")
}

// TestAConfigurationThatCutsTheDeviceOff fails each time for nothing but the
// lack of an answer: it is tried again, ever less often, and then not any more.
func TestAConfigurationThatCutsTheDeviceOff(t *testing.T) {
	r := newRig(t, nil)
	var tried []time.Time
	start := r.clock.Now()
	r.s.answer = func(endpoint string, _ int, _ http.ResponseWriter) bool {
		cut := readAll(t, r.tree, "/etc/banner") != "factory\n"
		if endpoint == "download-config" {
			tried = append(tried, r.clock.Now())
		}
		if cut {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	require.NoError(t, r.runUntil(t, "checksum", 600))
	require.Len(t, tried, 4)
	for i, least := range []time.Duration{0, 10 * time.Minute, time.Hour, 6 * time.Hour} {
		since := start
		if i > 0 {
			since = tried[i-1]
		}
		require.GreaterOrEqual(t, tried[i].Sub(since), least)
		require.Less(t, tried[i].Sub(since), least+10*time.Minute)
	}
	log := strings.Join(r.notes.logged(), "\n")
	require.Contains(t, log, "daemon.notice openwisp: The configuration will be tried again in 10m0s")
	require.Contains(t, log, "daemon.warning openwisp: The configuration failed 4 times because the controller could not be reached, it is not tried again")
	// another one is a new beginning
	r.s.setArchive(newArchive(t))
	downloads := r.s.count("download-config")
	require.NoError(t, r.runUntil(t, "download-config", downloads))
}

func TestATestScriptThatFailsIsNoLackOfAnAnswer(t *testing.T) {
	r := newRig(t, map[string]string{"/usr/sbin/test": "#!/bin/sh\nexit 1\n"})
	r.o.TestScript = "/usr/sbin/test"
	require.NoError(t, r.runUntil(t, "checksum", 400))
	require.Equal(t, 1, r.s.count("download-config"))
}

func TestAnAnswerThatIsNot200IsWarnedOf(t *testing.T) {
	r := newRig(t, nil)
	r.s.answer = func(endpoint string, _ int, w http.ResponseWriter) bool {
		return endpoint == "checksum" && r.s.count("download-config") > 0 && status(w, http.StatusBadGateway, "")
	}
	require.NoError(t, r.runUntil(t, "report-status", 0))
	require.Equal(t, []string{"applied"}, r.statuses())
	require.Contains(t, r.notes.logged(), "daemon.warning openwisp: Configuration test: the controller can be reached, but answers HTTP/1.1 502 Bad Gateway")
}

// TestALocalFileWithASlip is reported, and taken as soon as somebody mended it.
func TestALocalFileWithASlip(t *testing.T) {
	const slip = "config interface 'lan\n"
	r := newRig(t, map[string]string{"/etc/config/network": slip})
	mended := false
	r.s.answer = func(endpoint string, n int, _ http.ResponseWriter) bool {
		if endpoint == "checksum" && n == 5 {
			require.Equal(t, slip, readAll(t, r.tree, "/etc/config/network"))
			require.Equal(t, "from the controller\n", readAll(t, r.tree, "/etc/banner"), "the rest is in force")
			put(t, r.tree.dir, "/etc/config/network", "config interface 'lan'\n")
			mended = true
		}
		return false
	}
	require.NoError(t, r.runUntil(t, "report-status", 1))
	require.True(t, mended)
	require.Equal(t, 2, r.s.count("download-config"), "not in every cycle")
	statuses := r.statuses()
	require.Contains(t, statuses[0], "error")
	require.Equal(t, "applied", statuses[1])
	require.Contains(t, r.s.bodies[4]+r.s.bodies[3], "%2Fetc%2Fconfig%2Fnetwork+is+not+valid+UCI+and+is+left+as+it+is")
	require.NotEqual(t, slip, readAll(t, r.tree, "/etc/config/network"))
}

// TestForcedUpdates: each one is a whole application, also two in a row.
func TestForcedUpdates(t *testing.T) {
	r := newRig(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	a := r.agent(t)
	r.s.answer = func(endpoint string, n int, _ http.ResponseWriter) bool {
		if endpoint == "report-status" && n == 0 {
			a.Force()
			a.Force()
		}
		if endpoint == "checksum" && n > 12 {
			cancel()
		}
		return false
	}
	require.NoError(t, a.Run(ctx))
	require.Equal(t, []string{"applied", "applied", "applied"}, r.statuses())
}
