package controller

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/tenancy"
)

var errSoon = errors.New("controller: this service is being built")

type Stores struct {
	Devices   DeviceStore
	Configs   ConfigStore
	Templates TemplateStore
	Settings  SettingsStore
	Versions  VersionStore
}

type Organizations interface {
	Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*tenancy.Organization, error)
}

// ContextProvider contributes variables to devices, between the predefined
// ones and those of the organization.
type ContextProvider interface {
	Variables(ctx context.Context, devices []*Device) (map[wispwright.ID]map[string]any, error)
}

type Options struct {
	Jobs              Jobs
	Recorder          wispwright.Recorder
	Providers         []ContextProvider
	Context           map[string]any
	HardwareIDEnabled bool
	Clock             func() time.Time
}

type Controller struct {
	Devices   *Devices
	Templates *Templates
	Settings  *SettingsService
	Versions  *Versions
}

func New(tx wispwright.Transactor, stores Stores, renderer Renderer, organizations Organizations, o *Options) (*Controller, error) {
	return nil, errSoon
}
func (c *Controller) Work(ctx context.Context, job Job) error { return errSoon }
func (c *Controller) Attach(o *tenancy.Organizations)         {}
func (c *Controller) Backends() []Backend                     { return nil }

type Devices struct {
	Saved         event.Hook[DeviceChange]
	Deleting      event.Hook[*Device]
	Modifying     event.Hook[ConfigsModified]
	Changed       event.Topic[DeviceChange]
	Modified      event.Topic[ConfigsModified]
	StatusChanged event.Topic[StatusChange]
	Registered    event.Topic[Registered]
}

// Create stores a device, and its configuration when d.Config is not nil: the
// caller sets Backend, Config, Context and Templates there, the service adds
// required and default templates before the given ones. Everything else is
// set by the service. d holds the outcome.
func (s *Devices) Create(ctx context.Context, d *Detail) error { return errSoon }

// Get returns a device with its configuration.
func (s *Devices) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Detail, error) {
	return nil, errSoon
}

// List returns devices with their configurations, newest first.
func (s *Devices) List(ctx context.Context, scope wispwright.Scope, f DeviceFilter, p wispwright.Page) (wispwright.Items[Detail], error) {
	return wispwright.Items[Detail]{}, errSoon
}

// Update changes device and configuration together. change edits both in
// place; it may set d.Config to a new one for a device that has none, and it
// leaves alone what the request does not mention. wispwright.ErrForbidden for a
// deactivated device.
func (s *Devices) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(d *Detail) error) (*Detail, error) {
	return nil, errSoon
}

// Delete removes a device. Without force it is a ForbiddenError until the
// device is deactivated.
func (s *Devices) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID, force bool) error {
	return errSoon
}

// Deactivate and Activate: wispwright.ErrNotFound when already in that state.
func (s *Devices) Deactivate(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Detail, error) {
	return nil, errSoon
}
func (s *Devices) Activate(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Detail, error) {
	return nil, errSoon
}

// Archive is a file to download.
type Archive struct {
	// Name is the device's or template's name; add ".tar.gz".
	Name string
	// Checksum is the MD5 of Bytes, Bytes must not be changed.
	Checksum string
	Bytes    []byte
}

// Configuration returns the archive an administrator downloads.
func (s *Devices) Configuration(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Archive, error) {
	return nil, errSoon
}

// Variables of a device: System without the device's own and the templates'
// default values, All together.
type Variables struct {
	System map[string]any
	All    map[string]any
}

func (s *Devices) Context(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Variables, error) {
	return nil, errSoon
}

// Counts for the dashboard.
type Counts struct {
	Devices  int
	Statuses map[Status]int
	// Unknown have no configuration.
	Unknown int
}

func (s *Devices) Counts(ctx context.Context, scope wispwright.Scope) (*Counts, error) {
	return nil, errSoon
}

// PreviewInput is what a form holds before it is saved.
type PreviewInput struct {
	Backend                               string
	Config, Context                       wispwright.JSON
	Templates                             []wispwright.ID
	OrganizationID                        wispwright.ID
	DeviceID                              wispwright.ID // zero for a new device
	Name, MACAddress, HardwareID, Key, OS string
	// DefaultValues are set for the preview of a template.
	DefaultValues wispwright.JSON
	// Template leaves out what only devices have.
	Template bool
}

// Preview is the outcome.
type Preview struct {
	Text     string
	Checksum string
	Size     int
}

// Preview renders without saving. A faulty configuration is a ValidationError
// for "config" with a *ConfigError beside it (errors.As), whose Pointer names
// the place.
func (s *Devices) Preview(ctx context.Context, scope wispwright.Scope, in PreviewInput) (*Preview, error) {
	return nil, errSoon
}

// The refusals of the device protocol; wispwright.ErrNotFound is 404, a
// *wispwright.ValidationError 400.
var (
	ErrMissingKey           = errors.New(`missing required parameter "key"`)                        // 400
	ErrWrongKey             = errors.New("wrong key")                                               // 403
	ErrWrongStatus          = errors.New("wrong status")                                            // 403
	ErrWrongBackend         = errors.New("wrong backend")                                           // 403
	ErrUnrecognizedSecret   = errors.New("unrecognized secret")                                     // 403
	ErrRegistrationDisabled = errors.New("registration disabled")                                   // 403
	ErrSelfCreation         = errors.New("Device not found in the system, please create it first.") // 404
)

// MissingParameterError: 400.
type MissingParameterError struct{ Name string }

func (e *MissingParameterError) Error() string {
	return "missing required parameter \"" + e.Name + "\""
}

// Credentials come with every request of a device. Peer is the address of the
// connection.
type Credentials struct {
	ID   wispwright.ID
	Key  string
	Peer netip.Addr
}

// Checksum answers a poll. managementIP is the parameter as it came, "" when
// absent.
func (s *Devices) Checksum(ctx context.Context, c Credentials, managementIP string) (string, error) {
	return "", errSoon
}

// Download answers a download.
func (s *Devices) Download(ctx context.Context, c Credentials, managementIP string) (*Archive, error) {
	return nil, errSoon
}

// UpdateInfo stores what the device says of itself; empty values are ignored.
func (s *Devices) UpdateInfo(ctx context.Context, c Credentials, os, model, system string) error {
	return errSoon
}

// ReportStatus stores the outcome and returns the resulting status. An empty
// status is a MissingParameterError, an unknown one ErrWrongStatus.
func (s *Devices) ReportStatus(ctx context.Context, c Credentials, status, reason string) (Status, error) {
	return "", errSoon
}

// Registration is what a device says when it registers. Nil means that the
// parameter was absent.
type Registration struct {
	Secret, Name, MACAddress, Backend string
	Key, HardwareID, ManagementIP     string
	Tags                              string
	Model, OS, System                 *string
	Peer                              netip.Addr
}

// Registered is a registration's outcome, and the event of it.
type Registered struct {
	Device *Device
	IsNew  bool
}

// Register makes every check of the protocol in its order.
func (s *Devices) Register(ctx context.Context, r Registration) (*Registered, error) {
	return nil, errSoon
}

// Templates is the service of templates.
type Templates struct {
	Saved   event.Hook[TemplateChange]
	Changed event.Topic[TemplateChange]
}

func (s *Templates) Create(ctx context.Context, t *Template) error { return errSoon }
func (s *Templates) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Template, error) {
	return nil, errSoon
}
func (s *Templates) List(ctx context.Context, scope wispwright.Scope, f TemplateFilter, p wispwright.Page) (wispwright.Items[Template], error) {
	return wispwright.Items[Template]{}, errSoon
}
func (s *Templates) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*Template) error) (*Template, error) {
	return nil, errSoon
}
func (s *Templates) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return errSoon
}

// Clone copies a template into an organization (zero: shared).
func (s *Templates) Clone(ctx context.Context, scope wispwright.Scope, id, organization wispwright.ID) (*Template, error) {
	return nil, errSoon
}

// Configuration returns the template rendered alone.
func (s *Templates) Configuration(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Archive, error) {
	return nil, errSoon
}

// SettingsService is the service of organization settings.
type SettingsService struct {
	Changed event.Topic[wispwright.ID]
}

func (s *SettingsService) Get(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Settings, error) {
	return nil, errSoon
}
func (s *SettingsService) Update(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, change func(*Settings) error) (*Settings, error) {
	return nil, errSoon
}

// Versions is the service of the history of configurations.
type Versions struct{}

func (s *Versions) List(ctx context.Context, scope wispwright.Scope, device wispwright.ID, p wispwright.Page) (wispwright.Items[Version], error) {
	return wispwright.Items[Version]{}, errSoon
}
func (s *Versions) Get(ctx context.Context, scope wispwright.Scope, device, id wispwright.ID) (*Version, error) {
	return nil, errSoon
}

// Text renders a version for people.
func (s *Versions) Text(ctx context.Context, v *Version) (string, error) { return "", errSoon }
