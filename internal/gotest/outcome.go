package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// failure is a test that failed, with what it printed.
type failure struct {
	pkg, test string
	output    string
}

// panicked tells whether the failure ended the whole process, so that other
// tests of its package may not have run at all.
func (f failure) panicked() bool {
	return strings.HasPrefix(f.output, "panic: ") || strings.Contains(f.output, "\npanic: ") || strings.Contains(f.output, "\nfatal error: ")
}

// outcome gathers the events of one go test and prints what a reader of plain
// go test sees: a line a package, and the whole output of what failed.
type outcome struct {
	w               io.Writer
	passed, skipped int
	failed          []failure
	broken          bool // something failed that is no test
	reported        map[string]bool
	output          map[string]*strings.Builder
}

func newOutcome(w io.Writer) *outcome {
	return &outcome{w: w, reported: map[string]bool{}, output: map[string]*strings.Builder{}}
}

func (o *outcome) good() bool { return len(o.failed) == 0 && !o.broken }

// event is one line of go test -json (go doc test2json), and of go build -json.
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
}

// line takes one line of go test -json; a line that is no event is printed.
func (o *outcome) line(text []byte) {
	var e event
	if json.Unmarshal(text, &e) != nil || e.Action == "" {
		fmt.Fprintf(o.w, "%s\n", text)
		if strings.HasPrefix(string(text), "go test: ") && len(o.failed) == 0 {
			o.broken = true // it ended badly and no event said why
		}
		return
	}
	switch e.Action {
	case "output":
		o.printed(e)
	case "build-output":
		fmt.Fprint(o.w, e.Output)
	case "build-fail":
		o.broken = true
	case "pass", "skip", "fail":
		o.ended(e)
	}
}

// printed keeps a test's output until the test's end is known. The lines of a
// package that sum it up are shown at once.
func (o *outcome) printed(e event) {
	if e.Test == "" && (strings.HasPrefix(e.Output, "ok ") || strings.HasPrefix(e.Output, "FAIL") || strings.HasPrefix(e.Output, "---")) {
		fmt.Fprint(o.w, e.Output)
		return
	}
	key := e.Package + " " + e.Test
	if o.output[key] == nil {
		o.output[key] = &strings.Builder{}
	}
	o.output[key].WriteString(e.Output)
}

func (o *outcome) ended(e event) {
	key := e.Package + " " + e.Test
	text := ""
	if b := o.output[key]; b != nil {
		text = b.String()
		delete(o.output, key)
	}
	switch {
	case e.Action == "skip" && e.Test != "":
		o.skipped++
	case e.Action == "pass" && e.Test != "":
		o.passed++
	case e.Action == "fail" && e.Test == "":
		// the package: its own output counts when no test of it failed
		if !o.reported[e.Package] {
			o.broken = true
			fmt.Fprint(o.w, text)
		}
	case e.Action == "fail":
		fmt.Fprint(o.w, text)
		o.fail(failure{pkg: e.Package, test: e.Test, output: text})
	}
}

// fail notes a failed test. A test fails with its subtests: only the innermost
// are noted, which end first, with the output of those around them.
func (o *outcome) fail(f failure) {
	o.reported[f.pkg] = true
	for i, inner := range o.failed {
		if inner.pkg == f.pkg && strings.HasPrefix(inner.test, f.test+"/") {
			o.failed[i].output += f.output
			return
		}
	}
	o.failed = append(o.failed, f)
}

// lines hands each line of r on, however long it is.
func lines(r io.Reader, each func([]byte)) error {
	b := bufio.NewReaderSize(r, 1<<16)
	for {
		line, err := b.ReadBytes('\n')
		if len(line) > 0 {
			each([]byte(strings.TrimRight(string(line), "\n")))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
