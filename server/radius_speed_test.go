package server_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy/password"
)

// hotspot is a network with many users, for measurements.
type hotspot struct {
	*server.Server
	auth string
	cred string
}

const hotspotUsers = 500

// newHotspot makes a server that answers access servers itself and over REST.
func newHotspot(b *testing.B, db *sqlstore.DB) *hotspot {
	b.Helper()
	c, all := parts(b)
	c.Radius.Listen, c.Radius.AllowedHosts = "127.0.0.1:0", []string{"127.0.0.1"}
	require.NoError(b, server.Migrate(b.Context(), db, nil))
	s, err := server.New(b.Context(), db, &server.Options{Config: c.Config, Concerns: all, Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Stop(context.Background())) })
	hash, err := password.Hasher{Iterations: 1000}.Hash("member-Passw0rd")
	require.NoError(b, err)
	users := strings.Builder{}
	for i := range hotspotUsers {
		fmt.Fprintf(&users, `,{"username":"user%d","email":"user%d@example.org","password":%q,"organizations":[{"slug":"acme"}]}`, i, i, hash)
	}
	require.NoError(b, s.LoadData(b.Context(), strings.NewReader(`{"organizations":[{"name":"Acme","slug":"acme"}],
		"users":[{"username":"root","token":"0123456789abcdef0123456789abcdef01234567","is_superuser":true,"is_staff":true}`+users.String()+`]}`)))
	require.NoError(b, s.Start(b.Context()))
	out := &hotspot{Server: s, auth: radiusOf(b, s).Listening()[0].String()}
	o, err := s.Tenancy().Organizations.BySlug(b.Context(), wispwright.ScopeAll(), "acme")
	require.NoError(b, err)
	out.ask(b, "PATCH", "/api/v1/radius/organization/"+o.ID.String()+"/settings/", `{"token":"secrettoken"}`, "Bearer 0123456789abcdef0123456789abcdef01234567", 200)
	out.ask(b, "POST", "/api/v1/radius/nas/", `{"name":"127.0.0.0/8","short_name":"loopback","secret":"testing123","organization":"`+o.ID.String()+`"}`, "Bearer 0123456789abcdef0123456789abcdef01234567", 201)
	out.cred = "Bearer " + o.ID.String() + " secrettoken"
	return out
}

func (s *hotspot) ask(b testing.TB, method, path, body, cred string, want int) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:5000"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", cred)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != want {
		b.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}

// storm runs b.N turns on as many clients as access servers may have under way, and
// reports turns in a second and what a turn costs this process.
func storm(b *testing.B, clients int, turn func(client int) func(n int64)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	var before, after syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
	begin := time.Now()
	for i := range clients {
		one := turn(i)
		wait.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				one(n)
			}
		})
	}
	wait.Wait()
	took := time.Since(begin)
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.ReportMetric(float64(b.N)/took.Seconds(), "turns/s")
	b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "µs-cpu/turn")
}

// pap sends requests for access and expects that they are accepted.
func (s *hotspot) pap(b *testing.B) func(client int) func(n int64) {
	return func(int) func(int64) {
		conn, err := net.Dial("udp", s.auth)
		require.NoError(b, err)
		b.Cleanup(func() { _ = conn.Close() })
		answer := make([]byte, 4096)
		return func(n int64) {
			p := wire.New(wire.CodeAccessRequest, []byte("testing123"))
			p.Identifier = byte(n)
			p.Add(80, make(wire.Attribute, 16))
			p.Add(1, wire.Attribute(fmt.Sprintf("user%d", n%hotspotUsers)))
			hidden, err := wire.NewUserPassword([]byte("member-Passw0rd"), p.Secret, p.Authenticator[:])
			if err != nil {
				b.Error(err)
				return
			}
			p.Add(2, hidden)
			p.Add(30, wire.Attribute("00-27-22-F3-FA-F1:net"))
			p.Add(31, wire.Attribute(fmt.Sprintf("5c:7d:c1:72:%02x:%02x", n%hotspotUsers>>8, n%hotspotUsers&0xff)))
			raw, err := signPacket(p)
			if err != nil {
				b.Error(err)
				return
			}
			for range 3 {
				_, _ = conn.Write(raw)
				_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
				if m, err := conn.Read(answer); err == nil && m > 0 {
					if answer[0] != byte(wire.CodeAccessAccept) {
						b.Errorf("answer %d", answer[0])
					}
					return
				}
			}
			b.Error("no answer")
		}
	}
}

// BenchmarkRADIUS measures what access servers ask most: a password, and over REST a
// question with the report that follows it.
func BenchmarkRADIUS(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *sqlstore.DB{"sqlite": testkit.SQLite, "postgresql": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := newHotspot(b, open(b))
			b.Run("pap", func(b *testing.B) { storm(b, 64, s.pap(b)) })
			b.Run("rest", func(b *testing.B) {
				run := time.Now().UnixNano()
				storm(b, 64, func(int) func(int64) {
					return func(n int64) {
						station := fmt.Sprintf(`"called_station_id":"00-27-22-F3-FA-F1:net","calling_station_id":"5c:7d:c1:72:%02x:%02x"`, n%hotspotUsers>>8, n%hotspotUsers&0xff)
						s.ask(b, http.MethodPost, "/api/v1/freeradius/authorize/", fmt.Sprintf(`{"username":"user%d","password":"member-Passw0rd",%s}`, n%hotspotUsers, station), s.cred, 200)
						s.ask(b, http.MethodPost, "/api/v1/freeradius/accounting/", fmt.Sprintf(`{"status_type":"Start","session_id":"s%d","unique_id":"%d-%d","username":"user%d","nas_ip_address":"127.0.0.1",%s}`,
							n, run, n, n%hotspotUsers, station), s.cred, 201)
					}
				})
			})
		})
	}
}

// signPacket puts a right Message-Authenticator into the first attribute.
func signPacket(p *wire.Packet) ([]byte, error) {
	raw, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	h := hmac.New(md5.New, p.Secret)
	_, _ = h.Write(raw) // hashes never fail
	copy(p.Attributes[0].Attribute, h.Sum(nil))
	return p.Encode()
}

// BenchmarkBatch makes a batch of ten thousand accounts.
func BenchmarkBatch(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *sqlstore.DB{"sqlite": testkit.SQLite, "postgresql": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := newHotspot(b, open(b))
			o, err := s.Tenancy().Organizations.BySlug(b.Context(), wispwright.ScopeAll(), "acme")
			require.NoError(b, err)
			ctx := wispwright.WithCaller(b.Context(), wispwright.System("benchmark"))
			for n := 0; b.Loop(); n++ {
				made, err := radiusOf(b, s.Server).Enrolment.Batches.Make(ctx, enrol.Order{Here: true, Batch: enrol.Batch{OrganizationID: o.ID, Strategy: enrol.ByPrefix, Name: fmt.Sprint("b", n), Prefix: fmt.Sprint("b", n, "-"), Number: 10_000}})
				require.NoError(b, err)
				require.Equal(b, enrol.Completed, made.Status)
			}
		})
	}
}
