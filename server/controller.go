package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllerhttp"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
)

// Controller is configuration management: devices, templates and the protocol
// by which devices fetch their configuration.
func Controller() Concern {
	return Concern{
		Name: "controller", Models: controller.Models,
		Migrate: func(ctx context.Context, db *sqlstore.DB) error { return db.Migrate(ctx, controllersql.Migrations()) },
		Mount:   func(ctx context.Context, s *Server) error { return s.mountController(ctx) },
		Events:  func(s *Server) []event.Listed { return s.controller.Events() },
	}
}

func (s *Server) mountController(context.Context) error {
	stores, err := controllersql.New(s.db)
	if err != nil {
		return err
	}
	// a batch of 500 configurations takes a second; a slow disk may take ten
	kind := jobs.Kind[controller.Job]{Name: "controller.fanout", Timeout: 5 * time.Minute, Queue: "controller"}
	c := s.config.Controller
	s.controller, err = controller.New(s.db, stores, render.New(nil), s.tenancy.Organizations, &controller.Options{
		Jobs: fanOut{s.jobs, kind}, Recorder: s.tenancy.Trail, Bus: s.db, Context: c.Context, Log: s.log,
		DisableRegistration: !c.Registration, RandomKeys: !c.ConsistentKeys, DisableSelfCreation: !c.SelfCreation, RefuseKnown: !c.AdoptKnown,
		AllowDuplicateNames: !c.UniqueNames, HardwareIDEnabled: c.HardwareID, SeparateManagementNetworks: !c.SharedManagementNetwork,
		CachedDevices: c.CachedDevices, CachedArchives: c.CachedArchives,
	})
	if err != nil {
		return err
	}
	s.jobs.Add(kind.Handle(s.controller.Work))
	s.controller.Attach(s.tenancy.Organizations)
	s.settings = controllerSettings{s.controller}
	h, err := controllerhttp.New(s.controller, nil)
	if err != nil {
		return err
	}
	h.Mount(s.api)
	s.protocol = controllerhttp.NewProtocol(s.controller.Agents, &controllerhttp.ProtocolOptions{TrustProxy: true, WrongSecrets: c.WrongSecrets, Log: s.log})
	if err := s.controller.Start(s.lifetime); err != nil {
		return err
	}
	s.atStart = append(s.atStart, s.renderAnew)
	return s.cleanController()
}

// cleanController removes once a day the history that is old enough.
func (s *Server) cleanController() error {
	age := s.config.Controller.VersionAge
	nightly, err := jobs.Kind[struct{}]{Name: "controller.clean"}.Every(24*time.Hour, struct{}{}, func(ctx context.Context, _ struct{}) error {
		if age <= 0 {
			return nil
		}
		_, err := s.controller.Versions.Prune(ctx, age)
		return err
	})
	if err != nil {
		return err
	}
	s.jobs.AddPeriodic(nightly)
	return nil
}

// renderAnew makes every configuration anew when the variables of all devices,
// or the program that renders, are not those of the last start.
func (s *Server) renderAnew(ctx context.Context) error {
	variables, err := json.Marshal(s.config.Controller.Context)
	if err != nil {
		return fmt.Errorf("controller.context: %w", err)
	}
	sum := sha256.Sum256(append([]byte(s.build+"\x00"), variables...))
	return s.whenChanged(ctx, "controller.rendering", hex.EncodeToString(sum[:]), func(ctx context.Context) error {
		job := controller.Job{Kind: controller.JobEverything, Cause: "program or global variables changed", Actor: "system"}
		return fanOut{s.jobs, jobs.Kind[controller.Job]{Name: "controller.fanout", Queue: "controller"}}.Enqueue(ctx, job)
	})
}

// Controller is configuration management; nil before it is mounted.
func (s *Server) Controller() *controller.Controller { return s.controller }

// fanOut queues the controller's work.
type fanOut struct {
	queue *jobs.Queue
	kind  jobs.Kind[controller.Job]
}

// Enqueue implements controller.Jobs.
func (f fanOut) Enqueue(ctx context.Context, list ...controller.Job) error {
	return f.kind.Insert(ctx, f.queue, list...)
}

// controllerSettings lets files of data hold what organizations decide.
type controllerSettings struct{ c *controller.Controller }

func (s controllerSettings) read(ctx context.Context, organization wispwright.ID) (string, bool, error) {
	o, err := s.c.Settings.Get(ctx, wispwright.ScopeAll(), organization)
	if err != nil {
		return "", false, err
	}
	return o.SharedSecret.Reveal(), o.RegistrationEnabled, nil
}

func (s controllerSettings) write(ctx context.Context, organization wispwright.ID, secret string, registration *bool) error {
	have, enabled, err := s.read(ctx, organization)
	if err != nil || (secret == "" || secret == have) && (registration == nil || *registration == enabled) {
		return err
	}
	_, err = s.c.Settings.Update(ctx, wispwright.ScopeAll(), organization, func(o *controller.Settings) error {
		if secret != "" {
			o.SharedSecret = wispwright.Secret(secret)
		}
		if registration != nil {
			o.RegistrationEnabled = *registration
		}
		return nil
	})
	return err
}
