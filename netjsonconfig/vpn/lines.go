package vpn

import (
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
)

// checkLine refuses a value that would not stay on its line.
func checkLine(text string, path ...any) error {
	if strings.ContainsAny(text, "\n\r\x00") {
		return njc.Invalid("a line break is not allowed here", path...)
	}
	return nil
}

// checkKey refuses a key that could not be read back as one word.
func checkKey(key string, path ...any) error {
	if key == "" || strings.ContainsAny(key, " \t\n\r\x00#;[]=") {
		return njc.Invalid("not the name of an option", path...)
	}
	return nil
}

// checkFileName refuses a name that would leave the archive's folder.
func checkFileName(name string, path ...any) error {
	if name == "" || strings.ContainsAny(name, "/\\") {
		return njc.Invalid("the name becomes the name of a file and cannot contain slashes", path...)
	}
	return checkLine(name, path...)
}

// atTop returns the name of a member at the top of an archive, "" for one in a
// folder. Programs that pack "." write "./name".
func atTop(path string) string {
	if name := strings.TrimPrefix(path, "./"); !strings.Contains(name, "/") {
		return name
	}
	return ""
}

// word spells a value as wg-quick and OpenVPN want it: booleans as words, lists
// with commas.
func word(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "true"
		}
		return "false"
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = word(v[i])
		}
		return strings.Join(parts, ",")
	}
	return value.Text(v)
}

// confMembers returns one file <name>.conf for each section of a package.
func confMembers(n *njc.Native, name string, appendBody func([]byte, *njc.Section) []byte) []njc.File {
	p := n.Package(name)
	if p == nil {
		return nil
	}
	files := make([]njc.File, 0, len(p.Sections))
	for _, s := range p.Sections {
		files = append(files, njc.File{
			Path: s.Name + ".conf", Mode: njc.DefaultMode, Contents: string(appendBody(nil, s)),
		})
	}
	return files
}

// appendConf writes the sections of a package one after the other, each under a
// comment with its name.
func appendConf(dst []byte, n *njc.Native, name string, appendBody func([]byte, *njc.Section) []byte) []byte {
	p := n.Package(name)
	if p == nil {
		return dst
	}
	for i, s := range p.Sections {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = append(dst, "# "...)
		dst = append(dst, name...)
		dst = append(dst, " config: "...)
		dst = append(dst, s.Name...)
		dst = append(dst, "\n\n"...)
		dst = appendBody(dst, s)
	}
	return dst
}
