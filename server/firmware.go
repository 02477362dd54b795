package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwarehttp"
	"github.com/wispwright/wispwright/firmware/firmwaresql"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/files"
	"github.com/wispwright/wispwright/server/jobs"
)

// FirmwareConcern upgrades devices. Make it with NewFirmware.
type FirmwareConcern struct {
	// Config is the section firmware of the configuration.
	Config firmwareConfig
	// Connection reaches the devices; it is required.
	Connection *ConnectionConcern
	// Blobs keep the images. Default: a folder, see firmwareConfig.Dir.
	Blobs blob.Store
	// Geo has the locations that mass upgrades are limited to. Default: there are none.
	Geo *GeoConcern
	// Rollout carries mass upgrades out in waves. Default: there are no such.
	Rollout *RolloutConcern
	// Groups returns the organization of a group of devices. Default: the groups of the
	// controller.
	Groups func(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (organization wispwright.ID, err error)
	// Ways are further ways of upgrading.
	Ways []firmware.UpgraderType
	// Tune changes the options of the concern before it is made. Default: they are as
	// Config says.
	Tune func(*firmware.Options)

	// Service is made by Mount.
	*firmware.Service

	host    *Host
	detects jobs.Kind[wispwright.ID]
}

var (
	_ WithModels   = (*FirmwareConcern)(nil)
	_ WithSettings = (*FirmwareConcern)(nil)
	_ WithEvents   = (*FirmwareConcern)(nil)

	_ WithKinds         = (*FirmwareConcern)(nil)
	_ WithNotifications = (*FirmwareConcern)(nil)
)

// NewFirmware returns the concern with its default settings, over the devices that
// c reaches.
func NewFirmware(c *ConnectionConcern) *FirmwareConcern {
	return &FirmwareConcern{Config: defaultFirmwareConfig(), Connection: c, detects: jobs.Kind[wispwright.ID]{
		Name: "firmware.detect_device", Queue: "firmware_batches", Key: func(id wispwright.ID) string { return id.String() },
	}}
}

// Name implements Concern.
func (c *FirmwareConcern) Name() string { return "firmware" }

// Migrations implements Concern.
func (c *FirmwareConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{firmwaresql.Migrations()}
}

// Models implements WithModels.
func (c *FirmwareConcern) Models() []wispwright.Model { return firmware.Models() }

// Events implements WithEvents.
func (c *FirmwareConcern) Events() []event.Listed { return c.Service.Events() }

// Section implements WithSettings.
func (c *FirmwareConcern) Section() Section {
	defaults := defaultFirmwareConfig()
	return Section{&c.Config, &defaults}
}

// Mount implements Concern.
func (c *FirmwareConcern) Mount(_ context.Context, h *Host) error {
	if c.Service != nil {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Connection); err != nil {
		return err
	}
	if c.Rollout != nil {
		if err := h.Mounted(c.Rollout); err != nil {
			return err
		}
	}
	stores, err := firmwaresql.New(h.DB())
	if err != nil {
		return err
	}
	queue := newFirmwareQueue(h.Jobs(), &c.Config)
	fleet := firmwareFleet{c}
	options, err := c.options(h, queue)
	if err != nil {
		return err
	}
	secret, err := h.SecretKey()
	if err != nil {
		return err
	}
	tickets := firmwarehttp.NewTickets(secret.Reveal(), time.Now)
	options.Link = tickets.Link
	b := c.Connection.base(h)
	base := &entity.Base{Tx: b.Tx, Recorder: b.Recorder, Tenants: b.Tenants}
	if c.Service, err = firmware.New(base, stores, fleet, options); err != nil {
		return err
	}
	queue.add(c.Work)
	wire, err := firmwarehttp.New(c.Service, fleet, &firmwarehttp.Options{Persistent: c.Config.Persistent, BaseURL: c.Config.BaseURL, Log: h.Log()})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	h.Handle(firmwarehttp.FilesPath, wire.Files(h.API().Caller), firmwarehttp.FilesPath)
	h.Handle(firmwarehttp.PullPath, wire.Pull(tickets), firmwarehttp.PullPath)
	operation, batch, device := wire.Topics()
	h.Live(firmwarehttp.OperationSocket, operation)
	h.Live(firmwarehttp.BatchSocket, batch)
	h.Live(firmwarehttp.DeviceSocket, device)
	wire.Tell(h.Hub())
	c.live(h)
	c.host = h
	h.Jobs().Add(c.detects.Handle(func(ctx context.Context, id wispwright.ID) error {
		return c.Devices.Detect(wispwright.WithCaller(ctx, wispwright.System("firmware.detect")), id)
	}))
	h.wire(c.wiring()...)
	return c.background(h)
}

func (c *FirmwareConcern) options(h *Host, queue firmware.Jobs) (*firmware.Options, error) {
	s := &c.Config
	types, err := s.types()
	if err != nil {
		return nil, fmt.Errorf("firmware.custom_images: %w", err)
	}
	upgraders, err := s.upgraders(c.Ways)
	if err != nil {
		return nil, err
	}
	retries := s.Retries
	if retries == 0 {
		retries = -1
	}
	o := &firmware.Options{
		Blobs: c.Blobs, Types: types, Upgraders: upgraders, Reacher: firmwareReacher{c}, Jobs: queue, MaxSize: s.MaxFileSize, Timeout: s.TaskTimeout,
		Retries: retries, Backoff: s.Backoff, MostBackoff: s.MostBackoff, NoJitter: s.NoJitter, PendingDelay: s.PendingDelay, MostPendingDelay: s.MostPendingDelay,
		PendingFactor: s.PendingFactor, PendingJitter: s.PendingJitter, ReturnJitter: s.ReturnJitter, ReminderPeriod: s.ReminderPeriod,
		ScheduleSoonest: s.ScheduleSoonest, ScheduleLatest: s.ScheduleLatest, Parallel: s.Parallel, Sites: c.sites, Online: c.online, Log: h.Log(),
	}
	if c.Rollout != nil {
		o.Rollouts = c.Rollout.Service
	}
	if t := c.Connection.Controller.Tenancy; t != nil {
		o.OrganizationName = func(ctx context.Context, id wispwright.ID) (string, error) {
			organization, err := t.Organizations.Get(ctx, everyone(), id)
			if err != nil {
				return "", err
			}
			return organization.Name, nil
		}
	}
	if o.Blobs == nil {
		if o.Blobs, err = h.files(c.Config.Dir, files.Private); err != nil {
			return nil, err
		}
	}
	if c.Tune != nil {
		c.Tune(o)
	}
	return o, nil
}

const (
	// upgradesResumed is how often upgrades are looked for that are due, or that
	// nobody runs.
	upgradesResumed = 20 * time.Second
	// upgradeIdle is after what time without news nobody runs one.
	upgradeIdle = 5 * time.Minute
)

// background does what is done again and again.
func (c *FirmwareConcern) background(h *Host) error {
	resume, err := jobs.Kind[struct{}]{Name: "firmware.resume"}.Every(upgradesResumed, struct{}{}, func(ctx context.Context, _ struct{}) error {
		_, err := c.Operations.Resume(ctx, upgradeIdle)
		return errors.Join(err, c.Batches.Resume(ctx))
	})
	if err != nil {
		return fmt.Errorf("firmware.resume: %w", err)
	}
	h.Jobs().AddPeriodic(resume)
	h.Daily("firmware.clean", func(ctx context.Context) error {
		_, err := c.Images.Sweep(ctx)
		return errors.Join(err, c.Batches.Remind(ctx))
	})
	h.AtStart(func(ctx context.Context) error {
		if h.Config().Jobs.Off {
			return nil
		}
		// what a node that died was at goes on at once
		_, err := c.Operations.Resume(ctx, 0)
		return err
	})
	return nil
}

// wiring is what upgrades hear of devices and connections.
func (c *FirmwareConcern) wiring() []Wire {
	devices := c.Connection.Controller.Devices
	return []Wire{
		{"controller.Devices.Deleting", "firmware: upgrades of deleted devices", hook(devices.Deleting.Subscribe, func(ctx context.Context, list ...*controller.Device) error {
			ids := make([]wispwright.ID, len(list))
			for i, d := range list {
				ids[i] = d.ID
			}
			return c.Devices.Forget(ctx, ids...)
		})},
		{"controller.Devices.Saved", "firmware: devices of another organization", hook(devices.Saved.Subscribe, func(ctx context.Context, list ...entity.Change[controller.Device]) error {
			for _, change := range list {
				if change.Before == nil || change.Before.OrganizationID == change.After.OrganizationID {
					continue
				}
				if err := c.Devices.Moved(ctx, change.After.ID, change.After.OrganizationID); err != nil {
					return err
				}
			}
			return nil
		})},
		{"connection.Connections.Changed", "firmware: which build devices run", hook(c.Connection.Connections.Changed().Within, func(ctx context.Context, list ...entity.Change[connection.DeviceConnection]) error {
			var ids []wispwright.ID
			for _, change := range list {
				if change.Before == nil {
					ids = append(ids, change.After.DeviceID)
				}
			}
			return c.detects.Insert(ctx, c.host.Jobs(), ids...)
		})},
		{"connection.Connections.WorkingChanged", "firmware: pending upgrades of devices that can be reached", hook(c.Connection.Connections.WorkingChanged.Within, func(ctx context.Context, list ...connection.WorkingChange) error {
			var ids []wispwright.ID
			for _, change := range list {
				if o := change.Connection; o.IsWorking != nil && *o.IsWorking {
					ids = append(ids, o.DeviceID)
				}
			}
			if len(ids) == 0 {
				return nil
			}
			if c.Rollout != nil {
				if err := c.Rollout.Nudge(ctx, ids...); err != nil {
					return err
				}
			}
			return c.Operations.Returned(ctx, ids...)
		})},
	}
}
