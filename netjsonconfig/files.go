package netjsonconfig

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"

	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// DefaultMode is the mode of generated files that say nothing else, KeyMode
// that of generated files with secrets (§6).
const (
	DefaultMode = "0644"
	KeyMode     = "0600"
)

// File is one file of a configuration or of an archive.
type File struct {
	// Path is where the file goes on the device. In an archive it has no
	// leading slash.
	Path string
	// Mode is the permissions in octal digits: "0644".
	Mode string
	// Contents are the file's bytes.
	Contents string
}

// filesOf reads the files of a validated configuration.
func filesOf(config *ordered.Object) []File {
	list := value.List(config, "files")
	if len(list) == 0 {
		return nil
	}
	files := make([]File, 0, len(list)+2)
	for _, item := range list {
		o, ok := item.(*ordered.Object)
		if !ok {
			continue
		}
		f := File{Path: value.Str(o, "path"), Mode: value.Str(o, "mode"), Contents: value.Str(o, "contents")}
		if f.Mode == "" {
			f.Mode = DefaultMode
		}
		files = append(files, f)
	}
	return files
}

// reduce keeps the last file of each path, in the first one's place (§6).
func reduce(files []File) []File {
	if len(files) < 2 {
		return files
	}
	at := make(map[string]int, len(files))
	out := make([]File, 0, len(files))
	for _, f := range files {
		if i, ok := at[f.Path]; ok {
			out[i] = f
			continue
		}
		at[f.Path] = len(out)
		out = append(out, f)
	}
	return out
}

// appendFiles appends the files as Render shows them (§7). Three newlines in a
// row are shown as two.
func appendFiles(dst []byte, files []File) []byte {
	if len(files) == 0 {
		return dst
	}
	start := len(dst)
	dst = append(dst, "\n# ---------- files ---------- #\n\n"...)
	for _, f := range files {
		dst = append(dst, "# path: "...)
		dst = append(dst, f.Path...)
		dst = append(dst, "\n# mode: "...)
		dst = append(dst, f.Mode...)
		dst = append(dst, "\n\n"...)
		dst = append(dst, f.Contents...)
		dst = append(dst, "\n\n"...)
	}
	return dst[:start+squeeze(dst[start:])]
}

// squeeze makes two newlines of every three in place, once from left to right,
// and returns the new length.
func squeeze(text []byte) int {
	n, rest := 0, text
	for {
		i := bytes.Index(rest, []byte("\n\n\n"))
		if i < 0 {
			return n + copy(text[n:], rest)
		}
		n += copy(text[n:], rest[:i+2])
		rest = rest[i+3:]
	}
}

// checkFiles refuses paths that could leave the device's root (§5): at most one
// leading slash, then plain components of letters, digits, dot, underscore and
// dash.
func checkFiles(config *ordered.Object) error {
	list := value.List(config, "files")
	for i, item := range list {
		o, ok := item.(*ordered.Object)
		if !ok {
			continue
		}
		path := value.Str(o, "path")
		if !plainPath(path) {
			return invalidPath(path, "files", i, "path")
		}
		mode := value.Str(o, "mode")
		if mode == "" {
			continue
		}
		if _, err := strconv.ParseUint(mode, 8, 12); err != nil {
			return Invalid("Invalid file mode "+strconv.Quote(mode), "files", i, "mode")
		}
	}
	return nil
}

func invalidPath(path string, at ...any) error {
	return Invalid("Invalid file path "+strconv.Quote(path)+`: use letters, digits, ".", "_", "-" and "/" only, without empty, "." or ".." components`, at...)
}

// safePath reports whether a path that a converter made leads below the root:
// its characters are those of the settings it was made of, control characters
// apart.
func safePath(path string) bool {
	if strings.ContainsFunc(path, unicode.IsControl) {
		return false
	}
	for component := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if component == "" || component == "." || component == ".." {
			return false
		}
	}
	return true
}

func plainPath(path string) bool {
	rest := strings.TrimPrefix(path, "/")
	// A variable without a value stays in the text; it counts as one letter.
	for {
		start := strings.Index(rest, "{{")
		if start < 0 {
			break
		}
		end := strings.Index(rest[start:], "}}")
		if end < 0 || strings.ContainsFunc(rest[start:start+end], func(c rune) bool { return c == '/' || unicode.IsControl(c) }) {
			return false
		}
		rest = rest[:start] + "x" + rest[start+end+2:]
	}
	for component := range strings.SplitSeq(rest, "/") {
		if component == "" || component == "." || component == ".." {
			return false
		}
		for _, c := range []byte(component) {
			switch {
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
			default:
				return false
			}
		}
	}
	return true
}
