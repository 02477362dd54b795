package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/server"
)

// unsteady is a store of files that is away when the test says so.
type unsteady struct {
	blob.Memory
	away atomic.Bool
}

var errNoSpace = errors.New("no space left on device")

func (s *unsteady) Put(ctx context.Context, name string, body io.Reader) error {
	if !s.away.Load() {
		return s.Memory.Put(ctx, name, body)
	}
	if _, err := io.CopyN(io.Discard, body, 3); err != nil { // it stops in the middle
		return err
	}
	return errNoSpace
}

func (s *unsteady) Open(ctx context.Context, name string) (blob.Reader, error) {
	if s.away.Load() {
		return nil, errNoSpace
	}
	return s.Memory.Open(ctx, name)
}

func (s *unsteady) Delete(ctx context.Context, name string) error {
	if s.away.Load() {
		return errNoSpace
	}
	return s.Memory.Delete(ctx, name)
}

// form sends a file as a form does.
func form(t *testing.T, s http.Handler, letter, path, name, content string) *httptest.ResponseRecorder {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.WriteField("type", ""))
	file, err := w.CreateFormFile("file", name)
	require.NoError(t, err)
	_, err = io.WriteString(file, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return ask(s, "POST", path, b.String(), with(strings.Repeat(letter, 40)), func(r *http.Request) { r.Header.Set("Content-Type", w.FormDataContentType()) })
}

// Clients are told to come again when images can be neither stored nor read, and
// nothing of what they sent is there; afterwards the same requests do.
func TestImagesWhileTheirStoreIsAway(t *testing.T) {
	store := &unsteady{}
	u := newUpgrading(t, testkit.SQLite(t), moody{}, 0, func(_ *settings, c *server.FirmwareConcern) { c.Blobs = store })
	const name = "openwrt-ath79-generic-tplink_archer-c7-v2-squashfs-sysupgrade.bin"
	images, files := firmwareAPI+"build/"+u.build+"/image/", "/firmware/"+u.build+"/openwrt-ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin"
	count := func() (n int) {
		require.NoError(t, store.List(t.Context(), "", func(blob.Info) error { n++; return nil }))
		return n
	}
	begun := as(t, u, "b", "POST", firmwareAPI+"build/"+u.build+"/upload/", fmt.Sprintf(`{"name":"openwrt-ramips-mt76x8-tplink_archer-c50-v4-squashfs-sysupgrade.bin","type":"ath79-generic-tplink_archer-c7-v4-squashfs-sysupgrade.bin","size":%d}`, len("in two parts")), 201)
	upload := firmwareAPI + "upload/" + begun["id"].(string) + "/"
	as(t, u, "b", "PUT", upload+"?offset=0", "in two", 200)
	store.away.Store(true)
	before := count()
	for what, w := range map[string]*httptest.ResponseRecorder{
		"an image":       form(t, u, "b", images, name, "a whole image"),
		"a part":         ask(u, "PUT", upload+"?offset=6", " parts", with(strings.Repeat("b", 40))),
		"a download":     get(u, images+u.image+"/download/", with(strings.Repeat("b", 40))),
		"the plain file": get(u, files, with(strings.Repeat("b", 40))),
	} {
		require.Equal(t, 503, w.Code, "%s: %s", what, w.Body)
		require.NotContains(t, w.Body.String(), "space", "%s: inner matters are for the log", what)
	}
	require.Equal(t, before, count())
	require.EqualValues(t, 1, as(t, u, "b", "GET", images, "", 200)["count"])
	require.EqualValues(t, 6, as(t, u, "b", "GET", upload, "", 200)["received"])
	store.away.Store(false)
	require.Equal(t, "image", get(u, files, with(strings.Repeat("b", 40))).Body.String())
	w := form(t, u, "b", images, name, "a whole image")
	require.Equal(t, 201, w.Code, w.Body)
	as(t, u, "b", "PUT", upload+"?offset=6", " parts", 200)
	as(t, u, "b", "POST", upload, "", 201)

	// an image goes although its file cannot, which the sweep takes later
	var made struct{ ID string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
	store.away.Store(true)
	as(t, u, "b", "DELETE", images+made.ID+"/", "", 204)
	store.away.Store(false)
	require.Equal(t, 404, get(u, images+made.ID+"/download/", with(strings.Repeat("b", 40))).Code)
	require.Equal(t, 3, count())
}

// Images lie in the object store that the settings name, and come back from it, also
// from the middle; only the server asks it.
func TestImagesInAnObjectStore(t *testing.T) {
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("images"))
	provider := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(provider.Close)
	u := newUpgrading(t, testkit.SQLite(t), moody{}, 0, func(s *settings, _ *server.FirmwareConcern) {
		s.Storage.URL, s.Storage.AccessKey, s.Storage.SecretKey = "s3://images/site?region=garage&endpoint="+provider.URL, "key", "secret"
	})
	list, err := backend.ListBucket("images", &gofakes3.Prefix{HasPrefix: true, Prefix: "site/private/firmware/" + u.build + "/"}, gofakes3.ListBucketPage{})
	require.NoError(t, err)
	require.Len(t, list.Contents, 1)
	download := firmwareAPI + "build/" + u.build + "/image/" + u.image + "/download/"
	w := get(u, download, with(strings.Repeat("b", 40)))
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, "image", w.Body.String())
	w = get(u, download, with(strings.Repeat("b", 40)), func(r *http.Request) { r.Header.Set("Range", "bytes=2-") })
	require.Equal(t, 206, w.Code, w.Body)
	require.Equal(t, "age", w.Body.String())
	require.Equal(t, 403, get(u, download, with(strings.Repeat("e", 40))).Code)
	provider.Close()
	require.Equal(t, 503, get(u, download, with(strings.Repeat("b", 40))).Code)
}

// A file of a form that is too large for memory needs room on the server's own disk.
func TestFormsThatCannotBePutAside(t *testing.T) {
	u := newUpgrading(t, testkit.SQLite(t), moody{}, 0, nil)
	images := firmwareAPI + "build/" + u.build + "/image/"
	const name = "openwrt-ath79-generic-tplink_archer-c7-v2-squashfs-sysupgrade.bin"
	large := strings.Repeat("firmware", 2<<20)
	t.Setenv("TMPDIR", t.TempDir()+"/gone")
	w := form(t, u, "b", images, name, large)
	require.Equal(t, 503, w.Code, w.Body)
	require.NotContains(t, w.Body.String(), "gone")
	t.Setenv("TMPDIR", t.TempDir())
	w = form(t, u, "b", images, name, large)
	require.Equal(t, 201, w.Code, w.Body)
	i, err := u.images.Images.Get(t.Context(), wispwright.ScopeAll(), mustID(t, as(t, u, "b", "GET", images+"?ordering=-created", "", 200)["results"].([]any)[0].(map[string]any)["id"].(string)))
	require.NoError(t, err)
	require.EqualValues(t, len(large), i.Size)
}
