// Package vpnhost runs VPN servers on their host: it fetches what a server is to run,
// makes the machine run it, goes back to what ran before where that does not come up,
// and reports how it fares.
//
// WireGuard and VXLAN are set up through netlink, in user space where the kernel has
// no WireGuard; OpenVPN is run as a program. Other kinds of servers are further
// Drivers. The program is `wispwright vpn-server`.
package vpnhost
