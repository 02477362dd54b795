package cli_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/simulate"
)

// TestSoakNodesFigures measures what one, two and three nodes on one PostgreSQL do, all on this machine,
// and what of it are the nodes' and what the database's processor seconds: those hold for other machines too.
func TestSoakNodesFigures(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("make soak")
	}
	for n := 1; n <= 3; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) { figures(t, n) })
	}
}

// clients ask at once.
const clients = 16

func figures(t *testing.T, n int) {
	c := newCluster(t, n)
	defer c.end()
	client := simulate.NewClient(c.url, clients, patience)
	devices := make([]agent.Credentials, 2000)
	c.measure("registration", len(devices), func(ctx context.Context, k int) error {
		mac := fmt.Sprintf("02:0D:00:00:%02X:%02X", k>>8, k&0xff)
		id, err := client.Register(ctx, agent.Registration{Key: agent.ConsistentKey(mac, "s3cr3tS3cr3t"), Secret: "s3cr3tS3cr3t", Name: mac, MACAddress: mac})
		devices[k] = id.Credentials
		return err
	})
	c.measure("first checksum", len(devices), func(ctx context.Context, k int) error {
		_, err := client.Checksum(ctx, devices[k], "")
		return err
	})
	c.measure("checksum", 40_000, func(ctx context.Context, k int) error {
		_, err := client.Checksum(ctx, devices[k*7%len(devices)], "")
		return err
	})
	sender := &simulate.Sender{URL: client.BaseURL, HTTP: client.HTTP}
	measured := make([]*simulate.Measured, len(devices))
	for k := range measured {
		measured[k] = simulate.NewMeasured(uint64(k))
	}
	send := func(at time.Time) func(ctx context.Context, k int) error {
		return func(ctx context.Context, k int) error {
			return sender.Send(ctx, devices[k], at, measured[k].Document(at))
		}
	}
	at := time.Now().UTC().Truncate(time.Second)
	c.measure("first document", len(devices), send(at.Add(-10*time.Minute)))
	c.measure("document", len(devices), send(at.Add(-5*time.Minute)))
	c.measure("document", len(devices), send(at))
}

// measure does something n times and tells how often in a second, and what processors did for each.
func (c *cluster) measure(what string, n int, do func(ctx context.Context, k int) error) {
	t := c.t
	t.Helper()
	nodes, database := c.seconds()
	begun := time.Now()
	var next, failed atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for k := int(next.Add(1)) - 1; k < n; k = int(next.Add(1)) - 1 {
				if err := do(t.Context(), k); err != nil {
					failed.Add(1)
					t.Errorf("%s: %v", what, err)
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(begun)
	nodesAfter, databaseAfter := c.seconds()
	require.Zero(t, failed.Load())
	load, err := os.ReadFile("/proc/loadavg")
	require.NoError(t, err)
	t.Logf("| %d | %s | %.0f/s | %.2f ms | %.2f ms | %s |", len(c.nodes), what, float64(n)/took.Seconds(), (nodesAfter-nodes)*1000/float64(n), (databaseAfter-database)*1000/float64(n), strings.Fields(string(load))[0])
}

// seconds are those that processors spent for the nodes, and for their connections to the database.
func (c *cluster) seconds() (nodes, database float64) {
	c.t.Helper()
	for _, one := range c.nodes {
		nodes += spent(c.t, one.cmd.Process.Pid)
	}
	backends, err := sqlstore.Select[int](c.t.Context(), c.db, "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'node-%'")
	require.NoError(c.t, err)
	for _, pid := range backends {
		database += spent(c.t, pid)
	}
	return nodes, database
}

// spent is what a process has used of processors, in seconds (proc(5)).
func spent(t *testing.T, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if os.IsNotExist(err) {
		return 0 // a connection that was closed meanwhile
	}
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	const perSecond = 100 // of the kernel's clock on all systems with Linux that matter here
	user, err := strconv.Atoi(fields[11])
	require.NoError(t, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(t, err)
	return float64(user+system) / perSecond
}
