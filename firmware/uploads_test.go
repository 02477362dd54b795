package firmware_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/kit/blob"
)

// cut is a body whose connection is lost after some bytes.
type cut struct{ io.Reader }

func (c cut) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// An image arrives in parts, over connections that are lost, and is the same then.
func TestUploadInParts(t *testing.T) {
	w := firmwaretest.NewWorld(t, nil)
	scope := wispwright.ScopeOf(w.Organization)
	const other = "ath79-generic-tplink_archer-c7-v2-squashfs-sysupgrade.bin"
	text := "the first half, and the second"
	sum := sha256.Sum256([]byte(text))
	u := &firmware.Upload{BuildID: w.Builds[0].ID, Name: "openwrt-" + other, Type: other, Size: int64(len(text)), Checksum: hex.EncodeToString(sum[:])}
	require.NoError(t, w.Uploads.Begin(t.Context(), scope, u))
	part := func(offset int64, body io.Reader) (*firmware.Upload, error) {
		return w.Uploads.Part(t.Context(), scope, u.ID, offset, body)
	}
	var conflict *firmware.ConflictError

	_, err := part(0, cut{strings.NewReader("the fir")})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	now, err := w.Uploads.Get(t.Context(), scope, u.ID)
	require.NoError(t, err)
	require.Zero(t, now.Received, "nothing of a part that was cut")
	now, err = part(0, strings.NewReader(text[:16]))
	require.NoError(t, err)
	require.EqualValues(t, 16, now.Received)
	_, err = part(0, strings.NewReader(text[:16]))
	require.ErrorAs(t, err, &conflict, "sent once more, since the answer was lost")
	_, err = w.Uploads.Finish(t.Context(), scope, u.ID)
	require.ErrorContains(t, err, "16 of 30 bytes are there.")
	for _, wrong := range []string{"", text[16:] + "!"} {
		_, err = part(16, strings.NewReader(wrong))
		var invalid *wispwright.ValidationError
		require.True(t, errors.As(err, &invalid) && invalid.Has("file"), wrong)
	}
	_, err = w.Uploads.Part(t.Context(), wispwright.ScopeOf(wispwright.NewID()), u.ID, 16, strings.NewReader(text[16:]))
	require.ErrorIs(t, err, wispwright.ErrNotFound, "another organization's")
	_, err = part(16, strings.NewReader(text[16:]))
	require.NoError(t, err)
	image, err := w.Uploads.Finish(t.Context(), scope, u.ID)
	require.NoError(t, err)
	require.Equal(t, []any{other, int64(len(text)), u.Checksum}, []any{image.Type, image.Size, image.Checksum})
	_, err = w.Uploads.Get(t.Context(), scope, u.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound, "it is done")
}

// What arrived is not what was announced: no image is made of it.
func TestUploadWithAnotherChecksum(t *testing.T) {
	w := firmwaretest.NewWorld(t, nil)
	scope := wispwright.ScopeOf(w.Organization)
	const other = "ath79-generic-tplink_archer-c7-v2-squashfs-sysupgrade.bin"
	u := &firmware.Upload{BuildID: w.Builds[0].ID, Name: "openwrt-" + other, Type: other, Size: 3, Checksum: strings.Repeat("0", 64)}
	require.NoError(t, w.Uploads.Begin(t.Context(), scope, u))
	_, err := w.Uploads.Part(t.Context(), scope, u.ID, 0, strings.NewReader("abc"))
	require.NoError(t, err)
	_, err = w.Uploads.Finish(t.Context(), scope, u.ID)
	var invalid *wispwright.ValidationError
	require.ErrorAs(t, err, &invalid)
	found, err := w.Service.Images.List(t.Context(), scope, firmware.ImageFilter{BuildID: w.Builds[0].ID}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, found.Rows, 1)
}

// Of two that send the same part at once one wins, and its bytes are the part's.
func TestTwoSendTheSamePart(t *testing.T) {
	w := firmwaretest.NewWorld(t, nil)
	scope := wispwright.ScopeOf(w.Organization)
	const other = "ath79-generic-tplink_archer-c7-v2-squashfs-sysupgrade.bin"
	u := &firmware.Upload{BuildID: w.Builds[0].ID, Name: "openwrt-" + other, Type: other, Size: 8}
	require.NoError(t, w.Uploads.Begin(t.Context(), scope, u))
	slow, sent := io.Pipe()
	late := make(chan error)
	go func() {
		_, err := w.Uploads.Part(t.Context(), scope, u.ID, 0, slow)
		late <- err
	}()
	_, err := sent.Write([]byte("late")) // it is being read
	require.NoError(t, err)
	_, err = w.Uploads.Part(t.Context(), scope, u.ID, 0, strings.NewReader("soon"))
	require.NoError(t, err)
	require.NoError(t, sent.Close())
	var conflict *firmware.ConflictError
	require.ErrorAs(t, <-late, &conflict)
	_, err = w.Uploads.Part(t.Context(), scope, u.ID, 4, strings.NewReader("next"))
	require.NoError(t, err)
	parts := 0
	require.NoError(t, w.Blobs.List(t.Context(), "firmware-uploads/", func(blob.Info) error { parts++; return nil }))
	require.Equal(t, 2, parts, "what lost is not kept")
	image, err := w.Uploads.Finish(t.Context(), scope, u.ID)
	require.NoError(t, err)
	file, err := w.Service.Images.Open(t.Context(), image)
	require.NoError(t, err)
	text, err := io.ReadAll(file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.Equal(t, "soonnext", string(text))
}
