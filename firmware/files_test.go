package firmware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/kit/blob"
)

const otherType = "ath79-generic-tplink_archer-c7-v2-squashfs-sysupgrade.bin"

// brittle is a store that takes so many bytes and then is full, and can be away.
type brittle struct {
	blob.Store
	room int64
	away error
}

func (b *brittle) Put(ctx context.Context, name string, body io.Reader) error {
	if b.away != nil {
		return b.away
	}
	if b.room < 0 {
		return b.Store.Put(ctx, name, body)
	}
	return b.Store.Put(ctx, name, &filling{body, b.room})
}

func (b *brittle) Open(ctx context.Context, name string) (blob.Reader, error) {
	if b.away != nil {
		return nil, b.away
	}
	return b.Store.Open(ctx, name)
}

// filling ends as a full disk does.
type filling struct {
	io.Reader
	room int64
}

func (f *filling) Read(p []byte) (int, error) {
	if f.room <= 0 {
		return 0, syscall.ENOSPC
	}
	n, err := f.Reader.Read(p[:min(int64(len(p)), f.room)])
	f.room -= int64(n)
	return n, err
}

func files(t *testing.T, s blob.Store) (n int) {
	t.Helper()
	require.NoError(t, s.List(t.Context(), "", func(blob.Info) error { n++; return nil }))
	return n
}

// A disk that is full, or a store that is away, is nobody's mistake: nothing is half
// kept, and afterwards everything goes on where it was.
func TestAStoreThatIsFullOrAway(t *testing.T) {
	store := &brittle{room: -1}
	w := firmwaretest.NewWorld(t, nil, func(o *firmware.Options) { store.Store, o.Blobs = o.Blobs, store })
	ctx, scope := t.Context(), wispwright.ScopeOf(w.Organization)
	before := files(t, store)
	text := strings.Repeat("image ", 100)
	create := func() error {
		_, err := w.Service.Images.Create(ctx, scope, w.Builds[0].ID, firmware.File{Name: "openwrt-" + otherType, Body: strings.NewReader(text)})
		return err
	}
	u := &firmware.Upload{BuildID: w.Builds[1].ID, Name: "openwrt-" + otherType, Size: int64(len(text))}
	require.NoError(t, w.Uploads.Begin(ctx, scope, u))
	part := func(from, to int) error {
		_, err := w.Uploads.Part(ctx, scope, u.ID, int64(from), strings.NewReader(text[from:to]))
		return err
	}
	require.NoError(t, part(0, 300))
	for what, spoil := range map[string]func(){"full": func() { store.room = 100 }, "away": func() { store.away = errors.New("connection refused") }} {
		spoil()
		require.ErrorIs(t, create(), wispwright.ErrUnavailable, what)
		require.ErrorIs(t, part(300, len(text)), wispwright.ErrUnavailable, what)
		if store.away != nil {
			_, err := w.Service.Images.Open(ctx, w.Images[0])
			require.ErrorIs(t, err, wispwright.ErrUnavailable)
		}
		store.room, store.away = -1, nil
		require.Equal(t, before+1, files(t, store), what)
		list, err := w.Service.Images.List(ctx, scope, firmware.ImageFilter{BuildID: w.Builds[0].ID}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, list.Rows, 1, what)
		now, err := w.Uploads.Get(ctx, scope, u.ID)
		require.NoError(t, err)
		require.EqualValues(t, 300, now.Received, what)
	}
	require.NoError(t, create())
	require.NoError(t, part(300, len(text)))
	for range 2 { // what is made of the parts needs room as well
		store.room = 400
		_, err := w.Uploads.Finish(ctx, scope, u.ID)
		require.ErrorIs(t, err, wispwright.ErrUnavailable)
		store.room, store.away = -1, errors.New("connection refused")
		_, err = w.Uploads.Finish(ctx, scope, u.ID)
		require.ErrorIs(t, err, wispwright.ErrUnavailable)
		store.away = nil
	}
	image, err := w.Uploads.Finish(ctx, scope, u.ID)
	require.NoError(t, err)
	require.EqualValues(t, len(text), image.Size)
	require.Equal(t, before+2, files(t, store), "no part stays")
}

// An upgrade waits for a store that is away, and fails without the file.
func TestUpgradesWhileTheStoreIsAway(t *testing.T) {
	store := &brittle{room: -1}
	reads := firmware.UpgraderType{Strategies: []string{"openwrt"}, Label: "reads", Upgrader: reader{}}
	w := firmwaretest.NewWorld(t, []firmware.UpgraderType{reads}, func(o *firmware.Options) { store.Store, o.Blobs = o.Blobs, store })
	d := firmware.Device{ID: wispwright.NewID(), OrganizationID: w.Organization, Model: firmwaretest.Model}
	w.Fleet.Add(d, "openwrt")
	op := w.Begin(t, d.ID, w.Images[0], "{}")
	store.away = errors.New("connection refused")
	require.NotEmpty(t, w.Queue.Drain(t, w.Service), "it is tried again")
	waits := w.Operation(t, op.ID)
	require.Equal(t, firmware.InProgress, waits.Status)
	require.Contains(t, waits.Log, "The file of the image cannot be read now")
	store.away = nil
	w.Now = w.Now.Add(11 * time.Minute)
	_, err := w.Operations.Resume(t.Context(), 0)
	require.NoError(t, err)
	require.Empty(t, w.Queue.Drain(t, w.Service))
	require.Equal(t, firmware.Success, w.Operation(t, op.ID).Status)
}

// reader is a way of upgrading that reads the image.
type reader struct{}

func (reader) Upgrade(ctx context.Context, t firmware.Task) error {
	f, err := t.Open(ctx)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err == nil && string(text) != firmwaretest.Content {
		err = fmt.Errorf("read %q", text)
	}
	return err
}

// Two files of one name that come at once do not touch each other: of one type only
// one is kept, of two types both, whole and under names of their own.
func TestFilesOfOneNameAtOnce(t *testing.T) {
	for name, types := range map[string][2]string{"one type": {otherType, otherType}, "two types": {otherType, "ath79-generic-tplink_archer-c7-v4-squashfs-sysupgrade.bin"}} {
		t.Run(name, func(t *testing.T) {
			w := firmwaretest.NewWorld(t, nil)
			// the second comes whole while the first is read
			var once sync.Once
			var kept []*firmware.Image
			send := func(kind, text string, meanwhile func()) error {
				i, err := w.Service.Images.Create(t.Context(), wispwright.ScopeAll(), w.Builds[0].ID, firmware.File{Name: "image.bin", Type: kind, Body: &during{strings.NewReader(text), meanwhile}})
				if err == nil {
					kept = append(kept, i)
				}
				return err
			}
			var second error
			first := send(types[0], "of the first", func() { once.Do(func() { second = send(types[1], "of the second", func() {}) }) })
			require.NoError(t, second)
			if types[0] == types[1] {
				require.ErrorContains(t, first, "already exists")
			} else {
				require.NoError(t, first)
				require.NotEqual(t, kept[0].File, kept[1].File)
			}
			for _, i := range kept {
				f, err := w.Service.Images.Open(t.Context(), i)
				require.NoError(t, err)
				text, err := io.ReadAll(f)
				require.NoError(t, err)
				require.EqualValues(t, i.Size, len(text))
				require.Equal(t, map[bool]string{true: "of the second", false: "of the first"}[i == kept[0]], string(text))
			}
			require.Equal(t, 2+len(kept), files(t, w.Blobs))
		})
	}
}

type during struct {
	io.Reader
	do func()
}

func (d *during) Read(p []byte) (int, error) {
	d.do()
	return d.Reader.Read(p)
}

// A disk that is really full.
func TestARealDiskThatIsFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no file system can be mounted: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	store, err := blob.NewDir(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	w := firmwaretest.NewWorld(t, nil, func(o *firmware.Options) { o.Blobs = store })
	create := func(size int) error {
		_, err := w.Service.Images.Create(t.Context(), wispwright.ScopeAll(), w.Builds[0].ID, firmware.File{Name: "openwrt-" + otherType, Body: strings.NewReader(strings.Repeat("x", size))})
		return err
	}
	err = create(1 << 20)
	require.ErrorIs(t, err, wispwright.ErrUnavailable)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Equal(t, 2, files(t, store))
	left, err := os.ReadDir(dir + "/firmware/" + w.Builds[0].ID.String())
	require.NoError(t, err)
	require.Len(t, left, 1, "what was written is removed")
	require.NoError(t, create(100<<10), "there is room again")
}

// Files that lie where images lay formerly are found, and go with their image.
func TestImagesAtTheirFormerPlace(t *testing.T) {
	w := firmwaretest.NewWorld(t, nil)
	ctx := t.Context()
	i := w.Images[0]
	require.NoError(t, w.Blobs.Delete(ctx, "firmware/"+i.BuildID.String()+"/"+i.ID.String()))
	_, err := w.Service.Images.Open(ctx, i)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.NoError(t, w.Blobs.Put(ctx, "firmware/"+i.File, strings.NewReader(firmwaretest.Content)))
	require.NoError(t, w.Blobs.Put(ctx, "firmware/"+i.BuildID.String()+"/"+wispwright.NewID().String(), strings.NewReader("of none")))
	w.Now = time.Now().Add(25 * time.Hour)
	n, err := w.Service.Images.Sweep(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	f, err := w.Service.Images.Open(ctx, i)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, w.Service.Images.Delete(ctx, wispwright.ScopeAll(), i.ID))
	require.Equal(t, 1, files(t, w.Blobs))
}
