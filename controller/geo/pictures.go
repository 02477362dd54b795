package geo

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/image/webp"

	"github.com/wispwright/wispwright"
)

// Upload is a file that somebody sent.
type Upload struct {
	// Name is the file's name with the sender; only its ending counts.
	Name string
	// Body is what is in it.
	Body io.Reader
}

// The sentences about pictures.
const (
	noFile    = "No file was submitted."
	emptyFile = "The submitted file is empty."
	noImage   = "Upload a valid image. The file you uploaded was either not an image or a corrupted image."
)

// blobFolder is where pictures lie in the blob store.
const blobFolder = "floorplans/"

// picture is one that was looked at and stored, but that no row names yet.
type picture struct {
	blob          string
	extension     string
	width, height int
}

// pictures looks at pictures and stores them.
type pictures struct {
	options *Options
	// one at a time: a small file may need a hundred megabytes to be looked at
	one chan struct{}
}

func newPictures(o *Options) *pictures { return &pictures{o, make(chan struct{}, 1)} }

// format is a kind of picture.
type format struct {
	mime       string
	extensions []string // the first is given to files that have another one
	config     func(io.Reader) (image.Config, error)
	decode     func(io.Reader) (image.Image, error)
}

func formats() []format {
	return []format{
		{"image/png", []string{"png"}, png.DecodeConfig, png.Decode},
		{"image/jpeg", []string{"jpg", "jpeg", "jpe"}, jpeg.DecodeConfig, jpeg.Decode},
		{"image/gif", []string{"gif"}, gif.DecodeConfig, gif.Decode}, // the first frame
		{"image/webp", []string{"webp"}, webp.DecodeConfig, webp.Decode},
	}
}

// MediaType is the type of a picture by the ending of its name.
func MediaType(name string) string {
	_, extension, _ := cutLast(name, ".")
	for _, f := range formats() {
		if slices.Contains(f.extensions, strings.ToLower(extension)) {
			return f.mime
		}
	}
	return "application/octet-stream"
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// with looks at a picture and stores it, runs fn, which stores a row that names
// it, and removes it again when fn fails. Without an upload fn gets nil. Faults
// are those of the field.
func (p *pictures) with(ctx context.Context, u *Upload, field string, fn func(*picture) error) error {
	if u == nil {
		return fn(nil)
	}
	pic, body, err := p.look(ctx, u, field)
	if err != nil {
		return err
	}
	pic.blob = blobFolder + strings.ToLower(rand.Text()) + "." + pic.extension
	if err := p.options.Blobs.Put(ctx, pic.blob, bytes.NewReader(body)); err != nil {
		return fmt.Errorf("store the picture: %w: %w", wispwright.ErrUnavailable, err)
	}
	if err := fn(pic); err != nil {
		p.drop(ctx, pic.blob)
		return err
	}
	return nil
}

// look checks that a file is a whole picture within the bounds.
func (p *pictures) look(ctx context.Context, u *Upload, field string) (*picture, []byte, error) {
	body, err := io.ReadAll(io.LimitReader(u.Body, p.options.MaxImage+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("read the picture: %w", err)
	case len(body) == 0:
		return nil, nil, wispwright.Invalid(field, emptyFile)
	case int64(len(body)) > p.options.MaxImage:
		return nil, nil, wispwright.Invalid(field, fmt.Sprintf("The file is larger than %d bytes.", p.options.MaxImage))
	}
	kind := http.DetectContentType(body)
	all := formats()
	i := slices.IndexFunc(all, func(f format) bool { return f.mime == kind })
	if i < 0 {
		return nil, nil, wispwright.Invalid(field, noImage)
	}
	f := all[i]
	config, err := f.config(bytes.NewReader(body))
	switch {
	case err != nil || config.Width < 1 || config.Height < 1:
		return nil, nil, wispwright.Invalid(field, noImage)
	case config.Width > p.options.MaxPixels/config.Height:
		return nil, nil, wispwright.Invalid(field, fmt.Sprintf("The image has more than %d pixels (%d × %d).", p.options.MaxPixels, config.Width, config.Height))
	}
	select {
	case p.one <- struct{}{}:
		defer func() { <-p.one }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if _, err := f.decode(bytes.NewReader(body)); err != nil {
		return nil, nil, wispwright.Invalid(field, noImage)
	}
	pic := &picture{extension: f.extensions[0], width: config.Width, height: config.Height}
	if _, extension, found := cutLast(u.Name, "."); found && slices.Contains(f.extensions, strings.ToLower(extension)) {
		pic.extension = extension // as it was sent
	}
	return pic, body, nil
}

// drop removes a picture that no row names any more.
func (p *pictures) drop(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := p.options.Blobs.Delete(ctx, name)
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		p.options.Log.WarnContext(ctx, "the picture of a floor plan was not removed", "picture", name, "error", err)
	}
}
