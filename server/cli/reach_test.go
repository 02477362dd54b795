package cli_test

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

// reachable is an installation with devices, whose credentials loaddata brings.
func reachable(t *testing.T, f *fleet, n int, environ ...string) *installation {
	t.Helper()
	t.Setenv("WISPWRIGHT_CONNECTION_REFUSED_NETWORKS", "10.0.0.0/8")
	t.Setenv("WISPWRIGHT_CONNECTION_SSH_AUTH_TIMEOUT", "1m")
	t.Setenv("WISPWRIGHT_CONNECTION_PUSH_DELAY", "100ms")
	t.Setenv("WISPWRIGHT_MONITORING_CHECKS", "false")
	i := install(t, withCredentials(f.port), environ...)
	i.start()
	i.join(n)
	return i
}

func withCredentials(port int) string {
	return strings.TrimSuffix(strings.TrimSpace(toldFixture), "}") + fmt.Sprintf(`,"credentials":[{"organization":"acme","name":"root","connector":"%s",
		"params":{"username":"root","password":"secret","port":%d},"auto_add":true}]}`, connection.ConnectorSSH, port)
}

// join lets devices register and waits until they have their connections.
func (i *installation) join(n int) {
	i.t.Helper()
	client := simulate.NewClient(i.url, 8, patience)
	for d := range n {
		mac := fmt.Sprintf("02:02:00:00:%02X:%02X", d>>8, d&0xff)
		_, err := client.Register(i.t.Context(), agent.Registration{Key: agent.ConsistentKey(mac, "s3cr3tS3cr3t"), Secret: "s3cr3tS3cr3t", Name: fmt.Sprintf("box-%d", d), MACAddress: mac, ManagementIP: address(d)})
		require.NoError(i.t, err)
	}
}

// command runs a command of the program beside the server.
func (i *installation) command(args ...string) run {
	return wispwrightIn(append(i.more, "WISPWRIGHT_DATA="+i.data), "", args...)
}

// Administrators reach devices by commands of the program, with a server at work.
func TestCommandsReachDevices(t *testing.T) {
	f := devices(t, 3)
	f.run = func(device, line string, c ssh.Channel) (byte, bool) {
		switch {
		case line == "sleep":
			for { // until the server lets go
				if _, err := c.Write([]byte(".")); err != nil {
					return 1, true
				}
				time.Sleep(20 * time.Millisecond)
			}
		case strings.HasPrefix(line, "fail") && device == address(1):
			_, _ = c.Write([]byte("broken\n"))
			return 4, false
		case strings.HasPrefix(line, "fail"), line == "uptime":
			_, _ = c.Write([]byte("up for ever\n"))
			return 0, false
		}
		return f.push(device, line, c)
	}
	i := reachable(t, f, 3, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t))
	defer i.kill()
	done := func(args ...string) string {
		t.Helper()
		got := i.command(args...)
		require.Equal(t, 0, got.status, "%v: %s %s", args, got.out, got.err)
		return got.out
	}
	refused := func(args ...string) string {
		t.Helper()
		got := i.command(args...)
		require.NotEqual(t, 0, got.status, "%v: %s", args, got.out)
		return got.err
	}

	// what loaddata brought comes back, and loading it again changes nothing
	dumped := done("dumpdata")
	require.Regexp(t, `"password": ?"secret"`, dumped)
	require.Equal(t, run{0, "", ""}, wispwrightIn(append(i.more, "WISPWRIGHT_DATA="+i.data), dumped, "loaddata", "-"))
	require.Equal(t, dumped, done("dumpdata"))
	bad := wispwrightIn(append(i.more, "WISPWRIGHT_DATA="+i.data), `{"credentials":[{"name":"x","connector":"nothing","params":{}}]}`, "loaddata", "-")
	require.Equal(t, 1, bad.status)
	require.Contains(t, bad.err, "credentials x: ")
	require.Contains(t, bad.err, "connector")
	require.Equal(t, dumped, done("dumpdata"), "nothing of it was stored")

	testkit.Eventually(t, "the connections work", func(context.Context) bool {
		done("connection", "test", "box-2")
		return strings.Contains(done("connection", "list", "box-2"), "yes")
	})
	require.Equal(t, "box-0 was told of its configuration.\n", done("connection", "push", "box-0"))
	require.Contains(t, refused("connection", "push", "nothing"), `there is no device "nothing"`)
	require.Equal(t, "up for ever\n", done("command", "run", "box-1", "uptime"))
	require.Contains(t, done("command", "list", "box-1"), "uptime")

	// one that would never end is cancelled
	var sleeping run
	var ended sync.WaitGroup
	ended.Go(func() { sleeping = i.command("command", "run", "box-0", "sleep") })
	id := regexp.MustCompile(`(?m)^([0-9a-f-]{36}) +in-progress .*sleep`)
	testkit.Eventually(t, "it runs", func(context.Context) bool { return id.MatchString(done("command", "list", "box-0")) })
	done("command", "cancel", id.FindStringSubmatch(done("command", "list", "box-0"))[1])
	ended.Wait()
	require.Equal(t, 1, sleeping.status, sleeping.out)

	which := done("mass-command", "run", "--organization", "acme", "--named", "box-", "--dry-run", "uptime")
	require.Equal(t, 3, strings.Count(which, "box-"))
	all := done("mass-command", "run", "--organization", "acme", "uptime")
	require.Contains(t, all, "uptime: success, 3 devices, 3 succeeded, 0 failed, 0 running, 0 waiting, 0 skipped\nsuccess on 3:\nup for ever\n")
	some := i.command("mass-command", "run", "--device", "box-0", "--device", "box-1", "--label", "twice", "fail here")
	require.Equal(t, 1, some.status)
	require.Contains(t, some.out, "twice: failed, 2 devices, 1 succeeded, 1 failed")
	require.Contains(t, some.out, "failed on 1:\nbroken\n")
	listed := done("mass-command", "list")
	require.Contains(t, listed, "twice")
	batch := regexp.MustCompile(`(?m)^([0-9a-f-]{36}).*twice$`).FindStringSubmatch(listed)[1]
	require.Contains(t, done("mass-command", "show", batch), "failed on 1:\nbroken\n")
	require.Equal(t, "It had ended.\n", done("mass-command", "stop", batch))
	again := i.command("mass-command", "repeat", batch)
	require.Contains(t, again.out, "failed, 1 devices, 0 succeeded, 1 failed", "only what failed is repeated")
	require.Contains(t, refused("mass-command", "run", "--group", "nobody", "uptime"), "group nobody: ")
	require.Contains(t, refused("mass-command", "run", "--location", "nowhere", "uptime"), "location nowhere: ")
	require.Contains(t, refused("mass-command", "run", "--organization", "nobody", "uptime"), "organization nobody: ")
	require.Contains(t, refused("mass-command", "run", "--organization", "acme", "--named", "nothing", "uptime"), "No devices match")

	require.Equal(t, "ID  STATE  ASKED FOR  BY  FROM  BYTES  REASON\n", done("terminal", "list", "box-0"))
	nobody := "00000000-0000-4000-8000-000000000001"
	for _, args := range [][]string{{"terminal", "recording", nobody}, {"terminal", "end", nobody}, {"command", "cancel", nobody}, {"mass-command", "show", nobody}, {"mass-command", "stop", nobody}, {"mass-command", "repeat", nobody}} {
		require.Contains(t, refused(args...), "not found", "%v", args)
	}
}

// PostgreSQL goes away three times while devices are told of a changed template and a
// mass command runs. Every device is told, and every command ends.
func TestOutagesOfTheDatabaseWhilePushing(t *testing.T) {
	const n = 60
	f := devices(t, n)
	var ran atomic.Int64
	f.run = func(device, line string, c ssh.Channel) (byte, bool) {
		if line == "uptime" {
			time.Sleep(20 * time.Millisecond)
			ran.Add(1)
			_, _ = c.Write([]byte("up\n"))
			return 0, false
		}
		return f.push(device, line, c)
	}
	gate := testkit.PostgresGate(t)
	t.Setenv("WISPWRIGHT_CONNECTION_WORKERS", "4")
	i := reachable(t, f, n, "WISPWRIGHT_DATABASE="+gate.URL)
	defer i.kill()
	organization := i.organization()
	var out struct{ ID string }
	i.ask("POST", "/api/v1/controller/template/", `{"name":"all","organization":"`+organization+`","backend":"netjsonconfig.OpenWrt","type":"generic","default":true,"required":true,"config":{"general":{"description":"new"}}}`, &out)
	var started struct{ Batch string }
	i.ask("POST", "/api/v1/controller/batch-command/execute/", `{"organization":"`+organization+`","type":"custom","input":{"command":"uptime"},"label":"during outages","parallel":4}`, &started)
	for round := range 3 {
		testkit.Eventually(t, "some more are reached", func(context.Context) bool { return f.reached()+int(ran.Load()) >= (round+1)*n/4 })
		gate.Close()
		time.Sleep(300 * time.Millisecond)
		gate.Open()
	}
	testkit.Eventually(t, "every device is told", func(context.Context) bool { return f.reached() == n })
	var batch struct{ Status string }
	testkit.Eventually(t, "the mass command ends", func(context.Context) bool {
		i.ask("GET", "/api/v1/controller/batch-command/"+started.Batch+"/", "", &batch)
		return batch.Status != "in-progress"
	})
	require.LessOrEqual(t, ran.Load(), int64(n), "nothing runs twice")
	t.Logf("%d of %d devices ran the command, %s", ran.Load(), n, batch.Status)
}

func (i *installation) organization() string {
	i.t.Helper()
	var list struct{ Results []struct{ ID string } }
	i.ask("GET", "/api/v1/users/organization/", "", &list)
	return list.Results[0].ID
}

// Two nodes on one PostgreSQL share a mass command, and one of them is killed: the
// other one ends it. No device runs it twice.
func TestKilledNodeLeavesCommandsToTheOther(t *testing.T) {
	const n, parallel = 60, 6
	f := devices(t, n)
	var mu sync.Mutex
	ran := map[string]int{}
	f.run = func(device, line string, c ssh.Channel) (byte, bool) {
		if line != "uptime" {
			return f.push(device, line, c)
		}
		mu.Lock()
		ran[device]++
		mu.Unlock()
		time.Sleep(30 * time.Millisecond)
		_, _ = c.Write([]byte("up\n"))
		return 0, false
	}
	one := reachable(t, f, n, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t))
	two := &installation{t: t, data: one.data, log: filepath.Join(t.TempDir(), "log"), more: one.more}
	two.start()
	defer two.kill()
	var batch struct{ Batch, Status string }
	one.ask("POST", "/api/v1/controller/batch-command/execute/", fmt.Sprintf(`{"organization":"%s","type":"custom","input":{"command":"uptime"},"label":"shared","parallel":%d}`, one.organization(), parallel), &batch)
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(ran)
	}
	testkit.Eventually(t, "some ran it", func(context.Context) bool { return count() >= n/4 })
	one.kill()
	testkit.Eventually(t, "the mass command ends", func(context.Context) bool {
		two.ask("GET", "/api/v1/controller/batch-command/"+batch.Batch+"/", "", &batch)
		return batch.Status != "in-progress"
	})
	mu.Lock()
	defer mu.Unlock()
	for device, times := range ran {
		require.Equal(t, 1, times, device)
	}
	require.GreaterOrEqual(t, len(ran), n-parallel, "but those whose connection was being opened when the node died")
	said := two.command("mass-command", "show", batch.Batch).out
	t.Logf("%d of %d devices ran it\n%s", len(ran), n, said)
	for _, line := range strings.Split(said, "\n") {
		if strings.HasPrefix(line, "failed on ") {
			require.Contains(t, said, "it is not known whether the device executed it")
		}
	}
}
