package client

import (
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
	"time"

	"github.com/wispwright/wispwright"
)

// Options are what may be left out.
type Options struct {
	// Token is sent as "Authorization: Bearer …". Empty: the caller is nobody.
	Token wispwright.Secret
	// UserAgent names the program. Default: wispwright-client.
	UserAgent string
	// HTTP carries the requests; its redirects are not followed, so that no
	// change is lost on the way. Default: one whose requests take a minute.
	HTTP *http.Client
	// Attempts is how often a request is sent that the server puts off (429 and
	// 503 with Retry-After), at least once. Default: 4.
	Attempts int
	// MaxWait is the longest pause; a server that asks for a longer one is
	// answered with its error. Default: one minute.
	MaxWait time.Duration
	// MaxAnswer bounds the bytes of an answer. Default: 64 MiB.
	MaxAnswer int64
	// Sleep waits. Default: a timer.
	Sleep func(ctx context.Context, d time.Duration) error
	// Now tells the time. Default: time.Now.
	Now func() time.Time
}

// Client is a caller of one installation. It may be used by many goroutines.
type Client struct {
	base    *url.URL
	options Options
}

// New returns a client of the installation at an address such as
// https://wispwright.example.org.
func New(address string, o Options) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no address such as https://wispwright.example.org", address)
	}
	if strings.ContainsFunc(o.Token.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the token has characters that no token has")
	}
	if o.UserAgent == "" {
		o.UserAgent = "wispwright-client"
	}
	if o.Attempts < 1 {
		o.Attempts = 4
	}
	if o.MaxWait == 0 {
		o.MaxWait = time.Minute
	}
	if o.MaxAnswer == 0 {
		o.MaxAnswer = 64 << 20
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	carrier := http.Client{Timeout: time.Minute}
	if o.HTTP != nil {
		carrier = *o.HTTP
	}
	carrier.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.HTTP = &carrier
	return &Client{u, o}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Do sends a request to a path such as /api/v1/users/user/ (a query may
// follow), with in as its JSON body unless it is nil, and reads the JSON of the
// answer into out unless it is nil. Answers other than 2xx are an *Error.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	_, err := c.do(ctx, method, path, nil, in, out)
	return err
}

// do returns the header of the answer as well.
func (c *Client) do(ctx context.Context, method, path string, header http.Header, in, out any) (http.Header, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, fmt.Errorf("%s %s: write the body: %w", method, path, err)
		}
	}
	for attempt := 1; ; attempt++ {
		answer, text, err := c.send(ctx, method, path, header, body, in != nil)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
		if answer.StatusCode/100 == 2 {
			if out == nil || len(text) == 0 {
				return answer.Header, nil
			}
			if err := json.Unmarshal(text, out); err != nil {
				return nil, fmt.Errorf("%s %s: read the answer: %w", method, path, err)
			}
			return answer.Header, nil
		}
		wait, ok := c.wait(answer)
		if !ok || attempt >= c.options.Attempts {
			return nil, newError(method, path, answer, text, c.options.Now())
		}
		if err := c.options.Sleep(ctx, wait); err != nil {
			return nil, errors.Join(newError(method, path, answer, text, c.options.Now()), err)
		}
	}
}

func (c *Client) send(ctx context.Context, method, path string, header http.Header, body []byte, hasBody bool) (*http.Response, []byte, error) {
	address := c.base.String() + "/" + strings.TrimPrefix(path, "/")
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for k, v := range header {
		r.Header[k] = v
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", c.options.UserAgent)
	if hasBody {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.options.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.options.Token.Reveal())
	}
	answer, err := c.options.HTTP.Do(r)
	if err != nil {
		// it says method and address once more
		if inner := (*url.Error)(nil); errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, nil, err
	}
	defer func() { _ = answer.Body.Close() }() // all that is wanted was read
	text, err := io.ReadAll(io.LimitReader(answer.Body, c.options.MaxAnswer+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read the answer: %w", err)
	}
	if int64(len(text)) > c.options.MaxAnswer {
		return nil, nil, fmt.Errorf("the answer is longer than %d bytes", c.options.MaxAnswer)
	}
	return answer, text, nil
}

// wait says whether an answer puts the request off, and for how long. Only
// what comes with Retry-After was certainly not carried out.
func (c *Client) wait(answer *http.Response) (time.Duration, bool) {
	if answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode != http.StatusServiceUnavailable {
		return 0, false
	}
	wait, ok := retryAfter(answer.Header.Get("Retry-After"), c.options.Now())
	return wait, ok && wait <= c.options.MaxWait
}

// retryAfter reads seconds or a date.
func retryAfter(text string, now time.Time) (time.Duration, bool) {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return max(0, at.Sub(now)), true
}
