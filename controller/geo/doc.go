// Package geo knows where things are: locations on the map, indoor, outdoor or
// mobile; the floor plans of buildings; which device stands where, and at which
// place of a plan (spec: geo).
//
// A Geometry is GeoJSON text in WGS 84, longitude before latitude; the database
// needs no extension for it. What a map shows of many places is computed from
// points that are kept in memory for a few seconds, see Map.
//
// Images of floor plans lie in a blob.Store. An image is stored before the row
// that names it and removed after the row is gone, so that a row never names a
// file that is not there; what a killed process leaves behind is swept up.
//
// Everything that changes several objects at once, such as placing a device at a
// new location with a new plan, is one transaction.
package geo
