package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"syscall"
)

// journalDir holds the transaction under way. It is on the persistent file
// system, so that a power loss can be undone.
const (
	journalDir      = "/etc/openwisp/journal"
	journalManifest = journalDir + "/manifest"
	tempSuffix      = ".wispwright"
)

// stage is how far a transaction has come.
type stage string

const (
	// staging: only temporary files were written; undone by deleting them.
	staging stage = "staging"
	// ready: files are being or were replaced; undone from the backups.
	ready stage = "ready"
)

// manifest says what a transaction touches. It is written before the first
// change and removed as its last act: while it is there, the transaction can be
// undone, and at the next start it is.
type manifest struct {
	Stage   stage           `json:"stage"`
	Entries []manifestEntry `json:"entries"`
	// Dirs are the folders the transaction makes, the outermost first.
	Dirs []string `json:"dirs,omitempty"`
}

type manifestEntry struct {
	Path    string `json:"path"`
	Existed bool   `json:"existed"`
	Exists  bool   `json:"exists"`
}

// transaction replaces files all together or not at all:
//
//	staging  new contents beside their destinations, old ones in the journal
//	ready    rename each new one over the old one
//	commit   remove the manifest      rollback  rename the old ones back
//
// Each step leaves enough on the disk to undo the ones before it.
type transaction struct {
	tree *Tree
	m    manifest
	done bool
}

func backupName(i int) string { return journalDir + "/" + strconv.Itoa(i) }

// begin carries out changes, up to the decision between commit and rollback.
// When it fails everything is as before, unless undoing failed too, which the
// error then says and the next start mends.
func begin(t *Tree, changes []change) (*transaction, error) {
	if t.exists(journalManifest) {
		// its backups are still needed
		return nil, errors.New("an earlier update is neither complete nor undone")
	}
	tx := &transaction{tree: t, m: manifest{Stage: staging}}
	changes = slices.Clone(changes)
	seen := map[string]string{}
	for i := range changes {
		name := changes[i].path
		file, err := t.resolve(name)
		if err != nil {
			return nil, err
		}
		if other, twice := seen[file]; twice {
			return nil, fmt.Errorf("%s and %s are the same file", other, name)
		}
		seen[file] = name
		changes[i].path = file
	}
	for _, c := range changes {
		tx.m.Entries = append(tx.m.Entries, manifestEntry{Path: c.path, Existed: c.before.exists, Exists: c.after.exists})
		if !c.after.exists {
			continue
		}
		for _, d := range t.missingDirs(c.path) {
			if !slices.Contains(tx.m.Dirs, d) {
				tx.m.Dirs = append(tx.m.Dirs, d)
			}
		}
	}
	err := tx.run(changes)
	if err == nil {
		return tx, nil
	}
	if undoErr := tx.Rollback(); undoErr != nil {
		return nil, fmt.Errorf("%w (and undoing it failed: %w)", err, undoErr)
	}
	return nil, err
}

func (tx *transaction) run(changes []change) error {
	t := tx.tree
	if err := tx.save(); err != nil {
		return err
	}
	for _, d := range tx.m.Dirs {
		if err := t.mkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("make the folder %s: %w", d, err)
		}
	}
	for i, c := range changes {
		if c.after.exists {
			if err := t.create(hidden(c.path, tempSuffix), c.after); err != nil {
				return fmt.Errorf("write %s: %w", c.path, err)
			}
		}
		if c.before.exists {
			if err := t.create(backupName(i), c.before); err != nil {
				return fmt.Errorf("back up %s: %w", c.path, err)
			}
		}
	}
	if err := t.syncDir(journalDir); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	tx.m.Stage = ready
	if err := tx.save(); err != nil {
		return err
	}
	for _, c := range changes {
		var err error
		if c.after.exists {
			err = t.rename(hidden(c.path, tempSuffix), c.path)
		} else {
			err = t.remove(c.path)
		}
		if err != nil {
			return fmt.Errorf("replace %s: %w", c.path, err)
		}
	}
	return tx.syncDirs()
}

func (tx *transaction) save() error {
	raw, err := json.Marshal(tx.m)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := tx.tree.WriteFile(journalManifest, raw, 0o600); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// syncDirs brings renames and removals to the disk.
func (tx *transaction) syncDirs() error {
	seen := map[string]bool{}
	for _, e := range tx.m.Entries {
		d := path.Dir(e.Path)
		if seen[d] || !tx.tree.exists(d) {
			continue
		}
		seen[d] = true
		if err := tx.tree.syncDir(d); err != nil {
			return fmt.Errorf("sync %s: %w", d, err)
		}
	}
	return nil
}

// Paths returns the files the transaction touches.
func (tx *transaction) Paths() []string {
	out := make([]string, len(tx.m.Entries))
	for i, e := range tx.m.Entries {
		out[i] = e.Path
	}
	return out
}

// Commit makes the new state final. When it fails the transaction can still be
// rolled back.
func (tx *transaction) Commit() error {
	if err := tx.tree.remove(journalManifest); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	// only now may backups go: had the manifest come back after a power loss,
	// they would be needed
	if err := tx.tree.syncDir(journalDir); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	tx.done = true
	tx.cleanUp()
	return nil
}

// cleanUp deletes the journal and the folders of the agent's copies that hold
// nothing any more. What it cannot delete now it deletes at the next start: the
// journal's folder goes last and is what the next start looks for.
func (tx *transaction) cleanUp() {
	for _, top := range []string{remoteDir, storedDir} {
		_, dirs, err := tx.tree.walk(top)
		if err != nil {
			return
		}
		for _, d := range slices.Backward(dirs) {
			if err := tx.tree.remove(path.Join(top, d)); err != nil && !notEmpty(err) {
				return
			}
		}
	}
	if err := tx.tree.removeAll(journalDir); err != nil {
		return
	}
}

// notEmpty reports whether a folder could not be removed because of what is in
// it.
func notEmpty(err error) bool {
	return errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist)
}

// Rollback brings the old state back, whatever happened since begin. It may be
// repeated after it failed or was interrupted.
func (tx *transaction) Rollback() error {
	if tx.done {
		return errors.New("the update is complete")
	}
	t := tx.tree
	var errs []error
	for i, e := range slices.Backward(tx.m.Entries) {
		if tx.m.Stage == ready {
			if err := tx.restore(i, e); err != nil {
				errs = append(errs, fmt.Errorf("restore %s: %w", e.Path, err))
			}
		}
		if err := t.remove(hidden(e.Path, tempSuffix)); err != nil && !errors.Is(err, syscall.ENOTDIR) {
			errs = append(errs, fmt.Errorf("clean up beside %s: %w", e.Path, err))
		}
	}
	for _, d := range slices.Backward(tx.m.Dirs) {
		// what others put into it meanwhile stays, and so does the folder
		if err := t.remove(d); err != nil && !notEmpty(err) && !errors.Is(err, syscall.ENOTDIR) {
			errs = append(errs, fmt.Errorf("remove the folder %s: %w", d, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err // the manifest stays: it will be tried again
	}
	if err := tx.syncDirs(); err != nil {
		return err
	}
	if err := t.remove(journalManifest); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	tx.cleanUp()
	return nil
}

// restore puts one old file back. A missing backup means that an interrupted
// rollback did it already: the backup itself is moved, which needs no space.
func (tx *transaction) restore(i int, e manifestEntry) error {
	t := tx.tree
	if !e.Existed {
		return t.remove(e.Path)
	}
	backup := backupName(i)
	if !t.exists(backup) {
		return nil
	}
	if err := t.mkdirAll(path.Dir(e.Path), 0o755); err != nil {
		return err
	}
	err := t.rename(backup, e.Path)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	// another file system: through a copy beside the destination
	old, err := t.read(backup)
	if err != nil {
		return err
	}
	temp := hidden(e.Path, tempSuffix)
	if err := t.create(temp, old); err != nil {
		return err
	}
	return t.rename(temp, e.Path)
}

var errDamaged = errors.New("the journal is damaged")

// recoverJournal undoes a transaction that a crash interrupted and returns the files it
// touched; none when there was nothing to do.
func recoverJournal(t *Tree) ([]string, error) {
	raw, err := t.ReadFile(journalManifest)
	if err != nil {
		return nil, fmt.Errorf("recover: %w", err)
	}
	tx := &transaction{tree: t}
	if raw == nil {
		// a crash after the manifest's removal leaves the rest of the journal
		if t.exists(journalDir) {
			tx.cleanUp()
		}
		return nil, nil
	}
	if err := json.Unmarshal(raw, &tx.m); err != nil {
		return nil, fmt.Errorf("recover: %w: %w", errDamaged, err)
	}
	if err := tx.Rollback(); err != nil {
		return nil, fmt.Errorf("recover: %w", err)
	}
	if tx.m.Stage != ready {
		return nil, nil
	}
	return tx.Paths(), nil
}
