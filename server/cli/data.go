package cli

import (
	"context"
	"fmt"
	"io"
	"os"
)

type loadCommand struct {
	File string `arg:"" help:"JSON file, or - for standard input."`
}

// Run loads the file.
func (l loadCommand) Run(ctx context.Context, p *Program, c *commands) error {
	var in io.Reader = p.In
	if l.File != "-" {
		f, err := os.Open(l.File)
		if err != nil {
			return fmt.Errorf("load data: %w", err)
		}
		defer func() { _ = f.Close() }() // nothing was written
		in = f
	}
	return p.with(ctx, c, func(o *opened) error { return o.server.LoadData(ctx, in) })
}

type dumpCommand struct{}

// Run writes the data.
func (dumpCommand) Run(ctx context.Context, p *Program, c *commands) error {
	return p.with(ctx, c, func(o *opened) error { return o.server.DumpData(ctx, p.Out) })
}
