// Package files is where a server keeps what people upload, images of firmware and
// pictures of floors: folders below its data, or an object store that several nodes
// share.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/blob/s3"
)

// Config is the section storage of the configuration.
type Config struct {
	// URL is where the object store is.
	URL string `koanf:"url" doc:"An S3-compatible object store for images and pictures, as s3://BUCKET/FOLDER?region=REGION&endpoint=https://HOST; with an endpoint &path_style=false puts the bucket into the host. Empty: folders below data."`
	// AccessKey names the keys.
	AccessKey string `koanf:"access_key" doc:"Access key of the object store. Empty: AWS_ACCESS_KEY_ID and what else Amazon's programs look for."`
	// SecretKey signs.
	SecretKey wispwright.Secret `koanf:"secret_key" doc:"Secret key of the object store."`
}

// Check adds what is wrong with the settings.
func (c *Config) Check(e *wispwright.ValidationError) {
	if c.URL != "" {
		if _, err := s3.Parse(c.URL); err != nil {
			e.Add("storage.url", err.Error()+".")
		}
	}
	if (c.AccessKey == "") != (c.SecretKey.Reveal() == "") {
		e.Add("storage.secret_key", "access key and secret key are needed together.")
	}
}

// The folders that files are told apart by.
const (
	// Private are images of firmware, Media pictures of floors.
	Private, Media = "private", "media"
)

// Folders are all of them.
func Folders() []string { return []string{Private, Media} }

// Store is a blob.Store that is given back.
type Store interface {
	blob.Store
	io.Closer
}

// Open opens a folder: own where somebody chose one, the object store where there
// is one, or the folder below data. Without any of them it returns nil.
func Open(ctx context.Context, c *Config, data, own, folder string) (Store, error) {
	switch {
	case own != "":
		return directory(own)
	case c.URL != "":
		return Bucket(ctx, c, folder)
	case data != "":
		return directory(filepath.Join(data, folder))
	}
	return nil, nil //nolint:nilnil // within a program that keeps no files
}

func directory(path string) (Store, error) {
	d, err := blob.NewDir(path)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Bucket opens a folder of the object store.
func Bucket(ctx context.Context, c *Config, folder string) (Store, error) {
	p, err := s3.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("storage.url: %w", err)
	}
	s, err := s3.Open(ctx, p, s3.Keys{ID: c.AccessKey, Secret: c.SecretKey}, folder, nil)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return s, nil
}

// Probe stores a small file in the object store and removes it again.
func Probe(ctx context.Context, c *Config) (err error) {
	s, err := Bucket(ctx, c, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	w, ok := s.(interface{ Writable(context.Context) error })
	if !ok {
		return errors.New("this store cannot be tried")
	}
	return w.Writable(ctx)
}

// Copied is what Copy did.
type Copied struct {
	// Files were copied, There were there already.
	Files, There int
	// Bytes is the size of what was copied.
	Bytes int64
}

// Copy copies every file of one store into another one. What is there with the same
// length is left alone, since files never change under their names: so a copy that
// broke off goes on.
func Copy(ctx context.Context, to, from blob.Store) (did Copied, err error) {
	err = from.List(ctx, "", func(i blob.Info) error {
		switch have, err := to.Open(ctx, i.Name); {
		case err == nil:
			size := have.Info().Size
			if err := have.Close(); err != nil {
				return err
			}
			if size == i.Size {
				did.There++
				return nil
			}
		case !errors.Is(err, wispwright.ErrNotFound):
			return err
		}
		r, err := from.Open(ctx, i.Name)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil // it was removed meanwhile
		}
		if err != nil {
			return err
		}
		if err := errors.Join(to.Put(ctx, i.Name, r), r.Close()); err != nil {
			return err
		}
		did.Files, did.Bytes = did.Files+1, did.Bytes+i.Size
		return nil
	})
	return did, err
}

// Data opens a folder below data for Copy; to read from, it has to be there.
func Data(data, folder string, reading bool) (Store, error) {
	path := filepath.Join(data, folder)
	if _, err := os.Stat(path); reading && errors.Is(err, os.ErrNotExist) {
		return nil, nil //nolint:nilnil // nobody uploaded anything yet
	}
	return directory(path)
}
