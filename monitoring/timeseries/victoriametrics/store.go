package victoriametrics

import (
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Options say where VictoriaMetrics is.
type Options struct {
	// Write and Read are its addresses: the same on one machine, those of vminsert and
	// vmselect with their prefixes in a cluster.
	Write, Read string
	// User and Password are for those that ask.
	User     string
	Password wispwright.Secret
	// HTTP makes the requests; nil: one that waits half a minute.
	HTTP *http.Client
	// Beside keeps texts and documents, for which VictoriaMetrics has no place, such
	// as the embedded store. Required.
	Beside timeseries.Store
	// Keep and KeepShort are for how long points of the classes are answered; 0: for
	// good. VictoriaMetrics itself has one -retentionPeriod, which must be longer.
	Keep, KeepShort time.Duration
	// Labels are added to all that is written and asked for: several installations
	// share one VictoriaMetrics by them.
	Labels map[string]string
	// Flush makes what was written visible before each question, instead of within a
	// second. It costs speed, and is for tests and small installations.
	Flush bool
	// Now is the time; nil: time.Now.
	Now func() time.Time
}

// Store is a timeseries.Store on VictoriaMetrics.
type Store struct {
	c      client
	beside timeseries.Store
	keep   map[timeseries.Class]time.Duration
	flush  bool
	now    func() time.Time
	seed   maphash.Seed
	labels map[string]string

	mu    sync.Mutex
	kinds map[string]map[string]timeseries.Kind // of numbers, by measurement and field
	last  map[uint64]int64                      // by series, the latest time that was written, in milliseconds
}

var (
	_ timeseries.Store  = (*Store)(nil)
	_ timeseries.States = (*Store)(nil)
	_ timeseries.Latest = (*Store)(nil)
)

// ParseURL reads "victoriametrics://user:password@host:8428/?read=http://host:8481/select/0/prometheus";
// victoriametricss:// speaks TLS. Without read it is one machine.
func ParseURL(address string) (Options, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Options{}, errors.New("the address of VictoriaMetrics cannot be read") // its text may hold the password
	}
	o := Options{User: u.User.Username()}
	if p, ok := u.User.Password(); ok {
		o.Password = wispwright.Secret(p)
	}
	host := u.Host
	if u.Port() == "" {
		host += ":8428"
	}
	switch u.Scheme {
	case "victoriametrics":
		o.Write = "http://" + host
	case "victoriametricss":
		o.Write = "https://" + host
	default:
		return Options{}, errors.New("the address of VictoriaMetrics begins with victoriametrics:// or victoriametricss://")
	}
	if u.Hostname() == "" {
		return Options{}, errors.New("the address of VictoriaMetrics is victoriametrics://host:8428")
	}
	o.Write += strings.TrimSuffix(u.Path, "/")
	o.Read = o.Write
	if read := u.Query().Get("read"); read != "" {
		if r, err := url.Parse(read); err != nil || r.Host == "" {
			return Options{}, errors.New("read is the address of the part of VictoriaMetrics that answers")
		}
		o.Read = strings.TrimSuffix(read, "/")
	}
	return o, nil
}

// New opens the store. It asks nothing yet.
func New(o Options) (*Store, error) {
	if o.Write == "" || o.Read == "" || o.Beside == nil {
		return nil, errors.New("VictoriaMetrics needs its addresses, and a store for texts and documents")
	}
	s := &Store{
		c:      client{write: strings.TrimSuffix(o.Write, "/"), read: strings.TrimSuffix(o.Read, "/"), user: o.User, password: o.Password, http: o.HTTP},
		beside: o.Beside, flush: o.Flush, seed: maphash.MakeSeed(), labels: o.Labels, now: o.Now, kinds: map[string]map[string]timeseries.Kind{}, last: map[uint64]int64{},
		keep: map[timeseries.Class]time.Duration{timeseries.Default: o.Keep, timeseries.Short: o.KeepShort},
	}
	if s.c.http == nil {
		s.c.http = &http.Client{Timeout: 30 * time.Second}
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// selector begins one, with what all series have.
func (s *Store) selector() selector {
	var sel selector
	for _, name := range slices.Sorted(maps.Keys(s.labels)) {
		sel.equal(name, s.labels[name])
	}
	return sel
}

// tags returns the tags of a series, without the labels that all have.
func (s *Store) tags(labels map[string]string) timeseries.Tags {
	m := make(map[string]string, len(labels))
	for name, v := range labels {
		if _, added := s.labels[name]; !added && !own(name) {
			m[name] = v
		}
	}
	return timeseries.TagsOf(m)
}

// visible makes what was written visible, where that is wanted.
func (s *Store) visible(ctx context.Context) error {
	if !s.flush {
		return nil
	}
	return s.c.flush(ctx)
}

// Document implements timeseries.Store.
func (s *Store) Document(ctx context.Context, o timeseries.Object) (*timeseries.Document, error) {
	return s.beside.Document(ctx, o)
}

// State implements timeseries.States.
func (s *Store) State(ctx context.Context, o timeseries.Object) (time.Time, []byte, error) {
	return timeseries.StateOf(ctx, s.beside, o)
}

// Delete implements timeseries.Store.
func (s *Store) Delete(ctx context.Context, measurement string, f timeseries.Filter) error {
	sel := s.selector()
	if measurement != "" {
		sel.equal(labelMeasurement, measurement)
	}
	sel.filter(f)
	if measurement == "" && f.Object == nil && len(f.Tags) == 0 {
		return errors.New("delete: which series?")
	}
	if measurement == "" {
		sel.parts = append(sel.parts, labelMeasurement+`!=""`) // what others keep there stays
	}
	if err := s.visible(ctx); err != nil {
		return err
	}
	if err := s.c.drop(ctx, sel.String()); err != nil {
		return err
	}
	s.mu.Lock()
	clear(s.last)
	clear(s.kinds)
	s.mu.Unlock()
	return s.beside.Delete(ctx, measurement, f)
}

// Maintain implements timeseries.Store: VictoriaMetrics forgets by itself.
func (s *Store) Maintain(ctx context.Context, now time.Time) error {
	return s.beside.Maintain(ctx, now)
}

// Close implements timeseries.Store. The store beside is its owner's.
func (s *Store) Close() error {
	s.c.http.CloseIdleConnections()
	return nil
}
