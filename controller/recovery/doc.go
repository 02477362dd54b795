// Package recovery keeps what devices and templates were when somebody deleted
// them, for some time, and brings them back. What it keeps is sealed by the
// storage as secrets are, since keys and variables are part of it. See README.md.
package recovery
