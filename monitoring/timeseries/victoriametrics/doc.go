// Package victoriametrics keeps numbers in VictoriaMetrics, one machine or a
// cluster, and texts and documents, which it has no place for, in a store beside
// it. Points go in by the Influx line protocol and are selected by MetricsQL.
package victoriametrics
