package vpn_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/vpn"
)

// zeroTierDouble follows the documented API of a ZeroTier controller.
type zeroTierDouble struct {
	mu       sync.Mutex
	token    string
	status   int    // of every answer, 0: as it should be
	nonsense string // in the place of an answer
	calls    []string
	networks map[string]map[string]any
	members  map[string]map[string]any // network/member
	joined   map[string]bool
	host     string
}

func newZeroTier(t *testing.T) *zeroTierDouble {
	z := &zeroTierDouble{token: "s3cret", networks: map[string]map[string]any{}, members: map[string]map[string]any{}, joined: map[string]bool{}}
	s := httptest.NewServer(z)
	t.Cleanup(s.Close)
	z.host = strings.TrimPrefix(s.URL, "http://")
	return z
}

const zeroTierNode = "8056c2e21c"

// ServeHTTP answers as documented.
func (z *zeroTierDouble) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	z.mu.Lock()
	defer z.mu.Unlock()
	body := map[string]any{}
	raw, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(raw, &body)
	z.calls = append(z.calls, r.Method+" "+r.URL.Path)
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	switch {
	case z.nonsense != "":
		_, _ = io.WriteString(w, z.nonsense)
		return
	case z.status != 0:
		w.WriteHeader(z.status)
		return
	case r.Header.Get("X-ZT1-Auth") != z.token:
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.URL.Path == "/status":
		answer(map[string]any{"address": zeroTierNode, "online": true})
	case parts[0] == "network" && r.Method == http.MethodPost:
		z.joined[parts[1]] = true
		answer(map[string]any{"id": parts[1]})
	case parts[0] == "network" && r.Method == http.MethodDelete:
		delete(z.joined, parts[1])
		answer(map[string]any{"result": true})
	case len(parts) == 3 && parts[2] == zeroTierNode+"______":
		id := fmt.Sprintf("%s%06x", zeroTierNode, len(z.networks)+1)
		body["id"], body["nwid"], body["objtype"], body["revision"], body["creationTime"], body["private"] = id, id, "network", 1, 1, true
		body["authTokens"] = []any{nil}
		z.networks[id] = body
		answer(body)
	case len(parts) == 3 && z.networks[parts[2]] == nil:
		w.WriteHeader(http.StatusNotFound)
	case len(parts) == 3 && r.Method == http.MethodDelete:
		delete(z.networks, parts[2])
		answer(map[string]any{})
	case len(parts) == 3:
		for k, v := range body {
			z.networks[parts[2]][k] = v
		}
		answer(z.networks[parts[2]])
	case len(parts) == 5 && r.Method == http.MethodDelete:
		delete(z.members, parts[2]+"/"+parts[4])
		answer(map[string]any{})
	case len(parts) == 5:
		z.members[parts[2]+"/"+parts[4]] = body
		answer(body)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (w *world) zeroTier(name string, z *zeroTierDouble) *vpn.Server {
	return &vpn.Server{Name: name, Host: z.host, OrganizationID: w.acme, Backend: zerotier, AuthToken: wispwright.Secret(z.token),
		SubnetID: w.subnet(fmt.Sprintf("10.%d.0.0/24", 40+len(name)), w.acme), Config: `{"zerotier":[{"private":true,"mtu":2800}]}`}
}

// TestZeroTier goes through the life of a network and its members.
func TestZeroTier(t *testing.T) {
	z := newZeroTier(t)
	made := 0
	w := newWorld(t, &vpn.Options{NewIdentity: func() (wispwright.Secret, error) {
		made++
		return wispwright.Secret(fmt.Sprintf("%010x:0:aa:bb", made)), nil
	}})
	s := w.zeroTier("zt", z)
	require.NoError(t, w.Servers.Create(ctx(), s))
	id := zeroTierNode + "000001"
	require.Equal(t, []string{zeroTierNode, id}, []string{s.NodeID, s.NetworkID})
	require.NotContains(t, string(s.Config), "authTokens")
	require.NotContains(t, string(s.Config), "routes")
	network := z.networks[id]
	require.Equal(t, "zt", network["name"])
	require.Equal(t, []any{map[string]any{"target": "10.42.0.0/24", "via": ""}}, network["routes"])
	require.Equal(t, []any{map[string]any{"ipRangeStart": "10.42.0.1", "ipRangeEnd": "10.42.0.255"}}, network["ipAssignmentPools"])
	w.work()
	require.True(t, z.joined[id])
	require.Equal(t, map[string]any{"authorized": true, "activeBridge": true, "ipAssignments": []any{"10.42.0.1"}}, z.members[id+"/"+zeroTierNode])

	template := w.template("vpn", s, nil)
	require.Contains(t, string(template.Config), `"ifname":"owzt000001"`)
	require.Contains(t, string(template.Config), `"name":"global"`)
	d := w.device("ap1", template)
	w.work()
	require.Equal(t, []any{"10.42.0.2"}, z.members[id+"/0000000001"]["ipAssignments"])
	vars, err := w.ctl.Devices.Context(ctx(), all(), d.Device.ID)
	require.NoError(t, err)
	require.Equal(t, "0000000001", vars.System["zerotier_member_id"])
	require.Equal(t, "0000000001:0:aa:bb", vars.System["secret"])

	second := w.zeroTier("zt2", z)
	require.NoError(t, w.Servers.Create(ctx(), second))
	other := w.template("vpn2", second, func(o *controller.Template) { o.Config = `{"general":{"timezone":"UTC"}}` })
	require.NoError(t, w.assign(d, template, other))
	w.work()
	require.Contains(t, z.members, second.NetworkID+"/0000000001", "one identity in all networks of a device")
	require.Equal(t, 1, made)

	_, err = w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { s.Name = "renamed"; return nil })
	require.NoError(t, err)
	w.work()
	require.Equal(t, "renamed", z.networks[id]["name"])
	require.NoError(t, w.assign(d, other))
	w.work()
	require.NotContains(t, z.members, id+"/0000000001")
	require.NoError(t, w.Servers.Delete(ctx(), all(), s.ID))
	w.work()
	require.NotContains(t, z.networks, id)
	require.NotContains(t, z.joined, id)
}

func TestZeroTierControllersThatFail(t *testing.T) {
	z := newZeroTier(t)
	w := newWorld(t, &vpn.Options{NewIdentity: func() (wispwright.Secret, error) { return "0123456789:0:aa:bb", nil }})
	for name, c := range map[string]struct {
		change       func(s *vpn.Server)
		field, words string
	}{
		"wrong token": {func(s *vpn.Server) { s.AuthToken = "x" }, "auth_token", "Authorization failed for ZeroTier controller, ensure you are using the correct authorization token"},
		"error":       {func(*vpn.Server) { z.status = 500 }, "host", "Failed to connect to the ZeroTier controller, ensure you are using the correct hostname (error: Internal Server Error, status code: 500)"},
		"nonsense":    {func(*vpn.Server) { z.nonsense = "<html>" }, "host", "Failed to connect to the ZeroTier controller, Error: the ZeroTier controller answered something that is no JSON object"},
		"no address":  {func(*vpn.Server) { z.nonsense = `{"address":"../../x"}` }, "host", "Failed to connect to the ZeroTier controller, Error: it did not tell its address"},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.zeroTier(name, z)
			c.change(s)
			err := w.Servers.Create(ctx(), s)
			z.status, z.nonsense = 0, ""
			require.Equal(t, c.words, faults(t, err)[c.field])
		})
	}
	require.Empty(t, z.networks)
	taken := w.wireguard("taken", "10.99.0.0/24")
	s := w.zeroTier("x", z)
	s.Name = taken.Name
	require.Error(t, w.Servers.Create(ctx(), s))
	require.Empty(t, z.networks, "the network of a server that was not stored")

	s = w.zeroTier("zt", z)
	require.NoError(t, w.Servers.Create(ctx(), s))
	w.work()
	d := w.device("ap1", w.template("vpn", s, nil))
	job := w.queue.jobs[0]
	require.Equal(t, vpn.JobMember, job.Kind)
	for status, final := range map[int]bool{503: false, 403: true} {
		z.status = status
		err := w.Work(ctx(), job)
		require.Error(t, err)
		var f *vpn.FinalError
		if final {
			require.ErrorAs(t, err, &f)
		} else {
			require.NotErrorAs(t, err, &f)
		}
	}
	stored, err := w.Servers.Get(ctx(), all(), s.ID)
	require.NoError(t, err)
	require.Contains(t, stored.Trouble, "ZeroTier controller: ")
	z.status = 0
	require.NoError(t, w.Work(ctx(), job))
	stored, err = w.Servers.Get(ctx(), all(), s.ID)
	require.NoError(t, err)
	require.Empty(t, stored.Trouble)
	w.queue.jobs = nil
	require.NoError(t, w.ctl.Devices.Delete(ctx(), all(), d.Device.ID, true))
	z.members = map[string]map[string]any{}
	w.work() // what is not there any more is no failure
}
