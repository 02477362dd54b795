// Package check asks devices how they are: ping, whether a configuration was applied,
// whether they send, services that answer (spec: monitoring §12). Types of checks are
// values; a Runner on each node takes what is due, so that nodes share the work and take over
// from one that died.
package check
