package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// variableCommands are the commands of variables and of what they are.
type variableCommands struct {
	List   listVariables  `cmd:"" help:"List the variables of one level with what is said of them. Values of secret ones are not shown."`
	Set    setVariable    `cmd:"" help:"Say what a variable of one level is, and give it a value. What is not mentioned stays."`
	Remove removeVariable `cmd:"" help:"Remove a variable of one level with what is said of it."`
	Report reportVariable `cmd:"" help:"List the variables of an organization that are used and not defined, and those that are not used."`
}

// variableLevel names the level whose variables are meant.
type variableLevel struct {
	Organization string `placeholder:"SLUG" xor:"level" required:"" help:"Those of an organization."`
	Group        string `placeholder:"ID" xor:"level" required:"" help:"Those of a device group."`
	Template     string `placeholder:"ID" xor:"level" required:"" help:"The default values of a template."`
	Device       string `placeholder:"ID" xor:"level" required:"" help:"Those of a device."`
}

// declare changes what a level says of a variable.
type declare func(ctx context.Context, name string, c *variable.Change) error

// of returns what a level says, and how that is changed.
func (l variableLevel) of(ctx context.Context, c *ControllerConcern) (plain, declared wispwright.JSON, change declare, err error) {
	all := everyone()
	if l.Organization != "" {
		if c.Tenancy == nil {
			return "", "", nil, errors.New("this program has organizations of its own")
		}
		o, err := c.Tenancy.Organizations.BySlug(ctx, all, l.Organization)
		if err != nil {
			return "", "", nil, fmt.Errorf("organization %s: %w", l.Organization, err)
		}
		s, err := c.Controller.Settings.Get(ctx, all, o.ID)
		if err != nil {
			return "", "", nil, err
		}
		return s.Context, s.Declared, func(ctx context.Context, name string, v *variable.Change) error {
			_, err := c.Controller.Settings.Declare(ctx, all, o.ID, name, v)
			return err
		}, nil
	}
	id, err := wispwright.ParseID(l.Group + l.Template + l.Device)
	if err != nil {
		return "", "", nil, fmt.Errorf("%w: %q is not an id", ErrUsage, l.Group+l.Template+l.Device)
	}
	switch {
	case l.Group != "":
		g, err := c.Controller.Groups.Get(ctx, all, id)
		if err != nil {
			return "", "", nil, fmt.Errorf("group %s: %w", id, err)
		}
		return g.Context, g.Declared, func(ctx context.Context, name string, v *variable.Change) error {
			_, err := c.Controller.Groups.Declare(ctx, all, id, name, v)
			return err
		}, nil
	case l.Template != "":
		t, err := c.Controller.Templates.Get(ctx, all, id)
		if err != nil {
			return "", "", nil, fmt.Errorf("template %s: %w", id, err)
		}
		return t.DefaultValues, t.Declared, func(ctx context.Context, name string, v *variable.Change) error {
			_, err := c.Controller.Templates.Declare(ctx, all, id, name, v)
			return err
		}, nil
	}
	d, err := c.Controller.Devices.Get(ctx, all, id)
	if err != nil {
		return "", "", nil, fmt.Errorf("device %s: %w", id, err)
	}
	if d.Config == nil {
		return "", "", nil, fmt.Errorf("device %s has no configuration", id)
	}
	return d.Config.Context, d.Config.Declared, func(ctx context.Context, name string, v *variable.Change) error {
		_, err := c.Controller.Devices.Declare(ctx, all, id, name, v)
		return err
	}, nil
}

type listVariables struct{ variableLevel }

// Run implements the command.
func (cmd *listVariables) Run(ctx context.Context, s *Session, c *ControllerConcern) error {
	return s.Open(ctx, func(*Server) error {
		plain, declared, _, err := cmd.of(ctx, c)
		if err != nil {
			return err
		}
		list, err := variable.Parse(declared)
		if err != nil {
			return err
		}
		values := map[string]json.RawMessage{}
		if err := plain.Decode(&values); err != nil {
			return err
		}
		if list == nil {
			list = variable.Declarations{}
		}
		for name := range values {
			if _, known := list[name]; !known {
				list[name] = variable.Declaration{}
			}
		}
		w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tTYPE\tVALUE\tDESCRIPTION")
		for _, name := range list.Names() {
			d, value := list[name], string(values[name])
			switch {
			case d.Secret && d.Value.IsZero():
				value = "(secret, without a value)"
			case d.Secret:
				value = "(secret)"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, d.Type, value, d.Description)
		}
		return w.Flush()
	})
}

type setVariable struct {
	Name string `arg:"" help:"The name."`
	variableLevel
	Value       *string  `placeholder:"VALUE" xor:"value" help:"The value: JSON where it is, else text."`
	ValueFrom   string   `placeholder:"FILE" xor:"value" help:"Read the value from a file, - for the standard input: for secrets."`
	Type        *string  `help:"What its values must be: text, number, boolean, address, network, mac, choice or list; empty for anything."`
	Choice      []string `placeholder:"TEXT,…" help:"The values of the type choice."`
	Description *string  `help:"For people."`
	Secret      *bool    `negatable:"" help:"Keep its value from everybody but devices."`
}

// Run implements the command.
func (cmd *setVariable) Run(ctx context.Context, s *Session, c *ControllerConcern) error {
	return s.Open(ctx, func(*Server) error {
		_, declared, change, err := cmd.of(ctx, c)
		if err != nil {
			return err
		}
		list, err := variable.Parse(declared)
		if err != nil {
			return err
		}
		wanted, err := cmd.change(s.In, list[cmd.Name])
		if err != nil {
			return err
		}
		if err := change(wispwright.WithCaller(ctx, wispwright.System("wispwright variable")), cmd.Name, wanted); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "The variable %s is set. Configurations that it changes are made anew by the running server.\n", cmd.Name)
		return err
	})
}

// change is what is wanted, laid over what is declared.
func (cmd *setVariable) change(in io.Reader, before variable.Declaration) (*variable.Change, error) {
	out := &variable.Change{Declaration: before}
	d := &out.Declaration
	if cmd.Type != nil {
		d.Type = variable.Type(*cmd.Type)
		if d.Type != variable.Choice {
			d.Choices = nil
		}
	}
	if len(cmd.Choice) > 0 {
		d.Choices = cmd.Choice
	}
	if cmd.Description != nil {
		d.Description = *cmd.Description
	}
	if cmd.Secret != nil {
		d.Secret = *cmd.Secret
	}
	text, given := "", false
	switch {
	case cmd.Value != nil && d.Secret:
		return nil, fmt.Errorf("%w: a secret value is read with --value-from, so that no list of processes shows it", ErrUsage)
	case cmd.Value != nil:
		text, given = *cmd.Value, true
	case cmd.ValueFrom == "-":
		b, err := io.ReadAll(io.LimitReader(in, 1<<20))
		if err != nil {
			return nil, err
		}
		text, given = strings.TrimRight(string(b), "\r\n"), true
	case cmd.ValueFrom != "":
		b, err := os.ReadFile(cmd.ValueFrom)
		if err != nil {
			return nil, err
		}
		text, given = strings.TrimRight(string(b), "\r\n"), true
	}
	if out.Given = given; !given {
		return out, nil
	}
	// a text stays a text where one is wanted
	if value, err := ordered.Decode([]byte(text)); err == nil && d.Type != variable.Text {
		out.Value = value
	} else {
		out.Value = text
	}
	return out, nil
}

type removeVariable struct {
	Name string `arg:"" help:"The name."`
	variableLevel
}

// Run implements the command.
func (cmd *removeVariable) Run(ctx context.Context, s *Session, c *ControllerConcern) error {
	return s.Open(ctx, func(*Server) error {
		plain, declared, change, err := cmd.of(ctx, c)
		if err != nil {
			return err
		}
		ctx := wispwright.WithCaller(ctx, wispwright.System("wispwright variable"))
		list, err := variable.Parse(declared)
		if err != nil {
			return err
		}
		values := map[string]json.RawMessage{}
		if err := plain.Decode(&values); err != nil {
			return err
		}
		if _, known := list[cmd.Name]; !known {
			if _, set := values[cmd.Name]; !set {
				return fmt.Errorf("there is no variable %s", cmd.Name)
			}
			// one that is not declared has a value only
			return change(ctx, cmd.Name, &variable.Change{Given: true})
		}
		return change(ctx, cmd.Name, nil)
	})
}

type reportVariable struct {
	Organization string `arg:"" placeholder:"SLUG" help:"The organization."`
}

// Run implements the command.
func (cmd *reportVariable) Run(ctx context.Context, s *Session, c *ControllerConcern) error {
	return s.Open(ctx, func(*Server) error {
		if c.Tenancy == nil {
			return errors.New("this program has organizations of its own")
		}
		o, err := c.Tenancy.Organizations.BySlug(ctx, everyone(), cmd.Organization)
		if err != nil {
			return fmt.Errorf("organization %s: %w", cmd.Organization, err)
		}
		r, err := c.Controller.Settings.Report(ctx, everyone(), o.ID)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintf(w, "%d devices in service\nNAME\tSTATE\tWHERE\n", r.Devices)
		for _, u := range r.Undefined {
			used := strings.Join(u.Used, ", ")
			if used == "" {
				used = "values of other variables, or devices' own configurations"
			}
			fmt.Fprintf(w, "%s\tnot defined\t%s; %d devices such as %s\n", u.Name, used, u.Devices, u.Sample)
		}
		for _, u := range r.Unused {
			where := strings.TrimSpace(string(u.Origin) + " " + u.Of)
			if u.Devices > 0 {
				where = fmt.Sprintf("%d devices such as %s", u.Devices, u.Of)
			}
			fmt.Fprintf(w, "%s\tnot used\t%s\n", u.Name, where)
		}
		return w.Flush()
	})
}
