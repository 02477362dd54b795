package netjsoncli

import (
	"fmt"
	"strconv"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// arguments are the items of -a: text, or a boolean.
type arguments map[string]any

// readArguments reads NAME=VALUE items; True and 1, False and 0 are booleans.
func readArguments(items []string) (arguments, error) {
	args := arguments{}
	for _, item := range items {
		if strings.Count(item, "=") != 1 {
			return nil, &statusError{ExitArguments, "netjsonconfig: --arg option expects arguments in the following format: arg1=val1 arg2=val2"}
		}
		name, text, _ := strings.Cut(item, "=") // counted above
		switch text {
		case "True", "1":
			args[name] = true
		case "False", "0":
			args[name] = false
		default:
			args[name] = text
		}
	}
	return args, nil
}

func methodError(format string, args ...any) error {
	return &statusError{ExitMethod, "netjsonconfig: " + fmt.Sprintf(format, args...)}
}

// only refuses arguments the method does not have.
func (a arguments) only(method string, names ...string) error {
	for name := range a {
		known := false
		for _, n := range names {
			known = known || n == name
		}
		if !known {
			return methodError("%s() got an unexpected keyword argument '%s'", method, name)
		}
	}
	return nil
}

// truth is an argument as a boolean; any text is true.
func (a arguments) truth(name string, otherwise bool) bool {
	switch v := a[name].(type) {
	case bool:
		return v
	case string:
		return v != ""
	}
	return otherwise
}

func (a arguments) text(name, otherwise string) string {
	switch v := a[name].(type) {
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return v
	}
	return otherwise
}

// call runs a method and returns what it prints.
func call(config *njc.Config, method string, args arguments) ([]byte, error) {
	switch method {
	case "render":
		if err := args.only(method, "files"); err != nil {
			return nil, err
		}
		render := config.Render
		if !args.truth("files", true) {
			render = config.RenderNative
		}
		text, err := render()
		return []byte(text + "\n"), err
	case "generate":
		if err := args.only(method); err != nil {
			return nil, err
		}
		return config.Generate()
	case "validate":
		if err := args.only(method); err != nil {
			return nil, err
		}
		return nil, config.Validate()
	case "write":
		if err := args.only(method, "name", "path"); err != nil {
			return nil, err
		}
		if _, ok := args["name"]; !ok {
			return nil, methodError("write() missing 1 required positional argument: 'name'")
		}
		return nil, config.Write(args.text("name", ""), args.text("path", "./"))
	}
	return callJSON(config, args)
}

// callJSON prints NetJSON; indent, sort_keys and ensure_ascii are those of
// Python's encoder. Text is not escaped whatever ensure_ascii says: both
// spellings are the same JSON.
func callJSON(config *njc.Config, args arguments) ([]byte, error) {
	if err := args.only("json", "validate", "indent", "sort_keys", "ensure_ascii"); err != nil {
		return nil, err
	}
	o := &njc.JSONOptions{SkipValidation: !args.truth("validate", true)}
	switch indent := args["indent"].(type) {
	case bool:
		if indent {
			o.Indent = " "
		}
	case string:
		n, err := strconv.Atoi(indent)
		if err != nil || n < 0 || n > 100 {
			return nil, methodError("json() argument 'indent' is not a number of spaces: %s", indent)
		}
		o.Indent = strings.Repeat(" ", n)
	}
	text, err := config.JSON(o)
	if err != nil || !args.truth("sort_keys", false) {
		return []byte(text + "\n"), err
	}
	doc, err := ordered.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("sort keys: %w", err)
	}
	doc = sorted(doc)
	if o.Indent != "" {
		return append(ordered.AppendIndent(nil, doc, "", o.Indent), '\n'), nil
	}
	return append(ordered.Append(nil, doc), '\n'), nil
}
