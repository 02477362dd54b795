package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/enrol/vouchers"
	"github.com/wispwright/wispwright/radius/enterprise"
)

// radiusCommands are those of OpenWISP RADIUS, under its names as well (spec: radius
// §13).
type radiusCommands struct {
	Hotspot hotspotCommand `cmd:"" name:"hotspot-template" help:"Make a template that makes an OpenWrt device a hotspot of an organization."`
	Radius  struct {
		DeleteOldRadacct  radiusDeleteSessions   `cmd:"" name:"delete-old-radacct" aliases:"delete_old_radacct" help:"Delete sessions that ended so many days ago."`
		DeleteOldPostauth radiusDeletePostAuths  `cmd:"" name:"delete-old-postauth" aliases:"delete_old_postauth" help:"Delete answers that are so many days old."`
		CleanupStale      radiusCloseStale       `cmd:"" name:"cleanup-stale-radacct" aliases:"cleanup_stale_radacct" help:"End sessions that nothing was heard of for so many days."`
		DeactivateExpired radiusDeactivate       `cmd:"" name:"deactivate-expired-users" aliases:"deactivate_expired_users" help:"Switch off accounts whose last day is over."`
		DeleteBatches     radiusDeleteBatches    `cmd:"" name:"delete-old-radiusbatch-users" aliases:"delete_old_radiusbatch_users" help:"Delete accounts of batches that ended long ago, and the batches."`
		DeleteUnverified  radiusDeleteUnverified `cmd:"" name:"delete-unverified-users" aliases:"delete_unverified_users" help:"Delete accounts that never proved who they are and never had a session."`
		BatchAddUsers     radiusBatchAdd         `cmd:"" name:"batch-add-users" aliases:"batch_add_users" help:"Make accounts from a CSV file."`
		PrefixAddUsers    radiusPrefixAdd        `cmd:"" name:"prefix-add-users" aliases:"prefix_add_users" help:"Make numbered accounts and print vouchers for them."`
		Enterprise        radiusEnterprise       `cmd:"" name:"wpa-enterprise" help:"Make a network for which everybody has an account of their own: authority, certificate, access points, their template and a profile for telephones."`
		ImportPages       radiusImportPages      `cmd:"" name:"import-login-pages" help:"Import login pages and their files from the YAML of OpenWISP WiFi Login Pages."`
	} `cmd:"" help:"Users of networks, their sessions and limits."`
}

// Commands implements WithCommands.
func (c *RadiusConcern) Commands() []any { return []any{&radiusCommands{}} }

// run opens the server for a command.
func (c *RadiusConcern) run(ctx context.Context, p *Session, name string, fn func(context.Context) error) error {
	return p.Open(ctx, func(*Server) error {
		return fn(wispwright.WithCaller(ctx, wispwright.System("wispwright radius "+name)))
	})
}

// days is the argument of commands that clean.
type days struct {
	Days int `arg:"" help:"How many days."`
}

// age is the argument as a duration.
func (d days) age() (time.Duration, error) {
	if d.Days < 1 || d.Days > 36500 {
		return 0, fmt.Errorf("%w: the number of days must be 1 to 36500", ErrUsage)
	}
	return time.Duration(d.Days) * 24 * time.Hour, nil
}

// cleaned runs what cleans up and prints what was done.
func (d days) cleaned(ctx context.Context, p *Session, c *RadiusConcern, name, done string, fn func(context.Context, time.Duration) error) error {
	age, err := d.age()
	if err != nil {
		return err
	}
	return c.run(ctx, p, name, func(ctx context.Context) error {
		if err := fn(ctx, age); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.Out, done+"\n", d.Days)
		return err
	})
}

type radiusDeleteSessions struct{ days }

// Run deletes sessions.
func (d radiusDeleteSessions) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	return d.cleaned(ctx, p, c, "delete-old-radacct", "Deleted sessions older than %d days", func(ctx context.Context, age time.Duration) error {
		_, err := c.Accounting.Prune(ctx, age)
		return err
	})
}

type radiusDeletePostAuths struct{ days }

// Run deletes answers.
func (d radiusDeletePostAuths) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	return d.cleaned(ctx, p, c, "delete-old-postauth", "Deleted post-auth logs older than %d days", func(ctx context.Context, age time.Duration) error {
		_, err := c.PostAuths.Prune(ctx, age)
		return err
	})
}

type radiusCloseStale struct {
	Days int `arg:"" optional:"" default:"15" help:"How many days."`
}

// Run ends sessions.
func (d radiusCloseStale) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	return days(d).cleaned(ctx, p, c, "cleanup-stale-radacct", "Closed active sessions older than %d days", func(ctx context.Context, age time.Duration) error {
		_, err := c.Accounting.CloseStale(ctx, age)
		return err
	})
}

type radiusDeactivate struct{}

// Run switches accounts off.
func (radiusDeactivate) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	return c.run(ctx, p, "deactivate-expired-users", func(ctx context.Context) error {
		n, err := c.Tenancy.Letters.DeactivateExpired(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Out, "Deactivated users of batches expired (%d)\n", n)
		return err
	})
}

type radiusDeleteBatches struct {
	OlderThanDays   int `help:"How many days ago they ended. Default: 540."`
	OlderThanMonths int `help:"The same in months of 30 days; days win."`
}

// Run deletes accounts and batches.
func (d radiusDeleteBatches) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	n := days{540}
	switch {
	case d.OlderThanDays != 0:
		n.Days = d.OlderThanDays
	case d.OlderThanMonths != 0:
		n.Days = 30 * d.OlderThanMonths
	}
	age, err := n.age()
	if err != nil {
		return err
	}
	return c.run(ctx, p, "delete-old-radiusbatch-users", func(ctx context.Context) error {
		if err := c.Enrolment.Batches.Prune(ctx, age); err != nil {
			return err
		}
		_, err := fmt.Fprintln(p.Out, "Deleted accounts older than", time.Now().Add(-age).Format(time.DateOnly))
		return err
	})
}

type radiusDeleteUnverified struct {
	OlderThanDays  int      `default:"1" help:"How many days ago they were made."`
	ExcludeMethods []string `help:"Ways to register that are left alone."`
}

// Run deletes accounts.
func (d radiusDeleteUnverified) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	return days{d.OlderThanDays}.cleaned(ctx, p, c, "delete-unverified-users", "Deleted unverified accounts older than %d days", func(ctx context.Context, age time.Duration) error {
		_, err := c.Enrolment.DeleteUnverified(ctx, age, d.ExcludeMethods...)
		return err
	})
}

// radiusNewBatch are the flags of commands that make a batch.
type radiusNewBatch struct {
	Name           string `required:"" help:"Name of the batch."`
	Organization   string `required:"" placeholder:"SLUG" help:"Slug of the organization."`
	Expiration     string `placeholder:"DD-MM-YYYY" help:"Last day of the accounts."`
	PasswordLength int64  `help:"Length of random passwords. Default: as configured."`
}

// make makes a batch, whole or not at all.
func (b radiusNewBatch) make(ctx context.Context, c *RadiusConcern, o enrol.Order) (*enrol.Batch, error) {
	organization, err := c.Tenancy.Organizations.BySlug(ctx, everyone(), b.Organization)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, errors.New("the organization supplied was not found")
	}
	if err != nil {
		return nil, err
	}
	o.Name, o.OrganizationID, o.PasswordLength, o.Here = b.Name, organization.ID, b.PasswordLength, true
	if b.Expiration != "" {
		if o.ExpirationDate, err = time.Parse("02-01-2006", b.Expiration); err != nil {
			return nil, fmt.Errorf("%w: --expiration must be a day as 31-12-2030", ErrUsage)
		}
	}
	return c.Enrolment.Batches.Make(ctx, o)
}

type radiusBatchAdd struct {
	radiusNewBatch
	File string `required:"" help:"CSV file: username, password, e-mail address, first name, last name."`
}

// Run makes accounts.
func (b radiusBatchAdd) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	data, err := os.ReadFile(b.File)
	if errors.Is(err, os.ErrNotExist) {
		return errors.New("file does not exist")
	}
	if err != nil {
		return err
	}
	return c.run(ctx, p, "batch-add-users", func(ctx context.Context) error {
		if _, err := b.make(ctx, c, enrol.Order{Batch: enrol.Batch{Strategy: enrol.ByFile, FileName: filepath.Base(b.File)}, File: data}); err != nil {
			return fmt.Errorf("uploading users from the file: %w", err)
		}
		_, err := fmt.Fprintln(p.Out, "Added a batch of users from a csv file")
		return err
	})
}

type radiusPrefixAdd struct {
	radiusNewBatch
	Prefix string `required:"" help:"Beginning of the usernames."`
	N      int64  `required:"" help:"How many accounts."`
	Output string `placeholder:"FILE.pdf" help:"Print vouchers into this file."`
}

// Run makes accounts and prints vouchers.
func (b radiusPrefixAdd) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	if b.N < 1 {
		return errors.New("the number of users must be at least 1")
	}
	return c.run(ctx, p, "prefix-add-users", func(ctx context.Context) error {
		made, err := b.make(ctx, c, enrol.Order{Batch: enrol.Batch{Strategy: enrol.ByPrefix, Prefix: b.Prefix, Number: b.N}})
		if err != nil {
			return err
		}
		if b.Output != "" {
			if err := c.print(ctx, made, b.Output); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintln(p.Out, "Generated a batch of users with prefix", b.Prefix)
		return err
	})
}

// print writes the vouchers of a batch into a file that its owner alone can read.
func (c *RadiusConcern) print(ctx context.Context, b *enrol.Batch, path string) error {
	pairs, err := c.Enrolment.Batches.Credentials(ctx, b)
	if err != nil {
		return err
	}
	in, err := c.Settings.Effective(ctx, b.OrganizationID)
	if err != nil {
		return err
	}
	sheet := &vouchers.Sheet{Title: b.Name, Organization: in.Organization.Name, LoginURL: in.LoginURL, Pairs: pairs}
	if !b.ExpirationDate.IsZero() {
		sheet.Until = b.ExpirationDate.Format(time.DateOnly)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(vouchers.Write(f, sheet), f.Close())
}

type radiusEnterprise struct {
	Organization string   `arg:"" help:"Slug of the organization."`
	SSID         string   `required:"" name:"ssid" help:"Name of the network in the air."`
	Server       string   `required:"" help:"Host name or address at which access points reach the RADIUS server."`
	ServerName   string   `help:"Name in the certificate. Default: the server's."`
	AccessPoints string   `required:"" help:"Address or network of the access points."`
	Radio        []string `help:"Radios that send it. Default: radio0."`
	Profile      string   `placeholder:"FILE.mobileconfig" help:"Write the profile for iPhones, iPads and Macs into this file."`
}

// Run makes the network and prints what belongs to it.
func (e radiusEnterprise) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	return c.run(ctx, p, "wpa-enterprise", func(ctx context.Context) error {
		o, err := c.Tenancy.Organizations.BySlug(ctx, everyone(), e.Organization)
		if err != nil {
			return fmt.Errorf("organization %s: %w", e.Organization, err)
		}
		n, err := c.networks.Make(ctx, enterprise.Wish{OrganizationID: o.ID, SSID: e.SSID, Server: e.Server, ServerName: e.ServerName, AccessPoints: e.AccessPoints, Radios: e.Radio})
		if err != nil {
			return err
		}
		if e.Profile != "" {
			profile, err := c.networks.Profile(ctx, everyone(), o.ID, o.Name)
			if err != nil {
				return err
			}
			signed, err := c.networks.Signed(ctx, o.ID, profile)
			if err != nil {
				return err
			}
			if err := os.WriteFile(e.Profile, signed, 0o644); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(p.Out, "CA %d\nCertificate %d\nNAS %s\nTemplate %s\n", n.CAID, n.CertID, n.NASID, n.TemplateID)
		return err
	})
}
