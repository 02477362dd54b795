package netjsoncli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Version is the release of the reference implementation whose behaviour this
// command has; the option --version prints it.
const Version = "1.1.3"

// Exit statuses (§17).
const (
	ExitOK         = 0
	ExitInput      = 1 // a file that is not there, or no input at all
	ExitUsage      = 2 // the command line, or text that is not JSON
	ExitArguments  = 3 // an item of -a that is not NAME=VALUE
	ExitValidation = 4 // the configuration breaks its schema
	ExitMethod     = 5 // the method does not take these arguments
)

// maxInput bounds every file that is read.
const maxInput = 64 << 20

// Program is the command over a set of backends.
type Program struct {
	// Backends are what -b chooses from.
	Backends *njc.Registry
}

// Run carries out one command line (without the program's name) and returns the
// exit status. environ, in the form of os.Environ, is the context of variables.
func (p *Program) Run(args []string, stdout, stderr io.Writer, environ []string) int {
	var names []string
	for _, b := range p.Backends.Backends() {
		names = append(names, b.Key)
	}
	o, err := readOptions(args, names)
	switch {
	case err != nil:
		say(stderr, "%s\nnetjsonconfig: error: %s\n", usage, err)
		return ExitUsage
	case o.help:
		say(stdout, "%s\n%s", usage, help)
		return ExitOK
	case o.version:
		say(stdout, "netjsonconfig %s\n", Version)
		return ExitOK
	}
	backend, _ := p.Backends.Get(o.backend) // readOptions has checked it
	warn := func(message string) { say(stderr, "netjsonconfig: %s\n", message) }
	out, err := run(backend, o, environ, warn, stderr)
	if err != nil {
		text, status := explain(err, o.verbose)
		say(stdout, "%s\n", text)
		return status
	}
	if _, err := stdout.Write(out); err != nil {
		say(stderr, "netjsonconfig: %s\n", err)
		return ExitInput
	}
	return ExitOK
}

// say prints; an output that is gone cannot be told anything.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// status errors end the program with a text and a status of their own.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

func run(backend *njc.Backend, o *options, environ []string, warn func(string), stderr io.Writer) ([]byte, error) {
	config, err := open(backend, o, environ, warn, stderr)
	if err != nil {
		return nil, err
	}
	args, err := readArguments(o.args)
	if err != nil {
		return nil, err
	}
	return call(config, o.method, args)
}

// open makes the configuration the options describe.
func open(backend *njc.Backend, o *options, environ []string, warn func(string), stderr io.Writer) (*njc.Config, error) {
	if !o.hasConfig {
		if o.native == "" {
			return nil, &statusError{ExitInput, "E" + strings.TrimPrefix(njc.ErrNoInput.Error(), "e")}
		}
		native, err := readFile(o.native)
		if err != nil {
			return nil, err
		}
		config, report, err := njc.ParseReporting(backend, native, &njc.Options{Warn: warn})
		if err == nil && o.verbose {
			say(stderr, "%s", reportText(report))
		}
		return config, err
	}
	config, err := readObject(o.config)
	if err != nil {
		return nil, err
	}
	options := &njc.Options{Context: map[string]any{}, Warn: warn}
	for _, text := range o.templates {
		t, err := readObject(text)
		if err != nil {
			return nil, err
		}
		options.Templates = append(options.Templates, t)
	}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			options.Context[name] = value
		}
	}
	return njc.New(backend, config, options)
}

// reportText is a report for people, one line a note.
func reportText(report *njc.ParseReport) string {
	var b strings.Builder
	for _, n := range report.Notes {
		b.WriteString(n.String() + "\n")
	}
	if report.More > 0 {
		fmt.Fprintf(&b, "and %d more\n", report.More)
	}
	return b.String()
}

// readObject reads a configuration: text when it begins with a brace, else the
// name of a file.
func readObject(text string) (*ordered.Object, error) {
	raw := []byte(text)
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		var err error
		if raw, err = readFile(text); err != nil {
			return nil, err
		}
	}
	return njc.DecodeObject(raw)
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &statusError{ExitInput, fmt.Sprintf("netjsonconfig: cannot open \"%s\": file not found", name)}
	}
	if err != nil {
		return nil, &statusError{ExitInput, fmt.Sprintf("netjsonconfig: cannot open \"%s\": %s", name, err)}
	}
	defer f.Close() //nolint:errcheck // nothing was written
	raw, err := io.ReadAll(io.LimitReader(f, maxInput+1))
	if err == nil && len(raw) > maxInput {
		err = errors.New("file too large")
	}
	if err != nil {
		return nil, &statusError{ExitInput, fmt.Sprintf("netjsonconfig: cannot open \"%s\": %s", name, err)}
	}
	return raw, nil
}

// explain says what went wrong the way the original does (§17).
func explain(err error, verbose bool) (string, int) {
	var (
		own     *statusError
		invalid *njc.ValidationError
	)
	switch {
	case errors.As(err, &own):
		return own.text, own.status
	case errors.Is(err, njc.ErrNotObject):
		return "netjsonconfig: invalid JSON passed in config or templates", ExitUsage
	case errors.As(err, &invalid):
		info := "For more information repeat the command using --verbose"
		if verbose {
			info = details(invalid)
		}
		return "netjsonconfig: JSON Schema violation\n" + info, ExitValidation
	}
	return "netjsonconfig: " + err.Error(), ExitInput
}

// details is an error with that of the branch which was meant, else with those
// of all branches.
func details(e *njc.ValidationError) string {
	var b strings.Builder
	b.WriteString(e.Error())
	if m := e.Meant(); m != e {
		b.WriteString("\n\n#/" + strings.Join(m.Path(), "/") + ": " + m.Message)
		return b.String()
	}
	for _, c := range e.Causes {
		b.WriteString("\n\nAgainst schema " + c.SchemaPointer + ":\n  #" + c.Pointer + ": " + c.Message)
	}
	return b.String()
}
