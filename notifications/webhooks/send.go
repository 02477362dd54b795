package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"code.dny.dev/ssrf"

	"github.com/wispwright/wispwright"
)

const (
	// mostAnswer and mostRequest are how much of an exchange is kept, in bytes.
	mostAnswer  = 4 << 10
	mostRequest = 8 << 10
	// longestSecret is how long an address or a token may be.
	longestSecret = 2000
	// longestPause bounds what a receiver may ask for by Retry-After.
	longestPause = time.Hour
)

// refusedAddress is said of an address that must not be sent to.
const refusedAddress = "This address is private or special. The setting notifications.webhook_networks allows such ones."

// sender makes the requests. It dials no private address whatever a name
// resolves to, follows no redirect, uses no proxy, and reads little of what it
// is answered.
type sender struct {
	client  *http.Client
	allowed []netip.Prefix
	agent   string

	mu   sync.Mutex
	busy map[wispwright.ID]int
	most int
}

func newSender(o *Options) *sender {
	var v4, v6 []netip.Prefix
	for _, p := range o.Allowed {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	dialer := &net.Dialer{Timeout: o.Timeout, Control: guard.Safe}
	return &sender{
		allowed: o.Allowed, agent: o.Agent, busy: map[wispwright.ID]int{}, most: o.AtOnce,
		client: &http.Client{
			Timeout:       o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
				MaxResponseHeaderBytes: 64 << 10, MaxIdleConns: 100, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: o.Timeout,
			},
		},
	}
}

// refuses reports whether a host is an address that is never dialled. Names are
// looked at when they are dialled.
func (s *sender) refuses(host string) bool {
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return false
	}
	a = a.Unmap().WithZone("")
	if slices.ContainsFunc(s.allowed, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return false
	}
	network := "tcp6"
	if a.Is4() {
		network = "tcp4"
	}
	return ssrf.New(ssrf.WithAnyPort()).Safe(network, netip.AddrPortFrom(a, 443).String(), nil) != nil
}

// enter takes one of the places for requests to a webhook.
func (s *sender) enter(webhook wispwright.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[webhook] >= s.most {
		return false
	}
	s.busy[webhook]++
	return true
}

func (s *sender) leave(webhook wispwright.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[webhook]--; s.busy[webhook] <= 0 {
		delete(s.busy, webhook)
	}
}

// exchange is a request with its answer, as far as they are kept.
type exchange struct {
	status          int
	took            time.Duration
	request, answer string
	err             error
	after           time.Duration // what the receiver asked for by Retry-After
	gone            bool          // the receiver wants no more
}

func (x *exchange) ok() bool { return x.err == nil && x.status >= 200 && x.status < 300 }

// reason says in words why it failed.
func (x *exchange) reason() string {
	switch {
	case x.ok():
		return ""
	case x.err == nil && x.status >= 300 && x.status < 400:
		return fmt.Sprintf("The receiver redirects (%d), which is not followed.", x.status)
	case x.err == nil:
		return fmt.Sprintf("The receiver answered %d %s.", x.status, http.StatusText(x.status))
	}
	return wordError(x.err)
}

// wordError words a failure. What a private network looks like inside is not
// told: addresses that names resolve to stay unnamed.
func wordError(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork), errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrInvalidHostPort):
		return refusedAddress
	case errors.As(err, &dns):
		return "The name of the receiver's host cannot be resolved."
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "The receiver did not answer in time."
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return "The receiver's certificate is not valid: " + cut(certificate.Err.Error(), 200)
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return "No connection to the receiver."
	}
	return "The connection to the receiver broke."
}

// request makes the request of a delivery.
func (s *sender) request(ctx context.Context, w *Webhook, d *Delivery, m *Message, source string, now time.Time) (*http.Request, []byte, error) {
	text, contentType, err := body(w.Format, w.Room, m, source)
	if err != nil {
		return nil, nil, err
	}
	method, address := http.MethodPost, w.URL.Reveal()
	switch w.Format {
	case Telegram:
		address = strings.TrimRight(address, "/") + "/bot" + w.Token.Reveal() + "/sendMessage"
	case Matrix: // the transaction's id makes a repeated one count once
		method = http.MethodPut
		address = strings.TrimRight(address, "/") + "/_matrix/client/v3/rooms/" + url.PathEscape(w.Room) + "/send/m.room.message/" + d.ID.String()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(text))
	if err != nil {
		return nil, nil, errors.New("the address is malformed") // not err, which has the address
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", s.agent)
	if w.Token != "" && w.Format != Telegram {
		r.Header.Set("Authorization", "Bearer "+w.Token.Reveal())
	}
	secrets := []wispwright.Secret{w.Secret}
	if w.OldSecret != "" && w.OldSecretUntil != nil && w.OldSecretUntil.After(now) {
		secrets = append(secrets, w.OldSecret)
	}
	return r, text, signHeaders(r.Header, d.ID.String(), now, text, secrets...)
}

// send makes the request and reads the beginning of the answer.
func (s *sender) send(ctx context.Context, w *Webhook, d *Delivery, m *Message, source string, now time.Time) *exchange {
	r, text, err := s.request(ctx, w, d, m, source, now)
	if err != nil {
		return &exchange{err: err}
	}
	x := &exchange{request: shownRequest(r, w, text)}
	begun := time.Now()
	answer, err := s.client.Do(r)
	if err != nil {
		x.took, x.err = time.Since(begun), err
		return x
	}
	defer func() { _ = answer.Body.Close() }() // what is left of it does not matter
	x.status, x.gone = answer.StatusCode, answer.StatusCode == http.StatusGone
	x.after = retryAfter(answer.Header.Get("Retry-After"), now)
	// a receiver that goes on for ever is read no further; a secret that the end of
	// what is kept would cut through is read whole, to be found
	start, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer+longestSecret))
	x.took = time.Since(begun)
	if err != nil && !x.ok() {
		x.err = err
	}
	x.answer = shownAnswer(answer, w, start)
	return x
}

// shownRequest is what the log keeps of a request.
func shownRequest(r *http.Request, w *Webhook, text []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Method, ShownURL(w.URL))
	for _, name := range []string{"Content-Type", "User-Agent", HeaderID, HeaderTimestamp, HeaderSignature, "Authorization"} {
		value := r.Header.Get(name)
		switch {
		case value == "":
			continue
		case name == "Authorization":
			value = "Bearer ***"
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	b.WriteString("\n")
	b.Write(text)
	return readable(mask(b.String(), w), mostRequest)
}

// shownAnswer is what the log keeps of an answer.
func shownAnswer(a *http.Response, w *Webhook, start []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", a.Status)
	for _, name := range []string{"Content-Type", "Date", "Server", "Retry-After"} {
		if value := a.Header.Get(name); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, cut(value, 200))
		}
	}
	b.WriteString("\n")
	b.Write(start)
	return readable(mask(b.String(), w), mostAnswer)
}

// mask removes what a receiver repeats of the secrets.
func mask(text string, w *Webhook) string {
	parts := []string{w.Secret.Reveal(), w.OldSecret.Reveal(), w.Token.Reveal(), w.URL.Reveal()}
	if u, err := url.Parse(w.URL.Reveal()); err == nil {
		parts = append(parts, u.RequestURI(), u.EscapedPath(), u.Path, u.RawQuery)
		// programs repeat an address in pieces, and with slashes and signs escaped
		parts = append(parts, strings.Split(u.Path, "/")...)
		parts = append(parts, strings.Split(u.EscapedPath(), "/")...)
		for _, pair := range strings.Split(u.RawQuery, "&") {
			_, value, _ := strings.Cut(pair, "=")
			parts = append(parts, value)
		}
		for _, values := range u.Query() {
			parts = append(parts, values...)
		}
	}
	// the longest first, of which others are parts
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	for _, part := range parts {
		if len(part) >= 8 {
			text = strings.ReplaceAll(text, part, "***")
		}
	}
	return text
}

// readable makes stored text of bytes that may be anything.
func readable(text string, most int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, string(utf8.RuneError)), "\x00", string(utf8.RuneError))
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") // a letter that was cut through
	}
	return text
}

// retryAfter is the pause that a receiver asks for, 0 for none.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 1<<20))*time.Second, longestPause)
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return min(at.Sub(now), longestPause)
	}
	return 0
}
