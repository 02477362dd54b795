package vpn_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/x509"
)

func faults(t *testing.T, err error) map[string]string {
	t.Helper()
	var v *wispwright.ValidationError
	require.ErrorAs(t, err, &v)
	out := map[string]string{}
	for _, f := range v.Fields {
		out[f.Path] = strings.Join(f.Messages, " ")
	}
	return out
}

func TestWhatServersAreRefusedFor(t *testing.T) {
	w := newWorld(t, nil)
	beta := w.organization("beta")
	ca, other := w.authority("ca"), w.authority("other")
	cert := &x509.Cert{CAID: other.ID, Details: x509.Details{Name: "c", CommonName: "c", OrganizationID: w.acme}}
	require.NoError(t, w.x509.Certs.Create(ctx(), cert))
	subnet, theirs, single := w.subnet("10.0.0.0/24", w.acme), w.subnet("10.1.0.0/24", beta), w.subnet("10.2.0.1/32", w.acme)
	elsewhere := w.wireguard("taken", "10.3.0.0/24")
	shared := &vpn.Server{Name: "shared", Host: "s", Backend: wireguard, SubnetID: w.subnet("10.9.0.0/24", wispwright.ID{}), Config: `{"wireguard":[{"name":"wg9","port":1}]}`}
	require.NoError(t, w.Servers.Create(ctx(), shared))
	const unknown = `object does not exist.`
	for name, c := range map[string]struct {
		change func(s *vpn.Server)
		field  string
		words  string
	}{
		"name":                  {func(s *vpn.Server) { s.Name = "" }, "name", "This field cannot be blank."},
		"long name":             {func(s *vpn.Server) { s.Name = strings.Repeat("x", 65) }, "name", "at most 64"},
		"name of another":       {func(s *vpn.Server) { s.Name = "taken" }, "", "VPN server with this Organization and Name already exists."},
		"name of a shared one":  {func(s *vpn.Server) { s.Name = "shared" }, "name", "There is already another shared vpn with this name."},
		"shared takes a name":   {func(s *vpn.Server) { s.Name, s.OrganizationID, s.SubnetID = "taken", wispwright.ID{}, shared.SubnetID }, "name", "There is already a vpn of another organization with this name."},
		"host":                  {func(s *vpn.Server) { s.Host = "" }, "host", "This field cannot be blank."},
		"odd host":              {func(s *vpn.Server) { s.Host = "a b" }, "host", "Enter a host name or an IP address."},
		"key":                   {func(s *vpn.Server) { s.Key = "a b" }, "key", "This value must not contain spaces, dots or slashes."},
		"no type":               {func(s *vpn.Server) { s.Backend = "" }, "backend", "This field cannot be blank."},
		"unknown type":          {func(s *vpn.Server) { s.Backend = "x" }, "backend", "is not a valid choice"},
		"no configuration":      {func(s *vpn.Server) { s.Config = "" }, "config", "Unexpected configuration format."},
		"odd configuration":     {func(s *vpn.Server) { s.Config = "[]" }, "config", "Unexpected configuration format."},
		"two tunnels":           {func(s *vpn.Server) { s.Config = `{"wireguard":[{"name":"a1","port":1},{"name":"b1","port":2}]}` }, "config", `Invalid configuration triggered by "#/wireguard"`},
		"no tunnel":             {func(s *vpn.Server) { s.Config = `{}` }, "config", "Invalid configuration"},
		"line break":            {func(s *vpn.Server) { s.Config = `{"wireguard":[{"name":"wg0","port":1,"mtu":"1\nPostUp = x"}]}` }, "config", "Invalid configuration"},
		"no subnet":             {func(s *vpn.Server) { s.SubnetID = wispwright.ID{} }, "subnet", "Subnet is required for this VPN backend."},
		"unknown subnet":        {func(s *vpn.Server) { s.SubnetID = wispwright.NewID() }, "subnet", unknown},
		"foreign subnet":        {func(s *vpn.Server) { s.SubnetID = theirs }, "organization", "Please ensure that the organization of this VPN server and the organization of the related subnet match."},
		"subnet of one address": {func(s *vpn.Server) { s.SubnetID = single }, "subnet", "no room"},
		"unknown address":       {func(s *vpn.Server) { s.AddressID = wispwright.NewID() }, "ip", unknown},
		"address elsewhere":     {func(s *vpn.Server) { s.AddressID = elsewhere.AddressID }, "ip", "VPN IP address must be within the VPN subnet"},
		"webhook":               {func(s *vpn.Server) { s.WebhookEndpoint = "ftp://x.example.com/" }, "webhook_endpoint", "Enter a valid URL."},
		"long token":            {func(s *vpn.Server) { s.AuthToken = wispwright.Secret(strings.Repeat("x", 129)) }, "auth_token", "at most 128"},
		"port":                  {func(s *vpn.Server) { s.Host = elsewhere.Host }, "config", `The port udp/51820 of taken.example.com is that of the VPN server "taken" already.`},
		"no organization":       {func(s *vpn.Server) { s.OrganizationID = wispwright.NewID() }, "organization", ""},
		"no authority":          {func(s *vpn.Server) { s.Backend, s.Config = openVPN, openVPNConfig }, "ca", "CA is required with this VPN backend"},
		"unknown authority":     {func(s *vpn.Server) { s.Backend, s.Config, s.CAID = openVPN, openVPNConfig, 999 }, "ca", unknown},
		"foreign authority": {func(s *vpn.Server) {
			s.Backend, s.Config, s.CAID, s.OrganizationID, s.SubnetID = openVPN, openVPNConfig, ca.ID, beta, wispwright.ID{}
		}, "organization", "related CA match"},
		"certificate of another": {func(s *vpn.Server) { s.Backend, s.Config, s.CAID, s.CertID = openVPN, openVPNConfig, ca.ID, cert.ID }, "cert", "The selected certificate must match the selected CA."},
		"unknown certificate":    {func(s *vpn.Server) { s.Backend, s.Config, s.CAID, s.CertID = openVPN, openVPNConfig, ca.ID, 999 }, "cert", unknown},
		"no token":               {func(s *vpn.Server) { s.Backend, s.Config = zerotier, `{"zerotier":[{}]}` }, "auth_token", "Auth token is required for this VPN backend"},
		"nobody there": {func(s *vpn.Server) {
			s.Backend, s.Config, s.AuthToken, s.Host = zerotier, `{"zerotier":[{}]}`, "x", "127.0.0.1:1"
		}, "host", "Failed to connect to the ZeroTier controller, Error: "},
	} {
		t.Run(name, func(t *testing.T) {
			s := &vpn.Server{Name: "new", Host: "h", OrganizationID: w.acme, Backend: wireguard, SubnetID: subnet, Config: `{"wireguard":[{"name":"wg0","port":51820}]}`}
			c.change(s)
			err := w.Servers.Create(ctx(), s)
			require.Error(t, err)
			words, ok := faults(t, err)[c.field]
			require.True(t, ok, err)
			require.Contains(t, words, c.words)
			found, err := w.Servers.List(ctx(), all(), vpn.ServerFilter{}, wispwright.Page{})
			require.NoError(t, err)
			require.Equal(t, 2, found.Total)
			require.Zero(t, w.taken(subnet), "nothing half made")
		})
	}
}

const openVPNConfig = `{"openvpn":[{"name":"tun0","proto":"udp","port":1194,"mode":"server","tls_server":true,"dev":"tun0","dev_type":"tun","ca":"ca.pem","cert":"cert.pem","key":"key.pem","dh":"dh.pem","server":"10.8.0.0 255.255.255.0"}]}`

func TestTemplatesOfServers(t *testing.T) {
	w := newWorld(t, nil)
	s := w.wireguard("wg0", "10.0.0.0/24")
	beta := w.organization("beta")
	for name, c := range map[string]struct {
		change       func(o *controller.Template)
		field, words string
	}{
		"no server":      {func(o *controller.Template) { o.VPNID = wispwright.ID{} }, "vpn", `A VPN must be selected when template type is "VPN"`},
		"unknown server": {func(o *controller.Template) { o.VPNID = wispwright.NewID() }, "vpn", "object does not exist."},
		"foreign":        {func(o *controller.Template) { o.OrganizationID = beta }, "organization", "Please ensure that the organization of this template and the organization of the related VPN server match."},
		"shared":         {func(o *controller.Template) { o.OrganizationID = wispwright.ID{} }, "organization", "Please ensure"},
	} {
		t.Run(name, func(t *testing.T) {
			o := &controller.Template{Name: "t", OrganizationID: w.acme, Backend: openWrt, Type: controller.TemplateVPN, VPNID: s.ID}
			c.change(o)
			require.Contains(t, faults(t, w.ctl.Templates.Create(ctx(), o))[c.field], c.words)
		})
	}
	generic := &controller.Template{Name: "g", OrganizationID: w.acme, Backend: openWrt, VPNID: s.ID, AutoCert: true, Config: `{"general":{"timezone":"UTC"}}`}
	require.NoError(t, w.ctl.Templates.Create(ctx(), generic))
	require.True(t, generic.VPNID.IsZero())
	require.False(t, generic.AutoCert)
	own := w.template("own", s, func(o *controller.Template) {
		o.Config = `{"general":{"description":"{{vpn_host_` + wispwright.JSON(s.ID.Hex()) + `}}"}}`
	})
	require.Contains(t, string(own.Config), "description", "what somebody wrote stays")
}

func TestTheHostOfAServer(t *testing.T) {
	w := newWorld(t, nil)
	s := w.wireguard("wg0", "10.0.0.0/24")
	sum, err := w.Agents.Checksum(ctx(), s.ID, s.Key.Reveal())
	require.NoError(t, err)
	require.Len(t, sum, 32)
	a, err := w.Agents.Download(ctx(), s.ID, s.Key.Reveal())
	require.NoError(t, err)
	require.Equal(t, sum, a.Checksum)
	require.Equal(t, "wg0", a.Name)
	stored, err := w.Servers.Get(ctx(), all(), s.ID)
	require.NoError(t, err)
	require.NotNil(t, stored.Fetched)
	require.Equal(t, s.Modified, stored.Modified)

	_, err = w.Agents.Checksum(ctx(), s.ID, "")
	var missing *protocol.MissingParameterError
	require.ErrorAs(t, err, &missing)
	_, err = w.Agents.Checksum(ctx(), s.ID, "x")
	require.ErrorIs(t, err, protocol.ErrWrongKey)
	_, err = w.Agents.Checksum(ctx(), wispwright.NewID(), "")
	require.ErrorIs(t, err, wispwright.ErrNotFound, "before the key is looked at")

	_, err = w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { s.Key = "another"; return nil })
	require.NoError(t, err)
	_, err = w.Agents.Checksum(ctx(), s.ID, s.Key.Reveal())
	require.ErrorIs(t, err, protocol.ErrWrongKey, "at once")
	_, err = w.tenants.Organizations.Update(ctx(), all(), w.acme, func(o *tenancy.Organization) error { o.IsActive = false; return nil })
	require.NoError(t, err)
	require.NoError(t, w.Forget(ctx()))
	_, err = w.Agents.Checksum(ctx(), s.ID, "another")
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

// hook is the webhook of a test.
type hook struct {
	mu     sync.Mutex
	status int
	calls  []string
	url    string
}

func newHook(t *testing.T) *hook {
	h := &hook{status: http.StatusOK}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.calls = append(h.calls, r.Method+" "+r.URL.RequestURI())
		w.WriteHeader(h.status)
	}))
	t.Cleanup(s.Close)
	h.url = s.URL
	return h
}

// A burst of changes is one render and one call; a webhook that fails is called again
// and told of once.
func TestWebhook(t *testing.T) {
	w := newWorld(t, nil)
	h := newHook(t)
	s := w.wireguard("wg0", "10.0.0.0/24")
	template := w.template("vpn", s, nil)
	var troubles []string
	w.Trouble.Subscribe("test", func(_ context.Context, list ...vpn.TroubleChange) {
		for _, c := range list {
			troubles = append(troubles, c.Reason)
		}
	})
	_, err := w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { s.WebhookEndpoint, s.AuthToken = h.url+"/trigger?a=b", "t&ken"; return nil })
	require.NoError(t, err)
	w.work()
	require.Equal(t, []string{"POST /trigger?a=b&key=t%26ken"}, h.calls)
	for _, name := range []string{"ap1", "ap2", "ap3", "ap4"} {
		w.device(name, template)
	}
	require.Len(t, w.queue.jobs, 1, "a burst is one job")
	w.work()
	require.Len(t, h.calls, 2)
	require.NoError(t, w.Work(ctx(), vpn.Job{Kind: vpn.JobChanged, ServerID: s.ID}))
	require.Empty(t, w.queue.jobs, "nothing changed since")

	h.status = http.StatusInternalServerError
	w.device("ap5", template)
	require.NoError(t, w.Work(ctx(), w.queue.jobs[0]))
	hooked := vpn.Job{Kind: vpn.JobWebhook, ServerID: s.ID}
	for range 2 {
		require.ErrorContains(t, w.Work(ctx(), hooked), "the webhook answered 500")
	}
	require.Equal(t, []string{"the webhook answered 500"}, troubles)
	stored, err := w.Servers.Get(ctx(), all(), s.ID)
	require.NoError(t, err)
	require.Equal(t, "the webhook answered 500", stored.Trouble)
	h.status = http.StatusOK
	require.NoError(t, w.Work(ctx(), hooked))
	require.Equal(t, []string{"the webhook answered 500", ""}, troubles)
	n := len(h.calls)
	require.NoError(t, w.Work(ctx(), hooked))
	require.Len(t, h.calls, n, "it knows already")
}

func TestWebhookThatIsNotThere(t *testing.T) {
	w := newWorld(t, nil)
	s := w.wireguard("wg0", "10.0.0.0/24")
	_, err := w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error {
		s.WebhookEndpoint, s.AuthToken = "http://127.0.0.1:1/secret", "token"
		return nil
	})
	require.NoError(t, err)
	err = w.Work(ctx(), vpn.Job{Kind: vpn.JobWebhook, ServerID: s.ID})
	require.ErrorContains(t, err, "the webhook cannot be reached")
	require.NotContains(t, err.Error(), "token")
	require.NotContains(t, err.Error(), "secret")
	var final *vpn.FinalError
	require.False(t, errors.As(err, &final), "it is worth repeating")
	require.ErrorAs(t, w.Work(ctx(), vpn.Job{Kind: "x"}), &final)
}
