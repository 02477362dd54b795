// Command vendor is the whole program with a concern of one's own: tickets, in
// the conventions of every other endpoint, with permissions, pages, filters,
// OpenAPI and the walls between organizations; settings, a command, a key, a
// metric, a path in front of the API and a page of the web admin.
package main

import (
	"io"
	"os"

	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/cli"
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is the product's program: serve, migrate, config, user …, and tickets.
func run(args, environ []string, out, err io.Writer) int {
	return cli.Run(cli.Program{Build: "vendor", Args: args, Environ: environ, In: os.Stdin, Out: out, Err: err, Concerns: concerns()})
}

// concerns is all there is to it: the product's, with a variable of one's own for
// every device, and one more.
func concerns() []server.Concern {
	accounts := server.NewTenancy()
	support := NewSupport(accounts)
	devices := server.NewController(accounts)
	devices.Providers = []controller.ContextProvider{support}
	return []server.Concern{accounts, devices, support}
}
