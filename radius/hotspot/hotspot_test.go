package hotspot_test

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/radius/gateway"
	"github.com/wispwright/wispwright/radius/hotspot"
	"github.com/wispwright/wispwright/radius/portal"
)

func options(dialect string) hotspot.Options {
	return hotspot.Options{Gateway: dialect, SSID: "Acme Guests", PortalURL: "https://wifi.example.org/acme/login", CaptiveURL: "https://wifi.example.org/api/v1/radius/organization/acme/captive-portal/",
		ReportURL: "https://wifi.example.org/api/v1/radius/organization/acme/hotspot-session/", RADIUSServer: "radius.example.org"}
}

// device is one hotspot, and what it is called.
const device = "0191a5c0-0000-7000-8000-000000000001"

func deviceID(t *testing.T) wispwright.ID {
	t.Helper()
	id, err := wispwright.ParseID(device)
	require.NoError(t, err)
	return id
}

// rendered is what a device gets.
func rendered(t *testing.T, o hotspot.Options) string {
	t.Helper()
	template, err := hotspot.Make(o)
	require.NoError(t, err)
	for _, secret := range []string{"hotspot_key", "radius_secret", "sharedkey1", "testing123"} {
		require.NotContains(t, string(template.Defaults), secret, "templates hold no secrets")
	}
	values := hotspot.Secrets(deviceID(t), "sharedkey1", "testing123")
	values["name"], values["id"] = "ap-1", device
	require.NoError(t, json.Unmarshal([]byte(template.Defaults), &values))
	c, err := netjsonconfig.NewJSON(openwrt.Backend(), []byte(template.Config), &netjsonconfig.Options{Context: values})
	require.NoError(t, err)
	require.NoError(t, c.Validate())
	text, err := c.Render()
	require.NoError(t, err)
	require.NotContains(t, text, "{{", "every variable has a value")
	return text
}

// The templates are valid configurations and say what openNDS and CoovaChilli need.
func TestTemplatesRender(t *testing.T) {
	key := gateway.DeviceKey("sharedkey1", deviceID(t)).Reveal()
	require.Regexp(t, "^[0-9a-f]{32}$", key)
	text := rendered(t, options(gateway.OpenNDS))
	for _, line := range []string{"package opennds", "option faskey '" + key + "'", "option gatewayname 'ap-1 " + device + "'", "option fas_secure_enabled '1'", "option fasport '80'", "option faspath '/acme/login'", "option fasremotefqdn 'wifi.example.org'",
		"list dhcp_option '114,https://wifi.example.org/api/v1/radius/organization/acme/captive-portal/'", "option ssid 'Acme Guests'", "option ipaddr '10.42.0.1'", "option binauth '/etc/hotspot/session.sh'"} {
		require.Contains(t, text, line)
	}
	text = rendered(t, options(gateway.CoovaChilli))
	for _, line := range []string{"package chilli", "option uamsecret '" + key + "'", "option radiusnasid 'ap-1 " + device + "'", "option radiusserver1 'radius.example.org'", "option radiussecret 'testing123'", "option uamserver 'https://wifi.example.org/acme/login'",
		"option net '10.42.0.0/22'", "option uamallowed 'wifi.example.org'"} {
		require.Contains(t, text, line)
	}
}

// The script on the device names a session as the server does.
func TestScriptReportsTheSessionOfTheServer(t *testing.T) {
	dir := t.TempDir()
	template, err := hotspot.Make(options(gateway.OpenNDS))
	require.NoError(t, err)
	var config struct{ Files []struct{ Contents string } }
	require.NoError(t, json.Unmarshal([]byte(template.Config), &config))
	key := gateway.DeviceKey("sharedkey1", deviceID(t)).Reveal()
	script := strings.NewReplacer("{{hotspot_key}}", key, "{{hotspot_reports}}", "https://wifi.example.org/reports/", "{{id}}", device).Replace(config.Files[0].Contents)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "session.sh"), []byte(script), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "uclient-fetch"), []byte("#!/bin/sh\nfor a; do echo \"$a\"; done > "+dir+"/sent\n"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ndsctl"), []byte("#!/bin/sh\nprintf %s \"$2\" | base64 -d\n"), 0o700))
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("/bin/sh", append([]string{filepath.Join(dir, "session.sh")}, args...)...)
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	require.Equal(t, "3600 0 0\n", run("auth_client", "02:00:00:00:00:07", "", "", "", "", "10.42.0.9", "tok", "MzYwMA=="))
	require.Equal(t, "0 0 0\n", run("auth_client", "02:00:00:00:00:07", "", "", "", "", "10.42.0.9", "tok", ""))
	run("client_auth", "02:00:00:00:00:07", "0", "0", "100", "0", "770bfe05")
	require.NoFileExists(t, filepath.Join(dir, "sent"))
	run("client_deauth", "02:00:00:00:00:07", "2000", "1000", "100", "160", "770bfe05")
	sent, err := os.ReadFile(filepath.Join(dir, "sent"))
	require.NoError(t, err)

	// the visit that the same token makes: openNDS shows its hash
	shown, err := exec.Command("/bin/sh", "-c", "printf 770bfe05 | sha256sum | cut -c1-64").Output()
	require.NoError(t, err)
	g, err := gateway.Open(gateway.Settings{Dialect: gateway.OpenNDS, Secret: "sharedkey1"})
	require.NoError(t, err)
	u := visitURL(t, "http://x/?hid="+strings.TrimSpace(string(shown))+"&gatewayaddress=10.42.0.1:2050&clientip=10.42.0.9&gatewayname="+url.QueryEscape(gateway.DeviceName("ap-1", device)))
	v, err := g.Read(u)
	require.NoError(t, err)
	for _, part := range []string{"session=" + portal.UniqueID(v) + "&", "session_time=60&", "output_octets=2000&", "input_octets=1000&", "terminate_cause=User-Request\nhttps://wifi.example.org/reports/", "device=" + device + "&key=" + key} {
		require.Contains(t, string(sent), part)
	}
}

// What would end a line, a file or a string of the configuration is refused.
func TestTemplatesAreNotInjected(t *testing.T) {
	for field, change := range map[string]func(*hotspot.Options){
		"gateway": func(o *hotspot.Options) { o.Gateway = "mikrotik" }, "ssid": func(o *hotspot.Options) { o.SSID = "x\n{{token}}" }, "radio": func(o *hotspot.Options) { o.Radio = "radio0'; reboot" },
		"portal_url": func(o *hotspot.Options) { o.PortalURL = "/login" }, "radius_server": func(o *hotspot.Options) { o.RADIUSServer = "a b" },
		"report_url": func(o *hotspot.Options) { o.Gateway, o.ReportURL = gateway.OpenNDS, "https://a/'; reboot" }, "allowed": func(o *hotspot.Options) { o.Allowed = []string{"a,b"} },
	} {
		o := options(gateway.CoovaChilli)
		change(&o)
		_, err := hotspot.Make(o)
		var invalid *wispwright.ValidationError
		require.ErrorAs(t, err, &invalid, field)
		require.True(t, invalid.Has(field), "%s: %v", field, err)
	}
}

func visitURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}
