package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// told is what a RADIUS server knows of a session: what was sent, and what of it was
// acknowledged.
type told struct {
	sent, acknowledged int64
	known, stopped     bool // acknowledged
}

// The server is killed three times while a RADIUS server reports. Whatever it
// acknowledged is there after the next start, and nothing is there twice.
func TestKilledServerKeepsAccounting(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killedInAccounting(t, install(t, crashFixture)) })
	t.Run("postgresql", func(t *testing.T) {
		killedInAccounting(t, install(t, crashFixture, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t)))
	})
}

func killedInAccounting(t *testing.T, i *installation) {
	const root = "Bearer 0123456789abcdef0123456789abcdef01234567"
	client := &http.Client{Timeout: patience}
	ask := func(ctx context.Context, method, path, credentials string, body any) (int, []byte) {
		text, err := json.Marshal(body)
		if err != nil {
			t.Error(err)
			return 0, nil
		}
		r, err := http.NewRequestWithContext(ctx, method, i.url+path, bytes.NewReader(text))
		if err != nil {
			t.Error(err)
			return 0, nil
		}
		r.Header.Set("Authorization", credentials)
		r.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(r)
		if err != nil {
			return 0, nil // it was killed
		}
		defer answer.Body.Close()
		var out bytes.Buffer
		if _, err := out.ReadFrom(answer.Body); err != nil {
			return 0, nil // as above
		}
		return answer.StatusCode, out.Bytes()
	}
	i.start()
	var list struct{ Results []struct{ ID string } }
	status, text := ask(t.Context(), "GET", "/api/v1/users/organization/", root, nil)
	require.Equal(t, 200, status, "%s", text)
	require.NoError(t, json.Unmarshal(text, &list))
	organization := list.Results[0].ID
	status, text = ask(t.Context(), "PATCH", "/api/v1/radius/organization/"+organization+"/settings/", root, map[string]string{"token": "secrettoken", "freeradius_allowed_hosts": "127.0.0.1"})
	require.Equal(t, 200, status, "%s", text)
	credentials := "Bearer " + organization + " secrettoken"

	var lock sync.Mutex
	sessions := map[string]*told{}
	reports := 0
	// report sends one packet as a RADIUS server does, again and again until it is
	// acknowledged or the round ends
	report := func(ctx context.Context, id, kind string, octets int64) {
		for ctx.Err() == nil {
			status, text := ask(ctx, "POST", "/api/v1/freeradius/accounting/", credentials, map[string]any{"status_type": kind, "unique_id": id, "session_id": id, "username": "somebody",
				"nas_ip_address": "127.0.0.1", "calling_station_id": id, "called_station_id": "ap", "session_time": octets, "input_octets": octets, "output_octets": octets})
			lock.Lock()
			s := sessions[id]
			if status == 200 || status == 201 {
				s.acknowledged, s.known, s.stopped = octets, true, kind == "Stop"
				reports++
			}
			lock.Unlock()
			switch {
			case status == 200 || status == 201:
				return
			case status != 0 && status < 500:
				t.Errorf("%s of %s: %d %s", kind, id, status, text)
				return
			}
			time.Sleep(time.Millisecond) // busy, or gone: then the round ends soon
		}
	}
	for round := range 3 {
		if round > 0 {
			i.start()
		}
		ctx, stop := context.WithCancel(t.Context())
		var workers sync.WaitGroup
		for worker := range 8 {
			workers.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					id := fmt.Sprintf("%d-%d-%d", round, worker, n)
					lock.Lock()
					sessions[id] = &told{}
					lock.Unlock()
					for step, kind := range []string{"Start", "Interim-Update", "Interim-Update", "Stop"} {
						lock.Lock()
						sessions[id].sent = int64(step)
						lock.Unlock()
						report(ctx, id, kind, int64(step))
					}
				}
			})
		}
		for enough := false; !enough; time.Sleep(5 * time.Millisecond) {
			lock.Lock()
			enough = reports >= 100*(round+1) || t.Failed()
			lock.Unlock()
		}
		i.kill()
		stop()
		workers.Wait()
	}
	i.start()
	defer i.kill()
	type row struct {
		ID      string  `json:"id"`
		Unique  string  `json:"unique_id"`
		Session string  `json:"session_id"`
		Stop    *string `json:"stop_time"`
		Input   *int64  `json:"input_octets"`
		Output  *int64  `json:"output_octets"`
		Time    *int64  `json:"session_time"`
	}
	there := map[string]row{}
	for page := 1; ; page++ {
		status, text := ask(t.Context(), "GET", fmt.Sprintf("/api/v1/radius/accounting/?page_size=100&page=%d", page), root, nil)
		require.Equal(t, 200, status, "%s", text)
		var found struct {
			Count   int
			Results []row
		}
		require.NoError(t, json.Unmarshal(text, &found))
		for _, r := range found.Results {
			require.NotContains(t, there, r.Session, "a session is there twice")
			there[r.Session] = r
		}
		if len(found.Results) == 0 || len(there) >= found.Count {
			break
		}
	}
	n := 0
	for id, s := range sessions {
		r, ok := there[id]
		if !ok {
			require.False(t, s.known, "%s was acknowledged", id)
			continue
		}
		n++
		require.NotNil(t, r.Output, id)
		require.GreaterOrEqual(t, *r.Output, s.acknowledged, "%s: what was acknowledged", id)
		require.LessOrEqual(t, *r.Output, s.sent, "%s: nothing counts twice", id)
		require.Equal(t, *r.Output, *r.Input, "%s: a report is there whole", id)
		if s.stopped {
			require.NotNil(t, r.Stop, "%s: its end was acknowledged", id)
		}
	}
	require.Equal(t, n, len(there), "sessions of which nobody told")
	t.Logf("%d acknowledged reports of %d sessions survived three kills", reports, n)
}
