package cli_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/cli"
	"github.com/wispwright/wispwright/server/simulate"
)

// asProgram makes the test binary behave as the program, to be killed.
const asProgram = "WISPWRIGHT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Run(cli.Program{Args: os.Args[1:], Environ: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

// installation is a server process over one data folder.
type installation struct {
	t       *testing.T
	address string
	data    string
	cmd     *exec.Cmd
}

func install(t *testing.T, fixture string) *installation {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	i := &installation{t: t, address: l.Addr().String(), data: filepath.Join(t.TempDir(), "data")}
	require.NoError(t, l.Close())
	require.Equal(t, run{0, "", ""}, wispwright(t, i.data, fixture, "loaddata", "-"))
	return i
}

func (i *installation) start() {
	i.t.Helper()
	i.cmd = exec.Command(os.Args[0], "serve", "--listen", i.address)
	i.cmd.Env = append(os.Environ(), asProgram+"=1", "WISPWRIGHT_DATA="+i.data, "WISPWRIGHT_LOG_LEVEL=warn", "WISPWRIGHT_TENANCY_PASSWORD_ITERATIONS=1")
	i.cmd.Stderr = os.Stderr
	require.NoError(i.t, i.cmd.Start())
	testkit.Eventually(i.t, "the server is ready", func(ctx context.Context) bool {
		r, err := http.Get("http://" + i.address + "/readyz")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
}

func (i *installation) kill() {
	i.t.Helper()
	require.NoError(i.t, i.cmd.Process.Kill())
	require.Error(i.t, i.cmd.Wait())
}

const crashFixture = `{"organizations":[{"name":"Acme","slug":"acme","shared_secret":"s3cr3tS3cr3t","registration_enabled":true}],
 "users":[{"username":"root","token":"0123456789abcdef0123456789abcdef01234567","is_superuser":true,"is_staff":true}]}`

// The server is killed three times while devices register and report. Whatever
// it acknowledged is there after the next start, and nothing is half there.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	i := install(t, crashFixture)
	var mu sync.Mutex
	acknowledged := map[string]agent.Credentials{}
	for round := range 3 {
		i.start()
		client := simulate.NewClient("http://"+i.address, 8, 10*time.Second)
		ctx, stop := context.WithCancel(t.Context())
		enough := make(chan bool, 1)
		var devices sync.WaitGroup
		for worker := range 8 {
			devices.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					mac := fmt.Sprintf("02:00:%02X:%02X:%02X:%02X", round, worker, n>>8, n&0xff)
					id, err := client.Register(ctx, agent.Registration{
						Key: agent.ConsistentKey(mac, "s3cr3tS3cr3t"), Secret: "s3cr3tS3cr3t", Name: mac, MACAddress: mac,
					})
					if err != nil {
						var refused *agent.StatusError
						if errors.As(err, &refused) {
							t.Errorf("refused: %v", err)
						}
						return // the server is gone
					}
					mu.Lock()
					acknowledged[mac] = id.Credentials
					if len(acknowledged) >= 60*(round+1) {
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
	client := simulate.NewClient("http://"+i.address, 8, 10*time.Second)
	for mac, d := range acknowledged {
		_, err := client.Checksum(t.Context(), d, "")
		require.NoError(t, err, "the acknowledged device %s", mac)
		_, err = client.Download(t.Context(), d, "")
		require.NoError(t, err, "the configuration of %s", mac)
	}
	t.Logf("%d acknowledged registrations survived three kills", len(acknowledged))
}

func TestSimulateAgainstServer(t *testing.T) {
	i := install(t, crashFixture)
	i.start()
	defer i.kill()
	args := []string{"simulate", "http://" + i.address + "/", "--secret", "s3cr3tS3cr3t", "--devices", "20", "--ramp", "0s", "--interval", "1s", "--once", "--quiet"}
	got := wispwright(t, i.data, "", args...)
	require.Equal(t, 0, got.status, got.err)
	require.Contains(t, got.out, "20 devices, 20 applied")
	require.Regexp(t, `report-status +20 `, got.out)
	args[3] = "wrong"
	got = wispwright(t, i.data, "", append(args, "--duration", "500ms")...)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "0 of 20 devices applied")
	require.Contains(t, got.out, "403")
}
