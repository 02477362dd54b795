package sms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// HTTPOptions say how a gateway wants to be asked. In URL and Body {from}, {to},
// {number} (the receiver without plus), {text}, {account} and {secret} are filled in,
// escaped as the place wants it.
type HTTPOptions struct {
	// URL is where messages are sent.
	URL string
	// Body is what is sent: a form if it does not begin with { or [, else JSON.
	// Empty: a GET of the URL.
	Body string
	// Account and Secret are those of the customer.
	Account string
	Secret  wispwright.Secret
	// Authorization is the header's scheme: "Basic" (account and secret), "Bearer" or
	// another word before the secret; "-" for the secret alone; empty: no header.
	Authorization string
	// Client sends. Default: one that gives up after 15 seconds.
	Client *http.Client
}

// HTTP is a Gateway that is asked over HTTP.
type HTTP struct{ o HTTPOptions }

// Presets are gateways that are known by name; account and secret are still needed.
func Presets() map[string]HTTPOptions {
	return map[string]HTTPOptions{
		"twilio":      {URL: "https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json", Body: "From={from}&To={to}&Body={text}", Authorization: "Basic"},
		"vonage":      {URL: "https://rest.nexmo.com/sms/json", Body: "api_key={account}&api_secret={secret}&from={from}&to={number}&text={text}&type=unicode"},
		"messagebird": {URL: "https://rest.messagebird.com/messages", Body: "originator={from}&recipients={number}&body={text}", Authorization: "AccessKey"},
		"clickatell":  {URL: "https://platform.clickatell.com/messages", Body: `{"content":"{text}","to":["{number}"],"from":"{from}"}`, Authorization: "-"},
	}
}

// Names are those of the presets, in order.
func Names() []string {
	var names []string
	for name := range Presets() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// NewHTTP returns a gateway.
func NewHTTP(o HTTPOptions) (*HTTP, error) {
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(o.URL))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("sms: the gateway needs an address of http or https")
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 15 * time.Second}
	}
	return &HTTP{o}, nil
}

// maxAnswer is how much of an answer is read, so that a connection can be used again.
const maxAnswer = 64 << 10

// Send implements Gateway. Statuses from 400 on but 408, 429 and those of the server's
// own faults are a *RefusedError.
func (g *HTTP) Send(ctx context.Context, m Message) error {
	r, err := g.request(ctx, m)
	if err != nil {
		return err
	}
	answer, err := g.o.Client.Do(r)
	if err != nil {
		// the address may hold the secret
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return fmt.Errorf("send a message: %w", err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	err = errors.Join(err, answer.Body.Close())
	switch {
	case answer.StatusCode < 300:
		return nil // it was taken, whatever became of the rest of the answer
	case answer.StatusCode >= 400 && answer.StatusCode < 500 && answer.StatusCode != http.StatusRequestTimeout && answer.StatusCode != http.StatusTooManyRequests:
		return &RefusedError{answer.StatusCode}
	}
	return errors.Join(fmt.Errorf("send a message: the gateway answered %d", answer.StatusCode), err)
}

func (g *HTTP) request(ctx context.Context, m Message) (*http.Request, error) {
	fill := func(template string, escape func(string) string) string {
		return strings.NewReplacer("{from}", escape(m.From), "{to}", escape(m.To), "{number}", escape(strings.TrimPrefix(m.To, "+")), "{text}", escape(m.Text),
			"{account}", escape(g.o.Account), "{secret}", escape(g.o.Secret.Reveal())).Replace(template)
	}
	method, kind, body := http.MethodGet, "", ""
	if g.o.Body != "" {
		method, kind = http.MethodPost, "application/x-www-form-urlencoded"
		escape := url.QueryEscape
		if strings.HasPrefix(g.o.Body, "{\"") || strings.HasPrefix(g.o.Body, "[") {
			kind, escape = "application/json", quoted
		}
		body = fill(g.o.Body, escape)
	}
	r, err := http.NewRequestWithContext(ctx, method, fill(g.o.URL, url.QueryEscape), strings.NewReader(body))
	if err != nil {
		return nil, errors.New("send a message: the gateway's address cannot be used") // it may hold the secret
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	switch g.o.Authorization {
	case "":
	case "-":
		r.Header.Set("Authorization", g.o.Secret.Reveal())
	case "Basic":
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(g.o.Account+":"+g.o.Secret.Reveal())))
	default:
		r.Header.Set("Authorization", g.o.Authorization+" "+g.o.Secret.Reveal())
	}
	return r, nil
}

// quoted is a text within the quotes of JSON.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return "" // texts can always be written
	}
	return string(b[1 : len(b)-1])
}
