// Package signin is what people do with their accounts on the way into a network:
// they log in by a password or a link, come back with a key, choose a new password
// (spec: radius §8.2, §8.3, §8.6-§8.8). The REST API (package radiushttp) and the
// login pages (package loginpages) are two faces of it.
package signin
