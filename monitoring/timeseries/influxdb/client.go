package influxdb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/wispwright/wispwright"
)

// OutageError says that InfluxDB did not answer, or that it could not do its work:
// what was asked may be asked again. It is wispwright.ErrUnavailable.
type OutageError struct {
	// Op is what was asked: write, query.
	Op string
	// Err is why.
	Err error
}

// Error names the question and the cause, without the address, in which a
// password may stand.
func (e *OutageError) Error() string { return "InfluxDB " + e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *OutageError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, wispwright.ErrUnavailable) true.
func (e *OutageError) Is(target error) bool { return target == wispwright.ErrUnavailable }

// client makes the requests.
type client struct {
	base     string // without a slash at its end
	database string
	user     string
	password wispwright.Secret
	http     *http.Client
	udp      string
}

// maxAnswer bounds the text of an error.
const maxAnswer = 4 << 10

func (c *client) do(ctx context.Context, op, method, path string, params url.Values, body []byte) (*http.Response, error) {
	params.Set("db", c.database)
	req, err := http.NewRequestWithContext(ctx, method, c.base+path+"?"+params.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("InfluxDB %s: %w", op, withoutURL(err))
	}
	if op == "query" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password.Reveal())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("InfluxDB %s: %w", op, ctx.Err())
		}
		return nil, &OutageError{op, withoutURL(err)}
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // of an error that is told in any case
	_ = resp.Body.Close()
	cause := fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(text)))
	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
		return nil, &OutageError{op, cause}
	}
	return nil, fmt.Errorf("InfluxDB %s: %w", op, cause)
}

func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// write sends lines to a retention policy, in microseconds. InfluxDB has them on
// its disk when this returns, unless they go by UDP.
func (c *client) write(ctx context.Context, policy string, lines []byte) error {
	resp, err := c.do(ctx, "write", http.MethodPost, "/write", url.Values{"rp": {policy}, "precision": {"u"}}, lines)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// maxDatagram is what a datagram holds; larger ones are not sent on.
const maxDatagram = 60 << 10

// send writes lines by UDP, which nobody acknowledges, in nanoseconds.
func (c *client) send(ctx context.Context, lines []byte) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", c.udp)
	if err != nil {
		return &OutageError{"write by UDP", err}
	}
	defer conn.Close()
	for len(lines) > 0 {
		end := len(lines)
		if end > maxDatagram {
			if end = bytes.LastIndexByte(lines[:maxDatagram], '\n') + 1; end == 0 {
				if end = bytes.IndexByte(lines, '\n') + 1; end == 0 {
					end = len(lines)
				}
			}
		}
		if _, err := conn.Write(lines[:end]); err != nil {
			return &OutageError{"write by UDP", err}
		}
		lines = lines[end:]
	}
	return nil
}

// series is a part of an answer.
type series struct {
	Name    string            `json:"name"`
	Tags    map[string]string `json:"tags"`
	Columns []string          `json:"columns"`
	Values  [][]any           `json:"values"`
}

// query asks in InfluxQL and gives each part of the answer to a function, as it
// comes: answers may be longer than what fits into the memory.
func (c *client) query(ctx context.Context, text string, each func(statement int, s *series) error) error {
	params := url.Values{"epoch": {"u"}, "chunked": {"true"}, "chunk_size": {"10000"}}
	// in the body: lists of organizations are longer than an address may be
	resp, err := c.do(ctx, "query", http.MethodPost, "/query", params, []byte(url.Values{"q": {text}}.Encode()))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	d := json.NewDecoder(resp.Body)
	d.UseNumber()
	for {
		var part struct {
			Results []struct {
				Statement int      `json:"statement_id"`
				Series    []series `json:"series"`
				Error     string   `json:"error"`
			} `json:"results"`
			Error string `json:"error"`
		}
		if err := d.Decode(&part); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
				return fmt.Errorf("InfluxDB query: %w", err)
			}
			return &OutageError{"query", err}
		}
		if part.Error != "" {
			return fmt.Errorf("InfluxDB query: %s", part.Error)
		}
		for _, r := range part.Results {
			if r.Error != "" {
				return fmt.Errorf("InfluxDB query: %s", r.Error)
			}
			for i := range r.Series {
				if err := each(r.Statement, &r.Series[i]); err != nil {
					return err
				}
			}
		}
	}
}

// name quotes an identifier, text a string, so that nothing breaks out of either.
func name(v string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(v) + `"`
}

func text(v string) string {
	return `'` + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(v) + `'`
}
