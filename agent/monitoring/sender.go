package monitoring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wispwright/wispwright/agent"
)

// Sender makes the requests of the monitoring protocol (§6.2). It holds no state
// of a device and is safe for concurrent use.
type Sender struct {
	// BaseURL is the controller's address; "/api/v1/monitoring/…" is appended.
	BaseURL string
	// HTTP is the transport; nil means http.DefaultClient.
	HTTP *http.Client
	// UserAgent is sent with each request; default "wispwright-agent".
	UserAgent string
}

// Send delivers a document that was made at a time; current says that there is
// none newer. A *agent.StatusError means that the controller did not take it, a
// *agent.TransportError that there was no answer.
func (s *Sender) Send(ctx context.Context, c agent.Credentials, at time.Time, current bool, document []byte) error {
	const op = "monitoring"
	address := strings.TrimSuffix(s.BaseURL, "/") + "/api/v1/monitoring/device/" + url.PathEscape(c.UUID) + "/?key=" + url.QueryEscape(c.Key.Reveal()) +
		"&time=" + at.UTC().Format("02-01-2006_15:04:05.000000")
	if current {
		address += "&current=true"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("%s: %w", op, withoutURL(err))
	}
	req.Header.Set("Accept", "*/*")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "wispwright-agent")
	if s.UserAgent != "" {
		req.Header.Set("User-Agent", s.UserAgent)
	}
	client := s.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return &agent.TransportError{Op: op, Err: withoutURL(err)}
	}
	const told = 2048 // of an answer, for the log
	body, err := io.ReadAll(io.LimitReader(resp.Body, told))
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if resp.StatusCode == http.StatusOK {
		return nil // it took the document, whatever else it said
	}
	if err != nil {
		return &agent.TransportError{Op: op, Err: withoutURL(err)}
	}
	return &agent.StatusError{Op: op, Code: resp.StatusCode, Line: resp.Proto + " " + resp.Status, Body: strings.TrimSpace(string(body))}
}

// withoutURL takes the address, which carries the device's key, out of an error.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// status is the answer's code; 0 when there was none.
func status(err error) int {
	var s *agent.StatusError
	if errors.As(err, &s) {
		return s.Code
	}
	return 0
}
