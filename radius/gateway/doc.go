// Package gateway speaks the dialects of captive portals: it reads what a gateway
// tells of a client that it sent to a login page, and makes the form that lets the
// client in or out. Known are CoovaChilli (UAM), openNDS (FAS), pfSense, OPNsense and
// MikroTik.
//
// Nothing that a browser brings is believed further than the gateway's secret proves
// it, and forms lead to the gateways of the organization alone.
package gateway
