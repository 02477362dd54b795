// Package netdiffcli is the command line over package netdiff: it reads
// topologies, compares two of them, and writes them for other programs.
package netdiffcli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright/netdiff"
)

// The exit statuses of Run.
const (
	exitOK      = 0 // done, or help was asked for; for diff: nothing changed
	exitChanged = 1 // diff: something changed
	exitError   = 2 // wrong usage, or the topology could not be read
)

const usage = `usage: netdiff parse   [options] FORMAT SOURCE
       netdiff diff    [options] FORMAT OLD NEW
       netdiff convert [options] -to netjson|dot|csv FORMAT SOURCE
       netdiff formats

SOURCE, OLD and NEW are a file, - for standard input, or an http, https or
telnet URL. diff exits with 0 when nothing changed and with 1 when something
did; every command exits with 2 on an error.

options:
`

// Run executes the command with its arguments (without the program's name)
// and returns the exit status.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := command{ctx: ctx, stdin: stdin, stdout: stdout, formats: netdiff.Formats()}
	status, err := c.run(args, stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stderr, "netdiff: %v\n", err)
	}
	return status
}

type command struct {
	ctx     context.Context //nolint:containedctx // lives as long as one run
	stdin   io.Reader
	stdout  io.Writer
	formats *netdiff.Registry

	options  netdiff.Options
	retrieve netdiff.RetrieveOptions
	diff     netdiff.DiffOptions
	to       string
	compact  bool
}

func (c *command) flags(stderr io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("netdiff", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {} // the caller decides where it goes
	f.StringVar(&c.options.Version, "version", "", "version of the routing daemon")
	f.StringVar(&c.options.Revision, "revision", "", "revision of the routing daemon")
	f.StringVar(&c.options.Metric, "metric", "", "metric of the costs")
	f.BoolVar(&c.options.Directed, "directed", false, "keep the two directions of a link apart")
	f.BoolVar(&c.options.DuplicateCN, "duplicate-cn", false, "OpenVPN: tell clients with one common name apart")
	f.BoolVar(&c.options.PresharedKeys, "preshared-keys", false, "WireGuard: show the preshared keys")
	f.DurationVar(&c.retrieve.Timeout, "timeout", 30*time.Second, "time for fetching a URL")
	f.BoolVar(&c.retrieve.SkipVerify, "insecure", false, "accept any certificate")
	f.BoolVar(&c.diff.IgnoreOrientation, "ignore-orientation", false, "diff: a link that swapped its ends is unchanged")
	f.BoolVar(&c.diff.IgnoreAttributeOrder, "ignore-order", false, "diff: a node whose properties changed places is unchanged")
	f.Func("ignore", "diff: properties of links that do not count, such as `lastReceive,lastSend`", func(names string) error {
		c.diff.IgnoreLinkAttributes = append(c.diff.IgnoreLinkAttributes, strings.Split(names, ",")...)
		return nil
	})
	f.StringVar(&c.to, "to", "netjson", "convert: netjson, dot or csv")
	f.BoolVar(&c.compact, "compact", false, "write JSON on one line")
	return f
}

func (c *command) run(args []string, stderr io.Writer) (int, error) {
	f := c.flags(stderr)
	help := func(w io.Writer) {
		fmt.Fprint(w, usage)
		f.SetOutput(w)
		f.PrintDefaults()
	}
	if len(args) == 0 {
		help(stderr)
		return exitError, flag.ErrHelp
	}
	verb := args[0]
	rest, err := words(f, args[1:])
	switch {
	case verb == "help" || verb == "-h" || verb == "-help" || verb == "--help" || errors.Is(err, flag.ErrHelp):
		help(c.stdout)
		return exitOK, nil
	case err != nil:
		help(stderr)
		return exitError, flag.ErrHelp // the flag set has told it
	}
	switch {
	case verb == "formats" && len(rest) == 0:
		for _, format := range c.formats.All() {
			names := append(slices.Clone(format.Aliases), format.Name)
			fmt.Fprintf(c.stdout, "%-44s %s\n", strings.Join(names, " "), format.Label)
		}
		return exitOK, nil
	case verb == "parse" && len(rest) == 2, verb == "convert" && len(rest) == 2:
		if verb == "parse" {
			c.to = "netjson"
		}
		return c.convert(rest[0], rest[1])
	case verb == "diff" && len(rest) == 3:
		return c.compare(rest[0], rest[1], rest[2])
	}
	help(stderr)
	return exitError, fmt.Errorf("wrong use of %q", verb)
}

// words reads the options, wherever they stand, and returns the other words.
func words(f *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := f.Parse(args); err != nil || f.NArg() == 0 {
			return rest, err
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
}

// read fetches and reads one topology.
func (c *command) read(format, source string) (*netdiff.Graph, error) {
	f, ok := c.formats.Lookup(format)
	if !ok {
		return nil, fmt.Errorf("unknown format %q; see: netdiff formats", format)
	}
	var text []byte
	var err error
	switch {
	case source == "-":
		text, err = io.ReadAll(io.LimitReader(c.stdin, 64<<20+1))
	case strings.Contains(source, "://"):
		text, err = netdiff.Retrieve(c.ctx, source, &c.retrieve)
	default:
		text, err = netdiff.RetrieveFile(source, &c.retrieve)
	}
	if err != nil {
		return nil, err
	}
	g, err := f.Parse(text, &c.options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return g, nil
}

func (c *command) convert(format, source string) (int, error) {
	g, err := c.read(format, source)
	if err != nil {
		return exitError, err
	}
	doc, err := g.Document()
	if err != nil {
		return exitError, err
	}
	switch c.to {
	case "netjson":
		err = c.writeJSON(doc)
	case "dot":
		err = writeDOT(c.stdout, doc, g.Directed)
	case "csv":
		err = writeCSV(c.stdout, doc)
	default:
		err = fmt.Errorf("cannot convert to %q: netjson, dot and csv are possible", c.to)
	}
	if err != nil {
		return exitError, err
	}
	return exitOK, nil
}

func (c *command) compare(format, before, after string) (int, error) {
	a, err := c.read(format, before)
	if err != nil {
		return exitError, err
	}
	b, err := c.read(format, after)
	if err != nil {
		return exitError, err
	}
	d, err := netdiff.Diff(a, b, &c.diff)
	if err != nil {
		return exitError, err
	}
	if err := c.writeJSON(d); err != nil {
		return exitError, err
	}
	if d.Empty() {
		return exitOK, nil
	}
	return exitChanged, nil
}

func (c *command) writeJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	if !c.compact {
		e.SetIndent("", "    ")
	}
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// writeDOT writes the graph for Graphviz.
func writeDOT(w io.Writer, d *netdiff.Document, directed bool) error {
	kind, arrow := "graph", "--"
	if directed {
		kind, arrow = "digraph", "->"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s network {\n", kind)
	for _, n := range d.Nodes {
		label, _ := n.Label.(string)
		if label == "" {
			label = n.ID.String()
		}
		fmt.Fprintf(&b, "  %s [label=%s];\n", quoteDOT(n.ID.String()), quoteDOT(label))
	}
	for _, l := range d.Links {
		fmt.Fprintf(&b, "  %s %s %s [label=%s];\n", quoteDOT(l.Source.String()), arrow, quoteDOT(l.Target.String()), quoteDOT(fmt.Sprint(l.Cost)))
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// quoteDOT quotes an identifier so that no value can break out of it.
func quoteDOT(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// writeCSV writes one line for each link.
func writeCSV(w io.Writer, d *netdiff.Document) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"source", "target", "cost", "cost_text"}}
	for _, l := range d.Links {
		rows = append(rows, []string{l.Source.String(), l.Target.String(), fmt.Sprint(l.Cost), fmt.Sprint(l.CostText)})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
