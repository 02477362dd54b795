package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy"
)

// Concern is one part of the product, or a vendor's own.
type Concern struct {
	// Name is for messages, such as "controller".
	Name string
	// Models are the kinds of objects that permissions exist for. May be nil.
	Models func() []tenancy.Model
	// Migrate brings the tables up to date. May be nil.
	Migrate func(ctx context.Context, db *sqlstore.DB) error
	// Mount makes the services and adds endpoints, jobs and subscriptions. Concerns are
	// mounted in the order of the list, which is that of their dependence.
	Mount func(ctx context.Context, s *Server) error
	// Events lists what others can subscribe to, for docs/events.md. It is
	// called after Mount. May be nil.
	Events func(s *Server) []event.Listed
}

// DefaultConcerns returns the parts of the product.
func DefaultConcerns() []Concern {
	return []Concern{Tenancy(), Controller()}
}

// Options change what New makes; nil means the defaults.
type Options struct {
	// Config is what an administrator may set. Default: DefaultConfig.
	Config *Config
	// Concerns are the parts. Default: DefaultConcerns.
	Concerns []Concern
	// Log receives what happens. Default: slog's own.
	Log *slog.Logger
	// Build names the version of the program, for the metrics. Default: "unknown".
	Build string
}

// Server is everything put together.
type Server struct {
	db       *sqlstore.DB
	config   *Config
	concerns []Concern
	log      *slog.Logger
	jobs     *jobs.Queue
	api      *rest.API
	front    *front
	metrics  *metrics
	tenancy  *tenancy.Tenancy
	build    string

	// what the controller adds; all nil without it
	controller *controller.Controller
	protocol   http.Handler
	settings   organizationSettings
	// atStart is done when the background work begins.
	atStart []func(ctx context.Context) error

	letters letters

	// lifetime ends with Close: what listens to other nodes ends then.
	lifetime context.Context
	close    context.CancelFunc
	ready    atomic.Bool
}

// Migrate brings the tables of the concerns and of the job queue up to date.
// Several nodes may call it at once. Concerns nil means DefaultConcerns.
func Migrate(ctx context.Context, db *sqlstore.DB, concerns []Concern) error {
	if concerns == nil {
		concerns = DefaultConcerns()
	}
	for _, c := range concerns {
		if c.Migrate == nil {
			continue
		}
		if err := c.Migrate(ctx, db); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	if err := migrateState(ctx, db); err != nil {
		return err
	}
	return jobs.Migrate(ctx, db)
}

// New puts a server together over a migrated database. Nothing listens and no
// job runs before Serve; the commands use it like that.
func New(ctx context.Context, db *sqlstore.DB, o *Options) (*Server, error) {
	if db == nil {
		return nil, errors.New("server: a database is required")
	}
	if o == nil {
		o = &Options{}
	}
	s := &Server{db: db, config: o.Config, concerns: o.Concerns, log: o.Log, build: o.Build}
	if s.config == nil {
		s.config = DefaultConfig()
	}
	if err := s.config.Check(); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	if s.concerns == nil {
		s.concerns = DefaultConcerns()
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.letters = newLetters()
	s.metrics = newMetrics(db, o.Build)
	var err error
	s.jobs, err = jobs.New(ctx, db, &jobs.Options{Workers: s.config.Jobs.Workers, Observe: s.metrics.observeJob, Log: s.log})
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s.metrics.watchJobs(s.jobs)
	s.lifetime, s.close = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.mount(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// mount puts the concerns together and the front before them.
func (s *Server) mount(ctx context.Context) error {
	for _, c := range s.concerns {
		if err := c.Mount(ctx, s); err != nil {
			return fmt.Errorf("mount %s: %w", c.Name, err)
		}
	}
	if s.api == nil {
		return errors.New("server: no concern made the API; callers could not be recognised")
	}
	s.api.MountDocs()
	if err := s.connect(); err != nil {
		return err
	}
	var err error
	s.front, err = newFront(s)
	return err
}

// models are the kinds of objects of every concern.
func (s *Server) models() (all []tenancy.Model) {
	for _, c := range s.concerns {
		if c.Models != nil {
			all = append(all, c.Models()...)
		}
	}
	return all
}

// DB is the database, and the Transactor of every store.
func (s *Server) DB() *sqlstore.DB { return s.db }

// Config is what the administrator set; it must not be changed.
func (s *Server) Config() *Config { return s.config }

// Log is where the server logs to.
func (s *Server) Log() *slog.Logger { return s.log }

// Jobs is the queue of background work. Concerns add their handlers to it.
func (s *Server) Jobs() *jobs.Queue { return s.jobs }

// API is what concerns mount their endpoints on; it exists once tenancy is
// mounted.
func (s *Server) API() *rest.API { return s.api }

// Tenancy is who may do what; nil before it is mounted.
func (s *Server) Tenancy() *tenancy.Tenancy { return s.tenancy }

// ServeHTTP answers a request as Serve does, for a server within another
// program or a test. Background work needs Start.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.front.ServeHTTP(w, r) }

// Start begins the background work. Serve calls it.
func (s *Server) Start(ctx context.Context) error {
	for _, fn := range s.atStart {
		if err := fn(ctx); err != nil {
			return fmt.Errorf("start: %w", err)
		}
	}
	if s.config.Jobs.Off {
		return nil
	}
	return s.jobs.Start(ctx)
}

// Stop ends the background work, after what is running. Serve calls it.
func (s *Server) Stop(ctx context.Context) error {
	err := s.jobs.Stop(ctx)
	s.close()
	return err
}
