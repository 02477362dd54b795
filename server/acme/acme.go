package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// LetsEncrypt is the directory of the authority that is asked where nobody says
// otherwise.
const LetsEncrypt = certmagic.LetsEncryptProductionCA

// Options say for what and where certificates are got.
type Options struct {
	// Hosts are the names; at least one.
	Hosts []string
	// Email is whom the authority writes to; may be empty.
	Email string
	// Directory is the address of the authority's directory. Default: LetsEncrypt.
	Directory string
	// Roots sign the authority's own certificate. Default: those of the system.
	Roots *x509.CertPool
	// Store keeps account, keys and certificates.
	Store certmagic.Storage
	// HTTPPort and TLSPort are where the handler and the listener are reached that
	// answer challenges. Defaults: 80 and 443; HTTPPort below 0: challenges are not
	// answered on plain HTTP.
	HTTPPort, TLSPort int
	// Resolver is the DNS server that is asked, as HOST:PORT. Default: the system's.
	Resolver string
	// Log hears of what is got and what fails. Default: slog.Default.
	Log *slog.Logger
}

// Certificates are the certificates of some names.
type Certificates struct {
	hosts  []string
	magic  *certmagic.Config
	issuer *certmagic.ACMEIssuer
	cache  *certmagic.Cache
}

// New returns them; nothing is asked for before Manage.
func New(o Options) (*Certificates, error) {
	if len(o.Hosts) == 0 || o.Store == nil {
		return nil, errors.New("acme: names and a store are required")
	}
	for _, host := range o.Hosts {
		if !certmagic.SubjectQualifiesForPublicCert(host) && o.Roots == nil {
			return nil, fmt.Errorf("acme: no authority signs a certificate for %q", host)
		}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Directory == "" {
		o.Directory = LetsEncrypt
	}
	log := zap.New(core{log: o.Log})
	c := &Certificates{hosts: o.Hosts}
	c.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return c.magic, nil }, Logger: log,
	})
	c.magic = certmagic.New(c.cache, certmagic.Config{Storage: o.Store, Logger: log})
	template := certmagic.ACMEIssuer{
		CA: o.Directory, Email: o.Email, Agreed: true, TrustedRoots: o.Roots, Resolver: o.Resolver, Logger: log,
		AltHTTPPort: max(o.HTTPPort, 0), AltTLSALPNPort: o.TLSPort, DisableHTTPChallenge: o.HTTPPort < 0,
	}
	c.issuer = certmagic.NewACMEIssuer(c.magic, template)
	c.magic.Issuers = []certmagic.Issuer{c.issuer}
	return c, nil
}

// Manage gets the certificates that are missing and renews them, in the background,
// until the context ends. A name that cannot be had is told to the log and tried again.
func (c *Certificates) Manage(ctx context.Context) error {
	if err := c.magic.ManageAsync(ctx, c.hosts); err != nil {
		return fmt.Errorf("acme: %w", err)
	}
	return nil
}

// TLS is the configuration of a listener with the certificates.
func (c *Certificates) TLS() *tls.Config {
	t := c.magic.TLSConfig()
	t.MinVersion = tls.VersionTLS12
	t.NextProtos = append([]string{"h2", "http/1.1"}, t.NextProtos...)
	return t
}

// Challenges answers those of the authority on plain HTTP, and leaves all else to next.
func (c *Certificates) Challenges(next http.Handler) http.Handler {
	return c.issuer.HTTPChallengeHandler(next)
}

// Close ends the renewal.
func (c *Certificates) Close() { c.cache.Stop() }
