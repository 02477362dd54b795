// Package netdiff reads the topologies that routing daemons and VPN servers
// print, turns each into a NetJSON NetworkGraph, and tells what was added,
// removed and changed between two of them.
//
// A Format is one way to write a topology (OLSR, batman-adv, BMX6, CNML,
// NetJSON, OpenVPN, WireGuard, ZeroTier, OLSRd2, Babel, Freifunk, LLDP). Formats
// returns the registry of all of them; add your own with Registry.Register.
// Parse reads bytes, Retrieve fetches them from a URL, a file or a telnet port
// beforehand: text that was received is never taken for an address or a path.
//
// Everything is in memory and linear in the size of the input. Graphs are
// built by one goroutine and may be read by many.
//
// The rules are those of spec: netdiff; the section is named where one is
// applied.
package netdiff
