package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

const module = "github.com/wispwright/wispwright"

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath string
	Name       string
	Standard   bool
	Imports    []string
	Deps       []string
}

// room is the package's folder seen from the root; "" is the root itself.
func (p pkg) room() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

func (p pkg) ours() bool {
	return p.ImportPath == module || strings.HasPrefix(p.ImportPath, module+"/")
}

// concerns in the order in which later ones may import earlier ones.
var concerns = []string{
	"tenancy", "notifications", "rollout", "x509", "ipam", "controller",
	"controller/plan", "controller/connection", "controller/geo", "controller/vpn", "controller/subnetdivision", "topology",
	"monitoring", "firmware", "radius",
}

// concern returns the place of the concern a room belongs to, or -1.
func concern(room string) int {
	best := -1
	for i, c := range concerns {
		if room == c || strings.HasPrefix(room, c+"/") {
			if best < 0 || len(c) > len(concerns[best]) {
				best = i
			}
		}
	}
	return best
}

func under(room string, tops ...string) bool {
	return slices.ContainsFunc(tops, func(t string) bool { return room == t || strings.HasPrefix(room, t+"/") })
}

// floor returns the height of a room in the house; apart is true for the
// agent, which nothing but the server and the examples may import.
func floor(room string) (height int, apart bool) {
	last := room[strings.LastIndexByte(room, '/')+1:]
	switch {
	case under(room, "server", "examples", "internal"):
		return 5, false
	case under(room, "agent"):
		return 0, true
	case strings.HasSuffix(last, "http"), under(room, "radius/loginpages", "radius/signin"):
		return 4, false
	case strings.HasSuffix(last, "sql"), strings.HasSuffix(last, "test"), under(room, "kit/rest"),
		strings.HasPrefix(room, "monitoring/timeseries/"):
		return 3, false
	case under(room, "monitoring/timeseries"):
		return 0, false
	case concern(room) >= 0:
		return 2, false
	case under(room, "kit"):
		return 1, false
	}
	return 0, false
}

// mayImport says whether the room from may import the room to, both ours.
func mayImport(from, to string) bool {
	fromFloor, fromApart := floor(from)
	toFloor, toApart := floor(to)
	switch {
	case fromApart:
		return toApart || to == "" || under(to, "netjsonconfig")
	case toApart:
		return fromFloor == 5
	case fromFloor != toFloor:
		return toFloor < fromFloor
	case fromFloor == 0:
		// pure libraries know themselves, the vocabulary and NetJSON's values
		top := func(r string) string { return strings.SplitN(r, "/", 2)[0] }
		return to == "" || top(from) == top(to) || to == "netjsonconfig/ordered" || to == "netjsonconfig/schema"
	case under(to, "kit"):
		return true
	}
	return fromFloor == 5 || concern(to) <= concern(from) && !under(from, "kit")
}

func packages(t *testing.T) []pkg {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Name,Standard,Imports,Deps", "./...")
	cmd.Dir = testkit.Root(t)
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

func TestWhoMayImportWhom(t *testing.T) {
	seen := 0
	for _, p := range packages(t) {
		if !p.ours() {
			continue
		}
		seen++
		for _, imported := range p.Imports {
			to := pkg{ImportPath: imported}
			if to.ours() && !mayImport(p.room(), to.room()) {
				t.Errorf("%s must not import %s", p.ImportPath, imported)
			}
		}
	}
	require.Greater(t, seen, 5)
}

// denied are packages that some rooms must not reach, not even through others.
var denied = []struct {
	name string
	room func(string) bool
	dep  func(string) bool
}{
	{"the vocabulary needs nothing but the standard library",
		func(r string) bool { return r == "" },
		func(d string) bool { return strings.Contains(strings.SplitN(d, "/", 2)[0], ".") }},
	{"the agent has no database, no HTTP framework and no server command line",
		func(r string) bool { return under(r, "agent") },
		func(d string) bool {
			return under(d, "database/sql", "github.com/danielgtaylor/huma", "github.com/go-chi/chi", "github.com/alecthomas/kong", "github.com/jmoiron/sqlx") ||
				under(d, module+"/kit", module+"/server", module+"/tenancy", module+"/controller")
		}},
	{"the pure libraries have no database",
		func(r string) bool { return under(r, "netjsonconfig", "netdiff") },
		func(d string) bool {
			return under(d, "github.com/jmoiron/sqlx", "github.com/lib/pq", "modernc.org/sqlite") || d == "database/sql"
		}},
	{"only kit/rest, the …http rooms, server and examples know the HTTP framework",
		func(r string) bool {
			height, _ := floor(r)
			return !under(r, "kit/rest") && height < 4
		},
		func(d string) bool { return under(d, "github.com/danielgtaylor/huma", "github.com/go-chi/chi") }},
	{"only …test rooms and internal packages reach the test framework",
		func(r string) bool {
			// the job queue brings the test framework along, so that what is
			// built upon it reaches it too; see TestNobodyImportsTheTestFramework
			last := r[strings.LastIndexByte(r, '/')+1:]
			return !strings.HasSuffix(last, "test") && !under(r, "internal", "server", "examples")
		},
		func(d string) bool { return d == "testing" || under(d, "github.com/stretchr/testify") }},
	{"only server/jobs knows the job queue",
		func(r string) bool { return !under(r, "server", "examples", "internal") },
		func(d string) bool { return under(d, "github.com/riverqueue/river") }},
}

func TestWhatMustNotBeReached(t *testing.T) {
	for _, p := range packages(t) {
		if !p.ours() {
			continue
		}
		for _, rule := range denied {
			if !rule.room(p.room()) {
				continue
			}
			for _, dep := range p.Deps {
				if rule.dep(dep) && !excused(dep) {
					t.Errorf("%s reaches %s: %s", p.ImportPath, dep, rule.name)
				}
			}
		}
	}
}

func TestNobodyImportsTheTestFramework(t *testing.T) {
	for _, p := range packages(t) {
		last := p.room()[strings.LastIndexByte(p.room(), '/')+1:]
		if !p.ours() || strings.HasSuffix(last, "test") || under(p.room(), "internal") {
			continue
		}
		for _, imported := range p.Imports {
			if imported == "testing" || under(imported, "github.com/stretchr/testify") {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

// excused packages only look like a breach: they hold types that the
// identifiers and secrets of the vocabulary implement.
func excused(dep string) bool { return dep == "database/sql/driver" }

func TestTheRulesCatchABreach(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"controller", "tenancy", true},
		{"tenancy", "controller", false},
		{"controller", "controller/controllersql", false},
		{"controller/controllersql", "kit/sqlstore", true},
		{"controller/controllerhttp", "kit/rest", true},
		{"kit/rest", "tenancy/tenancysql", false},
		{"kit/sqlstore", "kit/internal/fields", true},
		{"controller", "controller/geo", false},
		{"controller/geo", "controller", true},
		{"netjsonconfig", "netjsonconfig/uci", true},
		{"netjsonconfig", "netdiff", false},
		{"netdiff", "netjsonconfig/ordered", true},
		{"netdiff", "netjsonconfig", false},
		{"netjsonconfig", "kit/event", false},
		{"agent", "netjsonconfig/uci", true},
		{"agent", "kit/event", false},
		{"server", "agent", true},
		{"controller", "agent", false},
		{"tenancy/tenancyhttp", "controller/controllerhttp", false},
		{"controller/controllerhttp", "tenancy/tenancyhttp", true},
		{"controller", "internal/testkit", false},
	} {
		require.Equal(t, c.want, mayImport(c.from, c.to), "%s imports %s", c.from, c.to)
	}
}
