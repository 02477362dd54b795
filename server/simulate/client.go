package simulate

import (
	"net/http"
	"time"

	"github.com/wispwright/wispwright/agent"
)

var _ Protocol = (*agent.Client)(nil)

// NewClient returns a client for a fleet: unlike a real device, which comes
// back once in a while, it keeps its connections, so that the server is
// measured and not the number of ports.
func NewClient(url string, connections int, timeout time.Duration) *agent.Client {
	return &agent.Client{BaseURL: url, UserAgent: "wispwright-simulate", HTTP: &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			MaxIdleConns: connections, MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
			IdleConnTimeout: time.Minute, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}
