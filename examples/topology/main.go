// Command topology compares two looks at an OLSR network.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/wispwright/wispwright/netdiff"
)

const look = `{"mid": [], "topology": [
	{"lastHopIP": "10.0.0.1", "destinationIP": "10.0.0.2", "linkQuality": 1.0, "neighborLinkQuality": 1.0, "tcEdgeCost": %d}%s]}`

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	format, _ := netdiff.Formats().Lookup("olsr")
	before, err := format.Parse([]byte(fmt.Sprintf(look, 1024, "")), nil)
	if err != nil {
		return err
	}
	after, err := format.Parse([]byte(fmt.Sprintf(look, 2048, `,
	{"lastHopIP": "10.0.0.2", "destinationIP": "10.0.0.3", "linkQuality": 0.5, "neighborLinkQuality": 1.0, "tcEdgeCost": 2048}`)), nil)
	if err != nil {
		return err
	}
	d, err := netdiff.Diff(before, after, nil)
	if err != nil {
		return err
	}
	for _, n := range d.Added.Nodes {
		fmt.Fprintln(out, "new node", n.ID)
	}
	for _, l := range d.Added.Links {
		fmt.Fprintln(out, "new link", l.Source, l.Target, l.Cost)
	}
	for _, l := range d.Changed.Links {
		fmt.Fprintln(out, "changed link", l.Source, l.Target, l.Cost)
	}
	fmt.Fprintln(out, "removed:", d.Removed != nil)
	return nil
}
