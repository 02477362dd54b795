package netjsoncli

import (
	"fmt"
	"slices"
	"strings"
)

// options are the command line, read.
type options struct {
	config, native  string
	hasConfig       bool
	backend, method string
	templates, args []string
	verbose         bool
	version, help   bool
}

// option describes one option; several says that it takes any number of values.
type option struct {
	short, long    string
	value, several bool
	set            func(o *options, value string)
}

func optionTable() []option {
	return []option{
		{"-c", "--config", true, false, func(o *options, v string) { o.config, o.hasConfig = v, true }},
		{"-t", "--templates", true, true, func(o *options, v string) { o.templates = append(o.templates, v) }},
		{"-n", "--native", true, false, func(o *options, v string) { o.native = v }},
		{"-b", "--backend", true, false, func(o *options, v string) { o.backend = v }},
		{"-m", "--method", true, false, func(o *options, v string) { o.method = v }},
		{"-a", "--args", true, true, func(o *options, v string) { o.args = append(o.args, v) }},
		{"", "--verbose", false, false, func(o *options, _ string) { o.verbose = true }},
		{"-v", "", false, false, func(o *options, _ string) { o.verbose = true }},
		{"", "--version", false, false, func(o *options, _ string) { o.version = true }},
		{"-h", "--help", false, false, func(o *options, _ string) { o.help = true }},
	}
}

func methods() []string { return []string{"render", "generate", "write", "validate", "json"} }

// usageError is an error in the command line itself.
type usageError string

func (e usageError) Error() string { return string(e) }

// readOptions reads the arguments without the program's name.
func readOptions(args []string, backends []string) (*options, error) {
	o, all := new(options), args
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		opt, inline, err := find(word)
		if err != nil {
			return nil, err
		}
		switch {
		case !opt.value:
			if inline != nil {
				return nil, usageError(fmt.Sprintf("argument %s: ignored explicit argument %q", opt.long, *inline))
			}
			opt.set(o, "")
		case inline != nil:
			opt.set(o, *inline)
		case opt.several:
			for len(args) > 0 && !isOption(args[0]) {
				opt.set(o, args[0])
				args = args[1:]
			}
		default:
			if len(args) == 0 || isOption(args[0]) {
				return nil, usageError(fmt.Sprintf("argument %s/%s: expected one argument", opt.short, opt.long))
			}
			opt.set(o, args[0])
			args = args[1:]
		}
		if o.help || o.version {
			return o, nil
		}
	}
	if o.verbose && o.backend == "" && o.method == "" && o.native == "" && !o.hasConfig && slices.Contains(all, "-v") {
		o.version = true // alone, -v asks for the version
		return o, nil
	}
	var missing []string
	if o.backend == "" {
		missing = append(missing, "--backend/-b")
	}
	if o.method == "" {
		missing = append(missing, "--method/-m")
	}
	if len(missing) > 0 {
		return nil, usageError("the following arguments are required: " + strings.Join(missing, ", "))
	}
	if !slices.Contains(backends, o.backend) {
		return nil, usageError(fmt.Sprintf("argument --backend/-b: invalid choice: %q (choose from %s)", o.backend, strings.Join(backends, ", ")))
	}
	if !slices.Contains(methods(), o.method) {
		return nil, usageError(fmt.Sprintf("argument --method/-m: invalid choice: %q (choose from %s)", o.method, strings.Join(methods(), ", ")))
	}
	return o, nil
}

// isOption reports whether a word begins an option; configurations begin with a
// brace, and a lone dash is a value.
func isOption(word string) bool { return len(word) > 1 && word[0] == '-' }

// find finds the option a word names: -c, -cVALUE, --config, --config=VALUE, or
// a beginning of a long name that only one has.
func find(word string) (option, *string, error) {
	if !isOption(word) {
		return option{}, nil, usageError("unrecognized arguments: " + word)
	}
	if !strings.HasPrefix(word, "--") {
		for _, opt := range optionTable() {
			if opt.short == word {
				return opt, nil, nil
			}
			if opt.short != "" && opt.value && strings.HasPrefix(word, opt.short) {
				rest := strings.TrimPrefix(word[2:], "=")
				return opt, &rest, nil
			}
		}
		return option{}, nil, usageError("unrecognized arguments: " + word)
	}
	name, value, inline := strings.Cut(word, "=")
	var found []option
	for _, opt := range optionTable() {
		if opt.long == name {
			found = []option{opt}
			break
		}
		if opt.long != "" && strings.HasPrefix(opt.long, name) {
			found = append(found, opt)
		}
	}
	if len(found) != 1 {
		return option{}, nil, usageError("unrecognized arguments: " + word)
	}
	if inline {
		return found[0], &value, nil
	}
	return found[0], nil, nil
}
