// Package timeseries is what monitoring asks of a time-series store, in typed
// points and typed questions and never in a database's language: durable writes of
// whole batches, charts over time buckets that begin where people's days begin, raw
// rows, and the last document of each object.
//
// Package sqlts is the embedded store; NewMemory keeps everything in memory. Package
// timeseriestest is the suite that any store passes.
package timeseries
