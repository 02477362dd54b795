// Command payments is the product with something to sell at its login pages: a
// provider of payments is a value that somebody's program gives to the concern radius.
// The bank is a part of the example, since no real one is to be asked: it is opened
// unless TILL_BANK names another, with the key TILL_KEY.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/cli"
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is the product's program.
func run(args, environ []string, out, err io.Writer) int {
	at, key := os.Getenv("TILL_BANK"), os.Getenv("TILL_KEY")
	if at == "" {
		b := newBank()
		if fault := b.open(); fault != nil {
			_, _ = fmt.Fprintln(err, fault) // nobody else is to be told
			return 1
		}
		at, key = b.at, b.key
	}
	return cli.Run(cli.Program{Build: "payments", Args: args, Environ: environ, In: os.Stdin, Out: out, Err: err, Concerns: concerns(at, key)})
}

// concerns are accounts, RADIUS with its login pages, and the till.
func concerns(bank, key string) []server.Concern {
	accounts := server.NewTenancy()
	network := server.NewRadius(accounts)
	till := &Till{Bank: bank, Key: key, Radius: network, Prices: []Price{
		{Plan: "day", Name: "One day", Description: "24 hours, as fast as it goes.", Amount: "3.00", Group: "day"},
		{Plan: "week", Name: "One week", Amount: "12.50", Group: "week"},
	}}
	network.Payments = till
	return []server.Concern{accounts, network, till}
}
