package agent

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// procd stands for OpenWrt's functions: they write down how they are called.
const procd = `
say_args() { printf '%s' "$1"; shift; for a; do printf ' [%s]' "$a"; done; echo; }
for f in procd_open_instance procd_set_param procd_close_instance procd_add_reload_trigger logger sleep; do
	eval "$f() { say_args $f \"\$@\"; }"
done
config_load() { [ "$1" = openwisp ]; }
config_foreach() { [ "$2" != controller ] || for s in first second; do "$1" $s; done; }
config_get() {
	case $2.$3 in
	first.respawn_threshold) eval "$1=60";; first.respawn_retry) eval "$1=7";;
	second.respawn_retry) eval "$1=0";; *) eval "$1=\"$4\"";;
	esac
}
start() { start_service; }
`

func initScript(t *testing.T, calls string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-euc", procd+". openwrt/openwisp-config.init\n"+calls).CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestInitScript(t *testing.T) {
	started := []string{
		"procd_open_instance [openwisp-config]",
		"procd_set_param [command] [/usr/sbin/wispwright-agent] [config]",
		"procd_set_param [file] [/etc/config/openwisp]",
		"procd_set_param [respawn] [60] [5] [0]", // a later section over an earlier one
		"procd_set_param [term_timeout] [15]",
		"procd_close_instance",
		"logger [-t] [openwisp] [-p] [daemon.info] [OpenWISP config agent started]",
	}
	require.Equal(t, started, initScript(t, "start_service"))
	require.Equal(t, []string{"procd_add_reload_trigger [openwisp]"}, initScript(t, "service_triggers"))
	require.Contains(t, initScript(t, "stop_service")[0], "OpenWISP config agent stopping")

	marker := filepath.Join(t.TempDir(), "applying_conf")
	reload := func() []string { return initScript(t, "applying='"+marker+"'; reload_service") }
	received := "logger [-t] [openwisp] [-p] [daemon.info] [OpenWISP config agent received reload trigger]"
	require.Equal(t, append([]string{received}, started...), reload(), "nothing to wait for")
	require.NoError(t, os.WriteFile(marker, nil, 0o600))
	got := reload()
	require.Len(t, got, 1+30+len(started), "half a minute for a configuration being applied")
	require.Equal(t, "sleep [1]", got[30])
	require.NoFileExists(t, marker)
}

func TestMonitoringInitScript(t *testing.T) {
	run := func(calls string) []string {
		text := strings.Replace(procd, "[ \"$1\" = openwisp ]", "package=$1", 1)
		text = strings.Replace(text, "[ \"$2\" != controller ]", "[ \"$package.$2\" = openwisp-monitoring.monitoring ] && \"$1\" monitoring || [ \"$2\" != controller ]", 1)
		text = strings.Replace(text, "second.respawn_retry)", "monitoring.verbose_mode) eval \"$1=1\";; second.respawn_retry)", 1)
		out, err := exec.Command("sh", "-euc", text+". openwrt/openwisp-monitoring.init\n"+calls).CombinedOutput()
		require.NoError(t, err, string(out))
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	require.Equal(t, []string{
		"procd_open_instance [openwisp-monitoring]",
		"procd_set_param [command] [/usr/sbin/wispwright-agent] [monitoring]",
		"procd_set_param [file] [/etc/config/openwisp] [/etc/config/openwisp-monitoring]",
		"procd_set_param [respawn] [60] [5] [0]",
		"procd_set_param [stdout] [1]",
		"procd_set_param [stderr] [1]",
		"procd_close_instance",
		"logger [-t] [openwisp-monitoring] [-p] [daemon.info] [OpenWISP monitoring agent started]",
	}, run("start_service"))
	require.Equal(t, []string{"procd_add_reload_trigger [openwisp] [openwisp-monitoring]"}, run("service_triggers"))

	script, err := os.ReadFile("openwrt/openwisp-monitoring.hotplug")
	require.NoError(t, err)
	text := strings.ReplaceAll(string(script), "/etc/init.d/openwisp-monitoring", "echo told")
	for action, told := range map[string]string{"bootup": "told restart\n", "restart": "told restart\n", "end-of-cycle": ""} {
		cmd := exec.Command("sh", "-c", text)
		cmd.Env = []string{"ACTION=" + action}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Equal(t, told, string(out), action)
	}
}

func TestHotplugScript(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "/functions.sh", procd+`config_get() { eval "$1=${2%%_*}"; [ "$2" = first ] || eval "$1=tun0"; }
`)
	script, err := os.ReadFile("openwrt/openwisp.hotplug")
	require.NoError(t, err)
	text := strings.ReplaceAll(string(script), "/lib/functions.sh", dir+"/functions.sh")
	text = strings.ReplaceAll(text, "/usr/sbin/wispwright-agent", "echo woken")
	put(t, dir, "/script", text)
	for env, woken := range map[string]string{"ACTION=ifup INTERFACE=tun0": "woken wake\n", "ACTION=ifup INTERFACE=lan": "", "ACTION=ifdown INTERFACE=tun0": ""} {
		// as hotplug-call does it
		cmd := exec.Command("sh", "-c", "( . "+dir+"/script )")
		cmd.Env = strings.Fields(env)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Equal(t, woken, string(out), env)
	}
}

// unpackTar reads a compressed archive: names with modes, targets of links, and
// contents.
func unpackTar(t *testing.T, packed []byte) (entries map[string]string, files map[string][]byte) {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	entries, files = map[string]string{}, map[string][]byte{}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return entries, files
		}
		require.NoError(t, err)
		require.Zero(t, h.Uid+h.Gid, h.Name)
		entries[h.Name] = h.FileInfo().Mode().String()
		if h.Linkname != "" {
			entries[h.Name] = "-> " + h.Linkname
		}
		files[h.Name], err = io.ReadAll(tr)
		require.NoError(t, err)
	}
}

func TestPackageForOpkg(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "/program", "#!program")
	build := func(version string) []byte {
		out := filepath.Join(dir, version+".ipk")
		text, err := exec.Command("openwrt/ipk", filepath.Join(dir, "program"), version, out).CombinedOutput()
		require.NoError(t, err, string(text))
		b, err := os.ReadFile(out)
		require.NoError(t, err)
		return b
	}
	ipk := build("v1.2-3-gabc")
	require.Equal(t, ipk, build("v1.2-3-gabc"), "the same bytes")
	_, outer := unpackTar(t, ipk)
	require.Equal(t, "2.0\n", string(outer["./debian-binary"]))

	entries, data := unpackTar(t, outer["./data.tar.gz"])
	for name, want := range map[string]string{
		"./usr/sbin/wispwright-agent":       "-rwxr-xr-x",
		"./usr/sbin/openwisp-config":        "-> wispwright-agent",
		"./usr/sbin/openwisp_config":        "-> wispwright-agent",
		"./usr/sbin/openwisp-update-config": "-> wispwright-agent",
		"./etc/init.d/openwisp-config":      "-rwxr-xr-x",
		"./etc/config/openwisp":             "-rw-------",
		"./usr/sbin/openwisp-monitoring":    "-> wispwright-agent",
		"./usr/sbin/netjson-monitoring":     "-> wispwright-agent",
		"./etc/init.d/openwisp-monitoring":  "-rwxr-xr-x",
		"./etc/config/openwisp-monitoring":  "-rw-r--r--",

		"./etc/hotplug.d/openwisp/openwisp-monitoring": "-rw-r--r--",
		"./lib/upgrade/keep.d/wispwright-agent":        "-rw-r--r--",
		"./etc/openwisp/":                              "drwxr-xr-x",
		"./etc/hotplug.d/openwisp/":                    "drwxr-xr-x",

		"./etc/hotplug.d/iface/90-openwisp-config": "-rw-r--r--",
	} {
		require.Equal(t, want, entries[name], name)
	}
	require.Equal(t, "#!program", string(data["./usr/sbin/wispwright-agent"]))
	require.Equal(t, "/etc/openwisp/\n", string(data["./lib/upgrade/keep.d/wispwright-agent"]))

	_, control := unpackTar(t, outer["./control.tar.gz"])
	require.Contains(t, string(control["./control"]), "\nVersion: 1.2-3-gabc\n")
	require.Equal(t, "/etc/config/openwisp\n/etc/config/openwisp-monitoring\n", string(control["./conffiles"]))
	for _, script := range []string{"postinst", "prerm"} {
		require.Contains(t, string(control["./"+script]), "default_"+script+` "$0" "$@"`)
	}

	_, outer = unpackTar(t, build("abc123"))
	_, control = unpackTar(t, outer["./control.tar.gz"])
	require.Contains(t, string(control["./control"]), "\nVersion: 0~abc123\n")
}
