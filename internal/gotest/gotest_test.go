package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// module makes a module of one package with the given test file.
func module(t *testing.T, test string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.org/m\n\ngo 1.26\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "m_test.go"), []byte(test), 0o600))
	t.Chdir(dir)
	t.Setenv("GOFLAGS", "")
}

const head = "package m\n\nimport (\n\"os\"\n\"testing\"\n)\n\nvar _ = os.Args\n"

func TestFlakyTestsPassAndAreListed(t *testing.T) {
	module(t, head+`
func TestGood(t *testing.T) {}
func TestChance(t *testing.T) {
	t.Run("sub test", func(t *testing.T) {
		if _, err := os.Stat("been"); err != nil {
			os.WriteFile("been", nil, 0o600)
			t.Fatal("unlucky")
		}
	})
}`)
	var out bytes.Buffer
	passed, err := run(&out, []string{"-count=1", "./..."}, true, goTest)
	require.NoError(t, err)
	require.True(t, passed, out.String())
	require.Contains(t, out.String(), "FLAKY: TestChance/sub_test of example.org/m")
	require.Contains(t, out.String(), "unlucky")
}

func TestFailuresStayFailures(t *testing.T) {
	for name, test := range map[string]string{
		"always":             head + `func TestBad(t *testing.T) { t.Error("always") }`,
		"does not build":     head + `func TestBad(t *testing.T) { nonsense }`,
		"outside a test":     head + `func TestMain(m *testing.M) { m.Run(); os.Exit(3) }; func TestGood(t *testing.T) {}`,
		"panics":             head + `func TestBad(t *testing.T) { panic("always") }`,
		"another always too": head + `func TestGood(t *testing.T) {}; func TestBad(t *testing.T) { t.Run("a/b", func(t *testing.T) { t.Fail() }) }`,
	} {
		t.Run(name, func(t *testing.T) {
			module(t, test)
			var out bytes.Buffer
			passed, err := run(&out, []string{"-count=1", "./..."}, true, goTest)
			require.NoError(t, err)
			require.False(t, passed, out.String())
			require.NotContains(t, out.String(), "FLAKY")
		})
	}
}

func TestWithoutRerunAFailureCounts(t *testing.T) {
	module(t, head+`
func TestChance(t *testing.T) {
	if _, err := os.Stat("been"); err != nil {
		os.WriteFile("been", nil, 0o600)
		t.Fatal("unlucky")
	}
}`)
	var out bytes.Buffer
	passed, err := run(&out, []string{"-count=1", "./..."}, false, goTest)
	require.NoError(t, err)
	require.False(t, passed)
	require.Contains(t, out.String(), "1 failed")
}

func TestManyFailuresAreNoChance(t *testing.T) {
	module(t, head+`
func TestMany(t *testing.T) {
	for i := range 9 {
		t.Run(string(rune('a'+i)), func(t *testing.T) { t.Fail() })
	}
}`)
	var out bytes.Buffer
	passed, err := run(&out, []string{"-count=1", "./..."}, true, goTest)
	require.NoError(t, err)
	require.False(t, passed)
	require.NotContains(t, out.String(), "once more by itself")
}

func TestAPackageThatPanickedRunsWhole(t *testing.T) {
	module(t, head+`
func TestChance(t *testing.T) {
	if _, err := os.Stat("been"); err != nil {
		os.WriteFile("been", nil, 0o600)
		panic("unlucky")
	}
}
func TestNeverReachedAtFirst(t *testing.T) { t.Error("always") }
`)
	var out bytes.Buffer
	passed, err := run(&out, []string{"-count=1", "./..."}, true, goTest)
	require.NoError(t, err)
	require.False(t, passed, out.String())
}
