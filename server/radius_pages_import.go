package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius/loginpages"
)

// radiusImportPages is wispwright radius import-login-pages.
type radiusImportPages struct {
	Path         string `arg:"" help:"A YAML file, the directory of an organization, or organizations/ of OpenWISP WiFi Login Pages."`
	Organization string `placeholder:"SLUG" help:"Whose page it is. Default: the name of the file or of the directory."`
	Variant      string `help:"Name of the variant that a file makes. Default: the page itself."`
	DryRun       bool   `help:"Say what is wrong and what is not used, and store nothing."`
}

// Run imports pages and their files: the pages of each organization all or none.
func (x radiusImportPages) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	all, err := x.find()
	if err != nil {
		return err
	}
	return c.run(ctx, p, "import-login-pages", func(ctx context.Context) error {
		for _, o := range all {
			if err := o.store(ctx, c, p.Out, p.Err, x.DryRun); err != nil {
				return fmt.Errorf("%s: %w", o.slug, err)
			}
		}
		return nil
	})
}

// pagesOf are the files of one organization.
type pagesOf struct {
	slug   string
	pages  []pageFile
	assets []string
}

// pageFile is a file and the variant that it makes.
type pageFile struct{ variant, path string }

// find looks at what the path has, before anything is opened.
func (x radiusImportPages) find() ([]pagesOf, error) {
	info, err := os.Stat(x.Path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(filepath.Clean(x.Path))
	if !info.IsDir() {
		slug, variant := x.Organization, x.Variant
		if slug == "" {
			slug = strings.TrimSuffix(name, filepath.Ext(name))
		}
		if variant == "" {
			variant = loginpages.Main
		}
		return []pagesOf{{slug: slug, pages: []pageFile{{variant, x.Path}}}}, nil
	}
	if x.Variant != "" {
		return nil, fmt.Errorf("%w: --variant goes with a file", ErrUsage)
	}
	own, err := ofDirectory(x.Path, name, x.Organization)
	if err != nil {
		return nil, err
	}
	if own != nil {
		return []pagesOf{*own}, nil
	}
	if x.Organization != "" {
		return nil, fmt.Errorf("%s has no %s.yml", x.Path, name)
	}
	entries, err := os.ReadDir(x.Path)
	if err != nil {
		return nil, err
	}
	var out []pagesOf
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		one, err := ofDirectory(filepath.Join(x.Path, e.Name()), e.Name(), "")
		if err != nil {
			return nil, err
		}
		if one != nil && e.Name() != "default" { // which is the original's own
			out = append(out, *one)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no login pages", x.Path)
	}
	return out, nil
}

// ofDirectory reads the directory of an organization; nil: it is none.
func ofDirectory(dir, name, slug string) (*pagesOf, error) {
	if slug == "" {
		slug = name
	}
	out := &pagesOf{slug: slug}
	files, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		variant := strings.TrimSuffix(filepath.Base(f), ".yml")
		if variant == name {
			out.pages = slices.Insert(out.pages, 0, pageFile{loginpages.Main, f}) // variants stand on it
			continue
		}
		out.pages = append(out.pages, pageFile{variant, f})
	}
	if len(out.pages) == 0 || out.pages[0].variant != loginpages.Main {
		return nil, nil
	}
	for _, sub := range []string{"client_assets", "server_assets"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if e.Type().IsRegular() {
				out.assets = append(out.assets, filepath.Join(dir, sub, e.Name()))
			}
		}
	}
	return out, nil
}

// errDry takes back what was tried.
var errDry = errors.New("nothing is stored")

func (o *pagesOf) store(ctx context.Context, c *RadiusConcern, out, warn io.Writer, dry bool) error {
	org, err := radiusOrganizations{c.Tenancy.Tenancy}.BySlug(ctx, o.slug)
	if err != nil {
		return fmt.Errorf("the organization: %w", err)
	}
	// tried does what a dry run takes back
	tried := func(fn func(ctx context.Context) error) error {
		err := c.base.Do(ctx, "radius.ImportLoginPages", func(ctx context.Context) error {
			if err := fn(ctx); err != nil || !dry {
				return err
			}
			return errDry
		})
		if dry && errors.Is(err, errDry) {
			return nil
		}
		return err
	}
	var said, warnings []string
	for _, path := range o.assets { // one by one: a page without a picture is a page
		err := tried(func(ctx context.Context) error {
			raw, err := readUpTo(path, loginpages.MaxAsset)
			if err == nil {
				_, err = c.LoginPages.PutAsset(ctx, everyone(), org.ID, filepath.Base(path), raw)
			}
			return err
		})
		var invalid *wispwright.ValidationError
		switch {
		case errors.As(err, &invalid):
			warnings = append(warnings, path+" is left out: "+invalid.Error())
		case err != nil:
			return fmt.Errorf("%s: %w", path, err)
		default:
			said = append(said, "file "+filepath.Base(path))
		}
	}
	var pages, remarks []string
	err = tried(func(ctx context.Context) error {
		pages, remarks = nil, nil // it may run again
		for _, f := range o.pages {
			raw, err := readUpTo(f.path, 1<<20)
			if err != nil {
				return fmt.Errorf("%s: %w", f.path, err)
			}
			_, found, err := c.LoginPages.Import(ctx, everyone(), org.ID, f.variant, raw)
			if err != nil {
				return fmt.Errorf("%s: %w", f.path, err)
			}
			for _, w := range found {
				remarks = append(remarks, f.path+": "+w)
			}
			pages = append(pages, "page "+f.variant)
		}
		return nil
	})
	said, warnings = append(said, pages...), append(warnings, remarks...)
	for _, w := range warnings {
		if _, err := fmt.Fprintln(warn, w); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	for _, s := range said {
		if _, err := fmt.Fprintln(out, o.slug+": "+s); err != nil {
			return err
		}
	}
	return nil
}

// readUpTo reads a file that is not too long.
func readUpTo(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if int64(len(raw)) > most {
		return nil, wispwright.Invalid("file", fmt.Sprintf("The file is longer than %d KiB.", most>>10))
	}
	return raw, nil
}
