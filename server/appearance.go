package server

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/appearance"
)

// appearanceConfig is how the installation looks where nobody chose anything in
// the web admin.
type appearanceConfig struct {
	// Name is what the installation calls itself.
	Name string `koanf:"name" doc:"What the installation calls itself in the web admin. Superusers may choose otherwise there, as of all of this section."`
	// Logo and Icon are files.
	Logo string `koanf:"logo" doc:"File of the picture beside the name: PNG, JPEG or SVG of at most 64 KB."`
	Icon string `koanf:"icon" doc:"File of the picture in the tab of a browser, as the logo."`
	// Bar, Accent and AccentDark are colours.
	Bar        string `koanf:"bar" doc:"Colour of the bar at the top, as #0A3643; white text must be legible on it."`
	Accent     string `koanf:"accent" doc:"Colour of links and buttons, as #0B6E78; it must be legible on white."`
	AccentDark string `koanf:"accent_dark" doc:"The same for the dark theme; empty: made of the other one."`
	// Theme is what people see who chose nothing.
	Theme string `koanf:"theme" doc:"What people see who chose no theme: light, dark, or empty for what their machine prefers."`
	// Notice stands on the page of the log-in.
	Notice string `koanf:"notice" doc:"A sentence on the page of the log-in."`
}

// look reads the files, and checks everything by its key.
func (c *appearanceConfig) look() (appearance.Look, error) {
	out := appearance.Look{Name: c.Name, Bar: c.Bar, Accent: c.Accent, AccentDark: c.AccentDark, Theme: c.Theme, Notice: c.Notice}
	e := &wispwright.ValidationError{}
	for key, f := range map[string]struct {
		file string
		to   *string
	}{"logo": {c.Logo, &out.Logo}, "icon": {c.Icon, &out.Icon}} {
		if f.file == "" {
			continue
		}
		content, err := os.ReadFile(f.file)
		if err == nil {
			*f.to, err = appearance.DataURL(content)
		}
		if err != nil {
			e.Add(key, fmt.Sprintf("cannot be used: %v.", err))
		}
	}
	if err := e.Err(); err != nil {
		return out, err
	}
	return out, out.Check()
}

// Check returns what is wrong with the settings, by key.
func (c *appearanceConfig) Check() error {
	_, err := c.look()
	return err
}

// appearanceConcern is how the web admin looks.
type appearanceConcern struct {
	Config  appearanceConfig
	Tenancy *TenancyConcern
	mounted bool
}

var _ WithSettings = (*appearanceConcern)(nil)

// Name implements Concern.
func (c *appearanceConcern) Name() string { return "appearance" }

// Migrations implements Concern.
func (c *appearanceConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{appearance.Migrations()}
}

// Section implements WithSettings.
func (c *appearanceConcern) Section() Section { return Section{&c.Config, &appearanceConfig{}} }

// Mount implements Concern.
func (c *appearanceConcern) Mount(_ context.Context, h *Host) error {
	if c.mounted {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Tenancy); err != nil {
		return err
	}
	c.mounted = true
	settings, err := c.Config.look()
	if err != nil {
		return err
	}
	appearance.Mount(h.API(), appearance.NewService(h.DB(), settings, c.Tenancy.Trail))
	return nil
}
