package topology

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netdiff"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Update is what became of data, or that a person changed something.
type Update struct {
	// TopologyID is what was updated, OrganizationID whose it is.
	TopologyID, OrganizationID wispwright.ID
	// NodesAdded and so on are how many objects were written.
	NodesAdded, NodesChanged, LinksAdded, LinksChanged int
	// Up and Down are how many stored links went up or down.
	Up, Down int
	// Refused is how many objects of the data could not be stored, Faults the
	// reasons of the first twenty.
	Refused int
	Faults  []string
}

// Empty reports whether nothing was written.
func (u *Update) Empty() bool {
	return u.NodesAdded+u.NodesChanged+u.LinksAdded+u.LinksChanged+u.Up+u.Down == 0
}

// StatusChange tells of links of one topology that went up or down.
type StatusChange struct {
	// Topology is what they belong to.
	Topology *Topology
	// Links are as they are now.
	Links []*Link
	// Nodes are those at their ends.
	Nodes map[wispwright.ID]*Node
	// Devices are those that the nodes are.
	Devices map[wispwright.ID]Device
}

// Name is what a node of them is called.
func (c *StatusChange) Name(node wispwright.ID) string {
	n := c.Nodes[node]
	if n == nil {
		return node.String()
	}
	return nameOf(n, c.Devices)
}

// nameOf is what a node is called: as its device, else as itself
// (spec: topology §6).
func nameOf(n *Node, devices map[wispwright.ID]Device) string {
	if d, ok := devices[n.DeviceID]; ok && d.Name != "" {
		return d.Name
	}
	return n.Name()
}

// ErrTooMany: the data, or the topology after them, would have more nodes or links
// than Options.MaxObjects.
var ErrTooMany = fmt.Errorf("%w: too many nodes or links", wispwright.ErrLimit)

// FormatError says that data are not in the topology's format (spec: topology §2.5).
type FormatError struct {
	// Label is the format's for people, Class the kind of fault as clients know it,
	// Message what is wrong.
	Label, Class, Message string
	// Place says where in the data; mostly empty.
	Place string

	err error
}

// Error is the sentence clients know.
func (e *FormatError) Error() string {
	return fmt.Sprintf("Supplied data not recognized as %s, got exception of type %q with message \"%s\"", e.Label, e.Class, e.Message)
}

// Unwrap returns the error of package netdiff.
func (e *FormatError) Unwrap() error { return e.err }

// parse reads data in a topology's format. Nothing at all, of a sender, counts as
// an empty object: for VPN servers that is a status without clients.
func (s *Service) parse(t *Topology, data []byte, sent bool) (*netdiff.Document, error) {
	format, ok := s.Format(t.Parser)
	if !ok {
		return nil, &FormatError{Label: t.Parser, Class: "ParserError", Message: "there is no such format any more"}
	}
	o := &netdiff.Options{Now: s.base.Now, MaxBytes: int(s.options.MaxBytes)}
	var g *netdiff.Graph
	var err error
	if sent && len(data) == 0 {
		g, err = format.ParseValue(ordered.NewObject(), o)
	} else {
		g, err = format.Parse(data, o)
	}
	var d *netdiff.Document
	if err == nil {
		d, err = g.Document()
	}
	if err == nil {
		return d, nil
	}
	fault := &FormatError{Label: format.Label, Class: "ParserError", Message: err.Error(), err: err}
	var conversion *netdiff.ConversionError
	var parse *netdiff.ParseError
	var netjson *netdiff.NetJSONError
	switch {
	case errors.As(err, &conversion):
		fault.Class, fault.Message, fault.Place = "ConversionException", conversion.Message, conversion.Place
	case errors.As(err, &parse):
		fault.Message, fault.Place = parse.Message, parse.Place
	case errors.As(err, &netjson):
		fault.Class, fault.Message = "NetJsonError", netjson.Message
	}
	return nil, fault
}

// Receive updates a topology by data somebody sent. Errors: *FormatError, ErrTooMany,
// and wispwright.ErrNotFound when it is not published or not received any more.
func (s *Service) Receive(ctx context.Context, t *Topology, data []byte) (*Update, error) {
	d, err := s.parse(t, data, true)
	if err != nil {
		return nil, err
	}
	return s.apply(ctx, t.ID, Receive, d)
}

// ReceiveDocument is Receive for a graph that needs no reading.
func (s *Service) ReceiveDocument(ctx context.Context, id wispwright.ID, d *netdiff.Document) (*Update, error) {
	return s.apply(ctx, id, Receive, d)
}

// Fetch asks the URL of a topology and updates it; what fails is noted and
// changes nothing else. Errors: as those of Receive, *netdiff.RetrievalError.
func (s *Service) Fetch(ctx context.Context, id wispwright.ID) (*Update, error) {
	t, err := s.stores.Topologies.Get(ctx, wispwright.ScopeAll(), id)
	if err == nil && (!t.Published || t.Strategy != Fetch) {
		err = wispwright.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	data, err := netdiff.Retrieve(ctx, t.URL, &netdiff.RetrieveOptions{Timeout: s.options.Timeout, MaxBytes: s.options.MaxBytes, Dial: s.options.Dial})
	var d *netdiff.Document
	if err == nil {
		d, err = s.parse(t, data, false)
	}
	var u *Update
	if err == nil {
		u, err = s.apply(ctx, id, Fetch, d)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, wispwright.ErrNotFound) {
		if noted := s.note(ctx, id, FetchFault(err)); noted != nil {
			err = errors.Join(err, noted)
		}
	}
	return u, err
}

// FetchFault is why a fetch failed, for people: without what is only of this
// server's network, such as the address of its resolver.
func FetchFault(err error) string {
	var format *FormatError
	var retrieval *netdiff.RetrievalError
	var unknown *net.DNSError
	switch {
	case errors.As(err, &format):
		return format.Error()
	case errors.Is(err, ErrTooMany):
		return "The topology would have too many nodes or links."
	case errors.As(err, &unknown):
		return "There is no host " + unknown.Name + ", or its address cannot be found now."
	case errors.As(err, &retrieval):
		return retrieval.Error()
	}
	return "The topology could not be stored."
}

// note keeps why a fetch failed.
func (s *Service) note(ctx context.Context, id wispwright.ID, problem string) error {
	problem = cut(strings.ToValidUTF8(problem, "?"), 500)
	_, err := s.stores.Topologies.Update(ctx, wispwright.ScopeAll(), id, func(t *Topology) error {
		t.Problem = problem
		return nil
	})
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	return err
}

// apply stores what a document says. The topology is held meanwhile: of two
// updates at once the second is compared with the outcome of the first.
func (s *Service) apply(ctx context.Context, id wispwright.ID, strategy string, d *netdiff.Document) (*Update, error) {
	in := read(d)
	if len(in.nodes) > s.options.MaxObjects || len(in.links) > s.options.MaxObjects {
		return nil, ErrTooMany
	}
	var u *Update
	err := s.base.Do(ctx, "topology.Update", func(ctx context.Context) error {
		now := s.base.Now()
		t, err := s.stores.Topologies.Update(ctx, wispwright.ScopeAll(), id, func(t *Topology) error {
			if !t.Published || t.Strategy != strategy {
				return wispwright.ErrNotFound
			}
			if t.Protocol != in.protocol || t.Version != in.version || t.Metric != in.metric || t.Revision != in.revision {
				t.Protocol, t.Version, t.Metric, t.Revision, t.Modified = in.protocol, in.version, in.metric, in.revision, now
			}
			t.Updated, t.Problem = now, ""
			return nil
		})
		if err != nil {
			return err
		}
		nodes, err := s.stores.Nodes.Known(ctx, id)
		if err != nil {
			return err
		}
		links, err := s.stores.Links.Known(ctx, id)
		if err != nil {
			return err
		}
		p := newPlan(t, in, nodes, links, now)
		if len(nodes)+len(p.newNodes) > s.options.MaxObjects || len(links)+len(p.newLinks) > s.options.MaxObjects {
			return ErrTooMany
		}
		if err := s.write(ctx, p); err != nil {
			return err
		}
		u = p.update()
		if !u.Empty() {
			s.Updated.Publish(ctx, *u)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, fault := range u.Faults {
		s.options.Log.WarnContext(ctx, "an object of a topology cannot be stored", "topology", id, "fault", fault)
	}
	return u, nil
}

// mostFaults is how many reasons an Update tells.
const mostFaults = 20

func (p *plan) update() *Update {
	return &Update{
		TopologyID: p.topology.ID, OrganizationID: p.topology.OrganizationID, NodesAdded: len(p.newNodes), NodesChanged: len(p.changedNodes),
		LinksAdded: len(p.newLinks), LinksChanged: len(p.changedLinks), Up: len(p.up), Down: len(p.down),
		Refused: len(p.refused), Faults: slices.Clone(p.refused[:min(mostFaults, len(p.refused))]),
	}
}

// write stores a plan, in as many statements whatever it holds.
func (s *Service) write(ctx context.Context, p *plan) error {
	if err := s.writeNodes(ctx, p); err != nil {
		return fmt.Errorf("store nodes: %w", err)
	}
	if err := s.writeLinks(ctx, p); err != nil {
		return fmt.Errorf("store links: %w", err)
	}
	return s.tellStatusOf(ctx, p.topology, slices.Concat(p.up, p.down))
}

func (s *Service) writeNodes(ctx context.Context, p *plan) error {
	if len(p.newNodes) > 0 {
		if err := s.stores.Nodes.InsertMany(ctx, p.newNodes); err != nil {
			return err
		}
		s.relateLater(ctx, p.topology.ID, p.newNodes)
	}
	if len(p.changedNodes) > 0 {
		if err := s.stores.Nodes.Report(ctx, p.changedNodes); err != nil {
			return err
		}
	}
	if len(p.seen) > 0 {
		return s.stores.Nodes.See(ctx, p.now, p.seen...)
	}
	return nil
}

func (s *Service) writeLinks(ctx context.Context, p *plan) error {
	if len(p.newLinks) > 0 {
		if err := s.stores.Links.InsertMany(ctx, p.newLinks); err != nil {
			return err
		}
	}
	if len(p.changedLinks) > 0 {
		if err := s.stores.Links.Report(ctx, p.changedLinks); err != nil {
			return err
		}
	}
	if len(p.down) > 0 {
		if err := s.stores.Links.SetStatus(ctx, Down, p.now, p.down...); err != nil {
			return err
		}
	}
	if p.touches() {
		if err := s.stores.Links.Touch(ctx, p.topology.ID, p.now, p.absent...); err != nil {
			return err
		}
	}
	if len(p.moments) > 0 {
		return s.record(ctx, p.moments)
	}
	return nil
}

// tellStatus publishes that links of a topology changed their status.
func (s *Service) tellStatus(ctx context.Context, topology wispwright.ID, links []*Link) error {
	t, err := s.stores.Topologies.Get(ctx, wispwright.ScopeAll(), topology)
	if err != nil {
		return err
	}
	c := StatusChange{Topology: t, Links: links, Nodes: map[wispwright.ID]*Node{}}
	var ends []wispwright.ID
	for _, l := range links {
		ends = append(ends, l.SourceID, l.TargetID)
	}
	var nodes []*Node
	for some := range slices.Chunk(ends, perQuestion) {
		found, err := s.stores.Nodes.List(ctx, wispwright.ScopeAll(), NodeFilter{IDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, n := range found.Rows {
			c.Nodes[n.ID] = n
			nodes = append(nodes, n)
		}
	}
	if c.Devices, err = s.devices(ctx, nodes); err != nil {
		return err
	}
	s.LinkStatusChanged.Publish(ctx, c)
	return nil
}

// tellStatusOf is tellStatus for links by their ids.
func (s *Service) tellStatusOf(ctx context.Context, t *Topology, ids []wispwright.ID) error {
	var links []*Link
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := s.stores.Links.List(ctx, wispwright.ScopeAll(), LinkFilter{IDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		links = append(links, found.Rows...)
	}
	if len(links) == 0 {
		return nil
	}
	return s.tellStatus(ctx, t.ID, links)
}
