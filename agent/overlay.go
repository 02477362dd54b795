package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// overlay is a tree with changes in memory on top. Everything an update does is
// worked out here first; only then the disk is touched, as one transaction.
type overlay struct {
	tree  *Tree
	files map[string]*overlaid
}

type overlaid struct {
	before, after fileState
}

func newOverlay(t *Tree) *overlay { return &overlay{tree: t, files: map[string]*overlaid{}} }

func (o *overlay) load(name string) (*overlaid, error) {
	if f := o.files[name]; f != nil {
		return f, nil
	}
	s, err := o.tree.read(name)
	if err != nil {
		return nil, err
	}
	f := &overlaid{before: s, after: s}
	o.files[name] = f
	return f, nil
}

func (o *overlay) read(name string) (fileState, error) {
	f, err := o.load(name)
	if err != nil {
		return fileState{}, err
	}
	return f.after, nil
}

// write sets a file's content. The mode counts for a file that does not exist
// yet; an existing one keeps its mode and owner.
func (o *overlay) write(name string, content []byte, mode fs.FileMode) error {
	f, err := o.load(name)
	if err != nil {
		return err
	}
	f.after.content = content
	if !f.after.exists {
		f.after.exists = true
		f.after.mode = mode
		if f.before.exists {
			f.after.mode = f.before.mode
		}
		f.after.uid, f.after.gid = f.before.uid, f.before.gid
	}
	return nil
}

func (o *overlay) chmod(name string, mode fs.FileMode) error {
	f, err := o.load(name)
	if err != nil {
		return err
	}
	f.after.mode = mode
	return nil
}

func (o *overlay) remove(name string) error {
	f, err := o.load(name)
	if err != nil {
		return err
	}
	f.after = fileState{uid: f.before.uid, gid: f.before.gid}
	return nil
}

// change is a file that will be different.
type change struct {
	path          string
	before, after fileState
}

// changes returns what differs from the disk, sorted by path.
func (o *overlay) changes() []change {
	var out []change
	for name, f := range o.files {
		b, a := f.before, f.after
		if b.exists == a.exists && (!a.exists || b.mode == a.mode && bytes.Equal(b.content, a.content)) {
			continue
		}
		out = append(out, change{path: name, before: b, after: a})
	}
	slices.SortFunc(out, func(a, b change) int { return strings.Compare(a.path, b.path) })
	return out
}

const configDir = "/etc/config"

// uciMode is the mode of UCI files that are new, as the original leaves them.
const uciMode fs.FileMode = 0o644

// isUCI reports whether a path is that of a UCI file.
func isUCI(name string) bool { return path.Dir(name) == configDir }

// errUnreadable means that a file is not UCI as a device reads it.
var errUnreadable = errors.New("not valid UCI")

// pkg reads a UCI file; a missing one is an empty package and false. One that a
// device would not read wraps errUnreadable.
func (o *overlay) pkg(name string) (*uci.Package, bool, error) {
	s, err := o.read(name)
	if err != nil {
		return nil, false, err
	}
	p, err := parseUCI(path.Base(name), s.content)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w: %w", name, errUnreadable, err)
	}
	return p, s.exists, nil
}

// parseUCI reads a UCI file as libuci does: names it would refuse are errors,
// and an option with an empty value is no option.
func parseUCI(name string, text []byte) (*uci.Package, error) {
	p, err := uci.Parse(name, text)
	if err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	for _, s := range p.Sections {
		s.Options = slices.DeleteFunc(s.Options, func(o uci.Option) bool { return len(o.Values) == 0 || !o.List && o.Values[0] == "" })
	}
	return p, nil
}

// setPkg writes a UCI file unless it says the same already, in which case its
// comments and layout stay.
func (o *overlay) setPkg(name string, p *uci.Package) error {
	old, exists, err := o.pkg(name)
	if err == nil && exists && bytes.Equal(old.Append(nil), p.Append(nil)) {
		return nil
	}
	return o.write(name, p.AppendFile(nil), uciMode)
}

// list returns the names of the files directly in a folder as they will be.
func (o *overlay) list(dir string) ([]string, error) {
	names, err := o.tree.list(dir)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		f := o.files[path.Join(dir, n)]
		return f != nil && !f.after.exists
	})
	for name, f := range o.files {
		if path.Dir(name) == dir && f.after.exists && !slices.Contains(names, path.Base(name)) {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}
