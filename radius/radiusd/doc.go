// Package radiusd speaks RADIUS itself, so that a site needs no FreeRADIUS: it answers
// access servers (RFC 2865, 2866, 2869, 3579), and tells them of changes (RFC 5176).
//
// What is decided is package radius's; here are packets.
package radiusd
