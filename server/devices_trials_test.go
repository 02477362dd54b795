package server_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
)

// hasty is a clock on which waiting takes milliseconds.
type hasty struct {
	mu  sync.Mutex
	now time.Time
}

// Now implements agent.Clock.
func (c *hasty) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep implements agent.Clock.
func (c *hasty) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.now = c.now.Add(max(d, 0))
	c.mu.Unlock()
	return agent.RealClock{}.Sleep(ctx, 5*time.Millisecond)
}

// cable is a device's way to the server. It is cut for a time by the first test of a
// configuration, and keeps what was reported.
type cable struct {
	clock *hasty
	cut   time.Duration

	mu       sync.Mutex
	fetched  bool
	since    time.Time
	reported []string
}

var errCut = errors.New("the cable is cut")

// RoundTrip implements http.RoundTripper.
func (c *cable) RoundTrip(r *http.Request) (*http.Response, error) {
	now := c.clock.Now()
	c.mu.Lock()
	if c.fetched && c.since.IsZero() && strings.Contains(r.URL.Path, "/checksum/") {
		c.since = now
	}
	gone := !c.since.IsZero() && now.Sub(c.since) < c.cut
	c.fetched = c.fetched || strings.Contains(r.URL.Path, "/download-config/")
	c.mu.Unlock()
	if gone {
		return nil, errCut
	}
	if strings.Contains(r.URL.Path, "/report-status/") && r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(text))
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		c.reported = append(c.reported, form.Get("status"))
		c.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (c *cable) reports() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.reported...)
}

// The real agent tries a configuration out while the real server is away for
// fifteen seconds: the device never is in error.
func TestTrialsOfTheAgentAgainstServer(t *testing.T) {
	t.Parallel()
	s := newSite(t, testkit.SQLite(t))
	s.template("from the server\n")
	root := t.TempDir()
	tree, err := agent.NewTree(root)
	require.NoError(t, err)
	clock := &hasty{now: time.Now()}
	way := &cable{clock: clock, cut: 15 * time.Second}
	o := agent.Defaults()
	o.URL, o.SharedSecret, o.Hostname, o.MAC, o.Reload = s.url, "s3cr3tS3cr3t", "box", "02:00:00:00:00:01", "none"
	a, err := agent.New(o, agent.Deps{Tree: tree, Clock: clock, HTTP: &http.Client{Transport: way}})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	s.status("applied")
	stop()
	require.Equal(t, 0, agent.ExitCode(<-ended))
	raw, err := os.ReadFile(filepath.Join(root, "etc", "motd"))
	require.NoError(t, err)
	require.Equal(t, "from the server\n", string(raw))
	reported := way.reports()
	require.NotEmpty(t, reported)
	require.Equal(t, "applied", reported[len(reported)-1])
	require.NotContains(t, reported, "error")
}
