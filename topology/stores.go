package topology

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// Stores are where the concern keeps its rows, all of one transactor.
type Stores struct {
	Topologies TopologyStore
	Nodes      NodeStore
	Links      LinkStore
	Snapshots  SnapshotStore
	Moments    MomentStore
}

// Count is how many a topology has.
type Count struct {
	// Nodes of it; links that are Up and Down.
	Nodes, Up, Down int64
}

// TopologyStore keeps topologies. Deleting one deletes all that belongs to it.
type TopologyStore interface {
	wispwright.Repo[Topology, TopologyFilter]
	// Count returns how many nodes and links some have, in a fixed number of
	// statements. One without any has no entry, or a zero one.
	Count(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]Count, error)
}

// KnownNode is what an update must know of a stored node.
type KnownNode struct {
	ID, OrganizationID, TopologyID wispwright.ID
	NetjsonID                      string
	Addresses                      wispwright.JSON
	Digest                         int64
	Seen                           time.Time
}

// NodeStore keeps nodes. Deleting one deletes its links.
type NodeStore interface {
	wispwright.Repo[Node, NodeFilter]
	// InsertMany stores new nodes, all or none.
	InsertMany(ctx context.Context, nodes []*Node) error
	// Known returns what updates must know of all nodes of a topology.
	Known(ctx context.Context, topology wispwright.ID) ([]KnownNode, error)
	// Report stores of nodes that exist what the network says: label, addresses,
	// properties, with Modified, NetjsonID, Digest and Seen.
	Report(ctx context.Context, nodes []*Node) error
	// See notes that the network still names nodes.
	See(ctx context.Context, at time.Time, ids ...wispwright.ID) error
	// Relate says which device a node is, and whose it is.
	Relate(ctx context.Context, nodes ...Relation) error
	// Unrelate makes nodes that are one of some devices none.
	Unrelate(ctx context.Context, devices ...wispwright.ID) error
	// Move makes all nodes of a topology an organization's, and no devices.
	Move(ctx context.Context, topology, organization wispwright.ID) error
	// Expire deletes nodes of all topologies that have no link and were neither
	// stored nor seen since, at most so many, and returns how many.
	Expire(ctx context.Context, since time.Time, most int) (int, error)
}

// Relation says that a node is a device.
type Relation struct {
	// NodeID is the node, DeviceID the device, OrganizationID whose the node is.
	NodeID, DeviceID, OrganizationID wispwright.ID
}

// KnownLink is what an update must know of a stored link.
type KnownLink struct {
	ID, TopologyID, SourceID, TargetID wispwright.ID
	Status                             string
	Digest                             int64
	RecordedCost                       float64
	StatusChanged, Modified            time.Time
}

// LinkStore keeps links. Deleting one deletes its history.
type LinkStore interface {
	wispwright.Repo[Link, LinkFilter]
	// InsertMany stores new links, all or none.
	InsertMany(ctx context.Context, links []*Link) error
	// Known returns what updates must know of all links of a topology.
	Known(ctx context.Context, topology wispwright.ID) ([]KnownLink, error)
	// Report stores of links that exist what the network says: status, cost and
	// its text, properties, with StatusChanged, Modified, Digest and RecordedCost.
	Report(ctx context.Context, links []*Link) error
	// SetStatus changes the status of links and says when.
	SetStatus(ctx context.Context, status string, at time.Time, ids ...wispwright.ID) error
	// Touch makes all links of a topology that are Up modified at a time, but for
	// some.
	Touch(ctx context.Context, topology wispwright.ID, at time.Time, but ...wispwright.ID) error
	// Move makes all links of a topology an organization's.
	Move(ctx context.Context, topology, organization wispwright.ID) error
	// Expire deletes links of all topologies that are Down and were not stored
	// since, at most so many, and returns how many.
	Expire(ctx context.Context, since time.Time, most int) (int, error)
}

// SnapshotStore keeps snapshots.
type SnapshotStore interface {
	wispwright.Repo[Snapshot, SnapshotFilter]
	// Put stores a snapshot in the place of that of the same topology and day.
	Put(ctx context.Context, s *Snapshot) error
	// Days returns the snapshots of a topology without their Data, the earliest
	// first.
	Days(ctx context.Context, topology wispwright.ID, from, before time.Time) ([]*Snapshot, error)
	// Prune deletes those of days before, at most so many, and returns how many.
	Prune(ctx context.Context, before time.Time, most int) (int, error)
}

// MomentStore keeps the history of links.
type MomentStore interface {
	wispwright.Repo[Moment, MomentFilter]
	// InsertMany stores new moments, all or none.
	InsertMany(ctx context.Context, moments []*Moment) error
	// Last returns the last moment of a link before a time, or
	// wispwright.ErrNotFound.
	Last(ctx context.Context, link wispwright.ID, before time.Time) (*Moment, error)
	// Prune deletes moments before a time that a later one of the same link
	// follows before that time too, at most so many, and returns how many.
	Prune(ctx context.Context, before time.Time, most int) (int, error)
}
