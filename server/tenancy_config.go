package server

import (
	"net/url"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

// TenancyConfig concerns accounts and log-in.
type TenancyConfig struct {
	// TokenEndpoint offers /api/v1/users/token/.
	TokenEndpoint bool `koanf:"token_endpoint" doc:"Offer /api/v1/users/token/, where scripts get a bearer token (OPENWISP_USERS_AUTH_API)."`
	// LoginRate limits log-ins of browsers.
	LoginRate string `koanf:"login_rate" doc:"Log-ins of browsers per address, as NUMBER/second, minute, hour or day; none for no limit."`
	// TokenRate limits the endpoints of token and password.
	TokenRate string `koanf:"token_rate" doc:"Requests for a token, for a new password and to change one, by address or user, as NUMBER/second, minute, hour or day; none for no limit (OPENWISP_USERS_AUTH_THROTTLE_RATE)."`
	// SessionLifetime is how long a log-in lasts.
	SessionLifetime time.Duration `koanf:"session_lifetime" doc:"How long a log-in to the web admin lasts."`
	// LegacyPasswords accepts hashes of older systems.
	LegacyPasswords bool `koanf:"legacy_passwords" doc:"Accept passwords whose hashes are MD5, SHA-1 or crypt, as imported accounts may have them; a log-in makes a new hash."`
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
	// ExpirationWarningDays is when people are told that their account ends.
	ExpirationWarningDays int `koanf:"expiration_warning_days" doc:"Days before an account expires that its user is told so; 0: never (OPENWISP_USERS_EXPIRATION_WARNING_DAYS)."`
	// PasswordLength is the least length of new passwords.
	PasswordLength int `koanf:"password_length" doc:"Least length of the passwords people choose for themselves (AUTH_PASSWORD_VALIDATORS)."`
	// AccountFailures locks accounts.
	AccountFailures int `koanf:"account_failures" doc:"Wrong passwords that lock an account for five minutes; -1: never."`
	// AddressFailures bounds guessing.
	AddressFailures int `koanf:"address_failures" doc:"Wrong passwords an address may send in a minute; -1: any number."`
	// RequireSecondFactor is for staff.
	RequireSecondFactor bool `koanf:"require_second_factor" doc:"Staff must set up a second factor before they may do anything else."`
	// StrictGroups refuses groups.
	StrictGroups bool `koanf:"strict_groups" doc:"Managers may give accounts only groups with no more permissions than their own; OpenWISP lets managers give any group."`
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

// DefaultTenancyConfig returns the settings of accounts that nobody has
// configured.
func DefaultTenancyConfig() TenancyConfig {
	return TenancyConfig{
		SiteName: "Wispwright", SiteURL: "http://localhost:8080", PasswordLength: 8, AccountFailures: 5, AddressFailures: 10,
		SesameMaxAge:  30 * time.Minute,
		TokenEndpoint: true, LoginRate: "30/minute", TokenRate: "20/day", ExpirationWarningDays: 7, SessionLifetime: 14 * 24 * time.Hour, PasswordIterations: 600_000, LegacyPasswords: true,
		PhonePrefixes: []string{}, AuditAge: 365 * 24 * time.Hour,
	}
}

// Check returns what is wrong with the settings, by key.
func (c *TenancyConfig) Check() error {
	e := &wispwright.ValidationError{}
	if u, err := url.Parse(c.SiteURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		e.Add("site_url", "must be an address, as https://HOST.")
	}
	for key, n := range map[string]int{
		"password_length": c.PasswordLength, "account_failures": c.AccountFailures, "address_failures": c.AddressFailures,
	} {
		// 0 would silently be the default
		if n == 0 || n < -1 {
			e.Add(key, "must be positive, or -1 for no limit.")
		}
	}
	if c.SesameMaxAge < 0 || c.SesameMaxAge%time.Second != 0 {
		e.Add("sesame_max_age", "must be whole seconds.")
	}
	for key, rate := range map[string]string{"token_rate": c.TokenRate, "login_rate": c.LoginRate} {
		if _, err := rest.NewThrottle(rate, nil); err != nil && rate != "none" {
			e.Add(key, err.Error()+".")
		}
	}
	for _, n := range []leastNumber{
		{"password_days", int64(c.PasswordDays), 0},
		{"staff_password_days", int64(c.StaffPasswordDays), 0},
		{"expiration_warning_days", int64(c.ExpirationWarningDays), 0},
		{"password_iterations", int64(c.PasswordIterations), 1},
		{"session_lifetime", int64(c.SessionLifetime), 1},
		{"audit_age", int64(c.AuditAge), 0},
	} {
		n.check(e)
	}
	return e.Err()
}
