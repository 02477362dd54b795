package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/live"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/acme"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/server/tracing"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// Config is what an administrator may set for the server as a whole; each
	// concern has its own. Default: DefaultConfig.
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
	build    string
	jobs     *jobs.Queue
	api      *rest.API
	metrics  *metrics
	hub      *live.Hub
	host     *Host
	front    *front
	acme     *acme.Certificates
	tracing  *tracing.Tracing

	lifetime context.Context
	close    context.CancelFunc
	ready    atomic.Bool
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
	if s.concerns == nil {
		s.concerns = DefaultConcerns()
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if err := conceivable(s.concerns); err != nil {
		return nil, err
	}
	if err := checkAll(s.config, s.concerns); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s.metrics = newMetrics(db, o.Build)
	if err := s.openTracing(ctx); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	var err error
	s.jobs, err = jobs.New(ctx, db, &jobs.Options{Workers: s.config.Jobs.Workers, Observe: s.observeJob, Log: s.log})
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
	s.api = s.newAPI()
	s.host = &Host{server: s}
	if err := s.openHub(); err != nil {
		return err
	}
	for _, c := range s.concerns {
		if err := c.Mount(ctx, s.host); err != nil {
			return fmt.Errorf("mount %s: %w", c.Name(), err)
		}
		if err := errors.Join(s.host.wrong...); err != nil {
			return fmt.Errorf("mount %s: %w", c.Name(), err)
		}
		s.host.mounted = append(s.host.mounted, c)
		if k, ok := c.(WithKinds); ok {
			for _, kind := range k.Kinds() {
				kind.watch(s.host)
			}
		}
	}
	for _, fn := range s.host.ready {
		if err := fn(); err != nil {
			return fmt.Errorf("server: %w", err)
		}
	}
	s.api.MountDocs()
	if err := s.connect(); err != nil {
		return err
	}
	var err error
	s.front, err = newFront(s)
	return err
}

// newAPI makes the API; concerns say who its callers are.
func (s *Server) newAPI() *rest.API {
	c := s.config.HTTP
	// the front has removed or checked what proxies say
	o := &rest.Options{PublicDocs: c.PublicDocs, BodyLimit: c.BodyLimit, PageSize: c.PageSize, MaxPageSize: c.MaxPageSize, TrustProxy: true, Log: s.log}
	if len(c.Origins) > 0 {
		o.CORS = &rest.CORS{Origins: c.Origins}
	}
	return rest.New(o)
}

// DB is the database, and the Transactor of every store.
func (s *Server) DB() *sqlstore.DB { return s.db }

// Config is what the administrator set; it must not be changed.
func (s *Server) Config() *Config { return s.config }

// Log is where the server logs to.
func (s *Server) Log() *slog.Logger { return s.log }

// Jobs is the queue of background work.
func (s *Server) Jobs() *jobs.Queue { return s.jobs }

// API is what the endpoints are mounted on.
func (s *Server) API() *rest.API { return s.api }

// Concerns are the parts; Find finds one by its type.
func (s *Server) Concerns() []Concern { return s.concerns }

// FirstAccount is the account made on an empty database.
type FirstAccount struct {
	// Username is the account's name.
	Username string
	// Password is shown once and stored nowhere.
	Password wispwright.Secret
}

// FirstStart lets every concern make what a new installation needs. It returns
// the first account, or nil when there was one already.
func (s *Server) FirstStart(ctx context.Context) (made *FirstAccount, err error) {
	ctx = wispwright.WithCaller(ctx, wispwright.System("first start"))
	// of several nodes that start at once on an empty database one makes it all
	err = s.db.Exclusively(ctx, "first start", func(ctx context.Context) error {
		made, err = s.firstStart(ctx)
		return err
	})
	return made, err
}

func (s *Server) firstStart(ctx context.Context) (made *FirstAccount, err error) {
	for _, c := range s.concerns {
		f, ok := c.(WithFirstStart)
		if !ok {
			continue
		}
		account, err := f.FirstStart(ctx)
		if err != nil {
			return nil, fmt.Errorf("first start: %s: %w", c.Name(), err)
		}
		if made == nil {
			made = account
		}
	}
	return made, nil
}

// ServeHTTP answers a request as Serve does, for a server within another
// program or a test. Background work needs Start.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.front.ServeHTTP(w, r) }

// Start begins the background work. Serve calls it.
func (s *Server) Start(ctx context.Context) error {
	for _, fn := range s.host.start {
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
	s.hub.Close()
	err := s.jobs.Stop(ctx)
	for _, fn := range slices.Backward(s.host.stop) {
		err = errors.Join(err, fn(ctx))
	}
	s.close()
	if s.acme != nil {
		s.acme.Close()
	}
	return errors.Join(err, s.tracing.Close(ctx))
}
