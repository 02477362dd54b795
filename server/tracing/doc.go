// Package tracing sends traces of requests and background work to a collector of
// OpenTelemetry (OTLP over HTTP). A span is named after the area of the API, never after
// what a client sent, and holds no bodies, queries or headers.
package tracing
