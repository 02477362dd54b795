// Package blob keeps files: pictures of floors, firmware images. A Store is a
// small seam that a folder, a memory or an object store fills; package blobtest
// checks that one keeps its promises.
//
// Names are like paths, "floorplans/6f1c….png": parts of letters, digits, dots,
// hyphens and underscores, separated by slashes, none beginning with a dot. A
// program that replaces a file writes the new one under a new name and stores
// that name in its database, so that neither a reader nor a crash sees half of it.
package blob

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/wispwright/wispwright"
)

// Info is what is known of a file.
type Info struct {
	// Name is what it was stored under.
	Name string
	// Size is its length in bytes.
	Size int64
	// Modified is when it was stored.
	Modified time.Time
}

// Reader reads a file from any place; the caller closes it.
type Reader interface {
	io.ReadSeekCloser
	// Info describes the file.
	Info() Info
}

// Store keeps files by name. It is used by many goroutines at once.
type Store interface {
	// Put stores a file under a name, in place of one that is there. When it
	// returns without error the file is whole and survives a crash; with one,
	// whatever was there before is still there.
	Put(ctx context.Context, name string, body io.Reader) error
	// Open opens a file, or returns wispwright.ErrNotFound.
	Open(ctx context.Context, name string) (Reader, error)
	// Delete removes a file, or returns wispwright.ErrNotFound.
	Delete(ctx context.Context, name string) error
	// List calls fn for each file whose name begins with a prefix that ends with
	// a slash, or for all with an empty one, in the order of names. It ends with
	// the first error of fn.
	List(ctx context.Context, prefix string, fn func(Info) error) error
}

// MaxName is how long a name may be, in bytes.
const MaxName = 512

// CheckName refuses what is no name of a file.
func CheckName(name string) error {
	if len(name) > MaxName || !regexp.MustCompile(`^([A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$`).MatchString(name) {
		return fmt.Errorf("blob: %q is no name of a file", name)
	}
	return nil
}

// missing is the error of a file that is not there.
func missing(name string) error { return fmt.Errorf("blob %s: %w", name, wispwright.ErrNotFound) }
