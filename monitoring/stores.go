package monitoring

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// Stores are where the concern keeps its rows, all of one transactor.
type Stores struct {
	Metrics  MetricStore
	Charts   ChartStore
	Clients  ClientStore
	Sessions SessionStore
}

// MetricStore keeps metrics. Deleting one deletes its charts.
type MetricStore interface {
	wispwright.Repo[Metric, MetricFilter]
	// InsertMany stores new metrics, all or none.
	InsertMany(ctx context.Context, metrics []*Metric) error
	// DeleteOf removes all metrics of objects.
	DeleteOf(ctx context.Context, contentType string, objects ...string) error
	// Move makes all metrics and charts of an object an organization's.
	Move(ctx context.Context, contentType, object string, organization wispwright.ID) error
}

// ChartStore keeps charts.
type ChartStore interface {
	wispwright.Repo[Chart, ChartFilter]
	// InsertMany stores new charts, all or none.
	InsertMany(ctx context.Context, charts []*Chart) error
}

// ClientStore keeps WiFi clients.
type ClientStore interface {
	wispwright.KeyedRepo[string, WifiClient, WifiClientFilter]
	// Put stores clients, new ones and such as are there already.
	Put(ctx context.Context, clients []*WifiClient) error
	// DeleteIdle removes clients that have no session, at most limit of them, and
	// returns their number.
	DeleteIdle(ctx context.Context, limit int) (int, error)
}

// SessionStore keeps WiFi sessions.
type SessionStore interface {
	wispwright.Repo[WifiSession, WifiSessionFilter]
	// InsertMany stores new sessions, all or none.
	InsertMany(ctx context.Context, sessions []*WifiSession) error
	// Stop ends the open ones of some sessions.
	Stop(ctx context.Context, at time.Time, ids ...wispwright.ID) error
	// DeleteOf removes all sessions of devices.
	DeleteOf(ctx context.Context, devices ...wispwright.ID) error
	// DeleteBefore removes sessions that began before a time, at most limit of them, and
	// returns their number.
	DeleteBefore(ctx context.Context, before time.Time, limit int) (int, error)
	// Move makes all sessions of a device an organization's.
	Move(ctx context.Context, device, organization wispwright.ID) error
}
