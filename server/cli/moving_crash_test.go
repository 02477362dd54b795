package cli_test

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	vocabulary "github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/simulate"
)

// The process that moves a real installation here is killed at several places, and started again. In the
// end every device is answered what the real server answered, and another run finds nothing to do.
func TestKilledImportGoesOn(t *testing.T) {
	var expected struct {
		Devices map[string]struct {
			Name, Key     string
			AgentChecksum struct {
				Status int
				Body   *string
			} `json:"agent_checksum"`
		}
	}
	testkit.ReadVectors(t, &expected, "openwisp-db", "expected.json")
	old := filepath.Join(t.TempDir(), "old.db")
	unpackTo(t, testkit.Vectors(t, "openwisp-db", "openwisp.sqlite3.gz"), old)
	dsn := testkit.PostgresURL(t)
	i := &installation{t: t, data: filepath.Join(t.TempDir(), "data"), log: filepath.Join(t.TempDir(), "log"), more: []string{
		"WISPWRIGHT_DATABASE=" + dsn, `WISPWRIGHT_CONTROLLER_CONTEXT={"vpnserver1":"vpn.example.org"}`, "WISPWRIGHT_MONITORING_CHECKS=false",
	}}
	require.Equal(t, 0, i.command("migrate").status)
	args := []string{"import", "openwisp", "--database", "sqlite:" + old, "--influxdb", testkit.Vectors(t, "openwisp-db", "influxdb.lp.gz"), "--quiet"}

	db, killed := testkit.Open(t, dsn), 0
	for _, table := range []string{"tenancy_user", "controller_device", "ipam_address", "notification", "monitoring_metric", "ts_owner"} {
		if killWhenStored(t, i, db, table, args) {
			killed++
		}
	}
	require.Greater(t, killed, 2)
	t.Logf("it was killed %d times", killed)
	i.command(args...) // rows with faults are told by status 1
	last := i.command(args...)
	require.Regexp(t, `(?m)^ *17 +0 +0 +17 +0 +config_device$`, last.out)
	require.NotRegexp(t, `(?m)^ *\d+ +([1-9]\d* +\d+|\d+ +[1-9]\d*) +\d+ +\d+ +\w+$`, last.out, "nothing is added or changed")

	i.start()
	defer i.kill()
	client := simulate.NewClient(i.url, 4, patience)
	same := 0
	for id, d := range expected.Devices {
		if d.AgentChecksum.Status != 200 || d.Name == "lab-2" || d.Name == "legacy-retiring" {
			continue // refused there too, or of the backend OpenWisp, whose scripts are others here
		}
		sum, err := client.Checksum(t.Context(), agent.Credentials{UUID: id, Key: vocabulary.Secret(d.Key)}, "")
		require.NoError(t, err, d.Name)
		require.Equal(t, *d.AgentChecksum.Body, sum, d.Name)
		same++
	}
	require.Greater(t, same, 5)
}

// killWhenStored runs the program until a table has rows, and reports whether it had to be killed.
func killWhenStored(t *testing.T, i *installation, db *sqlstore.DB, table string, args []string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), i.more...), asProgram+"=1", "WISPWRIGHT_DATA="+i.data)
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	over := false
	testkit.Eventually(t, table+" has rows", func(ctx context.Context) bool {
		select {
		case <-ended:
			over = true
			return true
		default:
		}
		n, err := sqlstore.Get[int](ctx, db, "SELECT count(*) FROM "+table)
		require.NoError(t, err)
		return n > 0
	})
	if over {
		return false
	}
	require.NoError(t, cmd.Process.Kill())
	return (<-ended).Error() == "signal: killed"
}

func unpackTo(t *testing.T, packed, path string) {
	t.Helper()
	f, err := os.Open(packed)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
}
