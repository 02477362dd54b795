package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/approval"
	"github.com/wispwright/wispwright/controller/approval/approvalsql"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/controller/bulk/bulksql"
	"github.com/wispwright/wispwright/controller/controllerhttp"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/recovery"
	"github.com/wispwright/wispwright/controller/recovery/recoverysql"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/whois"
	"github.com/wispwright/wispwright/controller/whois/whoissql"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/server/repack"
)

// ControllerConcern is configuration management: devices, templates and the
// protocol by which devices fetch their configuration. Make it with
// NewController.
type ControllerConcern struct {
	// Config is the section controller of the configuration.
	Config ControllerConfig
	// Tenancy keeps the organizations. It is required, unless Organizations is set.
	Tenancy *TenancyConcern
	// Organizations are the tenants, where another concern than Tenancy keeps
	// them. Default: those of Tenancy.
	Organizations controller.Organizations
	// Recorder keeps the history of objects. Default: the trail of Tenancy, or
	// none is kept.
	Recorder wispwright.Recorder
	// Renderer makes native configuration. Default: package render, as Config says.
	Renderer render.Renderer
	// Providers contribute variables to devices. Default: none.
	Providers []controller.ContextProvider
	// Related are conditions on devices by what later concerns keep of them.
	// Default: none.
	Related []func(sqlstore.Dialect) controllersql.Related
	// DeviceFilters are parameters of the list of devices beside the product's, or in
	// the place of one with the same name. Default: none.
	DeviceFilters []rest.Filter[controller.DeviceFilter]
	// Tune changes the options of the concern before it is made. Default: they
	// are as Config says.
	Tune func(*controller.Options)

	db    *sqlstore.DB
	bulk  *bulk.Tasks
	whois *whois.WHOIS // nil without accounts
	// approval holds registrations back; nil without accounts
	approval *approval.Queue
	// recovery brings deleted objects back; nil without accounts
	recovery *recovery.Service
	// whoisFilters are parameters of the list of devices where addresses can be looked
	// up; GeoConcern adds its own
	whoisFilters []rest.Filter[controller.DeviceFilter]
	// certificateDevice finds the device of a certificate; VPNConcern sets it
	certificateDevice func(ctx context.Context, commonName string, slugs []string) (wispwright.ID, error)

	// Controller is made by Mount.
	*controller.Controller
}

// NewController returns the concern with its default settings, over the
// accounts of t.
func NewController(t *TenancyConcern) *ControllerConcern {
	return &ControllerConcern{Config: DefaultControllerConfig(), Tenancy: t,
		Related: []func(sqlstore.Dialect) controllersql.Related{controllersql.Said}, DeviceFilters: saidFilters()}
}

// Controller is configuration management; nil without it.
func (s *Server) Controller() *controller.Controller {
	if c, ok := Find[*ControllerConcern](s.concerns); ok {
		return c.Controller
	}
	return nil
}

// Name implements Concern.
func (c *ControllerConcern) Name() string { return "controller" }

// Migrations implements Concern.
func (c *ControllerConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{controllersql.Migrations(), bulksql.Migrations(), whoissql.Migrations(), recoverysql.Migrations(), approvalsql.Migrations()}
}

// Models implements WithModels.
func (c *ControllerConcern) Models() []wispwright.Model { return controller.Models() }

// Events implements WithEvents.
func (c *ControllerConcern) Events() []event.Listed {
	list := c.Controller.Events()
	if c.whois != nil {
		list = append(list, c.whois.Events()...)
	}
	if c.recovery != nil {
		list = append(list, c.recovery.Events()...)
	}
	if c.approval != nil {
		list = append(list, c.approval.Events()...)
	}
	return list
}

// Section implements WithSettings.
func (c *ControllerConcern) Section() Section {
	defaults := DefaultControllerConfig()
	return Section{&c.Config, &defaults}
}

// Mount implements Concern.
func (c *ControllerConcern) Mount(_ context.Context, h *Host) error {
	if c.Controller != nil {
		return errors.New("it is mounted already")
	}
	c.db = h.DB()
	organizations, recorder, renderer, err := c.seams(h)
	if err != nil {
		return err
	}
	var related []controllersql.Related
	for _, r := range c.Related {
		related = append(related, r(h.DB().Dialect()))
	}
	stores, err := controllersql.New(h.DB(), related...)
	if err != nil {
		return err
	}
	queue := fanOut{h.Jobs(), fanOutKind()}
	options, err := c.options(h, queue, recorder)
	if err != nil {
		return err
	}
	if c.Controller, err = controller.New(h.DB(), stores, renderer, organizations, options); err != nil {
		return err
	}
	c.live(h)
	h.Jobs().Add(queue.kind.Handle(c.Work))
	h.wire(c.wiring()...)
	c.mountDisabled(h)
	addresses, err := c.mountWHOIS(h, recorder)
	if err != nil {
		return err
	}
	wireOptions := &controllerhttp.Options{DeviceFilters: c.DeviceFilters, CertificateDevice: c.deviceOfCertificate}
	if reader, ok := renderer.(render.Reader); ok {
		wireOptions.Reader = reader
	}
	if addresses != nil {
		wireOptions.WHOIS = addresses.Devices
		if c.whois.Configured() {
			wireOptions.DeviceFilters = slices.Concat(c.DeviceFilters, c.whoisFilters)
		}
	}
	wire, err := controllerhttp.New(c.Controller, wireOptions)
	if err != nil {
		return err
	}
	mountWire(h, wire)
	if err := c.mountRecovery(h, recorder); err != nil {
		return err
	}
	if err := c.mountBulk(h, recorder, wire.DeviceFilters()); err != nil {
		return err
	}
	agents, err := c.mountApproval(h, recorder)
	if err != nil {
		return err
	}
	h.Handle("/controller/", controllerhttp.NewProtocol(agents, &controllerhttp.ProtocolOptions{
		TrustProxy: true, WrongSecrets: c.Config.WrongSecrets, Log: h.Log(),
	}), "/controller/register/", "/controller/checksum/", "/controller/download-config/", "/controller/update-info/", "/controller/report-status/")
	h.AtStart(func(ctx context.Context) error { return c.renderAnew(ctx, h, queue) })
	h.AtStart(func(ctx context.Context) error {
		return h.WhenChanged(ctx, "controller.key_hints", "1", func(ctx context.Context) error {
			return queue.Enqueue(ctx, controller.Job{Kind: controller.JobKeyHints, Actor: "system"})
		})
	})
	h.AtStart(func(context.Context) error {
		go c.Agents.KeepSeen(h.Lifetime(), c.Config.SeenInterval)
		return nil
	})
	h.AtStop(func(ctx context.Context) error {
		_, err := c.Agents.WriteSeen(ctx)
		return err
	})
	h.Daily("controller.clean", c.clean)
	return c.Start(h.Lifetime())
}

func (c *ControllerConcern) deviceOfCertificate(ctx context.Context, commonName string, slugs []string) (wispwright.ID, error) {
	if c.certificateDevice == nil {
		return wispwright.ID{}, wispwright.ErrNotFound
	}
	return c.certificateDevice(ctx, commonName, slugs)
}

// live tells pages that watch devices of what no change of theirs says.
func (c *ControllerConcern) live(h *Host) {
	const device = deviceKind
	c.Devices.StatusChanged.Subscribe("live: "+device, func(ctx context.Context, list ...controller.StatusChange) {
		for _, s := range list {
			h.Changed(ctx, device, s.OrganizationID, s.DeviceID.String())
		}
	})
	c.Devices.Renewal.Subscribe("live: "+device, func(ctx context.Context, list ...controller.Renewal) {
		for _, r := range list {
			h.Changed(ctx, device, r.OrganizationID, r.DeviceID.String())
		}
	})
}

// seams are what the concern needs of others.
func (c *ControllerConcern) seams(h *Host) (organizations controller.Organizations, r wispwright.Recorder, renderer render.Renderer, err error) {
	organizations, r, renderer = c.Organizations, c.Recorder, c.Renderer
	if c.Tenancy != nil || organizations == nil {
		if err := h.Mounted(c.Tenancy); err != nil {
			return nil, nil, nil, err
		}
		if organizations == nil {
			organizations = c.Tenancy.Organizations
		}
		if r == nil {
			r = c.Tenancy.Trail
		}
	}
	if renderer == nil {
		renderer, err = c.Config.renderer()
	}
	return organizations, r, renderer, err
}

func (c *ControllerConcern) options(h *Host, queue controller.Jobs, r wispwright.Recorder) (*controller.Options, error) {
	s := &c.Config
	schema, err := s.groupSchema()
	if err != nil {
		return nil, fmt.Errorf("controller.group_schema: %w", err)
	}
	o := &controller.Options{
		GroupSchema: schema,
		Jobs:        queue, Recorder: r, Bus: h.DB(), Context: s.Context, Providers: c.Providers, Log: h.Log(), Repack: repack.Archive,
		DisableRegistration: !s.Registration, RandomKeys: !s.ConsistentKeys, DisableSelfCreation: !s.SelfCreation, RefuseKnown: !s.AdoptKnown,
		AcceptDeactivated:   s.DeactivatedRegistration == "accept",
		AllowDuplicateNames: !s.UniqueNames, HardwareIDEnabled: s.HardwareID, SeparateManagementNetworks: !s.SharedManagementNetwork,
		SilentAfter: s.SilentAfter, CachedDevices: s.CachedDevices, CachedArchives: s.CachedArchives,
	}
	if c.Tune != nil {
		c.Tune(o)
	}
	return o, nil
}

// clean removes the history that is old enough.
func (c *ControllerConcern) clean(ctx context.Context) error {
	if _, err := c.bulk.Clean(ctx, bulkAge); err != nil {
		return err
	}
	if c.recovery != nil {
		if _, err := c.recovery.Prune(ctx); err != nil {
			return err
		}
	}
	if c.Config.VersionAge <= 0 {
		return nil
	}
	_, err := c.Versions.Prune(ctx, c.Config.VersionAge)
	return err
}

// renderAnew makes every configuration anew when the variables of all devices,
// or the program that renders, are not those of the last start.
func (c *ControllerConcern) renderAnew(ctx context.Context, h *Host, queue fanOut) error {
	variables, err := json.Marshal(c.Config.Context)
	if err != nil {
		return fmt.Errorf("controller.context: %w", err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s%q%q%t", h.Build(), variables, c.Config.NewerSystems, c.Config.OlderSystems, c.Config.AssumeNewer))
	return h.WhenChanged(ctx, "controller.rendering", hex.EncodeToString(sum[:]), func(ctx context.Context) error {
		return queue.Enqueue(ctx, controller.Job{Kind: controller.JobEverything, Cause: "program or global variables changed", Actor: "system"})
	})
}

// fanOutKind is the job that follows from changes: a batch of 500 configurations
// takes a second; a slow disk may take ten. A VPN server that changes in a burst is one
// job for each of its templates.
func fanOutKind() jobs.Kind[controller.Job] {
	return jobs.Kind[controller.Job]{Name: "controller.fanout", Timeout: 5 * time.Minute, Queue: "controller", Key: controller.Job.Key}
}

// fanOut queues the controller's work.
type fanOut struct {
	queue *jobs.Queue
	kind  jobs.Kind[controller.Job]
}

// Enqueue implements controller.Jobs.
func (f fanOut) Enqueue(ctx context.Context, list ...controller.Job) error {
	return f.kind.Insert(ctx, f.queue, list...)
}

// mountWire adds the REST API, which answers at some addresses of OpenWISP's web admin too.
func mountWire(h *Host, wire *controllerhttp.HTTP) {
	wire.Mount(h.API())
	for _, address := range controllerhttp.Pages() {
		h.Handle(address, h.API())
	}
}
