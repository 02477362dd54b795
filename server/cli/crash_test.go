package cli_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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
		os.Exit(cli.Run(cli.Program{Args: os.Args[1:], Environ: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Concerns: concerns()}))
	}
	os.Exit(m.Run())
}

// installation is a server process over one data folder.
type installation struct {
	t    *testing.T
	data string
	log  string
	url  string
	cmd  *exec.Cmd
	more []string // variables of its environment
}

func install(t *testing.T, fixture string, environ ...string) *installation {
	t.Helper()
	dir := t.TempDir()
	i := &installation{t: t, data: filepath.Join(dir, "data"), log: filepath.Join(dir, "log"), more: environ}
	require.Equal(t, run{0, "", ""}, wispwrightIn(append(environ, "WISPWRIGHT_DATA="+i.data), fixture, "loaddata", "-"))
	return i
}

// start listens on a port that is free then, which the log tells.
func (i *installation) start() {
	i.t.Helper()
	log, err := os.Create(i.log)
	require.NoError(i.t, err)
	defer func() { require.NoError(i.t, log.Close()) }() // the process has its own handle
	i.cmd = exec.Command(os.Args[0], "serve", "--listen", "127.0.0.1:0")
	environ := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "WISPWRIGHT_SOAK=") }) // no setting of the program
	i.cmd.Env = append(append(environ, i.more...), asProgram+"=1", "WISPWRIGHT_DATA="+i.data, "WISPWRIGHT_LOG_LEVEL=info", "WISPWRIGHT_LOG_FORMAT=text", "WISPWRIGHT_TENANCY_PASSWORD_ITERATIONS=1")
	i.cmd.Stderr = log
	require.NoError(i.t, i.cmd.Start())
	process := i.cmd.Process
	i.t.Cleanup(func() {
		_ = process.Kill() // ended already, unless the test failed
		if text, err := os.ReadFile(i.log); err == nil && i.t.Failed() {
			i.t.Logf("the server's log ends: %s", text[max(0, len(text)-4000):])
		}
	})
	testkit.Eventually(i.t, "the server is ready", func(ctx context.Context) bool {
		text, err := os.ReadFile(i.log)
		require.NoError(i.t, err)
		found := regexp.MustCompile(`msg=serving address=(http://\S+)/admin/ `).FindSubmatch(text)
		if found == nil {
			return false
		}
		i.url = string(found[1])
		r, err := http.Get(i.url + "/readyz")
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
	if i.t.Failed() {
		text, err := os.ReadFile(i.log)
		i.t.Logf("the server's log: %s %v", text, err)
	}
}

// patience is how long a request may take.
const patience = time.Minute

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
		client := simulate.NewClient(i.url, 8, patience)
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
					var refused *agent.StatusError
					switch {
					case errors.As(err, &refused) && refused.Code < 500:
						t.Errorf("refused: %v", err)
						return
					case err != nil:
						time.Sleep(time.Millisecond)
						continue // busy, or gone: then the round ends soon
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
	client := simulate.NewClient(i.url, 8, patience)
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
	args := []string{"simulate", i.url + "/", "--secret", "s3cr3tS3cr3t", "--devices", "20", "--ramp", "0s", "--interval", "1s", "--once", "--quiet"}
	got := wispwright(t, i.data, "", args...)
	require.Equal(t, 0, got.status, got.err)
	require.Contains(t, got.out, "20 devices, 20 applied")
	require.Regexp(t, `report-status +20 `, got.out)
	args[3] = "wrong"
	// as long as it takes until the first answer is there
	for seconds := 1; seconds <= 64; seconds *= 4 {
		got = wispwright(t, i.data, "", append(args, "--duration", fmt.Sprint(seconds, "s"))...)
		require.Equal(t, 1, got.status)
		require.Contains(t, got.err, "0 of 20 devices applied")
		if strings.Contains(got.out, "403") {
			break
		}
	}
	require.Contains(t, got.out, "403")
}
