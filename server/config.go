package server

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server/files"
)

// Config is what an administrator may set for the server as a whole; each
// concern has a section of its own (WithSettings). Each field is a key of the
// configuration file and a variable of the environment; the tag doc is what
// `wispwright config` prints above it.
type Config struct {
	// Data is the folder for what the server itself keeps.
	Data string `koanf:"data" doc:"Folder for the embedded database, the secret key and uploaded files."`
	// Database is the address of the database, or empty for the embedded one.
	Database wispwright.Secret `koanf:"database" doc:"postgres://USER:PASSWORD@HOST/NAME, with ?sslmode=disable where that speaks no TLS, or the file of an SQLite database. Empty: wispwright.db in the data folder."`
	// SecretKey seals secrets in the database.
	SecretKey wispwright.Secret `koanf:"secret_key" doc:"Seals secrets in the database; 32 characters or more, the same on every node. Empty: secret.key in the data folder, made at the first start."`
	// OldSecretKeys still open what was sealed with them.
	OldSecretKeys []wispwright.Secret `koanf:"old_secret_keys" doc:"Former secret keys, which still open what they sealed."`
	// HTTP is how requests are served.
	HTTP HTTPConfig `koanf:"http"`
	// SQL tunes the database connection.
	SQL SQLConfig `koanf:"sql"`
	// Log is what is logged and how.
	Log LogConfig `koanf:"log"`
	// Jobs tunes background work.
	Jobs JobsConfig `koanf:"jobs"`
	// Mail is how e-mails are sent.
	Mail MailConfig `koanf:"mail"`
	// ACME is how certificates are got by themselves.
	ACME acmeConfig `koanf:"acme"`
	// Trace is where traces of requests are sent.
	Trace traceConfig `koanf:"trace"`
	// Storage is where uploaded files are.
	Storage files.Config `koanf:"storage"`
	// Backup is what is written before tables change.
	Backup backupConfig `koanf:"backup"`
}

// HTTPConfig is how requests are served.
type HTTPConfig struct {
	// Listen is the address and port.
	Listen string `koanf:"listen" doc:"Address and port to listen on; \":8080\" means every address."`
	// TLSCert is a PEM file.
	TLSCert string `koanf:"tls_cert" doc:"PEM file with the certificate chain; with tls_key the server speaks HTTPS."`
	// TLSKey is a PEM file.
	TLSKey string `koanf:"tls_key" doc:"PEM file with the certificate's key."`
	// RedirectListen is where plain HTTP is answered.
	RedirectListen string `koanf:"redirect_listen" doc:"Address and port where plain HTTP is led to HTTPS, and the challenges of acme.hosts are answered, such as :80. Empty: none."`
	// AllowedHosts are the names this server answers for; empty: any.
	AllowedHosts []string `koanf:"allowed_hosts" doc:"Host names this server answers for; a leading dot allows a whole domain. Empty: any name, which then stands in the links of answers."`
	// APIHosts are names of the API alone.
	APIHosts []string `koanf:"api_hosts" doc:"Host names that belong to the API: they serve everything too, and / leads to the documentation instead of the web admin (API_DOMAIN)."`
	// AdminNetworks may see the web admin.
	AdminNetworks []string `koanf:"admin_networks" doc:"Networks that may open the web admin; empty: all (NGINX_ADMIN_ALLOW_NETWORK, openwisp2_admin_allowed_network). The API is not limited by it."`
	// TrustedProxies are networks.
	TrustedProxies []string `koanf:"trusted_proxies" doc:"Networks of reverse proxies whose X-Forwarded-For, X-Forwarded-Proto and X-Request-ID are believed."`
	// BodyLimit is in bytes.
	BodyLimit int64 `koanf:"body_limit" doc:"Largest body of an API request, in bytes."`
	// HeaderTimeout bounds reading a request's header.
	HeaderTimeout time.Duration `koanf:"header_timeout" doc:"How long a client may take to send a request's header."`
	// ReadTimeout bounds reading a whole request.
	ReadTimeout time.Duration `koanf:"read_timeout" doc:"How long a client may take to send a whole request."`
	// WriteTimeout bounds answering a request.
	WriteTimeout time.Duration `koanf:"write_timeout" doc:"How long an answer may take."`
	// IdleTimeout bounds an unused connection.
	IdleTimeout time.Duration `koanf:"idle_timeout" doc:"How long an unused connection is kept for the next request."`
	// ShutdownDelay is between "not ready" and the end.
	ShutdownDelay time.Duration `koanf:"shutdown_delay" doc:"How long a server that is stopped goes on answering after it said that it is not ready, for load balancers to notice; 0: not at all."`
	// PageSize is the length of a page of a list.
	PageSize int `koanf:"page_size" doc:"Length of a page of lists that have none of their own (OPENWISP_API_DEFAULT_PAGE_SIZE)."`
	// MaxPageSize bounds the pages of lists.
	MaxPageSize int `koanf:"max_page_size" doc:"Largest page that may be asked for of these lists; the web admin asks for up to 100 (OPENWISP_API_MAX_PAGE_SIZE)."`
	// ShutdownTimeout bounds the end.
	ShutdownTimeout time.Duration `koanf:"shutdown_timeout" doc:"How long running requests and jobs may take when the server is stopped."`
	// AccessLog logs every request.
	AccessLog bool `koanf:"access_log" doc:"Log every request."`
	// Origins may call the API from other pages.
	Origins []string `koanf:"cors_origins" doc:"Origins whose pages may call the API with the user's session, as https://host[:port]."`
	// Sockets bounds open WebSockets.
	Sockets int `koanf:"sockets" doc:"How many WebSockets may be open at once; one more is answered 503. Each costs about 20 KiB."`
	// SecureCookies sends cookies over TLS only.
	SecureCookies bool `koanf:"secure_cookies" doc:"Send cookies over HTTPS only; implied by tls_cert and acme.hosts. Set it behind a proxy that speaks HTTPS."`
	// PublicDocs opens the API documentation.
	PublicDocs bool `koanf:"public_docs" doc:"Show the API documentation to everybody."`
	// MetricsNetworks may read /metrics.
	MetricsNetworks []string `koanf:"metrics_networks" doc:"Networks that may read /metrics."`
}

// SQLConfig tunes the database connection.
type SQLConfig struct {
	// Conns is the size of the pool on PostgreSQL.
	Conns int `koanf:"conns" doc:"Connections to PostgreSQL; 0: three per core, at least four."`
	// Readers is the number of readers on SQLite.
	Readers int `koanf:"readers" doc:"Connections that read from SQLite; 0: one per core, at least four."`
	// Synchronous is SQLite's setting.
	Synchronous string `koanf:"synchronous" doc:"FULL keeps every acknowledged write of SQLite through a power failure; NORMAL may lose the last second and writes twice as fast."`
}

// LogConfig is what is logged and how.
type LogConfig struct {
	// Level is debug, info, warn or error.
	Level string `koanf:"level" doc:"debug, info, warn or error."`
	// Format is text or json.
	Format string `koanf:"format" doc:"text or json."`
}

// JobsConfig tunes background work.
type JobsConfig struct {
	// Workers is how many jobs run at once.
	Workers int `koanf:"workers" doc:"How many background jobs of one queue run at once on this node."`
	// Off leaves background work to other nodes.
	Off bool `koanf:"off" doc:"Run no background jobs on this node; another one must."`
}

// DefaultConfig returns the settings of a server nobody has configured.
func DefaultConfig() *Config {
	return &Config{
		Data: "./data", OldSecretKeys: []wispwright.Secret{},
		HTTP: HTTPConfig{
			Listen: "127.0.0.1:8080", BodyLimit: 5 << 19, PageSize: 10, MaxPageSize: 100,
			Sockets: 20_000, HeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 3 * time.Minute,
			ShutdownDelay: time.Second, ShutdownTimeout: 30 * time.Second,
			AllowedHosts: []string{}, APIHosts: []string{}, AdminNetworks: []string{}, TrustedProxies: []string{}, Origins: []string{}, MetricsNetworks: []string{"127.0.0.0/8", "::1/128"},
		},
		SQL:  SQLConfig{Synchronous: "FULL"},
		Log:  LogConfig{Level: "info", Format: "text"},
		Jobs: JobsConfig{Workers: 16},
		Mail: MailConfig{From: "Wispwright <noreply@localhost>", TLS: "starttls"},
		ACME: acmeConfig{Hosts: []string{}}, Trace: traceConfig{Sample: 1, Service: "wispwright"},
		Backup: backupConfig{BeforeMigration: true, Keep: 3},
	}
}

// Check returns what is wrong with the settings, by key.
func (c *Config) Check() error {
	e := &wispwright.ValidationError{}
	if c.Data == "" {
		e.Add("data", "a folder is needed.")
	}
	if n := len(c.SecretKey.Reveal()); n > 0 && n < 32 {
		e.Add("secret_key", "32 characters or more are needed.")
	}
	if (c.HTTP.TLSCert == "") != (c.HTTP.TLSKey == "") {
		e.Add("http.tls_cert", "certificate and key are needed together.")
	}
	for key, networks := range map[string][]string{"http.trusted_proxies": c.HTTP.TrustedProxies, "http.admin_networks": c.HTTP.AdminNetworks, "http.metrics_networks": c.HTTP.MetricsNetworks} {
		if _, err := parseNetworks(networks); err != nil {
			e.Add(key, err.Error()+".")
		}
	}
	c.Storage.Check(e)
	c.Mail.check(e)
	c.checkTLS(e)
	c.Trace.check(e)
	if c.HTTP.BodyLimit < 1<<10 {
		e.Add("http.body_limit", "at least 1024 bytes are needed.")
	}
	for _, origin := range c.HTTP.Origins {
		if u, err := url.Parse(origin); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || origin != u.Scheme+"://"+u.Host {
			e.Add("http.cors_origins", fmt.Sprintf("%q is not https://host[:port].", origin))
		}
	}
	c.checkNumbers(e)
	if c.SQL.Conns == 1 {
		e.Add("sql.conns", "must be 2 or more: one connection is reserved to tell other nodes that this one is alive.")
	}
	for i, old := range c.OldSecretKeys {
		if len(old.Reveal()) < 32 {
			e.Add("old_secret_keys", fmt.Sprintf("number %d is too short to have been a secret key.", i+1))
		}
	}
	switch strings.ToUpper(c.SQL.Synchronous) {
	case "FULL", "NORMAL", "OFF", "EXTRA":
	default:
		e.Add("sql.synchronous", "must be FULL or NORMAL.")
	}
	switch c.Log.Format {
	case "text", "json":
	default:
		e.Add("log.format", "must be text or json.")
	}
	if _, err := logLevel(c.Log.Level); err != nil {
		e.Add("log.level", "must be debug, info, warn or error.")
	}
	return e.Err()
}

// checkNumbers refuses what would silently become a default, or let nobody in.
func (c *Config) checkNumbers(e *wispwright.ValidationError) {
	for _, n := range []leastNumber{
		{"http.header_timeout", int64(c.HTTP.HeaderTimeout), 0},
		{"http.read_timeout", int64(c.HTTP.ReadTimeout), 0},
		{"http.write_timeout", int64(c.HTTP.WriteTimeout), 0},
		{"http.idle_timeout", int64(c.HTTP.IdleTimeout), 0},
		{"http.shutdown_delay", int64(c.HTTP.ShutdownDelay), 0},
		{"http.shutdown_timeout", int64(c.HTTP.ShutdownTimeout), 0},
		{"http.sockets", int64(c.HTTP.Sockets), 1},
		{"sql.conns", int64(c.SQL.Conns), 0},
		{"sql.readers", int64(c.SQL.Readers), 0},
		{"jobs.workers", int64(c.Jobs.Workers), 1},
		{"backup.keep", int64(c.Backup.Keep), 1},
	} {
		n.check(e)
	}
}

// leastNumber is a setting with the least that it may be.
type leastNumber struct {
	key          string
	value, least int64
}

func (n leastNumber) check(e *wispwright.ValidationError) {
	switch {
	case n.value >= n.least:
	case n.least == 0:
		e.Add(n.key, "must not be negative.")
	case n.least == 1:
		e.Add(n.key, "must be positive.")
	default:
		e.Add(n.key, fmt.Sprintf("must be %d or more.", n.least))
	}
}

// checkAll returns what is wrong with the settings of the server and of every
// concern, by key.
func checkAll(c *Config, concerns []Concern) error {
	e := &wispwright.ValidationError{}
	if err := e.Merge("", c.Check()); err != nil {
		return err
	}
	for _, concern := range concerns {
		s, ok := concern.(WithSettings)
		if !ok {
			continue
		}
		if checked, ok := s.Section().Value.(interface{ Check() error }); ok {
			if err := e.Merge(concern.Name(), checked.Check()); err != nil {
				return err
			}
		}
	}
	return e.Err()
}

// DSN returns the address of the database.
func (c *Config) DSN() string {
	if d := c.Database.Reveal(); d != "" {
		return d
	}
	return filepath.Join(c.Data, "wispwright.db")
}

// parseNetworks reads networks such as 10.0.0.0/8; an address alone means itself.
func parseNetworks(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, aerr := netip.ParseAddr(text)
			if aerr != nil {
				return nil, fmt.Errorf("%q is no network", text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range networks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
