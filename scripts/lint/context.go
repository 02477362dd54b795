package main

import (
	"go/token"
	"strings"

	"github.com/kkHAIKE/contextcheck"
	"golang.org/x/tools/go/analysis"
)

// contextCheck is contextcheck for the code that serves, limited to what is
// always wrong: a function that has a context begins another, with
// context.Background or context.TODO. Its other findings name contexts that
// live as long as a node, a pool or a listener, by design. Tests, suites and
// internal programs live as long as their process.
func contextCheck() *analysis.Analyzer {
	a := contextcheck.NewAnalyzer(contextcheck.Configuration{})
	check := a.Run
	a.Run = func(pass *analysis.Pass) (any, error) {
		report := pass.Report
		pass.Report = func(d analysis.Diagnostic) {
			if strings.HasPrefix(d.Message, "Non-inherited") && serves(pass, d.Pos) && begins(pass, d.Pos) {
				report(d)
			}
		}
		return check(pass)
	}
	return a
}

// begins tells whether a context begins on the line of a position.
func begins(pass *analysis.Pass, pos token.Pos) bool {
	p := pass.Fset.Position(pos)
	text, err := pass.ReadFile(p.Filename)
	if err != nil {
		return true
	}
	lines := strings.Split(string(text), "\n")
	line := lines[min(p.Line, len(lines))-1]
	return strings.Contains(line, "context.Background()") || strings.Contains(line, "context.TODO()")
}

// serves tells whether the position is in code that a server runs.
func serves(pass *analysis.Pass, pos token.Pos) bool {
	path := pass.Pkg.Path()
	return !strings.HasSuffix(pass.Fset.Position(pos).Filename, "_test.go") &&
		!strings.HasSuffix(path, "test") && !strings.Contains(path, "/internal/") && !strings.Contains(path, "/examples/")
}
