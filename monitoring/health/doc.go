// Package health says how devices are: thresholds with tolerances over what is measured,
// the status of a device that follows from them, and incidents, which group what went
// wrong for one reason (spec: monitoring §13, §14).
//
// Assess is given what was written. It keeps what it knows of a device in memory, so
// that values that change nothing cost no statement; what changes is read anew and stored
// in one transaction with what follows from it.
package health
