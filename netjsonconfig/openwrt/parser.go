package openwrt

import (
	"errors"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// parser reads UCI text, leniently (§9): lines that are no statement are passed
// over. Its elements tell which members of an archive are packages.
type parser []place

// place is where archives have packages: "etc/config/network".
type place struct{ dir, suffix string }

// packageOf returns the name of the package that a member holds, or "".
func (p place) packageOf(path string) string {
	name, ok := strings.CutPrefix(path, p.dir)
	if ok {
		name, ok = strings.CutSuffix(name, p.suffix)
	}
	if !ok || !packageName(name) {
		return ""
	}
	return name
}

// ParseText reads a text of several packages.
func (p parser) ParseText(text string) (*njc.Native, error) {
	n := new(njc.Native)
	if err := p.read(n, []byte(text)); err != nil {
		return nil, err
	}
	return n, nil
}

// ParseArchive reads the members that are packages.
func (p parser) ParseArchive(members []njc.File) (*njc.Native, error) {
	n := new(njc.Native)
	for _, m := range members {
		known := false
		for _, place := range p {
			name := place.packageOf(strings.TrimLeft(m.Path, "./"))
			if name == "" {
				continue
			}
			known = true
			// The file may bring its own package line; it then names the same package.
			contents := strings.ToValidUTF8(m.Contents, "\uFFFD") // NetJSON holds no other text
			if err := p.read(n, []byte("package "+name+"\n"+contents)); err != nil {
				// One file that is none does not stop the reading of the others.
				n.Files = append(n.Files, njc.File{Path: "/" + strings.TrimLeft(m.Path, "./"), Contents: contents})
				n.Notes = append(n.Notes, njc.ParseNote{Kind: njc.KeptRaw, Package: name, Reason: "kept as a file: " + err.Error()})
			}
		}
		if !known {
			n.Notes = append(n.Notes, njc.ParseNote{Kind: njc.Dropped, Package: m.Path, Reason: "no package of UCI"})
		}
	}
	return n, nil
}

func (p parser) read(n *njc.Native, text []byte) error {
	packages, err := uci.ParseLoose(text)
	var syntax *uci.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return &njc.ParseError{Line: syntax.Line, Message: syntax.Message}
	case err != nil:
		return &njc.ParseError{Message: err.Error()}
	}
	for _, from := range packages {
		if !packageName(from.Name) {
			n.Notes = append(n.Notes, njc.ParseNote{Kind: njc.Dropped, Package: from.Name, Reason: "UCI has no such name of packages"})
			continue
		}
		to := &njc.Package{Name: from.Name, Sections: make([]*njc.Section, 0, len(from.Sections))}
		for _, s := range from.Sections {
			switch {
			case s.Type[0] == '#': // what the file says before its first section
				n.Notes = append(n.Notes, njc.ParseNote{Kind: njc.Dropped, Package: from.Name, Reason: "a comment"})
			case !plainWord(s.Type):
				n.Notes = append(n.Notes, njc.ParseNote{Kind: njc.Dropped, Package: from.Name, Section: s.Name, Reason: "UCI has no such type of sections"})
			default:
				to.Sections = append(to.Sections, readSection(n, from.Name, s))
			}
		}
		to.Anonymous()
		n.Packages = append(n.Packages, to)
	}
	return nil
}

// readSection reads a section. Options that no device has, because libuci
// ignores or refuses them, are noted and left out.
func readSection(n *njc.Native, pkg string, from *uci.Section) *njc.Section {
	s := section(from.Type, from.Name, len(from.Options))
	for _, o := range from.Options {
		if !uci.ValidName(strings.ReplaceAll(o.Key, "-", "_")) || o.String() == "" {
			n.Notes = append(n.Notes, njc.ParseNote{
				Kind: njc.Dropped, Package: pkg, Section: from.Name, Option: o.Key,
				Reason: "UCI has no options without a value, or of such a name",
			})
			continue
		}
		if !o.List {
			put(s, o.Key, strings.Join(o.Values, " "))
			continue
		}
		list := make([]any, len(o.Values))
		for i, v := range o.Values {
			list[i] = v
		}
		put(s, o.Key, list)
	}
	return s
}
