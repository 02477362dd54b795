// Package server puts the concerns together: configuration, database, HTTP,
// background jobs, web admin, metrics. It holds no rule of its own.
//
// New takes a database and a list of concerns; each is one value of type
// Concern, made in one short file (tenancy.go, controller.go). A vendor's
// server is the default list with something added, left out or replaced:
//
//	db, err := server.Open(ctx, config, nil)
//	…
//	concerns := append(server.DefaultConcerns(), mine)
//	err = server.Migrate(ctx, db, concerns)
//	s, err := server.New(ctx, db, &server.Options{Config: config, Concerns: concerns})
//	err = s.Serve(ctx)
//
// Package cli holds the commands of the program wispwright.
package server
