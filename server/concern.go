package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/admin"
)

// Concern is one part of the product, or a vendor's own: a value with its own
// seams, settings and commands. What it depends on is a field of it, and a missing
// one is an error of Mount.
//
// What else a concern has is found by assertion: WithModels, WithEvents,
// WithKinds, WithNotifications, WithSettings, WithCommands, WithFirstStart,
// WithData, WithOrganizationData, WithAdmin, dashboard.Source. A line such as
//
//	var _ server.WithModels = (*Support)(nil)
//
// beside the type finds a misspelt method. A value is mounted once.
type Concern interface {
	// Name is the concern's in messages, and the section of its settings:
	// lower-case letters, digits and "_".
	Name() string
	// Migrations bring its tables up to date, in order; nil for none.
	Migrations() []sqlstore.Migrations
	// Mount makes the services and adds endpoints, jobs and metrics. Concerns are
	// mounted in the order of the list, which is that of their dependence.
	Mount(ctx context.Context, h *Host) error
}

// WithModels is a concern with kinds of objects that permissions exist for. It
// is asked before anything is mounted.
type WithModels interface {
	// Models are the kinds.
	Models() []wispwright.Model
}

// WithEvents is a concern that others can subscribe to; it is for docs/events.md.
type WithEvents interface {
	// Events lists them with their subscribers. It is called after Mount.
	Events() []event.Listed
}

// WithSettings is a concern with a section of the configuration, named as the
// concern.
type WithSettings interface {
	// Section is where the settings are, and what they are by default.
	Section() Section
}

// Section is a concern's part of the configuration.
type Section struct {
	// Value points to a struct whose fields have the tags koanf (the key) and doc
	// (what `wispwright config` prints). The configuration is read into it. If it
	// has a method Check() error, that returns what is wrong by key, as a
	// *wispwright.ValidationError.
	Value any
	// Default points to a struct of the same type with the defaults.
	Default any
}

// WithCommands is a concern with commands of its own.
type WithCommands interface {
	// Commands are pointers to structs whose fields are commands of kong (tag
	// cmd); groups of one name are laid together. Their Run methods may take a context.Context, a *Session and any
	// concern of the program by its type.
	Commands() []any
}

// Session is what a concern's command runs with.
type Session struct {
	// In is the standard input.
	In io.Reader
	// Out is where results go.
	Out io.Writer
	// Err is where logs and errors go.
	Err io.Writer
	// Open puts the server together on the configured database, with its tables
	// brought up to date, runs fn and closes everything.
	Open func(ctx context.Context, fn func(*Server) error) error
}

// ErrUsage marks errors of a command line; the program ends with status 2.
var ErrUsage = errors.New("usage")

// WithFirstStart is a concern that has something to make on a new installation.
type WithFirstStart interface {
	// FirstStart makes it. It is called whenever the program begins to serve, and
	// returns an account only when it has just made the first one.
	FirstStart(ctx context.Context) (*FirstAccount, error)
}

// WithData is a concern with keys of its own in the files of loaddata and
// dumpdata.
type WithData interface {
	// DataKeys are the keys of the file that are this concern's.
	DataKeys() []string
	// LoadData reads its part of a file and returns what stores it: everything is
	// checked and computed first, and stored in one transaction with the parts of
	// the other concerns. Loading twice changes nothing. Keys that the file has not
	// are not in the part.
	LoadData(ctx context.Context, part map[string]json.RawMessage) (store func(ctx context.Context) error, err error)
	// DumpData returns a struct that encoding/json writes with these keys. It is
	// called inside a transaction.
	DumpData(ctx context.Context) (any, error)
}

// WithOrganizationData is a concern that keeps something of every organization,
// which stands with the organization in the files of loaddata and dumpdata.
type WithOrganizationData interface {
	// OrganizationKeys are the keys of an organization that are this concern's.
	OrganizationKeys() []string
	// LoadOrganization stores them, inside a transaction.
	LoadOrganization(ctx context.Context, organization wispwright.ID, part map[string]json.RawMessage) error
	// DumpOrganization returns a struct that encoding/json writes with these keys.
	DumpOrganization(ctx context.Context, organization wispwright.ID) (any, error)
}

// WithAdmin is a concern with pages of its own in the web admin.
type WithAdmin interface {
	// Admin is the extension that has them.
	Admin() admin.Extension
}

// DefaultConcerns returns the parts of the product, with their default
// settings. Each call makes new ones.
func DefaultConcerns() []Concern {
	t := NewTenancy()
	x := NewX509(t)
	i := NewIPAM(t)
	c := NewController(t)
	v := NewVPN(t, c, x, i)
	g := NewGeo(c)
	waves := NewRollout(t)
	m := NewMonitoring(c)
	m.Geo, m.Rollout = g, waves
	reach := NewConnection(c)
	m.Connection = reach
	graphs := NewTopology(t, c)
	graphs.Geo, m.Topology = g, graphs
	f := NewFirmware(reach)
	f.Geo, f.Rollout = g, waves
	return []Concern{
		t,
		newSSO(t),
		x,
		i,
		c,
		waves,
		NewPlan(t, c, waves),
		reach,
		g,
		v,
		NewSubnetDivision(t, c, i, v),
		graphs,
		f,
		NewRadius(t),
		m,
		NewNotifications(t), // tells of those before it
		&dashboardConcern{Tenancy: t},
		&appearanceConcern{Tenancy: t},
	}
}

// Find returns the concern of a type among those of a list.
func Find[C Concern](concerns []Concern) (found C, ok bool) {
	for _, c := range concerns {
		if found, ok = c.(C); ok {
			return found, true
		}
	}
	return found, false
}

// Migrate brings the tables of the concerns and of the job queue up to date.
// Several nodes may call it at once. Concerns nil means DefaultConcerns.
func Migrate(ctx context.Context, db *sqlstore.DB, concerns []Concern) error {
	if concerns == nil {
		concerns = DefaultConcerns()
	}
	if err := conceivable(concerns); err != nil {
		return err
	}
	for _, c := range concerns {
		for _, m := range c.Migrations() {
			if err := db.Migrate(ctx, m); err != nil {
				return fmt.Errorf("%s: %w", c.Name(), err)
			}
		}
	}
	return migrateOwn(ctx, db)
}

// conceivable refuses concerns without a usable name, and two of one name or with
// migrations of one: the steps of the second would count as done.
func conceivable(concerns []Concern) error {
	proper := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	var names []string
	for _, s := range settingsOf(DefaultConfig()) {
		names = append(names, s.group())
	}
	for i, c := range concerns {
		if c == nil {
			return fmt.Errorf("server: concern %d is nil", i+1)
		}
		switch name := c.Name(); {
		case !proper.MatchString(name):
			return fmt.Errorf("server: a concern cannot be called %q", name)
		case slices.Contains(names, name):
			return fmt.Errorf("server: there are two concerns, or a section of the server's own, called %q", name)
		default:
			names = append(names, name)
		}
	}
	owner := map[string]string{ownMigrations: "the server"}
	for _, c := range concerns {
		for _, m := range c.Migrations() {
			if other, taken := owner[m.Concern]; taken {
				return fmt.Errorf("server: %s and %s both have migrations called %q", other, c.Name(), m.Concern)
			}
			owner[m.Concern] = c.Name()
		}
	}
	return nil
}
