// Package server puts the concerns together: configuration, database, HTTP,
// background jobs, web admin, metrics. It holds no rule of its own.
//
// New takes a database and a list of concerns; each is one value of type
// Concern, made in one short file (tenancy.go, controller.go), with its own
// seams, settings, commands and pages. A vendor's server is the default list with
// something added, left out or replaced:
//
//	accounts := server.NewTenancy()
//	devices := server.NewController(accounts)
//	devices.Renderer = mine
//	concerns := []server.Concern{accounts, devices, NewSupport(accounts)}
//	config, err := server.LoadConfig("vendor.yaml", os.Environ(), concerns)
//	…
//	db, err := server.Open(ctx, config, nil)
//	err = server.Migrate(ctx, db, concerns)
//	s, err := server.New(ctx, db, &server.Options{Config: config, Concerns: concerns})
//	err = s.Serve(ctx)
//
// README.md tells how a concern is added. Package cli is the program around it,
// with the commands of every concern.
package server
