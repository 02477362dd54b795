package openwrt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/firmware/openwrt"
	"github.com/wispwright/wispwright/internal/testkit"
)

// step is one thing that the recorded upgrader did with its device.
type step struct {
	Op, Command, Path, Result, Error string
	Seconds                          int
	Reply                            struct {
		Stdout, Stderr string
		Exit           int
	}
}

type scenario struct {
	Title   string
	Options wispwright.JSON `json:"upgrade_options"`
	Retries bool            `json:"retries_left"`
	Most    int             `json:"reconnect_max_retries"`
	Steps   []step          `json:"device_transcript"`
	Result  struct {
		Status    string `json:"operation_status"`
		Installed bool   `json:"device_firmware_installed"`
		Works     bool   `json:"connection_is_working"`
		Reason    string `json:"connection_failure_reason"`
		Log       string
	}
}

// script answers as a recorded device did, and says where something else is done.
type script struct {
	t     *testing.T
	id    wispwright.ID
	steps []step
	boots int
}

// additions are the commands that the recorded upgrader did not know: who the device
// is (additions F-6), and what it runs before and after.
func (s *script) addition(line string) (string, bool) {
	switch line {
	case "uci get openwisp.http.uuid":
		return s.id.String() + "\n", true
	case "cat /proc/sys/kernel/random/boot_id":
		s.boots++
		return fmt.Sprintf("boot %d\n", s.boots), true
	case `. /etc/openwrt_release && echo "$DISTRIB_DESCRIPTION"`:
		return "OpenWrt 24.10\n", true
	}
	return "", false
}

func (s *script) next(op string) step {
	require.NotEmpty(s.t, s.steps, "nothing more was done, but %s", op)
	one := s.steps[0]
	s.steps = s.steps[1:]
	require.Equal(s.t, one.Op, op)
	return one
}

func (s *script) dial(context.Context, wispwright.ID) (connection.Session, error) {
	if one := s.next("connect"); one.Result != "ok" {
		return nil, errors.New(one.Error)
	}
	return &scripted{script: s}, nil
}

func (s *script) wait(_ context.Context, d time.Duration) error {
	require.Equal(s.t, time.Duration(s.next("sleep").Seconds)*time.Second, d)
	return nil
}

type scripted struct {
	*script
	closed bool
}

func (s *scripted) HostKey() string                          { return "" }
func (s *scripted) Describe(context.Context) (string, error) { return "", nil }

func (s *scripted) Close() error {
	if !s.closed && len(s.steps) > 0 && s.steps[0].Op == "disconnect" {
		s.steps = s.steps[1:]
	}
	s.closed = true
	return nil
}

func (s *scripted) Run(_ context.Context, line string, out connection.Output) (int, error) {
	if text, ok := s.addition(line); ok {
		_, err := io.WriteString(out.Stdout, text)
		return 0, err
	}
	one := s.next("exec")
	require.Equal(s.t, one.Command, line)
	_, _ = io.WriteString(out.Stdout, one.Reply.Stdout) // a buffer
	_, _ = io.WriteString(out.Stderr, one.Reply.Stderr) // a buffer
	if one.Reply.Exit == -1 {
		return 0, &connection.LostError{Reason: "the device did not tell how the command ended"}
	}
	return one.Reply.Exit, nil
}

func (s *scripted) Upload(_ context.Context, path string, _ fs.FileMode, size int64, content io.Reader) error {
	one := s.next("upload")
	require.Equal(s.t, one.Path, path)
	if one.Result != "ok" {
		return errors.New("Invalid packet blocking") //nolint:staticcheck // as recorded
	}
	sent, err := io.ReadAll(content)
	require.NoError(s.t, err)
	require.Len(s.t, sent, int(size))
	require.Equal(s.t, firmwaretest.Content, string(sent))
	return nil
}

// plain leaves out of a log what the recorded upgrader did not say.
func plain(log string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(log, "\n"), func(line string) bool {
		return line == "Device identity verified successfully"
	}), "\n")
}

// known are the long lines that recordings have placeholders for.
func known(log string) string {
	for text, place := range map[string]string{
		"WARNING: it is recommended to reboot the device if the upgrade fails unexpectedly because these services will not be restarted automatically.":           "{warning about rebooting}",
		`NOTE: The reboot can be avoided if the status of the upgrade becomes "aborted" because in this case the system will restart the services automatically.`: "{note about the aborted status}",
	} {
		log = strings.ReplaceAll(log, text, place)
	}
	return log
}

// The recorded upgrades, command by command. Two differ on purpose: a device without
// /sbin/wifi is upgraded nevertheless, and a device that another operation works on
// is not connected to first.
func TestRecordedUpgrades(t *testing.T) {
	var recorded struct{ Scenarios []scenario }
	testkit.ReadVectors(t, &recorded, "firmware", "openwrt-transcripts.json")
	equal := 0
	for _, c := range recorded.Scenarios {
		t.Run(c.Title, func(t *testing.T) {
			s := &script{t: t, steps: c.Steps}
			o := &openwrt.Options{Wait: s.wait, Retries: c.Most}
			w := firmwaretest.NewWorld(t, openwrt.Types(o), func(o *firmware.Options) {
				if !c.Retries {
					o.Retries = -1
				}
			})
			s.id = w.Device(1)
			w.Fleet.Dial = s.dial
			switch c.Title {
			case "another upgrade in progress": // which waits to be tried again
				w.Fleet.Dial = func(context.Context, wispwright.ID) (connection.Session, error) { return nil, errors.New("timed out") }
				w.Begin(t, s.id, w.Images[1], "{}")
				require.Len(t, w.Queue.Drain(t, w.Service), 1)
				w.Fleet.Dial, s.steps = s.dial, nil
			case "device without wifi script while freeing memory": // goes on like one with it
				freed := recorded.Scenarios[slices.IndexFunc(recorded.Scenarios, func(o scenario) bool { return strings.HasPrefix(o.Title, "not enough memory, freed") })]
				after := slices.IndexFunc(freed.Steps, func(o step) bool { return strings.HasSuffix(o.Command, "wifi down") })
				s.steps, c.Result = append(s.steps, freed.Steps[after+1:]...), freed.Result
			}
			op := w.Begin(t, s.id, w.Images[0], c.Options)
			w.Queue.Drain(t, w.Service)
			require.Empty(t, s.steps, "more was done")
			got := w.Operation(t, op.ID)
			require.Equal(t, c.Result.Log, known(plain(got.Log)))
			require.Equal(t, firmware.Status(c.Result.Status), got.Status)
			d, err := w.Devices.Of(context.Background(), wispwright.ScopeAll(), s.id)
			require.NoError(t, err)
			require.Equal(t, c.Result.Installed, d.Installed)
			if strings.HasPrefix(c.Result.Reason, "Giving up") {
				require.Equal(t, c.Result.Reason, w.Fleet.BrokenReason(s.id))
			} else {
				require.Empty(t, w.Fleet.BrokenReason(s.id))
			}
			equal++
		})
	}
	t.Logf("%d of %d equal", equal, len(recorded.Scenarios))
}
