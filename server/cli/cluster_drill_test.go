package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

// bound is how long a node may answer what another one has changed, when it does not hear of it
// (docs/scaling.md).
const bound = 10 * time.Second

// Three nodes share the work. The one that leads is killed under load, and the nodes are upgraded
// one after the other by a program that changes tables: what was acknowledged is there, and
// every node answers it.
func TestThreeNodesLoseNothing(t *testing.T) { clusterDrill(t, 1, 100*time.Millisecond) }

// The same, over and over and as fast as it goes.
func TestSoakThreeNodesLoseNothing(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("make soak")
	}
	clusterDrill(t, 8, 0)
}

// drill is a cluster under load, and a template that all of its devices have.
type drill struct {
	*cluster
	*load
	template string
	said     int // how often it was changed
}

func clusterDrill(t *testing.T, rounds int, pause time.Duration) {
	d := &drill{cluster: newCluster(t, 3)}
	var org struct{ Results []struct{ ID string } }
	first := &installation{t: t, url: d.nodes[0].url}
	first.ask("GET", "/api/v1/users/organization/", "", &org)
	organization := org.Results[0].ID
	var made struct{ ID string }
	first.ask("POST", "/api/v1/controller/template/", `{"name":"all","organization":"`+organization+`","backend":"netjsonconfig.OpenWrt","type":"generic","default":true,"config":{"general":{"description":"change 0"}}}`, &made)
	d.template = made.ID
	d.load = d.cluster.begin(organization, 4, 2, pause)
	d.more(20)
	d.heard()
	for round := range rounds {
		require.Empty(t, d.trouble(), "nothing fails while all nodes are there")
		t.Logf("round %d: %d devices", round, d.known())
		dead := d.lost()
		if round < rounds-1 {
			d.led(dead)
		} else {
			d.upgraded() // also while none leads
			d.led(dead)
		}
	}
	d.load.stop()
	failed := d.failed.Load()
	testkit.Eventually(t, "the last change is with all devices", func(ctx context.Context) bool { return d.spread(ctx) })
	for _, one := range d.nodes {
		d.kept(one.url, d.text())
	}
	for n, sent := range d.proxy.served() {
		require.NotZero(t, sent, "node %d", n)
	}
	t.Logf("%d requests, %d of them failed while a node was killed; %d devices and %d groups are there", d.asked.Load(), failed, len(d.devices), len(d.groups))
	d.cluster.end()
}

func (d *drill) text() string { return fmt.Sprintf("change %d'", d.said) }

// change changes the template at an address.
func (d *drill) change(url string) {
	d.said++
	var out json.RawMessage
	(&installation{t: d.cluster.t, url: url}).ask("PATCH", "/api/v1/controller/template/"+d.template+"/", fmt.Sprintf(`{"config":{"general":{"description":"change %d"}}}`, d.said), &out)
}

// spread reports whether a new configuration was made for all devices.
func (d *drill) spread(ctx context.Context) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	client := simulate.NewClient(d.url, 1, patience)
	for _, one := range d.devices {
		archive, err := client.Download(ctx, one, "")
		if err != nil || !holds(d.cluster.t, archive, d.text()) {
			return false
		}
	}
	return true
}

// heard changes the template at each node, and times how long the others go on answering a
// device what it had before.
func (d *drill) heard() {
	t := d.cluster.t
	d.mu.Lock()
	var one agent.Credentials
	for _, one = range d.devices {
		break // any
	}
	d.mu.Unlock()
	worst := time.Duration(0)
	for at := range 2 * len(d.nodes) {
		for _, n := range d.nodes { // they remember it
			_, err := simulate.NewClient(n.url, 1, patience).Checksum(t.Context(), one, "")
			require.NoError(t, err)
		}
		d.change(d.nodes[at%len(d.nodes)].url)
		since := time.Now()
		for n := range d.nodes {
			client := simulate.NewClient(d.nodes[n].url, 1, patience)
			testkit.Eventually(t, "another node answers what was changed", func(ctx context.Context) bool {
				archive, err := client.Download(ctx, one, "")
				require.NoError(t, err)
				return holds(t, archive, d.text())
			})
		}
		worst = max(worst, time.Since(since))
	}
	require.Less(t, worst, bound)
	t.Logf("a change of a template is what all nodes answer after %s at most", worst.Round(time.Millisecond))
}

// lost kills the node that leads in the middle of a change of all devices, which reaches all of
// them nevertheless. It returns the name under which that node led.
func (d *drill) lost() (led string) {
	t := d.cluster.t
	led, n := d.led("")
	d.change(d.nodes[(n+1)%len(d.nodes)].url)
	d.nodes[n].kill()
	d.more(5)
	testkit.Eventually(t, "the change is with all devices", func(ctx context.Context) bool { return d.spread(ctx) })
	d.cluster.start(n)
	t.Logf("node %d led and was killed; %d requests failed", n, len(d.trouble()))
	return led
}

// upgraded replaces each node's program by a later one, under load. The first of them
// changes the tables, which the others go on with; none of them starts again. Where the proxy hears of the end of a node
// in time, nobody else does.
func (d *drill) upgraded() {
	t := d.cluster.t
	for n := range d.nodes {
		known := d.cluster.stop(n)
		d.cluster.start(n, asLater+"=1")
		kept, err := filepath.Glob(filepath.Join(filepath.Dir(d.nodes[n].data), "backups", "before-migration-*"))
		require.NoError(t, err)
		if n == 0 {
			require.Len(t, kept, 1, "there is a backup of before")
			d.refused(1)
		} else {
			require.Empty(t, kept)
		}
		d.change(d.url)
		d.more(5)
		trouble := d.trouble()
		if !known {
			t.Logf("the machine is so busy that the proxy did not hear of the end of node %d in time", n)
			continue
		}
		require.Empty(t, trouble, "nobody notices that node %d is another program now", n)
	}
	log, err := os.ReadFile(d.nodes[0].log)
	require.NoError(t, err)
	require.Contains(t, string(log), "the tables are about to change")
}
