// Command clientgen writes the types and kinds of client/api from the OpenAPI
// document of a server with the product's concerns, and the types of the web
// admin. `make client` runs it; a test tells when what it wrote into client/api is
// not what the server says any more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/wispwright/wispwright/server"
)

func main() {
	folder := flag.String("out", "client/api", "where the files go; what was generated there before is removed")
	admin := flag.String("admin", "server/admin", "the folder of the web admin, whose types are made of the same document; empty: none")
	flag.Parse()
	if err := run(context.Background(), *folder, *admin); err != nil {
		fmt.Fprintln(os.Stderr, "clientgen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder, admin string) error {
	document, err := read(ctx)
	if err != nil {
		return err
	}
	if admin != "" {
		if err := writeTypes(ctx, document, admin); err != nil {
			return err
		}
	}
	files, err := generate(document)
	if err != nil {
		return err
	}
	old, err := generated(folder)
	if err != nil {
		return err
	}
	for name := range old {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("remove what was there: %w", err)
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil { //nolint:gosec // source code is for everybody
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// prefix begins the names of generated files.
const prefix = "gen_"

// generated are the generated files of a folder.
func generated(folder string) (map[string][]byte, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("look for what was generated: %w", err)
	}
	out := map[string][]byte{}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read what was generated: %w", err)
		}
		out[e.Name()] = text
	}
	return out, nil
}

// read asks a server on an empty database, which ends at once.
func read(ctx context.Context) (text []byte, err error) {
	data, err := os.MkdirTemp("", "clientgen")
	if err != nil {
		return nil, fmt.Errorf("a folder for the database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	concerns := server.DefaultConcerns()
	config, err := server.LoadConfig("", []string{"WISPWRIGHT_DATA=" + data}, concerns)
	if err != nil {
		return nil, err
	}
	db, err := server.Open(ctx, config, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := server.Migrate(ctx, db, concerns); err != nil {
		return nil, err
	}
	s, err := server.New(ctx, db, &server.Options{Config: config, Concerns: concerns, Log: slog.New(slog.DiscardHandler), Build: "clientgen"})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Stop(ctx)) }()
	return s.API().Document()
}
