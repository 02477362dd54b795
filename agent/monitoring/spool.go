package monitoring

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Sample is a document that waits to be sent.
type Sample struct {
	// Time is when it was made, exact to the second.
	Time time.Time
	// Size is what it takes of the spool, in bytes.
	Size int64

	file string
}

// Spool keeps documents until they are delivered. Its methods may be called at
// the same time.
type Spool interface {
	// Put adds a document.
	Put(at time.Time, document []byte) error
	// List returns what waits, the oldest first.
	List() ([]Sample, error)
	// Get returns a document, or an error for one that cannot be read any more.
	Get(s Sample) ([]byte, error)
	// Drop removes a document; one that is gone already is no error.
	Drop(s Sample) error
}

// DirSpool is a folder with a compressed file for each document, which the
// original and this agent read of each other.
type DirSpool struct {
	dir string
	max int64

	mu sync.Mutex
}

// NewDirSpool returns the spool in a folder, which it makes. Beyond max bytes,
// packed, the oldest documents give way to new ones.
func NewDirSpool(dir string, max int64) (*DirSpool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return &DirSpool{dir: dir, max: max}, nil
}

const (
	// sampleName is the original's name of a file, in UTC.
	sampleName = "02-01-2006_15:04:05"
	// maxDocument bounds a document that is unpacked.
	maxDocument = 16 << 20
)

// Put adds a document: whole or not at all. Two of one second get names a second
// apart, lest one be lost.
func (d *DirSpool) Put(at time.Time, document []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var packed bytes.Buffer
	zw, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed) // takes a quarter of the memory
	if err == nil {
		_, err = zw.Write(document)
	}
	if err == nil {
		err = zw.Close()
	}
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	if int64(packed.Len()) > d.max {
		return fmt.Errorf("spool: a document of %d bytes, packed, has no room in %d", packed.Len(), d.max)
	}
	list, err := d.List()
	if err != nil {
		return err
	}
	at = at.UTC().Truncate(time.Second)
	if n := len(list); n > 0 && !at.After(list[n-1].Time) && list[n-1].Time.Sub(at) < time.Minute {
		at = list[n-1].Time.Add(time.Second)
	}
	name := filepath.Join(d.dir, at.Format(sampleName))
	if err := d.makeRoom(list, int64(packed.Len())); err != nil {
		return err
	}
	temp := filepath.Join(d.dir, ".new")
	err = os.WriteFile(temp, packed.Bytes(), 0o600)
	if err == nil {
		err = os.Rename(temp, name+".gz")
	}
	if err != nil {
		return errors.Join(fmt.Errorf("spool: %w", err), remove(temp))
	}
	return nil
}

// makeRoom drops the oldest until there is room.
func (d *DirSpool) makeRoom(list []Sample, size int64) error {
	total := size
	for _, s := range list {
		total += s.Size
	}
	for _, s := range list {
		if total <= d.max {
			break
		}
		if err := d.Drop(s); err != nil {
			return err
		}
		total -= s.Size
	}
	return nil
}

// List returns what waits, the oldest first. What the original left behind of an
// answer is removed.
func (d *DirSpool) List() ([]Sample, error) {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	var out []Sample
	for _, e := range entries {
		if e.Name() == "response.txt" {
			if err := remove(filepath.Join(d.dir, e.Name())); err != nil {
				return nil, err
			}
			continue
		}
		at, err := time.Parse(sampleName, strings.TrimSuffix(e.Name(), ".gz"))
		if err != nil {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // it went away meanwhile
		}
		out = append(out, Sample{at, info.Size(), e.Name()})
	}
	slices.SortFunc(out, func(a, b Sample) int { return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.file, b.file)) })
	return out, nil
}

// Get returns a document.
func (d *DirSpool) Get(s Sample) ([]byte, error) {
	f, err := os.Open(filepath.Join(d.dir, s.file))
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	defer f.Close() // only read from
	var r io.Reader = f
	if strings.HasSuffix(s.file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("spool: %s: %w", s.file, err)
		}
	}
	b, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err == nil && len(b) > maxDocument {
		err = errors.New("it is too long")
	}
	if err == nil && len(bytes.TrimSpace(b)) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("spool: %s: %w", s.file, err)
	}
	return b, nil
}

// Drop removes a document.
func (d *DirSpool) Drop(s Sample) error { return remove(filepath.Join(d.dir, s.file)) }

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}
