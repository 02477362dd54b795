package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/internal/testkit"
)

// PostgreSQL goes away while a template spreads, at any moment and also for
// longer than outcomes of jobs are kept trying: after it returns no device is
// left behind.
func TestOutageLeavesNoDeviceBehind(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the database is away for seconds")
	}
	drill(t, 60, 2*time.Minute, 500*time.Millisecond, 9*time.Second)
}

// The same, as long as administrators know it: fifty outages of up to a minute, ten
// seconds after which everything is as it should be.
func TestSoakOutages(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("takes half an hour (make soak)")
	}
	var away []time.Duration
	for range 50 {
		away = append(away, 5*time.Second+rand.N(55*time.Second))
	}
	drill(t, 1100, 10*time.Second, away...)
}

// drill changes the template of some devices, once for each outage, and fails
// when a device has the old configuration for longer than patience after it.
func drill(t *testing.T, devices int, patience time.Duration, outages ...time.Duration) {
	gate := testkit.PostgresGate(t)
	db := testkit.Open(t, gate.URL)
	s := newSite(t, db)
	id := s.template("0\n")
	client := &agent.Client{BaseURL: s.url}
	join := func(ctx context.Context, n int) (agent.Credentials, error) {
		d, err := s.Controller().Agents.Register(ctx, protocol.Registration{
			Secret: "s3cr3tS3cr3t", Backend: "netjsonconfig.OpenWrt", Name: fmt.Sprint("d", n), MACAddress: fmt.Sprintf("02:00:00:00:%02X:%02X", n>>8, n&0xff),
		})
		if err != nil {
			return agent.Credentials{}, err
		}
		return agent.Credentials{UUID: d.Device.ID.Hex(), Key: d.Device.Key}, nil
	}
	var fleet []agent.Credentials
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error { // one commit for all
		fleet = nil
		for n := range devices {
			c, err := join(ctx, n)
			if err != nil {
				return err
			}
			fleet = append(fleet, c)
		}
		return nil
	}))
	have := make([]string, devices)
	// behind counts the devices that are not served anything new, and notes what
	// the others are
	behind := func(have []string) (n int) {
		for i, c := range fleet {
			if sum, err := client.Checksum(t.Context(), c, ""); err != nil || sum == have[i] {
				n++
			} else {
				have[i] = sum
			}
		}
		return n
	}
	require.Zero(t, behind(have))
	for i, away := range outages {
		s.api("PATCH", "/api/v1/controller/template/"+id+"/", map[string]any{"config": motd(fmt.Sprintf("%d\n", i+1))}, http.StatusOK)
		time.Sleep(rand.N(900 * time.Millisecond)) // any moment of the job
		gate.Close()
		time.Sleep(away)
		gate.Open()
		back := time.Now()
		old := slices.Clone(have)
		for {
			asked := time.Since(back)
			n := behind(slices.Clone(old))
			if n == 0 {
				break
			}
			require.Less(t, asked, patience, "%d of %d devices have the old configuration, after an outage of %s", n, devices, away)
		}
		require.Zero(t, behind(have))
		t.Logf("away %s: all devices right %s later", away.Round(time.Millisecond), time.Since(back).Round(time.Millisecond))
	}
}
