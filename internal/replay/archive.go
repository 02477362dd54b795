package replay

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// compareArchive compares a configuration archive with the recorded list of
// its files, and its MD5 with what the checksum endpoint says.
func (p *Player) compareArchive(t *testing.T, m *matcher, want map[string]any, r *http.Request, body []byte) []string {
	files := map[string]any{}
	gz, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return []string{"body: want a gzip archive, got " + err.Error()}
	}
	for tr := tar.NewReader(gz); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		text, err := io.ReadAll(tr)
		require.NoError(t, err)
		files[h.Name] = map[string]any{"mode": fmt.Sprintf("0o%o", h.Mode), "mtime": float64(h.ModTime.Unix()),
			"uid": float64(h.Uid), "gid": float64(h.Gid), "uname": h.Uname, "text": string(text)}
	}
	out := m.diff("body.files", want["files"], files)
	if want["archive_md5_equals_checksum_endpoint"] != true || r.Method != http.MethodGet {
		return out
	}
	sum := md5.Sum(body)
	uri := strings.Replace(r.URL.RequestURI(), "/download-config/", "/checksum/", 1)
	if uri == r.URL.RequestURI() {
		return out
	}
	w := httptest.NewRecorder()
	p.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, uri, nil))
	if got := strings.TrimSpace(w.Body.String()); got != hex.EncodeToString(sum[:]) {
		out = append(out, "checksum: the archive has "+hex.EncodeToString(sum[:])+", the endpoint says "+got)
	}
	return out
}
