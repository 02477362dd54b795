package agent

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Updater puts configuration archives in place below a tree (§6). What it does
// is all or nothing, also through a crash: see the method Recover.
type Updater struct {
	// Tree is the device's file system. Required.
	Tree *Tree
	// Overwrite replaces UCI files as a whole instead of merging sections
	// (merge_config '0').
	Overwrite bool
	// Unmanaged are sections the controller may not change, see ParseUnmanaged.
	Unmanaged []string
	// Limits bound the archive; default what the tree's memory allows.
	Limits Limits
	// Warn is told what is odd but does not stop an update. Nil ignores it.
	Warn func(format string, args ...any)
}

// Applied is an update that can be confirmed or undone.
type Applied interface {
	// Commit makes the update final.
	Commit() error
	// Rollback restores every file the update touched, removes those it added
	// and brings the agent's own state back.
	Rollback() error
	// Paths are the files that were changed, added or removed.
	Paths() []string
	// Left are the local UCI files that were not changed although the archive
	// changes them, because they cannot be read.
	Left() []string
}

// Applier is what an Agent hands archives to; Updater is the one for devices.
type Applier interface {
	// Recover undoes what a crash interrupted and returns the files it touched.
	Recover() ([]string, error)
	// Prepare gives anonymous sections names and returns them. This stays in
	// effect when the update is undone.
	Prepare() ([]string, error)
	// RemoveDefaultWifi deletes a fresh device's open networks, for good too.
	RemoveDefaultWifi() error
	// Apply puts an archive in place. When it fails nothing has changed.
	Apply(archive []byte) (Applied, error)
}

func (u *Updater) warn(format string, args ...any) {
	if u.Warn != nil {
		u.Warn(format, args...)
	}
}

// Recover undoes an update that a crash interrupted. A damaged journal is
// reported and put away, so that it does not stop the device for good.
func (u *Updater) Recover() ([]string, error) {
	paths, err := recoverJournal(u.Tree)
	if err != nil && errors.Is(err, errDamaged) {
		return nil, errors.Join(err, u.Tree.removeAll(journalDir))
	}
	return paths, err
}

// Prepare gives anonymous sections names (§6.5).
func (u *Updater) Prepare() ([]string, error) {
	o := newOverlay(u.Tree)
	renamed, err := nameSections(o, u.warn)
	if err != nil {
		return nil, fmt.Errorf("name the local sections: %w", err)
	}
	if err := u.carryOut(o); err != nil {
		return nil, fmt.Errorf("name the local sections: %w", err)
	}
	return renamed, nil
}

// RemoveDefaultWifi deletes the open networks of a freshly flashed device
// (§6.6).
func (u *Updater) RemoveDefaultWifi() error {
	o := newOverlay(u.Tree)
	if err := removeDefaultWifi(o); err != nil {
		return fmt.Errorf("remove the default wifi: %w", err)
	}
	if err := u.carryOut(o); err != nil {
		return fmt.Errorf("remove the default wifi: %w", err)
	}
	return nil
}

func (u *Updater) carryOut(o *overlay) error {
	changes := o.changes()
	if len(changes) == 0 {
		return nil
	}
	tx, err := begin(u.Tree, changes)
	if err != nil {
		return err
	}
	return tx.Commit()
}

// plan works out what an archive changes, and which files it leaves alone.
func (u *Updater) plan(archive []byte) (changes []change, left []string, err error) {
	limits := u.Limits
	if limits == (Limits{}) {
		limits = limitsFor(u.Tree.Memory())
	}
	files, skipped, err := Unpack(archive, limits)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range skipped {
		u.warn(skippedPath, name)
	}
	o := newOverlay(u.Tree)
	up := &update{o: o, merge: !u.Overwrite, unmanaged: u.Unmanaged, warn: u.warn}
	if err := up.run(files); err != nil {
		return nil, nil, err
	}
	return o.changes(), slices.Sorted(maps.Keys(up.left)), nil
}

// applied is a transaction and what it left alone.
type applied struct {
	*transaction
	left []string
}

// Left are the files that were not changed.
func (a applied) Left() []string { return a.left }

// Apply puts an archive in place (§6). When it fails nothing has changed.
func (u *Updater) Apply(archive []byte) (Applied, error) {
	changes, left, err := u.plan(archive)
	if err != nil {
		return nil, err
	}
	tx, err := begin(u.Tree, changes)
	if err != nil {
		return nil, err
	}
	return applied{tx, left}, nil
}

// Plan returns what Apply would do, one line per file outside the agent's own
// state: "+ path" for a new file, "~ path" for a changed and "- path" for a
// removed one. Nothing is changed.
func (u *Updater) Plan(archive []byte) ([]string, error) {
	changes, _, err := u.plan(archive)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range changes {
		if strings.HasPrefix(c.path, stateDir+"/") {
			continue
		}
		sign := "~ "
		switch {
		case !c.before.exists:
			sign = "+ "
		case !c.after.exists:
			sign = "- "
		}
		out = append(out, sign+c.path)
	}
	return out, nil
}

// UpdaterExit is the exit code the original's updater has for an error, which
// log watchers know (§5, §6.1).
func UpdaterExit(err error) int {
	var invalid *InvalidFileError
	if errors.As(err, &invalid) {
		return 2
	}
	return 1
}
