// Package dashboard is the registry of the charts that concerns put on the first
// page of the web admin, and how each person arranges them.
package dashboard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
)

// Source is a concern with charts. Charts is called when everything is mounted.
type Source interface {
	// Charts are what it puts on the dashboard.
	Charts() []Chart
}

// Chart is a whole and its parts.
type Chart struct {
	// Name identifies it: lower-case letters, digits and "_".
	Name string
	// Label is its title.
	Label string
	// Position orders the charts; each has its own (spec: platform §3).
	Position int
	// Kind is whose list the parts lead to, as "config.device". Who may neither view
	// nor change such objects does not see the chart.
	Kind string
	// Watch are the kinds whose changes change the numbers. Default: Kind.
	Watch []string
	// Unit follows the numbers, such as "GB". Default: they count objects.
	Unit string
	// Filters are on the list of each part, beside the part's own.
	Filters map[string]string
	// Slices returns the parts within a scope. Those without a value are not shown.
	Slices func(ctx context.Context, scope wispwright.Scope) ([]Slice, error)
	// QuickLink leads somewhere from below the chart. Default: there is none.
	QuickLink *Link
}

// Slice is one part.
type Slice struct {
	// Label is what it is called; it may be what a device said, and is no HTML.
	Label string
	// Value is its size.
	Value int64
	// Color is it in charts of others than the web admin, such as "#267126".
	Color string
	// Status is the vocabulary of states that the admin draws by shape and colour:
	// ok, waiting, problem, critical, off or unknown. Default: a colour of charts.
	Status string
	// Filters are the parameters of the list that select what is counted. Nil: the
	// part leads nowhere.
	Filters map[string]string
}

// Link is an address with its text.
type Link struct {
	// Label is the text, URL the address: a path of this server or http(s).
	Label, URL string
}

// Registry holds charts in their order.
type Registry struct {
	charts []Chart
}

var (
	errUnknownChart = errors.New("dashboard: there is no chart of that name")
	properName      = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	properKind      = regexp.MustCompile(`^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$`)
)

// Register adds charts, or none of them if one is not complete or has the name or
// the position of another.
func (r *Registry) Register(charts ...Chart) error {
	all := slices.Clone(r.charts)
	for _, c := range charts {
		if err := c.check(); err != nil {
			return fmt.Errorf("dashboard: chart %q: %w", c.Name, err)
		}
		for _, other := range all {
			switch {
			case other.Name == c.Name:
				return fmt.Errorf("dashboard: there are two charts called %q", c.Name)
			case other.Position == c.Position:
				return fmt.Errorf("dashboard: the charts %q and %q are both at position %d", other.Name, c.Name, c.Position)
			}
		}
		if len(c.Watch) == 0 {
			c.Watch = []string{c.Kind}
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Chart) int { return cmp.Compare(a.Position, b.Position) })
	r.charts = all
	return nil
}

// Unregister takes a chart away.
func (r *Registry) Unregister(name string) error {
	at := slices.IndexFunc(r.charts, func(c Chart) bool { return c.Name == name })
	if at < 0 {
		return fmt.Errorf("%w: %q", errUnknownChart, name)
	}
	r.charts = slices.Delete(slices.Clone(r.charts), at, at+1)
	return nil
}

// Charts are all charts, by position.
func (r *Registry) Charts() []Chart { return slices.Clone(r.charts) }

func (c *Chart) check() error {
	switch {
	case !properName.MatchString(c.Name):
		return errors.New("the name must be lower-case letters, digits and _")
	case strings.TrimSpace(c.Label) == "":
		return errors.New("a label is needed")
	case c.Position < 0:
		return errors.New("the position must not be negative")
	case !properKind.MatchString(c.Kind):
		return fmt.Errorf("%q is no kind of objects", c.Kind)
	case c.Slices == nil:
		return errors.New("a function for the parts is needed")
	}
	if l := c.QuickLink; l != nil {
		ours := strings.HasPrefix(l.URL, "/") && !strings.HasPrefix(l.URL, "//")
		if l.Label == "" || !ours && !strings.HasPrefix(l.URL, "https://") && !strings.HasPrefix(l.URL, "http://") {
			return errors.New("a quick link needs a label and an address")
		}
	}
	return nil
}

// SeenBy reports whether the caller may view or change what the chart counts.
func (c *Chart) SeenBy(caller *wispwright.Caller) bool {
	app, model, _ := strings.Cut(c.Kind, ".")
	return caller.Can(wispwright.Permission(app+".view_"+model)) || caller.Can(wispwright.Permission(app+".change_"+model))
}

// Read returns the parts that have a value, and their sum.
func (c *Chart) Read(ctx context.Context, scope wispwright.Scope) (parts []Slice, total int64, err error) {
	all, err := c.Slices(ctx, scope)
	if err != nil {
		return nil, 0, fmt.Errorf("dashboard: %s: %w", c.Name, err)
	}
	for _, s := range all {
		if s.Value > 0 {
			parts, total = append(parts, s), total+s.Value
		}
	}
	return parts, total, nil
}
