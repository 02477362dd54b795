package geo_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/geo/geotest"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/entity"
)

// header is the beginning of a PNG that claims to be of a size.
func header(width, height uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	chunk = append(binary.BigEndian.AppendUint32(chunk, height), 8, 6, 0, 0, 0)
	return binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
}

func TestPictures(t *testing.T) {
	ctx := context.Background()
	w := geotest.New(t, memory(), func(o *geo.Options) { o.MaxImage, o.MaxPixels = 20_000, 10_000 })
	building, plan := w.Building(t, 0)
	whole, err := io.ReadAll(geotest.Picture(t, 50, 50).Body)
	require.NoError(t, err)
	var asJPEG, asGIF bytes.Buffer
	require.NoError(t, jpeg.Encode(&asJPEG, image.NewGray(image.Rect(0, 0, 10, 20)), nil))
	require.NoError(t, gif.Encode(&asGIF, image.NewPaletted(image.Rect(0, 0, 30, 5), color.Palette{color.Black}), nil))
	webp, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	require.NoError(t, err)
	const noImage = "Upload a valid image. The file you uploaded was either not an image or a corrupted image."
	for name, c := range map[string]struct {
		file string
		body []byte
		want string
	}{
		"text":                     {"a.jpg", []byte("hello"), noImage},
		"nothing":                  {"a.png", nil, "The submitted file is empty."},
		"half a picture":           {"a.png", whole[:len(whole)/2], noImage},
		"only its beginning":       {"a.png", header(10, 10), noImage},
		"a bomb":                   {"a.png", header(60_000, 60_000), "The image has more than 10000 pixels (60000 × 60000)."},
		"one line too long":        {"a.png", header(10_001, 1), "The image has more than 10000 pixels (10001 × 1)."},
		"no size at all":           {"a.png", header(0, 0), noImage},
		"more pixels than numbers": {"a.png", header(1<<31-1, 1<<31-1), noImage},
		"a page":                   {"a.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`), noImage},
		"too many bytes":           {"a.png", append(bytes.Clone(whole), make([]byte, 20_001)...), "The file is larger than 20000 bytes."},
	} {
		_, err := w.FloorPlans.Update(ctx, wispwright.ScopeAll(), plan.ID, func(*geo.FloorPlan) error { return nil }, &geo.Upload{Name: c.file, Body: bytes.NewReader(c.body)})
		var v *wispwright.ValidationError
		require.ErrorAs(t, err, &v, name)
		require.Equal(t, []string{c.want}, v.Fields[0].Messages, name)
		require.Equal(t, "image", v.Fields[0].Path, name)
		require.Equal(t, 1, w.Pictures(t), name)
	}
	for file, c := range map[string]struct {
		body          []byte
		name          string
		width, height int
		mime          string
	}{
		"photo.JPG":   {asJPEG.Bytes(), ".JPG", 10, 20, "image/jpeg"},
		"photo.jpeg":  {asJPEG.Bytes(), ".jpeg", 10, 20, "image/jpeg"},
		"evil.html":   {whole, ".png", 50, 50, "image/png"},
		"noextension": {whole, ".png", 50, 50, "image/png"},
		"liar.png":    {asJPEG.Bytes(), ".jpg", 10, 20, "image/jpeg"},
		"moving.gif":  {asGIF.Bytes(), ".gif", 30, 5, "image/gif"},
		"new.webp":    {webp, ".webp", 1, 1, "image/webp"},
	} {
		p, err := w.FloorPlans.Update(ctx, wispwright.ScopeAll(), plan.ID, func(*geo.FloorPlan) error { return nil }, &geo.Upload{Name: file, Body: bytes.NewReader(c.body)})
		require.NoError(t, err, file)
		require.Equal(t, []any{"floorplans/" + plan.ID.String() + c.name, c.width, c.height, c.mime}, []any{p.Image, p.Width, p.Height, geo.MediaType(p.Image)}, file)
		r, err := w.FloorPlans.Open(ctx, p)
		require.NoError(t, err)
		stored, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, c.body, stored)
	}
	require.Equal(t, "application/octet-stream", geo.MediaType("x"))
	require.NoError(t, w.Blobs.Delete(ctx, mustPlan(t, w, plan.ID).Blob))
	_, err = w.FloorPlans.Open(ctx, mustPlan(t, w, plan.ID))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.NoError(t, w.Locations.Delete(ctx, wispwright.ScopeAll(), building.ID), "also when the file is gone already")
}

func mustPlan(t *testing.T, w *geotest.World, id wispwright.ID) *geo.FloorPlan {
	t.Helper()
	p, err := w.FloorPlans.Get(context.Background(), wispwright.ScopeAll(), id)
	require.NoError(t, err)
	return p
}

// full is a blob store without room.
type full struct{ blob.Store }

func (full) Put(context.Context, string, io.Reader) error { return errors.New("no space left") }

func TestNoRoomForPictures(t *testing.T) {
	ctx := context.Background()
	w := geotest.New(t, memory(), func(o *geo.Options) { o.Blobs = full{o.Blobs} })
	l := geotest.Place("x", geo.Indoor, 0)
	require.NoError(t, w.Locations.Create(ctx, l))
	err := w.FloorPlans.Create(ctx, &geo.FloorPlan{LocationID: l.ID}, geotest.Picture(t, 2, 2))
	require.ErrorIs(t, err, wispwright.ErrUnavailable)
	_, err = w.FloorPlans.First(ctx, wispwright.ScopeAll(), geo.FloorPlanFilter{})
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

// What a killed process leaves behind goes after a day, and nothing else.
func TestSweep(t *testing.T) {
	ctx := context.Background()
	s := memory()
	var files blob.Memory
	now := time.Now()
	g, err := geo.New(&entity.Base{Tx: s.Tx, Tenants: entity.NoTenants{}, Clock: func() time.Time { return now }}, s.Stores, &geotest.Fleet{}, &geo.Options{Blobs: &files})
	require.NoError(t, err)
	l := geotest.Place("x", geo.Indoor, 0)
	require.NoError(t, g.Locations.Create(ctx, l))
	p := &geo.FloorPlan{LocationID: l.ID}
	require.NoError(t, g.FloorPlans.Create(ctx, p, geotest.Picture(t, 2, 2)))
	for _, name := range []string{"floorplans/lost.png", "firmware/other.bin"} {
		require.NoError(t, files.Put(ctx, name, strings.NewReader("x")))
	}
	n, err := g.FloorPlans.Sweep(ctx)
	require.NoError(t, err)
	require.Zero(t, n, "it may belong to a plan that is being stored")
	now = now.Add(25 * time.Hour)
	n, err = g.FloorPlans.Sweep(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	var left []string
	require.NoError(t, files.List(ctx, "", func(i blob.Info) error { left = append(left, i.Name); return nil }))
	require.Equal(t, []string{"firmware/other.bin", p.Blob}, left)
}
