package vpnhost

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/hostwire"
)

// Server names a VPN server that a host runs.
type Server struct {
	// ID is the server's, Key opens what its host may fetch.
	ID  wispwright.ID
	Key wispwright.Secret
}

// What hosts and installations say to each other.
type (
	// Versions tell whether there is something new.
	Versions = hostwire.Versions
	// Report tells how a server fares, Peer each client that is at it.
	Report = hostwire.Report
	// Peer is somebody at a VPN server.
	Peer = hostwire.Peer
	// Answer is what a host hears when it reports.
	Answer = hostwire.Answer
)

// ErrGone is what a Source returns for a server that is not there any more, or whose
// organization is not active.
var ErrGone = errors.New("the server is not there any more")

// Source is where a host learns what to run.
type Source interface {
	// Versions returns what there is to fetch. It may wait up to wait until that is
	// something else than known.
	Versions(ctx context.Context, s Server, known Versions, wait time.Duration) (Versions, error)
	// Archive returns the .tar.gz of what to run.
	Archive(ctx context.Context, s Server) ([]byte, error)
	// Revocations returns the list of revoked certificates in PEM.
	Revocations(ctx context.Context, s Server) ([]byte, error)
	// Report tells how the server fares, and hears which peers are to be disconnected.
	Report(ctx context.Context, s Server, r *Report) (*Answer, error)
}

// Client is the Source behind the API of a Wispwright. With an OpenWISP it works too, as
// far as that goes: without lists of revoked certificates, and nobody hears reports.
type Client struct {
	// URL is the installation's address, such as https://wispwright.example.org.
	URL string
	// HTTP makes the requests. Default: one that gives up after a minute.
	HTTP *http.Client
}

// limits of what is read
const (
	maxArchive = 64 << 20
	maxAnswer  = 1 << 20
)

// Versions implements Source.
func (c *Client) Versions(ctx context.Context, s Server, known Versions, wait time.Duration) (Versions, error) {
	q := url.Values{"key": {s.Key.Reveal()}}
	if wait >= time.Second {
		q.Set("wait", strconv.Itoa(int(wait/time.Second)))
		q.Set("checksum", known.Archive)
		q.Set("revocations", known.Revocations)
	}
	body, header, err := c.get(ctx, "checksum", s, q, maxAnswer)
	if err != nil {
		return Versions{}, err
	}
	sum := strings.TrimSpace(string(body))
	if _, err := hex.DecodeString(sum); err != nil || len(sum) != 2*md5.Size {
		return Versions{}, fmt.Errorf("what %s answered is no checksum", c.URL)
	}
	return Versions{Archive: sum, Revocations: header.Get(hostwire.RevocationsHeader)}, nil
}

// Archive implements Source.
func (c *Client) Archive(ctx context.Context, s Server) ([]byte, error) {
	body, _, err := c.get(ctx, "download-config", s, url.Values{"key": {s.Key.Reveal()}}, maxArchive)
	return body, err
}

// Revocations implements Source.
func (c *Client) Revocations(ctx context.Context, s Server) ([]byte, error) {
	body, _, err := c.get(ctx, "revocations", s, url.Values{"key": {s.Key.Reveal()}}, maxArchive)
	return body, err
}

// Report implements Source.
func (c *Client) Report(ctx context.Context, s Server, r *Report) (*Answer, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	request, err := c.request(ctx, http.MethodPost, "report", s, url.Values{"key": {s.Key.Reveal()}}, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	body, header, err := c.do(request, maxAnswer)
	if errors.Is(err, ErrGone) && !hostwire.Understood(header) {
		return &Answer{}, nil // an OpenWISP has no such path
	}
	if err != nil {
		return nil, err
	}
	var a Answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, fmt.Errorf("answer to a report: %w", err)
	}
	return &a, nil
}

func (c *Client) get(ctx context.Context, action string, s Server, q url.Values, limit int64) ([]byte, http.Header, error) {
	r, err := c.request(ctx, http.MethodGet, action, s, q, nil)
	if err != nil {
		return nil, nil, err
	}
	return c.do(r, limit)
}

func (c *Client) request(ctx context.Context, method, action string, s Server, q url.Values, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.URL, "/")+"/controller/vpn/"+action+"/"+s.ID.String()+"/?"+q.Encode(), body)
	if err != nil {
		return nil, errors.New("the address of the installation is malformed") // the error has the key
	}
	return r, nil
}

// do makes a request. Errors have no key in them.
func (c *Client) do(r *http.Request, limit int64) ([]byte, http.Header, error) {
	client := c.HTTP
	if client == nil {
		client = &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	answer, err := client.Do(r)
	if err != nil {
		if of := (*url.Error)(nil); errors.As(err, &of) {
			err = of.Err
		}
		return nil, nil, fmt.Errorf("ask %s: %w", c.URL, err)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	_ = answer.Body.Close() // it is read
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("read the answer of %s: %w", c.URL, err)
	case int64(len(body)) > limit:
		return nil, nil, fmt.Errorf("the answer of %s is longer than %d bytes", c.URL, limit)
	case answer.StatusCode == http.StatusNotFound && answer.Header.Get("X-Openwisp-Controller") == "true":
		return nil, answer.Header, ErrGone
	case answer.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("%s answered %s", c.URL, answer.Status)
	}
	return body, answer.Header, nil
}
