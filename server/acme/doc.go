// Package acme gets certificates for host names from an ACME authority such as Let's
// Encrypt, and renews them, over certmagic. What it gets lies in a Store that all nodes
// share, so that one of them asks for all; SQLStore is one. Names that nobody asked for
// get no certificate.
//
// Challenges are answered on the TLS port (TLS-ALPN-01), and on plain HTTP where
// Challenges stands in front of a handler (HTTP-01).
package acme
