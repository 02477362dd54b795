// Package x509http is the wire of the concern x509: OpenWISP's REST API of CAs and
// certificates, and what needs no account: revocation lists, certificates of
// authorities, OCSP (RFC 6960) and enrolment over secure transport (RFC 7030).
package x509http
