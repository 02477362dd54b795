package firmware

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// File is an image that somebody sends.
type File struct {
	// Name is the file's name with the sender.
	Name string
	// Type is the name of its ImageType; "" derives it from Name.
	Type string
	// Boards are models of devices it fits beside those of its type. A type that is
	// not known needs some.
	Boards []string
	// Checksum is what its SHA-256 must be, in hexadecimal; "" takes anything.
	Checksum string
	// Body is what is in it. It is read once, and not kept in memory.
	Body io.Reader
}

// The sentences about images (spec: firmware §1.1).
const (
	noFile       = "No file was submitted."
	emptyFile    = "The submitted file is empty."
	noBoards     = "Could not find boards for this type"
	longName     = "Ensure this filename has at most 200 characters."
	wrongSum     = "The file is not what it was said to be: its SHA-256 is another."
	rootfs       = "This is an image of a root file system, which devices cannot be upgraded with."
	imageExists  = "Firmware Image with this Build and Type already exists."
	longestName  = 200
	longestLabel = 128
)

// Images is the service of images. Their files go with them.
type Images struct {
	*entity.Service[wispwright.ID, Image, ImageFilter]
	s *Service
}

func newImages(s *Service) *Images {
	i := &Images{s: s}
	i.Service = entity.New(s.base, s.stores.Images, entity.Kind[wispwright.ID, Image]{
		Name: "firmware.Images", Model: "firmware_upgrader.firmwareimage", Label: func(o *Image) string { return s.options.Types.Label(o.Type) },
		Check: i.check, Stored: i.stored, Unique: map[string]error{UniqueImage: wispwright.Invalid("", imageExists)},
	})
	i.Deleting.Subscribe("firmware: devices and operations of deleted images", s.withoutImages)
	return i
}

// withoutImages takes images out of what names them: storages do so too, but a caller that
// watches wants to know.
func (s *Service) withoutImages(ctx context.Context, list ...*Image) error {
	for _, o := range list {
		if _, err := s.Devices.DeleteAll(ctx, wispwright.ScopeAll(), DeviceFirmwareFilter{ImageID: o.ID}); err != nil {
			return err
		}
	}
	return nil
}

// tooLarge is said of a file beyond the limit, in the words and units of clients.
func tooLarge(most int64) string {
	units := []string{"KB", "MB", "GB", "TB", "PB"}
	if most < 1024 {
		return fmt.Sprintf("The file may not be larger than %d\u00a0bytes.", most)
	}
	size, unit := float64(most)/1024, 0
	for size >= 1024 && unit < len(units)-1 {
		size, unit = size/1024, unit+1
	}
	return fmt.Sprintf("The file may not be larger than %.1f\u00a0%s.", size, units[unit])
}

// settle looks at what is said of an image before its body is read.
func (i *Images) settle(v *wispwright.ValidationError, name, imageType string, boards []string) string {
	if len(name) > longestName {
		v.Add("file", longName)
	}
	if strings.Contains(name, "rootfs") {
		v.Add("file", rootfs)
	}
	types := i.s.options.Types
	derived := imageType == ""
	if derived {
		imageType = types.OfFile(name)
	}
	switch t := types.Get(imageType); {
	case t != nil:
		return t.Name
	case len(boards) > 0 && len(imageType) <= longestLabel && imageType != "" && baseName(imageType) == imageType:
	case derived:
		v.Add("type", noBoards)
	default:
		v.Add("type", fmt.Sprintf("%q is not a valid choice.", imageType))
	}
	return imageType
}

// Create stores the image of a build that is within the scope. Faults:
// wispwright.ErrNotFound for the build, wispwright.ValidationError with the fields
// "file" and "type".
func (i *Images) Create(ctx context.Context, scope wispwright.Scope, build wispwright.ID, f File) (*Image, error) {
	b, err := i.s.stores.Builds.Get(ctx, scope, build)
	if err != nil {
		return nil, err
	}
	var v wispwright.ValidationError
	imageType := i.settle(&v, baseName(f.Name), f.Type, f.Boards)
	if f.Body == nil {
		v.Add("file", noFile)
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	taken, err := i.s.stores.Images.List(ctx, wispwright.ScopeAll(), ImageFilter{BuildID: b.ID, Type: imageType}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(taken.Rows) > 0 {
		return nil, wispwright.Invalid("", imageExists)
	}
	o := &Image{ID: wispwright.NewID(), OrganizationID: b.OrganizationID, BuildID: b.ID, Type: imageType, Boards: f.Boards, File: b.ID.String() + "/" + clean(baseName(f.Name))}
	if err := i.keep(ctx, o, f); err != nil {
		return nil, err
	}
	if err := i.Service.Create(ctx, o); err != nil {
		if !errors.Is(err, wispwright.ErrUnavailable) { // then it may have been stored
			i.drop(ctx, o)
		}
		return nil, err
	}
	return o, nil
}

// clean is a name that files can have.
func clean(name string) string {
	out := strings.TrimLeft(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		case r == ' ':
			return '_'
		}
		return -1
	}, name), ".")
	if out == "" {
		return "image.bin"
	}
	return out
}

// place gives the file of a new image a few letters more when its name is taken in
// the build, which is held meanwhile.
func (i *Images) place(ctx context.Context, o *Image) error {
	for {
		taken, err := i.s.stores.Images.List(ctx, wispwright.ScopeAll(), ImageFilter{File: o.File}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil || len(taken.Rows) == 0 || taken.Rows[0].ID == o.ID {
			return err
		}
		ext := path.Ext(o.File)
		o.File = strings.TrimSuffix(o.File, ext) + "_" + strings.ToLower(rand.Text()[:7]) + ext
	}
}

// keep stores the file, and fills in what follows from it.
func (i *Images) keep(ctx context.Context, o *Image, f File) error {
	sum, end := sha256.New(), &tail{}
	body := f.Body
	most := i.s.options.MaxSize
	if most >= 0 {
		body = io.LimitReader(body, most+1)
	}
	if err := i.s.put(ctx, o.blob(), io.TeeReader(body, io.MultiWriter(sum, end))); err != nil {
		return err
	}
	o.Size, o.Checksum = end.size, hex.EncodeToString(sum.Sum(nil))
	fault := ""
	switch {
	case end.size == 0:
		fault = emptyFile
	case most >= 0 && end.size > most:
		fault = tooLarge(most)
	case f.Checksum != "" && !strings.EqualFold(f.Checksum, o.Checksum):
		fault = wrongSum
	}
	if fault != "" {
		i.drop(ctx, o)
		return wispwright.Invalid("file", fault)
	}
	o.Metadata = Metadata{Status: unconfirmed}
	if m := readMetadata(end.buffer); m != nil {
		m.judge(o.Type)
		o.Metadata = *m
	}
	return nil
}

func (i *Images) check(ctx context.Context, c entity.Change[Image]) error {
	if c.After == nil || c.Before != nil {
		return nil
	}
	// an update that changes nothing keeps the build as it is meanwhile
	if _, err := i.s.stores.Builds.Update(ctx, wispwright.ScopeAll(), c.After.BuildID, func(b *Build) error {
		c.After.OrganizationID = b.OrganizationID
		return nil
	}); err != nil {
		return err
	}
	return i.place(ctx, c.After)
}

// stored removes the files of deleted images once that is certain, and looks which
// devices run a new one.
func (i *Images) stored(ctx context.Context, changes ...entity.Change[Image]) error {
	for _, c := range changes {
		switch {
		case c.After == nil:
			wispwright.AfterCommit(ctx, func() { i.drop(ctx, c.Before) })
		case c.Before == nil:
			if err := i.s.options.Jobs.Enqueue(ctx, Job{JobDetect, c.After.ID}); err != nil {
				return err
			}
		}
	}
	return nil
}

// ByFile returns the image that lies at a place.
func (i *Images) ByFile(ctx context.Context, scope wispwright.Scope, file string) (*Image, error) {
	return i.First(ctx, scope, ImageFilter{File: file})
}

// Confirm says that an image is good although it says that it is for other
// hardware.
func (i *Images) Confirm(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Image, error) {
	return i.Update(ctx, scope, id, func(o *Image) error {
		if o.Metadata.Status == invalid || o.Metadata.Status == unconfirmed {
			o.Metadata.Status = confirmed
		}
		return nil
	})
}

// sweepAge is how old a file without image must be to be removed: a younger one may
// belong to an image that is being stored.
const sweepAge = 24 * time.Hour
