package firmware

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/rollout"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// Blobs keep the images. Default: a memory, which is for tests.
	Blobs blob.Store
	// Types are the types of images. Default: those of OpenWrt.
	Types *ImageTypes
	// Upgraders are the ways of upgrading. Default: none.
	Upgraders *Upgraders
	// Reacher opens sessions on devices. Default: no device has a connection.
	Reacher Reacher
	// Jobs run upgrades in the background. Default: they run as soon as they exist.
	Jobs Jobs
	// Rollouts carry out batches that have a strategy. Default: there are no such.
	Rollouts *rollout.Service
	// Sites says where devices are, for waves. Default: nowhere.
	Sites func(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]Site, error)
	// Online says which devices can probably be reached: in waves, the others are
	// waited for. Default: all of them.
	Online func(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]bool, error)
	// OrganizationName is how an organization is called in a message. Default: its
	// id.
	OrganizationName func(ctx context.Context, id wispwright.ID) (string, error)
	// Link is the path of the controller at which a device may get an image by itself
	// for a while. Default: images are sent to devices.
	Link func(i *Image) string
	// MaxSize is how large an image is at most, in bytes. Default: 30 MiB; negative:
	// any size.
	MaxSize int64
	// Timeout ends an attempt. Default: 1,500 seconds.
	Timeout time.Duration
	// Retries is how often an operation is tried again after a failure that goes by
	// itself. Default: 4; negative: never.
	Retries int
	// Backoff is the longest pause before the first retry, which doubles each time
	// up to MostBackoff; the pause is chosen by chance within it unless NoJitter.
	// Defaults: 1 minute, 10 minutes.
	Backoff, MostBackoff time.Duration
	NoJitter             bool
	// PendingDelay is when a pending operation is tried again first; it is multiplied
	// by PendingFactor each time, up to MostPendingDelay, and shifted by chance by up
	// to the part PendingJitter. Defaults: 10 minutes, 2, 12 hours, 0.25.
	PendingDelay, MostPendingDelay time.Duration
	PendingFactor, PendingJitter   float64
	// ReturnJitter spreads the attempts when many devices return at once. Default: 2
	// minutes.
	ReturnJitter time.Duration
	// ReminderPeriod is how often people are reminded of pending devices. Default: 60
	// days.
	ReminderPeriod time.Duration
	// ScheduleSoonest and ScheduleLatest are how far ahead a batch is scheduled.
	// Defaults: 10 minutes, 180 days.
	ScheduleSoonest, ScheduleLatest time.Duration
	// Parallel is how many operations of a batch are at work at once, where it does
	// not say. Default: 20.
	Parallel int
	// Random is a number from 0 to below 1. Default: math/rand.
	Random func() float64
	// Log hears of what went wrong where nobody waits for an answer. Default:
	// slog.Default.
	Log *slog.Logger
}

func (o *Options) complete() error {
	if o.Types == nil {
		var err error
		if o.Types, err = NewImageTypes(); err != nil {
			return err
		}
	}
	if o.Blobs == nil {
		o.Blobs = &blob.Memory{}
	}
	if o.Upgraders == nil {
		o.Upgraders = &Upgraders{}
	}
	if o.Reacher == nil {
		o.Reacher = unreachable{}
	}
	if o.OrganizationName == nil {
		o.OrganizationName = func(_ context.Context, id wispwright.ID) (string, error) { return id.String(), nil }
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&o.Timeout, 1500 * time.Second}, {&o.Backoff, time.Minute}, {&o.MostBackoff, 10 * time.Minute}, {&o.PendingDelay, 10 * time.Minute},
		{&o.MostPendingDelay, 12 * time.Hour}, {&o.ReturnJitter, 2 * time.Minute}, {&o.ReminderPeriod, 60 * 24 * time.Hour},
		{&o.ScheduleSoonest, 10 * time.Minute}, {&o.ScheduleLatest, 180 * 24 * time.Hour},
	} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	o.numbers()
	return nil
}

func (o *Options) numbers() {
	if o.MaxSize == 0 {
		o.MaxSize = 30 << 20
	}
	if o.Retries == 0 {
		o.Retries = 4
	}
	o.Retries = max(o.Retries, 0)
	if o.PendingFactor == 0 {
		o.PendingFactor = 2
	}
	if o.PendingJitter == 0 {
		o.PendingJitter = 0.25
	}
	if o.Parallel == 0 {
		o.Parallel = 20
	}
}

// Service is the concern.
type Service struct {
	// Categories, Builds and Images are what there is to upgrade to, Uploads images
	// that arrive in parts.
	Categories *Categories
	Builds     *Builds
	Images     *Images
	Uploads    *Uploads
	// Devices say which image devices have.
	Devices *Devices
	// Operations are single upgrades, Batches mass upgrades.
	Operations *Operations
	Batches    *Batches

	base    *entity.Base
	stores  Stores
	fleet   Fleet
	options Options
}

// New makes the services over stores of the base's transactor and the devices of a
// fleet.
func New(base *entity.Base, stores Stores, fleet Fleet, o *Options) (*Service, error) {
	if base == nil || base.Tx == nil || base.Tenants == nil || fleet == nil {
		return nil, errors.New("firmware: a base with its transactor and tenants, and a fleet, are required")
	}
	if err := store.Complete("firmware", stores); err != nil {
		return nil, err
	}
	s := &Service{base: base, stores: stores, fleet: fleet}
	if o != nil {
		s.options = *o
	}
	if err := s.options.complete(); err != nil {
		return nil, err
	}
	if s.options.Jobs == nil {
		s.options.Jobs = &inline{s}
	}
	s.Categories = newCategories(s)
	s.Builds = newBuilds(s)
	s.Images = newImages(s)
	s.Uploads = newUploads(s)
	s.Devices = newDevices(s)
	s.Operations = newOperations(s)
	s.Batches = newBatches(s)
	if s.options.Rollouts != nil {
		if err := s.options.Rollouts.Register(rollout.Kind{Name: rolloutKind, Label: "Firmware", Driver: s.Batches.waves}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Types are the types of images.
func (s *Service) Types() *ImageTypes { return s.options.Types }

// Upgraders are the ways of upgrading.
func (s *Service) Upgraders() *Upgraders { return s.options.Upgraders }

// MaxSize is how large an image is at most; negative: any size.
func (s *Service) MaxSize() int64 { return s.options.MaxSize }

// Upgrader returns the way in which a device is upgraded: nil when it has no
// connection that can. connected says whether it has any.
func (s *Service) Upgrader(ctx context.Context, device wispwright.ID) (t *UpgraderType, connected bool, err error) {
	ways, err := s.options.Reacher.Strategies(ctx, device)
	if err != nil {
		return nil, false, err
	}
	strategy, connected := ways[device]
	return s.options.Upgraders.Of(strategy), connected, nil
}

// Events lists the events of the concern and their subscribers.
func (s *Service) Events() []event.Listed {
	return slices.Concat(s.Categories.Listed("Category"), s.Builds.Listed("Build"), s.Images.Listed("FirmwareImage"), s.Devices.Listed("DeviceFirmware"), []event.Listed{
		s.Operations.Changed.Listed("firmware.Operations.Changed", "post_save(UpgradeOperation)"),
		s.Operations.Logged.Listed("firmware.Operations.Logged", "firmware_upgrader_log_updated"),
		s.Batches.Changed.Listed("firmware.Batches.Changed", "post_save(BatchUpgradeOperation)"),
		s.Batches.Reminded.Listed("firmware.Batches.Reminded", "send_pending_upgrade_reminders"),
		s.Batches.Deleted.Listed("firmware.Batches.Deleted", "post_delete(BatchUpgradeOperation)"),
	})
}

// Models are the kinds of objects permissions exist for, with what the default
// groups may do (spec: tenancy §3).
func Models() []wispwright.Model {
	const app = "firmware_upgrader"
	return []wispwright.Model{
		{App: app, Name: "category", Label: "Firmware Category", Administrator: "ACDV"},
		{App: app, Name: "build", Label: "Firmware Build", Operator: "V", Administrator: "ACDV"},
		{App: app, Name: "firmwareimage", Label: "Firmware Image", Operator: "V", Administrator: "ACDV"},
		{App: app, Name: "devicefirmware", Label: "Device Firmware", Operator: "V", Administrator: "ACDV"},
		{App: app, Name: "upgradeoperation", Label: "Upgrade operation", Operator: "V", Administrator: "ACDV"},
		{App: app, Name: "batchupgradeoperation", Label: "Mass upgrade operation", Operator: "V", Administrator: "ACDV"},
	}
}

// unpaged is a list with all there are.
func unpaged() wispwright.Page { return wispwright.Page{NoTotal: true} }
