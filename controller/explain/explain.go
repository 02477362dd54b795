// Package explain tells where the lines and variables of a configuration come
// from, and how two texts differ. It knows no storage.
package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/variable"
)

// Origin is a level from which a variable or a line comes.
type Origin string

// The origins, the strongest first.
const (
	Device       Origin = "device"
	System       Origin = "system"
	Provided     Origin = "provided"
	Group        Origin = "group"
	Organization Origin = "organization"
	Global       Origin = "global"
	Template     Origin = "template"
	// Hostname is a line that follows from the name of the device.
	Hostname Origin = "hostname"
)

// Value is what one level says of a variable.
type Value struct {
	// Origin is the level.
	Origin Origin
	// ID and Name are the template's, group's or organization's; zero for other levels.
	ID   wispwright.ID
	Name string
	// Value is any JSON value, a mask of a secret one.
	Value any
	// Secret says that the value is one that nobody is shown.
	Secret bool
}

// Variable is a variable with what all levels say of it.
type Variable struct {
	// Name is its name.
	Name string
	// Values are what levels say, the strongest, which counts, first. A variable
	// without any is used and not defined.
	Values []Value
	// Declared is what the strongest level that declares it says, nil for none.
	Declared *variable.Declaration
	// Fault says what is wrong with the value that counts, empty for nothing.
	Fault string
	// Used names what uses it: the names of templates, and "" for the device's own
	// configuration.
	Used []string
}

// Span are lines of a text that come from one place.
type Span struct {
	// From and To are the numbers of the first and the last line, from 1.
	From, To int
	// Origin is Template, Device or Hostname.
	Origin Origin
	// ID and Name are the template's.
	ID   wispwright.ID
	Name string
}

// mostPairs bounds the pairs of lines that Match compares.
const mostPairs = 4 << 20

// Match returns the pairs of positions at which two lists have a line in
// common: a longest common subsequence, in order.
func Match(a, b []string) (pairs [][2]int) {
	first := 0
	for first < len(a) && first < len(b) && a[first] == b[first] {
		pairs = append(pairs, [2]int{first, first})
		first++
	}
	last := 0
	for last < len(a)-first && last < len(b)-first && a[len(a)-1-last] == b[len(b)-1-last] {
		last++
	}
	pairs = append(pairs, middle(a[first:len(a)-last], b[first:len(b)-last], first)...)
	for i := last; i > 0; i-- {
		pairs = append(pairs, [2]int{len(a) - i, len(b) - i})
	}
	return pairs
}

// middle matches what is left between equal ends by the usual table.
func middle(a, b []string, offset int) (pairs [][2]int) {
	if len(a) == 0 || len(b) == 0 || len(a)*len(b) > mostPairs {
		return nil
	}
	width := len(b) + 1
	table := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i*width+j] = table[(i+1)*width+j+1] + 1
			} else {
				table[i*width+j] = max(table[(i+1)*width+j], table[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			pairs = append(pairs, [2]int{offset + i, offset + j})
			i, j = i+1, j+1
		case table[(i+1)*width+j] >= table[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

// Lines splits a text; a last empty line is left out.
func Lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// Blame returns for each line of the last text the position of the first of the
// texts that has it, when each text grew out of the one before.
func Blame(texts []string) []int {
	var lines []string
	var from []int
	for n, text := range texts {
		next := Lines(text)
		of := make([]int, len(next))
		for i := range of {
			of[i] = n
		}
		for _, p := range Match(lines, next) {
			of[p[1]] = from[p[0]]
		}
		lines, from = next, of
	}
	return from
}

// context is how many equal lines stand around a difference.
const context = 3

// Unified writes how one text becomes another, as diff -u does; it is empty for
// equal texts.
func Unified(a, b string) string {
	x, y := Lines(a), Lines(b)
	type op struct {
		sign byte
		text string
		i, j int
	}
	var ops []op
	i, j := 0, 0
	for _, p := range append(Match(x, y), [2]int{len(x), len(y)}) {
		for ; i < p[0]; i++ {
			ops = append(ops, op{'-', x[i], i, j})
		}
		for ; j < p[1]; j++ {
			ops = append(ops, op{'+', y[j], i, j})
		}
		if i < len(x) && j < len(y) {
			ops = append(ops, op{' ', x[i], i, j})
			i, j = i+1, j+1
		}
	}
	var out strings.Builder
	for at := 0; at < len(ops); {
		if ops[at].sign == ' ' {
			at++
			continue
		}
		from, end, quiet := max(0, at-context), at, 0
		for end < len(ops) && quiet <= 2*context {
			if quiet++; ops[end].sign != ' ' {
				quiet = 0
			}
			end++
		}
		end -= max(0, quiet-context)
		var body strings.Builder
		olds, news := 0, 0
		for _, o := range ops[from:end] {
			if o.sign != '+' {
				olds++
			}
			if o.sign != '-' {
				news++
			}
			body.WriteByte(o.sign)
			body.WriteString(o.text + "\n")
		}
		fmt.Fprintf(&out, "@@ -%s +%s @@\n%s", place(ops[from].i, olds), place(ops[from].j, news), body.String())
		at = end
	}
	return out.String()
}

// place is how diff writes a range of lines.
func place(from, n int) string {
	if n == 0 {
		return fmt.Sprintf("%d,0", from)
	}
	return fmt.Sprintf("%d,%d", from+1, n)
}

// placeholders finds the names that a text speaks of.
var placeholders = regexp.MustCompile(`\{\{(?:\s|\\[a-z])*([\p{L}\p{N}_]+)(?:\s|\\[a-z])*\}\}`)

// Disguised reports whether a JSON text may speak of variables in another spelling of
// braces than that which Used finds.
func Disguised(text string) bool {
	return strings.Contains(text, `\u007`) && strings.Contains(strings.ToLower(text), `\u007b`)
}

// Used returns the names of the variables in a configuration, in order.
func Used(config string) []string {
	if !strings.Contains(config, "{{") {
		return nil
	}
	var out []string
	for _, m := range placeholders.FindAllStringSubmatch(config, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}
