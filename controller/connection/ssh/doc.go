// Package ssh reaches devices over SSH, old ones with Dropbear included: with
// passwords and with RSA, ECDSA and Ed25519 keys. Its Connector is the one that
// pushes and commands go by (spec: connection §3.1, §3.2).
package ssh
