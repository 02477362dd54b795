package topology

import (
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// plan is what an update writes: the difference between what is stored and what
// data say, found in one walk over each (spec: topology §2.2, §2.3).
type plan struct {
	topology *Topology
	in       *incoming
	now      time.Time

	// stored nodes by their id, and by each of their other addresses
	primary, other map[string]*KnownNode
	// nodes by the id data give them
	named map[string]wispwright.ID
	owner map[wispwright.ID]wispwright.ID
	fresh map[wispwright.ID]bool

	newNodes, changedNodes []*Node
	seen                   []wispwright.ID
	newLinks, changedLinks []*Link
	up, down               []wispwright.ID // links that change their status
	absent                 []wispwright.ID // links that are up and that nobody names
	moments                []*Moment
	refused                []string
}

// seenEvery is how often it is written that a node is still named.
const seenEvery = 24 * time.Hour

func newPlan(t *Topology, in *incoming, nodes []KnownNode, links []KnownLink, now time.Time) *plan {
	p := &plan{
		topology: t, in: in, now: now, refused: in.refused,
		primary: make(map[string]*KnownNode, len(nodes)), other: map[string]*KnownNode{},
		named: make(map[string]wispwright.ID, len(in.nodes)), owner: make(map[wispwright.ID]wispwright.ID, len(nodes)), fresh: map[wispwright.ID]bool{},
	}
	for i := range nodes {
		p.know(&nodes[i])
	}
	p.compareNodes()
	p.compareLinks(links)
	return p
}

// know files a stored node under its addresses. Of several with one address the
// first by id counts, so that each update finds the same.
func (p *plan) know(n *KnownNode) {
	p.owner[n.ID] = n.OrganizationID
	first := func(m map[string]*KnownNode, key string) {
		if have := m[key]; have == nil || n.ID.String() < have.ID.String() {
			m[key] = n
		}
	}
	first(p.primary, n.NetjsonID)
	if !strings.Contains(string(n.Addresses), ",") {
		return
	}
	list, err := addresses(n.Addresses)
	if err != nil || len(list) < 2 {
		return // one address, with a comma in it
	}
	for _, a := range list[1:] {
		first(p.other, a)
	}
}

func (p *plan) compareNodes() {
	taken := make(map[wispwright.ID]bool, len(p.in.nodes))
	var rest []*reportedNode
	for i := range p.in.nodes {
		r := &p.in.nodes[i]
		if known := p.primary[r.id]; known != nil {
			taken[known.ID] = true
			p.report(known, r)
			continue
		}
		rest = append(rest, r)
	}
	// by another address only what nobody has by its id
	for _, r := range rest {
		if known := p.other[r.id]; known != nil && !taken[known.ID] {
			taken[known.ID] = true
			p.report(known, r)
			continue
		}
		n := &Node{
			ID: wispwright.NewID(), OrganizationID: p.topology.OrganizationID, TopologyID: p.topology.ID, Label: r.label, Addresses: r.addresses,
			Properties: r.properties, UserProperties: "{}", Created: p.now, Modified: p.now, NetjsonID: r.id, Digest: r.digest, Seen: p.now,
		}
		p.named[r.id], p.owner[n.ID], p.fresh[n.ID] = n.ID, n.OrganizationID, true
		p.newNodes = append(p.newNodes, n)
	}
}

// report compares a stored node with what is said of it.
func (p *plan) report(known *KnownNode, r *reportedNode) {
	p.named[r.id] = known.ID
	switch age := p.now.Sub(known.Seen); {
	case known.Digest != r.digest:
		p.changedNodes = append(p.changedNodes, &Node{
			ID: known.ID, OrganizationID: known.OrganizationID, TopologyID: p.topology.ID, Label: r.label, Addresses: r.addresses, Properties: r.properties, UserProperties: "{}",
			Created: p.now, Modified: p.now, NetjsonID: r.id, Digest: r.digest, Seen: p.now,
		})
	case age >= seenEvery || age < -seenEvery:
		p.seen = append(p.seen, known.ID)
	}
}

// pair is a link without its direction.
type pair [2]wispwright.ID

func pairOf(a, b wispwright.ID) pair {
	if strings.Compare(string(a[:]), string(b[:])) > 0 {
		a, b = b, a
	}
	return pair{a, b}
}

func (p *plan) compareLinks(links []KnownLink) {
	stored := make(map[pair]*KnownLink, len(links))
	for i := range links {
		l := &links[i]
		key := pairOf(l.SourceID, l.TargetID)
		if have := stored[key]; have == nil || l.ID.String() < have.ID.String() {
			stored[key] = l
		}
	}
	seen := make(map[pair]bool, len(p.in.links))
	for i := range p.in.links {
		r := &p.in.links[i]
		source, ok1 := p.named[r.source]
		target, ok2 := p.named[r.target]
		key := pairOf(source, target)
		switch {
		case !ok1 || !ok2: // the node was refused
			p.refused = append(p.refused, cut("link "+r.source+" - "+r.target+": one of its nodes cannot be stored", 300))
			continue
		case source == target:
			p.refused = append(p.refused, cut("link "+r.source+" - "+r.target+": "+sameNode, 300))
			continue
		case seen[key]:
			continue
		}
		seen[key] = true
		if known := stored[key]; known != nil {
			p.reportLink(known, r)
			continue
		}
		l := p.link(wispwright.NewID(), source, target, r)
		l.StatusChanged, l.RecordedCost = p.now, r.cost
		p.newLinks = append(p.newLinks, l)
		p.moments = append(p.moments, momentOf(l))
	}
	for i := range links {
		l := &links[i]
		if l.Status == Up && !seen[pairOf(l.SourceID, l.TargetID)] {
			p.lose(l)
		}
	}
}

func (p *plan) link(id, source, target wispwright.ID, r *reportedLink) *Link {
	return &Link{
		ID: id, OrganizationID: linkOrganization(p.topology, p.owner[source], p.owner[target]), TopologyID: p.topology.ID, SourceID: source, TargetID: target, Cost: r.cost, CostText: r.costText,
		Status: Up, Properties: r.properties, UserProperties: "{}", Created: p.now, Modified: p.now, Digest: r.digest,
	}
}

// reportLink compares a stored link with what is said of it.
func (p *plan) reportLink(known *KnownLink, r *reportedLink) {
	back := known.Status != Up
	differs := costDiffers(known.RecordedCost, r.cost)
	if back {
		p.up = append(p.up, known.ID)
	}
	if known.Digest == r.digest && !back {
		return
	}
	l := p.link(known.ID, known.SourceID, known.TargetID, r)
	l.StatusChanged, l.RecordedCost = known.StatusChanged, known.RecordedCost
	if back {
		l.StatusChanged = p.now
	}
	if back || differs {
		l.RecordedCost = r.cost
		p.moments = append(p.moments, momentOf(l))
	}
	p.changedLinks = append(p.changedLinks, l)
}

// lose handles a link that is up and that nobody names. Those of received
// topologies may have time to be named by another sender (spec: topology §2.3).
func (p *plan) lose(l *KnownLink) {
	if limit := time.Duration(p.topology.ExpirationTime) * time.Second; p.topology.Strategy == Receive && limit > 0 {
		// a clock that was set back must not keep it for ever
		if age := p.now.Sub(l.Modified); age <= limit && age >= -limit {
			p.absent = append(p.absent, l.ID)
			return
		}
	}
	p.down = append(p.down, l.ID)
	p.moments = append(p.moments, &Moment{TopologyID: l.TopologyID, LinkID: l.ID, At: p.now, Status: Down, Cost: l.RecordedCost})
}

// touches reports whether links that are named count as modified.
func (p *plan) touches() bool {
	return p.topology.Strategy == Receive && p.topology.ExpirationTime > 0 && len(p.in.links) > 0
}
