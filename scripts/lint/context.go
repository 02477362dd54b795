package main

import (
	"go/token"
	"strings"

	"github.com/kkHAIKE/contextcheck"
	"golang.org/x/tools/go/analysis"
)

// contextCheck is contextcheck for the code that serves: a function that has a
// context must not make another. Its second finding, a call through which a
// library somewhere below makes one, is left out: it names connection pools and
// loggers, which live longer than any request, by design. Tests, suites and
// internal programs live as long as their process.
func contextCheck() *analysis.Analyzer {
	a := contextcheck.NewAnalyzer(contextcheck.Configuration{})
	check := a.Run
	a.Run = func(pass *analysis.Pass) (any, error) {
		report := pass.Report
		pass.Report = func(d analysis.Diagnostic) {
			if strings.HasPrefix(d.Message, "Non-inherited") && serves(pass, d.Pos) {
				report(d)
			}
		}
		return check(pass)
	}
	return a
}

// serves tells whether the position is in code that a server runs.
func serves(pass *analysis.Pass, pos token.Pos) bool {
	path := pass.Pkg.Path()
	return !strings.HasSuffix(pass.Fset.Position(pos).Filename, "_test.go") &&
		!strings.HasSuffix(path, "test") && !strings.Contains(path, "/internal/") && !strings.Contains(path, "/examples/")
}
