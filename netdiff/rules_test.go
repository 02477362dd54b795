package netdiff

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// whole reads a text and returns its document as JSON.
func whole(t *testing.T, f *Format, text string, o *Options) string {
	t.Helper()
	d := parse(t, f, text, o)
	b, err := json.Marshal(d)
	require.NoError(t, err, "a document is always JSON")
	return string(b)
}

func refused(t *testing.T, f *Format, text, kind string) {
	t.Helper()
	_, err := f.Parse([]byte(text), nil)
	require.Error(t, err, text)
	require.Equal(t, kind, kindOf(err), "%s: %v", text, err)
}

func TestInfiniteAndOddNumbersStayJSON(t *testing.T) {
	require.Contains(t, whole(t, Batman(), `{"vis":[{"primary":"a","neighbors":[{"neighbor":"b","metric":"inf"}]}]}`, nil), `"cost":1e999`)
	require.Contains(t, whole(t, Batman(), "Table: Topology\nh\na b 1 1 -inf\n", nil), `"cost":-1e999`)
	require.Contains(t, whole(t, BMX6(), `[{"name":"a","links":[{"name":"b","txRate":Infinity,"rxRate":1}]}]`, nil), `"cost":1e999`)
	require.Contains(t, whole(t, BMX6(), `[{"name":"a","links":[{"name":"b","txRate":Infinity,"rxRate":-Infinity}]}]`, nil), `"cost":null`)
	require.Contains(t, whole(t, OLSR(), "Table: Topology\nh\nb\ta\tINFINITE\t1\t2\n\nTable: MID\nh\n\n", nil), `"link_quality":1e999`)
	require.Contains(t, whole(t, OLSR(), `{"topology":[{"lastHopIP":"a","destinationIP":"b","tcEdgeCost":-Infinity,"linkQuality":1,"neighborLinkQuality":1}],"mid":[]}`, nil), `"cost":-1e999`)
	require.Equal(t, "1e999", floatText(math.Inf(1), false))
}

func TestLuaWritesEmptyListsAsObjects(t *testing.T) {
	require.Contains(t, whole(t, NetJSON(), `{"type":"NetworkGraph","protocol":"p","version":"1","metric":"m","nodes":{},"links":{}}`, nil), `"nodes":[],"links":[]`)
	require.Contains(t, whole(t, OLSR(), `{"topology":{},"mid":{}}`, nil), `"links":[]`)
	require.Contains(t, whole(t, Batman(), `{"vis":[{"primary":"a","secondary":{},"neighbors":{}}]}`, nil), `"nodes":[]`)
	refused(t, OLSR(), `{"topology":{"a":1},"mid":[]}`, "ParserError")
	refused(t, OLSR(), `{"topology":null,"mid":[]}`, "ParserError")
}

func TestOLSRRules(t *testing.T) {
	const link = `{"lastHopIP":"a","destinationIP":"b","linkQuality":"0.5","neighborLinkQuality":null,"tcEdgeCost":%}`
	doc := func(cost, mid, more string) string {
		return `{"topology":[` + strings.Replace(link, "%", cost, 1) + `],"mid":[` + mid + `]` + more + `}`
	}
	// cost as a text, quality values as they are
	d := whole(t, OLSR(), doc(`" 2048 "`, "", ""), nil)
	require.Contains(t, d, `"cost":2.0`)
	require.Contains(t, d, `"properties":{"link_quality":"0.5","neighbor_link_quality":null}`)
	// a version of null is no version, wherever it comes from
	g, err := OLSR().Parse([]byte(doc("1024", "", `,"version":{"releaseVersion":null,"sourceHash":"x"}`)), &Options{Version: "9"})
	require.NoError(t, err)
	_, err = g.Document()
	require.Equal(t, "NetJsonError", kindOf(err))
	// the object wins over the text of the configuration
	d = whole(t, OLSR(), doc("1024", "", `,"version":{"releaseVersion":"1.2","sourceHash":"x"},"config":{"olsrdVersion":"olsr.org - 0.9.0.3"}`), nil)
	require.Contains(t, d, `"version":"1.2","revision":"x"`)
	// an alias of the target only: the target is named first and so the source
	d = whole(t, OLSR(), doc("1024", `{"ipAddress":"b","aliases":[{"ipAddress":"b2"}]}`, ""), nil)
	require.Contains(t, d, `"source":"b","target":"a"`)
	// the entries of one node add up
	d = whole(t, OLSR(), doc("1024", `{"ipAddress":"b","aliases":[{"ipAddress":"b2"}]},{"main":{"ipAddress":"b"},"aliases":[{"ipAddress":"b3"}]}`, ""), nil)
	require.Contains(t, d, `"local_addresses":["b2","b3"]`)
	for _, bad := range []string{doc(`"x"`, "", ""), doc("null", "", ""), doc("1", `{"aliases":[]}`, ""), `[]`, `5`, `"topology"`} {
		refused(t, OLSR(), bad, "ParserError")
	}
}

func TestCNMLRules(t *testing.T) {
	const doc = `<cnml><class %s/><network><zone><zone><node id="1"><device><interface id="11" ipv4="10.0.0.1">
		<link id="1" link_status="Working" linked_node_id="2" linked_interface_id="21"/></interface></device></node>
		<node id="2"><device><radio><interface id="21" ipv4="10.0.0.2">%</interface></radio></device></node></zone></zone></network></cnml>`
	text := func(class, second string) string {
		return strings.Replace(strings.Replace(doc, "%s", class, 1), "%", second, 1)
	}
	const back = `<link id="1" link_status="working" linked_node_id="1" linked_interface_id="11"/>`
	for _, class := range []string{`network_description="detail"`, `node_description="1"`} {
		require.Equal(t, []string{"10.0.0.2>10.0.0.1=1"}, links(parse(t, CNML(), text(class, back), nil)))
	}
	good := text(`network_description="detail"`, back)
	for _, prologue := range []string{"\ufeff", `<?xml version="1.0" encoding="ISO-8859-1"?>`, "<!-- x -->\n<!DOCTYPE cnml>"} {
		require.Len(t, links(parse(t, CNML(), prologue+good, nil)), 1, prologue)
	}
	require.Empty(t, links(parse(t, CNML(), text(`network_description="detail"`, ""), nil)), "one end only")
	for _, bad := range []string{
		text(`network_description="nothing known"`, back), text(`x="y"`, back), good[:len(good)-3], good + "x", good + good, "<x/>",
		text(`network_description="detail"`, `<link id="2" link_status="Odd"/>`),
	} {
		refused(t, CNML(), bad, "ParserError")
	}
}

// statusV1 is a status file of version 1 with the given rows.
func statusV1(clients, routes string) string {
	return "OpenVPN CLIENT LIST\nUpdated,Thu Jun 18 08:12:15 2015\nConnected Since,Common Name,Real Address,Bytes Received,Bytes Sent\n" + clients +
		"ROUTING TABLE\nLast Ref,Virtual Address,Common Name,Real Address\n" + routes + "GLOBAL STATS\nMax bcast/mcast queue length,0\nEND\n"
}

func TestOpenVPNRules(t *testing.T) {
	const date = "thu Jun  8 4:23:3 2015,"
	d := whole(t, OpenVPN(), statusV1(date+"a,::ffff:192.0.2.7:1194,+5,-7\n",
		date+"2001:0DB8::0:1,a,::ffff:192.0.2.7:1194\n"+date+"10.1.0.0/16,a,::ffff:192.0.2.7:1194\n"+date+"::ffff:192.0.2.8/125,a,::ffff:192.0.2.7:1194\n"+date+"10.8.0.4C,a,::ffff:192.0.2.7:1194\n"), nil)
	require.Contains(t, d, `"local_addresses":["2001:db8::1","10.1.0.0/16","::ffff:c000:208/125","10.8.0.4"]`)
	require.Contains(t, d, `"real_address":"::ffff:c000:207","port":1194,"connected_since":"2015-06-08T04:23:03Z","bytes_received":5,"bytes_sent":-7`)
	// clients of one name and host, and a route of a third that is gone
	d = whole(t, OpenVPN(), statusV1(date+"a,192.0.2.7:1,1,1\n"+date+"a,192.0.2.7:2,1,1\n", date+"10.8.0.4,a,192.0.2.7:3\n"), &Options{DuplicateCN: true})
	require.Contains(t, d, `"id":"a,192.0.2.7:1"`)
	require.Contains(t, d, `"target":"a,192.0.2.7:3"`)
	require.NotContains(t, d, `"id":"a,192.0.2.7"`)
	for _, bad := range []string{
		statusV1(date+"a,192.0.2.7:1,1,\n", ""), statusV1(date+"a,192.0.2.300:1,1,1\n", ""), statusV1("18 Jun,a,192.0.2.7:1,1,1\n", ""),
		statusV1("", date+"10.0.0.0/33,a,192.0.2.7:1\n"), statusV1("", date+"2001:db8::/0,a,192.0.2.7:1\n"), statusV1("", date+"02:00:00:00:00:0g,a,192.0.2.7:1\n"),
		strings.Replace(statusV1("", ""), "Max bcast/mcast queue length,0\n", "", 1), strings.Replace(statusV1("", ""), "Updated", "Renewed", 1), " ", "{}", "[]",
	} {
		refused(t, OpenVPN(), bad, "ConversionException")
	}
}

// TestManyProperties: beyond a few, attributes are looked up in an index, so
// that no input takes quadratic time; what comes out is the same.
func TestManyProperties(t *testing.T) {
	const many = 3 * fewAttrs
	props := func(from, n, value int) string {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprintf(`"p%d":%d`, from+i, value))
		}
		return `{` + strings.Join(names, ",") + `}`
	}
	read := func(first, second string) *Graph {
		g, err := NetJSON().Parse([]byte(`{"type":"NetworkGraph","protocol":"p","version":"1","metric":"m",
			"nodes":[{"id":"a","properties":`+first+`},{"id":"a","properties":`+second+`}],
			"links":[{"source":"a","target":"b","cost":1,"properties":`+first+`},{"source":"b","target":"a","cost":1,"properties":`+second+`}]}`), nil)
		require.NoError(t, err)
		return g
	}
	g := read(props(0, many, 1), props(many-1, many, 2))
	require.Len(t, g.nodeAttrs[0], 2+2*many-1, "label, local addresses and all names")
	require.Len(t, g.edgeAttrs[0], 2*many-1)
	d, err := g.Document()
	require.NoError(t, err)
	require.Equal(t, d.Nodes[0].Properties, d.Links[0].Properties)
	for i, a := range d.Links[0].Properties {
		require.Equal(t, fmt.Sprintf("p%d", i), a.Name)
		require.Equal(t, i >= many-1, equal(a.Value, integer(2)), a.Name)
	}
	same, err := Diff(g, read(props(0, many-1, 1), props(many-1, many, 2)), nil)
	require.NoError(t, err)
	require.True(t, same.Empty())
	other, err := Diff(g, read(props(0, many, 1), props(many-1, many, 3)), nil)
	require.NoError(t, err)
	require.Len(t, other.Changed.Nodes, 1)
	require.Len(t, other.Changed.Links, 1)
}

func TestOpenVPNErrorsNameTheLine(t *testing.T) {
	const date = "Thu Jun  8 04:23:03 2015,"
	for text, want := range map[string]string{
		"":                       "",
		"\n\nOpenVPN STATISTICS": "expected 'OpenVPN CLIENT LIST' but got 'OpenVPN STATISTICS' (at line 3)",
		statusV1("\n"+date+"a,192.0.2.7:1,x,1\n", ""):                     "'x' is no integer (at line 5)",
		statusV1("", date+"10.0.0.5/24,a,192.0.2.7:1\n"):                  "10.0.0.5/24 has host bits set (at line 6)",
		strings.TrimSuffix(statusV1("", ""), "END\n"):                     "expected 'END' but got 'end of input' (at line 7)",
		"TITLE,x\nHEADER,CLIENT_LIST,Common Name\nCLIENT_LIST,a,b\nEND\n": "expected 1 columns but got 2 (at line 3)",
		"TITLE\tx\nTIME\tyesterday\nEND\n":                                "(at line 2)",
		"TITLE,x\n":                                                       "expected 'END' but got 'end of input' (at line 1)",
	} {
		_, err := OpenVPN().Parse([]byte(text), nil)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		var c *ConversionError
		require.ErrorAs(t, err, &c)
		require.ErrorContains(t, err, want)
	}
}

func TestLargeNumbersAreComparedExactly(t *testing.T) {
	doc := func(id, value string) *Graph {
		g, err := NetJSON().Parse([]byte(`{"type":"NetworkGraph","protocol":"p","version":"1","metric":"m","nodes":[{"id":`+id+`,"properties":{"bytes":`+value+`}}],"links":[]}`), nil)
		require.NoError(t, err)
		return g
	}
	changed := func(a, b string) bool {
		d, err := Diff(doc(`"x"`, a), doc(`"x"`, b), nil)
		require.NoError(t, err)
		return !d.Empty()
	}
	require.True(t, changed("9007199254740992", "9007199254740993"))
	require.False(t, changed("9007199254740993", "9007199254740993"))
	require.False(t, changed("2", "2.0"))
	require.False(t, changed("1e3", "1000"))
	d, err := Diff(doc("9007199254740992", "1"), doc("9007199254740993", "1"), nil)
	require.NoError(t, err)
	require.NotNil(t, d.Added)
	text, err := json.Marshal(d)
	require.NoError(t, err)
	require.Contains(t, string(text), `{"id":9007199254740993,`)
	require.Positive(t, ID{text: "9007199254740993", number: true}.Compare(ID{text: "9007199254740992", number: true}))
	require.Negative(t, ID{text: "2", number: true}.Compare(ID{text: "10", number: true}))
}
