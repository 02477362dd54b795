// Package vpnhttp puts VPN servers and their clients on the wire
// (spec: controller-config §12; additions C-14).
package vpnhttp
