package controllerhttp_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// TestLifeOfADeviceWithCurl runs the transcripts of spec: controller-config §11
// with the program agents use, and reads its dumps the way agents do.
func TestLifeOfADeviceWithCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not here")
	}
	eachStorage(t, nil, func(t *testing.T, s *server) {
		acme := s.organization(t, "acme", "s3cr3tS3cr3t")
		s.user(t, "admin", "", "", true, false)
		s.template(t, "base", acme, object{"default": true, "config": object{"interfaces": []object{{"name": "eth0", "type": "ethernet",
			"addresses": []object{{"proto": "dhcp", "family": "ipv4"}}}}}})
		web := httptest.NewServer(s)
		defer web.Close()

		run := func(args ...string) string {
			t.Helper()
			out, err := exec.Command(curl, append([]string{"-s", "--max-time", "60"}, args...)...).Output()
			require.NoError(t, err)
			return string(out)
		}
		post := func(path string, pairs ...string) string {
			t.Helper()
			args := []string{"-i", web.URL + "/controller/" + path}
			for _, p := range pairs {
				args = append(args, "--data-urlencode", p)
			}
			return run(args...)
		}
		first := func(dump string) string { return strings.TrimSpace(strings.SplitN(dump, "\n", 2)[0]) }
		last := func(dump string) string { return dump[strings.LastIndexByte(dump, '\n')+1:] }
		// word is grep WORD | awk '{print $2}' over headers and body
		word := func(dump, name string) string {
			t.Helper()
			var found []string
			for line := range strings.Lines(dump) {
				if strings.Contains(strings.ToLower(line), name) {
					found = append(found, strings.Fields(line)[1])
				}
			}
			require.Len(t, found, 1, "%s in %s", name, dump)
			return found[0]
		}
		register := []string{"backend=" + openWrt, "key=6b6dce28e07b4a8fa556175a0d4abf13", "management_ip=10.8.0.5", "secret=s3cr3tS3cr3t", "name=00:11:22:aa:bb:cc",
			"hardware_id=", "mac_address=00:11:22:aa:bb:cc", "tags=", "model=TP-Link", "os=OpenWrt 23.05.3", "system=MT7621"}

		dump := post("register/", register...)
		require.Contains(t, first(dump), "201")
		require.Contains(t, strings.ToLower(dump), "x-openwisp-controller: true")
		require.Equal(t, "6b6dce28e07b4a8fa556175a0d4abf13", word(dump, "key"))
		require.Equal(t, "00:11:22:aa:bb:cc", word(dump, "hostname"))
		require.Equal(t, "1", word(dump, "is-new"))
		uuid := word(dump, "uuid")
		require.Len(t, uuid, 32)
		query := uuid + "/?key=6b6dce28e07b4a8fa556175a0d4abf13&management_ip=10.8.0.5"
		deviceID, err := wispwright.ParseID(uuid)
		require.NoError(t, err)
		stored, err := s.c.Devices.Get(context.Background(), wispwright.ScopeAll(), deviceID)
		require.NoError(t, err)
		require.Equal(t, "00:11:22:AA:BB:CC", stored.Device.MACAddress)
		require.Equal(t, "10.8.0.5", stored.Device.ManagementIP.String())
		require.Equal(t, "127.0.0.1", stored.Device.LastIP.String())
		require.Equal(t, controller.StatusModified, stored.Config.Status)

		dump = run("-i", web.URL+"/controller/checksum/"+query)
		require.Contains(t, first(dump), "200")
		sum := last(dump)
		require.Regexp(t, `^[0-9a-f]{32}$`, sum)

		file := filepath.Join(t.TempDir(), "configuration.tar.gz")
		run("--fail", "-o", file, web.URL+"/controller/download-config/"+query)
		archive, err := exec.Command("cat", file).Output()
		require.NoError(t, err)
		digest := md5.Sum(archive)
		require.Equal(t, sum, hex.EncodeToString(digest[:]))
		listed, err := exec.Command("tar", "-tzf", file).Output()
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"etc/config/system", "etc/config/network"}, strings.Fields(string(listed)))
		text, err := exec.Command("tar", "-xzOf", file, "etc/config/system").Output()
		require.NoError(t, err)
		require.Equal(t, "config system 'system'\n\toption hostname '00-11-22-aa-bb-cc'\n\n", string(text))

		// the agent passes an empty argument beside a report without reason
		dump = post("report-status/"+uuid+"/", "key=6b6dce28e07b4a8fa556175a0d4abf13", "status=applied", "")
		require.Contains(t, first(dump), "200")
		require.True(t, strings.HasSuffix(dump, "report-result: success\ncurrent-status: applied\n"))
		dump = post("report-status/"+uuid+"/", "key=6b6dce28e07b4a8fa556175a0d4abf13", "status=error", "error_reason=daemon.crit openwisp: Could not apply\n"+strings.Repeat("x", 900))
		require.True(t, strings.HasSuffix(dump, "current-status: error\n"))
		dump = post("update-info/"+uuid+"/", "key=6b6dce28e07b4a8fa556175a0d4abf13", "model=TP-Link Archer C7 v5", "os=OpenWrt 23.05.4", "system=ath79")
		require.True(t, strings.HasSuffix(dump, "\r\nupdate-info: success"))

		dump = post("register/", register...)
		require.Equal(t, "0", word(dump, "is-new"))
		require.Equal(t, uuid, word(dump, "uuid"))

		for _, c := range []struct{ path, status, body string }{
			{"checksum/" + uuid + "/", "400", "error: missing required parameter \"key\"\n"},
			{"checksum/" + uuid + "/?key=bad", "403", "error: wrong key\n"},
			{"checksum/00000000000000000000000000000000/?key=bad", "404", ""},
			{"checksum/malformed/?key=bad", "404", ""},
		} {
			dump = run("-i", web.URL+"/controller/"+c.path)
			require.Contains(t, first(dump), c.status)
			if c.body != "" {
				require.True(t, strings.HasSuffix(dump, "\r\n\r\n"+c.body), dump)
			}
		}
		replaced := func(changes ...string) []string {
			out := append([]string(nil), register...)
			for _, c := range changes {
				name, _, _ := strings.Cut(c, "=")
				for i := range out {
					if strings.HasPrefix(out[i], name+"=") {
						out[i] = c
					}
				}
			}
			return out
		}
		for _, c := range []struct {
			change       []string
			status, body string
		}{
			{[]string{"secret=bad"}, "403", "error: unrecognized secret"},
			{[]string{"backend=bad"}, "403", "error: wrong backend\n"},
			{[]string{"mac_address="}, "400", "error: missing required parameter \"mac_address\"\n"},
			{[]string{"key=other", "name=other"}, "400", "Device with this Mac address and Organization already exists."},
			{[]string{"key=other", "mac_address=00:11:22:AA:BB:CD"}, "400", "Device with this Name and Organization already exists."},
			{[]string{"key=other", "name=a b", "mac_address=zz"}, "400", "Must be either a valid hostname or mac address. Must be a valid mac address."},
		} {
			dump = post("register/", replaced(c.change...)...)
			require.Contains(t, first(dump), c.status)
			require.True(t, strings.HasSuffix(dump, "\r\n\r\n"+c.body), dump)
		}

		status, out := s.call(t, "admin", "POST", "/api/v1/controller/device/"+deviceID.String()+"/deactivate/", nil)
		require.Equal(t, 200, status, out)
		next := last(run("-i", web.URL+"/controller/checksum/"+query))
		require.Regexp(t, `^[0-9a-f]{32}$`, next)
		require.NotEqual(t, sum, next)
		run("--fail", "-o", file, web.URL+"/controller/download-config/"+query)
		listed, err = exec.Command("tar", "-tzf", file).Output()
		require.NoError(t, err)
		require.Equal(t, "etc/config/system", string(bytes.TrimSpace(listed)))
		dump = post("report-status/"+uuid+"/", "key=6b6dce28e07b4a8fa556175a0d4abf13", "status=applied", "")
		require.True(t, strings.HasSuffix(dump, "report-result: success\ncurrent-status: deactivated\n"))
		require.Contains(t, first(run("-i", web.URL+"/controller/checksum/"+query)), "404")
		dump = post("register/", register...)
		require.Contains(t, first(dump), "403")
		require.True(t, strings.HasSuffix(dump, "error: device deactivated"))
		require.Contains(t, first(run("-i", web.URL+"/controller/checksum/"+query)), "404")
		status, out = s.call(t, "admin", "POST", "/api/v1/controller/device/"+deviceID.String()+"/activate/", nil)
		require.Equal(t, 200, status, out)
		require.Contains(t, first(run("-i", web.URL+"/controller/checksum/"+query)), "200")
	})
}
