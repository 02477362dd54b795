package health

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
)

// Stores are where the concern keeps its rows, all of one transactor.
type Stores struct {
	Metrics   MetricStore
	Alerts    AlertStore
	Defaults  wispwright.Repo[AlertDefault, DefaultFilter]
	Statuses  StatusStore
	Incidents wispwright.Repo[Incident, IncidentFilter]
	Cases     CaseStore
	Entries   EntryStore
	Windows   wispwright.Repo[Maintenance, MaintenanceFilter]
	Pages     wispwright.Repo[Page, PageFilter]
}

// MetricStore are metrics, of which the health is written here.
type MetricStore interface {
	// List is that of monitoring.MetricStore.
	List(ctx context.Context, scope wispwright.Scope, f monitoring.MetricFilter, p wispwright.Page) (wispwright.Items[monitoring.Metric], error)
	// SaveHealth stores IsHealthy and IsHealthyTolerant.
	SaveHealth(ctx context.Context, metrics []*monitoring.Metric) error
}

// AlertStore keeps alert settings.
type AlertStore interface {
	wispwright.Repo[AlertSettings, AlertFilter]
	// InsertMany stores new ones, all or none.
	InsertMany(ctx context.Context, list []*AlertSettings) error
	// SaveStreaks stores Crossed, Since, Value, Flaps and FlapsSince.
	SaveStreaks(ctx context.Context, list []*AlertSettings) error
	// Move makes those of a device an organization's.
	Move(ctx context.Context, device, organization wispwright.ID) error
}

// StatusStore keeps statuses of devices.
type StatusStore interface {
	wispwright.Repo[DeviceStatus, StatusFilter]
	// Hold returns the rows of devices in order of their ids, held until the transaction ends.
	// Those that are missing are stored first.
	Hold(ctx context.Context, fresh []*DeviceStatus) ([]*DeviceStatus, error)
	// Save stores Status and Since.
	Save(ctx context.Context, list []*DeviceStatus) error
	// Counts returns how many devices of a scope have each status.
	Counts(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (map[Status]int, error)
	// DeleteOf removes those of devices.
	DeleteOf(ctx context.Context, devices ...wispwright.ID) error
	// Move makes that of a device an organization's.
	Move(ctx context.Context, device, organization wispwright.ID) error
}

// CaseStore keeps cases.
type CaseStore interface {
	wispwright.Repo[Case, CaseFilter]
	// InsertMany stores new ones, all or none.
	InsertMany(ctx context.Context, list []*Case) error
	// End ends some.
	End(ctx context.Context, at time.Time, ids ...wispwright.ID) error
}

// EntryStore keeps timelines.
type EntryStore interface {
	wispwright.Repo[Entry, EntryFilter]
	// InsertMany stores new ones, all or none.
	InsertMany(ctx context.Context, list []*Entry) error
}
