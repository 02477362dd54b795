package server_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection/boxtest"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwarehttp"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server"
)

// sysupgrade is what the device has for OpenWrt's: it keeps the image and ends the
// agent as the real one ends everything; without settings the device boots with those
// of the image.
const sysupgrade = `#!/bin/sh
for image in "$@"; do :; done
[ -s "$image" ] || { echo "Image file $image not found" >&2; exit 1; }
case " $* " in *" --test "*) exit 0;; esac
echo "$*" >>/flashes
cp "$image" /flash
case " $* " in *" -n "*) cp /rom/openwisp /etc/config/openwisp;; esac
[ -e /fallsback ] || echo "DISTRIB_DESCRIPTION='` + firmwaretest.NewSystem + `'" >/etc/openwrt_release
echo "boot $(wc -l </flashes)" >/proc/sys/kernel/random/boot_id
rm -rf /tmp/* /tmp/.fetch-*
touch /rebooting
kill -9 "$(cat /agent.pid)"
`

// atticRouter is a device with OpenWrt of which only its agent is ours: the real program over
// a file system of its own, started anew whenever it ends.
type atticRouter struct {
	t      *testing.T
	root   string
	boots  int
	lock   sync.Mutex
	cmd    *exec.Cmd
	ending bool
	done   chan struct{}
}

// newAtticRouter fills the file system and turns the device on.
func newAtticRouter(t *testing.T, base string) *atticRouter {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a file system of one's own needs root")
	}
	busybox := boxtest.Program(t, "busybox")
	r := &atticRouter{t: t, root: t.TempDir(), done: make(chan struct{})}
	build := exec.Command("go", "build", "-o", filepath.Join(r.root, "wispwright-agent"), "./agent/cmd/wispwright-agent")
	build.Dir, build.Env = testkit.Root(t), append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, dir := range []string{"bin", "sbin", "dev", "tmp", "rom", "etc/config", "etc/openwisp", "proc/sys/kernel/random", "proc/sys/vm"} {
		require.NoError(t, os.MkdirAll(filepath.Join(r.root, dir), 0o755))
	}
	libraries, _ := exec.Command("ldd", busybox).Output() // one that is linked statically has none
	files := []string{busybox}
	for _, word := range strings.Fields(string(libraries)) {
		if filepath.IsAbs(word) {
			files = append(files, word)
		}
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		r.write(name, string(text))
	}
	applets, err := exec.Command(busybox, "--list").Output()
	require.NoError(t, err)
	for _, name := range strings.Fields(string(applets)) {
		if err := os.Symlink(busybox, filepath.Join(r.root, "bin", name)); !errors.Is(err, fs.ErrExist) {
			require.NoError(t, err)
		}
	}
	settings := fmt.Sprintf("config controller 'http'\n\toption url '%s'\n\toption shared_secret 'secretalpha0123456789'\n\toption interval '3600'\n\toption bootup_delay '0'\n\toption post_reload_delay '0'\n"+
		"\toption hostname 'attic'\n\toption mac_address '02:00:00:00:01:09'\n\toption model '%s'\n\toption channel '1'\n\toption reload 'none'\n", base, firmwaretest.Model)
	for name, text := range map[string]string{
		"etc/config/openwisp": settings, "rom/openwisp": settings, "etc/openwrt_release": "DISTRIB_DESCRIPTION='" + firmwaretest.OldSystem + "'\n", "dev/null": "",
		"proc/meminfo": "MemTotal: 120000 kB\nMemAvailable: 66984 kB\n", "proc/sys/kernel/random/boot_id": "boot 0\n", "proc/sys/vm/drop_caches": "0\n",
		"sbin/sysupgrade": sysupgrade, "sbin/uci": "#!/bin/sh\n[ \"$*\" = 'get openwisp.http.uuid' ] && sed -n \"s/.*option uuid '\\(.*\\)'.*/\\1/p\" /etc/config/openwisp\n",
	} {
		r.write(name, text)
	}
	go r.run()
	t.Cleanup(func() {
		r.lock.Lock()
		r.ending = true
		r.lock.Unlock()
		r.kill()
		<-r.done
	})
	return r
}

func (r *atticRouter) write(name, text string) {
	r.t.Helper()
	name = filepath.Join(r.root, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(r.t, os.WriteFile(name, []byte(text), 0o755))
}

func (r *atticRouter) read(name string) string {
	text, err := os.ReadFile(filepath.Join(r.root, name))
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(r.t, err)
	}
	return string(text)
}

// run lets the agent begin whenever it ended, as procd does, and as a boot does.
func (r *atticRouter) run() {
	defer close(r.done)
	log, err := os.Create(filepath.Join(r.t.TempDir(), "agent.log"))
	if err != nil {
		r.t.Error(err)
		return
	}
	defer func() {
		_ = log.Close() // it was only written
		if text, err := os.ReadFile(log.Name()); err == nil && r.t.Failed() {
			r.t.Logf("the agent's log: %s", text)
		}
	}()
	for {
		r.lock.Lock()
		if r.ending {
			r.lock.Unlock()
			return
		}
		r.cmd = exec.Command("/wispwright-agent", "config", "--foreground")
		r.cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.root}
		r.cmd.Dir, r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr = "/", []string{"PATH=/sbin:/bin"}, log, log
		err := r.cmd.Start()
		if err == nil {
			r.boots++
			err = os.WriteFile(filepath.Join(r.root, "agent.pid"), fmt.Appendln(nil, r.cmd.Process.Pid), 0o600)
		}
		r.lock.Unlock()
		if err != nil {
			r.t.Error(err)
			return
		}
		_ = r.cmd.Wait() // it is killed again and again
	}
}

// kill ends the agent, as if the power were cut.
func (r *atticRouter) kill() {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.cmd != nil {
		_ = r.cmd.Process.Kill() // it may have ended
	}
}

// severed answers with so many bytes, calls a function and cuts the line.
type severed struct {
	http.ResponseWriter
	left int
	then func()
}

func (s *severed) Write(p []byte) (int, error) {
	n, err := s.ResponseWriter.Write(p[:min(len(p), s.left)])
	if s.left -= n; err == nil && s.left == 0 {
		_ = http.NewResponseController(s.ResponseWriter).Flush() // the line is cut anyway
		s.then()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// attic is a real server with a build for a real agent that nothing leads to.
type attic struct {
	*server.Server
	t      *testing.T
	router *atticRouter
	images *server.FirmwareConcern
	device string
	image  string
	bytes  string

	lock   sync.Mutex
	ranges []string
	// cuts are done to the next requests for the image, after so many bytes
	cuts []func(http.ResponseWriter) http.ResponseWriter
}

func newAttic(t *testing.T) *attic {
	t.Helper()
	c, all := parts(t)
	a := &attic{t: t, images: part[*server.FirmwareConcern](t, all), bytes: strings.Repeat("0123456789abcdef", 3<<16)}
	f := &a.images.Config
	f.ReconnectDelay, f.ReconnectRetryDelay, f.ReconnectMaxRetries, f.Backoff, f.MostBackoff = 50*time.Millisecond, 50*time.Millisecond, 2000, 1, 1
	a.Server = started(t, testkit.SQLite(t), c, all)
	require.NoError(t, a.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, a.Start(t.Context()))
	a.router = newAtticRouter(t, listening(t, http.HandlerFunc(a.serve)))
	at := deviceNamed(t, a.Server, "attic")
	testkit.Eventually(t, "the device has a connection by its channel", func(context.Context) bool {
		return channelOf(t, a.Server, at) != nil && len(as(t, a.Server, "c", "GET", at+"connection/", "", 200)["results"].([]any)) == 1
	})
	a.device = as(t, a.Server, "c", "GET", at, "", 200)["id"].(string)
	category := as(t, a.Server, "b", "POST", firmwareAPI+"category/", fmt.Sprintf(`{"name":"roofs","organization":%q}`, identifiers(t, a.Server)["org_alpha"]), 201)["id"].(string)
	build := as(t, a.Server, "b", "POST", firmwareAPI+"build/", fmt.Sprintf(`{"version":"24.10.0","os":%q,"category":%q}`, firmwaretest.NewSystem, category), 201)["id"].(string)
	i, err := a.images.Images.Create(t.Context(), wispwright.ScopeAll(), mustID(t, build), firmware.File{Name: "openwrt-" + firmwaretest.Type, Body: strings.NewReader(a.bytes)})
	require.NoError(t, err)
	a.image = i.ID.String()
	return a
}

func (a *attic) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, firmwarehttp.PullPath) {
		a.lock.Lock()
		a.ranges = append(a.ranges, r.Header.Get("Range"))
		if len(a.cuts) > 0 {
			w, a.cuts = a.cuts[0](w), a.cuts[1:]
		}
		a.lock.Unlock()
	}
	a.ServeHTTP(w, r)
}

// cut cuts the next request for the image after so many bytes, and calls a function.
func (a *attic) cut(after int, then func()) {
	a.cuts = append(a.cuts, func(w http.ResponseWriter) http.ResponseWriter { return &severed{w, after, then} })
}

// upgraded upgrades the device and returns how that ended.
func (a *attic) upgraded(options string) (status, log string) {
	a.t.Helper()
	out := as(a.t, a.Server, "b", "PUT", firmwareAPI+"device/"+a.device+"/firmware/", fmt.Sprintf(`{"image":%q,"upgrade_options":%s}`, a.image, options), 201)
	path := firmwareAPI + "upgrade-operation/" + out["upgrade_operation"].(map[string]any)["id"].(string) + "/"
	testkit.Eventually(a.t, "the upgrade ends", func(context.Context) bool {
		out = as(a.t, a.Server, "b", "GET", path, "", 200)
		return firmware.Status(out["status"].(string)).Ended()
	})
	a.t.Log(out["log"])
	return out["status"].(string), out["log"].(string)
}

// A device behind NAT is upgraded by its own agent, the program itself: it gets the image
// over HTTP, goes on where the line was cut, and where the agent itself was killed; it is
// flashed once, with its settings, and what it runs after the reboot is looked at.
func TestTheWholeAgentIsUpgraded(t *testing.T) {
	a := newAttic(t)
	a.cut(1<<20, func() {})
	a.cut(1<<20, a.router.kill)
	status, log := a.upgraded(`{"c":true}`)
	require.Equal(t, "success", status)
	for _, line := range []string{"Device identity verified successfully", "The device has got the image by itself.", "Sysupgrade test passed successfully", "Upgrade completed successfully."} {
		require.Contains(t, log, line)
	}
	require.NotContains(t, log, firmwarehttp.PullPath, "a ticket is nobody else's business")
	require.Len(t, a.ranges, 3)
	require.Empty(t, a.ranges[0])
	for _, part := range a.ranges[1:] { // what came before the cut may still have been on its way
		require.Regexp(t, `^bytes=[1-9][0-9]*-$`, part)
	}
	require.Equal(t, "-v -c /tmp/openwrt-"+firmwaretest.Type+"\n", a.router.read("flashes"))
	require.Equal(t, a.bytes, a.router.read("flash"))
	require.Contains(t, a.router.read("etc/config/openwisp"), "option uuid '"+strings.ReplaceAll(a.device, "-", "")+"'")
	require.NotEmpty(t, strings.TrimSpace(a.router.read("etc/openwisp/firmware_checksum")))
	has := as(t, a.Server, "b", "GET", firmwareAPI+"device/"+a.device+"/firmware/", "", 200)
	require.Equal(t, []any{a.image, true}, []any{has["image"], has["installed"]})
	a.router.lock.Lock()
	require.GreaterOrEqual(t, a.router.boots, 3, "the first one, the one that was killed, the reboot")
	a.router.lock.Unlock()
}

// Without its settings the device comes back as the image lets it: it registers anew, is
// the same device, and the upgrade has succeeded.
func TestTheWholeAgentComesBackWithoutItsSettings(t *testing.T) {
	a := newAttic(t)
	status, log := a.upgraded(`{"n":true,"c":false}`)
	require.Equal(t, "success", status)
	require.Contains(t, log, "Upgrade completed successfully.")
	require.Equal(t, "-v -n /tmp/openwrt-"+firmwaretest.Type+"\n", a.router.read("flashes"))
	require.EqualValues(t, 1, as(t, a.Server, "c", "GET", "/api/v1/controller/device/?name=attic", "", 200)["count"])
}

// A device that boots the system that it had, as those do that have two places for
// systems, was not upgraded.
func TestTheWholeAgentComesBackWithItsOldSystem(t *testing.T) {
	a := newAttic(t)
	a.router.write("fallsback", "yes\n")
	status, log := a.upgraded(`{}`)
	require.Equal(t, "failed", status)
	require.Contains(t, log, "The device rebooted into the system it had: "+firmwaretest.OldSystem)
	require.Equal(t, false, as(t, a.Server, "b", "GET", firmwareAPI+"device/"+a.device+"/firmware/", "", 200)["installed"])
}
