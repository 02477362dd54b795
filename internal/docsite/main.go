// Command docsite makes a static site of the project's Markdown: every page with the list
// of all, a search that needs no server, and no script or picture of anybody else. A link
// to a file that is not there is an error.
//
//	docsite [-base https://github.com/wispwright/wispwright/blob/main/] SOURCES OUTPUT
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	base := flag.String("base", "", "where the other files of the sources are shown; empty: links to them are plain text")
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	s := &site{root: flag.Arg(0), out: flag.Arg(1), base: *base}
	if err := s.build(); err != nil {
		fmt.Fprintln(os.Stderr, "docsite:", err)
		os.Exit(1)
	}
	fmt.Printf("%d pages in %s\n", len(s.pages), s.out)
}
