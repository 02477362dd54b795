package server_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/country"
	"github.com/wispwright/wispwright/internal/netifd"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/cli"
)

// TestMain also plays the programs of hosts and devices in the namespaces of a test.
func TestMain(m *testing.M) {
	switch os.Getenv("WISPWRIGHT_TEST_PLAY") {
	case "wispwright":
		os.Exit(cli.Run(cli.Program{Build: "test", Args: os.Args[1:], Environ: nil, In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	case "netifd":
		if err := netifd.Apply(context.Background(), os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case "document":
		if err := printDocument(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// insideNamespaces names the variable that says that a test runs in namespaces of its
// own.
const insideNamespaces = "WISPWRIGHT_TEST_NAMESPACES"

// within runs a test in namespaces of its own, where nothing of the machine's network
// can be reached or harmed, and what it starts ends with it. It returns true inside.
func within(t *testing.T, programs ...string) bool {
	if os.Getenv(insideNamespaces) != "" {
		require.NoError(t, country.Prepare())
		return true
	}
	if len(programs) == 0 {
		programs = []string{"wireguard-go", "openvpn"}
	}
	if missing := country.Missing(programs...); missing != "" {
		require.Empty(t, os.Getenv("WISPWRIGHT_REQUIRE_SERVICES"), "scripts/services start vpn routers: this machine lacks %s", missing)
		t.Skipf("this machine lacks %s", missing)
	}
	cmd := country.Enter(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), insideNamespaces+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || testing.Verbose() {
		t.Logf("%s", out)
	}
	require.NoError(t, err)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return false
}

// vpnCountry has the installation in its middle, hosts and devices around it.
type vpnCountry struct {
	*vpnClient
	*country.Country
	base string
	dir  string
}

func newCountry(t *testing.T, change func(*settings)) *vpnCountry {
	w := &vpnCountry{dir: t.TempDir()}
	var err error
	w.Country, err = country.New(w.dir)
	require.NoError(t, err)
	w.vpnClient = newVPNClient(t, testkit.SQLite(t), change)
	require.NoError(t, w.Start(t.Context()))
	l, err := net.Listen("tcp", country.Middle+":0")
	require.NoError(t, err)
	web := &httptest.Server{Listener: l, Config: &http.Server{Handler: w.Server}}
	web.Start()
	t.Cleanup(web.Close)
	w.base = web.URL
	return w
}

func must(t *testing.T, lines ...string) {
	t.Helper()
	require.NoError(t, country.Run(lines...))
}

func (w *vpnCountry) place(name string, n int) {
	w.t.Helper()
	require.NoError(w.t, w.Place(name, n))
}

func (w *vpnCountry) background(name string, cmd *exec.Cmd) {
	w.t.Helper()
	log, err := os.Create(filepath.Join(w.dir, name+".log"))
	require.NoError(w.t, err)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(w.t, cmd.Start())
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill() // the namespace kills it too
		_ = cmd.Wait()
		if text, err := os.ReadFile(log.Name()); err == nil && w.t.Failed() {
			w.t.Logf("%s: %s", name, text)
		}
	})
}

// host runs vpn-server in a namespace.
func (w *vpnCountry) host(place string, options string, servers ...object) {
	w.t.Helper()
	text := ""
	for _, s := range servers {
		text += fmt.Sprintf("%s %s\n", s["id"], s["key"])
	}
	list := filepath.Join(w.dir, place+".servers")
	require.NoError(w.t, os.WriteFile(list, []byte(text), 0o600))
	w.background(place, w.Command(place, fmt.Sprintf("WISPWRIGHT_TEST_PLAY=wispwright exec %s vpn-server %s --servers %s --folder %s %s", os.Args[0], w.base, list, filepath.Join(w.dir, "vpn-"+place), options)))
}

// agent runs our agent as a device in a namespace.
func (w *vpnCountry) agent(program, place string, n int) {
	w.t.Helper()
	root := filepath.Join(w.dir, "root-"+place)
	require.NoError(w.t, os.MkdirAll(filepath.Join(root, "etc/openwisp"), 0o755))
	hook := filepath.Join(root, "etc/openwisp/post-reload-hook")
	require.NoError(w.t, os.WriteFile(hook, []byte("#!/bin/sh\nexport PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin\nWISPWRIGHT_TEST_PLAY=netifd exec "+os.Args[0]+" "+root+" >>"+root+"/netifd.log 2>&1\n"), 0o755))
	w.t.Cleanup(func() {
		if text, err := os.ReadFile(root + "/netifd.log"); err == nil && w.t.Failed() {
			w.t.Logf("%s: %s", place, text)
		}
	})
	w.background("agent-"+place, w.Command(place, fmt.Sprintf("exec %s config --root %s --foreground --url %s --shared-secret secretalpha0123456789 --hostname %s --mac-address 02:00:00:00:01:%02X --interval 1 --management-interface wgmgmt --bootup-delay 0 --post-reload-delay 0",
		program, root, w.base, place, n)))
}

func (w *vpnCountry) crosses(place, address string) {
	w.t.Helper()
	testkit.Eventually(w.t, place+" reaches "+address, func(ctx context.Context) bool { return country.Reaches(ctx, place, address) })
}

func (w *vpnCountry) dies(place, address string) {
	w.t.Helper()
	testkit.Eventually(w.t, place+" reaches "+address+" no more", func(ctx context.Context) bool { return !country.Reaches(ctx, place, address) })
}

// buildAgent builds our agent.
func buildAgent(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "agent")
	build := exec.Command("go", "build", "-o", program, "./agent/cmd/wispwright-agent")
	build.Dir = testkit.Root(t)
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// addressOf is that of a device's client at a server.
func (w *vpnCountry) addressOf(device any, server object) string {
	w.t.Helper()
	list := w.ask("manager", "GET", fmt.Sprintf("controller/device/%s/vpn-client/", device), nil, 200)["results"].([]any)
	for _, item := range list {
		if o := item.(object); o["vpn"] == server["id"] {
			return o["ip_address"].(string)
		}
	}
	w.t.Fatalf("device %s is no client of %s", device, server["name"])
	return ""
}

// named waits for a device that registered by itself.
func (w *vpnCountry) named(name string) (device object) {
	w.t.Helper()
	testkit.Eventually(w.t, name+" registers", func(context.Context) bool {
		for _, item := range w.ask("manager", "GET", "controller/device/", nil, 200)["results"].([]any) {
			if o := item.(object); o["name"] == name {
				device = o
			}
		}
		return device != nil
	})
	return device
}

// The whole way: servers and templates over REST, vpn-server on a host, our agent on two
// devices; pings cross, and do so no more where clients went.
func TestVPNsReallyComeUp(t *testing.T) {
	if !within(t) {
		return
	}
	w := newCountry(t, nil)
	if exec.Command("ip", "link", "add", "probe", "type", "wireguard").Run() != nil {
		t.Log("this kernel has no WireGuard: it runs in user space")
	} else {
		must(t, "ip link del probe")
	}
	program := buildAgent(t, w.dir)
	w.place("hub", 2)
	wg := w.wireguard("wg0", object{"subnet": w.subnet("10.66.0.0/24"), "host": "10.250.0.2"})
	vx := w.wireguard("wgx", object{"subnet": w.subnet("10.67.0.0/24"), "host": "10.250.0.2", "backend": "openwisp_controller.vpn_backends.VxlanWireguard",
		"config": object{"wireguard": []object{{"name": "wgx", "port": 51830}}, "vxlan": []object{{"name": "vx"}}}})
	w.host("hub", "--interval 5s --bridge vxbr", wg, vx)
	first := w.template(wg["id"], object{"auto_cert": true, "default": true})
	// two tunnels of one device need two ports
	layer2 := w.template(vx["id"], object{"name": "layer 2", "auto_cert": true, "default": true})
	config := w.ask("manager", "GET", "controller/template/"+layer2+"/", nil, 200)["config"].(object)
	config["interfaces"].([]any)[0].(object)["port"] = 51821
	w.ask("manager", "PATCH", "controller/template/"+layer2+"/", object{"config": config}, 200)
	for n, name := range []string{"ap1", "ap2"} {
		w.place(name, 11+n)
		w.agent(program, name, 11+n)
	}
	devices := []object{w.named("ap1"), w.named("ap2")}
	for _, name := range []string{"ap1", "ap2"} {
		w.crosses(name, "10.66.0.1")
		w.crosses(name, "10.67.0.1")
	}
	w.crosses("hub", w.addressOf(devices[0]["id"], wg))

	// frames cross over the bridge of the host: from one device to the other
	must(t, "ip netns exec ap1 ip addr add 172.30.0.1/24 dev vx", "ip netns exec ap2 ip addr add 172.30.0.2/24 dev vx")
	w.crosses("ap1", "172.30.0.2")

	state := func() object {
		return w.ask("manager", "GET", fmt.Sprintf("controller/vpn/%s/", wg["id"]), nil, 200)
	}
	testkit.Eventually(t, "the host reports", func(context.Context) bool {
		s, _ := state()["status"].(object)
		return s["state"] == "running" && s["connected"] == 2.0 && strings.HasPrefix(s["driver"].(string), "WireGuard, ")
	})

	// the template is taken from a device: its tunnel dies, the other one stays
	second := ""
	for _, item := range w.ask("manager", "GET", "controller/device/"+devices[1]["id"].(string)+"/", nil, 200)["config"].(object)["templates"].([]any) {
		if item != first {
			second = item.(string)
		}
	}
	hubKnows := w.addressOf(devices[1]["id"], wg)
	w.ask("manager", "PATCH", "controller/device/"+devices[1]["id"].(string)+"/", object{"config": object{"backend": "netjsonconfig.OpenWrt", "templates": []string{second}, "config": object{}}}, 200)
	w.dies("hub", hubKnows)
	w.crosses("ap1", "10.66.0.1")

	// a configuration that cannot come up is taken back, and reported
	w.ask("manager", "PATCH", fmt.Sprintf("controller/vpn/%s/", wg["id"]), object{"config": object{"wireguard": []object{{"name": "wg0", "port": 51830}}}}, 400)
	w.ask("manager", "PATCH", fmt.Sprintf("controller/vpn/%s/", wg["id"]), object{"host": "10.250.0.3", "config": object{"wireguard": []object{{"name": "wg0", "port": 51830}}}}, 200)
	testkit.Eventually(t, "the host reports that the port is taken", func(context.Context) bool {
		s, _ := state()["status"].(object)
		return s["state"] == "failed" && strings.Contains(s["reason"].(string), "in use")
	})
	w.ask("manager", "PATCH", fmt.Sprintf("controller/vpn/%s/", wg["id"]), object{"host": "10.250.0.2", "config": object{"wireguard": []object{{"name": "wg0", "port": 51820}}}}, 200)
	w.crosses("ap1", "10.66.0.1")
}

// The hub of the installation itself: one request, and devices that register are reached
// at their addresses in the tunnel.
func TestTheHubReachesDevices(t *testing.T) {
	if !within(t) {
		return
	}
	w := newCountry(t, func(c *settings) { c.VPN.Hub, c.VPN.HubForward = true, true })
	program := buildAgent(t, w.dir)
	suggested := w.ask("admin", "GET", "controller/management-network/", nil, 200)
	require.Equal(t, object{"hub": true, "host": "example.com", "port": 51820.0, "network": "10.255.0.0/16", "interface": "wgmgmt", "name": "Management VPN"}, suggested)
	made := w.ask("admin", "POST", "controller/management-network/", object{"organization": nil, "host": "10.250.0.1", "hub": true, "peers": true}, 201)

	for n, name := range []string{"ap1", "ap2"} {
		w.place(name, 11+n)
		w.agent(program, name, 11+n)
	}
	devices := []object{w.named("ap1"), w.named("ap2")}
	hub := object{"id": made["vpn"], "name": "hub"}
	first, second := w.addressOf(devices[0]["id"], hub), w.addressOf(devices[1]["id"], hub)
	testkit.Eventually(t, "the installation reaches a device in the tunnel", func(ctx context.Context) bool {
		return exec.CommandContext(ctx, "ping", "-n", "-c", "1", "-W", "1", first).Run() == nil
	})
	w.crosses("ap1", second) // over the hub
	written, err := os.ReadFile(filepath.Join(w.dir, "root-ap1/etc/config/openwisp"))
	require.NoError(t, err)
	require.Contains(t, string(written), "management_interface 'wgmgmt'", "with procd the agent begins anew with that; here it was begun with it")
	testkit.Eventually(t, "the device says its management address", func(context.Context) bool {
		return w.ask("manager", "GET", "controller/device/"+devices[0]["id"].(string)+"/", nil, 200)["management_ip"] == first
	})
	testkit.Eventually(t, "the hub reports", func(context.Context) bool {
		status, _ := w.ask("admin", "GET", fmt.Sprintf("controller/vpn/%s/", made["vpn"]), nil, 200)["status"].(object)
		return status["state"] == "running" && status["connected"] == 2.0
	})

	w.ask("admin", "DELETE", fmt.Sprintf("controller/template/%s/", made["template"]), nil, 204)
	w.ask("admin", "DELETE", fmt.Sprintf("controller/vpn/%s/", made["vpn"]), nil, 204)
	testkit.Eventually(t, "a hub that is gone is taken down", func(ctx context.Context) bool {
		return exec.CommandContext(ctx, "ip", "link", "show", "wgmgmt").Run() != nil
	})
}
