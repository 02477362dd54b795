package cli

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright/netdiff/netdiffcli"
	"github.com/wispwright/wispwright/netjsonconfig/backends"
	"github.com/wispwright/wispwright/netjsonconfig/netjsoncli"
)

// exitStatus ends the program with a status of a library's own command, which
// has said everything that there is to say.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// statusOf returns nil for success.
func statusOf(n int) error {
	if n == 0 {
		return nil
	}
	return exitStatus(n)
}

// isLibrary reports whether a command is a library's own.
func isLibrary(name string) bool { return name == "netdiff" || name == "netjsonconfig" }

// own returns a library's arguments without the mark that Run put before them.
func own(args []string) []string {
	if len(args) > 0 && args[0] == "--" {
		return args[1:]
	}
	return args
}

// netdiffCommand hands its arguments over as they are.
type netdiffCommand struct {
	Args []string `arg:"" optional:"" passthrough:"" help:"See: wispwright netdiff help"`
}

// Run reads and compares topologies.
func (c netdiffCommand) Run(ctx context.Context, p *Program) error {
	return statusOf(netdiffcli.Run(ctx, own(c.Args), p.In, p.Out, p.Err))
}

// netjsonconfigCommand hands its arguments over as they are.
type netjsonconfigCommand struct {
	Args []string `arg:"" optional:"" passthrough:"" help:"See: wispwright netjsonconfig --help"`
}

// Run renders, validates and parses configurations.
func (c netjsonconfigCommand) Run(p *Program) error {
	return statusOf((&netjsoncli.Program{Backends: backends.Default()}).Run(own(c.Args), p.Out, p.Err, p.Environ))
}
