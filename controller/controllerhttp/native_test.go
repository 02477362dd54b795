package controllerhttp_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

const routerText = "package network\n\nconfig interface 'lan'\n\toption device 'br-lan'\n\toption proto 'static'\n\toption ipaddr '192.168.1.1'\n" +
	"\toption netmask '255.255.255.0'\n\toption ip4table 'vrf-secret'\n\npackage mwan3\n\nconfig rule 'https'\n\toption sticky '1'\n"

// A router's configuration becomes one that is edited here, with everything
// that has no place in it kept and told, and nothing of it is stored.
func TestNativeConfigurationIsRead(t *testing.T) {
	s := newMemoryServer(t, nil)
	alpha, _ := tenants(t, s)
	const path = "/api/v1/controller/native/"
	status, out := s.call(t, "manager", "POST", path, object{"backend": openWrt, "native": routerText})
	require.Equal(t, 200, status, out)
	notes, err := json.Marshal(out["notes"])
	require.NoError(t, err)
	require.Contains(t, string(notes), `"kind":"raw"`)
	require.Contains(t, string(notes), `"package":"mwan3"`)
	require.NotContains(t, string(notes), "vrf-secret", "notes hold no values")
	require.EqualValues(t, 0, out["more"])
	config := out["config"].(object)
	require.Contains(t, config, "interfaces")
	require.Contains(t, config, "mwan3")

	// what was read is a configuration a device may have, and it writes what was read
	id := s.device(t, "manager", "dev", alpha, "00:11:22:33:44:55", object{"backend": openWrt, "templates": []string{}, "config": config, "context": object{}})
	require.NotEmpty(t, id)
	status, out = s.call(t, "manager", "POST", "/api/v1/controller/preview/", object{"backend": openWrt, "organization": alpha, "name": "dev", "config": config})
	require.Equal(t, 200, status, out)
	for _, line := range []string{"option ip4table 'vrf-secret'", "option ipaddr '192.168.1.1'", "config rule 'https'", "option sticky '1'"} {
		require.Contains(t, out["rendered"], line)
	}
	_, out = s.call(t, "manager", "GET", "/api/v1/controller/template/", nil)
	require.EqualValues(t, 0, out["count"], "nothing is stored")
}

func TestBackupOfARouterIsRead(t *testing.T) {
	s := newMemoryServer(t, nil)
	tenants(t, s)
	upload := func(user string, native []byte, fields map[string]string) (int, string) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, value := range fields {
			require.NoError(t, form.WriteField(name, value))
		}
		part, err := form.CreateFormFile("file", "backup.tar.gz")
		require.NoError(t, err)
		_, err = part.Write(native)
		require.NoError(t, err)
		require.NoError(t, form.Close())
		r := httptest.NewRequest("POST", "/api/v1/controller/native/", &body)
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Header.Set("Authorization", "Bearer "+s.tokens[user])
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, text := range map[string]string{"etc/config/system": "config system\n\toption hostname 'roof'\n", "etc/rc.local": "exit 0\n"} {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}))
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	backend := map[string]string{"backend": openWrt}
	status, out := upload("manager", archive.Bytes(), backend)
	require.Equal(t, 200, status, out)
	require.Contains(t, out, `"hostname":"roof"`)
	require.Contains(t, out, "rc.local")
	status, out = upload("manager", []byte(routerText), backend)
	require.Equal(t, 200, status, out)
	require.Contains(t, out, `"interfaces"`)

	for what, native := range map[string][]byte{"cut": {0x1f, 0x8b, 8, 0}, "picture": {0x89, 'P', 'N', 'G', 0xff, 0xfe}} {
		status, out = upload("manager", native, backend)
		require.Equal(t, 400, status, what)
		require.Contains(t, out, `"file":["parse native configuration: `, what)
	}
	status, out = upload("manager", archive.Bytes(), map[string]string{"backend": openWrt, "native": "x"})
	require.Equal(t, 400, status, out)
	require.Contains(t, out, `"file":["Give the text or a file, not both."]`)
}

func TestNativeConfigurationsThatAreRefused(t *testing.T) {
	s := newMemoryServer(t, nil)
	tenants(t, s)
	for name, c := range map[string]struct {
		user   string
		body   object
		status int
		field  string
	}{
		"nothing":         {"manager", object{"backend": openWrt}, 400, "native"},
		"no backend":      {"manager", object{"native": routerText}, 400, "backend"},
		"unknown backend": {"manager", object{"backend": "x", "native": routerText}, 400, "backend"},
		"no text":         {"manager", object{"backend": openWrt, "native": object{"a": 1}}, 400, "native"},
		"a member":        {"member", object{"backend": openWrt, "native": routerText}, 403, "detail"},
		"nobody":          {"", object{"backend": openWrt, "native": routerText}, 401, "detail"},
		"empty":           {"manager", object{"backend": openWrt, "native": ""}, 200, "config"},
	} {
		status, out := s.call(t, c.user, "POST", "/api/v1/controller/native/", c.body)
		require.Equal(t, c.status, status, "%s: %v", name, out)
		require.Contains(t, out, c.field, name)
	}
}
