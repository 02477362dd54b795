// Command vendor is the whole server with a table and an endpoint of one's
// own: tickets, in the conventions of every other endpoint, with permissions,
// pages, filters, OpenAPI and the walls between organizations.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/wispwright/wispwright/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := serve(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve runs until the context ends; SQLite in ./data, as without the addition.
func serve(ctx context.Context) error {
	s, done, err := assemble(ctx, server.DefaultConfig())
	if err != nil {
		return err
	}
	return errors.Join(s.Serve(ctx), done())
}

// assemble is all there is to it: the product's concerns and one more.
func assemble(ctx context.Context, config *server.Config) (s *server.Server, done func() error, err error) {
	concerns := append(server.DefaultConcerns(), Support())
	db, err := server.Open(ctx, config, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := server.Migrate(ctx, db, concerns); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	if s, err = server.New(ctx, db, &server.Options{Config: config, Concerns: concerns}); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return s, db.Close, nil
}
