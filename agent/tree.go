package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	securejoin "github.com/cyphar/filepath-securejoin"
)

// Tree is the file system of a device: "/" on the device itself, any other
// folder for a sandbox. All paths are absolute inside of it, and symbolic links
// are followed as if the folder were "/", so nothing leads out of it.
type Tree struct {
	dir string
	// fault, when set by tests, is asked before every change and may fail it
	fault func(op, path string) error
	// maxFile bounds the files the agent reads, in bytes; 0 means defaultMaxFile
	maxFile int64
	// volatile trees are not synced to the disk: for tests, which lose no power
	volatile bool
}

// NewTree returns the tree below a folder, which must exist.
func NewTree(dir string) (*Tree, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("root: %w", err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, fmt.Errorf("root: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("root: %s is not a folder", dir)
	}
	t := &Tree{dir: abs}
	t.maxFile = 2 * limitsFor(t.Memory()).Bytes
	return t, nil
}

// Real reports whether the tree is the machine's own.
func (t *Tree) Real() bool { return t.dir == "/" }

// Path returns where a file of the tree is on the machine.
func (t *Tree) Path(name string) (string, error) {
	p, err := securejoin.SecureJoin(t.dir, name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

func (t *Tree) check(op, name string) error {
	if t.fault != nil {
		return t.fault(op, name)
	}
	return nil
}

const defaultMaxFile = 64 << 20

// fileState is what is known of a file.
type fileState struct {
	content  []byte
	mode     fs.FileMode
	uid, gid int
	exists   bool
}

var errNotRegular = errors.New("not a regular file")

// read returns a regular file; a missing one is no error.
func (t *Tree) read(name string) (fileState, error) {
	p, err := t.Path(name)
	if err != nil {
		return fileState{}, err
	}
	info, err := os.Stat(p)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return fileState{}, nil
	}
	if err != nil {
		return fileState{}, fmt.Errorf("%s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return fileState{}, fmt.Errorf("%s: %w", name, errNotRegular)
	}
	f, err := os.Open(p)
	if err != nil {
		return fileState{}, fmt.Errorf("%s: %w", name, err)
	}
	defer f.Close() // only read from
	limit := t.maxFile
	if limit <= 0 {
		limit = defaultMaxFile
	}
	content, err := readBounded(f, info.Size(), limit)
	if err != nil {
		return fileState{}, fmt.Errorf("%s: %w", name, err)
	}
	s := fileState{content: content, mode: info.Mode().Perm(), exists: true}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.uid, s.gid = int(st.Uid), int(st.Gid)
	}
	return s, nil
}

// readBounded reads a whole file whose size is known well enough to make room
// for it at once.
func readBounded(f io.Reader, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, fmt.Errorf("longer than %d bytes", limit)
	}
	b := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	if _, err := b.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, fmt.Errorf("longer than %d bytes", limit)
	}
	return b.Bytes(), nil
}

// ReadFile returns a file's content, nil when there is none.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	s, err := t.read(name)
	return s.content, err
}

// exists reports whether anything has the name.
func (t *Tree) exists(name string) bool {
	p, err := t.Path(name)
	if err != nil {
		return false
	}
	_, err = os.Lstat(p)
	return err == nil
}

// executable reports whether the name is a program.
func (t *Tree) executable(name string) bool {
	p, err := t.Path(name)
	if err != nil {
		return false
	}
	info, err := os.Stat(p)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// list returns the names of the regular files directly in a folder, sorted; a
// missing folder has none. Hidden files are left out.
func (t *Tree) list(dir string) ([]string, error) {
	p, err := t.Path(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	var names []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(p, e.Name()))
		if err == nil && info.Mode().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// walk returns the paths of all regular files below a folder, sorted and
// relative to it, and those of its folders, the deepest last.
func (t *Tree) walk(dir string) (files, dirs []string, err error) {
	root, err := t.Path(dir)
	if err != nil {
		return nil, nil, err
	}
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && rel != ".":
			dirs = append(dirs, rel)
		case d.Type().IsRegular():
			files = append(files, rel)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, err)
	}
	return files, dirs, nil
}

// create writes a new file and makes sure it is on the disk.
func (t *Tree) create(name string, s fileState) error {
	if err := t.check("create", name); err != nil {
		return err
	}
	p, err := t.Path(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, s.mode.Perm()|0o200)
	if err != nil {
		return err
	}
	_, err = f.Write(s.content)
	if err == nil {
		err = f.Chmod(s.mode.Perm()) // whatever the umask
	}
	if err == nil && os.Geteuid() == 0 && (s.uid != 0 || s.gid != os.Getegid()) {
		err = f.Chown(s.uid, s.gid)
	}
	if err == nil && !t.volatile {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

func (t *Tree) rename(from, to string) error {
	if err := t.check("rename", to); err != nil {
		return err
	}
	pf, err := t.Path(from)
	if err != nil {
		return err
	}
	pt, err := t.Path(to)
	if err != nil {
		return err
	}
	return os.Rename(pf, pt)
}

// remove deletes a file or an empty folder; a missing one is no error.
func (t *Tree) remove(name string) error {
	if err := t.check("remove", name); err != nil {
		return err
	}
	p, err := t.Path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (t *Tree) removeAll(name string) error {
	if err := t.check("remove", name); err != nil {
		return err
	}
	p, err := t.Path(name)
	if err != nil {
		return err
	}
	return os.RemoveAll(p)
}

func (t *Tree) mkdirAll(name string, mode fs.FileMode) error {
	if err := t.check("mkdir", name); err != nil {
		return err
	}
	p, err := t.Path(name)
	if err != nil {
		return err
	}
	return os.MkdirAll(p, mode)
}

// missingDirs returns the folders that must be made before a file can be, the
// outermost first.
func (t *Tree) missingDirs(name string) []string {
	var out []string
	for d := path.Dir(name); d != "/" && !t.exists(d); d = path.Dir(d) {
		out = append([]string{d}, out...)
	}
	return out
}

// syncDir makes sure that what happened in a folder is on the disk.
func (t *Tree) syncDir(name string) error {
	if t.volatile {
		return nil
	}
	p, err := t.Path(name)
	if err != nil {
		return err
	}
	f, err := os.Open(p)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // some file systems cannot sync folders
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// resolve returns the name of the file that a name leads to, through links. New
// contents are written beside it: a link may lead to another file system, as
// /etc/resolv.conf does on OpenWrt, and no file is renamed from one to another.
func (t *Tree) resolve(name string) (string, error) {
	p, err := t.Path(name)
	if err != nil {
		return "", err
	}
	return "/" + strings.TrimPrefix(strings.TrimPrefix(p, t.dir), "/"), nil
}

// hidden returns the name of a temporary file beside another one. The leading
// dot keeps programs that read whole folders (cron, hotplug, uci) from it.
func hidden(name, suffix string) string {
	return path.Join(path.Dir(name), "."+path.Base(name)+suffix)
}

// WriteFile replaces a file as a whole or not at all, and makes its folder. An
// existing file keeps its owner.
func (t *Tree) WriteFile(name string, content []byte, mode fs.FileMode) error {
	name, err := t.resolve(name)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := t.mkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	temp := hidden(name, ".new")
	s := fileState{content: content, mode: mode, uid: os.Geteuid(), gid: os.Getegid()}
	err = t.create(temp, s)
	if err == nil {
		err = t.rename(temp, name)
	}
	if err == nil {
		err = t.syncDir(path.Dir(name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), t.remove(temp))
	}
	return nil
}
