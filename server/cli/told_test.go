package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

const toldToken = "0123456789abcdef0123456789abcdef01234567"

const toldFixture = `{"organizations":[{"name":"Acme","slug":"acme","shared_secret":"s3cr3tS3cr3t","registration_enabled":true}],
 "users":[{"username":"root","email":"root@example.org","token":"` + toldToken + `","is_superuser":true,"is_staff":true}]}`

// receiver keeps which messages came for which device.
type receiver struct {
	mu  sync.Mutex
	ids map[string]map[string]bool
}

// ServeHTTP takes a CloudEvent.
func (r *receiver) ServeHTTP(_ http.ResponseWriter, q *http.Request) {
	text, _ := io.ReadAll(q.Body)
	var e struct {
		Data struct{ Object struct{ Name string } }
	}
	if json.Unmarshal(text, &e) != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	name := e.Data.Object.Name
	if r.ids[name] == nil {
		r.ids[name] = map[string]bool{}
	}
	r.ids[name][q.Header.Get("Webhook-Id")] = true
}

// ask asks the API as root.
func (i *installation) ask(method, path, body string, into any) {
	i.t.Helper()
	r, err := http.NewRequest(method, i.url+path, strings.NewReader(body))
	require.NoError(i.t, err)
	r.Header.Set("Authorization", "Bearer "+toldToken)
	r.Header.Set("Content-Type", "application/json")
	w, err := http.DefaultClient.Do(r)
	require.NoError(i.t, err)
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	require.NoError(i.t, err)
	require.Less(i.t, w.StatusCode, 300, string(text))
	require.NoError(i.t, json.Unmarshal(text, into))
}

// notified counts the notifications of each device.
func (i *installation) notified() map[string]int {
	i.t.Helper()
	found := map[string]int{}
	for page := 1; ; page++ {
		var list struct {
			Next    *string
			Results []struct{ Message string }
		}
		i.ask("GET", fmt.Sprintf("/api/v1/notifications/notification/?page_size=100&page=%d", page), "", &list)
		for _, n := range list.Results {
			_, rest, _ := strings.Cut(n.Message, `/change/">`)
			name, _, _ := strings.Cut(rest, "<")
			found[name]++
		}
		if list.Next == nil {
			return found
		}
	}
}

// The server is killed three times while devices register, before it has told
// anybody of all of them. In the end each device that was acknowledged was told
// of once: in the web, to a webhook, and at least once by e-mail.
func TestKilledServerTellsOfWhatItAcknowledged(t *testing.T) {
	t.Setenv("WISPWRIGHT_NOTIFICATIONS_WEBHOOK_NETWORKS", "127.0.0.0/8")
	t.Setenv("WISPWRIGHT_NOTIFICATIONS_EMAIL_BATCH_INTERVAL", "0s")
	t.Run("sqlite", func(t *testing.T) { killedAndTold(t, install(t, toldFixture)) })
	t.Run("postgresql", func(t *testing.T) {
		killedAndTold(t, install(t, toldFixture, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t)))
	})
}

func killedAndTold(t *testing.T, i *installation) {
	hook := &receiver{ids: map[string]map[string]bool{}}
	web := httptest.NewServer(hook)
	defer web.Close()
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	for round := range 3 {
		i.start()
		if round == 0 {
			var made map[string]any
			i.ask("POST", "/api/v1/notifications/webhook/", `{"organization":null,"name":"drill","url":"`+web.URL+`/","events":["device.registered"]}`, &made)
		}
		client := simulate.NewClient(i.url, 8, patience)
		ctx, stop := context.WithCancel(t.Context())
		enough := make(chan bool, 1)
		var devices sync.WaitGroup
		for worker := range 8 {
			devices.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					name := fmt.Sprintf("drill-%d-%d-%d", round, worker, n)
					mac := fmt.Sprintf("02:01:%02X:%02X:%02X:%02X", round, worker, n>>8, n&0xff)
					if _, err := client.Register(ctx, agent.Registration{Key: agent.ConsistentKey(mac, "s3cr3tS3cr3t"), Secret: "s3cr3tS3cr3t", Name: name, MACAddress: mac}); err != nil {
						return // killed
					}
					mu.Lock()
					acknowledged[name] = true
					if len(acknowledged) >= 40*(round+1) {
						select {
						case enough <- true:
						default: // said already
						}
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		i.kill()
		stop()
		devices.Wait()
	}
	i.start()
	defer i.kill()
	testkit.Eventually(t, "everything was told", func(context.Context) bool {
		found := i.notified()
		hook.mu.Lock()
		defer hook.mu.Unlock()
		for name := range acknowledged {
			if found[name] == 0 || len(hook.ids[name]) == 0 {
				return false
			}
		}
		return true
	})
	mails := func() string {
		var all strings.Builder
		files, err := filepath.Glob(filepath.Join(i.data, "outbox", "*"))
		require.NoError(t, err)
		for _, name := range files {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			all.Write(text)
		}
		return all.String()
	}
	testkit.Eventually(t, "everything was mailed", func(context.Context) bool {
		text := mails()
		for name := range acknowledged {
			if !strings.Contains(text, `"`+name+`" registered successfully`) {
				return false
			}
		}
		return true
	})
	for name, n := range i.notified() {
		require.Equal(t, 1, n, "notifications of %s", name)
	}
	hook.mu.Lock()
	defer hook.mu.Unlock()
	for name, ids := range hook.ids {
		require.Len(t, ids, 1, "messages of %s; the same one may come twice", name)
	}
	t.Logf("%d acknowledged registrations were told of after three kills", len(acknowledged))
}
