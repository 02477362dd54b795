package agent

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// Options are the agent's settings (§2).
type Options struct {
	// URL is the controller's base address, without a trailing slash. Required.
	URL string
	// Interval is the time between two cycles; default 120 s.
	Interval time.Duration
	// ManagementInterval is the pause between two attempts to find the
	// management address; default a twelfth of Interval, in whole seconds.
	ManagementInterval time.Duration
	// RegistrationInterval is the pause between two attempts to register;
	// default a quarter of Interval, in whole seconds.
	RegistrationInterval time.Duration
	// HTTP says how requests are made; defaults: certificates are verified, 15 s
	// to connect, 30 s for a request.
	HTTP HTTPOptions
	// Credentials are the device's id and key; both are needed, or it registers.
	Credentials Credentials
	// SharedSecret is the organization's secret, for the registration.
	SharedSecret wispwright.Secret
	// ConsistentKey computes the key on the device (§4.2); default true.
	ConsistentKey bool
	// HardwareIDScript is a program that prints the hardware id.
	HardwareIDScript string
	// HardwareIDKey makes the key from the hardware id instead of the MAC
	// address; default true.
	HardwareIDKey bool
	// BootupDelay is the upper bound of the random delay after a boot; default
	// 10 s, 0 for none.
	BootupDelay time.Duration
	// MergeConfig merges sections instead of replacing whole files; default
	// true.
	MergeConfig bool
	// Unmanaged are sections the controller may not change (ParseUnmanaged).
	Unmanaged []string
	// TestConfig tests a new configuration and undoes it on failure; default
	// true.
	TestConfig bool
	// TestRetries is the number of attempts of the built-in test, 5 to 20 seconds
	// apart; default 10.
	TestRetries int
	// TestScript replaces the built-in test; it succeeds with exit code 0.
	TestScript string
	// MACInterface is the interface whose hardware address is sent; default
	// eth0.
	MACInterface string
	// ManagementInterface is the network, by UCI or Linux name, whose address is
	// sent as the management address. Empty: none.
	ManagementInterface string
	// ManagementIP is sent instead of looking the address up.
	ManagementIP string
	// DefaultHostname is the factory's host name; default LEDE. "*" always
	// registers the hardware address as the name.
	DefaultHostname string
	// PreReloadHook, PostReloadHook and PostRegistrationHook are programs run
	// when they exist (§7.3); defaults below /etc/openwisp.
	PreReloadHook, PostReloadHook, PostRegistrationHook string
	// PostReloadDelay is the pause between the reload of services and the test;
	// default 5 s.
	PostReloadDelay time.Duration
	// ChecksumMaxRetries is the number of 404 answers after which the device
	// takes itself for deleted and ends; default 5.
	ChecksumMaxRetries int
	// ChecksumRetryDelay is an additional pause after each such answer; default
	// 6 s.
	ChecksumRetryDelay time.Duration
	// Tags are names of template tags for the registration, separated by spaces.
	Tags string
	// Hostname, MAC and Info replace what the device's files say.
	Hostname, MAC string
	// Info replaces model, operating system and system where not empty.
	Info Info
	// ExitOnMissingHeader ends the agent with code 4 when an answer is not the
	// controller's, as the original does. Default false: it logs and tries again.
	ExitOnMissingHeader bool
	// Channel keeps a channel to the controller open, through which it tells of
	// changes at once, runs commands, writes files and opens terminals
	// (docs/channel.md). Default false.
	Channel bool
	// Reload says how services learn of changes: "procd", "none", or a command
	// that gets the package's name. Default: procd where ubus is, else none.
	Reload string
}

// Defaults returns the options' defaults.
func Defaults() Options {
	return Options{
		Interval:             120 * time.Second,
		HTTP:                 HTTPOptions{ConnectTimeout: 15 * time.Second, MaxTime: 30 * time.Second},
		ConsistentKey:        true,
		HardwareIDKey:        true,
		BootupDelay:          10 * time.Second,
		MergeConfig:          true,
		TestConfig:           true,
		TestRetries:          10,
		MACInterface:         "eth0",
		DefaultHostname:      "LEDE",
		PreReloadHook:        "/etc/openwisp/pre-reload-hook",
		PostReloadHook:       "/etc/openwisp/post-reload-hook",
		PostRegistrationHook: "/etc/openwisp/post-registration-hook",
		PostReloadDelay:      5 * time.Second,
		ChecksumMaxRetries:   5,
		ChecksumRetryDelay:   6 * time.Second,
	}
}

// setting is one option in its three spellings: the UCI option "name", the flag
// "--name" and the environment variable "NAME".
type setting struct {
	name  string
	about string
	set   func(o *Options, value string) error
}

// settings lists every option in the order of the documentation.
func settings() []setting {
	return []setting{
		{"url", "base address of the controller", func(o *Options, v string) error { o.URL = strings.TrimSuffix(v, "/"); return nil }},
		{"interval", "seconds between two cycles (120)", seconds(func(o *Options) *time.Duration { return &o.Interval }, 1)},
		{"management_interval", "seconds between attempts to find the management address (interval/12)", seconds(func(o *Options) *time.Duration { return &o.ManagementInterval }, 0)},
		{"registration_interval", "seconds between attempts to register (interval/4)", seconds(func(o *Options) *time.Duration { return &o.RegistrationInterval }, 0)},
		{"verify_ssl", "0 accepts any certificate (1)", func(o *Options, v string) error {
			verify, err := parseBool(v)
			if err == nil {
				o.HTTP.SkipVerify = !verify
			}
			return err
		}},
		{"uuid", "the device's id", text(func(o *Options) *string { return &o.Credentials.UUID })},
		{"key", "the device's key", secret(func(o *Options) *wispwright.Secret { return &o.Credentials.Key })},
		{"shared_secret", "the organization's secret", secret(func(o *Options) *wispwright.Secret { return &o.SharedSecret })},
		{"consistent_key", "compute the key on the device (1)", flag(func(o *Options) *bool { return &o.ConsistentKey })},
		{"hardware_id_script", "program that prints the hardware id", text(func(o *Options) *string { return &o.HardwareIDScript })},
		{"hardware_id_key", "make the key from the hardware id (1)", flag(func(o *Options) *bool { return &o.HardwareIDKey })},
		{"bootup_delay", "upper bound of the random delay after a boot, in seconds (10)", seconds(func(o *Options) *time.Duration { return &o.BootupDelay }, 0)},
		{"merge_config", "0 overwrites whole files (1)", flag(func(o *Options) *bool { return &o.MergeConfig })},
		{"unmanaged", "sections protected from the controller, separated by commas", func(o *Options, v string) error {
			o.Unmanaged = ParseUnmanaged(v)
			return nil
		}},
		{"test_config", "test a new configuration, undo it on failure (1)", flag(func(o *Options) *bool { return &o.TestConfig })},
		{"test_retries", "attempts of the built-in test (10)", number(func(o *Options) *int { return &o.TestRetries })},
		{"test_script", "program that replaces the built-in test", text(func(o *Options) *string { return &o.TestScript })},
		{"connect_timeout", "seconds to connect (15)", seconds(func(o *Options) *time.Duration { return &o.HTTP.ConnectTimeout }, 0)},
		{"max_time", "seconds for a request (30)", seconds(func(o *Options) *time.Duration { return &o.HTTP.MaxTime }, 0)},
		{"capath", "folder with trusted certificates", text(func(o *Options) *string { return &o.HTTP.CAPath })},
		{"cacert", "file with trusted certificates", text(func(o *Options) *string { return &o.HTTP.CACert })},
		{"mac_interface", "interface whose hardware address is sent (eth0)", text(func(o *Options) *string { return &o.MACInterface })},
		{"management_interface", "network whose address is sent", text(func(o *Options) *string { return &o.ManagementInterface })},
		{"default_hostname", "the factory's host name (LEDE); * always registers the hardware address", text(func(o *Options) *string { return &o.DefaultHostname })},
		{"pre_reload_hook", "program run before services are reloaded", text(func(o *Options) *string { return &o.PreReloadHook })},
		{"post_reload_hook", "program run after services were reloaded", text(func(o *Options) *string { return &o.PostReloadHook })},
		{"post_reload_delay", "seconds between reload and test (5)", seconds(func(o *Options) *time.Duration { return &o.PostReloadDelay }, 0)},
		{"post_registration_hook", "program run after a registration", text(func(o *Options) *string { return &o.PostRegistrationHook })},
		{"checksum_max_retries", "404 answers before the device takes itself for deleted (5)", number(func(o *Options) *int { return &o.ChecksumMaxRetries })},
		{"checksum_retry_delay", "seconds after each such answer (6)", seconds(func(o *Options) *time.Duration { return &o.ChecksumRetryDelay }, 0)},
		{"tags", "names of template tags, separated by spaces", text(func(o *Options) *string { return &o.Tags })},
		{"hostname", "host name instead of the configured one", text(func(o *Options) *string { return &o.Hostname })},
		{"mac_address", "hardware address instead of the interface's", text(func(o *Options) *string { return &o.MAC })},
		{"management_ip", "management address instead of the interface's", text(func(o *Options) *string { return &o.ManagementIP })},
		{"model", "hardware model instead of the device's", text(func(o *Options) *string { return &o.Info.Model })},
		{"os", "operating system instead of the device's", text(func(o *Options) *string { return &o.Info.OS })},
		{"system", "processor instead of the device's", text(func(o *Options) *string { return &o.Info.System })},
		{"exit_on_missing_header", "1 ends with code 4 when an answer is not the controller's (0)", flag(func(o *Options) *bool { return &o.ExitOnMissingHeader })},
		{"channel", "1 keeps a channel to the controller open (0)", flag(func(o *Options) *bool { return &o.Channel })},
		{"reload", "procd, none, or a command that gets the package's name", text(func(o *Options) *string { return &o.Reload })},
	}
}

func text(field func(*Options) *string) func(*Options, string) error {
	return func(o *Options, v string) error { *field(o) = v; return nil }
}

func secret(field func(*Options) *wispwright.Secret) func(*Options, string) error {
	return func(o *Options, v string) error { *field(o) = wispwright.Secret(v); return nil }
}

func flag(field func(*Options) *bool) func(*Options, string) error {
	return func(o *Options, v string) error {
		b, err := parseBool(v)
		if err == nil {
			*field(o) = b
		}
		return err
	}
}

func number(field func(*Options) *int) func(*Options, string) error {
	return func(o *Options, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 1e6 {
			return fmt.Errorf("%q is not a number from 1 to 1000000", v)
		}
		*field(o) = n
		return nil
	}
}

func seconds(field func(*Options) *time.Duration, least int) func(*Options, string) error {
	return func(o *Options, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < least || n > 1e8 {
			return fmt.Errorf("%q is not a number of seconds from %d to 100000000", v, least)
		}
		*field(o) = time.Duration(n) * time.Second
		return nil
	}
}

// parseBool reads a truth value as UCI writes it.
func parseBool(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "1", "true", "yes", "on", "enabled":
		return true, nil
	case "0", "false", "no", "off", "disabled":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither 0 nor 1", v)
}

// LoadUCI sets options from the sections of type controller of the UCI package
// openwisp, a later section over an earlier one; empty values count as absent.
// What is not understood is returned, named, and leaves its option as it was: a
// device must not be lost over a slip in a setting.
func (o *Options) LoadUCI(p *uci.Package) []error {
	var errs []error
	all := settings()
	for _, s := range p.OfType("controller") {
		for _, st := range all {
			v := s.Get(st.name)
			if v == "" {
				continue
			}
			if err := st.set(o, v); err != nil {
				errs = append(errs, fmt.Errorf("option %s: %w", st.name, err))
			}
		}
	}
	return errs
}

// LoadEnv sets options from environment variables of their upper-case names.
func (o *Options) LoadEnv(lookup func(string) (string, bool)) []error {
	var errs []error
	for _, st := range settings() {
		name := strings.ToUpper(st.name)
		v, ok := lookup(name)
		if !ok || v == "" || slices.Contains(alien(), name) {
			continue
		}
		if err := st.set(o, v); err != nil {
			errs = append(errs, fmt.Errorf("variable %s: %w", name, err))
		}
	}
	return errs
}

// alien are variables that other programs set; options that the original does
// not have are not read from them.
func alien() []string { return []string{"HOSTNAME", "MODEL", "OS", "SYSTEM", "RELOAD", "CHANNEL"} }

// Invocation is what a command line asks for.
type Invocation struct {
	// Version is set by --version and -v.
	Version bool
	// Help is set by --help and -h.
	Help bool
	// Root is the folder given by --root; default "/".
	Root string
	// Foreground writes the log to standard error (--foreground).
	Foreground bool
	// ForceUpdate asks the agent at work to download and apply its configuration
	// again (--force-update).
	ForceUpdate bool

	apply []func(*Options) error
}

// ParseArgs reads a command line. Flags are "--name value" or "--name=value",
// with "-" or "_" between words; the first other word ends them (§2). An unknown
// flag is an error with the original's text.
func ParseArgs(args []string) (*Invocation, error) {
	inv := &Invocation{Root: "/"}
	all := settings()
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		name, value, inline := strings.Cut(args[0], "=")
		args = args[1:]
		switch name {
		case "--version", "-v":
			inv.Version = true
			return inv, nil // it stops the parsing
		case "--help", "-h":
			inv.Help = true
			return inv, nil
		case "--force-update":
			inv.ForceUpdate = true
			continue
		case "--foreground", "-f":
			inv.Foreground = true
			continue
		}
		key := strings.ReplaceAll(strings.TrimPrefix(name, "--"), "-", "_")
		i := slices.IndexFunc(all, func(s setting) bool { return s.name == key })
		if !strings.HasPrefix(name, "--") || i < 0 && key != "root" {
			return nil, fmt.Errorf("Invalid option: %s", name) //nolint:staticcheck // the original's text
		}
		if !inline {
			if len(args) == 0 {
				return nil, fmt.Errorf("option %s needs a value", name)
			}
			value, args = args[0], args[1:]
		}
		if key == "root" {
			inv.Root = value
			continue
		}
		inv.apply = append(inv.apply, func(o *Options) error {
			if value == "" {
				return nil
			}
			if err := all[i].set(o, value); err != nil {
				return fmt.Errorf("option %s: %w", name, err)
			}
			return nil
		})
	}
	return inv, nil
}

// Options returns the settings in force: defaults, then those of the UCI
// package openwisp in the tree, then the environment's, then the flags'. The
// second result are values that were not understood and left out.
func (inv *Invocation) Options(t *Tree, lookup func(string) (string, bool)) (Options, []error, error) {
	o := Defaults()
	var warnings []error
	content, err := t.ReadFile(identityFile)
	if err != nil {
		return o, nil, err
	}
	p, err := uci.Parse("openwisp", content)
	if err != nil {
		warnings = append(warnings, err)
		p = &uci.Package{}
	}
	warnings = append(warnings, o.LoadUCI(p)...)
	warnings = append(warnings, o.LoadEnv(lookup)...)
	for _, apply := range inv.apply {
		if err := apply(&o); err != nil {
			return o, nil, err
		}
	}
	return o, warnings, nil
}

// Usage returns the text of --help.
func Usage() string {
	var b strings.Builder
	b.WriteString("usage: wispwright-agent config [--root DIR] [--foreground] [--force-update] [--version] [--OPTION VALUE]...\n\n")
	b.WriteString("Options may also stand in /etc/config/openwisp, or in the environment in upper case.\n\n")
	for _, s := range settings() {
		fmt.Fprintf(&b, "  --%-24s %s\n", strings.ReplaceAll(s.name, "_", "-"), s.about)
	}
	return b.String()
}
