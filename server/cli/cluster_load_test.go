package cli_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

// load are devices and people at work, and what they were told is stored.
type load struct {
	c            *cluster
	organization string
	pause        time.Duration
	end          context.CancelFunc
	working      sync.WaitGroup
	asked        atomic.Int64
	failed       atomic.Int64

	mu      sync.Mutex
	devices map[string]agent.Credentials
	groups  map[string]bool
	counted map[string][2]int // of groups that are changed: what was acknowledged last, and what was asked for last
	why     []string
}

// begin lets some devices register, poll and fetch, and some people write.
func (c *cluster) begin(organization string, devices, people int, pause time.Duration) *load {
	l := &load{c: c, organization: organization, pause: pause, devices: map[string]agent.Credentials{}, groups: map[string]bool{}, counted: map[string][2]int{}}
	ctx, end := context.WithCancel(context.Background())
	l.end = end
	for n := range devices {
		l.working.Go(func() { l.fleet(ctx, n) })
	}
	for n := range people {
		l.working.Go(func() { l.person(ctx, n) })
	}
	c.t.Cleanup(l.stop)
	return l
}

func (l *load) stop() {
	l.end()
	l.working.Wait()
}

// went notes how a request went. What a server refuses, rather than failing, is a fault.
func (l *load) went(ctx context.Context, what string, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	l.asked.Add(1)
	if err == nil {
		return true
	}
	var refused *agent.StatusError
	if errors.As(err, &refused) && refused.Code < 500 {
		l.c.t.Errorf("%s: %v", what, err)
	}
	l.failed.Add(1)
	l.mu.Lock()
	l.why = append(l.why, what+": "+err.Error())
	l.mu.Unlock()
	time.Sleep(20 * time.Millisecond) // a node has gone; the load shall not become a storm
	return false
}

// fleet registers devices, and lets those that it has poll and fetch.
func (l *load) fleet(ctx context.Context, worker int) {
	client := simulate.NewClient(l.c.url, 1, patience)
	var mine []agent.Credentials
	for n := 0; ctx.Err() == nil; n++ {
		time.Sleep(l.pause)
		mac := fmt.Sprintf("02:0C:%02X:%02X:%02X:%02X", worker, n>>16&0xff, n>>8&0xff, n&0xff)
		id, err := client.Register(ctx, agent.Registration{Key: agent.ConsistentKey(mac, "s3cr3tS3cr3t"), Secret: "s3cr3tS3cr3t", Name: mac, MACAddress: mac})
		if !l.went(ctx, "registration", err) {
			continue
		}
		mine = append(mine, id.Credentials)
		l.mu.Lock()
		l.devices[mac] = id.Credentials
		l.mu.Unlock()
		for k := range min(4, len(mine)) {
			d := mine[(n*7+k*13)%len(mine)]
			_, err := client.Checksum(ctx, d, "")
			l.went(ctx, "checksum", err)
			_, err = client.Download(ctx, d, "")
			l.went(ctx, "download", err)
		}
	}
}

// person makes groups, and counts in the description of one of them.
func (l *load) person(ctx context.Context, worker int) {
	own := ""
	for n := 1; ctx.Err() == nil; n++ {
		time.Sleep(2 * l.pause)
		name := fmt.Sprintf("group %d of %d", n, worker)
		var made struct{ ID string }
		if l.went(ctx, "making a group", l.write(ctx, "POST", "/api/v1/controller/group/", fmt.Sprintf(`{"name":%q,"organization":%q,"description":"","templates":[]}`, name, l.organization), &made)) {
			l.mu.Lock()
			l.groups[made.ID] = true
			l.mu.Unlock()
			if own == "" {
				own = made.ID
			}
		}
		if own == "" {
			continue
		}
		l.mu.Lock()
		l.counted[own] = [2]int{l.counted[own][0], n}
		l.mu.Unlock()
		if l.went(ctx, "changing a group", l.write(ctx, "PATCH", "/api/v1/controller/group/"+own+"/", fmt.Sprintf(`{"description":"%d"}`, n), &made)) {
			l.mu.Lock()
			l.counted[own] = [2]int{n, n}
			l.mu.Unlock()
		}
	}
}

var people = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

func (l *load) write(ctx context.Context, method, path, body string, into any) error {
	q, err := http.NewRequestWithContext(ctx, method, l.c.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("Authorization", "Bearer "+toldToken)
	q.Header.Set("Content-Type", "application/json")
	r, err := people.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if r.StatusCode >= 300 {
		return &agent.StatusError{Op: string(text), Code: r.StatusCode}
	}
	return json.Unmarshal(text, into)
}

// more waits until another n devices are there.
func (l *load) more(n int) {
	l.c.t.Helper()
	before := l.known()
	testkit.Eventually(l.c.t, "devices register", func(context.Context) bool { return l.known() >= before+n })
}

func (l *load) known() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.devices)
}

// trouble is what failed since the last time.
func (l *load) trouble() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.why = nil }()
	return l.why
}

// kept holds what a node answers against what was acknowledged: each device has the
// configuration it is to have, each group is there, and no change is lost.
func (l *load) kept(url, text string) {
	t := l.c.t
	t.Helper()
	client := simulate.NewClient(url, 4, patience)
	l.mu.Lock()
	defer l.mu.Unlock()
	for mac, d := range l.devices {
		archive, err := client.Download(t.Context(), d, "")
		require.NoError(t, err, "the acknowledged device %s", mac)
		if !holds(t, archive, text) {
			t.Fatalf("%s answers %s something else than %q", url, mac, text)
		}
	}
	found := map[string]string{}
	for _, g := range (&installation{t: t, url: url}).all("/api/v1/controller/group/") {
		found[g["id"].(string)] = g["description"].(string)
	}
	for id := range l.groups {
		require.Contains(t, found, id)
	}
	for id, n := range l.counted {
		var stored int
		_, err := fmt.Sscan(found[id], &stored)
		require.NoError(t, err)
		require.GreaterOrEqual(t, stored, n[0], "an acknowledged change is lost")
		require.LessOrEqual(t, stored, n[1])
	}
}

// holds reports whether a configuration has a text.
func holds(t testing.TB, archive []byte, text string) bool {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	require.NoError(t, err)
	for files := tar.NewReader(z); ; {
		_, err := files.Next()
		if errors.Is(err, io.EOF) {
			return false
		}
		require.NoError(t, err)
		content, err := io.ReadAll(files)
		require.NoError(t, err)
		if bytes.Contains(content, []byte(text)) {
			return true
		}
	}
}
