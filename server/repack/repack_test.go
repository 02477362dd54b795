package repack_test

import (
	"archive/tar"
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/server/repack"
)

type file struct {
	name string
	mode int64
	text string
}

func packed(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.text))}))
		_, err := io.WriteString(w, f.text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	return b.Bytes()
}

func lines(n int) string {
	return strings.Repeat("config interface 'lan'\n\toption proto 'static'\n\toption ipaddr '192.168.1.1'\n", n)
}

// The sums are what Python's tarfile and gzip (mtime=0) give with zlib 1.2.13.
func TestRepack(t *testing.T) {
	for name, c := range map[string]struct {
		files []file
		sum   string
	}{
		"nothing":          {nil, "4092673af6a6ac4570fa517d685dd11a"},
		"files":            {[]file{{"etc/config/network", 0o644, lines(2000)}, {"etc/secret", 0o600, "x"}}, "6690682d42f134c3e4714e6a3269c4e8"},
		"a long name":      {[]file{{strings.Repeat("d/", 60) + "f", 0o644, "x"}}, "449a7bffc60bdc1440dc9e39db2564a3"},
		"another alphabet": {[]file{{"etc/näme", 0o755, "über"}}, "31a0662c9d87bbf19d4471fecfcf7935"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := repack.Archive(packed(t, c.files...))
			require.NoError(t, err)
			sum := md5.Sum(out)
			require.Equal(t, c.sum, hex.EncodeToString(sum[:]))
		})
	}
	_, err := repack.Archive([]byte("no archive"))
	require.ErrorContains(t, err, "repack archive")
}

// Whatever is packed comes out again, also what cannot be compressed.
func TestRepackKeepsWhatItPacks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{1, 1000, 70_000, 1 << 20} {
		noise := make([]byte, size)
		for i := range noise {
			noise[i] = byte(r.Uint32())
		}
		out, err := repack.Archive(packed(t, file{"etc/noise", 0o644, string(noise)}))
		require.NoError(t, err)
		back, err := netjsonconfig.Unpack(out)
		require.NoError(t, err)
		require.Len(t, back, 1)
		require.Equal(t, string(noise), back[0].Contents)
	}
}

func BenchmarkRepack(b *testing.B) {
	archive := packed(b, file{"etc/config/network", 0o644, lines(400)})
	for b.Loop() {
		if _, err := repack.Archive(archive); err != nil {
			b.Fatal(err)
		}
	}
}
