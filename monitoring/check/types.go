package check

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check/ping"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// The identifiers of the types of the product; those of OpenWISP are its own.
const (
	PingType          = "openwisp_monitoring.check.classes.Ping"
	ConfigAppliedType = "openwisp_monitoring.check.classes.ConfigApplied"
	DataCollectedType = "openwisp_monitoring.check.classes.DataCollected"
	WiFiMaxType       = "openwisp_monitoring.check.classes.WifiClientsMax"
	WiFiMinType       = "openwisp_monitoring.check.classes.WifiClientsMin"
	SNMPType          = "wispwright.check.SNMP"
	HTTPType          = "wispwright.check.HTTP"
	TCPType           = "wispwright.check.TCP"
)

// Settings are what the types of the product are made with.
type Settings struct {
	// Ping, ConfigApplied and DataCollected give new devices such a check.
	Ping, ConfigApplied, DataCollected bool
	// AlsoLastIP pings the public address of a device without management address.
	AlsoLastIP bool
	// ConfigInterval is how long a change may be unapplied.
	ConfigInterval time.Duration
	// DataInterval is how long a device may send nothing.
	DataInterval time.Duration
	// Every is how often checks run.
	Every time.Duration
	// WiFiClients gives new devices checks of the number of their WiFi clients, which is counted over
	// WiFiMaxInterval and WiFiMinInterval, but not in the times of WiFiSnooze.
	WiFiClients                      bool
	WiFiMaxInterval, WiFiMinInterval time.Duration
	WiFiSnooze                       Schedule
	// Clients counts the different WiFi clients of a device since a time. Default: there are no such types.
	Clients func(ctx context.Context, device wispwright.ID, since time.Time) (int, error)
	// ReadSNMP reads a device into a document. Default: there is no such type.
	ReadSNMP func(ctx context.Context, device wispwright.ID) (wispwright.JSON, error)
	// LastDocument returns when a device sent its last document; zero: never.
	LastDocument func(ctx context.Context, device wispwright.ID) (time.Time, error)
	// Refuse names addresses at which no device is asked over TCP. Default: those of the server itself,
	// of its links, and groups.
	Refuse func(netip.Addr) bool
	// Ping sends requests. Default: ping.Many.
	Pinger func(ctx context.Context, addresses []netip.Addr, o ping.Options) ([]ping.Result, error)
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Types returns the types of the product.
func Types(s Settings) []Type {
	if s.Pinger == nil {
		s.Pinger = ping.Many
	}
	if s.Clock == nil {
		s.Clock = time.Now
	}
	types := []Type{
		{ID: PingType, Label: "Ping", Kinds: []string{"ping"}, Auto: s.Ping, Every: s.Every, Timeout: 2 * time.Minute, Run: s.ping,
			Check: func(p wispwright.JSON) error { _, err := whole(p, pingParams()); return err }},
		{ID: ConfigAppliedType, Label: "Configuration Applied", Kinds: []string{"config_applied"}, Auto: s.ConfigApplied, Every: s.Every, Run: Each(s.configApplied)},
		{ID: DataCollectedType, Label: "Monitoring Data Collected", Kinds: []string{"data_collected"}, Auto: s.DataCollected, Every: s.Every, Run: Each(s.dataCollected)},
		{ID: HTTPType, Label: "HTTP", Kinds: []string{"http"}, Every: s.Every, Run: Each(s.http),
			Check: func(p wispwright.JSON) error { _, err := whole(p, httpParams()); return err }},
		{ID: TCPType, Label: "TCP", Kinds: []string{"tcp"}, Every: s.Every, Run: Each(s.tcp),
			Check: func(p wispwright.JSON) error { _, err := whole(p, tcpParams()); return err }},
	}
	if s.Clients != nil {
		types = append(types,
			Type{ID: WiFiMaxType, Label: "Max WiFi Clients", Kinds: []string{"wifi_clients_max"}, Auto: s.WiFiClients, Every: s.Every, Run: Each(s.clients("wifi_clients_max", s.WiFiMaxInterval))},
			Type{ID: WiFiMinType, Label: "Min WiFi Clients", Kinds: []string{"wifi_clients_min"}, Auto: s.WiFiClients, Every: s.Every, Run: Each(s.clients("wifi_clients_min", s.WiFiMinInterval))})
	}
	if s.ReadSNMP != nil {
		types = append(types, Type{ID: SNMPType, Label: "SNMP", Every: s.Every, Alone: true, Run: Each(s.snmp)})
	}
	for i := range types {
		if limits := limitsOf(types[i].ID); limits != nil {
			types[i].Params = described(limits)
		}
	}
	return types
}

// limitsOf are the parameters of a type that are whole numbers.
func limitsOf(id string) map[string]limits {
	switch id {
	case PingType:
		return pingParams()
	case HTTPType:
		return httpParams()
	case TCPType:
		return tcpParams()
	}
	return nil
}

// clients counts the WiFi clients of a time (additions M-3).
func (s *Settings) clients(kind string, interval time.Duration) func(context.Context, Target) Result {
	return func(ctx context.Context, t Target) Result {
		now := s.Clock()
		if t.Device.Status == "critical" || t.Device.Status == "unknown" || s.WiFiSnooze.Covers(now) {
			return Result{}
		}
		n, err := s.Clients(ctx, t.Device.ID, now.Add(-interval))
		if err != nil {
			return Result{Err: err}
		}
		return value(kind, "", timeseries.Field{Name: "clients", Value: timeseries.Int(int64(n))})
	}
}

// snmp reads the device into a document, which is taken in like that of an agent.
func (s *Settings) snmp(ctx context.Context, t Target) Result {
	document, err := s.ReadSNMP(ctx, t.Device.ID)
	if err != nil {
		return Result{Err: err}
	}
	return Result{Document: []byte(document)}
}

func pingParams() map[string]limits {
	return map[string]limits{"count": {5, 2, 20}, "interval": {25, 10, 1000}, "bytes": {56, 12, 65508}, "timeout": {800, 5, 1500}}
}

func httpParams() map[string]limits {
	return map[string]limits{"port": {80, 1, 65535}, "tls": {0, 0, 1}, "timeout": {5000, 100, 30000}}
}

func tcpParams() map[string]limits {
	return map[string]limits{"port": {22, 1, 65535}, "timeout": {5000, 100, 30000}}
}

func value(kind, name string, fields ...timeseries.Field) Result {
	return Result{Values: []monitoring.Measured{{Kind: kind, Name: name, Fields: fields}}}
}

func whether(name string, ok bool) timeseries.Field {
	if ok {
		return timeseries.Field{Name: name, Value: timeseries.Int(1)}
	}
	return timeseries.Field{Name: name, Value: timeseries.Int(0)}
}

func seconds(d time.Duration) timeseries.Field {
	return timeseries.Field{Name: "seconds", Value: timeseries.Float(d.Seconds())}
}

// address is where a device is reached.
func (s *Settings) address(d *Device) netip.Addr {
	if d.ManagementIP.IsValid() || !s.AlsoLastIP {
		return d.ManagementIP
	}
	return d.LastIP
}

// ping asks all addresses with the same parameters at once.
func (s *Settings) ping(ctx context.Context, list []Target) []Result {
	out := make([]Result, len(list))
	groups := map[ping.Options][]int{}
	for i, t := range list {
		if a := s.address(t.Device); !a.IsValid() {
			// one that had an address has lost it; of one that never had, nothing can be said
			if t.Device.Status != "unknown" && t.Device.Pinged {
				out[i] = value("ping", "", whether("reachable", false), timeseries.Field{Name: "loss", Value: timeseries.Float(100)})
			}
			continue
		}
		p, err := whole(t.Check.Params, pingParams())
		if err != nil {
			out[i].Err = err
			continue
		}
		o := ping.Options{Count: p["count"], Interval: time.Duration(p["interval"]) * time.Millisecond, Bytes: p["bytes"], Timeout: time.Duration(p["timeout"]) * time.Millisecond}
		groups[o] = append(groups[o], i)
	}
	for o, places := range groups {
		addresses := make([]netip.Addr, len(places))
		for n, i := range places {
			addresses[n] = s.address(list[i].Device)
		}
		results, err := s.Pinger(ctx, addresses, o)
		for n, i := range places {
			if err != nil { // says nothing of the devices
				out[i].Err = err
				continue
			}
			out[i] = pinged(results[n])
		}
	}
	return out
}

func pinged(r ping.Result) Result {
	fields := []timeseries.Field{whether("reachable", r.Received > 0), {Name: "loss", Value: timeseries.Float(r.Loss())}}
	ms := func(name string, d time.Duration) timeseries.Field {
		return timeseries.Field{Name: name, Value: timeseries.Float(float64(d.Microseconds()) / 1000)}
	}
	if r.Received > 0 {
		fields = append(fields, ms("rtt_min", r.Min), ms("rtt_avg", r.Avg), ms("rtt_max", r.Max))
	}
	return value("ping", "", fields...)
}

// configApplied asks whether the device has the configuration it should have (spec: monitoring
// §12.2).
func (s *Settings) configApplied(_ context.Context, t Target) Result {
	d := t.Device
	if d.Config == "" || d.Status == "critical" || d.Status == "unknown" {
		return Result{}
	}
	return value("config_applied", "", whether("config_applied", d.Config == "applied" || s.Clock().Sub(d.Modified) < s.ConfigInterval))
}

// dataCollected asks whether the device sends (additions M-2).
func (s *Settings) dataCollected(ctx context.Context, t Target) Result {
	last, err := s.LastDocument(ctx, t.Device.ID)
	if err != nil {
		return Result{Err: err}
	}
	age := s.Clock().Sub(last)
	if last.IsZero() {
		return value("data_collected", "", whether("data_collected", false))
	}
	return value("data_collected", "", whether("data_collected", age <= s.DataInterval), timeseries.Field{Name: "age", Value: timeseries.Float(age.Seconds())})
}

// refused reports whether no device is asked at an address.
func (s *Settings) refused(a netip.Addr) bool {
	if s.Refuse != nil {
		return s.Refuse(a)
	}
	return a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast()
}

// asked is where a service is asked; addresses that are no device's are refused.
func (s *Settings) asked(t Target, p map[string]int) (string, error) {
	a := s.address(t.Device).Unmap()
	switch {
	case !a.IsValid():
		return "", nil
	case s.refused(a):
		return "", fmt.Errorf("%s is no address of a device", a)
	}
	return net.JoinHostPort(a.String(), strconv.Itoa(p["port"])), nil
}

func (s *Settings) tcp(ctx context.Context, t Target) Result {
	p, err := whole(t.Check.Params, tcpParams())
	if err != nil {
		return Result{Err: err}
	}
	to, err := s.asked(t, p)
	if err != nil || to == "" {
		return Result{Err: err}
	}
	dialer, began := &net.Dialer{Timeout: time.Duration(p["timeout"]) * time.Millisecond}, time.Now()
	c, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		if ctx.Err() != nil {
			return Result{Err: ctx.Err()}
		}
		return value("tcp", t.Check.Name, whether("tcp_ok", false))
	}
	return Result{Values: value("tcp", t.Check.Name, whether("tcp_ok", true), seconds(time.Since(began))).Values, Err: c.Close()}
}

// asker is a client that follows nobody elsewhere. Whether a service answers is
// asked, by its address and without a secret: devices sign their certificates
// themselves, so these are not verified.
func asker(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // see above
}

func (s *Settings) http(ctx context.Context, t Target) Result {
	p, err := whole(t.Check.Params, httpParams())
	if err != nil {
		return Result{Err: err}
	}
	to, err := s.asked(t, p)
	if err != nil || to == "" {
		return Result{Err: err}
	}
	scheme := "http"
	if p["tls"] == 1 {
		scheme = "https"
	}
	client := asker(time.Duration(p["timeout"]) * time.Millisecond)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+to+"/", nil)
	if err != nil {
		return Result{Err: err}
	}
	began := time.Now()
	answer, err := client.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return Result{Err: ctx.Err()}
		}
		return value("http", t.Check.Name, whether("http_ok", false))
	}
	out := value("http", t.Check.Name, whether("http_ok", answer.StatusCode < 500), timeseries.Field{Name: "status", Value: timeseries.Int(int64(answer.StatusCode))}, seconds(time.Since(began)))
	out.Err = answer.Body.Close()
	return out
}
