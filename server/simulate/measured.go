package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/wispwright/wispwright/agent"
)

// Measured makes what the monitoring agent of a believable access point would send: busy
// days and quiet nights, regulars among the clients, counters that grow, a restart now
// and then. Ask it in order of time.
type Measured struct {
	r       *rand.Rand
	seed    uint64
	busy    float64 // how much is going on here
	regular int     // clients that come every day
	last    time.Time
	booted  time.Time
	rx, tx  map[string]float64
}

// NewMeasured returns an access point; equal seeds make equal ones.
func NewMeasured(seed uint64) *Measured {
	r := rand.New(rand.NewPCG(seed, 24))
	return &Measured{r: r, seed: seed, busy: 0.3 + r.Float64(), regular: 6 + r.IntN(14), rx: map[string]float64{}, tx: map[string]float64{}}
}

// activity is how much is going on at a time of the day, from 0 to 1.
func activity(at time.Time) float64 {
	hour := float64(at.Hour()) + float64(at.Minute())/60
	day := math.Exp(-math.Pow((hour-14)/5, 2)) + 0.6*math.Exp(-math.Pow((hour-20)/2, 2))
	if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		day *= 0.45
	}
	return min(1, 0.03+day)
}

// here reports whether a client is at the access point in an hour.
func (m *Measured) here(client int, at time.Time, share float64) bool {
	return rand.New(rand.NewPCG(m.seed<<8+uint64(client), uint64(at.Unix()/2700))).Float64() < share
}

type object = map[string]any

// Document returns the document of a time.
func (m *Measured) Document(at time.Time) []byte {
	busy := m.busy * activity(at)
	if m.booted.IsZero() {
		m.booted, m.last = at.Add(-time.Duration(m.r.IntN(20*24))*time.Hour), at.Add(-5*time.Minute)
	}
	seconds := at.Sub(m.last).Seconds()
	m.last = at
	if m.r.Float64() < seconds/(9*24*3600) { // once in nine days
		m.booted = at.Add(-time.Duration(m.r.IntN(240)) * time.Second)
		clear(m.rx)
		clear(m.tx)
	}
	clients := []object{}
	for n := range m.regular {
		if m.here(n, at, 0.15+0.8*activity(at)) {
			clients = append(clients, m.client(n))
		}
	}
	down := busy * (0.4 + m.r.Float64()) * float64(2+len(clients)) * 45_000 * seconds
	up := down * (0.08 + 0.1*m.r.Float64())
	load := 0.08 + busy*0.7*m.r.Float64()
	total := int64(249774080)
	used := int64(float64(total) * (0.31 + 0.2*busy + 0.03*m.r.Float64()))
	doc := object{
		"type":    "DeviceMonitoring",
		"general": object{"hostname": "simulated", "local_time": at.Unix(), "uptime": int64(at.Sub(m.booted).Seconds())},
		"resources": object{
			"temperature": round(38 + 22*busy*m.r.Float64() + 4*load), // as agents of one's own tell
			"load":        []float64{round(load), round(load * 0.9), round(load * 0.8)}, "cpus": 1,
			"memory": object{"total": total, "free": total - used, "buffered": 974848, "shared": 86016, "cached": 6774784, "available": total - used + 1000000},
			"disk":   []object{{"mount_point": "/overlay", "filesystem": "/dev/mtdblock6", "size_bytes": 8 << 20, "used_bytes": int64(2_100_000 + m.seed%1_000_000), "available_bytes": 5 << 20, "used_percent": 27}},
		},
		"interfaces": []object{
			m.port("wan", down, up, object{"addresses": []object{{"proto": "dhcp", "family": "ipv4", "address": fmt.Sprintf("10.%d.%d.2", m.seed%250, m.seed/250%250), "mask": 24}}, "speed": "1000F"}),
			m.port("lan", up*0.2, down*0.2, object{"speed": "1000F"}),
			m.port("wlan0", up*0.8, down*0.8, object{"type": "wireless", "wireless": object{
				"ssid": "Wispwright", "mode": "access_point", "channel": 6, "frequency": 2437, "tx_power": 20, "noise": -95, "country": "DE", "htmode": "HE20", "clients": clients,
			}}),
		},
		"neighbors": []object{{"ip": "10.0.0.1", "mac": "00:1a:2b:3c:4d:5e", "interface": "wan", "state": "REACHABLE"}},
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil // numbers and texts
	}
	return raw
}

func round(f float64) float64 { return math.Round(f*100) / 100 }

func (m *Measured) port(name string, rx, tx float64, more object) object {
	m.rx[name] += rx
	m.tx[name] += tx
	sum := byte(m.seed*7 + uint64(len(name)))
	out := object{"name": name, "type": "ethernet", "up": true, "mtu": 1500, "txqueuelen": 1000, "multicast": true,
		"mac":        fmt.Sprintf("02:57:%02x:%02x:%02x:%02x", byte(m.seed>>16), byte(m.seed>>8), byte(m.seed), sum),
		"statistics": object{"rx_bytes": int64(m.rx[name]), "tx_bytes": int64(m.tx[name]), "rx_packets": int64(m.rx[name] / 900), "tx_packets": int64(m.tx[name] / 700)}}
	for key, value := range more {
		out[key] = value
	}
	return out
}

func (m *Measured) client(n int) object {
	makers := []string{"3c:22:fb", "dc:a6:32", "f0:18:98", "b8:27:eb", "00:1a:2b"}
	return object{"mac": fmt.Sprintf("%s:%02x:%02x:%02x", makers[n%len(makers)], byte(m.seed>>8), byte(m.seed), n), "auth": true, "assoc": true, "authorized": true,
		"ht": true, "vht": n%2 == 0, "he": n%3 == 0, "wmm": true, "mfp": false, "wds": false, "wps": false, "signal": -45 - m.r.IntN(30)}
}

// Sender posts documents.
type Sender struct {
	// URL is the server's address.
	URL string
	// HTTP sends. Default: http.DefaultClient.
	HTTP *http.Client
}

// Send posts a document of a device.
func (s *Sender) Send(ctx context.Context, d agent.Credentials, at time.Time, body []byte) error {
	query := url.Values{"key": {d.Key.Reveal()}, "time": {at.UTC().Format("02-01-2006_15:04:05.000000")}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/api/v1/monitoring/device/"+d.UUID+"/?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send a document: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	client := s.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(r)
	if fault := (*url.Error)(nil); errors.As(err, &fault) {
		err = fault.Err // its text has the address, with the key in it
	}
	if err != nil {
		return fmt.Errorf("send a document: %w", err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16)); err != nil {
		return fmt.Errorf("send a document: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("send a document: status %s", strconv.Itoa(answer.StatusCode))
	}
	return nil
}

// History sends what the device would have sent before: each hour, and on the last day each ten minutes.
func (s *Sender) History(ctx context.Context, d agent.Credentials, m *Measured, since, until time.Time) error {
	for at := since; at.Before(until); {
		if err := s.Send(ctx, d, at, m.Document(at)); err != nil {
			return err
		}
		if until.Sub(at) > 25*time.Hour {
			at = at.Add(time.Hour)
		} else {
			at = at.Add(10 * time.Minute)
		}
	}
	return nil
}
