// Package geocode asks services on the network for the coordinates of addresses:
// those that speak Nominatim's protocol and those that speak ArcGIS's
// (spec: geo §9). No private address is dialled unless that is allowed, and little
// is believed of what is answered.
package geocode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"code.dny.dev/ssrf"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
)

// The addresses of the services that are asked when none is given.
const (
	NominatimURL = "https://nominatim.openstreetmap.org/"
	ArcGISURL    = "https://geocode.arcgis.com/arcgis/rest/services/World/GeocodeServer/"
)

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 1 << 20

// Options change what the constructors make; nil and zero fields mean the
// defaults.
type Options struct {
	// URL is the address of the service, which ends with a slash. Default: that of the
	// constructor.
	URL string
	// Allowed are private networks in which the service may be. Default: none.
	Allowed []netip.Prefix
	// Retries is how often a request that failed is made again. Default: 3; -1 means
	// never.
	Retries int
	// Delay is what is waited before. Default: 1 s.
	Delay time.Duration
	// Timeout bounds one request. Default: 5 s.
	Timeout time.Duration
	// Agent is the name the service is told, as its rules demand. Default:
	// "wispwright".
	Agent string
	// Pace is the least time between two requests. Default: none, for Nominatim's own
	// service 1 s, which its rules demand.
	Pace time.Duration
}

// client makes the requests.
type client struct {
	http    *http.Client
	base    *url.URL
	options Options

	mu   sync.Mutex
	next time.Time
}

func newClient(o *Options, base string) (*client, error) {
	c := &client{}
	if o != nil {
		c.options = *o
	}
	if c.options.URL == "" {
		c.options.URL = base
	}
	switch {
	case c.options.Retries == 0:
		c.options.Retries = 3
	case c.options.Retries < 0:
		c.options.Retries = 0
	}
	if c.options.Delay <= 0 {
		c.options.Delay = time.Second
	}
	if c.options.Timeout <= 0 {
		c.options.Timeout = 5 * time.Second
	}
	if c.options.Agent == "" {
		c.options.Agent = "wispwright"
	}
	if c.options.Pace == 0 && c.options.URL == NominatimURL {
		c.options.Pace = time.Second
	}
	var err error
	c.base, err = url.Parse(c.options.URL)
	if err != nil || c.base.Host == "" || c.base.Scheme != "http" && c.base.Scheme != "https" || !strings.HasSuffix(c.base.Path, "/") {
		return nil, fmt.Errorf("geocode: %q is no address of the web that ends with a slash", c.options.URL)
	}
	var v4, v6 []netip.Prefix
	for _, p := range c.options.Allowed {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	dialer := &net.Dialer{Timeout: c.options.Timeout, Control: guard.Safe}
	c.http = &http.Client{
		Timeout:       c.options.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 4, MaxResponseHeaderBytes: 64 << 10,
			IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: c.options.Timeout},
	}
	return c, nil
}

// get asks and reads the JSON of the answer, again after a while when that fails.
func (c *client) get(ctx context.Context, path string, query url.Values, into any) error {
	for try := 0; ; try++ {
		err := c.once(ctx, path, query, into)
		if err == nil || errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
		if try >= c.options.Retries || ctx.Err() != nil {
			return fmt.Errorf("geocode: %w: %w", wispwright.ErrUnavailable, err)
		}
		if err := sleep(ctx, c.options.Delay); err != nil {
			return fmt.Errorf("geocode: %w", err)
		}
	}
}

func (c *client) once(ctx context.Context, path string, query url.Values, into any) error {
	if err := c.turn(ctx); err != nil {
		return err
	}
	to := *c.base
	to.Path += path
	q := to.Query()
	for k, v := range query {
		q[k] = v
	}
	to.RawQuery = q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", c.options.Agent)
	r.Header.Set("Accept", "application/json")
	answer, err := c.http.Do(r)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // its text has the whole address, with keys that are in it
			err = wrapped.Err
		}
		return fmt.Errorf("ask %s: %w", c.base.Host, err)
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer of %s: %w", c.base.Host, err)
	case answer.StatusCode == http.StatusNotFound:
		return wispwright.ErrNotFound
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s", c.base.Host, answer.Status)
	case len(body) > mostAnswer:
		return fmt.Errorf("the answer of %s is longer than %d bytes", c.base.Host, mostAnswer)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.base.Host, err)
	}
	return nil
}

// turn waits until the next request may be made.
func (c *client) turn(ctx context.Context) error {
	if c.options.Pace <= 0 {
		return nil
	}
	c.mu.Lock()
	now := time.Now()
	at := c.next
	if at.Before(now) {
		at = now
	}
	c.next = at.Add(c.options.Pace)
	c.mu.Unlock()
	return sleep(ctx, at.Sub(now))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Nominatim is a geo.Geocoder that speaks the protocol of Nominatim, which is
// OpenStreetMap's and that of many others.
type Nominatim struct{ c *client }

// NewNominatim returns one; an address that cannot be asked is an error.
func NewNominatim(o *Options) (*Nominatim, error) {
	c, err := newClient(o, NominatimURL)
	if err != nil {
		return nil, err
	}
	return &Nominatim{c}, nil
}

// Geocode implements geo.Geocoder.
func (n *Nominatim) Geocode(ctx context.Context, address string) (geo.Position, error) {
	var found []struct {
		Lat string `json:"lat"`
		Lon string `json:"lon"`
	}
	if err := n.c.get(ctx, "search", url.Values{"q": {address}, "format": {"jsonv2"}, "limit": {"1"}}, &found); err != nil {
		return geo.Position{}, err
	}
	if len(found) == 0 {
		return geo.Position{}, wispwright.ErrNotFound
	}
	lng, err := strconv.ParseFloat(found[0].Lon, 64)
	lat, latErr := strconv.ParseFloat(found[0].Lat, 64)
	if err := errors.Join(err, latErr); err != nil {
		return geo.Position{}, fmt.Errorf("geocode: %w: %w", wispwright.ErrUnavailable, err)
	}
	return geo.Position{lng, lat}, nil
}

// Reverse implements geo.Geocoder.
func (n *Nominatim) Reverse(ctx context.Context, p geo.Position) (string, error) {
	var found struct {
		Name string `json:"display_name"`
	}
	if err := n.c.get(ctx, "reverse", url.Values{"lon": {degrees(p[0])}, "lat": {degrees(p[1])}, "format": {"jsonv2"}}, &found); err != nil {
		return "", err
	}
	if found.Name == "" {
		return "", wispwright.ErrNotFound
	}
	return found.Name, nil
}

// ArcGIS is a geo.Geocoder that speaks the protocol of ArcGIS.
type ArcGIS struct{ c *client }

// NewArcGIS returns one; an address that cannot be asked is an error.
func NewArcGIS(o *Options) (*ArcGIS, error) {
	c, err := newClient(o, ArcGISURL)
	if err != nil {
		return nil, err
	}
	return &ArcGIS{c}, nil
}

// Geocode implements geo.Geocoder.
func (a *ArcGIS) Geocode(ctx context.Context, address string) (geo.Position, error) {
	var found struct {
		Candidates []struct {
			Location struct{ X, Y float64 } `json:"location"`
		} `json:"candidates"`
	}
	if err := a.c.get(ctx, "findAddressCandidates", url.Values{"singleLine": {address}, "f": {"json"}, "maxLocations": {"1"}}, &found); err != nil {
		return geo.Position{}, err
	}
	if len(found.Candidates) == 0 {
		return geo.Position{}, wispwright.ErrNotFound
	}
	l := found.Candidates[0].Location
	return geo.Position{l.X, l.Y}, nil
}

// Reverse implements geo.Geocoder.
func (a *ArcGIS) Reverse(ctx context.Context, p geo.Position) (string, error) {
	var found struct {
		Address struct {
			Match string `json:"Match_addr"`
			Long  string `json:"LongLabel"`
		} `json:"address"`
	}
	if err := a.c.get(ctx, "reverseGeocode", url.Values{"location": {degrees(p[0]) + "," + degrees(p[1])}, "f": {"json"}, "outSR": {"4326"}}, &found); err != nil {
		return "", err
	}
	for _, text := range []string{found.Address.Match, found.Address.Long} {
		if text != "" {
			return text, nil
		}
	}
	return "", wispwright.ErrNotFound
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
