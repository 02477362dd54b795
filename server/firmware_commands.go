package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/recipe"
)

// imageCommands are the commands of firmware images.
type imageCommands struct {
	Image struct {
		Recipe imageRecipe `cmd:"" help:"Write what OpenWrt's image builder needs for images whose devices register with an organization."`
		Import imageImport `cmd:"" help:"Make a build of the images that an image builder left in a folder."`
	} `cmd:"" help:"Firmware images of one's own."`
}

// Commands implements WithCommands.
func (c *FirmwareConcern) Commands() []any { return []any{&imageCommands{}} }

type imageRecipe struct {
	Dir          string            `arg:"" help:"Folder to write into. It holds the organization's secret."`
	Organization string            `required:"" placeholder:"SLUG" help:"Whose devices they are."`
	Target       string            `required:"" placeholder:"TARGET/SUBTARGET" help:"The image builder's target: ath79/generic."`
	Profile      string            `required:"" help:"The device, as the image builder calls it: tplink_tl-wdr4300-v1."`
	URL          string            `name:"url" required:"" help:"Where devices find this server: https://controller.example.org."`
	Package      []string          `placeholder:"NAME" help:"Packages, in place of those of the agents; with a hyphen before its name one is left out."`
	Local        []string          `type:"existingfile" placeholder:"FILE" help:"Package files that no feed has, such as that of wispwright-agent."`
	Files        string            `type:"existingdir" placeholder:"DIR" help:"Folder whose contents lie in the images, from / on."`
	Agent        map[string]string `placeholder:"OPTION=VALUE" help:"Further options of the agent."`
}

// Run writes the recipe.
func (a imageRecipe) Run(ctx context.Context, p *Session, c *FirmwareConcern) error {
	return p.Open(ctx, func(*Server) error {
		tenancy := c.Connection.Controller.Tenancy
		organization, err := tenancy.Organizations.BySlug(ctx, everyone(), a.Organization)
		if err != nil {
			return fmt.Errorf("organization %s: %w", a.Organization, err)
		}
		settings, err := c.Connection.Controller.Settings.Get(ctx, everyone(), organization.ID)
		if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
		r := &recipe.Recipe{Target: a.Target, Profile: a.Profile, Name: strings.ReplaceAll(organization.Slug, "_", "-"), Packages: a.Package, URL: a.URL, Agent: a.Agent, Local: map[string][]byte{}}
		if settings == nil || !settings.RegistrationEnabled {
			if _, err := fmt.Fprintf(p.Out, "Devices cannot register themselves with %s: registration is off.\n", organization.Name); err != nil {
				return err
			}
		}
		if settings != nil {
			r.SharedSecret = settings.SharedSecret
		}
		for _, name := range a.Local {
			if r.Local[filepath.Base(name)], err = os.ReadFile(name); err != nil {
				return err
			}
		}
		if a.Files != "" {
			if r.Files, err = filesBelow(a.Files); err != nil {
				return err
			}
		}
		if err := r.Write(a.Dir); err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Out, "Written to %s. Unpack the image builder for %s, then:\n  make -C %s BUILDER=<its folder>\n  wispwright image import %s --category <id>\n", a.Dir, a.Target, a.Dir, filepath.Join(a.Dir, "images"))
		return err
	})
}

// filesBelow are the files of a folder by their path from it.
func filesBelow(dir string) (map[string][]byte, error) {
	root, err := os.OpenRoot(dir) // links do not lead out of it
	if err != nil {
		return nil, err
	}
	defer root.Close() // it was only read
	out := map[string][]byte{}
	err = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rest, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		out["/"+filepath.ToSlash(rest)], err = root.ReadFile(rest)
		return err
	})
	return out, err
}

type imageImport struct {
	Dir      string        `arg:"" type:"existingdir" help:"Folder that an image builder filled: profiles.json and the images."`
	Category wispwright.ID `required:"" placeholder:"ID" help:"The category that the build is for."`
	Version  string        `help:"What the build is called. Default: the version of OpenWrt."`
	Type     string        `help:"The type of the image, when its name does not say it and there is only one."`
}

// Run makes the build.
func (a imageImport) Run(ctx context.Context, p *Session, c *FirmwareConcern) error {
	return p.Open(ctx, func(*Server) error {
		ctx := wispwright.WithCaller(ctx, wispwright.System("wispwright image import"))
		folder := os.DirFS(a.Dir)
		made, err := recipe.Read(folder)
		if err != nil {
			return err
		}
		if a.Type != "" && len(made.Images) > 1 {
			return fmt.Errorf("there are %d images: --type is for one", len(made.Images))
		}
		build := &firmware.Build{CategoryID: a.Category, Version: a.Version}
		if build.Version == "" {
			build.Version = made.Version
		}
		if made.System != "" {
			build.OS = &made.System
		}
		if err := c.Builds.Create(ctx, build); err != nil {
			return err
		}
		for _, i := range made.Images {
			if err := a.add(ctx, c, build, i); err != nil {
				// half a build is none
				return errors.Join(fmt.Errorf("%s: %w", i.Name, err), c.Builds.Delete(ctx, everyone(), build.ID))
			}
			if _, err := fmt.Fprintf(p.Out, "%s (%s)\n", path.Base(i.Name), strings.Join(i.Titles, ", ")); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(p.Out, "The build %s has %d images.\n", build.Version, len(made.Images))
		return err
	})
}

func (a imageImport) add(ctx context.Context, c *FirmwareConcern, build *firmware.Build, i recipe.Image) error {
	f, err := os.DirFS(a.Dir).Open(i.Name)
	if err != nil {
		return err
	}
	defer f.Close() // it was only read
	_, err = c.Images.Create(ctx, everyone(), build.ID, firmware.File{Name: path.Base(i.Name), Type: a.Type, Checksum: i.Checksum, Body: f})
	return err
}
