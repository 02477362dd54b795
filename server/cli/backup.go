package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
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
	source := backup.Source{Data: config.Data, DSN: config.DSN(), Build: p.Build}
	if b.File == "-" {
		return backup.Write(ctx, p.Out, source)
	}
	if err := backup.WriteFile(ctx, b.File, source); err != nil {
		return err
	}
	said := "Everything was written to %s.\n"
	if config.Storage.URL != "" {
		said = "Everything but the files in the object store (wispwright storage pull) was written to %s.\n"
	}
	_, err = fmt.Fprintf(p.Out, said, b.File)
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

// backUpBefore writes a backup if tables are about to change.
func (p *Program) backUpBefore(ctx context.Context, config *server.Config, db *sqlstore.DB) error {
	if !config.Backup.BeforeMigration {
		return nil
	}
	var all []sqlstore.Migrations
	for _, c := range p.Concerns {
		all = append(all, c.Migrations()...)
	}
	a := backup.Automatic{
		Source: backup.Source{Data: config.Data, DSN: config.DSN(), Build: p.Build}, Dir: config.Backup.Dir, Keep: config.Backup.Keep,
	}
	if _, err := a.Before(ctx, db, all); err != nil {
		return fmt.Errorf("%w (backup.before_migration: false does without)", err)
	}
	return nil
}
