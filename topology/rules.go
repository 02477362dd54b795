package topology

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"hash/fnv"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// What clients know objects to be refused with (spec: topology §1, §4).
const (
	needsURL      = "an url must be specified when using FETCH strategy"
	needsKey      = "a key must be specified when using RECEIVE strategy"
	badKey        = "This value must not contain spaces, dots or slashes."
	noProperties  = "Value must be valid JSON or key, valued pair."
	noAddresses   = "Enter valid JSON."
	sameNode      = "source and target must not be the same"
	nodeElsewhere = "node should have same organization as topology."
)

// NoObject is what properties are refused with that are no JSON object, NoList
// what addresses are refused with that are no list.
const (
	NoObject = noProperties
	NoList   = noAddresses
)

// BadKey is what keys are refused with that cannot stand in an address.
const BadKey = badKey

// The longest texts, in characters, and the largest JSON of a field, in bytes.
const (
	longestLabel    = 64
	longestURL      = 200
	longestCostText = 24
	largestJSON     = 64 << 10
)

// Topologies is the service of topologies.
type Topologies struct {
	*entity.Service[wispwright.ID, Topology, TopologyFilter]
	s   *Service
	key *regexp.Regexp
}

func newTopologies(s *Service) *Topologies {
	t := &Topologies{s: s, key: regexp.MustCompile(`^[^\s/.]+$`)}
	t.Service = entity.New(s.base, s.stores.Topologies, entity.Kind[wispwright.ID, Topology]{
		Name: "topology.Topologies", Model: "topology.topology", Label: func(t *Topology) string { return t.Label },
		Hidden: []string{"Updated", "Problem"}, Validate: t.validate, Stored: t.stored,
	})
	return t
}

// NewKey returns a key for senders: 32 random letters and digits.
func NewKey() wispwright.Secret {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, 0, 32)
	for len(b) < cap(b) {
		var some [64]byte
		_, _ = rand.Read(some[:]) // it never fails
		for _, r := range some {
			if int(r) < 4*len(letters) && len(b) < cap(b) { // each letter as likely as the others
				b = append(b, letters[int(r)%len(letters)])
			}
		}
	}
	return wispwright.Secret(b)
}

func (t *Topologies) validate(_ context.Context, c entity.Change[Topology]) error {
	o := c.After
	var v wispwright.ValidationError
	valid.Text(&v, "label", o.Label, valid.Required, valid.Max(longestLabel))
	if _, ok := t.s.Format(o.Parser); !ok {
		v.Add("parser", valid.NoChoice(o.Parser))
	}
	valid.Text(&v, "strategy", o.Strategy, valid.OneOf(Fetch, Receive))
	valid.Text(&v, "url", o.URL, valid.Max(longestURL), valid.URL, t.reachable)
	if key := o.Key.Reveal(); key != "" {
		valid.Text(&v, "key", key, valid.Max(longestLabel), valid.Matching(t.key, badKey))
	}
	if o.ExpirationTime < 0 || o.ExpirationTime > math.MaxInt32 {
		v.Add("expiration_time", "Ensure this value is between 0 and 2147483647.")
	}
	valid.Text(&v, "mesh_id", o.MeshID, valid.Max(longestLabel))
	if o.Strategy == Fetch && o.URL == "" {
		v.Add("url", needsURL)
	}
	if o.Strategy == Receive && o.Key == "" {
		v.Add("key", needsKey)
	}
	from := c.Before
	if from == nil {
		from = &Topology{}
	}
	o.Updated, o.Problem = from.Updated, from.Problem
	return v.Err()
}

// reachable says why nothing is fetched from an address.
func (t *Topologies) reachable(url string) string {
	if url == "" || t.s.options.RefuseURL == nil {
		return ""
	}
	return t.s.options.RefuseURL(url)
}

// stored moves what belongs to a topology along with it.
func (t *Topologies) stored(ctx context.Context, changes ...entity.Change[Topology]) error {
	for _, c := range changes {
		if c.After == nil || c.Before == nil {
			continue
		}
		t.s.changed(ctx, c.After)
		if c.Before.OrganizationID == c.After.OrganizationID || c.After.Shared() {
			continue
		}
		if err := t.s.stores.Nodes.Move(ctx, c.After.ID, c.After.OrganizationID); err != nil {
			return err
		}
		if err := t.s.stores.Links.Move(ctx, c.After.ID, c.After.OrganizationID); err != nil {
			return err
		}
	}
	return nil
}

// changed tells pages that show a topology that it looks different.
func (s *Service) changed(ctx context.Context, t *Topology) {
	s.Updated.Publish(ctx, Update{TopologyID: t.ID, OrganizationID: t.OrganizationID})
}

// Nodes is the service of nodes.
type Nodes struct {
	*entity.Service[wispwright.ID, Node, NodeFilter]
	s *Service
}

func newNodes(s *Service) *Nodes {
	n := &Nodes{s: s}
	n.Service = entity.New(s.base, s.stores.Nodes, entity.Kind[wispwright.ID, Node]{
		Name: "topology.Nodes", Model: "topology.node", Label: (*Node).Name,
		Hidden: []string{"NetjsonID", "Digest", "Seen"}, Validate: n.validate, Check: n.check, Stored: n.stored,
	})
	return n
}

func (s *Nodes) validate(_ context.Context, c entity.Change[Node]) error {
	n := c.After
	var v wispwright.ValidationError
	if n.TopologyID.IsZero() {
		v.Add("topology", "This field cannot be null.")
	}
	valid.Text(&v, "label", n.Label, valid.Max(longestLabel))
	valid.Text(&v, "label", n.UserLabel, valid.Max(longestLabel))
	object(&v, "properties", &n.Properties)
	object(&v, "user_properties", &n.UserProperties)
	ids, err := addresses(n.Addresses)
	switch {
	case err != nil:
		v.Add("addresses", noAddresses)
	case len(n.Addresses) > largestJSON:
		v.Add("addresses", tooLarge)
	case len(ids) > 0:
		n.NetjsonID = ids[0]
	default:
		n.NetjsonID = ""
	}
	if strings.ContainsRune(n.NetjsonID, 0) {
		v.Add("addresses", valid.NullCharacters)
	}
	n.Digest = nodeDigest(n)
	if c.Before != nil {
		n.Seen, n.DeviceID = c.Before.Seen, c.Before.DeviceID
	}
	return v.Err()
}

const tooLarge = "Ensure this value has at most 65536 bytes."

// object checks properties; none become the empty object.
func object(v *wispwright.ValidationError, field string, j *wispwright.JSON) {
	switch {
	case *j == "" || *j == "null":
		*j = "{}"
	case !j.IsObject() || !json.Valid([]byte(*j)):
		v.Add(field, noProperties)
	case len(*j) > largestJSON:
		v.Add(field, tooLarge)
	}
}

// check holds a node against its topology (spec: topology §1.2). The topology is
// held meanwhile, so that no update comes in between.
func (s *Nodes) check(ctx context.Context, c entity.Change[Node]) error {
	t, err := s.s.hold(ctx, c.Object().TopologyID)
	switch {
	case c.After == nil && errors.Is(err, wispwright.ErrNotFound):
		return nil
	case err != nil:
		return valid.Reference(err, "topology", c.Object().TopologyID)
	case c.After == nil:
		return nil
	}
	n := c.After
	switch {
	case n.OrganizationID.IsZero():
		n.OrganizationID = t.OrganizationID
	case !t.Shared() && n.OrganizationID != t.OrganizationID:
		return wispwright.Invalid("", nodeElsewhere)
	}
	return nil
}

// hold keeps everybody else from changing what belongs to a topology until the
// transaction of the context ends.
func (s *Service) hold(ctx context.Context, id wispwright.ID) (*Topology, error) {
	return s.stores.Topologies.Update(ctx, wispwright.ScopeAll(), id, func(*Topology) error { return nil })
}

func (s *Nodes) stored(ctx context.Context, changes ...entity.Change[Node]) error {
	told := map[wispwright.ID]bool{}
	fresh := map[wispwright.ID][]*Node{}
	for _, c := range changes {
		n := c.Object()
		if c.Before == nil {
			fresh[n.TopologyID] = append(fresh[n.TopologyID], n)
		}
		if !told[n.TopologyID] {
			told[n.TopologyID] = true
			s.s.Updated.Publish(ctx, Update{TopologyID: n.TopologyID, OrganizationID: n.OrganizationID})
		}
	}
	for topology, nodes := range fresh {
		s.s.relateLater(ctx, topology, nodes)
	}
	return nil
}

// Links is the service of links.
type Links struct {
	*entity.Service[wispwright.ID, Link, LinkFilter]
	s *Service
}

func newLinks(s *Service) *Links {
	l := &Links{s: s}
	l.Service = entity.New(s.base, s.stores.Links, entity.Kind[wispwright.ID, Link]{
		Name: "topology.Links", Model: "topology.link", Label: func(l *Link) string { return l.SourceID.String() + " - " + l.TargetID.String() },
		Hidden: []string{"Digest", "RecordedCost"}, Validate: l.validate, Check: l.check, Stored: l.stored,
	})
	return l
}

// reserved are properties that documents fill in (spec: topology §1).
func reserved(name string) bool {
	return name == "status" || name == "status_changed" || name == "modified" || name == "created"
}

func (s *Links) validate(_ context.Context, c entity.Change[Link]) error {
	l := c.After
	var v wispwright.ValidationError
	for _, f := range []struct {
		name string
		id   wispwright.ID
	}{{"topology", l.TopologyID}, {"source", l.SourceID}, {"target", l.TargetID}} {
		if f.id.IsZero() {
			v.Add(f.name, "This field cannot be null.")
		}
	}
	if l.SourceID == l.TargetID && !l.SourceID.IsZero() {
		v.Add("", sameNode)
	}
	if math.IsNaN(l.Cost) || math.IsInf(l.Cost, 0) {
		v.Add("cost", "A valid number is required.")
	}
	valid.Text(&v, "cost_text", l.CostText, valid.Max(longestCostText))
	valid.Text(&v, "status", l.Status, valid.OneOf(Up, Down))
	object(&v, "properties", &l.Properties)
	object(&v, "user_properties", &l.UserProperties)
	if v.Err() != nil {
		return v.Err()
	}
	if strings.Contains(string(l.Properties), `"`) { // not empty
		o, err := ordered.DecodeObject([]byte(l.Properties))
		if err != nil {
			return wispwright.Invalid("properties", noProperties)
		}
		for _, name := range []string{"status", "status_changed", "modified", "created"} {
			if o.Has(name) {
				o.Delete(name)
				l.Properties = wispwright.JSON(ordered.Append(nil, o))
			}
		}
	}
	l.Digest, l.RecordedCost = linkDigest(l), l.Cost
	l.StatusChanged = l.Modified
	if c.Before != nil && c.Before.Status == l.Status {
		l.StatusChanged = c.Before.StatusChanged
	}
	return nil
}

// check holds a link against its topology and nodes (spec: topology §1, §1.2).
func (s *Links) check(ctx context.Context, c entity.Change[Link]) error {
	t, err := s.s.hold(ctx, c.Object().TopologyID)
	switch {
	case c.After == nil && errors.Is(err, wispwright.ErrNotFound):
		return nil
	case err != nil:
		return valid.Reference(err, "topology", c.Object().TopologyID)
	case c.After == nil:
		return nil
	}
	l := c.After
	var v wispwright.ValidationError
	ends := make([]*Node, 2)
	for i, end := range []struct {
		field, name string
		id          wispwright.ID
	}{{"source", "Source", l.SourceID}, {"target", "Target", l.TargetID}} {
		n, err := s.s.stores.Nodes.Get(ctx, wispwright.ScopeAll(), end.id)
		if err != nil {
			if err := v.Merge("", valid.Reference(err, end.field, end.id)); err != nil {
				return err
			}
			continue
		}
		ends[i] = n
		switch {
		case !t.Shared() && n.OrganizationID != t.OrganizationID:
			v.Add(end.field, end.name+" node and topology should have same organization.")
		case n.TopologyID != l.TopologyID:
			v.Add(end.field, end.name+" node and link should have same topology.")
		}
	}
	if err := v.Err(); err != nil {
		return err
	}
	l.OrganizationID = linkOrganization(t, ends[0].OrganizationID, ends[1].OrganizationID)
	return nil
}

// linkOrganization is whose a link is (spec: topology §1.2).
func linkOrganization(t *Topology, source, target wispwright.ID) wispwright.ID {
	switch {
	case !t.Shared():
		return t.OrganizationID
	case source == target:
		return source
	}
	return wispwright.ID{}
}

// stored writes the history of links and tells of them.
func (s *Links) stored(ctx context.Context, changes ...entity.Change[Link]) error {
	var moments []*Moment
	flipped := map[wispwright.ID][]*Link{}
	told := map[wispwright.ID]bool{}
	for _, c := range changes {
		l := c.Object()
		if !told[l.TopologyID] {
			told[l.TopologyID] = true
			s.s.Updated.Publish(ctx, Update{TopologyID: l.TopologyID, OrganizationID: l.OrganizationID})
		}
		if c.After == nil {
			continue
		}
		if c.Before == nil || c.Before.Status != l.Status || costDiffers(c.Before.RecordedCost, l.Cost) {
			moments = append(moments, momentOf(l))
		}
		if c.Before != nil && c.Before.Status != l.Status {
			flipped[l.TopologyID] = append(flipped[l.TopologyID], l)
		}
	}
	if err := s.s.record(ctx, moments); err != nil {
		return err
	}
	for topology, links := range flipped {
		if err := s.s.tellStatus(ctx, topology, links); err != nil {
			return err
		}
	}
	return nil
}

// record stores moments. Their ids rise, so that those of one instant stay in the
// order in which they happened.
func (s *Service) record(ctx context.Context, moments []*Moment) error {
	for _, m := range moments {
		m.ID = wispwright.NewID()
		for at, n := 5, s.recorded.Add(1); at >= 0; at, n = at-1, n>>8 {
			m.ID[at] = byte(n)
		}
	}
	return s.stores.Moments.InsertMany(ctx, moments)
}

func momentOf(l *Link) *Moment {
	return &Moment{TopologyID: l.TopologyID, LinkID: l.ID, At: l.Modified, Status: l.Status, Cost: l.Cost}
}

// costDiffers reports whether a cost differs enough for the history: by a tenth.
func costDiffers(recorded, cost float64) bool {
	return math.Abs(recorded-cost) > 0.1*math.Abs(recorded)
}

// addresses returns a node's addresses as texts.
func addresses(list wispwright.JSON) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	v, err := ordered.Decode([]byte(list))
	if err != nil {
		return nil, err
	}
	items, ok := v.([]any)
	if !ok {
		return nil, errors.New("not a list")
	}
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = text(item)
	}
	return out, nil
}

// text is a JSON value as text: a string itself, anything else as JSON.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(ordered.Append(nil, v))
}

// nodeDigest and linkDigest are equal for what says the same.
func nodeDigest(n *Node) int64 { return digest(n.Label, string(n.Addresses), string(n.Properties)) }

func linkDigest(l *Link) int64 {
	cost := math.Float64bits(l.Cost)
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(cost >> (8 * i))
	}
	return digest(string(b), l.CostText, string(l.Properties))
}

func digest(parts ...string) int64 {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p)) // it never fails
		_, _ = h.Write([]byte{0})
	}
	return int64(h.Sum64()) //nolint:gosec // any 64 bits
}

// orderedText writes attributes as a JSON object, sorted by their names, so that
// the order in which a daemon prints them makes no difference.
func orderedText(names []string, values map[string]any) wispwright.JSON {
	slices.Sort(names)
	b := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(ordered.Append(b, name), ':')
		b = ordered.Append(b, values[name])
	}
	return wispwright.JSON(append(b, '}'))
}
