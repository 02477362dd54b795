// Package portal is what a captive portal needs beside RADIUS: which gateways an
// organization has, guests that a sponsor lets in, a short stay for people who must
// still read an e-mail, devices that come in again by themselves, and what the Captive
// Portal API (RFC 8908) tells of a client.
package portal
