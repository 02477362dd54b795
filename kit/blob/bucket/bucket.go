// Package bucket keeps files in a bucket of any object store that gocloud.dev
// knows. Package s3 beside it opens those that speak S3; a program of its own may
// open others and bring their drivers along.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/wispwright/wispwright"
	files "github.com/wispwright/wispwright/kit/blob"
)

// Store is a blob.Store over a bucket. Make it with New.
type Store struct{ bucket *blob.Bucket }

var _ files.Store = (*Store)(nil)

// New returns the store of a bucket below a prefix, which is empty or ends with a
// slash. Closing the store closes the bucket.
func New(b *blob.Bucket, prefix string) *Store {
	if prefix != "" {
		b = blob.PrefixedBucket(b, prefix)
	}
	return &Store{b}
}

// Close gives the bucket back.
func (s *Store) Close() error { return s.bucket.Close() }

const (
	// partSize is what of a file is in memory at once, and partsAtOnce how many such
	// parts; 5 MiB is the least that S3 takes.
	partSize    = 5 << 20
	partsAtOnce = 2
	// pages is how many names are asked for at once.
	pages = 1000
)

// Put sends a file in parts. An object store shows it when the last one is there:
// one that is broken off was never there.
func (s *Store) Put(ctx context.Context, name string, body io.Reader) error {
	if err := files.CheckName(name); err != nil {
		return err
	}
	sending, stop := context.WithCancel(ctx)
	defer stop()
	from := &reading{ctx: ctx, body: body, stop: stop}
	err := s.bucket.Upload(sending, name, from, &blob.WriterOptions{
		BufferSize: partSize, MaxConcurrency: partsAtOnce, ContentType: "application/octet-stream", DisableContentTypeDetection: true,
	})
	switch {
	case from.err != nil:
		return failed(ctx, "store", name, from.err)
	case err != nil:
		return failed(ctx, "store", name, err)
	}
	return nil
}

// reading ends with its context, and stops what sends a body that fails: a driver
// that takes the error for the end of the body must not store half of it.
type reading struct {
	ctx  context.Context
	body io.Reader
	stop func()
	err  error
}

func (r *reading) Read(p []byte) (n int, err error) {
	if err = r.ctx.Err(); err == nil {
		n, err = r.body.Read(p)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
		r.stop()
	}
	return n, err
}

// opened reads a file: a request for each place that it is read from.
type opened struct {
	*blob.Reader
	info files.Info
}

func (o *opened) Info() files.Info { return o.info }

// Open implements blob.Store. Reading ends with the context.
func (s *Store) Open(ctx context.Context, name string) (files.Reader, error) {
	if files.CheckName(name) != nil {
		return nil, missing(name)
	}
	r, err := s.bucket.NewReader(ctx, name, nil)
	if err != nil {
		return nil, failed(ctx, "open", name, err)
	}
	return &opened{r, files.Info{Name: name, Size: r.Size(), Modified: r.ModTime()}}, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, name string) error {
	if files.CheckName(name) != nil {
		return missing(name)
	}
	if err := s.bucket.Delete(ctx, name); err != nil {
		return failed(ctx, "delete", name, err)
	}
	return nil
}

// List implements blob.Store. What others keep in the bucket under names that are
// none of ours is left out.
func (s *Store) List(ctx context.Context, prefix string, fn func(files.Info) error) error {
	if prefix != "" && (!strings.HasSuffix(prefix, "/") || files.CheckName(strings.TrimSuffix(prefix, "/")) != nil) {
		return fmt.Errorf("blob: %q is no prefix of names", prefix)
	}
	for page := blob.FirstPageToken; ; {
		found, next, err := s.bucket.ListPage(ctx, page, pages, &blob.ListOptions{Prefix: prefix})
		if err != nil {
			return fmt.Errorf("list files: %w", first(ctx, err))
		}
		for _, o := range found {
			if o.IsDir || files.CheckName(o.Key) != nil {
				continue
			}
			if err := fn(files.Info{Name: o.Key, Size: o.Size, Modified: o.ModTime}); err != nil {
				return fmt.Errorf("list files: %w", err)
			}
		}
		if len(next) == 0 {
			return nil
		}
		page = next
	}
}

// Writable stores a small file and removes it again: whether everything is there
// that a store needs.
func (s *Store) Writable(ctx context.Context) error {
	name := "check/" + wispwright.NewID().String()
	if err := s.Put(ctx, name, strings.NewReader(time.Now().UTC().Format(time.RFC3339))); err != nil {
		return err
	}
	return s.Delete(context.WithoutCancel(ctx), name)
}

func missing(name string) error { return fmt.Errorf("blob %s: %w", name, wispwright.ErrNotFound) }

func failed(ctx context.Context, verb, name string, err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound && verb != "store" {
		return missing(name)
	}
	return fmt.Errorf("%s %s: %w", verb, name, first(ctx, err))
}

// first puts the end of a context before what a driver made of it.
func first(ctx context.Context, err error) error {
	if c := ctx.Err(); c != nil && !errors.Is(err, c) {
		return fmt.Errorf("%w: %w", c, err)
	}
	return err
}
