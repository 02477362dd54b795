package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/topology/topologyhttp"
	"github.com/wispwright/wispwright/topology/topologytest"
)

// flood is a body of a length that nobody says beforehand.
type flood struct{ left, read int }

func (f *flood) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), f.left)
	for i := range n {
		p[i] = ' '
	}
	f.left, f.read = f.left-n, f.read+n
	return n, nil
}

// TestTopologyFlood: data of 50 MB are refused with the default settings, and read no further than they may be
// long; who does not know the key is not listened to at all.
func TestTopologyFlood(t *testing.T) {
	b := newTopologyBench(t, nil)
	id := b.add("admin", "alpha", "")
	b.receive(id, topologytest.NetworkGraph([]string{"a", "b"}, "a b"))
	for key, want := range map[string]struct{ status, most int }{"abc123": {413, 17 << 20}, "wrong": {403, 1 << 20}} {
		body := &flood{left: 50 << 20}
		r := httptest.NewRequest(http.MethodPost, topologyhttp.Base+"topology/"+id+"/receive/?key="+key, body)
		r.ContentLength = -1
		plain(r)
		w := httptest.NewRecorder()
		b.Server.ServeHTTP(w, r)
		require.Equal(t, want.status, w.Code, "%s: %s", key, w.Body)
		require.Less(t, body.read, want.most, key)
	}
	_, text := b.call("manager", "GET", "summary/topology/"+id+"/", "")
	require.Contains(t, text, `"nodes":2,"links_up":1,"links_down":0`)
}

// TestTopologyIsFetchedByOneNode: two nodes of an installation never fetch a topology at once.
func TestTopologyIsFetchedByOneNode(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		var running, most, asked atomic.Int64
		origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n := running.Add(1)
			defer running.Add(-1)
			for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
			}
			asked.Add(1)
			time.Sleep(300 * time.Millisecond) // the other one has time to begin too
			_, _ = w.Write(topologytest.NetworkGraph([]string{"a", "b"}, "a b"))
		}))
		defer origin.Close()
		node := func() *server.Server {
			return newServer(t, db, func(c *settings) {
				c.Topology.UpdateInterval, c.Topology.FetchNetworks = time.Second, []string{"127.0.0.0/8"}
			})
		}
		first := node()
		require.NoError(t, first.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		b := &topologyBench{&ipamClient{t, first, identifiers(t, first)}}
		status, text := b.call("admin", "POST", "topology/", `{"label":"f","parser":"netdiff.NetJsonParser","strategy":"fetch","url":"`+origin.URL+`","organization":"`+b.vars["org_alpha"]+`"}`)
		require.Equal(t, 201, status, text)
		second := node()
		require.NoError(t, first.Start(t.Context()))
		require.NoError(t, second.Start(t.Context()))
		require.Eventually(t, func() bool { return asked.Load() >= 4 }, time.Minute, 20*time.Millisecond)
		require.EqualValues(t, 1, most.Load(), "at once")
	})
}
