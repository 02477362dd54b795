// Package cli holds the commands of the program wispwright, one file per
// subject. A vendor's program calls Run with concerns of its own.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/remote"
)

// Program is everything a run of the program depends on.
type Program struct {
	// Build names the version.
	Build string
	// Args are the arguments without the program's name.
	Args []string
	// Environ are the variables, as "NAME=value".
	Environ []string
	// In, Out and Err are the standard streams.
	In io.Reader
	// Out is where results go.
	Out io.Writer
	// Err is where logs and errors go.
	Err io.Writer
	// Concerns are the parts of the server. Default: server.DefaultConcerns.
	Concerns []server.Concern
}

// commands is what kong parses.
type commands struct {
	Config string `help:"Configuration file (YAML)." type:"path" env:"WISPWRIGHT_CONFIG" placeholder:"FILE"`

	Serve     serveCommand     `cmd:"" help:"Run the server."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the tables of the database up to date."`
	Settings  configCommand    `cmd:"" name:"config" help:"Print every setting with its explanation and present value."`
	LoadData  loadCommand      `cmd:"" name:"loaddata" help:"Read organizations and users from a JSON file."`
	DumpData  dumpCommand      `cmd:"" name:"dumpdata" help:"Write organizations and users as JSON, secrets included."`
	Check     checkCommand     `cmd:"" help:"Look at configuration, data folder, database, storage, mail, ICMP and port, and tell what is wrong."`
	Backup    backupCommand    `cmd:"" help:"Write database, time series, uploaded files and secrets into one file, while the server runs."`
	Restore   restoreCommand   `cmd:"" help:"Restore a backup into an empty data folder and database."`
	Storage   storageCommand   `cmd:"" help:"Move uploaded files between the data folder and an object store."`
	Secrets   secretsCommand   `cmd:"" help:"What seals the secrets in the database."`
	VPNServer vpnServerCommand `cmd:"" name:"vpn-server" help:"Run VPN servers of an installation on this host."`
	Remote    remote.Commands  `cmd:"" help:"Manage organizations, templates, groups, devices, users and VPN servers of an installation elsewhere, through its API."`
	Simulate  simulateCommand  `cmd:"" help:"Simulate a fleet of devices against a server."`
	Version   versionCommand   `cmd:"" help:"Print the version."`

	NetJSONConfig netjsonconfigCommand `cmd:"" name:"netjsonconfig" help:"Render, validate and parse configurations."`
	NetDiff       netdiffCommand       `cmd:"" name:"netdiff" help:"Read and compare network topologies."`

	// those of the concerns
	kong.Plugins
}

// Run runs a command and returns the exit status: 0, 1 for a failure, 2 for a
// wrong command line.
func Run(p Program) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := p.run(ctx)
	var status exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case errors.Is(err, server.ErrUsage):
		fmt.Fprintln(p.Err, "wispwright:", err)
		return 2
	}
	fmt.Fprintln(p.Err, "wispwright:", err)
	return 1
}

// errDone is how kong's wish to exit, after --help, travels.
var errDone = errors.New("done")

func (p *Program) run(ctx context.Context) (err error) {
	if p.Concerns == nil {
		p.Concerns = server.DefaultConcerns()
	}
	cmd := &commands{}
	session := &server.Session{In: p.In, Out: p.Out, Err: p.Err, Open: func(ctx context.Context, fn func(*server.Server) error) error {
		return p.with(ctx, cmd, func(o *opened) error { return fn(o.server) })
	}}
	bound := []any{p, session, &remote.Session{Build: p.Build, Environ: p.Environ}}
	for _, c := range p.Concerns {
		bound = append(bound, c)
		if with, ok := c.(server.WithCommands); ok {
			cmd.Plugins = append(cmd.Plugins, with.Commands()...)
		}
	}
	cmd.Plugins = merged(cmd.Plugins)
	parser, err := kong.New(cmd,
		kong.Name("wispwright"), kong.Description("Network management for OpenWrt and other Linux routers."),
		kong.Writers(p.Out, p.Err), kong.ShortUsageOnError(), kong.Bind(bound...),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Exit(func(int) { panic(errDone) }))
	if err != nil {
		return fmt.Errorf("commands: %w", err)
	}
	defer func() {
		//lint:ignore errorlint a panic value of our own, which nothing wraps
		if v := recover(); v == errDone {
			err = nil
		} else if v != nil {
			panic(v)
		}
	}()
	args := p.Args
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if isLibrary(args[0]) {
		// their options are not this program's: -h and --config are theirs, too
		args = append([]string{args[0], "--"}, args[1:]...)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w: %w (wispwright --help)", server.ErrUsage, err)
	}
	return parsed.Run(cmd)
}

// ownVariables are variables of the project's scripts and tests, which are no
// settings although they begin like them.
func ownVariables() []string {
	return []string{"WISPWRIGHT_CONFIG", "WISPWRIGHT_SIMULATE_", "WISPWRIGHT_REMOTE_", "WISPWRIGHT_TEST_", "WISPWRIGHT_CHROMIUM", "WISPWRIGHT_REQUIRE_", "WISPWRIGHT_VECTORS", "WISPWRIGHT_POSTGRES_", "WISPWRIGHT_BENCH_"}
}

func (p *Program) config(c *commands) (*server.Config, error) {
	return server.LoadConfig(c.Config, p.Environ, p.Concerns, ownVariables()...)
}

// opened is a server that was put together for a command.
type opened struct {
	config *server.Config
	db     *sqlstore.DB
	log    *slog.Logger
	server *server.Server
}

// open puts the server together on the configured database, whose tables are
// brought up to date first.
func (p *Program) open(ctx context.Context, c *commands) (*opened, error) {
	config, err := p.config(c)
	if err != nil {
		return nil, err
	}
	o := &opened{config: config}
	if o.log, err = server.NewLog(p.Err, config.Log); err != nil {
		return nil, err
	}
	slog.SetDefault(o.log)
	if o.db, err = server.Open(ctx, config, nil); err != nil {
		return nil, err
	}
	if err := p.backUpBefore(ctx, config, o.db); err != nil {
		return nil, errors.Join(err, o.db.Close())
	}
	if err := server.Migrate(ctx, o.db, p.Concerns); err != nil {
		return nil, errors.Join(err, o.db.Close())
	}
	o.server, err = server.New(ctx, o.db, &server.Options{Config: config, Concerns: p.Concerns, Log: o.log, Build: p.Build})
	if err != nil {
		return nil, errors.Join(err, o.db.Close())
	}
	return o, nil
}

// with runs a function on an opened server and closes it.
func (p *Program) with(ctx context.Context, c *commands, fn func(*opened) error) error {
	o, err := p.open(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(fn(o), o.server.Stop(context.WithoutCancel(ctx)), o.db.Close())
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(p *Program) error {
	_, err := fmt.Fprintln(p.Out, "wispwright", p.Build)
	return err
}
