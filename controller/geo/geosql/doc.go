// Package geosql keeps locations, floor plans and device locations in SQLite or
// PostgreSQL, which needs no extension for it. The pictures of floor plans are
// elsewhere, see geo.Options.
package geosql
