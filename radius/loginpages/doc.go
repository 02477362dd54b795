// Package loginpages is the hotspot's face: the pages on which people log in, sign up,
// see what they used and log out, rendered on the server (spec: login-pages §8).
//
// They work without scripts and in the small browsers that phones open for captive
// portals, and are nicer with a script. Each organization configures its own with the
// keys of OpenWISP WiFi Login Pages' files. Service keeps the configurations and
// numbers, Pages is the http.Handler that people see.
package loginpages
