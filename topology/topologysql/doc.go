// Package topologysql keeps topologies, nodes, links, snapshots and the history of
// links in PostgreSQL or SQLite, behind the interfaces of package topology.
package topologysql
