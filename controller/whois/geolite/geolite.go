// Package geolite answers where public addresses are: from MaxMind's web service,
// and from database files in its format (MMDB), which need no outgoing traffic
// (spec: additions C-1).
package geolite

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
	"time"

	"code.dny.dev/ssrf"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/whois"
)

// URL is MaxMind's free service.
const URL = "https://geolite.info/"

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 256 << 10

// Options are what a Service is made with.
type Options struct {
	// Account and Key are the credentials; both are required.
	Account string
	Key     wispwright.Secret
	// URL is the address of the service, which ends with a slash. Default: URL.
	URL string
	// Allowed are private networks in which the service may be. Default: none.
	Allowed []netip.Prefix
	// Timeout bounds a request. Default: 10 s.
	Timeout time.Duration
}

// Service is MaxMind's web service, or one that speaks as it does.
type Service struct {
	base    *url.URL
	account string
	key     wispwright.Secret
	http    *http.Client
}

var _ whois.Provider = (*Service)(nil)

// NewService returns the service.
func NewService(o Options) (*Service, error) {
	if o.Account == "" || o.Key == "" {
		return nil, errors.New("geolite: an account and its key are required")
	}
	if o.URL == "" {
		o.URL = URL
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || !strings.HasSuffix(base.Path, "/") {
		return nil, fmt.Errorf("geolite: %q is no address of the web that ends with a slash", o.URL)
	}
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
	return &Service{base: base, account: o.Account, key: o.Key, http: &http.Client{
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 2, MaxResponseHeaderBytes: 64 << 10,
			IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: o.Timeout},
	}}, nil
}

// names are one thing's name in many languages.
type names struct {
	Names map[string]string `json:"names" maxminddb:"names"`
}

func (n names) english() string { return n.Names["en"] }

// found is what the service and the files say of an address.
type found struct {
	City      names `json:"city" maxminddb:"city"`
	Country   names `json:"country" maxminddb:"country"`
	Continent names `json:"continent" maxminddb:"continent"`
	Postal    struct {
		Code string `json:"code" maxminddb:"code"`
	} `json:"postal" maxminddb:"postal"`
	Location struct {
		Latitude  *float64 `json:"latitude" maxminddb:"latitude"`
		Longitude *float64 `json:"longitude" maxminddb:"longitude"`
		TimeZone  string   `json:"time_zone" maxminddb:"time_zone"`
	} `json:"location" maxminddb:"location"`
	Traits traits `json:"traits" maxminddb:"traits"`
}

// traits are what is known of the network; files of autonomous systems have only
// these.
type traits struct {
	Number       uint64 `json:"autonomous_system_number" maxminddb:"autonomous_system_number"`
	Organization string `json:"autonomous_system_organization" maxminddb:"autonomous_system_organization"`
	Network      string `json:"network" maxminddb:"-"`
}

func (f *found) answer() *whois.Answer {
	a := &whois.Answer{ISP: f.Traits.Organization, Timezone: f.Location.TimeZone, CIDR: f.Traits.Network,
		Place: whois.Place{City: f.City.english(), Country: f.Country.english(), Continent: f.Continent.english(), Postal: f.Postal.Code}}
	if f.Traits.Number > 0 {
		a.ASN = strconv.FormatUint(f.Traits.Number, 10)
	}
	if f.Location.Latitude != nil && f.Location.Longitude != nil {
		a.Latitude, a.Longitude = f.Location.Latitude, f.Location.Longitude
	}
	return a
}

// Lookup implements whois.Provider.
func (s *Service) Lookup(ctx context.Context, address netip.Addr) (*whois.Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base.JoinPath("geoip/v2.1/city/"+address.String()).String(), nil)
	if err != nil {
		return nil, fmt.Errorf("geolite: %w", err)
	}
	r.SetBasicAuth(s.account, s.key.Reveal())
	r.Header.Set("Accept", "application/json")
	answer, err := s.http.Do(r)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // the address of the request stays out of logs
		}
		return nil, fmt.Errorf("geolite: ask for %s: %w", address, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("geolite: read the answer for %s: %w", address, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("geolite: ask for %s: %w", address, refusal(answer.StatusCode, body))
	}
	if len(body) > mostAnswer {
		return nil, fmt.Errorf("geolite: the answer for %s is larger than %d bytes", address, mostAnswer)
	}
	var f found
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, fmt.Errorf("geolite: the answer for %s: %w", address, err)
	}
	return f.answer(), nil
}

// refusal is what a status and the code of the body mean.
func refusal(status int, body []byte) error {
	var said struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(body, &said) // not every refusal is JSON
	switch {
	case status == http.StatusNotFound, said.Code == "IP_ADDRESS_NOT_FOUND", said.Code == "IP_ADDRESS_RESERVED":
		return whois.ErrUnknown
	case status == http.StatusUnauthorized:
		return whois.ErrRefused
	case status == http.StatusPaymentRequired:
		return whois.ErrQuota
	case status == http.StatusForbidden:
		return whois.ErrForbidden
	}
	return fmt.Errorf("the service answers %d", status)
}
