package storetest

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// brokenVariable tells a process that it is to run a suite that must fail.
const brokenVariable = "WISPWRIGHT_BROKEN_STORAGE"

// MustFail runs suites on storages that break a promise each, by the name of what
// they do wrong: a suite that everybody passes proves nothing. Each runs in a
// process of its own, so that its failure is not the test's. Call it first in a
// test of its own.
func MustFail(t *testing.T, broken map[string]func(t *testing.T)) {
	t.Helper()
	for name, suite := range broken {
		t.Run(name, func(t *testing.T) {
			if os.Getenv(brokenVariable) == "1" {
				suite(t)
				return
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()[:len(t.Name())-len(name)-1]+"$/^"+name+"$", "-test.timeout", "1m")
			cmd.Env = append(os.Environ(), brokenVariable+"=1")
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "the suite passes a broken storage:\n%s", out)
			require.Contains(t, string(out), "--- FAIL: "+t.Name(), "it fails, and does not crash")
		})
	}
}
