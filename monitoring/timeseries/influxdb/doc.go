// Package influxdb keeps points in InfluxDB 1.x, with the measurements, tags,
// field types and retention policies of an existing OpenWISP database, so that it
// can be taken over, and handed back.
package influxdb
