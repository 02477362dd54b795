package netjsonconfig_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func config(t testing.TB, text string, o *njc.Options) *njc.Config {
	t.Helper()
	c, err := njc.NewJSON(plain(), []byte(text), o)
	require.NoError(t, err)
	return c
}

func TestInputErrors(t *testing.T) {
	_, err := njc.New(plain(), nil, nil)
	require.ErrorIs(t, err, njc.ErrNoInput)
	for _, text := range []string{"", "[]", "{", `"text"`, "null"} {
		_, err = njc.NewJSON(plain(), []byte(text), nil)
		require.ErrorIs(t, err, njc.ErrNotObject, text)
	}
	_, err = njc.Parse(plain(), []byte("x"), nil)
	require.ErrorIs(t, err, njc.ErrNoParser)
}

func TestFilesAreReduced(t *testing.T) {
	c := config(t, `{"files":[{"path":"/a","mode":"0644","contents":"1"},{"path":"/b","mode":"0600","contents":"x\n\n\ny"},{"path":"/a","mode":"0755","contents":"2"}]}`, nil)
	text, err := c.Render()
	require.NoError(t, err)
	require.Equal(t, "\n# ---------- files ---------- #\n\n# path: /a\n# mode: 0755\n\n2\n\n# path: /b\n# mode: 0600\n\nx\n\ny\n\n", text)
	native, err := c.RenderNative()
	require.NoError(t, err)
	require.Empty(t, native)
	members, err := c.Members()
	require.NoError(t, err)
	require.Equal(t, []njc.File{{Path: "a", Mode: "0755", Contents: "2"}, {Path: "b", Mode: "0600", Contents: "x\n\n\ny"}}, members)
}

func TestFilePaths(t *testing.T) {
	for path, ok := range map[string]bool{
		"/etc/x": true, "etc/x": true, "/etc/{{ name }}.conf": true, "/a/.b/c-d_e": true, "{{a}}/{{b}}": true,
		"//etc/x": false, "/etc/../x": false, "..": false, "/etc//x": false, "/etc/": false, "/": false, "": false, "/etc/ä": false,
		"/etc/a b": false, "/etc/./x": false, "/etc/{{x": false, "/etc/x\n": false, "/a/.{{x}}.": true,
		"/etc/{{/../..}}/x": false, "/etc/{{\n}}": false,
	} {
		c := config(t, `{}`, nil)
		o := c.Merged()
		o.Set("files", []any{decode(t, `{"mode":"0644","contents":""}`)})
		list, _ := o.Get("files")
		list.([]any)[0].(interface{ Set(string, any) }).Set("path", path)
		c, err := njc.New(plain(), o, nil)
		require.NoError(t, err)
		if ok {
			require.NoError(t, c.Validate(), path)
			continue
		}
		var invalid *njc.ValidationError
		require.ErrorAs(t, c.Validate(), &invalid, path)
		require.Equal(t, "/files/0/path", invalid.Pointer)
		require.True(t, strings.HasPrefix(invalid.Message, "Invalid file path"), invalid.Message)
		_, err = c.Generate()
		require.ErrorAs(t, err, &invalid)
	}
}

// TestArchive reads the archive with the standard library's readers.
func TestArchive(t *testing.T) {
	long := strings.Repeat("d/", 60) + strings.Repeat("f", 120)
	c := config(t, `{"files":[{"path":"/etc/x","mode":"755","contents":"città"},{"path":"`+long+`","mode":"4755","contents":"{{v}}"}]}`, &njc.Options{Context: map[string]any{"v": "مرحبا"}})
	packed, err := c.Generate()
	require.NoError(t, err)
	require.Zero(t, binary.LittleEndian.Uint32(packed[4:8]), "the gzip header has no time")
	require.Zero(t, packed[3], "and no name")
	z, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	raw, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Zero(t, len(raw)%10240)
	r := tar.NewReader(bytes.NewReader(raw))
	h, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, "etc/x", h.Name)
	require.Equal(t, int64(0o755), h.Mode)
	require.Equal(t, int64(len("città")), h.Size)
	require.Equal(t, tar.FormatUSTAR, h.Format)
	require.Equal(t, byte(tar.TypeReg), h.Typeflag)
	require.Zero(t, h.Uid+h.Gid)
	require.Empty(t, h.Uname+h.Gname)
	require.Zero(t, h.ModTime.Unix())
	h, err = r.Next()
	require.NoError(t, err)
	require.Equal(t, long, h.Name)
	contents, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "مرحبا", string(contents))

	require.True(t, njc.IsArchive(packed))
	require.True(t, njc.IsArchive(raw))
	plain, err := njc.Unpack(raw)
	require.NoError(t, err)
	members, err := njc.Unpack(packed)
	require.NoError(t, err)
	require.Equal(t, plain, members)
	require.Equal(t, []njc.File{{Path: "etc/x", Mode: "0755", Contents: "città"}, {Path: long, Mode: "4755", Contents: "مرحبا"}}, members)
}

// TestArchiveNames holds which header a name gets: the plain one wherever it
// fits.
func TestArchiveNames(t *testing.T) {
	x := strings.Repeat
	for name, format := range map[string]tar.Format{
		x("f", 100):                          tar.FormatUSTAR,
		x("f", 101):                          tar.FormatPAX,
		"d/" + x("f", 100):                   tar.FormatUSTAR,
		"d/" + x("f", 101):                   tar.FormatPAX,
		x("d", 155) + "/" + x("f", 100):      tar.FormatUSTAR,
		x("d", 156) + "/" + x("f", 10):       tar.FormatPAX,
		x("d/", 77) + "dd/" + x("f", 98):     tar.FormatPAX,
		x("d/", 77) + "d/" + x("f", 98):      tar.FormatUSTAR,
		"a/" + x("d", 120) + "/" + x("f", 5): tar.FormatUSTAR,
	} {
		c := config(t, `{"files":[{"path":"`+name+`","mode":"644","contents":"x"}]}`, nil)
		packed, err := c.Generate()
		require.NoError(t, err)
		z, err := gzip.NewReader(bytes.NewReader(packed))
		require.NoError(t, err)
		h, err := tar.NewReader(z).Next()
		require.NoError(t, err)
		require.Equal(t, name, h.Name)
		require.Equal(t, format, h.Format, name)
	}
}

func TestUnpackRefuses(t *testing.T) {
	c := config(t, `{"files":[{"path":"/etc/x","mode":"755","contents":"x"}]}`, nil)
	packed, err := c.Generate()
	require.NoError(t, err)
	var zeros bytes.Buffer
	z, err := gzip.NewWriterLevel(&zeros, gzip.BestSpeed)
	require.NoError(t, err)
	w := tar.NewWriter(z)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "bomb", Size: 66 << 20, Mode: 0o644}))
	_, err = io.CopyN(w, zeroReader{}, 66<<20)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("text"), "cut": packed[:len(packed)/2], "no tar": mustGzip(t, strings.Repeat("x", 1024)), "a bomb": zeros.Bytes(),
	} {
		_, err := njc.Unpack(data)
		var e *njc.ParseError
		require.ErrorAs(t, err, &e, name)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func mustGzip(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	c := config(t, `{"files":[{"path":"/etc/x","mode":"644","contents":"x"}]}`, nil)
	require.NoError(t, c.Write("device", dir))
	written, err := os.ReadFile(filepath.Join(dir, "device.tar.gz"))
	require.NoError(t, err)
	packed, err := c.Generate()
	require.NoError(t, err)
	require.Equal(t, packed, written)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left beside it")
	for _, name := range []string{"", ".", "..", "a/b", "../x"} {
		require.Error(t, c.Write(name, dir), name)
	}
	require.Error(t, c.Write("device", filepath.Join(dir, "missing")))
}

func TestJSON(t *testing.T) {
	c := config(t, `{"b":1.50,"a":[true],"type":"x"}`, nil)
	text, err := c.JSON(nil)
	require.NoError(t, err)
	require.Equal(t, `{"b":1.50,"a":[true],"type":"DeviceConfiguration"}`, text)
	text, err = c.JSON(&njc.JSONOptions{Indent: "  "})
	require.NoError(t, err)
	require.Contains(t, text, "{\n  \"b\": 1.50,\n  \"a\": [\n    true\n  ]")
	require.Equal(t, `{"b":1.50,"a":[true],"type":"x"}`, c.Merged().String(), "the configuration was altered")
}

// TestImmutable changes everything the caller holds, while others render.
func TestImmutable(t *testing.T) {
	base, over := decode(t, `{"l":[{"name":"a","v":["{{x}}"]}]}`), decode(t, `{"o":{"k":[1]}}`)
	context := map[string]any{"x": "X"}
	c, err := njc.New(plain(), over, &njc.Options{Templates: []*ordered.Object{base}, Context: context})
	require.NoError(t, err)
	want := c.Merged().String()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				_, err := c.Render()
				if err != nil {
					t.Error(err)
				}
				if _, err := c.Generate(); err != nil {
					t.Error(err)
				}
				c.Merged().Set("l", "changed")
			}
		})
	}
	base.Set("l", nil)
	over.Set("o", nil)
	context["x"] = "Y"
	wg.Wait()
	require.Equal(t, want, c.Merged().String())
}

func TestRegistry(t *testing.T) {
	a, b := &njc.Backend{Key: "a", Path: "x.A"}, &njc.Backend{Key: "b"}
	r, err := njc.NewRegistry(a, b)
	require.NoError(t, err)
	for name, want := range map[string]*njc.Backend{"a": a, "x.A": a, "b": b, "": nil, "c": nil} {
		got, ok := r.Get(name)
		require.Equal(t, want != nil, ok, name)
		require.Same(t, want, got)
	}
	for _, bad := range []*njc.Backend{nil, {}, {Key: "a"}, {Key: "c", Path: "x.A"}} {
		require.Error(t, r.Register(bad))
	}
	require.Equal(t, []*njc.Backend{a, b}, r.Backends())
	_, err = njc.NewRegistry(a, a)
	require.Error(t, err)
}
