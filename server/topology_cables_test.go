package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/agent"
	agentmonitoring "github.com/wispwright/wispwright/agent/monitoring"
	"github.com/wispwright/wispwright/internal/country"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/topology/cables"
)

// printDocument prints a document of our agent of where it runs.
func printDocument() error {
	tree, err := agent.NewTree("/")
	if err != nil {
		return err
	}
	text, err := agentmonitoring.Once(context.Background(), agentmonitoring.NewCollector(agentmonitoring.OnThisMachine(tree)), agentmonitoring.ParseMonitored(""))
	if err == nil {
		_, err = os.Stdout.Write(text)
	}
	return err
}

// cabled is a server whose organization has devices that report their cables.
type cabled struct {
	*monitored
	keys map[string]string // of devices by their ids
}

func newCabled(t *testing.T, db *sqlstore.DB) *cabled {
	return &cabled{newMonitored(t, db, func(c *settings) {
		c.Topology.LLDP, c.Topology.LLDPInterval, c.Topology.LLDPAge = true, time.Second, time.Hour
	}), map[string]string{}}
}

// device makes one and returns its id.
func (c *cabled) add(t *testing.T, name, mac string) string {
	t.Helper()
	key := strings.Repeat(name[:1], 32)
	w := c.as("admin", http.MethodPost, "/api/v1/controller/device/", fmt.Sprintf(`{"name":%q,"organization":%q,"mac_address":%q,"key":%q}`, name, c.organization, mac, key))
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	var made struct{ ID string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
	c.keys[made.ID] = key
	return made.ID
}

func (c *cabled) report(t *testing.T, device, body string) {
	t.Helper()
	m := *c.monitored
	m.device, m.key = device, c.keys[device]
	w := m.post(t, time.Now(), body)
	require.Equal(t, 200, w.Code, w.Body)
}

// cables are the links of the organization's topology of cables, by the names of their ends, with their state and
// the ports of both ends; "" if there is no such topology.
func (c *cabled) cables(t *testing.T) string {
	t.Helper()
	w := c.as("admin", http.MethodGet, "/api/v1/network-topology/topology/", "")
	require.Equal(t, 200, w.Code, w.Body)
	var list struct {
		Collection []struct {
			Label, Protocol string
			Nodes           []struct{ ID, Label string }
			Links           []struct {
				Source, Target string
				Properties     struct {
					Status string
					From   string `json:"source_port"`
					To     string `json:"target_port"`
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
	found := ""
	for _, o := range list.Collection {
		if o.Protocol != "LLDP" {
			continue
		}
		require.Empty(t, found, "an organization has one")
		names := map[string]string{}
		for _, n := range o.Nodes {
			names[n.ID] = n.Label
		}
		found = o.Label + ":"
		lines := map[string]bool{}
		for _, l := range o.Links {
			lines[fmt.Sprintf(" %s.%s-%s.%s %s", names[l.Source], l.Properties.From, names[l.Target], l.Properties.To, l.Properties.Status)] = true
		}
		for _, line := range slices.Sorted(maps.Keys(lines)) {
			found += line
		}
	}
	return found
}

// TestCables makes the topology of cables from what devices report, calls nodes what their devices are called, and
// sets its links down when no device tells of cables any more.
func TestCables(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newCabled(t, db)
		roof, hall := c.add(t, "roof", "02:00:00:00:01:01"), c.add(t, "hall", "02:00:00:00:01:02")
		said := func(own, port, other, theirs string) string {
			return fmt.Sprintf(`{"type":"DeviceMonitoring","lldp":{"chassis":{"id":%q,"id_type":"mac","name":"x"},"neighbors":[
				{"interface":%q,"protocol":"LLDP","chassis":{"id":%q,"id_type":"mac","name":"y"},"port":%q},
				{"interface":"wan","protocol":"LLDP","chassis":{"id":"rack 7","id_type":"local","name":"switch"},"port":"3"}]}}`, own, port, other, theirs)
		}
		c.report(t, roof, said("02:00:00:00:aa:01", "lan1", "02:00:00:00:aa:02", "eth0"))
		c.report(t, hall, said("02:00:00:00:aa:02", "lan4", "02:00:00:00:aa:01", "eth0"))
		want := ": cables: hall.wan-switch.3 up roof.lan1-hall.lan4 up roof.wan-switch.3 up"
		testkit.Eventually(t, "a topology of the cables", func(context.Context) bool { return strings.HasSuffix(c.cables(t), want) })
		for _, id := range []string{roof, hall} {
			require.Less(t, c.as("admin", http.MethodPost, "/api/v1/controller/device/"+id+"/deactivate/", "").Code, 300)
		}
		testkit.Eventually(t, "links that are down", func(context.Context) bool { return !strings.Contains(c.cables(t), " up") })
		require.Equal(t, 3, strings.Count(c.cables(t), " down"))
		graphs, ok := server.Find[*server.TopologyConcern](c.Concerns())
		require.True(t, ok)
		found, err := graphs.Topologies.List(t.Context(), wispwright.ScopeAll(), topology.TopologyFilter{MeshID: cables.MeshID}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, found.Rows, 1)
	})
}

// TestCablesOfRealDevices runs Debian's lldpd on three devices in namespaces, two behind the first: what our agent
// finds there becomes the topology of their organization.
func TestCablesOfRealDevices(t *testing.T) {
	if !within(t, "lldpd", "lldpcli", "unshare", "hostname") {
		return
	}
	c := newCabled(t, testkit.SQLite(t))
	dir := t.TempDir()
	must(t, "mount -t tmpfs none /run", "mkdir -p /run/netns /run/lldpd /run/wireguard")
	places := map[string]string{"alfa": "02:00:00:00:02:01", "bravo": "02:00:00:00:02:02", "charlie": "02:00:00:00:02:03"}
	for _, name := range slices.Sorted(maps.Keys(places)) {
		must(t, "ip netns add "+name, "ip -n "+name+" link set lo up")
	}
	must(t, "ip link add lan1 netns alfa address 02:00:00:00:02:01 type veth peer name wan address 02:00:00:00:02:02 netns bravo",
		"ip link add lan2 netns alfa address 02:00:00:00:02:11 type veth peer name wan address 02:00:00:00:02:03 netns charlie")
	for _, port := range []string{"alfa lan1", "alfa lan2", "bravo wan", "charlie wan"} {
		place, name, _ := strings.Cut(port, " ")
		must(t, "ip -n "+place+" link set "+name+" up")
	}
	world, err := country.New(dir)
	require.NoError(t, err)
	w := &vpnCountry{Country: world, dir: dir, vpnClient: &vpnClient{t: t}}
	documents := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(places)) {
		// each has the socket where lldpcli looks for it, by mounts of its own
		run := filepath.Join(dir, "run-"+name)
		require.NoError(t, os.MkdirAll(run+"/lldpd", 0o755))
		w.background("lldpd-"+name, w.Command(name, "mount --bind "+run+" /run && exec unshare --uts sh -c 'hostname "+name+"; exec lldpd -d -I lan1,lan2,wan'"))
		documents[name] = "mount --bind " + run + " /run && "
	}
	devices := map[string]string{}
	for name, mac := range places {
		devices[name] = c.add(t, name, mac)
	}
	testkit.Eventually(t, "neighbours of all three", func(context.Context) bool {
		for _, name := range slices.Sorted(maps.Keys(places)) {
			if out, err := w.Command(name, documents[name]+"lldpcli configure lldp tx-interval 1").CombinedOutput(); err != nil {
				t.Logf("%s: %s", name, out)
				return false
			}
		}
		for _, name := range slices.Sorted(maps.Keys(places)) {
			out, err := w.Command(name, documents[name]+"WISPWRIGHT_TEST_PLAY=document exec "+os.Args[0]).Output()
			require.NoError(t, err, name)
			c.report(t, devices[name], string(out))
		}
		return strings.HasSuffix(c.cables(t), ": cables: alfa.lan1-bravo.wan up alfa.lan2-charlie.wan up")
	})
}
