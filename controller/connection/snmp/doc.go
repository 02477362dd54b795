// Package snmp reads devices over SNMP, versions 1 to 3 (spec: connection §3.4).
// It runs no commands and pushes nothing: its sessions describe a device, and
// read what monitoring wants.
package snmp
