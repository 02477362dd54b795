package topology_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/netdiff"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/topology/topologytest"
)

// bench is the concern in memory, with a clock.
type bench struct {
	*topology.Service
	t   *testing.T
	s   topologytest.Storage
	now time.Time
}

func newBench(t *testing.T, o *topology.Options) *bench {
	m := memstore.New()
	b := &bench{t: t, s: topologytest.Storage{Tx: m, Stores: topology.NewMemory(m)}, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	b.Service = topologytest.New(t, b.s, func() time.Time { return b.now }, o)
	return b
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

// add stores a topology that is received as NetJSON, unless change says otherwise.
func (b *bench) add(change func(*topology.Topology)) *topology.Topology {
	o := &topology.Topology{Label: "mesh", Parser: "netdiff.NetJsonParser", Strategy: topology.Receive, Key: "k", Published: true}
	if change != nil {
		change(o)
	}
	require.NoError(b.t, b.Topologies.Create(b.t.Context(), o))
	return o
}

func (b *bench) receive(o *topology.Topology, data []byte) *topology.Update {
	u, err := b.Receive(b.t.Context(), o, data)
	require.NoError(b.t, err)
	return u
}

func (b *bench) nodes(o *topology.Topology) map[string]*topology.Node {
	list, err := b.Nodes.List(b.t.Context(), all(), topology.NodeFilter{TopologyID: o.ID}, wispwright.Page{})
	require.NoError(b.t, err)
	out := map[string]*topology.Node{}
	for _, n := range list.Rows {
		out[n.NetjsonID] = n
	}
	return out
}

// links are "a b" with their status.
func (b *bench) links(o *topology.Topology) map[string]string {
	graphs, err := b.Graphs(b.t.Context(), o)
	require.NoError(b.t, err)
	names := map[wispwright.ID]string{}
	for _, n := range graphs[0].Nodes {
		names[n.ID] = n.NetjsonID
	}
	out := map[string]string{}
	for _, l := range graphs[0].Links {
		out[names[l.SourceID]+" "+names[l.TargetID]] = l.Status
	}
	return out
}

func faults(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	_, text, _ = strings.Cut(text, "invalid: ")
	return text
}

func TestTopologyRules(t *testing.T) {
	b := newBench(t, &topology.Options{RefuseURL: func(url string) string {
		if strings.Contains(url, "127.0.0.1") {
			return "private"
		}
		return ""
	}})
	for want, change := range map[string]func(*topology.Topology){
		"":                                      func(*topology.Topology) {},
		"label: This field cannot be blank.":    func(o *topology.Topology) { o.Label = "" },
		`parser: "olsr" is not a valid choice.`: func(o *topology.Topology) { o.Parser = "olsr" },
		`strategy: "push" is not a valid choice.`:                         func(o *topology.Topology) { o.Strategy = "push" },
		"url: an url must be specified when using FETCH strategy":         func(o *topology.Topology) { o.Strategy = topology.Fetch },
		"key: a key must be specified when using RECEIVE strategy":        func(o *topology.Topology) { o.Key = "" },
		"key: This value must not contain spaces, dots or slashes.":       func(o *topology.Topology) { o.Key = "a b/" },
		"url: Enter a valid URL.":                                         func(o *topology.Topology) { o.URL = "nothing" },
		"url: private":                                                    func(o *topology.Topology) { o.URL = "http://127.0.0.1/x" },
		"expiration_time: Ensure this value is between 0 and 2147483647.": func(o *topology.Topology) { o.ExpirationTime = -1 },
	} {
		o := &topology.Topology{Label: "mesh", Parser: "netdiff.NetJsonParser", Strategy: topology.Receive, Key: "k", Published: true}
		change(o)
		require.Equal(t, want, faults(b.Topologies.Create(t.Context(), o)))
	}
	o := b.add(func(o *topology.Topology) { o.Parser = "netdiff.BmxParser" })
	_, err := b.Topologies.Update(t.Context(), all(), o.ID, func(o *topology.Topology) error { o.Strategy = topology.Fetch; return nil })
	require.Equal(t, "url: an url must be specified when using FETCH strategy", faults(err), "the outcome is checked, not what was there")
	first, second := topology.NewKey().Reveal(), topology.NewKey().Reveal()
	require.Regexp(t, "^[a-zA-Z0-9]{32}$", first)
	require.NotEqual(t, first, second)
}

func TestNodeAndLinkRules(t *testing.T) {
	b := newBench(t, nil)
	ctx := t.Context()
	alpha, beta := wispwright.NewID(), wispwright.NewID()
	own := b.add(func(o *topology.Topology) { o.OrganizationID = alpha })
	shared := b.add(nil)
	node := func(o *topology.Topology, organization wispwright.ID, addresses string) (*topology.Node, error) {
		n := &topology.Node{TopologyID: o.ID, OrganizationID: organization, Addresses: wispwright.JSON(addresses)}
		return n, b.Nodes.Create(ctx, n)
	}
	one, err := node(own, wispwright.ID{}, `["10.0.0.1", "fd00::1"]`)
	require.NoError(t, err)
	require.Equal(t, alpha, one.OrganizationID, "the topology's")
	require.Equal(t, []string{"10.0.0.1", "{}"}, []string{one.NetjsonID, string(one.Properties)})
	_, err = node(own, beta, `["x"]`)
	require.Equal(t, "node should have same organization as topology.", faults(err))
	two, err := node(own, alpha, `[1]`)
	require.NoError(t, err)
	require.Equal(t, "1", two.NetjsonID)
	for _, bad := range []string{`"x"`, `{}`, `x`, `[`} {
		_, err = node(own, alpha, bad)
		require.Equal(t, "addresses: Enter valid JSON.", faults(err), bad)
	}
	_, err = node(&topology.Topology{ID: wispwright.NewID()}, alpha, `[]`)
	require.Contains(t, faults(err), "topology: Invalid pk")
	err = b.Nodes.Create(ctx, &topology.Node{TopologyID: own.ID, Addresses: "[]", Label: strings.Repeat("x", 65), Properties: "[]", UserProperties: `3`})
	require.Equal(t, "label: Ensure this value has at most 64 characters (it has 65).; properties: Value must be valid JSON or key, valued pair.; user_properties: Value must be valid JSON or key, valued pair.", faults(err))
	of, err := node(shared, beta, `["b"]`)
	require.NoError(t, err)
	other, err := node(shared, alpha, `["a"]`)
	require.NoError(t, err)

	link := func(o *topology.Topology, source, target *topology.Node, change func(*topology.Link)) (*topology.Link, error) {
		l := &topology.Link{TopologyID: o.ID, SourceID: source.ID, TargetID: target.ID, Cost: 1, Status: topology.Up}
		if change != nil {
			change(l)
		}
		return l, b.Links.Create(ctx, l)
	}
	l, err := link(own, one, two, func(l *topology.Link) {
		l.Properties = `{"status": "x", "k": 1, "created": "y", "modified": 0, "status_changed": 0}`
	})
	require.NoError(t, err)
	require.Equal(t, `{"k":1}`, string(l.Properties), "names of our own are taken away")
	_, err = link(own, one, one, nil)
	require.Equal(t, "source and target must not be the same", faults(err))
	_, err = link(own, one, of, nil)
	require.Equal(t, "target: Target node and topology should have same organization.", faults(err))
	_, err = link(shared, one, other, nil)
	require.Equal(t, "source: Source node and link should have same topology.", faults(err))
	_, err = link(own, &topology.Node{ID: wispwright.NewID()}, two, nil)
	require.Contains(t, faults(err), "source: Invalid pk")
	_, err = link(own, one, two, func(l *topology.Link) { l.CostText, l.Status = strings.Repeat("c", 25), "maybe" })
	require.Contains(t, faults(err), "cost_text: ")
	require.Contains(t, faults(err), "status: ")
	both, err := link(shared, of, other, nil)
	require.NoError(t, err)
	require.True(t, both.OrganizationID.IsZero(), "of a shared topology, between two organizations")

	since := l.StatusChanged
	b.now = b.now.Add(time.Hour)
	l, err = b.Links.Update(ctx, all(), l.ID, func(l *topology.Link) error { l.Cost = 2; return nil })
	require.NoError(t, err)
	require.Equal(t, since, l.StatusChanged, "it changes with the status alone")
	l, err = b.Links.Update(ctx, all(), l.ID, func(l *topology.Link) error { l.Status = topology.Down; return nil })
	require.NoError(t, err)
	require.Equal(t, b.now, l.StatusChanged)
	h, err := b.History(ctx, l.ID, since, b.now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, h.Flaps)
	require.Len(t, h.Costs, 2)
	require.InDelta(t, 0.5, h.Up, 0.001)

	_, err = b.Topologies.Update(ctx, all(), own.ID, func(o *topology.Topology) error { o.OrganizationID = beta; return nil })
	require.NoError(t, err)
	moved, err := b.Nodes.Get(ctx, all(), one.ID)
	require.NoError(t, err)
	require.Equal(t, beta, moved.OrganizationID, "what belongs to a topology moves along")
}

func TestUpdates(t *testing.T) {
	b := newBench(t, nil)
	graph := topologytest.NetworkGraph
	var told []topology.Update
	b.Updated.Subscribe("test", func(_ context.Context, list ...topology.Update) { told = append(told, list...) })
	var status []string
	b.LinkStatusChanged.Subscribe("test", func(_ context.Context, list ...topology.StatusChange) {
		for _, c := range list {
			for _, l := range c.Links {
				status = append(status, fmt.Sprintf("%s %s-%s %s", c.Topology.Label, c.Name(l.SourceID), c.Name(l.TargetID), l.Status))
			}
		}
	})
	o := b.add(nil)
	b.receive(o, graph([]string{"a=one", "b", "c"}, "a b", "b c"))
	require.Equal(t, map[string]string{"a b": "up", "b c": "up"}, b.links(o))
	require.Len(t, told, 1, "one message per update, whatever it holds")
	require.Empty(t, status, "new links are no change")
	stored, err := b.Topologies.Get(t.Context(), all(), o.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"OLSR", "0.8", "ETX"}, []string{stored.Protocol, stored.Version, stored.Metric})
	require.Equal(t, b.now, stored.Updated)

	b.now = b.now.Add(time.Minute)
	require.True(t, func() bool { u := b.receive(o, graph([]string{"a=one", "b", "c"}, "c b", "a b")); return u.Empty() }(), "the direction of a link is nothing new")
	require.Len(t, told, 1)
	b.receive(o, graph([]string{"a=one", "b"}, "a b 3"))
	require.Equal(t, map[string]string{"a b": "up", "b c": "down"}, b.links(o))
	require.Len(t, b.nodes(o), 3, "nodes stay")
	b.receive(o, graph([]string{"a=one", "b", "c"}, "a b 3", "b c"))
	require.Equal(t, []string{"mesh b-c down", "mesh b-c up"}, status)

	t.Run("what is fed back changes nothing", func(t *testing.T) {
		graphs, err := b.Graphs(t.Context(), stored)
		require.NoError(t, err)
		var document map[string]any
		require.NoError(t, json.Unmarshal(graphs[0].Document(), &document))
		require.Equal(t, "mesh", document["label"])
	})
	t.Run("another address", func(t *testing.T) {
		o := b.add(nil)
		send := func(text string) { b.receive(o, []byte(text)) }
		head := `{"type":"NetworkGraph","protocol":"OLSR","version":"1","metric":"ETX","links":[],"nodes":[`
		send(head + `{"id":"10.0.0.1","local_addresses":["10.0.0.2","Kalloni"]}]}`)
		send(head + `{"id":"10.0.0.2"}]}`)
		require.Contains(t, b.nodes(o), "10.0.0.2", "the node that had the address")
		require.Len(t, b.nodes(o), 1)
		send(head + `{"id":"10.0.0.2","local_addresses":["Benz_Kalloni"]},{"id":"Kalloni"}]}`)
		require.Len(t, b.nodes(o), 2, "a part of an address is another address")
		long := strings.Repeat("fd00::1234:5678,", 40)
		send(head + `{"id":"10.0.0.2","local_addresses":["` + long + `"]},{"id":"Kalloni"}]}`)
		require.Contains(t, string(b.nodes(o)["10.0.0.2"].Addresses), long)
	})
	t.Run("what cannot be stored is left out", func(t *testing.T) {
		o := b.add(nil)
		u := b.receive(o, []byte(`{"type":"NetworkGraph","protocol":"X","version":"1","metric":null,"nodes":[{"id":"a","label":"`+strings.Repeat("ä", 99)+`"},{"id":"b"},{"id":"big","properties":{"x":"`+strings.Repeat("y", 70_000)+`"}}],
			"links":[{"source":"a","target":"a","cost":1},{"source":"a","target":"b","cost":"much"},{"source":"a","target":"big","cost":1},{"source":"b","target":"c","cost":1,"cost_text":"`+strings.Repeat("z", 99)+`"}]}`))
		require.Equal(t, 4, u.Refused)
		require.Len(t, u.Faults, 4)
		require.Equal(t, map[string]string{"b c": "up"}, b.links(o))
		require.Equal(t, strings.Repeat("ä", 64), b.nodes(o)["a"].Label)
	})
	t.Run("labels of people stay", func(t *testing.T) {
		o := b.add(nil)
		b.receive(o, graph([]string{"a=one"}))
		n := b.nodes(o)["a"]
		rename := func(label string) {
			_, err := b.Nodes.Update(t.Context(), all(), n.ID, func(n *topology.Node) error { n.SetLabel(label); return nil })
			require.NoError(t, err)
		}
		rename("mine")
		b.receive(o, graph([]string{"a=two"}))
		require.Equal(t, "mine", b.nodes(o)["a"].Name())
		rename("")
		require.Equal(t, "two", b.nodes(o)["a"].Name(), "without one of their own it is the network's again")
	})
	t.Run("too many", func(t *testing.T) {
		b := newBench(t, &topology.Options{MaxObjects: 3})
		o := b.add(nil)
		_, err := b.Receive(t.Context(), o, graph([]string{"a", "b", "c", "d"}))
		require.ErrorIs(t, err, topology.ErrTooMany)
		b.receive(o, graph([]string{"a", "b"}))
		_, err = b.Receive(t.Context(), o, graph([]string{"c", "d"}))
		require.ErrorIs(t, err, topology.ErrTooMany, "what is there counts too")
		require.Len(t, b.nodes(o), 2)
	})
	t.Run("unpublished and fetched ones take nothing", func(t *testing.T) {
		for _, change := range []func(*topology.Topology){
			func(o *topology.Topology) { o.Published = false },
			func(o *topology.Topology) { o.Strategy, o.URL = topology.Fetch, "http://a.example/" },
		} {
			_, err := b.Receive(t.Context(), b.add(change), graph([]string{"a"}))
			require.ErrorIs(t, err, wispwright.ErrNotFound)
		}
	})
}

func TestExpirationTime(t *testing.T) {
	b := newBench(t, nil)
	graph := topologytest.NetworkGraph
	o := b.add(func(o *topology.Topology) { o.ExpirationTime = 60 })
	ab, bc := graph([]string{"a", "b"}, "a b"), graph([]string{"b", "c"}, "b c")
	b.receive(o, ab)
	for range 5 { // two senders, each of which knows a part
		b.now = b.now.Add(30 * time.Second)
		b.receive(o, bc)
		b.now = b.now.Add(20 * time.Second)
		b.receive(o, ab)
		require.Equal(t, map[string]string{"a b": "up", "b c": "up"}, b.links(o))
	}
	b.now = b.now.Add(35 * time.Second)
	b.receive(o, ab)
	require.Equal(t, "up", b.links(o)["b c"], "55 seconds after it was named")
	b.now = b.now.Add(26 * time.Second)
	b.receive(o, ab)
	require.Equal(t, map[string]string{"a b": "up", "b c": "down"}, b.links(o))
	b.receive(o, bc)
	require.Equal(t, "up", b.links(o)["b c"])

	b.now = b.now.Add(-24 * time.Hour) // the clock is set right
	b.receive(o, ab)
	require.Equal(t, "down", b.links(o)["b c"], "a clock that was wrong does not keep a link for a day")
	fetched := b.add(func(o *topology.Topology) {
		o.Strategy, o.URL, o.ExpirationTime = topology.Fetch, "http://a.example/", 60
	})
	require.Empty(t, b.links(fetched))
}

func TestFetch(t *testing.T) {
	var body string
	code := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	b := newBench(t, &topology.Options{MaxBytes: 4 << 10, Timeout: 5 * time.Second})
	o := b.add(func(o *topology.Topology) { o.Strategy, o.URL, o.ExpirationTime = topology.Fetch, server.URL, 1000 })
	body = string(topologytest.NetworkGraph([]string{"a", "b"}, "a b"))
	_, err := b.Fetch(t.Context(), o.ID)
	require.NoError(t, err)
	problem := func() string {
		o, err := b.Topologies.Get(t.Context(), all(), o.ID)
		require.NoError(t, err)
		return o.Problem
	}
	require.Empty(t, problem())
	for name, spoil := range map[string]func(){
		"Could not recognize format":     func() { body = "<html>" },
		"larger than 4096 bytes":         func() { body = strings.Repeat("x", 5000) },
		"Expecting HTTP 200 ok, got 503": func() { code = http.StatusServiceUnavailable },
		`protocol\" key not found`:       func() { body = `{"type":"NetworkGraph"}` },
		"version cannot be None except when": func() {
			body = `{"type":"NetworkGraph","protocol":"x","version":null,"metric":"","nodes":[],"links":[]}`
		},
		"connect: connection refused|dial tcp": nil,
	} {
		body, code = "{}", http.StatusOK
		at := o.URL
		if spoil == nil {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			at = "http://" + l.Addr().String()
			require.NoError(t, l.Close())
		} else {
			spoil()
		}
		_, err := b.Topologies.Update(t.Context(), all(), o.ID, func(o *topology.Topology) error { o.URL = at; return nil })
		require.NoError(t, err)
		_, err = b.Fetch(t.Context(), o.ID)
		require.Error(t, err)
		if spoil != nil {
			require.Contains(t, strings.ReplaceAll(problem(), `"protocol"`, `protocol\"`), name)
		}
		require.NotEmpty(t, problem())
		require.Equal(t, map[string]string{"a b": "up"}, b.links(o), "the old graph stays")
	}
	_, err = b.Topologies.Update(t.Context(), all(), o.ID, func(o *topology.Topology) error { o.URL = server.URL; return nil })
	require.NoError(t, err)
	body, code = string(topologytest.NetworkGraph([]string{"a", "b"})), http.StatusOK
	_, err = b.Fetch(t.Context(), o.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a b": "down"}, b.links(o), "fetched ones have no time to expire")
	require.Empty(t, problem())
	_, err = b.Fetch(t.Context(), b.add(nil).ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

func TestFormatErrors(t *testing.T) {
	b := newBench(t, nil)
	for _, c := range []struct{ parser, data, want string }{
		{"netdiff.NetJsonParser", `{"type":"NetworkGraph"}`, `Supplied data not recognized as NetJSON NetworkGraph, got exception of type "ParserError" with message "Parse error, "protocol" key not found"`},
		{"netdiff.OpenvpnParser", "junk", `Supplied data not recognized as OpenVPN, got exception of type "ConversionException" with message "OpenVPN parsing error: expected 'OpenVPN CLIENT LIST' but got 'junk'"`},
		{"netdiff.OlsrParser", "Table: Topology\nx", `Supplied data not recognized as OLSRd (txtinfo/jsoninfo), got exception of type "ParserError" with message "Unrecognized format"`},
	} {
		_, err := b.Receive(t.Context(), b.add(func(o *topology.Topology) { o.Parser = c.parser }), []byte(c.data))
		require.EqualError(t, err, c.want)
	}
	for _, parser := range []string{"netdiff.NetJsonParser", "netdiff.OlsrParser", "netdiff.BatmanParser", "netdiff.BmxParser", "netdiff.CnmlParser", "netdiff.OpenvpnParser", "netdiff.WireguardParser", "netdiff.ZeroTierParser"} {
		for _, data := range []string{"5", "null", "\xff\xfe", `{"a":`, strings.Repeat("[", 100_000)} {
			_, err := b.Receive(t.Context(), b.add(func(o *topology.Topology) { o.Parser = parser }), []byte(data))
			if err != nil { // whatever it is, it is a fault of the data
				var fault *topology.FormatError
				require.ErrorAs(t, err, &fault, "%s %.20q", parser, data)
			}
		}
	}
}

func TestMatching(t *testing.T) {
	alpha, beta := wispwright.NewID(), wispwright.NewID()
	device := func(name string, organization wispwright.ID) topology.Device {
		return topology.Device{ID: wispwright.NewID(), OrganizationID: organization, Name: name}
	}
	byName := map[string]topology.Device{"client1": device("box 1", alpha), "client2": device("box 2", beta), "AA:BB:CC:DD:EE:FF": device("box 3", alpha), "0123456789": device("box 4", alpha)}
	find := func(_ context.Context, organization wispwright.ID, keys []string) (map[string]topology.Device, error) {
		out := map[string]topology.Device{}
		for _, k := range keys {
			if d, ok := byName[k]; ok && (organization.IsZero() || d.OrganizationID == organization) {
				out[k] = d
			}
		}
		return out, nil
	}
	named := named{}
	for _, d := range byName {
		named[d.ID] = d
	}
	wide, narrow := device("everything", alpha), device("box 5", alpha)
	named[wide.ID], named[narrow.ID] = wide, narrow
	b := newBench(t, &topology.Options{Devices: named, Matchers: map[string]topology.Matcher{
		"netdiff.OpenvpnParser": topology.MatchCommonNames(find), "netdiff.ZeroTierParser": topology.MatchMembers(find), "netdiff.NetJsonParser": topology.MatchMACs(find),
		"netdiff.WireguardParser": topology.MatchAddresses(func(context.Context, wispwright.ID, []netip.Prefix) ([]topology.AddressedDevice, error) {
			return []topology.AddressedDevice{{Device: wide, Address: netip.MustParseAddr("10.9.0.1")}, {Device: narrow, Address: netip.MustParseAddr("10.8.0.2")}}, nil
		}),
	}})
	status := "OpenVPN CLIENT LIST\nUpdated,Sun Nov  1 12:00:00 2026\nCommon Name,Real Address,Bytes Received,Bytes Sent,Connected Since\n" +
		"client1,192.0.2.1:1194,100,200,Sun Nov  1 11:00:00 2026\nclient2,192.0.2.2:1194,100,200,Sun Nov  1 11:00:00 2026\nstranger,192.0.2.3:1194,1,2,Sun Nov  1 11:00:00 2026\n" +
		"ROUTING TABLE\nVirtual Address,Common Name,Real Address,Last Ref\n10.8.0.2,client1,192.0.2.1:1194,Sun Nov  1 11:59:00 2026\n10.8.0.3,client2,192.0.2.2:1194,Sun Nov  1 11:59:00 2026\n10.8.0.4,stranger,192.0.2.3:1194,Sun Nov  1 11:59:00 2026\nGLOBAL STATS\nMax bcast/mcast queue length,0\nEND\n"
	openvpn := b.add(func(o *topology.Topology) { o.Parser, o.OrganizationID = "netdiff.OpenvpnParser", alpha })
	b.receive(openvpn, []byte(status))
	devices := func(o *topology.Topology) map[string]string {
		out := map[string]string{}
		for _, n := range b.nodes(o) {
			if !n.DeviceID.IsZero() {
				out[n.Called()+n.NetjsonID] = named[n.DeviceID].Name
			}
		}
		return out
	}
	require.Len(t, devices(openvpn), 1, "only devices of the organization")
	graphs, err := b.Graphs(t.Context(), openvpn)
	require.NoError(t, err)
	require.Contains(t, string(graphs[0].Document()), `"label":"box 1"`, "a node is called as its device")

	shared := b.add(func(o *topology.Topology) { o.Parser = "netdiff.OpenvpnParser" })
	b.receive(shared, []byte(status))
	require.Len(t, devices(shared), 2)
	for _, n := range b.nodes(shared) {
		if !n.DeviceID.IsZero() {
			require.Equal(t, named[n.DeviceID].OrganizationID, n.OrganizationID, "a node of a shared topology takes its device's organization")
		}
	}

	mesh := b.add(nil)
	b.receive(mesh, []byte(`{"type":"NetworkGraph","protocol":"Mesh","version":"1","metric":"Airtime","links":[],"nodes":[{"id":"aa:bb:cc:dd:ee:ff@11","local_addresses":["aa:bb:cc:dd:ee:00"]},{"id":"AA:BB:CC:DD:EE:FF"}]}`))
	require.Equal(t, map[string]string{"aa:bb:cc:dd:ee:ff@11": "box 3"}, devices(mesh), "a node with one address is none of a mesh")

	zerotier := b.add(func(o *topology.Topology) { o.Parser = "netdiff.ZeroTierParser" })
	require.NoError(t, b.Nodes.Create(t.Context(), &topology.Node{TopologyID: zerotier.ID, Addresses: `["z"]`, Properties: `{"address":"0123456789"}`}))
	require.Len(t, devices(zerotier), 1, "nodes that people make are matched too")

	wireguard := b.add(func(o *topology.Topology) { o.Parser = "netdiff.WireguardParser" })
	require.NoError(t, b.Nodes.Create(t.Context(), &topology.Node{TopologyID: wireguard.ID, Addresses: `["w"]`, Properties: `{"allowed_ips":["10.8.0.2/32","nonsense"]}`}))
	require.Equal(t, map[string]string{"w": "box 5"}, devices(wireguard))

	require.NoError(t, b.ForgetDevices(t.Context(), byName["client1"].ID))
	require.Empty(t, devices(openvpn))
	n, err := b.RelateAll(t.Context(), false)
	require.NoError(t, err)
	require.Equal(t, 2, n, "found again, in the shared one too")
}

type named map[wispwright.ID]topology.Device

func (n named) Named(_ context.Context, ids ...wispwright.ID) (map[wispwright.ID]topology.Device, error) {
	out := map[wispwright.ID]topology.Device{}
	for _, id := range ids {
		if d, ok := n[id]; ok {
			out[id] = d
		}
	}
	return out, nil
}

func TestDocument(t *testing.T) {
	b := newBench(t, nil)
	o := b.add(nil)
	b.receive(o, []byte(`{"type":"NetworkGraph","protocol":"OLSR","version":"0.8","metric":"ETX","nodes":[{"id":"10.0.0.1","label":"one","local_addresses":["fd00::1"],"properties":{"gw":true,"created":"x"}},{"id":7}],
		"links":[{"source":"10.0.0.1","target":7,"cost":2,"cost_text":"fast","properties":{"ch":36,"status":"x"}}]}`))
	n := b.nodes(o)["10.0.0.1"]
	_, err := b.Nodes.Update(t.Context(), all(), n.ID, func(n *topology.Node) error { n.UserProperties = `{"gw":false,"room":"5"}`; return nil })
	require.NoError(t, err)
	o, err = b.Topologies.Get(t.Context(), all(), o.ID)
	require.NoError(t, err)
	graphs, err := b.Graphs(t.Context(), o)
	require.NoError(t, err)
	const at = `"2026-05-01T12:00:00Z"`
	require.JSONEq(t, `{"type":"NetworkGraph","protocol":"OLSR","version":"0.8","metric":"ETX","label":"mesh","id":"`+o.ID.String()+`","parser":"netdiff.NetJsonParser","created":`+at+`,"modified":`+at+`,
		"nodes":[{"id":"10.0.0.1","label":"one","local_addresses":["fd00::1"],"properties":{"gw":false,"room":"5","created":`+at+`,"modified":`+at+`}},{"id":7,"label":"7","properties":{"created":`+at+`,"modified":`+at+`}}],
		"links":[{"source":"10.0.0.1","target":7,"cost":2.0,"cost_text":"fast","properties":{"ch":36,"status":"up","status_changed":`+at+`,"created":`+at+`,"modified":`+at+`}}]}`, string(graphs[0].Document()))
	require.Contains(t, string(graphs[0].Document()), `"cost":2.0`, "costs have a fraction")
	format, _ := netdiff.Formats().Lookup("netjson")
	again, err := format.Parse(graphs[0].Document(), nil)
	require.NoError(t, err)
	nodes, links := again.Len()
	require.Equal(t, []int{2, 1}, []int{nodes, links}, "it is NetJSON")
}

func TestExpire(t *testing.T) {
	b := newBench(t, nil)
	graph := topologytest.NetworkGraph
	o := b.add(nil)
	b.receive(o, graph([]string{"a", "b", "c", "d"}, "a b", "c d"))
	b.receive(o, graph([]string{"a", "b"}, "a b"))
	day := 24 * time.Hour
	for range 70 {
		b.now = b.now.Add(day)
		b.receive(o, graph([]string{"a", "b"}, "a b"))
	}
	e, err := b.Expire(t.Context(), topology.Expiry{Nodes: 60 * day})
	require.NoError(t, err)
	require.Zero(t, e, "without an age for links nodes stay too")
	e, err = b.Expire(t.Context(), topology.Expiry{Links: 60 * day})
	require.NoError(t, err)
	require.Equal(t, topology.Expired{Links: 1}, e)
	e, err = b.Expire(t.Context(), topology.Expiry{Links: 60 * day, Nodes: 60 * day, History: 365 * day})
	require.NoError(t, err)
	require.Equal(t, topology.Expired{Nodes: 2}, e, "nodes that are still named stay, however old they are")
	require.Equal(t, map[string]string{"a b": "up"}, b.links(o))
}

// lateLinks are links before whose list something happens, as it may between two statements.
type lateLinks struct {
	topology.LinkStore
	before func()
}

func (l *lateLinks) List(ctx context.Context, scope wispwright.Scope, f topology.LinkFilter, page wispwright.Page) (wispwright.Items[topology.Link], error) {
	if l.before != nil {
		before := l.before
		l.before = nil
		before()
	}
	return l.LinkStore.List(ctx, scope, f, page)
}

// TestGraphWhileAnUpdateComes: a document has no link whose nodes it does not have.
func TestGraphWhileAnUpdateComes(t *testing.T) {
	m := memstore.New()
	stores := topology.NewMemory(m)
	late := &lateLinks{LinkStore: stores.Links}
	stores.Links = late
	b := &bench{t: t, s: topologytest.Storage{Tx: m, Stores: stores}, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	b.Service = topologytest.New(t, b.s, func() time.Time { return b.now }, nil)
	o := b.add(nil)
	data := `{"type":"NetworkGraph","protocol":"OLSR","version":"1","metric":"ETX","nodes":[],"links":[{"source":"a","target":"b","cost":1.0}%s]}`
	b.receive(o, fmt.Appendf(nil, data, ""))
	late.before = func() {
		b.receive(o, fmt.Appendf(nil, data, `,{"source":"a","target":"late","cost":1.0},{"source":"later","target":"a","cost":1.0}`))
	}
	graphs, err := b.Graphs(t.Context(), o)
	require.NoError(t, err)
	require.True(t, json.Valid(graphs[0].Document()), "%s", graphs[0].Document())
	require.Len(t, graphs[0].Links, 1)
	graphs, err = b.Graphs(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, graphs[0].Links, 3)
}

// TestFetchThatNeverEnds: what sends for ever, little by little or as fast as it can, costs no more than the time and
// the size that are allowed, and the old graph stays.
func TestFetchThatNeverEnds(t *testing.T) {
	for name, pause := range map[string]time.Duration{"slowly": 5 * time.Millisecond, "fast": 0} {
		t.Run(name, func(t *testing.T) {
			endless := false
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !endless {
					_, _ = w.Write(topologytest.NetworkGraph([]string{"a", "b"}, "a b"))
					return
				}
				for r.Context().Err() == nil {
					if _, err := w.Write([]byte(" ")); err != nil {
						return
					}
					_ = http.NewResponseController(w).Flush() // whoever went is found out above
					time.Sleep(pause)
				}
			}))
			defer server.Close()
			b := newBench(t, &topology.Options{MaxBytes: 64 << 10, Timeout: time.Second})
			o := b.add(func(o *topology.Topology) { o.Strategy, o.URL = topology.Fetch, server.URL })
			_, err := b.Fetch(t.Context(), o.ID)
			require.NoError(t, err)
			endless = true
			began := time.Now()
			_, err = b.Fetch(t.Context(), o.ID)
			require.Error(t, err)
			require.Less(t, time.Since(began), 30*time.Second)
			require.Equal(t, map[string]string{"a b": "up"}, b.links(o))
			kept, err := b.Topologies.Get(t.Context(), all(), o.ID)
			require.NoError(t, err)
			require.NotEmpty(t, kept.Problem)
		})
	}
}
