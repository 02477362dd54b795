// Package whois knows who operates the public addresses that devices were last
// seen from, and roughly where they are (spec: additions C-1). A Provider is asked
// in the background when a device shows an address nobody looked up yet; what it
// answers is kept once for each address, whichever devices are behind it, until no
// active device was seen there for long enough.
//
// Package geolite has the providers of the product: MaxMind's web service and
// database files on the own disk.
package whois
