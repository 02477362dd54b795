package firmware_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
)

// fwtool appends a section to an image as OpenWrt's fwtool does: kind 1 holds what it
// says of itself, kind 0 a signature.
func fwtool(image []byte, kind byte, section string) []byte {
	trailer := make([]byte, 16)
	copy(trailer, "FWx0")
	trailer[8] = kind
	binary.BigEndian.PutUint32(trailer[12:], uint32(len(section)+len(trailer)))
	return append(append(bytes.Clone(image), section...), trailer...)
}

const of = `{"metadata_version": "1.1", "compat_version": "1.0", "supported_devices": ["BOARD"], "version": {"dist": "OpenWrt", "version": "23.05.5", "revision": "r24106-10cc5fcd00", "target": "ath79/generic", "board": "PROFILE"}}`

func says(board, profile string) string {
	return strings.NewReplacer("BOARD", board, "PROFILE", profile).Replace(of)
}

// An image that says that it is for another board than its type is refused, to single
// devices and in mass upgrades, until somebody confirms it; nothing reaches a device
// before.
func TestAnImageForAnotherBoard(t *testing.T) {
	upgraders := []firmware.UpgraderType{{Strategies: []string{connection.StrategyOpenWrt}, Label: "boxes", Upgrader: reader{}}}
	w := firmwaretest.NewWorld(t, upgraders)
	id := w.Device(1)
	build := &firmware.Build{CategoryID: w.Category.ID, Version: "3.0"}
	require.NoError(t, w.Service.Builds.Create(t.Context(), build))
	raw := fwtool(fwtool([]byte(firmwaretest.Content), 1, says("tplink,archer-c7-v2", "tplink_archer-c7-v2")), 0, "a signature")
	image, err := w.Service.Images.Create(t.Context(), wispwright.ScopeAll(), build.ID, firmware.File{Name: "openwrt-" + firmwaretest.Type, Body: bytes.NewReader(raw)})
	require.NoError(t, err)
	require.Equal(t, "invalid", image.Metadata.Status)
	require.Contains(t, image.Metadata.Reason, "tplink,archer-c7-v2")
	require.Equal(t, "OpenWrt 23.05.5 r24106-10cc5fcd00", image.Metadata.System())
	require.Equal(t, "ath79/generic", image.Metadata.Target)

	_, _, _, err = w.Devices.Set(t.Context(), wispwright.ScopeAll(), id, firmware.Choice{ImageID: image.ID, Options: "{}"})
	var wrong *wispwright.ValidationError
	require.ErrorAs(t, err, &wrong)
	require.ErrorContains(t, err, "other hardware")
	plan, err := w.Batches.Plan(t.Context(), wispwright.ScopeAll(), &firmware.Batch{BuildID: build.ID, Firmwareless: true})
	require.NoError(t, err)
	require.Len(t, plan.Targets, 1)
	require.Contains(t, plan.Targets[0].Skip, "other hardware")
	operations, err := w.Operations.List(t.Context(), wispwright.ScopeAll(), firmware.OperationFilter{DeviceID: id}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, operations.Rows)

	image, err = w.Service.Images.Confirm(t.Context(), wispwright.ScopeAll(), image.ID)
	require.NoError(t, err)
	require.Equal(t, "manually_confirmed", image.Metadata.Status)
	_, op, _, err := w.Devices.Set(t.Context(), wispwright.ScopeAll(), id, firmware.Choice{ImageID: image.ID, Options: "{}"})
	require.NoError(t, err)
	require.NotNil(t, op)
}

// What an image says of itself is read where it is to be trusted, and nowhere else.
func TestWhatAnImageSaysOfItself(t *testing.T) {
	content := []byte(firmwaretest.Content)
	short := fwtool(content, 1, says("tplink,tl-wdr4300-v1", ""))
	binary.BigEndian.PutUint32(short[len(short)-4:], 1<<31)
	for name, c := range map[string]struct {
		raw    []byte
		status string
	}{
		"nothing":                     {content, "unconfirmed"},
		"its type":                    {fwtool(content, 1, says("tplink,tl-wdr4300-v1", "tplink_tl-wdr4300-v1")), "success"},
		"its type, signed":            {fwtool(fwtool(content, 1, says("tplink,tl-wdr4300-v1", "")), 0, "signature"), "success"},
		"a family that it belongs to": {fwtool(content, 1, says("vendor,other", "tplink_tl-wdr4300-v1")), "success"},
		"no board":                    {fwtool(content, 1, says("", "")), "success"},
		"another board":               {fwtool(content, 1, says("ubnt,unifi-ac-mesh", "ubnt_unifi-ac-mesh")), "invalid"},
		"not JSON":                    {fwtool(content, 1, "{not JSON"), "unconfirmed"},
		"no JSON at all":              {fwtool(content, 1, "text"), "unconfirmed"},
		"an unknown section":          {fwtool(content, 7, says("ubnt,unifi-ac-mesh", "")), "unconfirmed"},
		"a size that cannot be":       {short, "unconfirmed"},
		"a signature alone":           {fwtool(content, 0, "signature"), "unconfirmed"},
	} {
		w := firmwaretest.NewWorld(t, nil)
		build := &firmware.Build{CategoryID: w.Category.ID, Version: "3.0"}
		require.NoError(t, w.Service.Builds.Create(t.Context(), build))
		image, err := w.Service.Images.Create(t.Context(), wispwright.ScopeAll(), build.ID, firmware.File{Name: "openwrt-" + firmwaretest.Type, Body: bytes.NewReader(c.raw)})
		require.NoError(t, err, name)
		require.Equal(t, c.status, image.Metadata.Status, name)
	}
}
