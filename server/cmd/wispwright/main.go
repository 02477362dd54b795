// Command wispwright is the server and its tools; `wispwright --help` lists them.
package main

import (
	"os"

	"github.com/wispwright/wispwright/server/cli"
)

// build is set by the linker.
var build = "unknown"

func main() {
	os.Exit(cli.Run(cli.Program{Build: build, Args: os.Args[1:], Environ: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
