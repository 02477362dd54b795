package vpn_test

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

type recordedCase struct {
	Label, Backend, Host string
	Config               json.RawMessage
	Subnet, ServerIP     *string
	ServerKeys           []string        `json:"server_keys"`
	ClientKeys           []string        `json:"client_keys"`
	ClientIP             *string         `json:"client_ip"`
	ClientVNI            *int64          `json:"client_vni"`
	TemplateConfig       json.RawMessage `json:"template_config"`
	ServerArchive        []recordedFile  `json:"server_archive"`
	DeviceArchive        []recordedFile  `json:"device_archive"`
	DeviceContext        map[string]any  `json:"device_system_context"`
	TemplateContext      map[string]any  `json:"template_system_context"`
	ServerCert           *recordedCert   `json:"server_cert"`
	ClientCert           *recordedCert   `json:"client_cert"`
}

type recordedCert struct {
	Name       string
	CommonName string `json:"common_name"`
	Extensions []struct {
		Name, Value string
		Critical    bool
	}
}

type recordedFile struct{ Name, Mode, Content string }

// TestRecorded makes what was recorded of each type of server: the template, the
// variables, both archives. Keys are those recorded; certificates are our own.
func TestRecorded(t *testing.T) {
	var file struct{ Cases []recordedCase }
	testkit.ReadVectors(t, &file, "controller-config", "vpn.json")
	require.Len(t, file.Cases, 4)
	for _, c := range file.Cases {
		t.Run(c.Label, func(t *testing.T) { playRecorded(t, c) })
	}
}

func playRecorded(t *testing.T, c recordedCase) {
	w := newWorld(t, &vpn.Options{Context: map[string]any{"vpnserver1": "vpn.testdomain.com"}})
	s := &vpn.Server{Name: "My VPN", Host: c.Host, OrganizationID: w.acme, Backend: c.Backend, Config: wispwright.JSON(c.Config),
		PublicKey: c.ServerKeys[0], PrivateKey: wispwright.Secret(c.ServerKeys[1])}
	if c.Subnet != nil {
		s.SubnetID = w.subnet(*c.Subnet, w.acme)
	} else {
		s.CAID = w.authority("acme ca").ID
	}
	require.NoError(t, w.Servers.Create(ctx(), s))
	template := w.template("vpn", s, nil)
	placed := func(text string) string { return strings.ReplaceAll(text, "{vpn_hex}", s.ID.Hex()) }
	wanted := placed(string(c.TemplateConfig))
	if s.CAID != 0 { // the host is a variable now (additions §15)
		wanted = strings.Replace(wanted, `"`+c.Host+`"`, `"{{vpn_host_`+s.ID.Hex()+`}}"`, 1)
	}
	requireSameJSON(t, wanted, string(template.Config))

	d := w.device("ap1", template)
	cl := w.client(d)
	if c.ClientKeys[0] != "" { // with the recorded keys everything is as recorded
		_, err := w.stores.Clients.Update(ctx(), all(), cl.ID, func(cl *vpn.Client) error {
			cl.PublicKey, cl.PrivateKey = c.ClientKeys[0], wispwright.Secret(c.ClientKeys[1])
			return nil
		})
		require.NoError(t, err)
		_, err = w.ctl.Devices.Update(ctx(), all(), d.Device.ID, func(d *controller.Detail) error { d.Config.Context = `{"unused":1}`; return nil })
		require.NoError(t, err)
	}
	if c.ClientIP != nil {
		require.Equal(t, netip.MustParseAddr(*c.ClientIP), cl.Address)
	}
	require.Equal(t, c.ClientVNI, cl.VNI)

	vars, err := w.ctl.Devices.Context(ctx(), all(), d.Device.ID)
	require.NoError(t, err)
	requireVariables(t, c.DeviceContext, vars.System, placed)
	of, err := w.Servers.Variables(ctx(), all(), s.ID)
	require.NoError(t, err)
	requireVariables(t, c.TemplateContext, of, placed)

	requireFiles(t, c.ServerArchive, w.serverFiles(s), placed)
	requireFiles(t, c.DeviceArchive, w.deviceFiles(d), placed)
	if c.ServerCert != nil {
		w.requireCert(c.ServerCert, s.CertID)
		w.requireCert(c.ClientCert, cl.CertID)
	}
}

func (w *world) requireCert(want *recordedCert, id int64) {
	w.t.Helper()
	got, err := w.x509.Certs.Get(ctx(), all(), id)
	require.NoError(w.t, err)
	require.Equal(w.t, want.Name, got.Name)
	fixed, _, random := strings.Cut(want.CommonName, "-ap1-")
	if random {
		require.True(w.t, strings.HasPrefix(got.CommonName, "00:11:22:AA:00:01-ap1-"), "%s is like %s", got.CommonName, fixed)
		require.Len(w.t, got.CommonName, len(want.CommonName))
	} else {
		require.Equal(w.t, want.CommonName, got.CommonName)
	}
	require.Len(w.t, got.Extensions, len(want.Extensions))
	require.Equal(w.t, want.Extensions[0].Value, got.Extensions[0].Value)
	require.Equal(w.t, "Rome", got.City, "as the authority's")
}

func requireSameJSON(t *testing.T, want, got string) {
	t.Helper()
	a, err := ordered.Decode([]byte(want))
	require.NoError(t, err)
	b, err := ordered.Decode([]byte(got))
	require.NoError(t, err)
	require.True(t, ordered.Equal(a, b), "want %s\ngot  %s", want, got)
}

// requireVariables compares those whose values do not differ from one installation
// to the next, and the names of all.
func requireVariables(t *testing.T, want, got map[string]any, placed func(string) string) {
	t.Helper()
	for name, v := range want {
		name = placed(name)
		if name == "vpnserver1" {
			continue // the controller's
		}
		mine, ok := got[name]
		require.True(t, ok, "variable %s is missing", name)
		switch {
		case name == "id" || name == "key" || name == "mac_address" || strings.Contains(name, "contents"):
			require.NotEmpty(t, mine)
		case v != nil:
			raw, err := json.Marshal(v)
			require.NoError(t, err)
			own, err := json.Marshal(mine)
			require.NoError(t, err)
			require.Equal(t, placed(string(raw)), string(own), name)
		}
	}
}

// vxlanDevice is what netjsonconfig leaves out of the device of a VXLAN.
var vxlanDevice = regexp.MustCompile("\toption ifname 'vxlan[^']*'\n")

func requireFiles(t *testing.T, want []recordedFile, got map[string]string, placed func(string) string) {
	t.Helper()
	require.Len(t, got, len(want), "%v", got)
	for _, f := range want {
		mine, ok := got[placed(f.Name)]
		require.True(t, ok, "%s is missing", f.Name)
		text := placed(f.Content)
		if strings.HasPrefix(text, "-----BEGIN") {
			require.True(t, strings.HasPrefix(mine, f.Mode+"\n-----BEGIN"), mine)
			continue
		}
		if strings.HasSuffix(f.Name, "etc/config/system") || strings.HasPrefix(f.Name, "etc/config/") {
			text = vxlanDevice.ReplaceAllString(strings.TrimRight(text, "\n")+"\n", "") // decision 0024
			mine = strings.TrimRight(mine, "\n") + "\n"
		}
		require.Equal(t, f.Mode+"\n"+text, mine, f.Name)
	}
}
