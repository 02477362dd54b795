// Package topology keeps networks as graphs: which nodes there are, which links
// connect them, how that was on former days, and since when a link is up or down.
//
// A Topology is filled by what routing daemons and VPN servers say of themselves,
// in one of the formats of package netdiff: it is fetched from an address, or
// received from anybody who has its key. An update stores what is new or different
// and nothing else, in a number of statements that does not depend on how many
// changed; nodes stay when they are not named any more, links go down
// (spec: topology §2). What people write, labels and properties of their own, no
// update touches.
//
// Nodes may be devices: a Matcher per format finds out which. The package knows
// neither devices nor accounts; see Options.
//
// Storages are checked by package topologytest; topologysql has the one for
// PostgreSQL and SQLite, topologyhttp the wire.
package topology
