package firmware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
)

const (
	// blobFolder is where images lie in the blob store: their build, a slash and their
	// id, so that two that come at once under one name do not touch each other's bytes.
	blobFolder = "firmware/"
	// noPart is said of an upload whose parts were lost.
	noPart = "A part of the upload is not there any more: begin again."
)

func (i *Image) blob() string { return blobFolder + i.BuildID.String() + "/" + i.ID.String() }

// formerBlob is where images lay that were stored under their names.
func (i *Image) formerBlob() string { return blobFolder + i.File }

// received is a body whose faults are the sender's, not the store's.
type received struct {
	body io.Reader
	err  error
}

func (r *received) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// put stores a file whole, or nothing of it: then what failed is the sender's fault,
// or wispwright.ErrUnavailable, of a full disk for example.
func (s *Service) put(ctx context.Context, name string, body io.Reader) error {
	from := &received{body: body}
	err := s.options.Blobs.Put(ctx, name, from)
	switch {
	case err == nil:
		return nil
	case from.err != nil:
		return from.err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("firmware: %w: %w", wispwright.ErrUnavailable, err)
}

// file opens a file; what fails but for wispwright.ErrNotFound is
// wispwright.ErrUnavailable.
func (s *Service) file(ctx context.Context, name string) (blob.Reader, error) {
	r, err := s.options.Blobs.Open(ctx, name)
	switch {
	case err == nil, errors.Is(err, wispwright.ErrNotFound):
		return r, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("firmware: %w: %w", wispwright.ErrUnavailable, err)
}

// Open opens the file of an image. Errors: wispwright.ErrNotFound,
// wispwright.ErrUnavailable.
func (i *Images) Open(ctx context.Context, o *Image) (blob.Reader, error) {
	r, err := i.s.file(ctx, o.blob())
	if errors.Is(err, wispwright.ErrNotFound) && o.File != "" {
		return i.s.file(ctx, o.formerBlob())
	}
	return r, err
}

// drop removes the file of an image that is not stored. What stays is swept.
func (i *Images) drop(ctx context.Context, o *Image) {
	ctx = context.WithoutCancel(ctx)
	err := i.s.options.Blobs.Delete(ctx, o.blob())
	if errors.Is(err, wispwright.ErrNotFound) && o.File != "" {
		err = i.s.options.Blobs.Delete(ctx, o.formerBlob())
	}
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		i.s.options.Log.WarnContext(ctx, "the file of an image stays for the sweep", "image", o.ID, "error", err)
	}
}

// Sweep removes files that no image names, and uploads that did not go on for a
// day, and returns the number of both.
func (i *Images) Sweep(ctx context.Context) (int, error) {
	n, err := i.s.Uploads.sweep(ctx)
	if err != nil {
		return n, err
	}
	var old []string
	before := i.s.base.Now().Add(-sweepAge)
	err = i.s.options.Blobs.List(ctx, blobFolder, func(f blob.Info) error {
		if f.Modified.Before(before) {
			old = append(old, strings.TrimPrefix(f.Name, blobFolder))
		}
		return nil
	})
	if err != nil {
		return n, fmt.Errorf("firmware.Images.Sweep: %w", err)
	}
	for some := range slices.Chunk(old, sweptAtOnce) {
		named, err := i.named(ctx, some)
		if err != nil {
			return n, fmt.Errorf("firmware.Images.Sweep: %w", err)
		}
		for _, name := range some {
			if named[name] {
				continue
			}
			if err := i.s.options.Blobs.Delete(ctx, blobFolder+name); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return n, fmt.Errorf("firmware.Images.Sweep: %w", err)
			}
			n++
		}
	}
	return n, nil
}

const sweptAtOnce = 500

// named are those of some files that images name, by id or, formerly, by name.
func (i *Images) named(ctx context.Context, some []string) (map[string]bool, error) {
	var ids []wispwright.ID
	for _, name := range some {
		if id, err := wispwright.ParseID(baseName(name)); err == nil {
			ids = append(ids, id)
		}
	}
	out := map[string]bool{}
	for _, f := range []ImageFilter{{IDs: wispwright.Only(ids...)}, {Files: wispwright.Only(some...)}} {
		list, err := i.s.stores.Images.List(ctx, wispwright.ScopeAll(), f, unpaged())
		if err != nil {
			return nil, err
		}
		for _, o := range list.Rows {
			out[strings.TrimPrefix(o.blob(), blobFolder)], out[o.File] = true, true
		}
	}
	return out, nil
}
