package influxdb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// The retention policies that OpenWISP makes.
const (
	policyDefault = "autogen"
	policyShort   = "short"
)

// Options say where InfluxDB is and what it keeps.
type Options struct {
	// URL is its address: http://host:8086.
	URL string
	// Database is made if it is not there. Required.
	Database string
	// User and Password are for those that ask.
	User     string
	Password wispwright.Secret
	// UDP is where points of the default class are sent to instead, "host:8089"; what is
	// lost on the way is lost. Empty: all go by HTTP.
	UDP string
	// HTTP makes the requests; nil: one that waits half a minute.
	HTTP *http.Client
	// Documents keeps the last documents, for which InfluxDB has no place; where it is no timeseries.Latest,
	// nothing is told of them all. Required.
	Documents timeseries.Store
	// Keep and KeepShort are for how long points of the classes are kept; 0: for good.
	// Older ones are not answered any more, whatever InfluxDB still has of them.
	Keep, KeepShort time.Duration
	// LeavePolicies does not change the retention policies of the database.
	LeavePolicies bool
	// Now is the time; nil: time.Now.
	Now func() time.Time
}

// Store is a timeseries.Store on InfluxDB 1.x.
type Store struct {
	c         client
	documents timeseries.Store
	keep      map[timeseries.Class]time.Duration
	now       func() time.Time
	options   Options

	prepared  atomic.Bool
	preparing sync.Mutex // guards the last fault, and when it was
	fault     error
	failed    time.Time

	mu    sync.RWMutex
	kinds map[string]map[string]timeseries.Kind // by measurement and field
}

var (
	_ timeseries.Store  = (*Store)(nil)
	_ timeseries.States = (*Store)(nil)
	_ timeseries.Latest = (*Store)(nil)
)

// ParseURL reads "influxdb://user:password@host:8086/database?udp=host:8089";
// influxdbs:// speaks TLS.
func ParseURL(address string) (Options, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Options{}, errors.New("the address of InfluxDB cannot be read") // its text may hold the password
	}
	o := Options{Database: strings.Trim(u.Path, "/"), User: u.User.Username(), UDP: u.Query().Get("udp")}
	if p, ok := u.User.Password(); ok {
		o.Password = wispwright.Secret(p)
	}
	host := u.Host
	if u.Port() == "" {
		host += ":8086"
	}
	switch u.Scheme {
	case "influxdb":
		o.URL = "http://" + host
	case "influxdbs":
		o.URL = "https://" + host
	default:
		return Options{}, errors.New("the address of InfluxDB begins with influxdb:// or influxdbs://")
	}
	if u.Hostname() == "" || o.Database == "" || strings.Contains(o.Database, "/") {
		return Options{}, errors.New("the address of InfluxDB is influxdb://host:8086/database")
	}
	return o, nil
}

// New opens the store and makes database and retention policies; if InfluxDB is away that is done
// when it is back, and until then what is asked is wispwright.ErrUnavailable.
func New(ctx context.Context, o Options) (*Store, error) {
	if o.Database == "" || o.Documents == nil {
		return nil, errors.New("InfluxDB needs a database, and a store for documents")
	}
	s := &Store{
		c:         client{base: strings.TrimSuffix(o.URL, "/"), database: o.Database, user: o.User, password: o.Password, http: o.HTTP, udp: o.UDP},
		documents: o.Documents, now: o.Now, kinds: map[string]map[string]timeseries.Kind{},
		options: o, keep: map[timeseries.Class]time.Duration{timeseries.Default: o.Keep, timeseries.Short: o.KeepShort},
	}
	if s.c.http == nil {
		s.c.http = &http.Client{Timeout: 30 * time.Second}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.prepare(ctx); err != nil && !errors.Is(err, wispwright.ErrUnavailable) {
		return nil, err
	}
	return s, nil
}

// prepare makes the database and its policies once. A store that is made while InfluxDB is away does it
// when it is first used with InfluxDB back.
func (s *Store) prepare(ctx context.Context) error {
	if s.prepared.Load() {
		return nil
	}
	s.preparing.Lock()
	defer s.preparing.Unlock()
	if s.prepared.Load() {
		return nil
	}
	if s.fault != nil && time.Since(s.failed) < time.Second {
		return s.fault // those who waited for one try do not try one by one
	}
	err := s.command(ctx, "CREATE DATABASE "+name(s.options.Database))
	if err == nil {
		err = s.policies(ctx, s.options)
	}
	if err != nil {
		if ctx.Err() == nil {
			s.failed, s.fault = time.Now(), err
		}
		return err
	}
	s.prepared.Store(true)
	return nil
}

// policies makes those of OpenWISP, or sets their durations.
func (s *Store) policies(ctx context.Context, o Options) error {
	have := map[string]bool{}
	err := s.c.query(ctx, "SHOW RETENTION POLICIES ON "+name(o.Database), func(_ int, r *series) error {
		for _, v := range r.Values {
			if n, ok := v[0].(string); ok {
				have[n] = true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for policy, keep := range map[string]time.Duration{policyDefault: o.Keep, policyShort: o.KeepShort} {
		duration := "INF"
		if keep > 0 && !o.LeavePolicies {
			duration = fmt.Sprintf("%ds", int64(max(keep, time.Hour)/time.Second))
		}
		rest := " RETENTION POLICY " + name(policy) + " ON " + name(o.Database) + " DURATION " + duration + " REPLICATION 1"
		switch {
		case !have[policy]:
			err = s.command(ctx, "CREATE"+rest)
		case !o.LeavePolicies:
			err = s.command(ctx, "ALTER"+rest)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) command(ctx context.Context, text string) error {
	return s.c.query(ctx, text, func(int, *series) error { return nil })
}

// Document implements timeseries.Store.
func (s *Store) Document(ctx context.Context, o timeseries.Object) (*timeseries.Document, error) {
	return s.documents.Document(ctx, o)
}

// State implements timeseries.States.
func (s *Store) State(ctx context.Context, o timeseries.Object) (time.Time, []byte, error) {
	return timeseries.StateOf(ctx, s.documents, o)
}

// Delete implements timeseries.Store.
func (s *Store) Delete(ctx context.Context, measurement string, f timeseries.Filter) error {
	if measurement == "" && f.Object == nil && len(f.Tags) == 0 {
		return errors.New("delete: which series?")
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	q := "DROP SERIES"
	if measurement != "" {
		q += " FROM " + name(measurement)
	}
	if where := conditions(f); where != "" {
		q += " WHERE " + where
	}
	if err := s.command(ctx, q); err != nil {
		return err
	}
	s.mu.Lock()
	s.kinds = map[string]map[string]timeseries.Kind{} // fields go with their last point
	s.mu.Unlock()
	if measurement == "" {
		return s.documents.Delete(ctx, "", f)
	}
	return nil
}

// Maintain implements timeseries.Store: InfluxDB forgets by itself.
func (s *Store) Maintain(ctx context.Context, now time.Time) error {
	return s.documents.Maintain(ctx, now)
}

// Close implements timeseries.Store. The store for documents is its owner's.
func (s *Store) Close() error {
	s.c.http.CloseIdleConnections()
	return nil
}
