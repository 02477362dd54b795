// Package sysinfo tells superusers what an installation is made of: program,
// machine, database, parts and packages.
package sysinfo

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// Path is where the API has it.
const Path = "/api/v1/system-info/"

// Info is what there is to know.
type Info struct {
	// Version names the version of the program, GoVersion that of its compiler.
	Version   string `json:"version"`
	GoVersion string `json:"go_version"`
	// OS and Architecture are what it runs on, Kernel the version of Linux.
	OS           string `json:"os"`
	Kernel       string `json:"kernel"`
	Architecture string `json:"architecture"`
	// Node is the name of the machine that answered, of several.
	Node string `json:"node" help:"the machine that answered"`
	// Started is when the program was started there.
	Started time.Time `json:"started"`
	// Database is sqlite or postgresql, with what the database calls its version.
	Database        string `json:"database"`
	DatabaseVersion string `json:"database_version"`
	// Parts are the concerns of the program, in their order.
	Parts []string `json:"parts"`
	// Packages are the Go modules that it is built of.
	Packages []Package `json:"packages"`
}

// Package is a Go module.
type Package struct {
	// Name is its path, Version which one it is.
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Source gathers what there is to know.
type Source struct {
	// DB is the database; Version names the version of the program; Parts are its
	// concerns.
	DB      *sqlstore.DB
	Version string
	Parts   func() []string
	// Started is when the program was started.
	Started time.Time
}

// Read gathers it.
func (s *Source) Read(ctx context.Context) (*Info, error) {
	kind, query := "sqlite", "SELECT sqlite_version()"
	if s.DB.Dialect() == sqlstore.Postgres {
		kind, query = "postgresql", "SELECT current_setting('server_version')"
	}
	versions, err := sqlstore.Select[string](ctx, s.DB, query)
	if err != nil {
		return nil, fmt.Errorf("sysinfo: the version of the database: %w", err)
	}
	out := &Info{Version: s.Version, GoVersion: runtime.Version(), OS: osName(os.ReadFile), Architecture: runtime.GOARCH, Started: s.Started.UTC(),
		Database: kind, DatabaseVersion: strings.Join(versions, ""), Parts: s.Parts(), Packages: []Package{}}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		out.Kernel = strings.TrimSpace(string(text))
	}
	if out.Node, err = os.Hostname(); err != nil {
		out.Node = ""
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, m := range build.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			out.Packages = append(out.Packages, Package{m.Path, m.Version})
		}
	}
	return out, nil
}

// osName is what the operating system calls itself.
func osName(read func(string) ([]byte, error)) string {
	text, err := read("/etc/os-release")
	if err != nil {
		return runtime.GOOS
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			if name = strings.Trim(name, `"'`); name != "" {
				return name
			}
		}
	}
	return runtime.GOOS
}

// Mount adds the endpoint. Only superusers read it: versions tell attackers what to
// try.
func Mount(api *rest.API, s *Source) {
	api.Mount(&rest.View{Path: Path, Name: "System information", Tag: "system", Access: rest.Authenticated},
		rest.Action(http.MethodGet, "system_info", http.StatusOK, func(r *rest.Request, _ *rest.None) (*Info, error) {
			if !r.Caller.Superuser {
				return nil, wispwright.Forbidden("You do not have permission to perform this action.")
			}
			return s.Read(r.Context())
		}))
}
