// Package uplink finds through which devices others are reached, in networks as topologies know them.
package uplink

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/topology"
)

// Find returns the devices through which others are reached, where a network leaves no doubt: a device
// with one neighbour only is reached through that, if that is a device with further neighbours. Whether links
// are up does not matter: those of a device that is away are down.
func Find(nodes []*topology.Node, links []*topology.Link) map[wispwright.ID]wispwright.ID {
	devices := make(map[wispwright.ID]wispwright.ID, len(nodes))
	for _, n := range nodes {
		devices[n.ID] = n.DeviceID
	}
	// a device may be several nodes, in several networks: what is no device counts as itself
	at := func(node wispwright.ID) wispwright.ID {
		if d := devices[node]; !d.IsZero() {
			return d
		}
		return node
	}
	neighbours := map[wispwright.ID]map[wispwright.ID]bool{}
	join := func(a, b wispwright.ID) {
		if neighbours[a] == nil {
			neighbours[a] = map[wispwright.ID]bool{}
		}
		neighbours[a][b] = true
	}
	for _, l := range links {
		if a, b := at(l.SourceID), at(l.TargetID); a != b {
			join(a, b)
			join(b, a)
		}
	}
	known := map[wispwright.ID]bool{}
	for _, d := range devices {
		known[d] = !d.IsZero()
	}
	out := map[wispwright.ID]wispwright.ID{}
	for d, is := range known {
		if !is || len(neighbours[d]) != 1 {
			continue
		}
		for other := range neighbours[d] {
			if known[other] && len(neighbours[other]) > 1 {
				out[d] = other
			}
		}
	}
	return out
}
