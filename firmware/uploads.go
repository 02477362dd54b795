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

// partFolder is where the parts of uploads lie in the blob store.
const partFolder = "firmware-uploads/"

// mostPart is how large a part of an upload is at most, in bytes.
const mostPart = 16 << 20

// Uploads is the service of images that arrive in parts. A part that was received is
// safe: a client that lost the connection asks how much there is and goes on.
type Uploads struct{ s *Service }

func newUploads(s *Service) *Uploads {
	u := &Uploads{s: s}
	s.base.Tenants.OnDelete("firmware.Uploads of a deleted organization", func(ctx context.Context, organization wispwright.ID) error {
		return u.deleteAll(ctx, wispwright.ScopeOf(organization), UploadFilter{})
	})
	s.Builds.Deleting.Subscribe("firmware: uploads for deleted builds", func(ctx context.Context, list ...*Build) error {
		for _, b := range list {
			if err := u.deleteAll(ctx, wispwright.ScopeAll(), UploadFilter{BuildID: b.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	return u
}

// Get returns an upload.
func (u *Uploads) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Upload, error) {
	return u.s.stores.Uploads.Get(ctx, scope, id)
}

// MostPart is how large a part is at most, in bytes.
func (u *Uploads) MostPart() int64 { return mostPart }

// Begin announces an image of a build within the scope: Name, Type, Size and
// Checksum are the caller's. Faults as of Images.Create.
func (u *Uploads) Begin(ctx context.Context, scope wispwright.Scope, o *Upload) error {
	b, err := u.s.stores.Builds.Get(ctx, scope, o.BuildID)
	if err != nil {
		return err
	}
	var v wispwright.ValidationError
	o.Name = baseName(o.Name)
	o.Type = u.s.Images.settle(&v, o.Name, o.Type, nil)
	most := u.s.options.MaxSize
	switch {
	case o.Name == "":
		v.Add("name", "This field may not be blank.")
	case o.Size <= 0:
		v.Add("file", emptyFile)
	case most >= 0 && o.Size > most:
		v.Add("file", tooLarge(most))
	}
	if o.Checksum = strings.ToLower(o.Checksum); o.Checksum != "" && len(o.Checksum) != 64 {
		v.Add("checksum", "Want a SHA-256 in hexadecimal.")
	}
	taken, err := u.s.stores.Images.List(ctx, wispwright.ScopeAll(), ImageFilter{BuildID: b.ID, Type: o.Type}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return err
	}
	if len(taken.Rows) > 0 {
		v.Add("", imageExists)
	}
	if err := v.Err(); err != nil {
		return err
	}
	now := u.s.base.Now()
	o.ID, o.OrganizationID, o.Received, o.Created, o.Modified = wispwright.NewID(), b.OrganizationID, 0, now, now
	return u.s.base.Do(ctx, "firmware.Uploads.Begin", func(ctx context.Context) error { return u.s.stores.Uploads.Insert(ctx, o) })
}

// wrongOffset says that a part does not begin where the last one ended.
func wrongOffset(received int64) error {
	return &ConflictError{fmt.Sprintf("the next part begins at %d", received)}
}

// Part stores the part that begins at an offset and returns the upload as it is
// then. Errors: *ConflictError, wispwright.ErrNotFound, wispwright.ValidationError.
func (u *Uploads) Part(ctx context.Context, scope wispwright.Scope, id wispwright.ID, offset int64, body io.Reader) (*Upload, error) {
	o, err := u.s.stores.Uploads.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if offset != o.Received {
		return nil, wrongOffset(o.Received)
	}
	count := &tail{}
	// a name of its own: two that send the same part do not touch each other's bytes
	name := fmt.Sprintf("%s%s/%016d-%s", partFolder, o.ID, offset, wispwright.NewID())
	kept := false
	defer func() {
		if kept {
			return
		}
		if err := u.s.options.Blobs.Delete(context.WithoutCancel(ctx), name); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			u.s.options.Log.WarnContext(ctx, "a part of an upload stays for the sweep", "upload", id, "error", err)
		}
	}()
	if err := u.s.put(ctx, name, io.TeeReader(io.LimitReader(body, mostPart+1), count)); err != nil {
		return nil, err
	}
	fault := ""
	switch {
	case count.size == 0:
		fault = emptyFile
	case count.size > mostPart:
		fault = fmt.Sprintf("A part has at most %d bytes.", mostPart)
	case offset+count.size > o.Size:
		fault = "There is more than was announced."
	}
	if fault != "" {
		return nil, wispwright.Invalid("file", fault)
	}
	var after *Upload
	err = u.s.base.Do(ctx, "firmware.Uploads.Part", func(ctx context.Context) (err error) {
		after, err = u.s.stores.Uploads.Update(ctx, scope, id, func(o *Upload) error {
			if o.Received != offset {
				return wrongOffset(o.Received) // somebody else sent it as well
			}
			if o.Parts == nil && offset > 0 { // begun before parts were noted
				var err error
				if o.Parts, err = u.earlier(ctx, id, offset); err != nil {
					return err
				}
			}
			o.Received, o.Parts, o.Modified = offset+count.size, append(o.Parts, name), u.s.base.Now()
			return nil
		})
		return err
	})
	kept = err == nil || errors.Is(err, wispwright.ErrUnavailable) // it may have been stored
	return after, err
}

// Finish makes an image of an upload that is complete. Faults as of Images.Create.
func (u *Uploads) Finish(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Image, error) {
	o, err := u.s.stores.Uploads.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if o.Received != o.Size {
		return nil, wispwright.Invalid("file", fmt.Sprintf("%d of %d bytes are there.", o.Received, o.Size))
	}
	parts := &joined{ctx: ctx, s: u.s}
	if parts.names = o.Parts; parts.names == nil {
		if parts.names, err = u.earlier(ctx, o.ID, o.Size); err != nil {
			return nil, err
		}
	}
	image, err := u.s.Images.Create(ctx, scope, o.BuildID, File{Name: o.Name, Type: o.Type, Checksum: o.Checksum, Body: parts})
	if err = errors.Join(err, parts.close()); err != nil {
		return nil, err
	}
	if err := u.Delete(ctx, scope, id); err != nil { // the image is there nevertheless
		u.s.options.Log.WarnContext(ctx, "a finished upload stays for the sweep", "upload", id, "error", err)
	}
	return image, nil
}

// Delete gives an upload up.
func (u *Uploads) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return u.s.base.Do(ctx, "firmware.Uploads.Delete", func(ctx context.Context) error {
		if err := u.s.stores.Uploads.Delete(ctx, scope, id); err != nil {
			return err
		}
		wispwright.AfterCommit(ctx, func() {
			if err := u.dropParts(context.WithoutCancel(ctx), id); err != nil {
				u.s.options.Log.WarnContext(ctx, "parts of an upload stay for the sweep", "upload", id, "error", err)
			}
		})
		return nil
	})
}

func (u *Uploads) deleteAll(ctx context.Context, scope wispwright.Scope, f UploadFilter) error {
	list, err := u.s.stores.Uploads.List(ctx, scope, f, unpaged())
	if err != nil {
		return err
	}
	for _, o := range list.Rows {
		if err := u.Delete(ctx, wispwright.ScopeAll(), o.ID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
	}
	return nil
}

func (u *Uploads) parts(ctx context.Context, id wispwright.ID) (names []string, err error) {
	err = u.s.options.Blobs.List(ctx, partFolder+id.String()+"/", func(i blob.Info) error {
		names = append(names, i.Name)
		return nil
	})
	return names, err
}

// earlier are the parts before an offset of an upload that does not note them: each
// is named after its offset alone.
func (u *Uploads) earlier(ctx context.Context, id wispwright.ID, offset int64) ([]string, error) {
	all, err := u.parts(ctx, id)
	last := fmt.Sprintf("%016d", offset)
	return slices.DeleteFunc(all, func(name string) bool {
		base := name[strings.LastIndexByte(name, '/')+1:]
		return len(base) != len(last) || base >= last
	}), err
}

func (u *Uploads) dropParts(ctx context.Context, id wispwright.ID) error {
	names, err := u.parts(ctx, id)
	for _, name := range names {
		if gone := u.s.options.Blobs.Delete(ctx, name); !errors.Is(gone, wispwright.ErrNotFound) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// sweep removes uploads that did not go on, and parts of none.
func (u *Uploads) sweep(ctx context.Context) (int, error) {
	before := u.s.base.Now().Add(-sweepAge)
	list, err := u.s.stores.Uploads.List(ctx, wispwright.ScopeAll(), UploadFilter{ModifiedBefore: before}, unpaged())
	if err != nil {
		return 0, err
	}
	n := 0
	for _, o := range list.Rows {
		if err := u.Delete(ctx, wispwright.ScopeAll(), o.ID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return n, err
		}
		n++
	}
	lost := map[wispwright.ID]bool{}
	err = u.s.options.Blobs.List(ctx, partFolder, func(i blob.Info) error {
		text, _, _ := strings.Cut(strings.TrimPrefix(i.Name, partFolder), "/")
		if id, err := wispwright.ParseID(text); err == nil && i.Modified.Before(before) {
			lost[id] = true
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	for id := range lost {
		if _, err := u.s.stores.Uploads.Get(ctx, wispwright.ScopeAll(), id); !errors.Is(err, wispwright.ErrNotFound) {
			continue // it goes on, or nobody knows
		}
		if err := u.dropParts(ctx, id); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// joined reads parts one after the other.
type joined struct {
	ctx   context.Context //nolint:containedctx // that of one call
	s     *Service
	names []string
	open  blob.Reader
}

// Read implements io.Reader.
func (j *joined) Read(p []byte) (int, error) {
	for {
		if j.open == nil {
			if len(j.names) == 0 {
				return 0, io.EOF
			}
			r, err := j.s.file(j.ctx, j.names[0])
			if errors.Is(err, wispwright.ErrNotFound) {
				err = wispwright.Invalid("file", noPart)
			}
			if err != nil {
				return 0, err
			}
			j.open, j.names = r, j.names[1:]
		}
		n, err := j.open.Read(p)
		switch {
		case errors.Is(err, io.EOF):
			if err = j.close(); err == nil && n == 0 {
				continue
			}
		case err != nil:
			err = fmt.Errorf("firmware.Uploads.Finish: %w: %w", wispwright.ErrUnavailable, err)
		}
		return n, err
	}
}

func (j *joined) close() error {
	if j.open == nil {
		return nil
	}
	err := j.open.Close()
	j.open = nil
	return err
}
