package monitoring

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// Version is the version of openwisp-monitoring whose behaviour the agent has.
const Version = "0.2.1"

// Mode is which of the two halves a process does.
type Mode string

// The modes. Without one a process does both.
const (
	ModeBoth    Mode = ""
	ModeCollect Mode = "collect"
	ModeSend    Mode = "send"
)

// Options are the agent's settings (§2).
type Options struct {
	// Mode is which half this process does.
	Mode Mode
	// Monitored are the interfaces whose traffic is reported; default all.
	Monitored Monitored
	// Interval is the time between two documents; default 5 minutes.
	Interval time.Duration
	// Verbose logs progress.
	Verbose bool
	// RequiredMemory is the share of the memory that must be available; default 0.05.
	RequiredMemory float64
	// MaxRetries is how often a document is tried before the agent pauses; default 5.
	MaxRetries int
	// BootupDelay is the upper bound of the random delay after a boot; default 10 s.
	BootupDelay time.Duration
	// SpoolLimit bounds the waiting documents, in bytes; 0: a sixteenth of the
	// device's memory, from 512 KiB to 16 MiB.
	SpoolLimit int64
	// URL is the controller's base address. Required to send.
	URL string
	// Credentials are the device's id and key. Without both they are looked for in
	// the configuration until they are there.
	Credentials agent.Credentials
	// HTTP says how requests are made.
	HTTP agent.HTTPOptions
}

// Defaults returns the options' defaults.
func Defaults() Options {
	return Options{
		Monitored: ParseMonitored("*"), Interval: 5 * time.Minute, RequiredMemory: 0.05, MaxRetries: 5, BootupDelay: 10 * time.Second,
		HTTP: agent.Defaults().HTTP,
	}
}

// ErrInterval is what the original says of an interval it does not understand.
var ErrInterval = errors.New("Interval is invalid. Use time value(eg: '10', '2m', '3h', '1d')") //nolint:staticcheck // the original's text

// ParseInterval reads a number of seconds, or of another unit: "10", "10s",
// "2m", "3h", "1d".
func ParseInterval(v string) (time.Duration, error) {
	unit := time.Second
	digits := v
	if v != "" {
		known := true
		switch v[len(v)-1] {
		case 's':
		case 'm':
			unit = time.Minute
		case 'h':
			unit = time.Hour
		case 'd':
			unit = 24 * time.Hour
		default:
			known = false
		}
		if known {
			digits = v[:len(v)-1]
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > 1e8 || time.Duration(n)*unit > 365*24*time.Hour {
		return 0, ErrInterval
	}
	return time.Duration(n) * unit, nil
}

// setting is one option: of UCI, and a flag of the same name.
type setting struct {
	name  string
	about string
	set   func(o *Options, v string) error
}

// own are the options of the section "monitoring".
func own() []setting {
	return []setting{
		{"monitored_interfaces", "interfaces whose traffic is reported, separated by spaces; * for all (*)", func(o *Options, v string) error { o.Monitored = ParseMonitored(v); return nil }},
		{"interval", "time between two documents: 300, 10s, 2m, 3h, 1d (300)", func(o *Options, v string) (err error) {
			d, err := ParseInterval(v)
			if err == nil {
				o.Interval = d
			}
			return err
		}},
		{"verbose_mode", "1 logs progress (0)", func(o *Options, v string) error {
			if v != "0" && v != "1" {
				return fmt.Errorf("%q is neither 0 nor 1", v)
			}
			o.Verbose = v == "1"
			return nil
		}},
		{"required_memory", "share of the memory that must be available to collect (0.05)", func(o *Options, v string) error {
			f, err := strconv.ParseFloat(v, 64)
			if err != nil || !(f >= 0 && f < 1) {
				return fmt.Errorf("%q is not a share from 0 to 1", v)
			}
			o.RequiredMemory = f
			return nil
		}},
		{"max_retries", "attempts to deliver a document before a pause (5)", func(o *Options, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > 1000 {
				return fmt.Errorf("%q is not a number from 1 to 1000", v)
			}
			o.MaxRetries = n
			return nil
		}},
		{"bootup_delay", "upper bound of the random delay after a boot, in seconds (10)", func(o *Options, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 0 || n > 1e6 {
				return fmt.Errorf("%q is not a number of seconds from 0 to 1000000", v)
			}
			o.BootupDelay = time.Duration(n) * time.Second
			return nil
		}},
		{"spool_limit", "room for waiting documents in KiB (a sixteenth of the memory)", func(o *Options, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 16 || n > 1<<20 {
				return fmt.Errorf("%q is not a number of KiB from 16 to 1048576", v)
			}
			o.SpoolLimit = int64(n) << 10
			return nil
		}},
	}
}

// shared are the flags for what stands in the configuration of the other agent.
func shared() []string { return []string{"url", "uuid", "key", "verify_ssl", "cacert", "capath"} }

// Invocation is what a command line asks for.
type Invocation struct {
	// Version, Help are set by --version and -v, --help and -h.
	Version, Help bool
	// Root is the folder given by --root; default "/".
	Root string
	// Foreground writes the log to standard error.
	Foreground bool
	// Dump is set by --dump, of DumpInterfaces: print one document and end.
	Dump           bool
	DumpInterfaces string
	// Mode is that of --mode.
	Mode Mode

	flags  [][2]string // of this agent
	shared []string    // for the other agent's parser
}

// ParseArgs reads a command line: "--name value" or "--name=value" (§2).
func ParseArgs(args []string) (*Invocation, error) {
	inv := &Invocation{Root: "/"}
	known := map[string]bool{"mode": true, "root": true, "dump": true}
	for _, s := range own() {
		known[s.name] = true
	}
	for _, name := range shared() {
		known[name] = true
	}
	for len(args) > 0 {
		flag, value, inline := strings.Cut(args[0], "=")
		args = args[1:]
		switch flag {
		case "--version", "-v":
			inv.Version = true
			return inv, nil
		case "--help", "-h":
			inv.Help = true
			return inv, nil
		case "--foreground", "-f":
			inv.Foreground = true
			continue
		}
		// the original's help shows dashes, which its parser does not know
		name := strings.ReplaceAll(strings.TrimPrefix(flag, "--"), "-", "_")
		if !strings.HasPrefix(flag, "--") || !known[name] {
			return nil, fmt.Errorf("Invalid option: %s", flag) //nolint:staticcheck // the original's text
		}
		if !inline {
			if len(args) == 0 {
				return nil, fmt.Errorf("option %s needs a value", flag)
			}
			value, args = args[0], args[1:]
		}
		switch name {
		case "root":
			inv.Root = value
		case "dump":
			inv.Dump, inv.DumpInterfaces = true, value
		case "mode":
			inv.Mode = Mode(value)
			if inv.Mode != ModeCollect && inv.Mode != ModeSend {
				return nil, errors.New("The supplied mode is invalid. Only send and collect are allowed") //nolint:staticcheck // the original's text
			}
		case "url", "uuid", "key", "verify_ssl", "cacert", "capath":
			inv.shared = append(inv.shared, "--"+name, value)
		default:
			inv.flags = append(inv.flags, [2]string{name, value})
		}
	}
	return inv, nil
}

// Options returns the settings in force: defaults, then those of the UCI packages
// openwisp and openwisp-monitoring, then the flags'. The second result are values
// that were not understood and left out.
func (inv *Invocation) Options(t *agent.Tree, lookup func(string) (string, bool)) (Options, []error, error) {
	o := Defaults()
	config, err := agent.ParseArgs(inv.shared)
	if err != nil {
		return o, nil, err
	}
	other, warnings, err := config.Options(t, lookup)
	if err != nil {
		return o, nil, err
	}
	o.Mode, o.URL, o.Credentials, o.HTTP = inv.Mode, other.URL, other.Credentials, other.HTTP
	content, err := t.ReadFile("/etc/config/openwisp-monitoring")
	if err != nil {
		return o, warnings, err
	}
	p, err := uci.Parse("openwisp-monitoring", content)
	if err != nil {
		warnings = append(warnings, err)
		p = &uci.Package{}
	}
	for _, section := range p.OfType("monitoring") {
		for _, s := range own() {
			v := section.Get(s.name)
			if v == "" {
				continue
			}
			if err := s.set(&o, v); err != nil {
				if errors.Is(err, ErrInterval) {
					return o, warnings, err // as the original's start script has it
				}
				warnings = append(warnings, fmt.Errorf("option %s: %w", s.name, err))
			}
		}
	}
	for _, f := range inv.flags {
		for _, s := range own() {
			if s.name == f[0] {
				if err := s.set(&o, f[1]); err != nil {
					return o, warnings, fmt.Errorf("option --%s: %w", s.name, err)
				}
			}
		}
	}
	return o, warnings, nil
}

// Usage returns the text of --help.
func Usage() string {
	var b strings.Builder
	b.WriteString("usage: wispwright-agent monitoring [--mode collect|send] [--root DIR] [--foreground] [--OPTION VALUE]...\n" +
		"       wispwright-agent monitoring --dump \"INTERFACES\"\n\n" +
		"Collects what the device measures and sends it to the controller; without a mode both in one process.\n" +
		"Options may also stand in /etc/config/openwisp-monitoring and, the last six, in /etc/config/openwisp.\n\n")
	for _, s := range own() {
		fmt.Fprintf(&b, "  --%-24s %s\n", s.name, s.about)
	}
	for _, name := range shared() {
		fmt.Fprintf(&b, "  --%-24s as of wispwright-agent config\n", name)
	}
	return b.String()
}
