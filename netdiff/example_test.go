package netdiff_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright/netdiff"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func Example() {
	read := func(rate int) *netdiff.Graph {
		text := fmt.Sprintf(`[{"name":"tower","links":[{"name":"school","txRate":%d,"rxRate":90}]}]`, rate)
		g, err := netdiff.BMX6().Parse([]byte(text), nil)
		if err != nil {
			panic(err)
		}
		return g
	}
	d, err := netdiff.Diff(read(98), read(50), nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Added == nil, d.Removed == nil)
	for _, l := range d.Changed.Links {
		fmt.Println(l.Source, l.Target, l.Cost)
	}
	// Output:
	// true true
	// tower school 70.0
}

// A format of one's own is a value: a line "a b cost" for each link.
func ExampleRegistry_Register() {
	lines := &netdiff.Format{
		Name: "example.Lines", Label: "one link a line", Protocol: "static",
		Read: func(g *netdiff.Graph, in *netdiff.Input) error {
			text, ok := in.Text()
			if !ok {
				return &netdiff.ConversionError{Format: "example.Lines", Message: "a text is expected"}
			}
			for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
				cells := strings.Fields(line)
				if len(cells) != 3 {
					return &netdiff.ParseError{Format: "example.Lines", Message: "three words are expected", Place: fmt.Sprintf("line %d", i+1)}
				}
				g.AddLink(netdiff.TextID(cells[0]), netdiff.TextID(cells[1]), ordered.Number(cells[2]))
			}
			return nil
		},
	}
	formats := netdiff.Formats()
	if err := formats.Register(lines); err != nil {
		panic(err)
	}
	f, _ := formats.Lookup("example.Lines")
	g, err := f.Parse([]byte("a b 1\nb c 2.5\n"), nil)
	if err != nil {
		panic(err)
	}
	doc, err := g.Document()
	if err != nil {
		panic(err)
	}
	for _, l := range doc.Links {
		fmt.Println(l.Source, l.Target, l.Cost)
	}
	_, err = f.Parse([]byte("a b"), nil)
	fmt.Println(err)
	// Output:
	// a b 1
	// b c 2.5
	// three words are expected (at line 1)
}

func ExampleNetJSON() {
	show(netdiff.NetJSON(), `{"type":"NetworkGraph","protocol":"static","version":null,"metric":null,
		"nodes":[{"id":"10.0.0.1","label":"roof","local_addresses":["10.1.0.1"]}],
		"links":[{"source":"10.0.0.2","target":"10.0.0.1","cost":1.5}]}`)
	// Output:
	// 10.0.0.1 [10.1.0.1]
	// 10.0.0.2 []
	// 10.0.0.1 - 10.0.0.2 cost 1.5
}

func ExampleBMX6() {
	show(netdiff.BMX6(), `[{"name":"tower","links":[{"name":"school","txRate":98,"rxRate":90}]}]`)
	// Output:
	// school []
	// tower []
	// tower - school cost 94.0
}

// A link occurs under the interfaces of both of its ends; its source is the
// interface that its first occurrence points to.
func ExampleCNML() {
	show(netdiff.CNML(), `<cnml><class network_description="detail"/><network><zone id="1">
		<node id="1"><device id="1"><interface id="11" ipv4="10.0.0.1">
			<link id="7" link_status="Working" linked_node_id="2" linked_interface_id="22"/>
		</interface></device></node>
		<node id="2"><device id="2"><interface id="22" ipv4="10.0.0.2">
			<link id="7" link_status="Working" linked_node_id="1" linked_interface_id="11"/>
		</interface></device></node>
	</zone></network></cnml>`)
	// Output:
	// 10.0.0.1 []
	// 10.0.0.2 []
	// 10.0.0.2 - 10.0.0.1 cost 1
}

// Peers count as connected for five minutes after their handshake.
func ExampleWireGuard() {
	now := time.Now()
	dump := "wg0\tprivate\tserver-key\t51820\toff\n" +
		fmt.Sprintf("wg0\troof-key\t(none)\t203.0.113.5:41194\t10.0.0.2/32\t%d\t148\t92\toff\n", now.Unix()) +
		"wg0\tschool-key\t(none)\t(none)\t10.0.0.3/32\t0\t0\t0\toff\n"
	show(netdiff.WireGuard(), dump)
	// Output:
	// roof-key []
	// wg0 []
	// wg0 - roof-key cost 1
}

func ExampleOLSRd2() {
	show(netdiff.OLSRd2(), `{"type":"NetworkCollection","collection":[{"type":"NetworkGraph","version":"0.15.1","metric":"ff_dat_metric",
		"nodes":[{"id":"id_10.0.0.1"},{"id":"id_10.0.0.2"}],"links":[{"source":"id_10.0.0.1","target":"id_10.0.0.2","cost":2105088}]}]}`)
	// Output:
	// id_10.0.0.1 []
	// id_10.0.0.2 []
	// id_10.0.0.1 - id_10.0.0.2 cost 2105088
}

func ExampleOLSR() {
	show(netdiff.OLSR(), `{"mid":[{"main":{"ipAddress":"10.0.0.2"},"aliases":[{"ipAddress":"10.1.0.2"}]}],
		"topology":[{"lastHopIP":"10.0.0.1","destinationIP":"10.0.0.2","linkQuality":1.0,"neighborLinkQuality":0.9,"tcEdgeCost":1096}]}`)
	// Output:
	// 10.0.0.1 []
	// 10.0.0.2 [10.1.0.2]
	// 10.0.0.2 - 10.0.0.1 cost 1.0703125
}

func ExampleBatman() {
	show(netdiff.Batman(), `{"source_version":"2024.2","vis":[{"primary":"02:00:00:00:00:01","neighbors":[{"neighbor":"02:00:00:00:00:02","metric":"1.020"}]}]}`)
	// Output:
	// 02:00:00:00:00:01 []
	// 02:00:00:00:00:02 []
	// 02:00:00:00:00:01 - 02:00:00:00:00:02 cost 1.02
}

func ExampleOpenVPN() {
	show(netdiff.OpenVPN(), `OpenVPN CLIENT LIST
Updated,2024-11-25 11:58:02
Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since
roof,203.0.113.5:41194,884213,992003,2024-11-24 20:15:09
ROUTING TABLE
Virtual Address,Common Name,Real Address,Last Ref
10.8.0.2,roof,203.0.113.5:41194,2024-11-25 11:57:30
GLOBAL STATS
Max bcast/mcast queue length,0
END`)
	// Output:
	// openvpn-server []
	// roof [10.8.0.2]
	// openvpn-server - roof cost 1
}

func ExampleZeroTier() {
	show(netdiff.ZeroTier(), `[{"address":"9f8e7d6c5b","role":"LEAF","latency":12,"paths":[{"active":true,"expired":false,"preferred":true,"address":"198.51.100.7/9993"}]}]`)
	// Output:
	// 9f8e7d6c5b []
	// controller []
	// controller - 9f8e7d6c5b cost 12
}

func ExampleBabel() {
	show(netdiff.Babel(), `BABEL 1.0
my-id 02:00:00:ff:fe:00:00:01
add neighbour 55d0 address fe80::2 if wlan0 reach ffff rxcost 256 txcost 300 cost 300
add route 66a0 prefix 10.0.2.0/24 from ::/0 installed yes id 02:00:00:ff:fe:00:00:02 metric 300 refmetric 0 via fe80::2 if wlan0`)
	// Output:
	// 02:00:00:ff:fe:00:00:01 []
	// 02:00:00:ff:fe:00:00:02 [fe80::2]
	// 02:00:00:ff:fe:00:00:01 - 02:00:00:ff:fe:00:00:02 cost 300
}

func ExampleFreifunk() {
	show(netdiff.Freifunk(), `{"nodes":[{"node_id":"a","hostname":"roof"},{"node_id":"b","hostname":"school"}],
		"links":[{"source":"a","target":"b","source_tq":0.8,"target_tq":1}]}`)
	// Output:
	// a []
	// b []
	// a - b cost 1.25
}

// show prints the graph of a text.
func show(f *netdiff.Format, text string) {
	g, err := f.Parse([]byte(text), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := g.Document()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range doc.Nodes {
		fmt.Println(n.ID, n.LocalAddresses)
	}
	for _, l := range doc.Links {
		fmt.Println(l.Source, "-", l.Target, "cost", l.Cost)
	}
}
