package topology

import (
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// The ways in which a topology is filled.
const (
	// Fetch: its URL is asked now and then.
	Fetch = "fetch"
	// Receive: somebody with its key sends what there is.
	Receive = "receive"
)

// Topology is a network seen as a graph (spec: topology §1).
type Topology struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is; zero: shared by all.
	OrganizationID wispwright.ID
	// Label is shown to people: 1 to 64 characters, not unique.
	Label string
	// Parser is the name of the format that is read.
	Parser string
	// Strategy is Fetch or Receive.
	Strategy string
	// URL is where a fetched one comes from, up to 200 characters.
	URL string
	// Key is what senders of a received one must know: up to 64 characters without
	// spaces, dots and slashes.
	Key wispwright.Secret
	// ExpirationTime is after how many seconds a received one's links go down that
	// nobody names any more; 0: at once.
	ExpirationTime int64
	// Published ones are updated and seen; others are put by.
	Published bool
	// MeshID is the mesh it shows, such as "ssid@channel", or cables.MeshID; empty for others.
	MeshID string
	// Protocol, Version, Revision and Metric are what the last data said.
	Protocol, Version, Revision, Metric string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time

	// What follows is kept by the service; what callers put there counts for
	// nothing.

	// Updated is when data came last.
	Updated time.Time
	// Problem is why the last fetch failed; empty when it did not.
	Problem string
}

// Shared reports whether it belongs to all organizations.
func (t *Topology) Shared() bool { return t.OrganizationID.IsZero() }

// TopologyFilter selects topologies; the zero value all.
type TopologyFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Strategy and Parser are as in Topology.
	Strategy, Parser string
	// Published selects those that are, or those that are not.
	Published *bool
	// MeshID is as in Topology.
	MeshID string
	// LabelContains is a part of the label, Search of the label or id, in any
	// letter case.
	LabelContains, Search string
}

// TopologyShape is how storages keep topologies: the first one first.
func TopologyShape() store.Shape {
	return store.Shape{Table: "topology", Org: "OrganizationID", Order: store.Oldest("Created"), Search: []string{"Label", "ID"}}
}

// The states of a link.
const (
	// Up: it is there.
	Up = "up"
	// Down: it was there once.
	Down = "down"
)

// Link connects two nodes of a topology (spec: topology §1).
type Link struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is its topology's; of a shared one its nodes', if they are
	// of the same.
	OrganizationID wispwright.ID
	// TopologyID is what it belongs to.
	TopologyID wispwright.ID
	// SourceID and TargetID are its nodes, which differ.
	SourceID, TargetID wispwright.ID
	// Cost is its weight, CostText the same for people, up to 24 characters.
	Cost     float64
	CostText string
	// Status is Up or Down.
	Status string
	// Properties are what the network says of it, UserProperties what people do;
	// both are JSON objects.
	Properties, UserProperties wispwright.JSON
	// StatusChanged is since when it has its Status.
	StatusChanged time.Time
	// Created and Modified are when it was stored first and last. Where links
	// expire, each data that names it counts as a change.
	Created, Modified time.Time
	// Digest tells whether what the network says differs; the service keeps it.
	Digest int64
	// RecordedCost is the cost that the history knows last; the service keeps it.
	RecordedCost float64
}

// LinkFilter selects links; the zero value all.
type LinkFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID, TopologyID and Status are as in Link, TopologyIDs some.
	OrganizationID, TopologyID wispwright.ID
	TopologyIDs                wispwright.Among[wispwright.ID]
	Status                     string
	// NodeID is one of the two nodes.
	NodeID wispwright.ID
	// ModifiedBefore selects those that were stored before.
	ModifiedBefore time.Time
	// Search is a part of the properties or of what a node is called, in any
	// letter case.
	Search string
}

// LinkShape is how storages keep links: the latest one first.
func LinkShape() store.Shape {
	return store.Shape{Table: "topology_link", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Properties", "CostText"},
		Parents: []store.Parent{{Field: "TopologyID", Table: "topology"}, {Field: "SourceID", Table: "topology_node"}, {Field: "TargetID", Table: "topology_node"}}}
}

// Node is one node of a topology (spec: topology §1).
type Node struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is its topology's, or its device's.
	OrganizationID wispwright.ID
	// TopologyID is what it belongs to.
	TopologyID wispwright.ID
	// Label is what the network calls it, UserLabel what people do: up to 64
	// characters each, both may be empty.
	Label, UserLabel string
	// Addresses are a JSON list: the first is its id in NetJSON, the others are
	// its local addresses.
	Addresses wispwright.JSON
	// Properties are what the network says of it, UserProperties what people do;
	// both are JSON objects.
	Properties, UserProperties wispwright.JSON
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
	// DeviceID is the device that it is; zero: none, or none that is known.
	DeviceID wispwright.ID

	// NetjsonID is the first of the addresses as text; the service keeps it.
	NetjsonID string
	// Digest tells whether what the network says differs; the service keeps it.
	Digest int64
	// Seen is the day on which the network named it last, more or less; the
	// service keeps it.
	Seen time.Time
}

// Called is what people or the network call it, without regard to its device.
func (n *Node) Called() string {
	if n.UserLabel != "" {
		return n.UserLabel
	}
	return n.Label
}

// SetLabel says what people call a node: the network's own word, and "", leave it
// to the network (spec: topology §12).
func (n *Node) SetLabel(label string) {
	n.UserLabel = label
	if label == n.Label {
		n.UserLabel = ""
	}
}

// Name is what it is shown as when it is no device: its label, else its id.
func (n *Node) Name() string {
	if name := n.Called(); name != "" {
		return name
	}
	return n.NetjsonID
}

// NodeFilter selects nodes; the zero value all.
type NodeFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID and TopologyID are as in Node, TopologyIDs some.
	OrganizationID, TopologyID wispwright.ID
	TopologyIDs                wispwright.Among[wispwright.ID]
	// DeviceID is the device they are.
	DeviceID wispwright.ID
	// Matched selects those that are a device, or those that are none.
	Matched *bool
	// Search is a part of labels, addresses or properties, in any letter case.
	Search string
}

// NodeShape is how storages keep nodes: the latest one first.
func NodeShape() store.Shape {
	return store.Shape{Table: "topology_node", Org: "OrganizationID", Order: store.Newest("Created"),
		Search:  []string{"Label", "UserLabel", "Addresses", "Properties"},
		Parents: []store.Parent{{Field: "TopologyID", Table: "topology"}}}
}

// Snapshot is a topology as it was on a day: that of the last time it was saved
// then (spec: topology §1).
type Snapshot struct {
	// ID identifies it.
	ID wispwright.ID
	// TopologyID is what it shows, Day the day, a date in UTC.
	TopologyID wispwright.ID
	Day        time.Time
	// Data is the document, compressed by gzip.
	Data []byte
	// Nodes, Up and Down are how many nodes and links it has.
	Nodes, Up, Down int64
	// Saved is when it was.
	Saved time.Time
}

// SnapshotFilter selects snapshots; the zero value all.
type SnapshotFilter struct {
	TopologyID wispwright.ID
	Day        time.Time
	DayFrom    time.Time
	DayBefore  time.Time
}

// UniqueSnapshot is the rule that there is one snapshot of a topology and day.
const UniqueSnapshot = "topology_snapshot_topology_day"

// SnapshotShape is how storages keep snapshots: the earliest one first.
func SnapshotShape() store.Shape {
	return store.Shape{Table: "topology_snapshot", Order: store.Oldest("Day"),
		Unique:  []store.Unique{{Name: UniqueSnapshot, Fields: []string{"TopologyID", "Day"}}},
		Parents: []store.Parent{{Field: "TopologyID", Table: "topology"}}}
}

// Moment is what a link was from a moment on: the history has one for each
// change of its status, and for costs that differ by a tenth.
type Moment struct {
	// ID identifies it.
	ID wispwright.ID
	// TopologyID and LinkID are what it is about.
	TopologyID, LinkID wispwright.ID
	// At is when it began.
	At time.Time
	// Status and Cost are as in Link.
	Status string
	Cost   float64
}

// MomentFilter selects moments; the zero value all.
type MomentFilter struct {
	TopologyID, LinkID wispwright.ID
	AtFrom, AtBefore   time.Time
}

// MomentShape is how storages keep moments: the earliest one first.
func MomentShape() store.Shape {
	return store.Shape{Table: "topology_moment", Order: store.Oldest("At"),
		Parents: []store.Parent{{Field: "TopologyID", Table: "topology"}, {Field: "LinkID", Table: "topology_link"}}}
}

// Title is how people call a topology with the label of its format
// (spec: topology §1).
func (t *Topology) Title(format string) string { return fmt.Sprintf("%s - %s", t.Label, format) }
