package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// TestNumberedFaultsHaveTests: every fault that decision 0101 numbers names tests
// that exist in the folder it says.
func TestNumberedFaultsHaveTests(t *testing.T) {
	root := testkit.Root(t)
	text, err := os.ReadFile(filepath.Join(root, "docs", "decisions", "0101-numbered-faults.md"))
	require.NoError(t, err)
	numbered := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([HML][^|]*) \| [^|]* \| ([^|]*) \|$`).FindAllStringSubmatch(string(text), -1) {
		named := 0
		for _, part := range strings.Split(row[2], "`")[1:] {
			if !strings.Contains(part, "Test") {
				tests, err := filepath.Glob(filepath.Join(root, part, "*_test.go"))
				require.NoError(t, err)
				require.NotEmpty(t, tests, part)
				var all strings.Builder
				for _, path := range tests {
					source, err := os.ReadFile(path)
					require.NoError(t, err)
					all.Write(source)
				}
				_, after, _ := strings.Cut(row[2], "`"+part+"`")
				after, _, _ = strings.Cut(after, "`")
				for _, name := range regexp.MustCompile(`Test\w+`).FindAllString(after, -1) {
					require.Contains(t, all.String(), "\nfunc "+name+"(", part)
					named++
				}
			}
		}
		require.Positive(t, named, row[1])
		for _, number := range strings.Split(row[1], ", ") {
			numbered[number] = true
		}
	}
	for letter, last := range map[string]int{"H": 4, "M": 7, "L": 13} {
		for n := 1; n <= last; n++ {
			require.True(t, numbered[letter+strconv.Itoa(n)], "%s%d", letter, n)
		}
	}
}
