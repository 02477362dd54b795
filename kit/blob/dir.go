package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// Dir is a Store in a folder. Several programs may share one on a common disk.
type Dir struct{ root *os.Root }

// part begins the names of files that are being written.
const part = ".part-"

// abandoned is after what time such a file is left over from a crash.
const abandoned = 24 * time.Hour

// NewDir opens a folder, which is made if it is not there. What lies outside is
// never touched, whatever links are in it.
func NewDir(folder string) (*Dir, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of files: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("open the folder of files: %w", err)
	}
	return &Dir{root}, nil
}

// Close gives the folder back.
func (d *Dir) Close() error { return d.root.Close() }

// Put writes beside the file, and renames when everything is on the disk.
func (d *Dir) Put(ctx context.Context, name string, body io.Reader) (err error) {
	if err := CheckName(name); err != nil {
		return err
	}
	folder := path.Dir(name)
	if folder != "." {
		if err := d.root.MkdirAll(folder, 0o750); err != nil {
			return fmt.Errorf("store %s: %w", name, err)
		}
	}
	temporary := path.Join(folder, part+rand.Text())
	f, err := d.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	_, err = io.Copy(f, &reading{ctx, body})
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = d.root.Rename(temporary, name)
	}
	if err == nil {
		err = d.sync(folder)
	}
	if err != nil {
		_ = d.root.Remove(temporary) // it may have been renamed already
		return fmt.Errorf("store %s: %w", name, err)
	}
	return nil
}

// reading ends with its context.
type reading struct {
	ctx  context.Context
	body io.Reader
}

func (r *reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.body.Read(p)
}

// sync makes a rename or a removal last.
func (d *Dir) sync(folder string) error {
	f, err := d.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

type dirReader struct {
	*os.File
	info Info
}

func (r *dirReader) Info() Info { return r.info }

// Open implements Store.
func (d *Dir) Open(_ context.Context, name string) (Reader, error) {
	if CheckName(name) != nil {
		return nil, missing(name)
	}
	f, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(name)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	stat, err := f.Stat()
	if err == nil && !stat.Mode().IsRegular() {
		err = missing(name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &dirReader{f, Info{name, stat.Size(), stat.ModTime()}}, nil
}

// Delete implements Store.
func (d *Dir) Delete(_ context.Context, name string) error {
	if CheckName(name) != nil {
		return missing(name)
	}
	err := d.root.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return missing(name)
	}
	if err == nil {
		err = d.sync(path.Dir(name))
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", name, err)
	}
	return nil
}

// List implements Store. It also removes what a crash has left behind.
func (d *Dir) List(ctx context.Context, prefix string, fn func(Info) error) error {
	start := "."
	if prefix != "" {
		start = strings.TrimSuffix(prefix, "/")
		if !strings.HasSuffix(prefix, "/") || CheckName(start) != nil {
			return fmt.Errorf("blob: %q is no prefix of names", prefix)
		}
	}
	err := fs.WalkDir(d.root.FS(), start, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing there, or gone meanwhile
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if strings.HasPrefix(entry.Name(), part) {
			if time.Since(info.ModTime()) > abandoned {
				return d.root.Remove(name)
			}
			return nil
		}
		if CheckName(name) != nil {
			return nil // somebody else's
		}
		return fn(Info{name, info.Size(), info.ModTime()})
	})
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	return nil
}
