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
	if !ok || !plainWord(name) {
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
		for _, place := range p {
			name := place.packageOf(strings.TrimLeft(m.Path, "./"))
			if name == "" {
				continue
			}
			// The file may bring its own package line; it then names the same package.
			contents := strings.ToValidUTF8(m.Contents, "\uFFFD") // NetJSON holds no other text
			if err := p.read(n, []byte("package "+name+"\n"+contents)); err != nil {
				return nil, err
			}
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
		to := &njc.Package{Name: from.Name, Sections: make([]*njc.Section, 0, len(from.Sections))}
		for _, s := range from.Sections {
			if s.Type[0] == '#' { // what the file says before its first section
				n.Notes = append(n.Notes, njc.ParseNote{Kind: njc.Dropped, Package: from.Name, Reason: "a comment"})
				continue
			}
			to.Sections = append(to.Sections, readSection(s))
		}
		to.Anonymous()
		n.Packages = append(n.Packages, to)
	}
	return nil
}

func readSection(from *uci.Section) *njc.Section {
	s := section(from.Type, from.Name, len(from.Options))
	for _, o := range from.Options {
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
