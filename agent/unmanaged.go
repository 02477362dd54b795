package agent

import (
	"path"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// ParseUnmanaged splits a list of sections protected from the controller
// (§6.4): "network.lan", "system.@led". Commas and blanks separate, quotes are
// taken off, and what has no dot is left out.
func ParseUnmanaged(list string) []string {
	words := strings.FieldsFunc(list, func(c rune) bool { return strings.ContainsRune(", \t\n'\"", c) })
	return slices.DeleteFunc(words, func(w string) bool {
		pkg, section, ok := strings.Cut(w, ".")
		return !ok || pkg == "" || section == "" || strings.Contains(pkg, "/")
	})
}

// keptSections are the protected sections of one UCI file as they were.
type keptSections struct {
	file     string
	sections []*uci.Section
}

// storeUnmanaged takes note of the protected sections.
func (u *update) storeUnmanaged() ([]keptSections, error) {
	var kept []keptSections
	var packages []string
	for _, token := range u.unmanaged {
		name := strings.SplitN(token, ".", 2)[0]
		if !slices.Contains(packages, name) {
			packages = append(packages, name)
		}
	}
	for _, name := range packages {
		file := path.Join(configDir, name)
		live, exists, err := u.live(file)
		if err != nil {
			return nil, err
		}
		if !exists || u.left[file] != nil {
			continue
		}
		k := keptSections{file: file}
		for _, s := range live.Sections {
			if slices.ContainsFunc(u.unmanaged, func(token string) bool { return protects(token, name, s) }) {
				k.sections = append(k.sections, s.Clone())
			}
		}
		if len(k.sections) > 0 {
			kept = append(kept, k)
		}
	}
	return kept, nil
}

// protects reports whether a token means a section.
func protects(token, pkg string, s *uci.Section) bool {
	section, ok := strings.CutPrefix(token, pkg+".")
	if typ, byType := strings.CutPrefix(section, "@"); byType {
		return ok && s.Type == typ
	}
	return ok && section != "" && s.Name == section
}

// restoreUnmanaged puts the protected sections back, whole and at the end of
// their file, in the order they had in it.
func (u *update) restoreUnmanaged(kept []keptSections) error {
	for _, k := range kept {
		live, _, err := u.live(k.file)
		if err != nil {
			return err
		}
		for _, s := range k.sections {
			if now := live.Section(s.Name); now != nil {
				live.Remove(now)
			} else if s.Anonymous() {
				if now := alike(live, s); now != nil {
					live.Remove(now)
				}
			}
			back := &uci.Section{Type: s.Type, Name: s.Name}
			putSorted(back, s.Options)
			live.Sections = append(live.Sections, back)
		}
		if err := u.o.setPkg(k.file, live); err != nil {
			return err
		}
	}
	return nil
}
