// Package estimate places devices without a location on the map, by what is known
// of their public addresses (spec: additions C-2). See README.md.
package estimate
