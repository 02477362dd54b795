// Package vpn automates tunnels between devices and VPN servers: OpenVPN,
// WireGuard, VXLAN over WireGuard and ZeroTier (spec: controller-config §9).
//
// New attaches itself to a controller. A template of the type
// controller.TemplateVPN makes every device that has it a Client of a Server:
// with a certificate, keys, an address or a network number, as the server's Type
// says. That happens inside the transaction that renders the device's
// configuration, and is undone in the one that takes the template away.
//
// Certificates and addresses come from a PKI and an IPAM; X509 and Subnets make
// these of packages x509 and ipam. What the host of a server is to run is
// fetched by it (Agents), from memory: it is rendered once per burst of changes.
package vpn
