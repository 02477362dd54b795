// Package subnetdivision divides a subnet among devices: each device, or each client of
// a VPN server, gets networks of its own with addresses in them, which its
// configuration has as variables (spec: subnet-division).
//
// New attaches itself to a controller and a VPN: what a device gets is made in the
// transaction that renders its configuration first, or makes it a client.
package subnetdivision
