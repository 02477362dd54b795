package architecture

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// narrowing finds what takes something away from programs of the release before: columns, tables, other
// types, names, and values that they do not write.
var narrowing = regexp.MustCompile(`(?im)\b(drop\s+(column|table)|rename\s+(to|column)|alter\s+column\s+\S+\s+(set\s+data\s+)?type|set\s+not\s+null|add\s+column\s+[^,;]*\bnot\s+null\b|add\s+constraint)\b[^,;]*`)

// widened are the steps before this rule, which no release is behind of.
var widened = map[string]bool{"controller/controllersql/migrations/00011_addresses.sql": true}

// While nodes are upgraded one after the other those of old work with the tables of the new program (decision
// 0116): steps only add, and what is added may be left out. On SQLite there is one process.
func TestMigrationsLeaveRoomForTheReleaseBefore(t *testing.T) {
	root := testkit.Root(t)
	steps := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".sql") || strings.HasSuffix(path, ".sqlite.sql") || filepath.Base(filepath.Dir(path)) == "sqlite" {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		up, _, is := strings.Cut(string(raw), "-- +goose Down")
		name, err := filepath.Rel(root, path)
		if err != nil || !is || widened[filepath.ToSlash(name)] {
			return err
		}
		steps++
		for _, found := range narrow(up) {
			t.Errorf("%s: %q: the release before cannot go on with it (decision 0116)", name, found)
		}
		return nil
	}))
	require.Greater(t, steps, 50, "the folders of migrations moved")
}

// narrow are the parts of a step that take something away. Columns that must have a value may
// be added with a default.
func narrow(up string) (found []string) {
	made := map[string]bool{} // tables of the step itself are nobody's yet
	for _, m := range regexp.MustCompile(`(?i)create\s+table\s+(\w+)`).FindAllStringSubmatch(up, -1) {
		made[strings.ToLower(m[1])] = true
	}
	for statement := range strings.SplitSeq(regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(up, ""), ";") {
		if m := regexp.MustCompile(`(?i)alter\s+table\s+(\w+)`).FindStringSubmatch(statement); m != nil && made[strings.ToLower(m[1])] {
			continue
		}
		for _, part := range narrowing.FindAllString(statement, -1) {
			if low := strings.ToLower(part); !strings.HasPrefix(low, "add column") || !strings.Contains(low, "default") {
				found = append(found, part)
			}
		}
	}
	return found
}

func TestWhatNarrowsTables(t *testing.T) {
	for _, step := range []string{
		"ALTER TABLE a DROP COLUMN b;", "DROP TABLE a;", "ALTER TABLE a RENAME TO b;", "ALTER TABLE a RENAME COLUMN b TO c;", "ALTER TABLE a ALTER COLUMN b TYPE INET;",
		"ALTER TABLE a ALTER COLUMN b SET NOT NULL;", "ALTER TABLE a ADD COLUMN b TEXT NOT NULL;", "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0);",
	} {
		require.NotEmpty(t, narrow(step), step)
	}
	for _, step := range []string{
		"ALTER TABLE a ADD COLUMN b TEXT;", "ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT '';", "CREATE TABLE a (b TEXT NOT NULL); ALTER TABLE a ADD CONSTRAINT c CHECK (b > '');",
		"-- DROP TABLE a;\nCREATE INDEX i ON a (b);", "ALTER TABLE a ALTER COLUMN b SET DEFAULT 1;",
	} {
		require.Empty(t, narrow(step), step)
	}
}
