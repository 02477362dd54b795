package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/wispwright/wispwright/server/backup"
)

type backupCommand struct {
	File string `arg:"" help:"Where to write, - for standard output. It holds all secrets of the installation."`
}

// Run writes a backup, completely or not at all.
func (b backupCommand) Run(ctx context.Context, p *Program, c *commands) error {
	config, err := p.config(c)
	if err != nil {
		return err
	}
	write := func(w io.Writer) error {
		return backup.Write(ctx, w, backup.Source{Data: config.Data, DSN: config.DSN(), Build: p.Build})
	}
	if b.File == "-" {
		return write(p.Out)
	}
	f, err := os.CreateTemp(filepath.Dir(b.File), ".backup-*") // 0600
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	err = errors.Join(write(f), f.Sync())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), b.File)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // half a backup is of no use
		return err
	}
	_, err = fmt.Fprintf(p.Out, "Everything was written to %s.\n", b.File)
	return err
}

type restoreCommand struct {
	File string `arg:"" type:"existingfile" help:"A file that the command backup wrote."`
}

// Run restores a backup into an empty data folder and database.
func (r restoreCommand) Run(ctx context.Context, p *Program, c *commands) error {
	config, err := p.config(c)
	if err != nil {
		return err
	}
	f, err := os.Open(r.File)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	m, err := backup.Restore(ctx, f, backup.Target{Data: config.Data, DSN: config.DSN()})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Out, "Restored what %s wrote at %s. Run wispwright migrate or serve to bring it up to date.\n", m.Build, m.Created.Format("2006-01-02 15:04:05 MST"))
	return err
}
