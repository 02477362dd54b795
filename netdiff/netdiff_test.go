package netdiff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func parse(t *testing.T, f *Format, text string, o *Options) *Document {
	t.Helper()
	g, err := f.Parse([]byte(text), o)
	require.NoError(t, err)
	d, err := g.Document()
	require.NoError(t, err)
	return d
}

func find(d *Document, id string) *Node {
	for i := range d.Nodes {
		if d.Nodes[i].ID == TextID(id) {
			return &d.Nodes[i]
		}
	}
	return nil
}

func links(d *Document) (out []string) {
	for _, l := range d.Links {
		out = append(out, fmt.Sprintf("%s>%s=%v", l.Source, l.Target, l.Cost))
	}
	return out
}

func TestOpenVPNOfNewReleases(t *testing.T) {
	for name, text := range map[string]string{
		"version 1": `OpenVPN CLIENT LIST
Updated,2024-11-25 11:58:02
Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since
ap1,udp4:203.0.113.5:41194,1,2,2024-11-24 20:15:09
ROUTING TABLE
Virtual Address,Common Name,Real Address,Last Ref
02:aa:bb:cc:dd:0e@10,ap1,udp4:203.0.113.5:41194,2024-11-25 11:57:30
GLOBAL STATS
Max bcast/mcast queue length,0
dco_enabled,0
END`,
		"version 2": `TITLE,OpenVPN 2.6.3
TIME,2024-11-25 11:58:02,1732535882
HEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,Virtual IPv6 Address,Bytes Received,Bytes Sent,Connected Since,Connected Since (time_t),Username,Client ID,Peer ID,Data Channel Cipher
CLIENT_LIST,ap1,udp4:203.0.113.5:41194,10.8.0.2,,1,2,2024-11-24 20:15:09,1732479309,UNDEF,0,0,AES-256-GCM
HEADER,ROUTING_TABLE,Virtual Address,Common Name,Real Address,Last Ref,Last Ref (time_t)
ROUTING_TABLE,02:aa:bb:cc:dd:0e@10,ap1,udp4:203.0.113.5:41194,2024-11-25 11:57:30,1732535850
GLOBAL_STATS,Max bcast/mcast queue length,0
END`,
	} {
		d := parse(t, OpenVPN(), text, nil)
		n := find(d, "ap1")
		require.NotNil(t, n, name)
		require.Equal(t, []any{"2:aa:bb:cc:dd:e@10"}, n.LocalAddresses, name)
		require.Contains(t, d.String(), `"connected_since": "2024-11-24T20:15:09Z"`)
		require.Equal(t, []string{"openvpn-server>ap1=1"}, links(d))
	}
	tabs := strings.ReplaceAll("TITLE,x\nTIME,2024-11-25 11:58:02,1\nHEADER,CLIENT_LIST,Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since\nCLIENT_LIST,a,[2001:db8::1]:1194,1,2,2024-11-24 20:15:09\nEND\n", ",", "\t")
	require.NotNil(t, find(parse(t, OpenVPN(), tabs, nil), "a"))
}

func TestPresharedKeysStayOut(t *testing.T) {
	const dump = "wg0\tprivate\tpublic\t51820\toff\nwg0\tpeer\tpsk-secret\t1.2.3.4:5\t10.0.0.2/32\t1732535980\t1\t2\toff\n"
	now := func() time.Time { return time.Unix(1732536000, 0) }
	require.NotContains(t, parse(t, WireGuard(), dump, &Options{Now: now}).String(), "psk-secret")
	require.NotContains(t, parse(t, WireGuard(), dump, &Options{Now: now}).String(), "private")
	require.Contains(t, parse(t, WireGuard(), dump, &Options{Now: now, PresharedKeys: true}).String(), "psk-secret")
}

func TestOLSRd2Collection(t *testing.T) {
	d := parse(t, OLSRd2(), `{"type":"NetworkCollection","collection":[
		{"type":"NetworkRoutes","protocol":"olsrv2","routes":[]},
		{"type":"NetworkGraph","protocol":"olsrv2","version":"0.15.1","revision":"r1","metric":"ff_dat_metric","router_id":"id_10.0.0.1",
		 "nodes":[{"id":"id_10.0.0.1","properties":{"router_addr":"10.0.0.1","type":"local"}},{"id":"id_10.0.0.2","label":"roof"}],
		 "links":[{"source":"id_10.0.0.1","target":"id_10.0.0.2","cost":2105088,"cost_text":"1.020 kbit/s"}]},
		{"type":"NetworkGraph","protocol":"olsrv2","version":"0.15.1","metric":"ff_dat_metric","nodes":[],"links":[]}]}`, nil)
	require.Equal(t, "0.15.1", d.Version)
	require.Equal(t, "10.0.0.1", find(d, "id_10.0.0.1").Label)
	require.Equal(t, "roof", find(d, "id_10.0.0.2").Label)
	require.Equal(t, []string{"id_10.0.0.1>id_10.0.0.2=2105088"}, links(d))
}

func TestBabelDump(t *testing.T) {
	d := parse(t, Babel(), `BABEL 1.0
version babeld-1.13.1
host gw
my-id 02:00:00:ff:fe:00:00:01
ok
add interface wlan0 up true ipv6 fe80::1
add neighbour 55d0 address fe80::2 if wlan0 reach ffff ureach 0000 rxcost 256 txcost 300 rtt 0.000 rttcost 0 cost 300
add neighbour 55d1 address fe80::3 if wlan0 reach 0000 ureach 0000 rxcost 65535 txcost 65535 cost 65535
add xroute 10.0.1.0/24-::/0 prefix 10.0.1.0/24 from ::/0 metric 0
add route 66a0 prefix 10.0.2.0/24 from ::/0 installed yes id 02:00:00:ff:fe:00:00:02 metric 300 refmetric 0 via fe80::2 if wlan0
add route 66a1 prefix 10.0.4.0/24 from ::/0 installed yes id 02:00:00:ff:fe:00:00:04 metric 556 refmetric 256 via fe80::2 if wlan0
add route 66a2 prefix 10.0.5.0/24 from ::/0 installed no id 02:00:00:ff:fe:00:00:05 metric 65535 refmetric 65535 via fe80::2 if wlan0
ok
`, nil)
	require.Equal(t, "1.13.1", d.Version)
	require.Equal(t, "gw", find(d, "02:00:00:ff:fe:00:00:01").Label)
	require.Equal(t, []any{"fe80::2"}, find(d, "02:00:00:ff:fe:00:00:02").LocalAddresses)
	require.Equal(t, []string{
		"02:00:00:ff:fe:00:00:01>02:00:00:ff:fe:00:00:02=300",
		"02:00:00:ff:fe:00:00:02>02:00:00:ff:fe:00:00:04=256",
	}, links(d))
	_, err := Babel().Parse([]byte("add neighbour x address nowhere if w\n"), nil)
	require.ErrorContains(t, err, "line 1")
	_, err = Babel().Parse([]byte("hello"), nil)
	var conversion *ConversionError
	require.ErrorAs(t, err, &conversion)
}

func TestFreifunkLists(t *testing.T) {
	d := parse(t, Freifunk(), `{"version":"1.0.1","updated_at":"x","nodes":[{"id":"a","name":"Roof","status":{"online":true,"clients":3}}]}`, nil)
	require.Equal(t, "Roof", find(d, "a").Label)
	require.Contains(t, d.String(), `"clients": 3`)
	d = parse(t, Freifunk(), `{"timestamp":"x","nodes":[{"node_id":"a","hostname":"A","is_online":true,"addresses":["fe80::1"]},{"node_id":"b","hostname":"B"}],
		"links":[{"source":"a","target":"b","source_tq":0.5,"target_tq":1,"type":"wifi"}]}`, nil)
	require.Equal(t, []string{"a>b=2.0"}, links(d))
	d = parse(t, Freifunk(), `{"version":2,"nodes":[{"nodeinfo":{"node_id":"a","hostname":"A","network":{"addresses":["fe80::1"]}},"flags":{"online":false}}]}`, nil)
	require.Equal(t, "A", find(d, "a").Label)
	d = parse(t, Freifunk(), `{"version":1,"batadv":{"nodes":[{"node_id":"a"},{"node_id":"b"}],"links":[{"source":0,"target":1,"tq":1.25}]}}`, nil)
	require.Equal(t, []string{"a>b=1.25"}, links(d))
	for _, bad := range []string{`{"nodes":[{}]}`, `{"nodes":[],"links":[{"source":"a"}]}`, `{"batadv":{"nodes":[],"links":[{"source":0,"target":1}]}}`, `{}`} {
		_, err := Freifunk().Parse([]byte(bad), nil)
		var p *ParseError
		require.ErrorAs(t, err, &p, bad)
	}
}

func TestDiffOptions(t *testing.T) {
	read := func(text string) *Graph {
		g, err := NetJSON().Parse([]byte(text), nil)
		require.NoError(t, err)
		return g
	}
	const doc = `{"type":"NetworkGraph","protocol":"p","version":"1","metric":"m","nodes":[%s],"links":[%s]}`
	before := read(fmt.Sprintf(doc, `{"id":"a"},{"id":"b","properties":{"x":1,"y":2}}`, `{"source":"a","target":"b","cost":1,"properties":{"lastSend":1}}`))
	after := read(fmt.Sprintf(doc, `{"id":"b","properties":{"y":2,"x":1}},{"id":"a"}`, `{"source":"a","target":"b","cost":1,"properties":{"lastSend":2}}`))
	d, err := Diff(before, after, nil)
	require.NoError(t, err)
	require.Len(t, d.Changed.Nodes, 1)
	require.Len(t, d.Changed.Links, 1)
	d, err = Diff(before, after, &DiffOptions{IgnoreOrientation: true, IgnoreAttributeOrder: true, IgnoreLinkAttributes: []string{"lastSend"}})
	require.NoError(t, err)
	require.True(t, d.Empty())
}

// TestDiffOfAnything: applying a difference to the old graph's sets gives the
// new graph's, and a graph does not differ from itself.
func TestDiffOfAnything(t *testing.T) {
	gen := rapid.Custom(func(t *rapid.T) *Graph {
		g := NewGraph(Meta{Protocol: "p", Version: "1"}, false)
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 12), 0, 12).Draw(t, "nodes") {
			g.AddNode(TextID(fmt.Sprint(n)), Attr{"v", integer(int64(rapid.IntRange(0, 2).Draw(t, "v")))})
		}
		for _, l := range rapid.SliceOfN(rapid.IntRange(0, 99), 0, 20).Draw(t, "links") {
			g.AddLink(TextID(fmt.Sprint(l/10)), TextID(fmt.Sprint(l%10)), integer(int64(rapid.IntRange(0, 2).Draw(t, "cost"))))
		}
		return g
	})
	rapid.Check(t, func(t *rapid.T) {
		before, after := gen.Draw(t, "before"), gen.Draw(t, "after")
		same, err := Diff(after, after, nil)
		require.NoError(t, err)
		require.True(t, same.Empty())
		d, err := Diff(before, after, nil)
		require.NoError(t, err)
		state := func(g *Graph) map[string]string {
			doc, err := g.Document()
			require.NoError(t, err)
			return stateOf(doc)
		}
		have := state(before)
		for k := range stateOf(d.Removed) {
			delete(have, k)
		}
		for _, part := range []*Document{d.Added, d.Changed} {
			for k, v := range stateOf(part) {
				have[k] = v
			}
		}
		require.Equal(t, state(after), have)
	})
}

// stateOf describes each node and link; a link by its unordered pair.
func stateOf(d *Document) map[string]string {
	out := map[string]string{}
	if d == nil {
		return out
	}
	for _, n := range d.Nodes {
		out["node "+n.ID.String()] = fmt.Sprint(n)
	}
	for _, l := range d.Links {
		a, b := l.Source.String(), l.Target.String()
		if b < a {
			a, b = b, a
		}
		out["link "+a+" "+b] = fmt.Sprint(l)
	}
	return out
}

func TestRegistry(t *testing.T) {
	r := Formats()
	for _, name := range []string{"netdiff.OlsrParser", "netdiff.BatmanParser", "netdiff.Bmx6Parser", "netdiff.BmxParser", "netdiff.NetJsonParser",
		"netdiff.CnmlParser", "netdiff.OpenvpnParser", "netdiff.WireguardParser", "netdiff.ZeroTierParser"} {
		_, ok := r.Lookup(name)
		require.True(t, ok, name)
	}
	require.ErrorContains(t, r.Register(&Format{Name: "olsr", Read: readOLSR}), "already")
	require.Error(t, r.Register(&Format{Name: "x"}))
	other := Formats()
	require.NoError(t, r.Register(&Format{Name: "x", Read: func(*Graph, *Input) error { return errors.New("no") }}))
	_, ok := other.Lookup("x")
	require.False(t, ok, "registries are independent")
	f, _ := r.Lookup("x")
	_, err := f.Parse([]byte("a"), nil)
	var p *ParseError
	require.ErrorAs(t, err, &p)
	_, err = f.Parse([]byte("abc"), &Options{MaxBytes: 2})
	require.ErrorContains(t, err, "larger than 2 bytes")
}

func TestRetrieve(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "topology") })
	mux.HandleFunc("/missing", http.NotFound)
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/down", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
	})
	plain, secure := httptest.NewServer(mux), httptest.NewTLSServer(mux)
	defer plain.Close()
	defer secure.Close()
	ctx := context.Background()
	for _, path := range []string{"/ok", "/moved"} {
		text, err := Retrieve(ctx, plain.URL+path, nil)
		require.NoError(t, err)
		require.Equal(t, "topology", string(text))
	}
	for source, want := range map[string]string{
		plain.URL + "/missing":            "Expecting HTTP 200 ok, got 404",
		"ftp://127.0.0.1/x":               "not supported",
		"/etc/passwd":                     "not supported",
		"http://127.0.0.1:1/":             "refused",
		secure.URL + "/ok":                "certificate",
		"http://user:secret@127.0.0.1:1/": "refused",
	} {
		_, err := Retrieve(ctx, source, nil)
		var r *RetrievalError
		require.ErrorAs(t, err, &r, source)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err := Retrieve(ctx, secure.URL+"/ok", &RetrieveOptions{SkipVerify: true})
	require.NoError(t, err)
	_, err = Retrieve(ctx, secure.URL+"/down", &RetrieveOptions{SkipVerify: true})
	require.ErrorContains(t, err, "from https to http")
	_, err = Retrieve(ctx, plain.URL+"/ok", &RetrieveOptions{MaxBytes: 3})
	require.ErrorContains(t, err, "larger than 3 bytes")
	_, err = Retrieve(ctx, plain.URL+"/slow", &RetrieveOptions{Timeout: 50 * time.Millisecond})
	require.ErrorContains(t, err, "deadline")
}

// server answers every connection with a text after the client wrote a line.
func server(t *testing.T, answer string, hold bool) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 1024)
			_, _ = c.Read(buffer) // whatever was asked
			_, _ = c.Write([]byte(answer))
			if !hold {
				_ = c.Close()
			}
		}
	}()
	return l.Addr().String()
}

func TestRetrieveOverTelnetAndWithoutHeaders(t *testing.T) {
	address := server(t, `{"topology":[],"mid":[]}`, false)
	for _, scheme := range []string{"telnet", "http"} {
		text, err := Retrieve(context.Background(), scheme+"://"+address, nil)
		require.NoError(t, err)
		_, err = OLSR().Parse(text, nil)
		require.NoError(t, err)
	}
	_, err := Retrieve(context.Background(), "telnet://"+server(t, "x", true), &RetrieveOptions{Timeout: 50 * time.Millisecond})
	require.ErrorContains(t, err, "deadline", "a peer that never closes does not hold us")
	slow := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, os.ErrDeadlineExceeded
	}
	_, err = Retrieve(context.Background(), "telnet://127.0.0.1", &RetrieveOptions{Timeout: time.Millisecond, Dial: slow})
	require.ErrorIs(t, err, context.DeadlineExceeded, "nor does one that takes long to reach, and it is told alike")
}

func TestRetrieveFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.json")
	require.NoError(t, os.WriteFile(path, []byte("abc"), 0o600))
	text, err := RetrieveFile(path, nil)
	require.NoError(t, err)
	require.Equal(t, "abc", string(text))
	_, err = RetrieveFile(path, &RetrieveOptions{MaxBytes: 2})
	require.ErrorContains(t, err, "larger")
	_, err = RetrieveFile(path+".none", nil)
	var r *RetrievalError
	require.ErrorAs(t, err, &r)
}

func TestPayloadIsNeverAnAddress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cnml.xml")
	require.NoError(t, os.WriteFile(path, []byte(`<cnml><class network_description="detail"/></cnml>`), 0o600))
	for _, text := range []string{path, "file://" + path, "http://127.0.0.1:1/",
		`<!DOCTYPE cnml [<!ENTITY x SYSTEM "file://` + path + `">]><cnml><class network_description="&x;"/></cnml>`} {
		_, err := CNML().Parse([]byte(text), nil)
		var p *ParseError
		require.ErrorAs(t, err, &p, text)
	}
}

func fuzz(f *testing.F, format *Format, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := format.Parse(text, &Options{MaxBytes: 1 << 16})
		if err != nil {
			require.NotEmpty(t, kindOf(err), "%T", err)
			return
		}
		d, err := Diff(NewGraph(g.Meta, false), g, nil)
		if err != nil {
			require.Equal(t, "NetJsonError", kindOf(err))
			return
		}
		_, err = json.Marshal(d)
		require.NoError(t, err, "what is read can be written")
	})
}

func FuzzNetJSON(f *testing.F) { fuzz(f, NetJSON(), string(netJSONText(3, 0))) }
func FuzzOLSR(f *testing.F) {
	fuzz(f, OLSR(), string(olsrText(3, 0)), "Table: Topology\nh\n10.0.0.2\t10.0.0.1\t1\t1\tINFINITE\n\nTable: MID\nh\n\n")
}
func FuzzBatman(f *testing.F) {
	fuzz(f, Batman(), `{"vis":[{"primary":"a","neighbors":[{"neighbor":"b","metric":"1.0"}]}]}`, "Table: Topology\nh\na b 1 1 1.0\n")
}
func FuzzBMX6(f *testing.F) {
	fuzz(f, BMX6(), `[{"name":"a","links":[{"name":"b","txRate":1,"rxRate":2}]}]`)
}
func FuzzCNML(f *testing.F) {
	fuzz(f, CNML(), `<cnml><class network_description="detail"/><network><zone><node id="1"><device><interface id="1" ipv4="10.0.0.1"><link id="1" link_status="Working" linked_node_id="1" linked_interface_id="1"/></interface></device></node></zone></network></cnml>`)
}
func FuzzOpenVPN(f *testing.F) {
	fuzz(f, OpenVPN(), "OpenVPN CLIENT LIST\nUpdated,2024-11-25 11:58:02\nCommon Name,Real Address,Bytes Received,Bytes Sent,Connected Since\nROUTING TABLE\nVirtual Address,Common Name,Real Address,Last Ref\nGLOBAL STATS\nMax bcast/mcast queue length,0\nEND\n", "TITLE,x\nEND\n")
}
func FuzzWireGuard(f *testing.F) {
	fuzz(f, WireGuard(), "wg0\ta\tb\t1\toff\nwg0\tp\t(none)\te\t10.0.0.1/32\t1\t1\t1\toff\n")
}
func FuzzZeroTier(f *testing.F) {
	fuzz(f, ZeroTier(), `[{"address":"a","role":"LEAF","latency":1,"paths":[{"active":true,"expired":false,"preferred":true,"address":"x"}]}]`)
}
func FuzzOLSRd2(f *testing.F) { fuzz(f, OLSRd2(), `{"type":"NetworkCollection","collection":[]}`) }
func FuzzBabel(f *testing.F) {
	fuzz(f, Babel(), "BABEL 1.0\nadd neighbour a address fe80::1 if w reach ffff rxcost 1 txcost 1 cost 1\n")
}
func FuzzFreifunk(f *testing.F) { fuzz(f, Freifunk(), `{"nodes":[{"id":"a"}],"links":[]}`) }
