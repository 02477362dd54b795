package server

import (
	"context"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/topology/uplink"
)

// uplinksAge is how old what is known of networks may be: an incident asks for each group of devices.
const uplinksAge = time.Minute

// uplinks finds through which devices others are reached, in the networks that topologies know.
type uplinks struct {
	topology *TopologyConcern

	mu   sync.Mutex
	read time.Time
	of   map[wispwright.ID]wispwright.ID
}

// some returns the uplinks of devices that have one.
func (u *uplinks) some(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]wispwright.ID, error) {
	if u.topology.Service == nil { // it is mounted later
		return nil, nil //nolint:nilnil // nobody knows yet
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if time.Since(u.read) > uplinksAge {
		nodes, err := u.topology.Nodes.List(ctx, everyone(), topology.NodeFilter{}, unpaged)
		if err != nil {
			return nil, err
		}
		links, err := u.topology.Links.List(ctx, everyone(), topology.LinkFilter{}, unpaged)
		if err != nil {
			return nil, err
		}
		u.of, u.read = uplink.Find(nodes.Rows, links.Rows), time.Now()
	}
	out := map[wispwright.ID]wispwright.ID{}
	for _, id := range devices {
		if uplink, ok := u.of[id]; ok {
			out[id] = uplink
		}
	}
	return out, nil
}
