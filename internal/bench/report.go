package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"
)

// column is what was measured on one database.
type column struct {
	name         string
	ready        time.Duration
	bare         *outcome // measured in turns with the warm checksum
	rows         map[string]*outcome
	shares       map[string]float64 // of the rate of the bare handler in the same minute
	failed       []error            // of the parts that cost their rows
	progress     io.Writer
	saved        time.Duration
	fanOut       float64
	cycles       float64
	memory, peak float64
	scale        *scale
}

// add keeps a row and tells of it at once: a run that is cut short has said
// what it measured.
func (c *column) add(o *outcome) {
	c.rows[o.name] = o
	fmt.Fprintf(c.progress, "bench: %s: %s: %s\n", c.name, o.name, c.figure(o.name))
}

// part runs a part of a measurement and remembers its failure.
func (c *column) part(name string, run func() error) {
	if err := run(); err != nil {
		err = fmt.Errorf("%s: %w", name, err)
		c.failed = append(c.failed, err)
		fmt.Fprintf(c.progress, "bench: %s: failed: %v\n", c.name, err)
		return
	}
	fmt.Fprintf(c.progress, "bench: %s: measured: %s\n", c.name, name)
}

// figure is a row's text, with its share of the bare handler where both were
// measured in turns.
func (c *column) figure(name string) string {
	o := c.rows[name]
	text := figure(o)
	if share, ok := c.shares[name]; ok && o != nil {
		text += fmt.Sprintf(", %.1f %% of bare", 100*share)
	}
	return text
}

type results struct {
	columns []*column
}

// err names what could not be measured.
func (r *results) err() error {
	var failed []error
	for _, c := range r.columns {
		for _, err := range c.failed {
			failed = append(failed, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(failed...)
}

// print writes the tables of spec/performance.md.
func (r *results) print(w io.Writer) {
	fmt.Fprintf(w, "4 connections, %d cores shared with the load; req/s (p99)\n\n", cores())
	fmt.Fprint(w, "| endpoint | reference | target |")
	for _, c := range r.columns {
		fmt.Fprintf(w, " %s |", c.name)
	}
	fmt.Fprint(w, "\n|---|---|---|")
	for range r.columns {
		fmt.Fprint(w, "---|")
	}
	fmt.Fprintln(w)
	for _, row := range []struct{ name, reference, target string }{
		{"checksum, warm", "1,250 (13 ms)", "≥ 25,000 and half of bare"},
		{"checksum, cold", "101 (225 ms)", "≥ 5,000"},
		{"download-config", "126 (44 ms)", "≥ 5,000"},
		{"register", "80 (68 ms)", "≥ 2,000 (SQLite ≥ 1,000)"},
		{"device list, 10 per page", "225 (109 ms)", "≥ 5,000"},
		{"device list, 100 per page", "95 (223 ms)", "≥ 1,500"},
		{"device detail", "351 (22 ms)", "≥ 7,000"},
	} {
		fmt.Fprintf(w, "| %s | %s | %s |", row.name, row.reference, row.target)
		for _, c := range r.columns {
			fmt.Fprintf(w, " %s |", c.figure(row.name))
		}
		fmt.Fprintln(w)
	}
	r.row(w, "bare net/http, in turns with the warm checksum", "50,000-58,000", "", func(c *column) string { return figure(c.bare) })
	r.row(w, "registered → applied, cycles/s", "", "", func(c *column) string { return number(c.cycles) })
	r.row(w, "answer to a changed template of all seeded devices", "times out", "< 300 ms", func(c *column) string { return duration(c.saved) })
	r.row(w, "configurations made anew after it, per s", "", "≥ 1,000", func(c *column) string { return number(c.fanOut) })
	r.row(w, "empty directory to ready", "minutes", "< 1 s", func(c *column) string { return c.ready.Round(time.Millisecond).String() })
	r.row(w, "resident memory with 10,000 polling devices (peak)", "> 1 GB", "< 200 MiB", func(c *column) string {
		if c.peak == 0 {
			return notMeasured
		}
		return fmt.Sprintf("%.0f MiB (%.0f)", c.memory, c.peak)
	})
	r.scaleRows(w)
}

// scaleRows tell of the template that very many devices use.
func (r *results) scaleRows(w io.Writer) {
	row := func(name, reference, target string, value func(s *scale) string) {
		r.row(w, name, reference, target, func(c *column) string {
			if c.scale == nil {
				return notMeasured
			}
			return value(c.scale)
		})
	}
	for _, c := range r.columns {
		if c.scale != nil {
			name := fmt.Sprintf("answer to a changed template of %d devices", c.scale.devices)
			row(name, "times out", "< 300 ms", func(s *scale) string { return duration(s.saved) })
			break
		}
	}
	row("configurations made anew after it, per s", "", "≥ 1,000", func(s *scale) string { return number(s.fanOut) })
	row("polls' p99 before → meanwhile", "", "< 3 ×", func(s *scale) string {
		idle, busy := s.idle.latency.Quantile(0.99), s.busy.latency.Quantile(0.99)
		text := fmt.Sprintf("%s → %s (%.1f ×)", duration(idle), duration(busy), float64(busy)/float64(idle))
		if n := s.idle.failed + s.busy.failed; n > 0 {
			text += fmt.Sprintf(", %d failed", n)
		}
		return text
	})
}

const notMeasured = "—"

func number(n float64) string {
	if n == 0 {
		return notMeasured
	}
	return fmt.Sprintf("%.0f", n)
}

func duration(d time.Duration) string {
	if d == 0 {
		return notMeasured
	}
	return d.Round(10 * time.Microsecond).String()
}

func (r *results) row(w io.Writer, name, reference, target string, value func(*column) string) {
	fmt.Fprintf(w, "| %s | %s | %s |", name, reference, target)
	for _, c := range r.columns {
		fmt.Fprintf(w, " %s |", value(c))
	}
	fmt.Fprintln(w)
}

func figure(o *outcome) string {
	if o == nil {
		return notMeasured
	}
	text := fmt.Sprintf("%.0f (%s)", o.rate(), o.latency.Quantile(0.99).Round(10*time.Microsecond))
	if o.failed > 0 {
		text += fmt.Sprintf(", %d failed: %v", o.failed, o.first)
	}
	return text
}

func cores() int { return runtime.GOMAXPROCS(0) }
