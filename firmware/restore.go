package firmware

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// What comes from an installation that is taken over is stored as it is there, and
// nothing follows from it: no device is upgraded. Each Restore returns what it took:
// "add", "change" or "".

// Restore stores a build; its organization is that of its category.
func (b *Builds) Restore(ctx context.Context, o *Build) (action string, err error) {
	err = b.s.base.Do(ctx, "firmware.Builds.Restore", func(ctx context.Context) error {
		category, err := b.s.stores.Categories.Get(ctx, wispwright.ScopeAll(), o.CategoryID)
		if err != nil {
			return valid.Reference(err, "category", o.CategoryID)
		}
		o.OrganizationID = category.OrganizationID
		_, action, err = b.Adopt(ctx, o, nil)
		return err
	})
	return action, err
}

// Restore stores an image with its file, whatever its size; File is where it lies
// there, and stays so. open returns the file; it is called once. With look nothing
// is kept but the row, for a transaction that will not be committed.
func (i *Images) Restore(ctx context.Context, o *Image, look bool, open func() (io.ReadCloser, error)) (action string, err error) {
	build, err := i.s.stores.Builds.Get(ctx, wispwright.ScopeAll(), o.BuildID)
	if err != nil {
		return "", valid.Reference(err, "build", o.BuildID)
	}
	o.OrganizationID = build.OrganizationID
	body, err := open()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	before, err := i.s.stores.Images.Get(ctx, wispwright.ScopeAll(), o.ID)
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		return "", err
	}
	sum, end := sha256.New(), &tail{}
	from := io.TeeReader(body, io.MultiWriter(sum, end))
	if look || before != nil && i.has(ctx, before) {
		_, err = io.Copy(io.Discard, from) // what lies there already is not written again
	} else {
		err = i.s.put(ctx, o.blob(), from)
	}
	if err != nil {
		return "", fmt.Errorf("firmware.Images.Restore: %w", err)
	}
	if end.size == 0 {
		return "", wispwright.Invalid("file", emptyFile)
	}
	o.Size, o.Checksum, o.Metadata = end.size, hex.EncodeToString(sum.Sum(nil)), Metadata{Status: unconfirmed}
	if m := readMetadata(end.buffer); m != nil {
		m.judge(o.Type)
		o.Metadata = *m
	}
	if before != nil && before.Checksum != o.Checksum {
		return "", wispwright.Invalid("file", "The file of this image is another one here.")
	}
	_, action, err = i.Adopt(ctx, o, func(before, after *Image) {
		if before != nil { // what people said of it here
			after.Boards, after.Metadata = before.Boards, before.Metadata
		}
	})
	return action, err
}

// has reports whether the file of an image lies here.
func (i *Images) has(ctx context.Context, o *Image) bool {
	r, err := i.Open(ctx, o)
	if err != nil {
		return false
	}
	return r.Close() == nil
}

// Restore stores which image a device has. What is known here already is newer, and
// stays.
func (d *Devices) Restore(ctx context.Context, o *DeviceFirmware) (action string, err error) {
	err = d.s.base.Do(ctx, "firmware.Devices.Restore", func(ctx context.Context) error {
		action = ""
		there, err := d.Of(ctx, wispwright.ScopeAll(), o.DeviceID)
		switch {
		case err == nil && there.ID != o.ID:
			return nil
		case err != nil && !errors.Is(err, wispwright.ErrNotFound):
			return err
		}
		_, action, err = d.Adopt(ctx, o, nil)
		return err
	})
	return action, err
}

// takenOver is the last line of an operation that was under way elsewhere.
const takenOver = "Taken over from another installation while it was under way: how it ended is not known."

// Restore stores a mass upgrade. One that had not ended is not carried out here.
func (b *Batches) Restore(ctx context.Context, o *Batch) (action string, err error) {
	err = b.s.base.Do(ctx, "firmware.Batches.Restore", func(ctx context.Context) error {
		build, err := b.s.stores.Builds.Get(ctx, wispwright.ScopeAll(), o.BuildID)
		if err != nil {
			return valid.Reference(err, "build", o.BuildID)
		}
		o.OrganizationID = build.OrganizationID
		if !o.Status.Ended() {
			o.Status = Cancelled
		}
		_, action, err = entity.Put(ctx, b.s.stores.Batches, o.ID, o, nil)
		return err
	})
	return action, err
}

// Restore stores an upgrade of a device. One that had not ended counts as failed.
func (p *Operations) Restore(ctx context.Context, o *Operation) (action string, err error) {
	err = p.s.base.Do(ctx, "firmware.Operations.Restore", func(ctx context.Context) error {
		if !o.Status.Ended() {
			if o.Status = Failed; o.Log != "" {
				o.Log += "\n"
			}
			o.Log += takenOver
		}
		o.State = "{}"
		if o.Status == Success {
			o.Progress = 100
		}
		_, action, err = entity.Put(ctx, wispwright.Repo[Operation, OperationFilter](p.s.stores.Operations), o.ID, o, nil)
		return err
	})
	return action, err
}
