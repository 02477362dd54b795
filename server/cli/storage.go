package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/files"
)

type storageCommand struct {
	Push pushFiles `cmd:"" help:"Copy uploaded files from the data folder into the object store (storage.url)."`
	Pull pullFiles `cmd:"" help:"Copy uploaded files from the object store into the data folder."`
}

type pushFiles struct{}

// Run copies into the object store.
func (pushFiles) Run(ctx context.Context, p *Program, c *commands) error {
	return p.copyFiles(ctx, c, true)
}

type pullFiles struct{}

// Run copies out of the object store.
func (pullFiles) Run(ctx context.Context, p *Program, c *commands) error {
	return p.copyFiles(ctx, c, false)
}

var errNoStorage = errors.New("storage.url is not set: there is no object store")

func (p *Program) copyFiles(ctx context.Context, c *commands, push bool) error {
	config, err := p.config(c)
	if err != nil {
		return err
	}
	if config.Storage.URL == "" {
		return errNoStorage
	}
	for _, folder := range files.Folders() {
		if err := p.copyFolder(ctx, config, folder, push); err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
	}
	return nil
}

func (p *Program) copyFolder(ctx context.Context, config *server.Config, folder string, push bool) (err error) {
	below, err := files.Data(config.Data, folder, push)
	if err != nil || below == nil {
		return err
	}
	defer func() { err = errors.Join(err, below.Close()) }()
	bucket, err := files.Bucket(ctx, &config.Storage, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bucket.Close()) }()
	to, from := bucket, below
	if !push {
		to, from = below, bucket
	}
	did, err := files.Copy(ctx, to, from)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Out, "%s: %d files with %d bytes copied, %d were there already.\n", folder, did.Files, did.Bytes, did.There)
	return err
}

// checkStorage writes into the object store, if there is one.
func checkStorage(ctx context.Context, config *server.Config) (string, error) {
	if config.Storage.URL == "" {
		return "uploaded files lie in folders", nil
	}
	if err := files.Probe(ctx, &config.Storage); err != nil {
		return "", fmt.Errorf("the object store cannot be written: %w", err)
	}
	return config.Storage.URL + " can be written", nil
}
