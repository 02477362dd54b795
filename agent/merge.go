package agent

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// Where the agent keeps what it must remember between updates (§1).
const (
	stateDir     = "/etc/openwisp"
	remoteDir    = stateDir + "/remote"
	storedDir    = stateDir + "/stored"
	addedList    = stateDir + "/added.list"
	modifiedList = stateDir + "/modified.list"
	volatileDir  = "/tmp/openwisp"
)

// InvalidFileError means that the archive holds a UCI file a device would not
// read (§6.1).
type InvalidFileError struct {
	// Name is the file's name below /etc/config.
	Name string
	// Err says what is wrong with it.
	Err error
}

// Error is the text the original agent prints; Unwrap has the reason.
func (e *InvalidFileError) Error() string {
	return "ERROR: invalid UCI configuration file: " + e.Name
}

// Unwrap returns the reason.
func (e *InvalidFileError) Unwrap() error { return e.Err }

// update works out what applying an archive changes (§6.1 to §6.4).
type update struct {
	o         *overlay
	merge     bool
	unmanaged []string
	warn      func(format string, args ...any)

	files  map[string]File // the archive, by path
	order  []string        // its paths in order
	remote map[string]bool // paths of the previous archive
	parsed map[string]*uci.Package
	left   map[string]error // local UCI files that are not touched, and why
}

func (u *update) run(files []File) error {
	u.files, u.parsed = make(map[string]File, len(files)), map[string]*uci.Package{}
	for _, f := range files {
		if own(f.Path) {
			u.warn(skippedPath, f.Path)
			continue
		}
		if err := u.validate(f); err != nil {
			return err
		}
		u.files[f.Path] = f
		u.order = append(u.order, f.Path)
	}
	old, _, err := u.o.tree.walk(remoteDir)
	if err != nil {
		return err
	}
	u.remote = map[string]bool{}
	for _, name := range old {
		u.remote["/"+name] = true
	}
	if err := u.findUnreadable(); err != nil {
		return err
	}
	kept, err := u.storeUnmanaged()
	if err != nil {
		return err
	}
	for _, step := range []func() error{u.removeGone, u.keepOriginals, u.writeUCI, u.writeFiles, u.replaceRemote} {
		if err := step(); err != nil {
			return err
		}
	}
	return u.restoreUnmanaged(kept)
}

// own reports whether the agent itself lives on a file, so that no archive may
// write it.
func own(name string) bool {
	for _, place := range []string{remoteDir, storedDir, journalDir, addedList, modifiedList, checksumFile, trialFile, volatileDir} {
		if name == place || strings.HasPrefix(name, place+"/") {
			return true
		}
	}
	base := path.Base(name)
	return strings.HasPrefix(base, ".") && strings.HasSuffix(base, tempSuffix)
}

// validate checks one file before anything is done (§6.1).
func (u *update) validate(f File) error {
	if !isUCI(f.Path) {
		return nil
	}
	name := path.Base(f.Path)
	invalid := func(err error) error { return &InvalidFileError{Name: name, Err: err} }
	if strings.ContainsFunc(name, func(c rune) bool { return c != '-' && !uci.ValidName(string(c)) }) {
		return invalid(errors.New("not the name of a UCI package"))
	}
	p, err := parseUCI(name, f.Content)
	if err != nil {
		return invalid(err)
	}
	u.parsed[f.Path] = p
	return nil
}

// findUnreadable finds the local UCI files that cannot be read. They may hold
// what the device lives on, in a line with a slip: they are not touched until
// somebody has mended them. Overwriting replaces the whole file, which needs no
// reading.
func (u *update) findUnreadable() error {
	u.left = map[string]error{}
	check := func(name string) error {
		_, _, err := u.o.pkg(name)
		if errors.Is(err, errUnreadable) {
			u.left[name], err = err, nil
		}
		return err
	}
	for name := range u.parsed {
		if !u.merge && name != identityFile {
			continue
		}
		if err := check(name); err != nil {
			return err
		}
	}
	for name := range u.remote {
		if !isUCI(name) || u.parsed[name] != nil {
			continue
		}
		if err := check(name); err != nil {
			return err
		}
	}
	for name, err := range u.left {
		u.warn("The local file %s is not valid UCI and is left as it is: %v", name, errors.Unwrap(err))
	}
	return nil
}

// live reads a UCI file of the device. One that cannot be read counts as missing: it is
// replaced where files are overwritten, and left alone otherwise.
func (u *update) live(name string) (*uci.Package, bool, error) {
	p, exists, err := u.o.pkg(name)
	if errors.Is(err, errUnreadable) {
		return &uci.Package{Name: path.Base(name)}, false, nil
	}
	return p, exists, err
}

// known reads a copy the agent keeps; nil when there is none or it is damaged.
func (u *update) known(dir, name string) *uci.Package {
	p, exists, err := u.o.pkg(dir + name)
	if err != nil {
		u.warn("Ignoring the damaged copy %s: %v", dir+name, err)
		return nil
	}
	if !exists {
		return nil
	}
	return p
}

// removeGone takes back what the previous archive set and the new one does not
// (§6.2).
func (u *update) removeGone() error {
	var names []string
	for name := range u.remote {
		if isUCI(name) && u.left[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		back, err := u.giveUnreadableBack(name)
		if err != nil {
			return err
		}
		if back {
			continue
		}
		live, exists, err := u.live(name)
		if err != nil {
			return err
		}
		old := u.known(remoteDir, name)
		if !exists || old == nil {
			continue
		}
		now := u.parsed[name]
		if now == nil {
			now = &uci.Package{}
		}
		g := gone{live: live, now: now, stored: u.known(storedDir, name)}
		for _, s := range old.Sections {
			g.section(s)
		}
		if len(live.Sections) > 0 {
			err = u.o.setPkg(name, live)
		} else {
			err = u.o.remove(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// giveUnreadableBack restores an original that could not be read and was
// overwritten: there are no sections of it to give back, but the file.
func (u *update) giveUnreadableBack(name string) (bool, error) {
	if u.parsed[name] != nil {
		return false, nil
	}
	if _, _, err := u.o.pkg(storedDir + name); !errors.Is(err, errUnreadable) {
		return false, err
	}
	stored, err := u.o.read(storedDir + name)
	if err != nil {
		return false, err
	}
	return true, u.o.write(name, stored.content, stored.mode)
}

// gone is the work of removeGone on one file.
type gone struct{ live, now, stored *uci.Package }

func (g gone) section(old *uci.Section) {
	if old.Anonymous() {
		g.anonymous(old)
		return
	}
	var stored *uci.Section
	if g.stored != nil {
		stored = g.stored.Section(old.Name)
	}
	now, live := g.now.Section(old.Name), g.live.Section(old.Name)
	switch {
	case now == nil && stored != nil:
		if live == nil {
			live = g.live.Add(stored.Type, stored.Name)
		}
		for _, o := range old.Options {
			live.Delete(o.Key)
		}
		live.Type = stored.Type
		putSorted(live, stored.Options)
		return
	case live == nil:
		return
	}
	for _, o := range old.Options {
		if now != nil {
			if _, still := now.Option(o.Key); still {
				continue
			}
			if stored != nil {
				if was, ok := stored.Option(o.Key); ok {
					live.Put(was)
					continue
				}
			}
		}
		live.Delete(o.Key)
	}
	if len(live.Options) == 0 {
		g.live.Remove(live)
	}
}

// anonymous removes what an anonymous section of the previous archive became:
// it has the same type and options, and a name of its own by now.
func (g gone) anonymous(old *uci.Section) {
	if alike(g.now, old) != nil {
		return
	}
	if s := alike(g.live, old); s != nil {
		g.live.Remove(s)
	}
}

// alike finds a section of the same type and options, whatever its name.
func alike(p *uci.Package, s *uci.Section) *uci.Section {
	for _, other := range p.OfType(s.Type) {
		c := other.Clone()
		c.Name = s.Name
		if c.Equal(s) {
			return other
		}
	}
	return nil
}

// putSorted sets options in alphabetical order, as the original does.
func putSorted(s *uci.Section, options []uci.Option) {
	sorted := slices.SortedFunc(slices.Values(options), func(a, b uci.Option) int { return strings.Compare(a.Key, b.Key) })
	for _, o := range sorted {
		o.Values = slices.Clone(o.Values)
		s.Put(o)
	}
}

// keepOriginals copies live UCI files aside before the controller changes them
// for the first time (§6.3), all of them before the first is written. A file
// that only came into being through the controller is no original.
func (u *update) keepOriginals() error {
	for _, name := range u.order {
		now := u.parsed[name]
		if now == nil || len(now.Sections) == 0 || u.left[name] != nil {
			continue
		}
		if before := u.known(remoteDir, name); before != nil && len(before.Sections) > 0 {
			continue
		}
		live, err := u.o.read(name)
		if err != nil {
			return err
		}
		stored, err := u.o.read(storedDir + name)
		if err != nil {
			return err
		}
		if !live.exists || stored.exists {
			continue
		}
		if err := u.o.write(storedDir+name, u.withoutBrought(name, live.content), live.mode); err != nil {
			return err
		}
	}
	return nil
}

// withoutBrought takes out of an original the sections that are exactly what
// the archive brings. An agent that lost its state (a new installation, a
// firmware upgrade without the folder) would otherwise take what the controller
// wrote before for the device's own, and no template could be removed any more.
func (u *update) withoutBrought(name string, content []byte) []byte {
	p, _, err := u.o.pkg(name)
	if err != nil {
		return content // overwritten, and given back as it is
	}
	now := u.parsed[name]
	own := p.Clone()
	own.Sections = slices.DeleteFunc(own.Sections, func(s *uci.Section) bool {
		if brought := now.Section(s.Name); brought != nil {
			return brought.Equal(s)
		}
		// a section without a name got one on the device
		brought := alike(now, s)
		return brought != nil && (brought.Anonymous() || s.Anonymous())
	})
	if len(own.Sections) == len(p.Sections) {
		return content
	}
	return own.AppendFile(nil)
}

// identityFile is the agent's own configuration. It is merged even where files
// are overwritten, or the device would forget who it is.
const identityFile = configDir + "/openwisp"

// writeUCI brings the controller's UCI files into the live ones (§6.3).
func (u *update) writeUCI() error {
	for _, name := range u.order {
		remote := u.parsed[name]
		if remote == nil || u.left[name] != nil {
			continue
		}
		if !u.merge && name != identityFile {
			if err := u.o.write(name, u.files[name].Content, uciMode); err != nil {
				return err
			}
			continue
		}
		live, exists, err := u.live(name)
		if err != nil {
			return err
		}
		before, was := u.known(remoteDir, name), live.Clone()
		for _, s := range remote.Sections {
			if s.Anonymous() && (before == nil || alike(before, s) != nil) && alike(was, s) != nil {
				continue // added by an earlier update
			}
			to := live.Add(s.Type, s.Name)
			putSorted(to, s.Options)
		}
		if !exists {
			err = u.o.write(name, live.AppendFile(nil), uciMode)
		} else {
			err = u.o.setPkg(name, live)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeFiles puts other files in place and takes back those that are gone
// (§6.3).
func (u *update) writeFiles() error {
	added, err := u.readList(addedList)
	if err != nil {
		return err
	}
	modified, err := u.readList(modifiedList)
	if err != nil {
		return err
	}
	for _, name := range u.order {
		if isUCI(name) {
			continue
		}
		if err := u.writeFile(u.files[name], &added, &modified); err != nil {
			return err
		}
	}
	gone := func(name string) bool { _, still := u.files[name]; return !still }
	for _, name := range added {
		if gone(name) {
			if err := u.o.remove(name); err != nil {
				return err
			}
		}
	}
	for _, name := range modified {
		if gone(name) {
			if err := u.giveBack(name); err != nil {
				return err
			}
		}
	}
	if err := u.writeList(addedList, slices.DeleteFunc(added, gone)); err != nil {
		return err
	}
	return u.writeList(modifiedList, slices.DeleteFunc(modified, gone))
}

func (u *update) writeFile(f File, added, modified *[]string) error {
	dest, err := u.o.read(f.Path)
	if err != nil {
		return err
	}
	ours := slices.Contains(*added, f.Path)
	switch {
	case ours, slices.Contains(*modified, f.Path):
	case dest.exists && !bytes.Equal(dest.content, f.Content): // the same: see withoutBrought
		*modified = append(*modified, f.Path)
		if err := u.o.write(storedDir+f.Path, dest.content, dest.mode); err != nil {
			return err
		}
	default:
		*added = append(*added, f.Path)
		ours = true
	}
	if err := u.o.write(f.Path, f.Content, f.Mode); err != nil {
		return err
	}
	if ours {
		return u.o.chmod(f.Path, f.Mode)
	}
	return nil
}

// giveBack restores a file that existed before the controller changed it. When
// the copy is lost the changed file stays: better than none.
func (u *update) giveBack(name string) error {
	stored, err := u.o.read(storedDir + name)
	if err != nil {
		return err
	}
	if !stored.exists {
		u.warn("The original of %s is lost, the file stays as it is", name)
		return nil
	}
	if err := u.o.write(name, stored.content, stored.mode); err != nil {
		return err
	}
	return u.o.remove(storedDir + name)
}

func (u *update) readList(name string) ([]string, error) {
	s, err := u.o.read(name)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(s.content)) {
		line = strings.TrimSpace(line)
		// a line that is no path of the tree can only come from damage
		if path.IsAbs(line) && path.Clean(line) == line && line != "/" && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out, nil
}

func (u *update) writeList(name string, lines []string) error {
	var b bytes.Buffer
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	return u.o.write(name, b.Bytes(), 0o644)
}

// replaceRemote keeps the archive for the comparison with the next one.
func (u *update) replaceRemote() error {
	for name := range u.remote {
		if _, still := u.files[name]; !still && u.left[name] == nil {
			if err := u.o.remove(remoteDir + name); err != nil {
				return err
			}
		}
	}
	for _, name := range u.order {
		if u.left[name] != nil {
			continue // what was set in it before is still there to be taken back
		}
		f := u.files[name]
		if err := u.o.write(remoteDir+name, f.Content, keptMode); err != nil {
			return err
		}
	}
	return nil
}

// keptMode is the mode of the agent's copies of the archive: they hold the
// passwords of networks, and only the agent reads them.
const keptMode fs.FileMode = 0o600
