package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/server/acme"
)

// acmeConfig is how certificates are got by themselves.
type acmeConfig struct {
	// Hosts are the names of the certificates; empty: none is got.
	Hosts []string `koanf:"hosts" doc:"Host names to get certificates for by ACME, such as those of Let's Encrypt; http.listen is then HTTPS (SSL_CERT_MODE, DASHBOARD_DOMAIN, API_DOMAIN)."`
	// Email is whom the authority writes to.
	Email string `koanf:"email" doc:"Address that the authority writes to when something is wrong (CERT_ADMIN_EMAIL)."`
	// Directory is the authority.
	Directory string `koanf:"directory" doc:"Address of the authority's directory. Empty: Let's Encrypt. To use it is to agree to its terms."`
	// Roots are a PEM file.
	Roots string `koanf:"roots" doc:"PEM file of who signs the authority's own certificate, for one of your own. Empty: those of the system."`
	// Resolver is a DNS server.
	Resolver string `koanf:"resolver" doc:"DNS server to ask, as HOST:PORT. Empty: that of the system."`
}

func (c *Config) checkTLS(e *wispwright.ValidationError) {
	if len(c.ACME.Hosts) > 0 && c.HTTP.TLSCert != "" {
		e.Add("acme.hosts", "there is a certificate of one's own already: http.tls_cert.")
	}
	for _, host := range c.ACME.Hosts {
		if strings.ContainsAny(host, "/: ") || host == "" {
			e.Add("acme.hosts", fmt.Sprintf("%q is not a host name.", host))
		}
	}
	if c.HTTP.RedirectListen != "" && !c.tls() {
		e.Add("http.redirect_listen", "there is nothing to redirect to: set http.tls_cert or acme.hosts.")
	}
	if c.ACME.Directory != "" {
		if u, err := url.Parse(c.ACME.Directory); err != nil || u.Scheme != "https" || u.Host == "" {
			e.Add("acme.directory", "must be an address, as https://HOST/PATH.")
		}
	}
}

// tls reports whether the server itself speaks TLS.
func (c *Config) tls() bool { return c.HTTP.TLSCert != "" || len(c.ACME.Hosts) > 0 }

// secure puts TLS on a listener where that is configured.
func (s *Server) secure(l net.Listener) (net.Listener, error) {
	c := s.config
	switch {
	case c.HTTP.TLSCert != "":
		own := &certificate{cert: c.HTTP.TLSCert, key: c.HTTP.TLSKey}
		if err := own.load(); err != nil {
			return nil, err
		}
		return tls.NewListener(l, &tls.Config{GetCertificate: own.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), nil
	case len(c.ACME.Hosts) > 0:
		if err := s.openACME(l.Addr()); err != nil {
			return nil, err
		}
		return tls.NewListener(l, s.acme.TLS()), nil
	}
	return l, nil
}

func (s *Server) openACME(listen net.Addr) error {
	c := s.config
	store, err := acme.NewSQLStore(s.db)
	if err != nil {
		return err
	}
	o := acme.Options{Hosts: c.ACME.Hosts, Email: c.ACME.Email, Directory: c.ACME.Directory, Resolver: c.ACME.Resolver, Store: store, Log: s.log, HTTPPort: -1}
	if a, ok := listen.(*net.TCPAddr); ok {
		o.TLSPort = a.Port
	}
	if _, port, err := net.SplitHostPort(c.HTTP.RedirectListen); err == nil {
		if o.HTTPPort, err = strconv.Atoi(port); err != nil {
			return fmt.Errorf("http.redirect_listen: %w", err)
		}
	}
	if c.ACME.Roots != "" {
		if o.Roots, err = rootsOf(c.ACME.Roots); err != nil {
			return err
		}
	}
	s.acme, err = acme.New(o)
	return err
}

// rootsOf reads who signs certificates.
func rootsOf(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("acme.roots: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("acme.roots: there is no certificate in %s", file)
	}
	return pool, nil
}

// certificate is one of the administrator's own, read again once its file changed, as
// programs that renew it write it.
type certificate struct {
	cert, key string

	lock   sync.Mutex
	pair   *tls.Certificate
	stamp  time.Time
	looked time.Time
}

// lookAgain is how often the files are looked at.
const lookAgain = 10 * time.Second

func (c *certificate) load() error {
	c.lock.Lock()
	defer c.lock.Unlock()
	info, err := os.Stat(c.cert)
	if err != nil {
		return fmt.Errorf("load the certificate: %w", err)
	}
	if c.looked = time.Now(); c.pair != nil && info.ModTime().Equal(c.stamp) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("load the certificate: %w", err)
	}
	c.pair, c.stamp = &pair, info.ModTime()
	return nil
}

// get is for crypto/tls. A file that cannot be read, as while it is written, leaves the
// certificate that there is.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.lock.Lock()
	old := time.Since(c.looked) > lookAgain
	c.lock.Unlock()
	var err error
	if old {
		err = c.load()
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.pair == nil {
		return nil, errors.Join(errors.New("there is no certificate"), err)
	}
	return c.pair, nil
}

// serveRedirect answers plain HTTP at http.redirect_listen: the challenges of the
// authority, and for all else where HTTPS is. It returns how to end it.
func (s *Server) serveRedirect(ctx context.Context, secure net.Addr) (stop func(context.Context) error, err error) {
	c := s.config.HTTP
	if c.RedirectListen == "" {
		return func(context.Context) error { return nil }, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.RedirectListen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	var handler http.Handler = redirect(secure, s.config)
	if s.acme != nil {
		handler = s.acme.Challenges(handler)
	}
	h := &http.Server{Handler: handler, ReadHeaderTimeout: c.HeaderTimeout, ReadTimeout: c.HeaderTimeout, WriteTimeout: c.HeaderTimeout, MaxHeaderBytes: 16 << 10}
	go func() {
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("plain HTTP is not answered any more", "error", err)
		}
	}()
	s.log.Info("redirecting", "address", l.Addr().String())
	return h.Shutdown, nil
}

// redirect leads to the same place on HTTPS. Devices that were told to speak HTTP must
// be told otherwise: what they send must not be sent once more in clear.
func redirect(secure net.Addr, c *Config) http.Handler {
	port := ""
	if a, ok := secure.(*net.TCPAddr); ok && a.Port != 443 {
		port = ":" + strconv.Itoa(a.Port)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.hostAllowed(r) {
			refuseHost(w)
			return
		}
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if strings.Contains(host, ":") {
			host = "[" + strings.Trim(host, "[]") + "]"
		}
		http.Redirect(w, r, "https://"+host+port+r.URL.RequestURI(), http.StatusMovedPermanently)
	})
}

// adminAllowed reports whether the pages of the web admin are shown to a client.
func (f *front) adminAllowed(r *http.Request) bool {
	if len(f.admins) == 0 {
		return true
	}
	a, err := netip.ParseAddr(rest.ClientAddress(r, true))
	return err == nil && within(f.admins, a)
}
