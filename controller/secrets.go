package controller

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Secret variables (decision 0107): what configurations are made of has a mask in
// the place of each secret value, and beside it which values are meant. Whatever
// people are shown is made of the masks; only reveal puts the values in, for the
// bytes that devices get.

// cachedValues is how many values of secret variables are remembered.
const cachedValues = 10_000

// reveal puts the values of secret variables into an input.
func (c *configs) reveal(ctx context.Context, in render.Input, secrets variable.Declarations) (render.Input, error) {
	if len(secrets) == 0 {
		return in, nil
	}
	var missing []wispwright.ID
	values := map[wispwright.ID]any{}
	for _, d := range secrets {
		if v, ok := c.values.Get(d.Value); ok {
			values[d.Value] = v
		} else {
			missing = append(missing, d.Value)
		}
	}
	if len(missing) > 0 {
		found, err := c.stores.Variables.List(ctx, wispwright.ScopeAll(), variable.Filter{IDs: wispwright.Only(missing...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return in, fmt.Errorf("read values of variables: %w", err)
		}
		for _, row := range found.Rows {
			v, err := ordered.Decode([]byte(row.Value.Reveal()))
			if err != nil { // its text is not told
				return in, fmt.Errorf("value %s of a variable is not JSON", row.ID)
			}
			values[row.ID] = v
			c.values.Add(row.ID, v)
		}
	}
	in.Context = maps.Clone(in.Context)
	for name, d := range secrets {
		v, ok := values[d.Value]
		if !ok {
			return in, fmt.Errorf("value %s of the variable %s is gone", d.Value, name)
		}
		in.Context[name] = v
	}
	return in, nil
}

// bytes renders what a device gets.
func (c *configs) bytes(ctx context.Context, d *draft) ([]byte, error) {
	in, err := c.whole(ctx, d)
	if err != nil {
		return nil, err
	}
	b, err := c.renderer.Archive(ctx, in)
	return b, c.hide(ctx, d.input, d.secrets, err)
}

// validate checks what a device would get.
func (c *configs) validate(ctx context.Context, d *draft) error {
	in, err := c.whole(ctx, d)
	if err != nil {
		return err
	}
	return c.hide(ctx, d.input, d.secrets, c.renderer.Validate(ctx, in))
}

func (c *configs) whole(ctx context.Context, d *draft) (render.Input, error) {
	if d.fault != "" {
		return d.input, &render.Error{Message: d.fault}
	}
	return c.reveal(ctx, d.input, d.secrets)
}

// hide keeps what is wrong with a secret value from telling it: what is wrong with
// the mask too may be told, of anything else only that it is so.
func (c *configs) hide(ctx context.Context, masked render.Input, secrets variable.Declarations, err error) error {
	var refused *render.Error
	if len(secrets) == 0 || !errors.As(err, &refused) {
		return err
	}
	if again := c.renderer.Validate(ctx, masked); errors.As(again, &refused) {
		return again
	}
	return &render.Error{Message: "The configuration is not valid with the values of its secret variables: " + strings.Join(secrets.Names(), ", ") + "."}
}

// shown renders a configuration for people.
func (c *configs) shown(ctx context.Context, in render.Input, secrets variable.Declarations) (string, error) {
	text, err := c.renderer.Text(ctx, in)
	var refused *render.Error
	if len(secrets) == 0 || !errors.As(err, &refused) {
		return text, err
	}
	if whole, err := c.reveal(ctx, in, secrets); err != nil || c.renderer.Validate(ctx, whole) != nil {
		return "", errors.Join(err, refused)
	}
	return "# This configuration is valid, and cannot be shown: a secret variable stands where its mask is not valid (" + strings.Join(secrets.Names(), ", ") + ").\n", nil
}

// layers are variables of several levels laid over each other.
type layers struct {
	values   map[string]any
	secrets  variable.Declarations
	declared variable.Declarations
}

func newLayers() *layers { return &layers{values: map[string]any{}} }

// lay adds plain values, stronger than those there are.
func (l *layers) lay(values map[string]any) {
	maps.Copy(l.values, values)
	for name := range l.secrets {
		if _, plain := values[name]; plain {
			delete(l.secrets, name)
		}
	}
}

// level adds what a level gives and declares.
func (l *layers) level(document, declared wispwright.JSON) error {
	if document != "" && document != "{}" {
		values := map[string]any{}
		if err := addVariables(values, document); err != nil {
			return err
		}
		l.lay(values)
	}
	if declared == "" {
		return nil
	}
	list, err := variable.Parse(declared)
	if err != nil {
		return err
	}
	if l.declared == nil {
		l.declared, l.secrets = variable.Declarations{}, variable.Declarations{}
	}
	maps.Copy(l.declared, list)
	for name, d := range list.Secrets() {
		l.secrets[name], l.values[name] = d, d.Mask()
	}
	return nil
}

// over lays other levels over these, weaker ones.
func (l *layers) over(o *layers) {
	l.lay(o.values)
	if o.declared == nil {
		return
	}
	if l.declared == nil {
		l.declared, l.secrets = variable.Declarations{}, variable.Declarations{}
	}
	maps.Copy(l.declared, o.declared)
	maps.Copy(l.secrets, o.secrets)
}

// fault says what is wrong with the values that count, empty for nothing.
func (l *layers) fault() string {
	for _, name := range l.declared.Names() {
		value, given := l.values[name]
		if _, secret := l.secrets[name]; secret || !given {
			continue
		}
		if fault := l.declared[name].Plain(name, value); fault != "" {
			return fault
		}
	}
	return ""
}

// checkOwn adds what is wrong with the variables of one level.
func checkOwn(v *wispwright.ValidationError, field string, values, declared wispwright.JSON) {
	if declared == "" {
		return
	}
	list, err := variable.Parse(declared)
	own := map[string]any{}
	if err == nil {
		err = addVariables(own, values)
	}
	if err != nil { // what is not an object is told already
		return
	}
	list.CheckOwn(v, field, own)
}

// told tells people of a configuration which values of secret variables are meant,
// without the values: a changed one is a changed line.
func told(secrets variable.Declarations, used map[string]bool) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		if used[name] {
			fmt.Fprintf(&out, "# secret variable %s: value %s\n", name, secrets[name].Value.String()[:8])
		}
	}
	return out.String()
}
