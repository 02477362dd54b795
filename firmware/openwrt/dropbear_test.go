package openwrt_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection/ssh"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/firmware/openwrt"
)

// upgraded upgrades a device over Dropbear until the operation ends, and returns it.
func upgraded(t *testing.T, box *firmwaretest.OpenWrt) (*firmwaretest.World, *firmware.Operation) {
	t.Helper()
	w := firmwaretest.NewWorld(t, openwrt.Types(&openwrt.Options{Wait: func(context.Context, time.Duration) error { return nil }, Retries: 4}))
	id := w.Device(1)
	box.ID = id
	system := firmwaretest.NewSystem
	_, err := w.Service.Builds.Update(t.Context(), wispwright.ScopeAll(), w.Builds[0].ID, func(b *firmware.Build) error { b.OS = &system; return nil })
	require.NoError(t, err)
	w.Queue.Take()
	w.Fleet.Dial = box.Dial(&ssh.Connector{ConnectTimeout: 30 * time.Second, AuthTimeout: time.Minute})
	op := w.Begin(t, id, w.Images[0], "{}")
	for range 8 {
		if len(w.Queue.Drain(t, w.Service)) == 0 {
			break
		}
		w.Now = w.Now.Add(11 * time.Minute)
		_, err := w.Operations.Resume(t.Context(), 0)
		require.NoError(t, err)
	}
	return w, w.Operation(t, op.ID)
}

// A device with Dropbear is upgraded for good, or it is said why not.
func TestOverDropbear(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make    func(*firmwaretest.OpenWrt)
		status  firmware.Status
		flashes int
		says    string
	}{
		"plain":                  {func(*firmwaretest.OpenWrt) {}, firmware.Success, 1, "Upgrade completed successfully"},
		"a slow reboot":          {func(o *firmwaretest.OpenWrt) { o.RebootAttempts = 3 }, firmware.Success, 1, "attempt n.4"},
		"another key":            {func(o *firmwaretest.OpenWrt) { o.OtherKey = true }, firmware.Success, 1, ""},
		"never back":             {func(o *firmwaretest.OpenWrt) { o.RebootAttempts = -1 }, firmware.Failed, 1, "Giving up, device not reachable anymore after upgrade"},
		"back in the old system": {func(o *firmwaretest.OpenWrt) { o.FallsBack = true }, firmware.Failed, 1, firmwaretest.OldSystem},
		"it refuses the image":   {func(o *firmwaretest.OpenWrt) { o.Refuses = true }, firmware.Aborted, 0, "Image check failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := firmwaretest.NewOpenWrt(t)
			c.make(box)
			_, op := upgraded(t, box)
			require.Equal(t, c.status, op.Status, op.Log)
			require.Equal(t, c.flashes, box.Flashes(), op.Log)
			require.Contains(t, op.Log, c.says)
			if c.flashes > 0 {
				require.Equal(t, firmwaretest.Content, box.Flashed())
			}
		})
	}
	t.Run("it claims to have the image", func(t *testing.T) {
		t.Parallel()
		box := firmwaretest.NewOpenWrt(t)
		w := firmwaretest.NewWorld(t, nil)
		box.Claims(w.Images[0].Checksum)
		_, op := upgraded(t, box)
		require.Equal(t, firmware.Success, op.Status, op.Log)
		require.Zero(t, box.Flashes())
		require.Contains(t, op.Log, "Identical checksum found in the filesystem")
	})
}

// Whatever command the connection is lost at, the device is upgraded and flashed
// once, or it is said that it was not flashed: that cannot be known before it was
// waited for where the command that flashes may have begun.
func TestConnectionLostAtEachCommand(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 14; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			box := firmwaretest.NewOpenWrt(t)
			box.CutAt = n
			_, op := upgraded(t, box)
			if flashing := n == 10 || n == 11; flashing && box.Flashes() == 0 {
				require.Equal(t, firmware.Failed, op.Status, op.Log)
				require.Contains(t, op.Log, "The device did not reboot: the image was not flashed.")
				return
			}
			require.Equal(t, firmware.Success, op.Status, op.Log)
			require.Equal(t, 1, box.Flashes(), op.Log)
		})
	}
}
