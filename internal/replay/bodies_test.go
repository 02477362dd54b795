package replay

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func archive(t *testing.T, name, text string) []byte {
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	w := tar.NewWriter(gz)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}))
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, gz.Close())
	return b.Bytes()
}

func differences(t *testing.T, p *Player, m *matcher, e *Exchange, list ...Deviation) []string {
	t.Helper()
	_, out := p.exchange(t, m, e, list)
	return out
}

func TestArchives(t *testing.T) {
	body := archive(t, "etc/config/system", "id=2f1f9d2e-08a6-4bb5-9d2a-3e5f4f9d1a2b")
	sum := md5.Sum(body)
	checksum := hex.EncodeToString(sum[:])
	p := &Player{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/checksum/") {
			_, err := io.WriteString(w, checksum)
			require.NoError(t, err)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, err := w.Write(body)
		require.NoError(t, err)
	})}
	e := &Exchange{Request: &Request{Method: "GET", Path: "/c/download-config/1/"}, Response: Response{Status: 200, Body: json.RawMessage(
		`{"archive_md5_equals_checksum_endpoint":true,"files":{"etc/config/system":{"mode":"0o644","mtime":0,"uid":0,"gid":0,"uname":"","text":"id={uuid1}"}}}`)}}
	m := &matcher{bound: map[string]string{}}
	require.Empty(t, differences(t, p, m, e))
	require.Equal(t, "2f1f9d2e-08a6-4bb5-9d2a-3e5f4f9d1a2b", m.bound["uuid1"])
	checksum = "another"
	require.Len(t, differences(t, p, m, e), 1, "the endpoint says something else")
	body = archive(t, "etc/other", "")
	require.Len(t, differences(t, p, m, e), 3, "a file is missing, one is too many, the sum differs")
	body = []byte("no archive")
	require.NotEmpty(t, differences(t, p, m, e))
}

func TestBodiesOfRequests(t *testing.T) {
	const id = "2f1f9d2e-08a6-4bb5-9d2a-3e5f4f9d1a2b"
	for _, c := range []struct{ name, kind, body, want string }{
		{"json", "application/json", `{"id":"{uuid1}","x":"{uuid1:hex}"}`, `{"id":"` + id + `","x":"2f1f9d2e08a64bb59d2a3e5f4f9d1a2b"}`},
		{"raw", "text/plain", `"id={uuid1}"`, "id=" + id},
		{"form", "application/x-www-form-urlencoded", `{"form":{"id":"{uuid1}","l":["a","b"]}}`, "id=" + id + "&l=a&l=b"},
		{"multipart", "multipart/form-data", `{"multipart":{"f":{"filename":"a.txt","type":"text/plain","base64":"aGk="}}}`, "filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n"},
		{"multipart text", "multipart/form-data", `{"multipart":{"n":"{uuid1}"}}`, "name=\"n\"\r\n\r\n" + id},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got, kind string
			p := &Player{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, err := io.ReadAll(r.Body)
				require.NoError(t, err)
				got, kind = string(text), r.Header.Get("Content-Type")
			})}
			r := p.request(t, &matcher{bound: map[string]string{"uuid1": id}}, &Exchange{Request: &Request{
				Method: "POST", Path: "/{uuid1}/", ContentType: c.kind, Body: json.RawMessage(c.body)}})
			require.Equal(t, "/"+id+"/", r.URL.Path)
			p.Handler.ServeHTTP(httptest.NewRecorder(), r)
			require.Contains(t, got, c.want)
			require.True(t, strings.HasPrefix(kind, c.kind))
		})
	}
}
