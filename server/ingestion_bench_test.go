package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// accessPoint makes documents of about 15 KB: three ports, two radios with 20 clients
// each, of which one in forty goes and another comes each time.
type accessPoint struct {
	id, key string
	number  int
	round   int
}

func (a *accessPoint) document() string {
	a.round++
	var b strings.Builder
	n, r := a.number, a.round
	fmt.Fprintf(&b, `{"type":"DeviceMonitoring","general":{"hostname":"ap-%d","local_time":%d,"uptime":%d},"resources":{"load":[0.%d,0.2,0.3],"cpus":4,`+
		`"memory":{"total":536870912,"free":%d,"buffered":12582912,"shared":2097152,"cached":62914560,"available":%d},`+
		`"disk":[{"mount_point":"/","filesystem":"overlay","size_bytes":8388608,"used_bytes":2100000,"available_bytes":6288608,"used_percent":25}]},"interfaces":[`,
		n, 1700000000+300*r, 1000+300*r, r%90+10, 180000000+r*1000, 240000000+r*1000)
	port := func(name, kind string, more string) {
		fmt.Fprintf(&b, `{"name":%q,"type":%q,"up":true,"mac":"02:57:00:00:%02x:%02x","txqueuelen":1000,"mtu":1500,"multicast":true,%s"statistics":{"collisions":0,"rx_frame_errors":0,"tx_compressed":0,`+
			`"multicast":433415,"rx_length_errors":0,"tx_dropped":0,"rx_bytes":%d,"rx_missed_errors":0,"tx_errors":0,"rx_compressed":0,"rx_over_errors":0,"tx_fifo_errors":0,"rx_crc_errors":0,`+
			`"rx_packets":%d,"tx_heartbeat_errors":0,"rx_dropped":7223,"tx_aborted_errors":0,"tx_packets":%d,"rx_errors":0,"tx_bytes":%d,"tx_window_errors":0,"rx_fifo_errors":0,"tx_carrier_errors":0}}`,
			name, kind, byte(n>>8), byte(n), more, 65012345678+int64(r)*1234567, 79283348+r*1000, 6269290+r*900, 4012345678+int64(r)*234567)
	}
	for _, name := range []string{"wan", "lan1", "lan2"} {
		port(name, "ethernet", `"speed":"1000F",`)
		b.WriteByte(',')
	}
	for radio := range 2 {
		var c strings.Builder
		fmt.Fprintf(&c, `"wireless":{"ssid":"Campus WiFi","mode":"access_point","channel":6,"frequency":2437,"tx_power":20,"signal":-50,"noise":-95,"country":"IT","htmode":"HE20","clients":[`)
		for i := range 20 {
			who := i
			if i == r%20 && radio == 0 {
				who = 20 + r%7 // a guest
			}
			if i > 0 {
				c.WriteByte(',')
			}
			fmt.Fprintf(&c, `{"mac":"3c:22:fb:%02x:%02x:%02x","aid":%d,"assoc":true,"auth":true,"authorized":true,"preauth":false,"ht":true,"vht":true,"wmm":true,"wds":false,"wps":false,"mfp":false,"rrm":[0,0,0,0,0],"he":%t,`+
				`"signal":%d,"rx":{"rate":%d,"bytes":%d},"airtime":{"rx":0,"tx":%d}}`, byte(n>>3), byte(n<<5)+byte(radio*32), who, i, i%2 == 0, -40-i, 866000+r, 1234567+r*i, i)
		}
		c.WriteString("]},")
		port(fmt.Sprintf("wlan%d", radio), "wireless", c.String())
		if radio == 0 {
			b.WriteByte(',')
		}
	}
	b.WriteString(`],"dns_servers":["10.0.0.1"],"neighbors":[{"ip":"10.0.0.1","mac":"00:1a:2b:3c:4d:5e","interface":"wan","state":"REACHABLE"}]}`)
	return b.String()
}

// BenchmarkIngestion measures documents of 15 KB with 40 clients through everything but
// the network, from 32 agents at once: documents a second, CPU and statements of each.
func BenchmarkIngestion(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		db, statements := testkit.CountedSQLite(b)
		benchmarkIngestion(b, db, statements)
	})
	b.Run("sqlite-plain", func(b *testing.B) { benchmarkIngestion(b, testkit.SQLite(b), nil) })
	b.Run("postgresql", func(b *testing.B) {
		db, statements := testkit.CountedPostgres(b)
		benchmarkIngestion(b, db, statements)
	})
}

func benchmarkIngestion(b *testing.B, db *sqlstore.DB, statements *atomic.Int64) {
	c, all := parts(b)
	require.NoError(b, server.Migrate(b.Context(), db, all))
	s, err := server.New(b.Context(), db, &server.Options{Config: c.Config, Concerns: all, Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Stop(context.Background())) })
	require.NoError(b, s.LoadData(b.Context(), strings.NewReader(`{"organizations":[{"name":"Acme","slug":"acme"}],
		"users":[{"username":"root","token":"0123456789abcdef0123456789abcdef01234567","is_superuser":true,"is_staff":true}]}`)))
	require.NoError(b, s.Start(b.Context()))
	post := func(path, body string, bearer bool) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.RemoteAddr = "127.0.0.1:5000"
		r.Header.Set("Content-Type", "application/json")
		if bearer {
			r.Header.Set("Authorization", "Bearer 0123456789abcdef0123456789abcdef01234567")
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	organization := ""
	{
		r := httptest.NewRequest(http.MethodGet, "/api/v1/users/organization/?page_size=100", nil)
		r.Header.Set("Authorization", "Bearer 0123456789abcdef0123456789abcdef01234567")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var list struct{ Results []struct{ ID, Slug string } }
		require.NoError(b, json.Unmarshal(w.Body.Bytes(), &list), w.Body)
		for _, o := range list.Results {
			if o.Slug == "acme" {
				organization = o.ID
			}
		}
	}
	fleet := make([]*accessPoint, 128)
	for i := range fleet {
		fleet[i] = &accessPoint{key: fmt.Sprintf("%032d", i), number: i}
		w := post("/api/v1/controller/device/", fmt.Sprintf(`{"name":"ap-%d","organization":%q,"mac_address":"02:00:00:00:%02x:%02x","key":%q}`, i, organization, byte(i>>8), byte(i), fleet[i].key), true)
		require.Equal(b, http.StatusCreated, w.Code, w.Body)
		var made struct{ ID string }
		require.NoError(b, json.Unmarshal(w.Body.Bytes(), &made))
		fleet[i].id = made.ID
	}
	begin := time.Now().Add(-2 * time.Hour).UTC()
	send := func(a *accessPoint) {
		body := a.document()
		at := begin.Add(time.Duration(a.round) * 10 * time.Second).Format("02-01-2006_15:04:05.000000")
		if w := post("/api/v1/monitoring/device/"+a.id+"/?key="+a.key+"&time="+at, body, false); w.Code != http.StatusOK {
			b.Errorf("%d %s", w.Code, w.Body)
		}
	}
	const agents = 32
	var wg sync.WaitGroup
	for worker := range agents { // metrics, charts and sessions are made
		wg.Go(func() {
			for i := worker; i < len(fleet); i += agents {
				send(fleet[i])
			}
		})
	}
	wg.Wait()
	b.SetBytes(int64(len((&accessPoint{number: 1}).document())))
	b.ReportAllocs()
	var before, after syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
	if statements != nil {
		statements.Store(0)
	}
	b.ResetTimer()
	var next atomic.Int64
	for worker := range agents {
		wg.Go(func() {
			for n := worker; next.Add(1) <= int64(b.N); n += agents {
				send(fleet[n%len(fleet)])
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
	b.ReportMetric(float64(used)/float64(b.N)/1000, "cpu-µs/doc")
	if statements != nil {
		b.ReportMetric(float64(statements.Load())/float64(b.N), "statements/doc")
	}
}
