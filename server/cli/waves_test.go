package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	vocabulary "github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

// api asks the API of a running server as root.
func (i *installation) api(method, path string, body any, status int) map[string]any {
	i.t.Helper()
	b, err := json.Marshal(body)
	require.NoError(i.t, err)
	r, err := http.NewRequestWithContext(i.t.Context(), method, i.url+path, bytes.NewReader(b))
	require.NoError(i.t, err)
	r.Header.Set("Authorization", "Bearer 0123456789abcdef0123456789abcdef01234567")
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(i.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(i.t, err)
	require.Equal(i.t, status, answer.StatusCode, "%s %s: %s", method, path, text)
	out := map[string]any{}
	require.NoError(i.t, json.Unmarshal(text, &out), "%s", text)
	return out
}

// polled is a device that asks, fetches and reports as agents do.
type polled struct {
	who  agent.Credentials
	runs string
}

// poll lets all devices ask once; those to whom the server is gone ask again.
func poll(ctx context.Context, client *agent.Client, all []*polled) {
	var wg sync.WaitGroup
	for _, d := range all {
		wg.Go(func() {
			sum, err := client.Checksum(ctx, d.who, "")
			if err != nil || sum == d.runs {
				return
			}
			if _, err := client.Download(ctx, d.who, ""); err != nil {
				return
			}
			if client.ReportStatus(ctx, d.who, "applied", "") == nil {
				d.runs = sum
			}
		})
	}
	wg.Wait()
}

// The server is killed again and again while a plan is applied in waves. It goes
// on where it was, and each device gets the new configuration once.
func TestKilledServerGoesOnWithItsWaves(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killedInWaves(t, install(t, crashFixture)) })
	t.Run("postgresql", func(t *testing.T) {
		killedInWaves(t, install(t, crashFixture, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t)))
	})
}

func killedInWaves(t *testing.T, i *installation) {
	// The devices have no address and send no documents: checks, often so that they run within the test, say nothing of them.
	i.more = append(i.more, "WISPWRIGHT_CONTROLLER_SEEN_INTERVAL=1s", "WISPWRIGHT_MONITORING_CHECKS=true", "WISPWRIGHT_MONITORING_CHECK_INTERVAL=10s")
	i.start()
	ctx := t.Context()
	organization := i.api("GET", "/api/v1/users/organization/", nil, 200)["results"].([]any)[0].(map[string]any)["id"]
	config := func(mtu int) map[string]any {
		return map[string]any{"interfaces": []any{map[string]any{"name": "eth0", "type": "ethernet", "mtu": mtu}}}
	}
	template := i.api("POST", "/api/v1/controller/template/", map[string]any{"name": "wan", "organization": organization, "backend": "netjsonconfig.OpenWrt", "default": true, "config": config(1500)}, 201)["id"]
	client := simulate.NewClient(i.url, 8, patience)
	var devices []*polled
	for n := range 60 {
		mac := fmt.Sprintf("02:00:00:00:01:%02X", n)
		id, err := client.Register(ctx, agent.Registration{Key: agent.ConsistentKey(mac, "s3cr3tS3cr3t"), Secret: "s3cr3tS3cr3t", Name: mac, MACAddress: mac, Backend: "netjsonconfig.OpenWrt"})
		require.NoError(t, err)
		devices = append(devices, &polled{who: id.Credentials})
	}
	poll(ctx, client, devices)
	testkit.Eventually(t, "all devices were heard of", func(context.Context) bool {
		return i.api("GET", "/api/v1/controller/device/?last_seen__isnull=false&page_size=1", nil, 200)["count"] == 60.0
	})
	plan := i.api("POST", "/api/v1/controller/plan/", map[string]any{"name": "jumbo", "organization": organization, "changes": []any{map[string]any{"kind": "template", "action": "update", "id": template, "set": map[string]any{"config": config(9000)}}}}, 201)
	at := fmt.Sprintf("/api/v1/controller/plan/%s/", plan["id"])
	i.api("POST", at+"compute/", nil, 202)
	testkit.Eventually(t, "the plan is rehearsed", func(context.Context) bool { return i.api("GET", at, nil, 200)["status"] == "planned" })
	require.EqualValues(t, 60, i.api("GET", at, nil, 200)["changed"])
	rollout := i.api("POST", at+"apply/", map[string]any{"strategy": map[string]any{"waves": []any{map[string]any{"count": 10}, map[string]any{"percent": 50}}, "parallel": 10}}, 200)["rollout"]
	wave := fmt.Sprintf("/api/v1/rollout/%s/", rollout)
	done := func() (n float64) {
		for _, w := range i.api("GET", wave, nil, 200)["progress"].([]any) {
			some, _ := w.(map[string]any)["states"].(map[string]any)["done"].(float64)
			n += some
		}
		return n
	}
	for _, until := range []float64{5, 20, 40} {
		testkit.Eventually(t, "some more devices are through", func(context.Context) bool {
			poll(ctx, client, devices)
			return done() >= until
		})
		i.kill()
		i.start()
		client = simulate.NewClient(i.url, 8, patience)
	}
	testkit.Eventually(t, "the plan is applied", func(context.Context) bool {
		poll(ctx, client, devices)
		time.Sleep(50 * time.Millisecond)
		return i.api("GET", at, nil, 200)["status"] == "applied"
	})
	require.EqualValues(t, 60, done())
	poll(ctx, client, devices)
	for _, d := range devices {
		id, err := vocabulary.ParseID(d.who.UUID)
		require.NoError(t, err)
		at := fmt.Sprintf("/api/v1/controller/device/%s/", id)
		require.EqualValues(t, 2, i.api("GET", at+"version/", nil, 200)["count"], "each device gets the new configuration once")
		require.Equal(t, "applied", i.api("GET", at, nil, 200)["config"].(map[string]any)["status"])
	}
	i.kill()
}
