package explain_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/explain"
)

func TestUnified(t *testing.T) {
	require.Empty(t, explain.Unified("a\nb\n", "a\nb\n"))
	require.Equal(t, "@@ -1,2 +1,3 @@\n a\n+x\n b\n", explain.Unified("a\nb\n", "a\nx\nb\n"))
	require.Equal(t, "@@ -0,0 +1,1 @@\n+a\n", explain.Unified("", "a\n"))
	require.Equal(t, "@@ -1,1 +0,0 @@\n-a\n", explain.Unified("a\n", ""))
	far := strings.Repeat("same\n", 20)
	require.Equal(t, 2, strings.Count(explain.Unified("a\n"+far+"b\n", "c\n"+far+"d\n"), "@@ -"))
	near := strings.Repeat("same\n", 6)
	require.Equal(t, 1, strings.Count(explain.Unified("a\n"+near+"b\n", "c\n"+near+"d\n"), "@@ -"))
}

// What is written turns one text into the other when the real patch is asked.
func TestPatchUnderstandsIt(t *testing.T) {
	patch, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("there is no patch here")
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		text := func() string {
			var b strings.Builder
			for range random.IntN(40) {
				b.WriteString(string(rune('a'+random.IntN(6))) + "\n")
			}
			return b.String()
		}
		a, b := text(), text()
		diff := explain.Unified(a, b)
		if diff == "" || b == "" || a == "" {
			continue
		}
		file := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(file, []byte(a), 0o600))
		cmd := exec.Command(patch, "-s", file)
		cmd.Stdin = strings.NewReader("--- f\n+++ f\n" + diff)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", out, diff)
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, b, string(got), diff)
	}
}

func TestBlame(t *testing.T) {
	require.Equal(t, []int{0, 1, 0, 2}, explain.Blame([]string{"a\nb\n", "a\nx\nb\n", "a\nx\nb\ny\n"}))
	require.Equal(t, []int{2, 0}, explain.Blame([]string{"a\nb\n", "b\n", "c\nb\n"}), "what went and came again is new")
	require.Empty(t, explain.Blame(nil))
}

func TestMatchOfLongTexts(t *testing.T) {
	a, b := make([]string, 3000), make([]string, 3000)
	for i := range a {
		a[i], b[i] = "a", "b"
	}
	a[0], b[0], a[2999], b[2999] = "x", "x", "y", "y"
	require.Equal(t, [][2]int{{0, 0}, {2999, 2999}}, explain.Match(a, b))
}

func TestUsed(t *testing.T) {
	require.Equal(t, []string{"a", "b_1"}, explain.Used(`{"x":"{{ b_1 }}{{a}}","y":"{{ a }} {{ no name }} { a }"}`))
}
