package simulate

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
)

// controller is a scripted server.
type controller struct {
	mu       sync.Mutex
	devices  map[string]agent.Registration
	applied  map[string]int
	archive  []byte
	tamper   bool
	failOnce map[string]bool
}

var errScripted = errors.New("scripted failure")

func (c *controller) Register(_ context.Context, r agent.Registration) (agent.Identity, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failOnce[r.Name] {
		delete(c.failOnce, r.Name)
		return agent.Identity{}, errScripted
	}
	c.devices[r.MACAddress] = r
	return agent.Identity{Credentials: agent.Credentials{UUID: r.MACAddress, Key: r.Key}}, nil
}

func (c *controller) sum() string {
	s := md5.Sum(c.archive)
	return hex.EncodeToString(s[:])
}

func (c *controller) Checksum(context.Context, agent.Credentials, string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sum(), nil
}

func (c *controller) Download(context.Context, agent.Credentials, string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tamper {
		return []byte("something else"), nil
	}
	return c.archive, nil
}

func (c *controller) ReportStatus(_ context.Context, d agent.Credentials, status, _ string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if status != agent.ReportApplied {
		return errScripted
	}
	c.applied[d.UUID]++
	return nil
}

func newController() *controller {
	return &controller{devices: map[string]agent.Registration{}, applied: map[string]int{}, archive: []byte("one"), failOnce: map[string]bool{}}
}

func TestEveryDeviceAppliesOnce(t *testing.T) {
	c := newController()
	c.failOnce["sim-000003"] = true
	var progress strings.Builder
	r, err := Run(t.Context(), c, Options{Secret: "s", Devices: 300, Once: true, Ramp: -1, Interval: 40 * time.Millisecond,
		Duration: 5 * time.Minute, Progress: &progress, Every: time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, 300, r.Applied())
	require.Len(t, c.devices, 300, "every device has an address of its own")
	for id, n := range c.applied {
		require.Equal(t, 1, n, "%s applied an unchanged configuration again", id)
	}
	require.EqualValues(t, 1, r.Failed(Register))
	require.EqualValues(t, 300, r.Latency[Register].Count())
	var table strings.Builder
	_, err = r.WriteTo(&table)
	require.NoError(t, err)
	require.Contains(t, table.String(), "300 devices, 300 applied")
	require.Contains(t, table.String(), "1 × scripted failure")
	require.Contains(t, progress.String(), "applied 300/300", "the last line tells the end")
}

// lastComes ends a run when the device of this name registers.
type lastComes struct {
	*controller
	name string
	end  context.CancelFunc
}

func (c lastComes) Register(ctx context.Context, r agent.Registration) (agent.Identity, error) {
	if r.Name == c.name {
		c.end()
		return agent.Identity{}, ctx.Err()
	}
	return c.controller.Register(ctx, r)
}

func TestATamperedArchiveIsNotApplied(t *testing.T) {
	c := newController()
	c.tamper = true
	ctx, end := context.WithCancel(t.Context())
	// one after the other, so that five have failed when the sixth comes
	r, err := Run(ctx, lastComes{c, "sim-000005", end}, Options{Secret: "s", Devices: 6, Concurrency: 1, Ramp: time.Microsecond, Interval: time.Hour})
	require.NoError(t, err)
	require.Zero(t, r.Applied())
	require.EqualValues(t, 5, r.Failed(Download))
	require.Empty(t, c.applied)
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := Run(t.Context(), newController(), Options{})
	require.ErrorContains(t, err, "shared secret")
	_, err = Run(t.Context(), newController(), Options{Secret: "s", Devices: -1})
	require.ErrorContains(t, err, "devices")
}
