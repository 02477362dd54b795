package firmwaretest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/boxtest"
)

// OpenWrt is a device that behaves like one with OpenWrt: Dropbear over a sandbox,
// whose sysupgrade stores the image, loses all connections and comes back as another
// system after a while. It needs root, Linux and Dropbear; without them the test is
// left out. Set its fields before anything is upgraded.
type OpenWrt struct {
	// ID is what it says it is.
	ID wispwright.ID
	// Root is its sandbox: what it calls /etc, /tmp, /sbin and /proc lies there.
	Root string
	// RebootAttempts is how many connections fail after it was flashed until it is
	// back; negative: it never returns.
	RebootAttempts int
	// Refuses makes sysupgrade --test fail; FallsBack makes it boot the system that it
	// had; OtherKey makes it return with another host key.
	Refuses, FallsBack, OtherKey bool
	// CutAt drops the connection in the middle of the nth command, counted from 1; 0:
	// of none.
	CutAt int

	t    testing.TB
	box  *boxtest.Box
	mu   sync.Mutex
	down int
}

// The systems that an OpenWrt runs before and after it was flashed.
const (
	OldSystem = "OpenWrt 23.05.5 r24106-10cc5fcd00"
	NewSystem = "OpenWrt 24.10.0 r28427-6df0e3d02a"
)

// NewOpenWrt makes one.
func NewOpenWrt(t testing.TB) *OpenWrt {
	t.Helper()
	o := &OpenWrt{ID: wispwright.NewID(), RebootAttempts: 1, t: t, box: boxtest.Dropbear(t, "")}
	o.Root = filepath.Join(o.box.Dir, "openwrt")
	for _, dir := range []string{"etc/openwisp", "etc/init.d", "tmp", "sbin", "proc/sys/kernel/random", "proc/sys/vm"} {
		require.NoError(t, os.MkdirAll(filepath.Join(o.Root, dir), 0o755))
	}
	o.write("proc/sys/kernel/random/boot_id", wispwright.NewID().String()+"\n")
	o.write("proc/meminfo", "MemTotal: 120000 kB\nMemFree: 60000 kB\nMemAvailable: 66984 kB\n")
	o.write("etc/openwrt_release", "DISTRIB_DESCRIPTION='"+OldSystem+"'\n")
	o.write("etc/openwisp/checksum", "of the configuration\n")
	o.script("sbin/uci", `[ "$*" = "get openwisp.http.uuid" ] && exec cat "$ROOT/uuid"`+"\nexit 1\n")
	o.script("sbin/sysupgrade", sysupgrade)
	// what a line calls an absolute path is one of the sandbox
	o.write("../shell", `#!/bin/sh
ROOT=`+o.Root+`
export ROOT PATH="$ROOT/sbin:$PATH"
echo $PPID >"$ROOT/session"
n=$(($(cat "$ROOT/commands" 2>/dev/null || echo 0) + 1))
echo $n >"$ROOT/commands"
if [ "$n" = "$(cat "$ROOT/cut" 2>/dev/null)" ]; then kill -9 $PPID; exit 1; fi
[ "$1" = -c ] || exec /bin/sh "$@"
exec /bin/sh -c "$(printf '%s' "$2" | sed -E "s#(^|[ '\"=])/(etc|tmp|sbin|proc)/#\1$ROOT/\2/#g")"
`)
	o.box.Answers = o.answers
	return o
}

// sysupgrade does what that of OpenWrt does to the sandbox.
const sysupgrade = `
for image in "$@"; do :; done
[ -s "$image" ] || { echo "Image file $image not found" >&2; exit 1; }
case " $* " in
*" --test "*|*" -T "*)
	[ ! -e "$ROOT/refuses" ] || { echo "Image check failed." >&2; exit 1; }
	exit 0;;
esac
echo "Commencing upgrade. Closing all shell sessions."
cp "$image" "$ROOT/flash"
echo flashed >>"$ROOT/flashes"
cat /proc/sys/kernel/random/uuid >"$ROOT/proc/sys/kernel/random/boot_id"
[ -e "$ROOT/fallsback" ] || echo "DISTRIB_DESCRIPTION='` + NewSystem + `'" >"$ROOT/etc/openwrt_release"
rm -rf "$ROOT/tmp"; mkdir "$ROOT/tmp"
touch "$ROOT/rebooting"
kill -9 "$(cat "$ROOT/session")"
`

func (o *OpenWrt) write(name, text string) {
	o.t.Helper()
	require.NoError(o.t, os.WriteFile(filepath.Join(o.Root, name), []byte(text), 0o755))
}

func (o *OpenWrt) script(name, text string) { o.write(name, "#!/bin/sh\n"+text) }

// flag makes a file be there, or not.
func (o *OpenWrt) flag(name string, is bool) error {
	path := filepath.Join(o.Root, name)
	if is {
		return os.WriteFile(path, []byte("yes\n"), 0o600)
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// answers reports whether the device is there for a connection.
func (o *OpenWrt) answers() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if os.Remove(filepath.Join(o.Root, "rebooting")) == nil {
		o.down = o.RebootAttempts
		if o.OtherKey && o.newKey() != nil {
			return false
		}
	}
	if o.down != 0 {
		o.down--
		return false
	}
	faults := []error{
		os.WriteFile(filepath.Join(o.Root, "uuid"), []byte(o.ID.String()+"\n"), 0o600), os.WriteFile(filepath.Join(o.Root, "cut"), fmt.Append(nil, o.CutAt), 0o600),
		o.flag("refuses", o.Refuses), o.flag("fallsback", o.FallsBack),
	}
	for _, err := range faults {
		if err != nil {
			return false
		}
	}
	return true
}

func (o *OpenWrt) newKey() error {
	path := o.box.HostKey("rsa")
	if err := os.Remove(path); err != nil {
		return err
	}
	return exec.Command("dropbearkey", "-t", "rsa", "-s", "2048", "-f", path).Run()
}

// Flashes is how often it was flashed.
func (o *OpenWrt) Flashes() int {
	text, err := os.ReadFile(filepath.Join(o.Root, "flashes"))
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(o.t, err)
	return strings.Count(string(text), "\n")
}

// Flashed is the image that it was flashed with last.
func (o *OpenWrt) Flashed() string {
	text, err := os.ReadFile(filepath.Join(o.Root, "flash"))
	require.NoError(o.t, err)
	return string(text)
}

// Claims makes the device say that it runs an image with a checksum, whether it does or not.
func (o *OpenWrt) Claims(checksum string) { o.write("etc/openwisp/firmware_checksum", checksum+"\n") }

// Target is how it is reached, as root with a password.
func (o *OpenWrt) Target() connection.Target {
	return connection.Target{Addresses: sliceOf(o.box.At.Addr()), Params: wispwright.JSON(fmt.Sprintf(`{"username":"root","password":%q,"port":%d}`, boxtest.Password, o.box.At.Port()))}
}

func sliceOf[T any](v T) []T { return []T{v} }

// Dial opens a session by a connector, for Fleet.Dial.
func (o *OpenWrt) Dial(c connection.Connector) func(ctx context.Context, device wispwright.ID) (connection.Session, error) {
	return func(ctx context.Context, _ wispwright.ID) (connection.Session, error) { return c.Dial(ctx, o.Target()) }
}
