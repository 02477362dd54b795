package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// Each setting that the installers of OpenWISP know, by the specification, is mapped in docs/settings.md, and each key
// that stands there is one of this program.
func TestEverySettingOfTheInstallersIsMapped(t *testing.T) {
	docs := filepath.Join(testkit.Root(t), "docs")
	known, ours := mapped(t, filepath.Join(docs, "settings.md"))
	names := slices.Concat(
		installers(t, filepath.Join(docs, "spec", "platform.md"), "### 1.1 ", "### 1.2 "),
		installers(t, filepath.Join(docs, "spec", "platform.md"), "## 8. ", "## 9. "),
		installers(t, filepath.Join(docs, "spec", "platform.md"), "## 9. ", "## 10. "))
	require.Greater(t, len(names), 140, "the tables of the specification are read otherwise now")
	for _, readings := range names {
		if !slices.ContainsFunc(known, func(p *regexp.Regexp) bool { return slices.ContainsFunc(readings, p.MatchString) }) {
			t.Errorf("%s is not mapped in docs/settings.md", strings.Join(readings, " or "))
		}
	}
	require.False(t, slices.ContainsFunc(known, func(p *regexp.Regexp) bool { return p.MatchString("OPENWISP_NO_SUCH_SETTING") }))

	keys := settings(t)
	require.Greater(t, len(ours), 200)
	for _, p := range ours {
		if !slices.ContainsFunc(keys, p.MatchString) {
			t.Errorf("docs/settings.md names %s, which no key is", p)
		}
	}
}

// quoted are the words between backticks.
var quoted = regexp.MustCompile("`([^`]+)`")

// columns are those of the rows of a table.
func columns(text string) (rows [][]string) {
	for line := range strings.SplitSeq(text, "\n") {
		if inner, is := strings.CutPrefix(line, "| "); is {
			rows = append(rows, strings.Split(strings.TrimSuffix(inner, "|"), " |"))
		}
	}
	return rows
}

// installers are the names in the first column of the specification's tables between two
// headings, where several are written short: `A_B`, `_C`, `A_{B,C}_D`, `a_b/c`, `a_*`. Which
// words at the end of the name before a short one stands for is not said: any.
func installers(t *testing.T, file, from, to string) (names [][]string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	_, part, found := strings.Cut(string(text), "\n"+from)
	require.True(t, found, from)
	part, _, found = strings.Cut(part, "\n"+to)
	require.True(t, found, to)
	proper := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+$`)
	for _, row := range columns(part) {
		last := ""
		for _, word := range quoted.FindAllStringSubmatch(row[0], -1) {
			for _, name := range alternatives(word[1]) {
				name, _, _ = strings.Cut(strings.ReplaceAll(name, "*", "any"), "/")
				readings := []string{name}
				if strings.HasPrefix(name, "_") {
					readings = nil
					for words := strings.Split(last, "_"); len(words) > 0; words = words[:len(words)-1] {
						readings = append(readings, strings.Join(words, "_")+name)
					}
				} else {
					last = name
				}
				if len(readings) > 0 && proper.MatchString(readings[0]) {
					names = append(names, readings)
				}
			}
		}
	}
	return names
}

// alternatives writes braces out.
func alternatives(word string) (all []string) {
	before, rest, found := strings.Cut(word, "{")
	inner, after, closed := strings.Cut(rest, "}")
	if !found || !closed {
		return []string{word}
	}
	for one := range strings.SplitSeq(inner, ",") {
		all = append(all, alternatives(before+one+after)...)
	}
	return all
}

// mapped are the patterns of docs/settings.md: of names there, and of keys here. In the table
// an ellipsis stands for anything, and at its beginning for the first two words of the name before.
func mapped(t *testing.T, file string) (known, ours []*regexp.Regexp) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	pattern := func(word string) *regexp.Regexp {
		return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(word), "…", ".*") + "$")
	}
	key := regexp.MustCompile(`^[a-z0-9_]+\.[a-z0-9_…]+$`)
	for _, row := range columns(string(text)) {
		last := ""
		for _, word := range quoted.FindAllStringSubmatch(row[0], -1) {
			name := word[1]
			if rest, short := strings.CutPrefix(name, "…"); short {
				words := strings.Split(last, "_")
				name = strings.Join(words[:min(2, len(words))], "_") + "…" + rest
			} else {
				last = name
			}
			known = append(known, pattern(name))
		}
		section := ""
		for _, word := range quoted.FindAllStringSubmatch(row[1], -1) {
			name, _, _ := strings.Cut(word[1], ":")
			if strings.HasPrefix(name, ".") {
				name = section + name
			}
			if key.MatchString(name) {
				section, _, _ = strings.Cut(name, ".")
				ours = append(ours, pattern(name))
			}
		}
	}
	return known, ours
}

// settings are the keys of the program.
func settings(t *testing.T) (keys []string) {
	t.Helper()
	section := ""
	for line := range strings.SplitSeq(done(t, filepath.Join(t.TempDir(), "data"), "", "config"), "\n") {
		line = strings.TrimPrefix(line, "#")
		m := regexp.MustCompile(`^( *)([a-z][a-z0-9_]*):`).FindStringSubmatch(line)
		switch {
		case m == nil:
		case m[1] == "":
			section = m[2]
			keys = append(keys, section)
		case len(m[1]) == 2 || len(m[1]) == 4:
			keys = append(keys, section+"."+m[2])
		}
	}
	return keys
}
