package server

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

// Config is everything an administrator may set. Each field is a key of the
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
	// Tenancy concerns accounts and log-in.
	Tenancy TenancyConfig `koanf:"tenancy"`
	// Controller concerns devices and their configurations.
	Controller ControllerConfig `koanf:"controller"`
}

// HTTPConfig is how requests are served.
type HTTPConfig struct {
	// Listen is the address and port.
	Listen string `koanf:"listen" doc:"Address and port to listen on; \":8080\" means every address."`
	// TLSCert is a PEM file.
	TLSCert string `koanf:"tls_cert" doc:"PEM file with the certificate chain; with tls_key the server speaks HTTPS."`
	// TLSKey is a PEM file.
	TLSKey string `koanf:"tls_key" doc:"PEM file with the certificate's key."`
	// AllowedHosts are the names this server answers for; empty: any.
	AllowedHosts []string `koanf:"allowed_hosts" doc:"Host names this server answers for; a leading dot allows a whole domain. Empty: any name, which then stands in the links of answers."`
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
	// ShutdownTimeout bounds the end.
	ShutdownTimeout time.Duration `koanf:"shutdown_timeout" doc:"How long running requests and jobs may take when the server is stopped."`
	// AccessLog logs every request.
	AccessLog bool `koanf:"access_log" doc:"Log every request."`
	// Origins may call the API from other pages.
	Origins []string `koanf:"cors_origins" doc:"Origins whose pages may call the API with the user's session, as https://host[:port]."`
	// SecureCookies sends cookies over TLS only.
	SecureCookies bool `koanf:"secure_cookies" doc:"Send cookies over HTTPS only; implied by tls_cert. Set it behind a proxy that speaks HTTPS."`
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

// TenancyConfig concerns accounts and log-in.
type TenancyConfig struct {
	// TokenEndpoint offers /api/v1/users/token/.
	TokenEndpoint bool `koanf:"token_endpoint" doc:"Offer /api/v1/users/token/, where scripts get a bearer token (OPENWISP_USERS_AUTH_API)."`
	// TokenRate limits log-ins.
	TokenRate string `koanf:"token_rate" doc:"Log-ins per address, as NUMBER/second, minute, hour or day; none for no limit (OPENWISP_USERS_AUTH_THROTTLE_RATE)."`
	// SessionLifetime is how long a log-in lasts.
	SessionLifetime time.Duration `koanf:"session_lifetime" doc:"How long a log-in to the web admin lasts."`
	// PasswordIterations is the cost of a password hash.
	PasswordIterations int `koanf:"password_iterations" doc:"Rounds of PBKDF2 for new passwords; 600000 take a fifth of a second."`
	// PhonePrefixes are put before phone numbers.
	PhonePrefixes []string `koanf:"phone_prefixes" doc:"Put before phone numbers that people log in with, such as +39 (OPENWISP_USERS_AUTH_BACKEND_AUTO_PREFIXES)."`
	// SiteName is what e-mails call the installation.
	SiteName string `koanf:"site_name" doc:"What e-mails call this installation (django_site.name)."`
	// SiteURL is where people reach it.
	SiteURL string `koanf:"site_url" doc:"Where people reach this server, for the links in e-mails, as https://HOST (django_site.domain)."`
	// PasswordDays is how long passwords are good.
	PasswordDays int `koanf:"password_days" doc:"Days after which a password expires; 0: never (OPENWISP_USERS_USER_PASSWORD_EXPIRATION)."`
	// StaffPasswordDays is the same for staff.
	StaffPasswordDays int `koanf:"staff_password_days" doc:"The same for staff; 0: as for everybody (OPENWISP_USERS_STAFF_USER_PASSWORD_EXPIRATION)."`
	// PasswordLength is the least length of new passwords.
	PasswordLength int `koanf:"password_length" doc:"Least length of the passwords people choose for themselves (AUTH_PASSWORD_VALIDATORS)."`
	// AccountFailures locks accounts.
	AccountFailures int `koanf:"account_failures" doc:"Wrong passwords that lock an account for five minutes; -1: never."`
	// AddressFailures bounds guessing.
	AddressFailures int `koanf:"address_failures" doc:"Wrong passwords an address may send in a minute; -1: any number."`
	// RequireSecondFactor is for staff.
	RequireSecondFactor bool `koanf:"require_second_factor" doc:"Staff must set up a second factor before they may do anything else."`
	// StrictGroups refuses groups.
	StrictGroups bool `koanf:"strict_groups" doc:"Others than superusers give accounts only groups that may do no more than they; OpenWISP lets managers give any."`
	// SesameMaxAge is how long links for log-in work.
	SesameMaxAge time.Duration `koanf:"sesame_max_age" doc:"How long a link that logs somebody in works; 0: until the password changes (SESAME_MAX_AGE)."`
	// SesameOneTime ends links at log-in.
	SesameOneTime bool `koanf:"sesame_one_time" doc:"A link that logs somebody in works once (SESAME_ONE_TIME)."`
	// SesameKey is mixed into the signing key.
	SesameKey wispwright.Secret `koanf:"sesame_key" doc:"Mixed into what signs these links; a change ends all of them (SESAME_KEY)."`
	// SlugFromName makes slugs.
	SlugFromName bool `koanf:"slug_from_name" doc:"Make the slug of a new organization from its name whatever was sent, as OpenWISP does."`
	// AuditAge is how long the trail of changes is kept.
	AuditAge time.Duration `koanf:"audit_age" doc:"How long the trail of changes is kept; 0: for ever."`
}

// ControllerConfig concerns devices and their configurations.
type ControllerConfig struct {
	// Registration lets devices register at all.
	Registration bool `koanf:"registration" doc:"Let devices register by themselves, where their organization allows it (OPENWISP_CONTROLLER_REGISTRATION_ENABLED)."`
	// ConsistentKeys derives keys from the hardware address.
	ConsistentKeys bool `koanf:"consistent_keys" doc:"Derive the key of a device from its MAC address or hardware id and the shared secret (…_CONSISTENT_REGISTRATION)."`
	// SelfCreation lets unknown devices register.
	SelfCreation bool `koanf:"self_creation" doc:"Let devices register that nobody entered before (…_REGISTRATION_SELF_CREATION)."`
	// AdoptKnown lets a reset device take its record over.
	AdoptKnown bool `koanf:"adopt_known" doc:"Let a device that comes back with the consistent key of a changed secret take over the record with its MAC address or hardware id in the secret's organization."`
	// UniqueNames forbids two devices of one name.
	UniqueNames bool `koanf:"unique_names" doc:"Two devices of an organization may not share a name (…_DEVICE_NAME_UNIQUE)."`
	// HardwareID makes the hardware id matter.
	HardwareID bool `koanf:"hardware_id" doc:"Devices have a hardware id, from which the key is derived (…_HARDWARE_ID_ENABLED)."`
	// SharedManagementNetwork gives an address to one device only.
	SharedManagementNetwork bool `koanf:"shared_management_network" doc:"All organizations share one management network, so that an address belongs to one device (…_SHARED_MANAGEMENT_IP_ADDRESS_SPACE)."`
	// Context are the variables of all devices.
	Context map[string]any `koanf:"context" doc:"Variables of all devices, with the lowest precedence but the defaults of templates; in the environment a JSON object (…_CONTEXT)."`
	// WrongSecrets bounds guessing.
	WrongSecrets int `koanf:"wrong_secrets" doc:"Registrations with a wrong secret an address may send in a minute; -1: any number."`
	// VersionAge is how long the history of configurations is kept.
	VersionAge time.Duration `koanf:"version_age" doc:"How long versions of configurations, and what templates contained for them, are kept; the newest of each device stays. 0: for ever."`
	// CachedDevices bounds memory.
	CachedDevices int `koanf:"cached_devices" doc:"Devices kept in memory, about 400 bytes each."`
	// CachedArchives bounds memory.
	CachedArchives int `koanf:"cached_archives" doc:"Bytes of configuration archives kept in memory."`
}

// DefaultConfig returns the settings of a server nobody has configured.
func DefaultConfig() *Config {
	return &Config{
		Data: "./data", OldSecretKeys: []wispwright.Secret{},
		HTTP: HTTPConfig{
			Listen: "127.0.0.1:8080", BodyLimit: 5 << 19,
			HeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 3 * time.Minute,
			ShutdownTimeout: 30 * time.Second,
			AllowedHosts:    []string{}, TrustedProxies: []string{}, Origins: []string{}, MetricsNetworks: []string{"127.0.0.0/8", "::1/128"},
		},
		SQL:  SQLConfig{Synchronous: "FULL"},
		Log:  LogConfig{Level: "info", Format: "text"},
		Jobs: JobsConfig{Workers: 16},
		Mail: MailConfig{From: "Wispwright <noreply@localhost>", TLS: "starttls"},
		Tenancy: TenancyConfig{
			SiteName: "Wispwright", SiteURL: "http://localhost:8080", PasswordLength: 8, AccountFailures: 5, AddressFailures: 10,
			SesameMaxAge:  30 * time.Minute,
			TokenEndpoint: true, TokenRate: "100/day", SessionLifetime: 14 * 24 * time.Hour, PasswordIterations: 600_000,
			PhonePrefixes: []string{}, AuditAge: 365 * 24 * time.Hour,
		},
		Controller: ControllerConfig{
			Registration: true, ConsistentKeys: true, SelfCreation: true, AdoptKnown: true, UniqueNames: true, SharedManagementNetwork: true,
			Context: map[string]any{}, WrongSecrets: 60, VersionAge: 365 * 24 * time.Hour, CachedDevices: 100_000, CachedArchives: 32 << 20,
		},
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
	for key, networks := range map[string][]string{"http.trusted_proxies": c.HTTP.TrustedProxies, "http.metrics_networks": c.HTTP.MetricsNetworks} {
		if _, err := parseNetworks(networks); err != nil {
			e.Add(key, err.Error()+".")
		}
	}
	c.Mail.check(e)
	c.Tenancy.check(e)
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
		e.Add("sql.conns", "must be 2 or more, as one shows other nodes that this one lives.")
	}
	for i, old := range c.OldSecretKeys {
		if len(old.Reveal()) < 32 {
			e.Add("old_secret_keys", fmt.Sprintf("number %d is too short to have been a secret key.", i+1))
		}
	}
	if _, err := rest.NewThrottle(c.Tenancy.TokenRate, nil); err != nil && c.Tenancy.TokenRate != "none" {
		e.Add("tenancy.token_rate", err.Error()+".")
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
	if c.Tenancy.PasswordIterations < 1 {
		e.Add("tenancy.password_iterations", "must be positive.")
	}
	return e.Err()
}

// checkNumbers refuses what would silently become a default, or let nobody in.
func (c *Config) checkNumbers(e *wispwright.ValidationError) {
	for _, n := range []struct {
		key   string
		value int64
		least int64
	}{
		{"http.header_timeout", int64(c.HTTP.HeaderTimeout), 0},
		{"http.read_timeout", int64(c.HTTP.ReadTimeout), 0},
		{"http.write_timeout", int64(c.HTTP.WriteTimeout), 0},
		{"http.idle_timeout", int64(c.HTTP.IdleTimeout), 0},
		{"http.shutdown_timeout", int64(c.HTTP.ShutdownTimeout), 0},
		{"sql.conns", int64(c.SQL.Conns), 0},
		{"sql.readers", int64(c.SQL.Readers), 0},
		{"jobs.workers", int64(c.Jobs.Workers), 1},
		{"tenancy.session_lifetime", int64(c.Tenancy.SessionLifetime), 1},
		{"tenancy.audit_age", int64(c.Tenancy.AuditAge), 0},
		{"controller.wrong_secrets", int64(c.Controller.WrongSecrets), -1},
		{"controller.version_age", int64(c.Controller.VersionAge), 0},
		{"controller.cached_devices", int64(c.Controller.CachedDevices), 1},
		{"controller.cached_archives", int64(c.Controller.CachedArchives), 1},
	} {
		if n.value >= n.least {
			continue
		}
		switch n.least {
		case 0:
			e.Add(n.key, "must not be negative.")
		case 1:
			e.Add(n.key, "must be positive.")
		default:
			e.Add(n.key, fmt.Sprintf("must be %d or more.", n.least))
		}
	}
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
