package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/plan/plansql"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// asLater makes the program a later version, which changes tables that all others use.
const asLater = "WISPWRIGHT_TEST_AS_LATER"

// laterPlans has one step more than the program has.
type laterPlans struct{ *server.PlanConcern }

// Migrations adds what a later version may: columns that may be empty or have a default.
func (laterPlans) Migrations() []sqlstore.Migrations {
	m, steps := plansql.Migrations(), fstest.MapFS{}
	names, err := fs.Glob(m.FS, "migrations/*")
	for _, name := range names {
		text, one := fs.ReadFile(m.FS, name)
		steps[name], err = &fstest.MapFile{Data: text}, errors.Join(err, one)
	}
	if err != nil {
		panic(err) // in a process of its own, whose end the test sees
	}
	steps["migrations/99999_later.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" +
		"ALTER TABLE controller_device ADD COLUMN later TEXT;\n" +
		"ALTER TABLE controller_config ADD COLUMN later BIGINT NOT NULL DEFAULT 7;\n" +
		"ALTER TABLE controller_group ADD COLUMN later TEXT NOT NULL DEFAULT 'x';\n")}
	return []sqlstore.Migrations{{Concern: m.Concern, FS: steps}}
}

// concerns are those of the program, or of the later one; nil means the program's.
func concerns() []server.Concern {
	if os.Getenv(asLater) == "" {
		return nil
	}
	all := server.DefaultConcerns()
	for i, c := range all {
		if plans, ok := c.(*server.PlanConcern); ok {
			all[i] = laterPlans{plans}
		}
	}
	return all
}

// cluster are nodes on one PostgreSQL behind a proxy.
type cluster struct {
	t     *testing.T
	db    *sqlstore.DB
	nodes []*installation
	proxy *balancer
	url   string
}

// node is the name by which the database knows a node's connections.
func node(n int) string { return fmt.Sprintf("node-%d", n) }

// newCluster starts n nodes, each with a data folder of its own.
func newCluster(t *testing.T, n int, environ ...string) *cluster {
	t.Helper()
	dsn := testkit.PostgresURL(t)
	c := &cluster{t: t, db: testkit.Open(t, dsn), proxy: newBalancer(n)}
	for i := range n {
		dir := t.TempDir()
		one := &installation{t: t, data: filepath.Join(dir, "data"), log: filepath.Join(dir, "log"), more: slices.Concat(environ, []string{
			"WISPWRIGHT_DATABASE=" + dsn + "&application_name=" + node(i), "WISPWRIGHT_SECRET_KEY=" + strings.Repeat("k", 40), "WISPWRIGHT_BACKUP_DIR=" + filepath.Join(dir, "backups"),
			"WISPWRIGHT_HTTP_TRUSTED_PROXIES=127.0.0.1", "WISPWRIGHT_MONITORING_CHECKS=false",
		})}
		if i == 0 {
			require.Equal(t, run{0, "", ""}, wispwrightIn(append(one.more, "WISPWRIGHT_DATA="+one.data), toldFixture, "loaddata", "-"))
		}
		c.nodes = append(c.nodes, one)
		c.start(i)
	}
	front := httptest.NewServer(c.proxy)
	t.Cleanup(front.Close)
	watching, stop := context.WithCancel(context.Background())
	watched := make(chan bool)
	go func() {
		defer close(watched)
		c.proxy.watch(watching)
	}()
	t.Cleanup(func() { stop(); <-watched })
	c.url = front.URL
	return c
}

// start starts a node, which the proxy finds by itself.
func (c *cluster) start(n int, more ...string) {
	c.t.Helper()
	before := c.nodes[n].more
	c.nodes[n].more = append(slices.Clone(before), more...)
	c.nodes[n].start()
	c.nodes[n].more = before
	c.proxy.at(n, c.nodes[n].url)
}

// stop asks a node to end, as systemd does, and reports whether the proxy knew of it well before
// the node was gone, as it does on all but the busiest machines.
func (c *cluster) stop(n int) (known bool) {
	c.t.Helper()
	require.NoError(c.t, c.nodes[n].cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(c.t, c.nodes[n].cmd.Wait())
	down, since := c.proxy.down(n)
	return down && time.Since(since) > 300*time.Millisecond
}

// end stops all nodes that are there.
func (c *cluster) end() {
	c.t.Helper()
	for _, one := range c.nodes {
		require.NoError(c.t, one.cmd.Process.Signal(syscall.SIGTERM))
	}
	for _, one := range c.nodes {
		require.NoError(c.t, one.cmd.Wait())
	}
}

// leader is the name under which a node has the duties of which there is one, and its number, or -1.
// A node holds a lock of its name, and the database knows whose connection that is.
func (c *cluster) leader() (name string, n int) {
	c.t.Helper()
	rows, err := sqlstore.Select[string](c.t.Context(), c.db, "SELECT l.leader_id || ' ' || a.application_name FROM river_leader l "+
		"JOIN pg_locks k ON k.locktype = 'advisory' AND k.granted AND k.objid::bigint = (hashtext(l.leader_id)::bigint & 4294967295) "+
		"JOIN pg_stat_activity a ON a.pid = k.pid WHERE l.expires_at > now()")
	require.NoError(c.t, err)
	for _, r := range rows {
		for n := range c.nodes {
			if name, is := strings.CutSuffix(r, " "+node(n)); is {
				return name, n
			}
		}
	}
	return "", -1
}

// led waits until a node leads, under another name than before.
func (c *cluster) led(before string) (name string, n int) {
	c.t.Helper()
	testkit.Eventually(c.t, "a node leads", func(context.Context) bool {
		name, n = c.leader()
		return n >= 0 && name != before
	})
	return name, n
}

// refused starts a node with the program of old, which must say why it does not serve.
func (c *cluster) refused(n int) {
	c.t.Helper()
	got := wispwrightIn(append(slices.Clone(c.nodes[n].more), "WISPWRIGHT_DATA="+c.nodes[n].data), "", "serve", "--listen", "127.0.0.1:0")
	require.Equal(c.t, 1, got.status)
	require.Regexp(c.t, `have version 99999, and this program knows them up to version \d+: start the newer program`, got.err)
}

// ready asks a node whether requests should be sent to it.
func ready(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return false
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return false
	}
	defer r.Body.Close()
	_, _ = io.Copy(io.Discard, r.Body) // the connection is for the next question
	return r.StatusCode == http.StatusOK
}
