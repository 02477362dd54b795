package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/tenancy"
)

// planCommands are the commands of plans; export is beside that of accounts.
type planCommands struct {
	Plan  planCommand  `cmd:"" help:"Say what the files of a folder would change, device by device, without changing anything."`
	Apply applyCommand `cmd:"" help:"Make the system what the files of a folder say, in waves, which the running server carries out."`
}

// Commands implements WithCommands.
func (c *PlanConcern) Commands() []any { return []any{&planCommands{}} }

// owners are all organizations, or one, and what they share.
func (c *PlanConcern) owners(ctx context.Context, slug string) ([]plan.Owner, error) {
	if slug != "" {
		o, err := c.Tenancy.Organizations.BySlug(ctx, everyone(), slug)
		if err != nil {
			return nil, fmt.Errorf("organization %s: %w", slug, err)
		}
		return []plan.Owner{{ID: o.ID, Folder: o.Slug}}, nil
	}
	list, err := c.Tenancy.Organizations.List(ctx, everyone(), tenancy.OrganizationFilter{}, unpaged)
	out := []plan.Owner{{Folder: plan.SharedFolder}}
	for _, o := range list.Rows {
		if o.Slug == plan.SharedFolder {
			return nil, fmt.Errorf("an organization has the slug %q, which is the folder of what all share; name organizations with --organization", plan.SharedFolder)
		}
		out = append(out, plan.Owner{ID: o.ID, Folder: o.Slug})
	}
	return out, err
}

// exportConfig is the default of wispwright export.
type exportConfig struct {
	Dir          string `arg:"" help:"Folder to write into. YAML files of templates, groups and variables that are there already are replaced, or removed."`
	Organization string `placeholder:"SLUG" help:"Only this organization. Default: all, and what they share."`
}

// Run writes the files.
func (e exportConfig) Run(ctx context.Context, p *Session, c *PlanConcern) error {
	return p.Open(ctx, func(*Server) error {
		owners, err := c.owners(ctx, e.Organization)
		if err != nil {
			return err
		}
		files, err := c.Export(ctx, owners...)
		if err != nil {
			return err
		}
		if err := e.clean(owners, files); err != nil {
			return err
		}
		for name, b := range files {
			file := filepath.Join(e.Dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(file, b, 0o644); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(p.Out, "%d files written to %s\n", len(files), e.Dir)
		return err
	})
}

// clean removes files of what is gone from the system.
func (e exportConfig) clean(owners []plan.Owner, files plan.Files) error {
	for _, o := range owners {
		var old []string
		for _, pattern := range []string{"templates/*.yaml", "groups/*.yaml", "variables.yaml"} {
			some, err := filepath.Glob(filepath.Join(e.Dir, o.Folder, filepath.FromSlash(pattern)))
			if err != nil {
				return err
			}
			old = append(old, some...)
		}
		for _, name := range old {
			rest, err := filepath.Rel(e.Dir, name)
			if err != nil {
				return err
			}
			if files[filepath.ToSlash(rest)] != nil {
				continue
			}
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

type planCommand struct {
	Dir          string `arg:"" type:"existingdir" help:"Folder with files as export writes them."`
	Organization string `placeholder:"SLUG" help:"Only this organization's folder. Default: all there are."`
	Prune        bool   `help:"Delete templates that no file speaks of."`
	Name         string `help:"Name of the plan. Default: that of the folder."`
}

// Run says what would change.
func (a planCommand) Run(ctx context.Context, p *Session, c *PlanConcern) error {
	return p.Open(ctx, func(*Server) error {
		_, err := a.rehearse(wispwright.WithCaller(ctx, wispwright.System("wispwright plan")), p, c)
		return err
	})
}

// rehearse stores the plan and prints what it would do; nil when there is nothing
// to do.
func (a planCommand) rehearse(ctx context.Context, p *Session, c *PlanConcern) (*plan.Plan, error) {
	owners, err := c.owners(ctx, a.Organization)
	if err != nil {
		return nil, err
	}
	files, err := plan.ReadFiles(os.DirFS(a.Dir))
	if err != nil {
		return nil, err
	}
	changes, err := c.Compare(ctx, files, a.Prune, owners...)
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		_, err := fmt.Fprintln(p.Out, "Nothing to do: the system is what the files say.")
		return nil, err
	}
	o := &plan.Plan{Name: a.Name, Source: a.Dir, Changes: changes}
	if o.Name == "" {
		o.Name = filepath.Base(filepath.Clean(a.Dir))
	}
	if len(owners) == 1 {
		o.OrganizationID = owners[0].ID
	}
	if err := c.Create(ctx, o); err != nil {
		return nil, err
	}
	if _, err := c.Compute(ctx, everyone(), o.ID); err != nil {
		return nil, err
	}
	// a running server may be faster: then there is nothing left to do
	if err := c.Work(ctx, o.ID); err != nil {
		return nil, err
	}
	if o, err = c.Get(ctx, everyone(), o.ID); err != nil {
		return nil, err
	}
	return o, a.print(ctx, p, c, o)
}

func (a planCommand) print(ctx context.Context, p *Session, c *PlanConcern, o *plan.Plan) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Plan %s: %s\n", o.ID, o.Name)
	for _, change := range o.Changes {
		fmt.Fprintf(&b, "  %s %s %q\n", change.Action, change.Kind, change.Name)
	}
	if o.Problem != "" {
		fmt.Fprintf(&b, "It could not be rehearsed: %s\n", o.Problem)
	}
	groups, err := c.Groups(ctx, everyone(), plan.GroupFilter{PlanID: o.ID}, wispwright.Page{Limit: 20, NoTotal: true})
	if err != nil {
		return err
	}
	for _, g := range groups.Rows {
		if g.Fault != "" {
			fmt.Fprintf(&b, "\n%d devices such as %s cannot be rendered: %s\n", g.Count, g.Sample, g.Fault)
			continue
		}
		fmt.Fprintf(&b, "\n%d devices such as %s change these lines (+%d -%d):\n%s", g.Count, g.Sample, g.Added, g.Removed, g.Diff)
	}
	fmt.Fprintf(&b, "\n%d devices may be touched, %d change, %d cannot be rendered, %d of these are not in touch.\n", o.Affected, o.Changed, o.Invalid, o.Away)
	_, err = p.Out.Write([]byte(b.String()))
	return err
}

type applyCommand struct {
	planCommand
	Canary        []string      `placeholder:"ID,…" help:"Devices of the first wave."`
	Waves         []float64     `placeholder:"PERCENT,…" help:"Further waves, as parts of all devices. Default: one over all."`
	Pause         time.Duration `help:"Pause after each wave." default:"0s"`
	MaxFailed     int           `help:"Failures of a wave that are accepted." default:"0"`
	ReturnWithin  time.Duration `help:"How long a device may take; 0: as long as it likes." default:"0s"`
	Rollback      bool          `help:"Take everything back when a wave is stopped. Default: wait for people."`
	AcceptInvalid bool          `help:"Go on although some devices cannot be rendered: they keep what they have."`
}

// Run starts the rollout.
func (a applyCommand) Run(ctx context.Context, p *Session, c *PlanConcern) error {
	s := rollout.Strategy{MaxFailed: a.MaxFailed, ReturnWithin: a.ReturnWithin}
	if a.Rollback {
		s.OnStop = rollout.UndoAll
	}
	if len(a.Canary) > 0 {
		w := rollout.Wave{Pause: a.Pause}
		for _, text := range a.Canary {
			id, err := wispwright.ParseID(text)
			if err != nil {
				return fmt.Errorf("%w: --canary: %q is not the id of a device", ErrUsage, text)
			}
			w.Devices = append(w.Devices, id)
		}
		s.Waves = append(s.Waves, w)
	}
	for _, percent := range a.Waves {
		s.Waves = append(s.Waves, rollout.Wave{Percent: percent, Pause: a.Pause})
	}
	return p.Open(ctx, func(*Server) error {
		ctx := wispwright.WithCaller(ctx, wispwright.System("wispwright apply"))
		o, err := a.rehearse(ctx, p, c)
		if err != nil || o == nil {
			return err
		}
		if o.Status != plan.Planned {
			return errors.New("the plan could not be rehearsed")
		}
		if o, err = c.Apply(ctx, everyone(), o.ID, plan.Order{Strategy: s, AcceptInvalid: a.AcceptInvalid}); err != nil {
			return err
		}
		if o.RolloutID.IsZero() {
			_, err := fmt.Fprintln(p.Out, "Applied: no device changes.")
			return err
		}
		r, err := c.Rollout.Get(ctx, everyone(), o.RolloutID)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Out, "Rollout %s: %d devices in %d waves. The running server carries it out.\n", r.ID, r.Total, r.Waves)
		return err
	})
}
