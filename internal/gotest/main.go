// Command gotest runs `go test` with the arguments it is given, prints what go
// test prints, and with -rerun runs each failed test once more by itself.
//
// A test that then passes is flaky: the run counts as passed, and the test is
// listed at the end with the output of its failure, so that it is seen and
// mended in the next change. A package that does not build, a failure outside
// any test, or more failures than mostReruns are never run again.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// mostReruns bounds the failures that can be chance: more are a fault.
const mostReruns = 8

func main() {
	rerun := flag.Bool("rerun", false, "run each failed test once more by itself")
	flag.Parse()
	passed, err := run(os.Stdout, flag.Args(), *rerun, goTest)
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(2)
	}
	if !passed {
		os.Exit(1)
	}
}

// starter runs go test with the arguments and hands its events to each.
type starter func(args []string, each func(line []byte)) error

// run is the command without the process: it reports whether all is well.
func run(w io.Writer, args []string, rerun bool, start starter) (bool, error) {
	first := newOutcome(w)
	if err := start(args, first.line); err != nil {
		return false, err
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", first.passed, len(first.failed), first.skipped)
	if first.good() {
		return true, nil
	}
	if !rerun || first.broken || len(first.failed) > mostReruns {
		return false, nil
	}
	return again(w, args, first, start)
}

// again runs the failed tests of the first run alone, one after another.
func again(w io.Writer, args []string, first *outcome, start starter) (bool, error) {
	var flaky []failure
	all := true
	for _, f := range first.failed {
		fmt.Fprintf(w, "\n== once more by itself: %s of %s\n", f.test, f.pkg)
		second := newOutcome(w)
		alone := withoutPackages(args)
		if !f.panicked() {
			alone = append(alone, "-run", pattern(f.test))
		}
		alone = append(alone, f.pkg)
		if err := start(alone, second.line); err != nil {
			return false, err
		}
		if second.good() && second.passed > 0 {
			flaky = append(flaky, f)
		} else {
			all = false
		}
	}
	for _, f := range flaky {
		fmt.Fprintf(w, "\n== FLAKY: %s of %s failed, and passed when run again. Its failure:\n%s", f.test, f.pkg, f.output)
	}
	return all, nil
}

// withoutPackages keeps the flags of the arguments: what starts with a dash.
// Flags are therefore written with an equals sign, as in -timeout=5m.
func withoutPackages(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(a string) bool { return !strings.HasPrefix(a, "-") })
}

// pattern selects one test, or a subtest and those above it.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// goTest is the starter of the command.
func goTest(args []string, each func([]byte)) error {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := lines(out, each); err != nil {
		return err
	}
	// what failed was said by the events; a process that ends badly without
	// one is told to the reader of events by a line that is none
	if err := cmd.Wait(); err != nil {
		each([]byte("go test: " + err.Error()))
	}
	return nil
}
