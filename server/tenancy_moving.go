package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/wispwright/wispwright/server/moving"
)

type importCommand struct {
	Users    importUsers    `cmd:"" help:"Import organizations and accounts from the database of an OpenWISP installation."`
	OpenWISP importOpenWISP `cmd:"" name:"openwisp" help:"Move a whole OpenWISP installation here: accounts, devices and everything that belongs to them."`
}

type importUsers struct {
	From       string `required:"" placeholder:"ADDRESS" help:"postgres://USER:PASSWORD@HOST/NAME or an SQLite file; it is only read."`
	DryRun     bool   `help:"Try everything and tell what would be done, but store nothing."`
	SkipFaulty bool   `help:"Leave out rows with faults and what belongs to them. Default: with any fault nothing is stored."`
}

// Run imports accounts and prints what was done.
func (u importUsers) Run(ctx context.Context, p *Session, t *TenancyConcern) error {
	return p.Open(ctx, func(s *Server) error {
		target := moving.Target{Transactor: s.DB(), Tenancy: t.Tenancy}
		if controller := s.Controller(); controller != nil {
			target.Settings = controller.Settings
		}
		report, err := moving.ImportUsers(ctx, u.From, target, &moving.Options{DryRun: u.DryRun, SkipFaulty: u.SkipFaulty})
		if report == nil {
			return err
		}
		if _, werr := report.WriteTo(p.Out); werr != nil {
			return errors.Join(err, werr)
		}
		end := "Stored."
		switch {
		case err != nil:
			end = "Nothing was stored."
		case u.DryRun:
			end = "A dry run: nothing was stored."
		}
		_, werr := fmt.Fprintln(p.Out, end)
		return errors.Join(err, werr)
	})
}

type exportCommand struct {
	Config exportConfig `cmd:"" default:"withargs" help:"Write templates, groups and variables as files, which plan and apply read."`
	Users  exportUsers  `cmd:"" help:"Write all accounts to a CSV file, password hashes included."`
}

type exportUsers struct {
	Filename      string   `default:"openwisp_exported_users.csv" placeholder:"FILE" help:"Where to write, - for standard output. Default: ${default}."`
	Fields        []string `placeholder:"NAME,…" help:"Columns in their order; related ones as auth_token.key. Default: those of export_users."`
	ExcludeFields []string `placeholder:"NAME,…" help:"Columns to leave out."`
}

// Run exports accounts.
func (u exportUsers) Run(ctx context.Context, p *Session, t *TenancyConcern) error {
	fields := u.Fields
	if len(fields) == 0 {
		fields = moving.ExportFields()
	}
	if err := moving.CheckExportFields(slices.Concat(fields, u.ExcludeFields)); err != nil {
		return fmt.Errorf("%w: %w", ErrUsage, err)
	}
	fields = slices.DeleteFunc(fields, func(f string) bool { return slices.Contains(u.ExcludeFields, f) })
	if len(fields) == 0 {
		return fmt.Errorf("%w: every column is excluded", ErrUsage)
	}
	return p.Open(ctx, func(s *Server) error {
		export := func(w io.Writer) error {
			_, err := moving.ExportUsers(ctx, w, t.Tenancy, fields)
			return err
		}
		if u.Filename == "-" {
			return export(p.Out)
		}
		if err := writeWhole(u.Filename, export); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.Out, "User data exported successfully to %s!\n", u.Filename)
		return err
	})
}

// writeWhole writes a file, readable for its owner alone, completely or not at
// all.
func writeWhole(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".export-*") // 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = write(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // half a file is of no use
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
