package victoriametrics

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
)

// OutageError says that VictoriaMetrics did not answer, or could not do its work:
// what was asked may be asked again. It is wispwright.ErrUnavailable.
type OutageError struct {
	// Op is what was asked: write, read, delete.
	Op string
	// Err is why.
	Err error
}

// Error names the question and the cause, without the address, in which a
// password may stand.
func (e *OutageError) Error() string { return "VictoriaMetrics " + e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *OutageError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, wispwright.ErrUnavailable) true.
func (e *OutageError) Is(target error) bool { return target == wispwright.ErrUnavailable }

// client makes the requests.
type client struct {
	write, read string // base addresses, without a slash at their ends
	user        string
	password    wispwright.Secret
	http        *http.Client
}

const maxAnswer = 4 << 10

// do posts a form, or lines. It returns the body of a good answer.
func (c *client) do(ctx context.Context, op, address string, contentType string, body []byte) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("VictoriaMetrics %s: %w", op, withoutURL(err))
	}
	req.Header.Set("Content-Type", contentType)
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password.Reveal())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("VictoriaMetrics %s: %w", op, ctx.Err())
		}
		return nil, &OutageError{op, withoutURL(err)}
	}
	if resp.StatusCode/100 == 2 {
		return resp.Body, nil
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // of an error that is told in any case
	_ = resp.Body.Close()
	cause := fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(text)))
	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
		return nil, &OutageError{op, cause}
	}
	return nil, fmt.Errorf("VictoriaMetrics %s: %w", op, cause)
}

func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func (c *client) lines(ctx context.Context, lines []byte) error {
	body, err := c.do(ctx, "write", c.write+"/write?precision=ms", "text/plain", lines)
	if err != nil {
		return err
	}
	return body.Close()
}

const form = "application/x-www-form-urlencoded"

// samples are those of one series.
type samples struct {
	Metric     map[string]string `json:"metric"`
	Values     []float64         `json:"values"`
	Timestamps []int64           `json:"timestamps"` // milliseconds
}

// export gives the samples of the selected series to a function, series by series.
// Milliseconds, both included.
func (c *client) export(ctx context.Context, selector string, since, until int64, each func(*samples) error) error {
	values := url.Values{"match[]": {selector}, "start": {seconds(since)}, "end": {seconds(until)}, "reduce_mem_usage": {"1"}}
	body, err := c.do(ctx, "read", c.read+"/api/v1/export", form, []byte(values.Encode()))
	if err != nil {
		return err
	}
	defer body.Close()
	d := json.NewDecoder(bufio.NewReaderSize(body, 1<<16))
	for {
		var s samples
		if err := d.Decode(&s); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("VictoriaMetrics read: %w", ctx.Err())
			}
			return &OutageError{"read", err}
		}
		if len(s.Values) != len(s.Timestamps) {
			return &OutageError{"read", errors.New("a series has not as many times as values")}
		}
		if err := each(&s); err != nil {
			return err
		}
	}
}

// seconds spells milliseconds as the interface takes times.
func seconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64) }

// series returns the labels of the selected series of all times.
func (c *client) series(ctx context.Context, selector string) ([]map[string]string, error) {
	values := url.Values{"match[]": {selector}, "start": {"0"}, "end": {"7258118400"}}
	body, err := c.do(ctx, "read", c.read+"/api/v1/series", form, []byte(values.Encode()))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var answer struct {
		Data []map[string]string `json:"data"`
	}
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return nil, &OutageError{"read", err}
	}
	return answer.Data, nil
}

func (c *client) drop(ctx context.Context, selector string) error {
	body, err := c.do(ctx, "delete", c.read+"/api/v1/admin/tsdb/delete_series", form, []byte(url.Values{"match[]": {selector}}.Encode()))
	if err != nil {
		return err
	}
	return body.Close()
}

// flush makes what was written visible, which takes up to a second by itself.
func (c *client) flush(ctx context.Context) error {
	body, err := c.do(ctx, "read", c.read+"/internal/force_flush", form, nil)
	if err != nil {
		return err
	}
	return body.Close()
}
