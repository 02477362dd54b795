package architecture

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// source is one parsed Go file of the repository.
type source struct {
	room string // folder seen from the root
	path string
	test bool // a _test.go file
	text []byte
	fset *token.FileSet
	file *ast.File
}

// suite reports whether the file is importable test code.
func (s source) suite() bool {
	last := s.room[strings.LastIndexByte(s.room, '/')+1:]
	return !s.test && (strings.HasSuffix(last, "test") || under(s.room, "internal/testkit", "internal/replay"))
}

// lines counts the lines that hold a token other than a comment.
func (s source) lines() int {
	var sc scanner.Scanner
	fset := token.NewFileSet()
	f := fset.AddFile(s.path, -1, len(s.text))
	sc.Init(f, s.text, nil, 0)
	seen := map[int]bool{}
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			return len(seen)
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		first := f.Line(pos)
		for i := range strings.Count(lit, "\n") + 1 {
			seen[first+i] = true
		}
	}
}

// kinds reduces the file to its shape: one number per token, names and
// literals made equal, imports and punctuation-only lines kept as they are.
func (s source) kinds() []uint32 {
	var sc scanner.Scanner
	fset := token.NewFileSet()
	f := fset.AddFile(s.path, -1, len(s.text))
	sc.Init(f, s.text, nil, 0)
	var out []uint32
	for {
		_, tok, _ := sc.Scan()
		if tok == token.EOF {
			return out
		}
		out = append(out, uint32(tok))
	}
}

func sources(t *testing.T) []source {
	root := testkit.Root(t)
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "data") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		room, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		if filepath.ToSlash(room) == "client/api" && ast.IsGenerated(file) {
			return nil // measured is what people write, and only `make client` writes there
		}
		all = append(all, source{
			room: strings.TrimPrefix(filepath.ToSlash(room), "."), path: path, text: text,
			test: strings.HasSuffix(path, "_test.go"), fset: fset, file: file,
		})
		return nil
	})
	require.NoError(t, err)
	return all
}
