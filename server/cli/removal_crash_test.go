package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

const removalFixture = `{"organizations":[{"name":"Acme","slug":"acme","shared_secret":"s3cr3tS3cr3t","registration_enabled":true},
  {"name":"Beta","slug":"beta","shared_secret":"b3t4b3t4b3t4","registration_enabled":true}],
 "users":[{"username":"root","email":"root@example.org","token":"` + toldToken + `","is_superuser":true,"is_staff":true}],
 "subnets":[{"organization":"acme","subnet":"10.8.0.0/16","name":"wire"}]}`

// owning is an installation with an organization that has devices which are clients of a
// VPN server, and another with one device.
func owning(t *testing.T, clients int, environ ...string) (i *installation, organization string) {
	i = install(t, removalFixture, environ...)
	got := i.command("vpn", "create", "wire", "--type", "wireguard", "--host", "wire.example.org", "--organization", "acme", "--subnet", "10.8.0.0/16", "--template", "to wire", "--default")
	require.Equal(t, 0, got.status, got.err)
	i.start()
	join := func(r agent.Registration) {
		r.Key, r.Name = agent.ConsistentKey(r.MACAddress, r.Secret), r.MACAddress
		if _, err := simulate.NewClient(i.url, 1, patience).Register(t.Context(), r); err != nil {
			t.Errorf("%s: %v", r.MACAddress, err)
		}
	}
	join(agent.Registration{Secret: "b3t4b3t4b3t4", MACAddress: "02:00:00:00:00:01"})
	var workers sync.WaitGroup
	for w := range 4 {
		workers.Go(func() {
			for n := w; n < clients; n += 4 {
				join(agent.Registration{Secret: "s3cr3tS3cr3t", MACAddress: fmt.Sprintf("02:01:00:%02X:%02X:%02X", n>>16, n>>8&0xff, n&0xff)})
			}
		})
	}
	workers.Wait()
	for _, o := range i.all("/api/v1/users/organization/") {
		if o["slug"] == "acme" {
			organization = o["id"].(string)
		}
	}
	return i, organization
}

// status asks and returns only how it was answered.
func (i *installation) status(method, path string) (code int, body string) {
	i.t.Helper()
	q, err := http.NewRequest(method, i.url+path, nil)
	require.NoError(i.t, err)
	q.Header.Set("Authorization", "Bearer "+toldToken)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err.Error()
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	require.NoError(i.t, err)
	return r.StatusCode, string(text)
}

// gone is how many objects of an organization that goes are gone; not going when it is
// gone itself.
func (i *installation) gone(organization string) (done, total int, going bool) {
	i.t.Helper()
	code, text := i.status("GET", "/api/v1/users/organization/"+organization+"/deletion/")
	if code == http.StatusNotFound {
		return 0, 0, false
	}
	require.Equal(i.t, 200, code, text)
	var left struct{ Done, Total int }
	require.NoError(i.t, json.Unmarshal([]byte(text), &left))
	return left.Done, left.Total, true
}

// The server is killed twice in the middle of the deletion of an organization: the next one
// goes on by itself, nothing of the organization is left over, and the other one has all.
func TestKilledServerDeletesAnOrganizationToTheEnd(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killedInRemoval(t) })
	t.Run("postgresql", func(t *testing.T) { killedInRemoval(t, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t)) })
}

func killedInRemoval(t *testing.T, environ ...string) {
	i, organization := owning(t, 900, environ...)
	code, text := i.status("DELETE", "/api/v1/users/organization/"+organization+"/")
	require.Equal(t, 204, code, text)
	killed := 0
	for last := 0; killed < 2; {
		done, total, going := i.gone(organization)
		if !going {
			break
		}
		if done > last && done < total {
			last = done
			i.kill()
			killed++
			t.Logf("killed when %d of %d objects were gone", done, total)
			i.start()
			continue
		}
		time.Sleep(time.Millisecond)
	}
	require.Positive(t, killed, "a server was killed in the middle")
	testkit.Eventually(t, "the organization is gone", func(context.Context) bool {
		_, _, going := i.gone(organization)
		return !going
	})
	code, _ = i.status("GET", "/api/v1/users/organization/"+organization+"/")
	require.Equal(t, 404, code)
	require.Len(t, i.all("/api/v1/controller/device/"), 1, "of the other organization")
	for _, path := range []string{"/api/v1/controller/vpn/", "/api/v1/controller/template/", "/api/v1/ipam/subnet/", "/api/v1/ipam/ip-address/"} {
		require.Empty(t, i.all(path), path)
	}
	i.kill()
}

// How long the deletion of an organization with many VPN clients takes:
// WISPWRIGHT_SOAK=10000 go test -run TestDeletionOfALargeOrganization -v ./server/cli
func TestDeletionOfALargeOrganization(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("WISPWRIGHT_SOAK is not set: this takes minutes")
	}
	clients, err := strconv.Atoi(os.Getenv("WISPWRIGHT_SOAK"))
	if err != nil || clients < 100 {
		clients = 10_000
	}
	measure := func(t *testing.T, environ ...string) {
		begun := time.Now()
		i, organization := owning(t, clients, environ...)
		t.Logf("%d clients are there after %s", clients, time.Since(begun).Round(time.Second))
		begun = time.Now()
		code, text := i.status("DELETE", "/api/v1/users/organization/"+organization+"/")
		require.Equal(t, 204, code, text)
		answered := time.Since(begun)
		slowest := time.Duration(0)
		for {
			asked := time.Now()
			_, _, going := i.gone(organization)
			slowest = max(slowest, time.Since(asked))
			if !going {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Logf("answered after %s, gone after %s, the slowest answer meanwhile took %s", answered.Round(time.Millisecond), time.Since(begun).Round(100*time.Millisecond), slowest.Round(time.Millisecond))
		for line := range strings.Lines(readLog(t, i)) {
			if strings.Contains(line, "slow") {
				t.Log(line)
			}
		}
		i.kill()
	}
	t.Run("sqlite", func(t *testing.T) { measure(t) })
	t.Run("postgresql", func(t *testing.T) { measure(t, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t)) })
}

func readLog(t *testing.T, i *installation) string {
	t.Helper()
	text, err := os.ReadFile(i.log)
	require.NoError(t, err)
	return string(text)
}
