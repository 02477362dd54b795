package uplink_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/topology/uplink"
)

func TestFind(t *testing.T) {
	node := func(n, device byte) *topology.Node {
		out := &topology.Node{ID: wispwright.ID{0: n, 6: 0x40}}
		if device != 0 {
			out.DeviceID = wispwright.ID{1: device, 6: 0x40}
		}
		return out
	}
	device := func(n byte) wispwright.ID { return wispwright.ID{1: n, 6: 0x40} }
	link := func(a, b byte, status string) *topology.Link {
		return &topology.Link{SourceID: wispwright.ID{0: a, 6: 0x40}, TargetID: wispwright.ID{0: b, 6: 0x40}, Status: status}
	}
	// 1 is the mast, 2 and 3 hang on it, 3 by a link that is down; 4 and 5 know each other only; 6 hangs on something
	// that is no device; 7 is reached on two ways; 8 is the mast in another network, 9 hangs on it there
	nodes := []*topology.Node{node(1, 1), node(2, 2), node(3, 3), node(4, 4), node(5, 5), node(6, 6), node(10, 0), node(11, 0), node(7, 7), node(8, 1), node(9, 9)}
	links := []*topology.Link{link(1, 2, topology.Up), link(3, 1, topology.Down), link(4, 5, topology.Up), link(6, 10, topology.Up), link(10, 11, topology.Up), link(7, 1, topology.Up), link(7, 11, topology.Up), link(9, 8, topology.Up)}
	require.Equal(t, map[wispwright.ID]wispwright.ID{device(2): device(1), device(3): device(1), device(9): device(1)}, uplink.Find(nodes, links))
	require.Empty(t, uplink.Find(nil, nil))
}
