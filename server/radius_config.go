package server

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/counters"
	"github.com/wispwright/wispwright/radius/portal/portalhttp"
	"github.com/wispwright/wispwright/radius/radiushttp"
	"github.com/wispwright/wispwright/radius/sms"
)

// RadiusConfig concerns access to networks over RADIUS.
type RadiusConfig struct {
	// AllowedHosts are where RADIUS servers ask from.
	AllowedHosts []string `koanf:"allowed_hosts" doc:"Addresses and networks FreeRADIUS servers may ask from, for organizations without a list of their own (OPENWISP_RADIUS_FREERADIUS_ALLOWED_HOSTS)."`
	// TimeZone is where days and months begin.
	TimeZone string `koanf:"time_zone" doc:"Where days and months of limits begin and in which times are answered, such as Europe/Rome (TIME_ZONE)."`
	// AuthorizeReject answers refusals.
	AuthorizeReject bool `koanf:"authorize_reject" doc:"Answer people who may not come in with 401 and Reject instead of nothing (OPENWISP_RADIUS_API_AUTHORIZE_REJECT)."`
	// AutoGroup finds the group of sessions.
	AutoGroup bool `koanf:"auto_group" doc:"Note the user's group with each new session (OPENWISP_RADIUS_API_ACCOUNTING_AUTO_GROUP)."`
	// DisposableTokens are good once.
	DisposableTokens bool `koanf:"disposable_tokens" doc:"A user's RADIUS token is good once, and renewed at each log-in (OPENWISP_RADIUS_DISPOSABLE_RADIUS_USER_TOKEN)."`
	// Counters are the limits that are looked at.
	Counters []string `koanf:"counters" doc:"Limits that are looked at, in order: daily_time, daily_traffic, monthly_traffic, monthly_subscription_traffic (OPENWISP_RADIUS_COUNTERS)."`
	// TrafficCheck and TrafficReply are names of attributes.
	TrafficCheck string `koanf:"traffic_check" doc:"The check that limits traffic of a day (OPENWISP_RADIUS_TRAFFIC_COUNTER_CHECK_NAME)."`
	TrafficReply string `koanf:"traffic_reply" doc:"The attribute that tells access servers how much traffic is left (OPENWISP_RADIUS_TRAFFIC_COUNTER_REPLY_NAME)."`
	// SimultaneousUse limits sessions at a time.
	SimultaneousUse bool `koanf:"simultaneous_use" doc:"Keep to the check Simultaneous-Use of groups (OPENWISP_RADIUS_SIMULTANEOUS_USE_ENABLED)."`
	// Gigawords tells of limits beyond 32 bits.
	Gigawords bool `koanf:"gigawords" doc:"Tell the upper 32 bits of a traffic limit in an attribute of their own, since RADIUS cuts numbers."`
	// CoAEnabled and the following are the defaults of organizations.
	CoAEnabled          bool `koanf:"coa_enabled" doc:"Tell access servers when somebody's group changes, in organizations that say nothing else (OPENWISP_RADIUS_COA_ENABLED)."`
	MACRoaming          bool `koanf:"mac_roaming" doc:"Devices with an open session come in again by their address, in organizations that say nothing else (OPENWISP_RADIUS_MAC_ADDR_ROAMING_ENABLED)."`
	NeedsVerification   bool `koanf:"needs_verification" doc:"Only users whose identity was verified come in, in organizations that say nothing else (OPENWISP_RADIUS_NEEDS_IDENTITY_VERIFICATION)."`
	RegistrationEnabled bool `koanf:"registration_enabled" doc:"People may make accounts for themselves and join, in organizations that say nothing else (OPENWISP_RADIUS_REGISTRATION_API_ENABLED)."`
	// SocialEnabled and the following are log-ins with accounts elsewhere.
	SocialEnabled      bool              `koanf:"social_registration_enabled" doc:"People may log in with an account elsewhere, in organizations that say nothing else (OPENWISP_RADIUS_SOCIAL_REGISTRATION_ENABLED)."`
	SocialGoogleID     string            `koanf:"social_google_id" doc:"Client id at Google, whose redirect address is https://SITE/accounts/google/login/callback/. Empty: nobody logs in with Google."`
	SocialGoogleKey    wispwright.Secret `koanf:"social_google_secret" doc:"The client secret there."`
	SocialFacebookID   string            `koanf:"social_facebook_id" doc:"The same of Facebook; the redirect address is https://SITE/accounts/facebook/login/callback/."`
	SocialFacebookKey  wispwright.Secret `koanf:"social_facebook_secret" doc:"The client secret there."`
	SocialGitHubID     string            `koanf:"social_github_id" doc:"The same of GitHub; the redirect address is https://SITE/accounts/github/login/callback/."`
	SocialGitHubKey    wispwright.Secret `koanf:"social_github_secret" doc:"The client secret there."`
	SocialIssuer       string            `koanf:"social_issuer" doc:"Address of any other provider of OpenID Connect; the redirect address is https://SITE/accounts/openid/login/callback/."`
	SocialClientID     string            `koanf:"social_client_id" doc:"Client id at social_issuer."`
	SocialClientSecret wispwright.Secret `koanf:"social_client_secret" doc:"The client secret there."`
	// SAMLEnabled and the following are log-ins with accounts of an institution.
	SAMLEnabled           bool           `koanf:"saml_registration_enabled" doc:"People may log in by SAML, in organizations that say nothing else (OPENWISP_RADIUS_SAML_REGISTRATION_ENABLED)."`
	SAMLMetadata          string         `koanf:"saml_metadata" doc:"Metadata of providers of SAML 2.0 for people of networks: addresses or files, with commas between them. Our own are found at https://SITE/radius/saml2/metadata/. Empty: nobody logs in so."`
	SAMLEntityID          string         `koanf:"saml_entity_id" doc:"What this installation is called there. Empty: the address of its metadata."`
	SAMLProvider          string         `koanf:"saml_provider" doc:"Entity id of the provider, where the metadata has several; several ids with commas between them are all offered."`
	SAMLOrganizations     map[string]any `koanf:"saml_organizations" doc:"Which providers an organization takes, by its slug: entity ids with spaces between them. Organizations that are not named take all."`
	SAMLCertificate       string         `koanf:"saml_certificate" doc:"File with the certificate that requests are signed with (PEM), which also decrypts; empty: they are not signed, and providers are not told of log-outs."`
	SAMLKey               string         `koanf:"saml_key" doc:"File with the private key of the certificate (PEM)."`
	SAMLVerified          bool           `koanf:"saml_verified" doc:"Those who log in so for the first time count as verified (OPENWISP_RADIUS_SAML_IS_VERIFIED)."`
	SAMLSubjectAttribute  string         `koanf:"saml_subject_attribute" doc:"Attribute that names a person for good; empty: the name id, which must not be transient then."`
	SAMLUsernameAttribute string         `koanf:"saml_username_attribute" doc:"Attribute with the user name, for new accounts; empty: the usual names."`
	SAMLEmailAttribute    string         `koanf:"saml_email_attribute" doc:"Attribute with the e-mail address; empty: the usual names."`
	SAMLTrustEmail        bool           `koanf:"saml_trust_email" doc:"The provider has verified its people's e-mail addresses."`
	PasswordResetURL      string         `koanf:"password_reset_url" doc:"Where letters lead that reset a password; {site}, {organization}, {uid} and {token} are filled in (OPENWISP_RADIUS_PASSWORD_RESET_URLS)."`
	FirstName             string         `koanf:"first_name" doc:"Whether the first name is asked of people who register: disabled, allowed or mandatory (OPENWISP_RADIUS_OPTIONAL_REGISTRATION_FIELDS)."`
	LastName              string         `koanf:"last_name" doc:"The same for the last name."`
	Location              string         `koanf:"location" doc:"The same for the location."`
	BirthDate             string         `koanf:"birth_date" doc:"The same for the date of birth."`
	// SMSVerification and the following concern codes that telephones get.
	SMSVerification     bool              `koanf:"sms_verification" doc:"Telephone numbers are verified by a code, in organizations that say nothing else (OPENWISP_RADIUS_SMS_VERIFICATION_ENABLED)."`
	SMSMessage          string            `koanf:"sms_message" doc:"Text of a message with a code; {code} and {organization} are filled in (OPENWISP_RADIUS_SMS_MESSAGE_TEMPLATE)."`
	SMSCooldown         time.Duration     `koanf:"sms_cooldown" doc:"How long somebody waits for the next code (OPENWISP_RADIUS_SMS_COOLDOWN)."`
	SMSValidity         time.Duration     `koanf:"sms_validity" doc:"How long a code is good (OPENWISP_RADIUS_SMS_TOKEN_DEFAULT_VALIDITY)."`
	SMSLength           int               `koanf:"sms_length" doc:"How many digits a code has, 4 to 8 (OPENWISP_RADIUS_SMS_TOKEN_LENGTH)."`
	SMSAttempts         int64             `koanf:"sms_attempts" doc:"How many wrong codes somebody may send (OPENWISP_RADIUS_SMS_TOKEN_MAX_ATTEMPTS)."`
	SMSUserDaily        int               `koanf:"sms_user_daily" doc:"How many codes a user may ask for in a day (OPENWISP_RADIUS_SMS_TOKEN_MAX_USER_DAILY)."`
	SMSAddressDaily     int               `koanf:"sms_address_daily" doc:"How many codes may be asked for from one network address in a day (OPENWISP_RADIUS_SMS_TOKEN_MAX_IP_DAILY)."`
	MobilePrefixes      []string          `koanf:"mobile_prefixes" doc:"Beginnings of telephone numbers that are taken, such as +39; empty: all (OPENWISP_RADIUS_ALLOWED_MOBILE_PREFIXES)."`
	FixedLineOrMobile   bool              `koanf:"fixed_line_or_mobile" doc:"Take numbers of which nobody can tell whether they are mobile, as in the United States (OPENWISP_RADIUS_ALLOW_FIXED_LINE_OR_MOBILE)."`
	SMSGateway          string            `koanf:"sms_gateway" doc:"Who sends messages: one of the presets twilio, vonage, clickatell, messagebird; http, as the following say; or file, into the folder sms of the data folder (SENDSMS_BACKEND)."`
	SMSURL              string            `koanf:"sms_url" doc:"Address of the gateway http; {from}, {to}, {text} and {account} are filled in."`
	SMSBody             string            `koanf:"sms_body" doc:"Body that the gateway http gets, filled in likewise: a form if it begins with a name and =, else JSON. Empty: GET."`
	SMSAccount          string            `koanf:"sms_account" doc:"Account at the gateway."`
	SMSSecret           wispwright.Secret `koanf:"sms_secret" doc:"Password or key of the account."`
	SettableMethods     []string          `koanf:"settable_methods" doc:"Ways to register that people who came from another organization may choose for themselves (OPENWISP_RADIUS_USER_SETTABLE_REGISTRATION_METHODS)."`
	BatchAsync          int               `koanf:"batch_async_threshold" doc:"From how many users on a batch is made in the background; 0: never (OPENWISP_RADIUS_BATCH_ASYNC_THRESHOLD)."`
	BatchPasswordLength int               `koanf:"batch_password_length" doc:"Length of random passwords (OPENWISP_RADIUS_BATCH_DEFAULT_PASSWORD_LENGTH)."`
	BatchFileSize       int64             `koanf:"batch_file_size" doc:"Largest CSV file in octets (OPENWISP_RADIUS_MAX_CSV_FILE_SIZE)."`
	BatchMailSubject    string            `koanf:"batch_mail_subject" doc:"Subject of the letter with a random password (OPENWISP_RADIUS_BATCH_MAIL_SUBJECT)."`
	BatchMailMessage    string            `koanf:"batch_mail_message" doc:"Its text: the first {} is the user name, the second the password (OPENWISP_RADIUS_BATCH_MAIL_MESSAGE)."`
	BatchDeleteExpired  time.Duration     `koanf:"batch_delete_expired" doc:"How long after their end accounts of batches are deleted; 0: never (OPENWISP_RADIUS_BATCH_DELETE_EXPIRED)."`
	// Listen and the following are for the own RADIUS server.
	Listen           string `koanf:"listen" doc:"Address at which this program answers access servers itself, such as :1812, for requests for access. Empty: it does not, FreeRADIUS does."`
	ListenAccounting string `koanf:"listen_accounting" doc:"The same for reports, such as :1813. Empty: they are taken at listen."`
	Certificate      string `koanf:"certificate" doc:"File with the certificate, and those of its authorities, that is shown to devices which come in by EAP-TTLS or EAP-TLS (PEM). Empty: EAP is refused."`
	CertificateKey   string `koanf:"certificate_key" doc:"File with the key of the certificate (PEM)."`
	ClientCA         string `koanf:"client_ca" doc:"File with the authorities of users who come in by a certificate whose common name is their username (EAP-TLS). Empty: nobody does."`
	ClientCRL        string `koanf:"client_crl" doc:"File with revocation lists of the authorities (PEM, or one in DER), read again when it changes. Lists of authorities of this program are known anyway."`
	ListenTLS        string `koanf:"listen_tls" doc:"Address at which access servers connect by TLS (RadSec, RFC 6614), such as :2083. Empty: none."`
	TLSClientCA      string `koanf:"tls_client_ca" doc:"File with the authorities of access servers that connect by TLS (PEM); an access server is registered under a name of its certificate."`
	Unsigned         bool   `koanf:"unsigned" doc:"Answer requests without Message-Authenticator, which old access servers send and somebody between can forge (CVE-2024-3596)."`
	CoAPort          int    `koanf:"coa_port" doc:"Port at which access servers are told of changes."`
	// PortalURL and the following are the defaults of captive portals.
	PortalURL       string        `koanf:"portal_url" doc:"Page where people log in, told to clients by the Captive Portal API (RFC 8908); {site} and {organization} are filled in. Organizations may have their own."`
	VenueURL        string        `koanf:"venue_url" doc:"Page that tells of the place, for the same. Empty: none."`
	GuestsEnabled   bool          `koanf:"guests_enabled" doc:"People may ask for access that a sponsor gives by a link in an e-mail, in organizations that say nothing else."`
	SponsorDomains  []string      `koanf:"sponsor_domains" doc:"Domains of e-mail addresses that may sponsor guests, in organizations that say nothing else."`
	GuestAccess     time.Duration `koanf:"guest_access" doc:"How long a guest may stay who was let in, in organizations that say nothing else."`
	GuestApproval   time.Duration `koanf:"guest_approval" doc:"How long the link of a sponsor is good, in organizations that say nothing else."`
	GuestAge        time.Duration `koanf:"guest_age" doc:"How long guests and their accounts are kept after they asked; 0: for ever."`
	GuestRate       string        `koanf:"guest_rate" doc:"How often each client may ask for a sponsor, such as 10/hour; none: no limit."`
	GraceSession    time.Duration `koanf:"grace_session" doc:"How long people may stay who registered by e-mail and have yet to confirm their address, once, where identities are verified; 0: not at all. Organizations may say otherwise."`
	RememberDevices time.Duration `koanf:"remember_devices" doc:"For how long a device comes in again by its MAC address after its user logged in, in whole days; 0: never. Organizations may say otherwise."`
	// NASTypes are further kinds of access servers.
	NASTypes []string `koanf:"nas_types" doc:"Further kinds of access servers, shown first (OPENWISP_RADIUS_EXTRA_NAS_TYPES)."`
	// PlainSecrets are for rlm_sql.
	PlainSecrets bool `koanf:"plain_secrets" doc:"Keep the secrets of access servers in clear as well, for a FreeRADIUS that reads the table nas itself (read_clients of rlm_sql)."`
	// RejectedPasswords are kept.
	RejectedPasswords bool `koanf:"rejected_passwords" doc:"Keep the passwords that were refused in the log of answers, as OpenWISP does."`
	// StaleAfter, AccountingAge and PostAuthAge are for the daily cleaning.
	StaleAfter    time.Duration `koanf:"stale_after" doc:"End sessions that nothing was heard of for so long; 0: never (argument of cleanup_stale_radacct)."`
	AccountingAge time.Duration `koanf:"accounting_age" doc:"How long sessions are kept after their end; 0: for ever (argument of delete_old_radacct)."`
	PostAuthAge   time.Duration `koanf:"postauth_age" doc:"How long answers are kept; 0: for ever (argument of delete_old_postauth)."`
	// UnverifiedAge and UnverifiedKeep are for accounts that never proved who they are.
	UnverifiedAge  time.Duration `koanf:"unverified_age" doc:"How old accounts may get that never proved who they are and never had a session, before they are deleted; 0: for ever (argument of delete_unverified_users)."`
	UnverifiedKeep []string      `koanf:"unverified_keep" doc:"Ways to register whose accounts are kept all the same (--exclude-methods of delete_unverified_users)."`
	// Rate and the following limit clients.
	Rate           string `koanf:"rate" doc:"How often each client may ask for sessions, usage and new passwords, such as 400/hour; none: no limit (REST_FRAMEWORK DEFAULT_THROTTLE_RATES others)."`
	LoginRate      string `koanf:"login_rate" doc:"The same for log-ins and validations; wrong passwords are limited anyway (obtain_auth_token, validate_auth_token)."`
	CodeRate       string `koanf:"code_rate" doc:"The same for codes by SMS (create_phone_token, phone_token_status, validate_phone_token)."`
	FreeRADIUSRate string `koanf:"freeradius_rate" doc:"The same for RADIUS servers (authorize, postauth, accounting)."`
}

// DefaultRadiusConfig returns the settings that nobody has configured.
func DefaultRadiusConfig() RadiusConfig {
	return RadiusConfig{
		AllowedHosts: []string{}, TimeZone: "UTC", AutoGroup: true, DisposableTokens: true, Counters: []string{"daily_time", "daily_traffic", "monthly_traffic"},
		TrafficCheck: counters.TrafficCheck, TrafficReply: counters.TrafficReply, SimultaneousUse: true, Gigawords: true, RegistrationEnabled: true,
		PasswordResetURL: "https://{site}/{organization}/password/reset/confirm/{uid}/{token}", FirstName: "disabled", LastName: "disabled", Location: "disabled", BirthDate: "disabled",
		NASTypes: []string{}, RejectedPasswords: true, StaleAfter: 24 * time.Hour, AccountingAge: 365 * 24 * time.Hour, PostAuthAge: 365 * 24 * time.Hour,
		SMSMessage: radius.DefaultSMSMessage, SMSCooldown: 30 * time.Second, SMSValidity: 30 * time.Minute, SMSLength: 6, SMSAttempts: 5, SMSUserDaily: 5, SMSAddressDaily: 999,
		MobilePrefixes: []string{}, UnverifiedKeep: []string{}, SMSGateway: "file", SettableMethods: []string{"", "email", "mobile_phone"}, BatchAsync: 15, BatchPasswordLength: 8, BatchFileSize: 5 << 20,
		BatchMailSubject: "Credentials", BatchMailMessage: "username: {}, password: {}", BatchDeleteExpired: 540 * 24 * time.Hour, CodeRate: "none", CoAPort: 3799,
		PortalURL: "{site}/{organization}/login", SponsorDomains: []string{}, GuestAccess: 24 * time.Hour, GuestApproval: 24 * time.Hour, GuestAge: 90 * 24 * time.Hour, GuestRate: portalhttp.DefaultGuestRate, SAMLOrganizations: map[string]any{},
		Rate: radiushttp.DefaultRate, LoginRate: "none", FreeRADIUSRate: "none",
	}
}

// counters are those the configuration names.
func (c *RadiusConfig) counters() []counters.Counter {
	all := append(counters.Defaults(c.TrafficCheck, c.TrafficReply),
		counters.Quota{Check: "Max-Monthly-Session-Traffic", Replies: []string{c.TrafficReply}, Traffic: true, Reset: counters.MonthlySubscription})
	out := []counters.Counter{}
	for _, name := range c.Counters {
		if i := slices.Index(counterNames(), name); i >= 0 {
			out = append(out, all[i])
		}
	}
	return out
}

func counterNames() []string {
	return []string{"daily_time", "daily_traffic", "monthly_traffic", "monthly_subscription_traffic"}
}

func (c *RadiusConfig) options(h *Host) *radius.Options {
	return &radius.Options{
		Defaults: radius.Defaults{AllowedHosts: c.AllowedHosts, CoAEnabled: c.CoAEnabled, NeedsVerification: c.NeedsVerification, MACRoaming: c.MACRoaming, RegistrationEnabled: c.RegistrationEnabled, SocialEnabled: c.SocialEnabled, SAMLEnabled: c.SAMLEnabled,
			PasswordResetURL: c.PasswordResetURL, FirstName: c.FirstName, LastName: c.LastName, Location: c.Location, BirthDate: c.BirthDate,
			SMSVerification: c.SMSVerification, SMSMessage: c.SMSMessage, SMSCooldown: int64(c.SMSCooldown / time.Second), MobilePrefixes: c.MobilePrefixes},
		Methods: c.methods(), Counters: c.counters(), Zone: c.zone(), NASTypes: c.NASTypes, PlainSecrets: c.PlainSecrets, LastingTokens: !c.DisposableTokens, NoAutoGroup: !c.AutoGroup,
		NoSimultaneousUse: !c.SimultaneousUse, NoGigawords: !c.Gigawords, NoRejectedPasswords: !c.RejectedPasswords, Bus: h.DB(), Log: h.Log(),
	}
}

// Check returns what is wrong with the settings, by key.
func (c *RadiusConfig) Check() error {
	e := &wispwright.ValidationError{}
	c.checkSocial(e)
	for _, host := range c.AllowedHosts {
		_, err := netip.ParsePrefix(host)
		if _, err2 := netip.ParseAddr(host); err != nil && err2 != nil {
			e.Add("allowed_hosts", host+" is neither an address nor a network.")
		}
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "" || c.TimeZone == "Local" {
		e.Add("time_zone", "must be the name of a zone, as Europe/Rome.")
	}
	for _, name := range c.Counters {
		if !slices.Contains(counterNames(), name) {
			e.Add("counters", name+" is none of "+strings.Join(counterNames(), ", ")+".")
		}
	}
	for key, text := range map[string]string{"traffic_check": c.TrafficCheck, "traffic_reply": c.TrafficReply} {
		if text == "" || len(text) > 64 {
			e.Add(key, "must be the name of an attribute.")
		}
	}
	if !strings.Contains(c.PasswordResetURL, "{uid}") || !strings.Contains(c.PasswordResetURL, "{token}") {
		e.Add("password_reset_url", "must hold {uid} and {token}.")
	}
	for key, choice := range map[string]string{"first_name": c.FirstName, "last_name": c.LastName, "location": c.Location, "birth_date": c.BirthDate} {
		if !slices.Contains([]string{"disabled", "allowed", "mandatory"}, choice) {
			e.Add(key, "must be disabled, allowed or mandatory.")
		}
	}
	for key, rate := range map[string]string{"rate": c.Rate, "login_rate": c.LoginRate, "freeradius_rate": c.FreeRADIUSRate, "code_rate": c.CodeRate} {
		if _, err := rest.NewThrottle(rate, nil); rate != "none" && (err != nil || rate == "") {
			e.Add(key, "want a number, a slash and second, minute, hour or day, or none.")
		}
	}
	c.checkEnrolment(e)
	c.checkServer(e)
	c.checkPortal(e)
	for _, n := range []leastNumber{{"stale_after", int64(c.StaleAfter), 0}, {"accounting_age", int64(c.AccountingAge), 0}, {"postauth_age", int64(c.PostAuthAge), 0}, {"unverified_age", int64(c.UnverifiedAge), 0}} {
		n.check(e)
	}
	return e.Err()
}

// checkEnrolment looks at what concerns accounts that people get.
func (c *RadiusConfig) checkEnrolment(e *wispwright.ValidationError) {
	if c.SMSMessage == "" || !strings.Contains(c.SMSMessage, "{code}") {
		e.Add("sms_message", "must hold {code}.")
	}
	if c.SMSLength < 4 || c.SMSLength > 8 {
		e.Add("sms_length", "must be 4 to 8.")
	}
	if c.BatchPasswordLength < 4 || c.BatchPasswordLength > 64 {
		e.Add("batch_password_length", "must be 4 to 64.")
	}
	if !slices.Contains(append(sms.Names(), "http", "file"), c.SMSGateway) {
		e.Add("sms_gateway", "must be http, file or one of "+strings.Join(sms.Names(), ", ")+".")
	}
	if c.SMSGateway == "http" {
		if _, err := sms.NewHTTP(sms.HTTPOptions{URL: c.SMSURL}); err != nil {
			e.Add("sms_url", "must be an address of http or https.")
		}
	}
	for _, n := range []leastNumber{{"sms_validity", int64(c.SMSValidity), 1}, {"sms_cooldown", int64(c.SMSCooldown), int64(time.Second)}, {"sms_attempts", c.SMSAttempts, 1}, {"sms_user_daily", int64(c.SMSUserDaily), 1},
		{"sms_address_daily", int64(c.SMSAddressDaily), 1}, {"batch_async_threshold", int64(c.BatchAsync), 0}, {"batch_file_size", c.BatchFileSize, 1}, {"batch_delete_expired", int64(c.BatchDeleteExpired), 0}} {
		n.check(e)
	}
}

// checkServer looks at what concerns the own RADIUS server.
func (c *RadiusConfig) checkServer(e *wispwright.ValidationError) {
	for key, at := range map[string]string{"listen": c.Listen, "listen_accounting": c.ListenAccounting, "listen_tls": c.ListenTLS} {
		if _, _, err := net.SplitHostPort(at); at != "" && err != nil {
			e.Add(key, "must be an address and a port, or a colon and a port.")
		}
	}
	if c.Listen == "" && c.ListenAccounting != "" {
		e.Add("listen", "is needed with listen_accounting.")
	}
	if (c.Certificate == "") != (c.CertificateKey == "") {
		e.Add("certificate_key", "must be given with the certificate.")
	}
	if c.ClientCA != "" && c.Certificate == "" {
		e.Add("certificate", "is needed with client_ca.")
	}
	if c.ClientCRL != "" && c.ClientCA == "" && c.TLSClientCA == "" {
		e.Add("client_ca", "is needed with client_crl.")
	}
	if c.ListenTLS != "" && (c.Certificate == "" || c.TLSClientCA == "") {
		e.Add("tls_client_ca", "is needed with listen_tls, and so is certificate.")
	}
	if c.CoAPort < 1 || c.CoAPort > 65535 {
		e.Add("coa_port", "must be a port.")
	}
}
