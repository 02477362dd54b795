package remote

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/wispwright/wispwright"
)

func write(out io.Writer, format string, o wispwright.JSON) error {
	if format == "json" {
		return writeJSON(out, o)
	}
	return writeObject(out, o)
}

// writeJSON writes what the server said, indented.
func writeJSON(out io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	_, err := out.Write(b.Bytes())
	return err
}

// writeTable writes a line for each object.
func writeTable(out io.Writer, columns []string, objects []wispwright.JSON) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(columns, "\t")))
	for _, o := range objects {
		var fields map[string]any
		if err := o.Decode(&fields); err != nil {
			return err
		}
		cells := make([]string, len(columns))
		for i, column := range columns {
			cells[i] = cell(fields, column)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// writeObject writes a line for each field.
func writeObject(out io.Writer, o wispwright.JSON) error {
	var fields map[string]any
	if err := o.Decode(&fields); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(w, "%s\t%s\n", name, shown(fields[name]))
	}
	return w.Flush()
}

// cell is a field, or one inside others.
func cell(fields map[string]any, name string) string {
	first, rest, inside := strings.Cut(name, ".")
	if !inside {
		return shown(fields[name])
	}
	inner, ok := fields[first].(map[string]any)
	if !ok {
		return "-"
	}
	return cell(inner, rest)
}

// shown is a value on one line. Names of devices come from devices: nothing of
// them may steer the terminal.
func shown(v any) string {
	text, isText := v.(string)
	switch {
	case v == nil, isText && text == "":
		return "-"
	case !isText:
		raw, err := json.Marshal(v)
		if err != nil {
			return "-"
		}
		text = string(raw)
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
