package server

import (
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/x509"
)

// X509Config concerns certification authorities and certificates.
type X509Config struct {
	// CADays and CertDays are how long something is valid by default.
	CADays   int `koanf:"ca_days" doc:"Days a CA is valid that says nothing else (DJANGO_X509_DEFAULT_CA_VALIDITY)."`
	CertDays int `koanf:"cert_days" doc:"Days a certificate is valid that says nothing else (DJANGO_X509_DEFAULT_CERT_VALIDITY)."`
	// KeyLength and Digest are those of what says nothing else.
	KeyLength string `koanf:"key_length" doc:"Kind of key of what says nothing else: 256, 384, 521 (ECDSA), ed25519, 1024, 2048, 3072 or 4096 (RSA) (DJANGO_X509_DEFAULT_KEY_LENGTH)."`
	Digest    string `koanf:"digest" doc:"Digest of what says nothing else: sha1, sha224, sha256, sha384 or sha512 (DJANGO_X509_DEFAULT_DIGEST_ALGORITHM)."`
	// The extensions of OpenWISP's settings.
	CAConstraintsCritical bool   `koanf:"ca_basic_constraints_critical" doc:"basicConstraints of CAs are critical (DJANGO_X509_CA_BASIC_CONSTRAINTS_CRITICAL)."`
	PathLength            int    `koanf:"ca_path_length" doc:"How many CAs may follow below one that says nothing else; -1: any number (DJANGO_X509_CA_BASIC_CONSTRAINTS_PATHLEN)."`
	CAKeyUsage            string `koanf:"ca_key_usage" doc:"Key usage of CAs (DJANGO_X509_CA_KEYUSAGE_VALUE)."`
	CAKeyUsageCritical    bool   `koanf:"ca_key_usage_critical" doc:"It is critical (DJANGO_X509_CA_KEYUSAGE_CRITICAL)."`
	CertKeyUsage          string `koanf:"cert_key_usage" doc:"Key usage of certificates (DJANGO_X509_CERT_KEYUSAGE_VALUE)."`
	CertKeyUsageCritical  bool   `koanf:"cert_key_usage_critical" doc:"It is critical (DJANGO_X509_CERT_KEYUSAGE_CRITICAL)."`
	// ProtectedCRL closes the lists.
	ProtectedCRL bool `koanf:"crl_protected" doc:"Revocation lists are in the REST API only, for users (DJANGO_X509_CRL_PROTECTED)."`
	// CRLValidity is how long a list is valid.
	CRLValidity time.Duration `koanf:"crl_validity" doc:"How long a revocation list is valid; it is made anew when half of it is over, and when something was revoked."`
	// PrivateKeys says who gets private keys.
	PrivateKeys string `koanf:"api_private_keys" doc:"Who gets private keys in answers: owners (users who may change the object in its own organization) or never."`
	// LeastRSA is the shortest RSA key.
	LeastRSA int `koanf:"least_rsa_bits" doc:"The shortest RSA key that is imported or signed, in bits."`
	// NoticeDays are when people are told.
	NoticeDays []int `koanf:"notice_days" doc:"Days before an expiry at which people are told."`
	// RenewBefore is when objects renew themselves.
	RenewBefore time.Duration `koanf:"renew_before" doc:"How long before the expiry objects are renewed that renew themselves."`
}

// defaultX509Config returns the settings that nobody has configured.
func defaultX509Config() X509Config {
	return X509Config{
		CADays: 3650, CertDays: 365, KeyLength: string(x509.RSA2048), Digest: string(x509.SHA256), CAConstraintsCritical: true, PathLength: 0,
		CAKeyUsage: "cRLSign, keyCertSign", CAKeyUsageCritical: true, CertKeyUsage: "digitalSignature, keyEncipherment", CRLValidity: 24 * time.Hour,
		PrivateKeys: "owners", LeastRSA: 1024, NoticeDays: []int{30, 7, 1}, RenewBefore: 14 * 24 * time.Hour,
	}
}

// Check returns what is wrong with the settings, by key.
func (c *X509Config) Check() error {
	e := &wispwright.ValidationError{}
	for _, n := range []leastNumber{
		{"ca_days", int64(c.CADays), 1},
		{"cert_days", int64(c.CertDays), 1},
		{"ca_path_length", int64(c.PathLength), -1},
		{"crl_validity", int64(c.CRLValidity), int64(time.Minute)},
		{"least_rsa_bits", int64(c.LeastRSA), 1024},
		{"renew_before", int64(c.RenewBefore), 0},
	} {
		n.check(e)
	}
	for _, days := range c.NoticeDays {
		leastNumber{"notice_days", int64(days), 1}.check(e)
	}
	if p := c.PrivateKeys; p != "owners" && p != "never" {
		e.Add("api_private_keys", "must be owners or never")
	}
	oneOf(e, "key_length", x509.KeyLength(c.KeyLength), x509.KeyLengths())
	oneOf(e, "digest", x509.Digest(c.Digest), x509.Digests())
	return e.Err()
}

// oneOf adds a fault when a setting is none of its choices.
func oneOf[S ~string](e *wispwright.ValidationError, key string, value S, choices []S) {
	names := make([]string, 0, len(choices))
	for _, c := range choices {
		if c == value {
			return
		}
		names = append(names, string(c))
	}
	e.Add(key, "must be one of "+strings.Join(names, ", "))
}

func (c *X509Config) options() *x509.Options {
	return &x509.Options{
		CADays: c.CADays, CertDays: c.CertDays, KeyLength: x509.KeyLength(c.KeyLength), Digest: x509.Digest(c.Digest),
		CAKeyUsage: c.CAKeyUsage, CertKeyUsage: c.CertKeyUsage, CAKeyUsageNotCritical: !c.CAKeyUsageCritical,
		CAConstraintsNotCritical: !c.CAConstraintsCritical, CertKeyUsageCritical: c.CertKeyUsageCritical,
		CRLValidity: c.CRLValidity, LeastRSA: c.LeastRSA, NoticeDays: c.NoticeDays, RenewBefore: c.RenewBefore,
	}
}
