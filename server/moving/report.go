package moving

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/wispwright/wispwright"
)

// maxFaults bounds how many faults are told one by one.
const maxFaults = 1000

// Report tells what an import did, or would do.
type Report struct {
	// Tables are what was read, in the order in which it was.
	Tables []*Count
	// Notices are what an administrator should know; they stop nothing.
	Notices []string
	// Faults are rows that cannot be stored, with their tables, at most 1,000.
	Faults []string
	// Faulty is how many faults there are.
	Faulty int
}

// Count is what became of the rows of a table.
type Count struct {
	// Table is the table's name in OpenWISP.
	Table string
	// Read is how many rows were read.
	Read int
	// Added is how many were not there before.
	Added int
	// Changed is how many were there and differed.
	Changed int
	// Same is how many were there already.
	Same int
	// Left is how many were left out, for a fault of their own or of what they
	// belong to.
	Left int
}

func (c *Count) done(action string) {
	switch action {
	case "add":
		c.Added++
	case "change":
		c.Changed++
	default:
		c.Same++
	}
}

// Changes is how many rows were added or changed.
func (r *Report) Changes() (n int) {
	for _, c := range r.Tables {
		n += c.Added + c.Changed
	}
	return n
}

func (r *Report) table(name string) *Count {
	if i := slices.IndexFunc(r.Tables, func(c *Count) bool { return c.Table == name }); i >= 0 {
		return r.Tables[i]
	}
	c := &Count{Table: name}
	r.Tables = append(r.Tables, c)
	return c
}

func (r *Report) fault(where fmt.Stringer, err error) {
	r.Faulty++
	if len(r.Faults) < maxFaults {
		text := err.Error()
		var invalid *wispwright.ValidationError
		if errors.As(err, &invalid) {
			// which service refused the row tells an administrator nothing
			text = strings.TrimPrefix(invalid.Error(), "invalid: ")
		}
		if missing := (*wispwright.MissingError)(nil); errors.As(err, &missing) {
			text = strings.TrimSpace("what it belongs to is not there " + missing.Key)
		}
		r.Faults = append(r.Faults, where.String()+": "+text)
	}
}

func (r *Report) notice(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(r.Notices, text) {
		r.Notices = append(r.Notices, text)
	}
}

// WriteTo writes the report for people.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "rows\tadded\tchanged\tthe same\tleft out\t  table")
	for _, c := range r.Tables {
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t  %s\n", c.Read, c.Added, c.Changed, c.Same, c.Left, c.Table)
	}
	if err := t.Flush(); err != nil {
		return 0, err
	}
	for _, n := range r.Notices {
		fmt.Fprintln(&b, "notice:", n)
	}
	for _, f := range r.Faults {
		fmt.Fprintln(&b, "fault:", f)
	}
	if more := r.Faulty - len(r.Faults); more > 0 {
		fmt.Fprintf(&b, "fault: and %d more\n", more)
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}
