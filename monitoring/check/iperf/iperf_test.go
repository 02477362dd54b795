package iperf_test

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check"
	"github.com/wispwright/wispwright/monitoring/check/checktest"
	"github.com/wispwright/wispwright/monitoring/check/iperf"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

const (
	tcpText = `{"end":{"sum_sent":{"bits_per_second":5e7,"bytes":62500000,"retransmits":3},"sum_received":{"bits_per_second":4.9e7,"bytes":61000000}}}`
	udpText = `{"end":{"sum":{"bits_per_second":3e7,"bytes":37500000,"jitter_ms":0.05,"packets":27000,"lost_packets":27,"lost_percent":0.1}}}`
)

type answer struct {
	exit int
	text string
	err  error
}

// shell answers, and keeps what it was asked.
type shell struct {
	answers []answer
	lines   []string
	closed  int
}

func (s *shell) Run(_ context.Context, line string) (int, []byte, error) {
	s.lines = append(s.lines, line)
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a.exit, []byte(a.text), a.err
}

func (s *shell) Close() error { s.closed++; return nil }

func settings(s *shell) (iperf.Settings, check.Store) {
	store := check.NewMemory(memstore.New())
	return iperf.Settings{Locks: store, DeleteKey: true, Open: func(context.Context, wispwright.ID) (iperf.Shell, error) { return s, nil }}, store
}

func target(params wispwright.JSON) check.Target {
	return check.Target{Check: &check.Check{Params: params}, Device: &check.Device{Device: monitoring.Device{ID: wispwright.ID{1}, OrganizationID: wispwright.ID{2}}, Status: "ok"}}
}

func values(t *testing.T, r check.Result) map[string]timeseries.Value {
	t.Helper()
	out := map[string]timeseries.Value{}
	for _, v := range r.Values {
		require.Equal(t, "iperf3", v.Kind)
		for _, f := range v.Fields {
			out[f.Name] = f.Value
		}
	}
	return out
}

func TestCommandsAndValues(t *testing.T) {
	s := &shell{answers: []answer{{0, tcpText, nil}, {0, udpText, nil}}}
	o, _ := settings(s)
	r := iperf.Type(o).Run(t.Context(), []check.Target{target(`{"host":["192.0.2.1"]}`)})[0]
	require.NoError(t, r.Err)
	require.Equal(t, []string{
		"iperf3 -c 192.0.2.1 -p 5201 -t 10 --connect-timeout 1000 -b 0 -l 128K -w 0 -P 1  -J",
		"iperf3 -c 192.0.2.1 -p 5201 -t 10 --connect-timeout 1000 -b 30M -l 0 -w 0 -P 1  -u -J",
	}, s.lines)
	require.Equal(t, map[string]timeseries.Value{
		"iperf3_result": timeseries.Int(1), "sent_bps_tcp": timeseries.Float(5e7), "received_bps_tcp": timeseries.Float(4.9e7), "sent_bytes_tcp": timeseries.Int(62500000), "received_bytes_tcp": timeseries.Int(61000000),
		"retransmits": timeseries.Int(3), "sent_bps_udp": timeseries.Float(3e7), "sent_bytes_udp": timeseries.Int(37500000), "jitter": timeseries.Float(0.05), "total_packets": timeseries.Int(27000),
		"lost_packets": timeseries.Int(27), "lost_percent": timeseries.Float(0.1),
	}, values(t, r))
	require.Equal(t, 1, s.closed)

	s = &shell{answers: []answer{{0, tcpText, nil}, {1, `{"error":"unable to connect"}`, nil}}}
	o, _ = settings(s)
	o.Organizations = map[wispwright.ID]iperf.Params{{2}: {Host: []string{"a; reboot"}, Username: "u", Password: "it's", RSAPublicKey: " KEY ", ClientOptions: iperf.Options{Reverse: true, Parallel: 4}}}
	r = iperf.Type(o).Run(t.Context(), []check.Target{target(`{"client_options":{"bytes":"20M","parallel":2}}`)})[0]
	require.NoError(t, r.Err)
	require.Equal(t, `echo '-----BEGIN PUBLIC KEY-----
KEY
-----END PUBLIC KEY-----' > /tmp/iperf3-public-key.pem && IPERF3_PASSWORD='it'\''s' iperf3 -c 'a; reboot' -p 5201 -n 20M --username 'u' --rsa-public-key-path /tmp/iperf3-public-key.pem --connect-timeout 1000 -b 0 -l 128K -w 0 -P 2 --reverse -J`, s.lines[0])
	require.True(t, strings.HasSuffix(s.lines[1], " -u -J && rm -f /tmp/iperf3-public-key.pem"), s.lines[1])
	got := values(t, r)
	require.Equal(t, timeseries.Int(1), got["iperf3_result"])
	require.Equal(t, timeseries.Int(0), got["total_packets"], "zeros of the mode that failed")
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		params  wispwright.JSON
		answers []answer
		want    string
	}{
		"not installed":  {`{"host":["h"]}`, []answer{{127, "sh: iperf3: not found", nil}}, "not installed"},
		"no hosts":       {`{}`, nil, "no server of iperf3"},
		"no JSON at all": {`{"host":["h"]}`, []answer{{0, "what?", nil}, {0, "what?", nil}}, "not JSON"},
		"lost":           {`{"host":["h"]}`, []answer{{0, "", errors.New("gone")}}, "gone"},
	} {
		s := &shell{answers: c.answers}
		o, store := settings(s)
		r := iperf.Type(o).Run(t.Context(), []check.Target{target(c.params)})[0]
		require.ErrorContains(t, r.Err, c.want, name)
		require.Empty(t, r.Values, name)
		if c.answers != nil {
			require.Equal(t, 1, s.closed, name)
			free, err := store.Lock(t.Context(), "ow_monitoring_"+wispwright.ID{2}.String()+"_iperf3_check_h", time.Now(), time.Now())
			require.NoError(t, err)
			require.True(t, free, "the host is free again: "+name)
		}
	}
	s := &shell{answers: []answer{{1, `{"error":"busy"}`, nil}, {1, `{"error":"busy"}`, nil}}}
	o, _ := settings(s)
	r := iperf.Type(o).Run(t.Context(), []check.Target{target(`{"host":["h"]}`)})[0]
	require.NoError(t, r.Err)
	require.Equal(t, timeseries.Int(0), values(t, r)["iperf3_result"])
}

func TestBusyHostsAndHours(t *testing.T) {
	s := &shell{answers: []answer{{0, tcpText, nil}, {0, udpText, nil}}}
	o, store := settings(s)
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	o.Clock = func() time.Time { return now }
	name := "ow_monitoring_" + wispwright.ID{2}.String() + "_iperf3_check_"
	for _, host := range []string{"a", "b"} {
		ok, err := store.Lock(t.Context(), name+host, now, now.Add(time.Minute))
		require.NoError(t, err)
		require.True(t, ok)
	}
	ask := func() check.Result {
		return iperf.Type(o).Run(t.Context(), []check.Target{target(`{"host":["a","b"],"client_options":{"time":7}}`)})[0]
	}
	r := ask()
	require.NoError(t, r.Err)
	require.Equal(t, 14*time.Second, r.Again)
	require.NoError(t, store.Unlock(t.Context(), name+"b"))
	r = ask()
	require.NotEmpty(t, r.Values)
	require.Contains(t, s.lines[0], "-c b ")
	o.From, o.To = 0, 7*time.Hour
	r = ask()
	require.Empty(t, r.Values)
	require.NoError(t, r.Err, "it is not time")
	now = now.Add(24*time.Hour - 6*time.Hour) // six in the morning, the locks are over
	s.answers = []answer{{0, tcpText, nil}, {0, udpText, nil}}
	require.NotEmpty(t, ask().Values)
}

func TestParams(t *testing.T) {
	for text, want := range map[wispwright.JSON]string{
		`[]`: "object", `{"host":"h"}`: "host", `{"host":[""]}`: "host", `{"client_options":{"port":65536}}`: "port", `{"client_options":{"time":1801}}`: "time", `{"client_options":{"parallel":-1}}`: "parallel",
		`{"username":"u"}`: "need each other", `{"username":"123456789012345678901","password":"p","rsa_public_key":"k"}`: "username", `{"client_options":{"port":"x"}}`: "port",
	} {
		_, err := iperf.Parse(text)
		require.ErrorContains(t, err, want, string(text))
	}
	p, err := iperf.Parse(`{"host":["h"],"unknown":1}`)
	require.NoError(t, err, "further names are let be")
	require.Equal(t, []string{"h"}, p.Host)
}

func TestConformance(t *testing.T) {
	o, _ := settings(&shell{})
	o.Open = func(context.Context, wispwright.ID) (iperf.Shell, error) { return nil, errors.New("no connection") }
	checktest.RunType(t, iperf.Type(o))
}

// What is put into a command line reaches the program as one word.
func TestQuotedForTheShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	for _, host := range []string{"a b", "$(touch x)", "`id`", "'", `"`, "a;b", "-x", "ü", "*"} {
		s := &shell{answers: []answer{{0, tcpText, nil}, {0, udpText, nil}}}
		o, _ := settings(s)
		o.Organizations = map[wispwright.ID]iperf.Params{{2}: {Host: []string{host}}}
		iperf.Type(o).Run(t.Context(), []check.Target{target(`{}`)})
		out, err := exec.CommandContext(t.Context(), sh, "-c", `iperf3() { printf %s "$2"; }; `+s.lines[0]).Output()
		require.NoError(t, err, host)
		require.Equal(t, host, string(out))
	}
}
