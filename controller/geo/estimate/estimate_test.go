package estimate_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/geo/estimate"
	"github.com/wispwright/wispwright/controller/geo/estimate/estimatetest"
	"github.com/wispwright/wispwright/controller/whois"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

func harness(change func(*estimate.Stores)) func(t *testing.T) estimatetest.Storage {
	return func(*testing.T) estimatetest.Storage {
		m := memstore.New()
		s := estimate.NewMemory(m)
		if change != nil {
			change(&s)
		}
		return estimatetest.Storage{Tx: m, Stores: s}
	}
}

func TestMemory(t *testing.T) { estimatetest.Run(t, harness(nil)) }

// timeless lists all notes.
type timeless struct{ estimate.NoteStore }

func (s timeless) List(ctx context.Context, scope wispwright.Scope, _ estimate.NoteFilter, p wispwright.Page) (wispwright.Items[estimate.Note], error) {
	return s.NoteStore.List(ctx, scope, estimate.NoteFilter{}, p)
}

func TestTheSuiteFindsBrokenStorages(t *testing.T) {
	storetest.MustFail(t, map[string]func(*testing.T){
		"timeless": func(t *testing.T) {
			estimatetest.Run(t, harness(func(s *estimate.Stores) { s.Notes = timeless{s.Notes} }))
		},
	})
}

// fleet are devices that are only looked at.
type fleet map[wispwright.ID]*controller.Detail

func (f fleet) Get(_ context.Context, _ wispwright.Scope, id wispwright.ID) (*controller.Detail, error) {
	if d := f[id]; d != nil {
		return d, nil
	}
	return nil, wispwright.ErrNotFound
}

func (f fleet) List(_ context.Context, _ wispwright.Scope, filter controller.DeviceFilter, p wispwright.Page) (out wispwright.Items[controller.Detail], err error) {
	for _, d := range f {
		if filter.LastIPs.Has(d.Device.LastIP) && d.Device.IsDeactivated == *filter.IsDeactivated && p.Offset == 0 &&
			(filter.OrganizationID.IsZero() || filter.OrganizationID == d.Device.OrganizationID) {
			out.Rows = append(out.Rows, d)
		}
	}
	return out, nil
}

func (f fleet) Device(_ context.Context, _ wispwright.Scope, id wispwright.ID) (*geo.Device, error) {
	if d := f[id]; d != nil {
		return &geo.Device{ID: id, OrganizationID: d.Device.OrganizationID, Name: d.Device.Name, IsDeactivated: d.Device.IsDeactivated}, nil
	}
	return nil, wispwright.ErrNotFound
}

func (f fleet) Some(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]*geo.Device, error) {
	out := map[wispwright.ID]*geo.Device{}
	for _, id := range ids {
		if d, err := f.Device(ctx, wispwright.ScopeAll(), id); err == nil {
			out[id] = d
		}
	}
	return out, nil
}

// book answers from a list.
type book map[string]*whois.Answer

func (b book) Lookup(_ context.Context, a netip.Addr) (*whois.Answer, error) {
	if out := b[a.String()]; out != nil {
		return out, nil
	}
	return nil, whois.ErrUnknown
}

type lookups struct{}

func (lookups) Enqueue(context.Context, ...whois.Job) error { return nil }

type waiting struct{ list []estimate.Job }

func (j *waiting) Enqueue(_ context.Context, list ...estimate.Job) error {
	j.list = append(j.list, list...)
	return nil
}

type fixture struct {
	t *testing.T
	*estimate.Estimator
	whois   *whois.WHOIS
	geo     *geo.Geo
	fleet   fleet
	book    book
	waiting *waiting
	now     time.Time
	org     wispwright.ID
	told    []string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, fleet: fleet{}, book: book{}, waiting: &waiting{}, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), org: wispwright.NewID()}
	m := memstore.New()
	base := &entity.Base{Tx: m, Tenants: entity.NoTenants{}, Clock: func() time.Time { return f.now }}
	var err error
	f.whois, err = whois.New(base, whois.NewMemory(m), f.fleet, &whois.Options{Provider: f.book, Enabled: true, Jobs: lookups{}})
	require.NoError(t, err)
	f.Estimator, err = estimate.New(base, estimate.NewMemory(m), f.whois, &estimate.Options{Enabled: true})
	require.NoError(t, err)
	f.geo, err = geo.New(base, geo.NewMemory(m), f.fleet, &geo.Options{Estimates: f.Enabled})
	require.NoError(t, err)
	require.NoError(t, f.Attach(f.geo, f.whois, f.fleet, f.waiting))
	f.Estimated.Subscribe("test", func(_ context.Context, list ...estimate.Estimated) {
		for _, e := range list {
			f.told = append(f.told, e.Device.Name+" "+e.Outcome)
		}
	})
	return f
}

func (f *fixture) add(name, address string) *controller.Device {
	d := &controller.Device{ID: wispwright.NewID(), OrganizationID: f.org, Name: name, LastIP: netip.MustParseAddr(address)}
	f.fleet[d.ID] = &controller.Detail{Device: d}
	return d
}

func (f *fixture) answer(address, city string, latitude, longitude float64) {
	f.book[address] = &whois.Answer{ISP: "Provider", ASN: "1", Place: whois.Place{City: city, Country: "Italy"}, Latitude: &latitude, Longitude: &longitude}
}

// look looks the address of a device up and does what follows from it.
func (f *fixture) look(d *controller.Device) {
	f.t.Helper()
	require.NoError(f.t, f.whois.Work(f.t.Context(), whois.Job{DeviceID: d.ID}))
	for _, job := range f.waiting.list {
		require.NoError(f.t, f.Work(f.t.Context(), job))
	}
	f.waiting.list = nil
}

func (f *fixture) at(d *controller.Device) *geo.Location {
	f.t.Helper()
	l, err := f.geo.DeviceLocations.Coordinates(f.t.Context(), d.ID)
	if err != nil {
		require.ErrorIs(f.t, err, wispwright.ErrNotFound)
		return nil
	}
	return l
}

func (f *fixture) locations() int {
	f.t.Helper()
	found, err := f.geo.Locations.List(f.t.Context(), wispwright.ScopeAll(), geo.LocationFilter{}, wispwright.Page{})
	require.NoError(f.t, err)
	return len(found.Rows)
}

// A device is placed by its address; what is known anew moves it; people are told
// once of an area.
func TestPlacedByAddress(t *testing.T) {
	f := newFixture(t)
	f.answer("9.9.9.9", "Roma", 41.9, 12.5)
	d := f.add("ap1", "9.9.9.9")
	f.look(d)
	l := f.at(d)
	require.NotNil(t, l)
	require.Equal(t, "Roma, Italy: 9.9.9.9", l.Name)
	require.Equal(t, "Roma, Italy", l.Address)
	require.True(t, l.IsEstimated)
	require.Equal(t, geo.Outdoor, l.Type)
	require.Equal(t, []float64{12.5, 41.9}, []float64{*l.Longitude, *l.Latitude})
	require.Equal(t, []string{"ap1 created"}, f.told)

	f.look(d) // known and the same
	require.Equal(t, l.ID, f.at(d).ID)
	f.now = f.now.Add(91 * 24 * time.Hour)
	f.answer("9.9.9.9", "Milano", 45.4, 9.1)
	f.look(d)
	require.Equal(t, l.ID, f.at(d).ID)
	require.Equal(t, "Milano, Italy: 9.9.9.9", f.at(d).Name)
	require.Equal(t, []string{"ap1 created", "ap1 updated"}, f.told)

	// within the threshold the same area is told of once
	f.now = f.now.Add(91 * 24 * time.Hour)
	f.answer("9.9.9.9", "Milano", 45.5, 9.1)
	f.look(d)
	f.answer("9.9.9.10", "Milano", 45.6, 9.2)
	d.LastIP = netip.MustParseAddr("9.9.9.10")
	f.look(d)
	require.Equal(t, []string{"ap1 created", "ap1 updated", "ap1 updated"}, f.told)
	require.Equal(t, 1, f.locations())
	n, err := f.Clean(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n, "Roma")
}

// What somebody placed is never touched, and what is changed by hand is no estimate
// any more.
func TestPlacesOfPeopleStay(t *testing.T) {
	f := newFixture(t)
	f.answer("9.9.9.9", "Roma", 41.9, 12.5)
	d := f.add("ap1", "9.9.9.9")
	f.look(d)
	l := f.at(d)
	changed, err := f.geo.Locations.Update(t.Context(), wispwright.ScopeAll(), l.ID, func(l *geo.Location) error { l.Name = "Office"; return nil })
	require.NoError(t, err)
	require.True(t, changed.IsEstimated, "a name is no place")
	changed, err = f.geo.Locations.Update(t.Context(), wispwright.ScopeAll(), l.ID, func(l *geo.Location) error { l.Address = "Via Roma 1"; return nil })
	require.NoError(t, err)
	require.False(t, changed.IsEstimated)
	f.now = f.now.Add(91 * 24 * time.Hour)
	f.answer("9.9.9.9", "Milano", 45.4, 9.1)
	f.look(d)
	require.Equal(t, "Office", f.at(d).Name)
	require.Equal(t, "Via Roma 1", f.at(d).Address)
	_, err = f.geo.Locations.Update(t.Context(), wispwright.ScopeAll(), l.ID, func(l *geo.Location) error { l.IsEstimated = true; return nil })
	require.NoError(t, err, "where it is enabled")
}

// Devices behind one address are at one place, unless theirs are several.
func TestNeighbours(t *testing.T) {
	f := newFixture(t)
	f.answer("9.9.9.9", "Roma", 41.9, 12.5)
	f.answer("9.9.9.8", "Bari", 41.1, 16.9)
	one, two, elsewhere := f.add("one", "9.9.9.9"), f.add("two", "9.9.9.9"), f.add("elsewhere", "9.9.9.8")
	f.look(one)
	f.look(two)
	require.Equal(t, f.at(one).ID, f.at(two).ID)
	f.look(elsewhere)
	require.NotEqual(t, f.at(one).ID, f.at(elsewhere).ID)
	require.Equal(t, 2, f.locations())

	// it moves behind the address of the others, and its own place goes
	elsewhere.LastIP = one.LastIP
	f.look(elsewhere)
	require.Equal(t, f.at(one).ID, f.at(elsewhere).ID)
	require.Equal(t, 1, f.locations())

	// it moves away, and leaves the others where they are
	elsewhere.LastIP = netip.MustParseAddr("9.9.9.8")
	f.look(elsewhere)
	require.NotEqual(t, f.at(one).ID, f.at(elsewhere).ID)
	require.Equal(t, "Bari, Italy: 9.9.9.8", f.at(elsewhere).Name)
	require.Equal(t, "Roma, Italy: 9.9.9.9", f.at(one).Name)

	// two places behind one address
	g, err := geo.Point(1, 2)
	require.NoError(t, err)
	other := &geo.Location{OrganizationID: f.org, Name: "Other", Type: geo.Outdoor, Geometry: g}
	require.NoError(t, f.geo.Locations.Create(t.Context(), other))
	_, _, err = f.geo.DeviceLocations.Place(t.Context(), wispwright.ScopeAll(), two.ID, geo.Placement{LocationID: &other.ID})
	require.NoError(t, err)
	f.told = nil
	fourth := f.add("fourth", "9.9.9.9")
	f.look(fourth)
	require.Nil(t, f.at(fourth))
	require.Equal(t, []string{"fourth conflict"}, f.told)

	// other organizations' devices are no neighbours
	foreign := f.add("foreign", "9.9.9.9")
	foreign.OrganizationID = wispwright.NewID()
	f.look(foreign)
	require.Equal(t, foreign.OrganizationID, f.at(foreign).OrganizationID)
	require.Equal(t, "Roma, Italy: 9.9.9.9", f.at(foreign).Name)
}

// Nothing is placed that is not to be, and nobody calls a place an estimate then.
func TestNotPlaced(t *testing.T) {
	f := newFixture(t)
	f.answer("9.9.9.9", "Roma", 41.9, 12.5)
	f.book["9.9.9.7"] = &whois.Answer{ISP: "Provider"}
	off := false
	_, err := f.Choose(t.Context(), wispwright.ScopeAll(), f.org, &off)
	require.NoError(t, err)
	d := f.add("ap1", "9.9.9.9")
	f.look(d)
	require.Nil(t, f.at(d))
	g, err := geo.Point(1, 2)
	require.NoError(t, err)
	err = f.geo.Locations.Create(t.Context(), &geo.Location{OrganizationID: f.org, Name: "x", Type: geo.Outdoor, Geometry: g, IsEstimated: true})
	var v *wispwright.ValidationError
	require.ErrorAs(t, err, &v)
	require.ErrorContains(t, err, "Estimated Location feature required to be configured.")

	_, err = f.Choose(t.Context(), wispwright.ScopeAll(), f.org, nil)
	require.NoError(t, err)
	nowhere := f.add("nowhere", "9.9.9.7")
	f.look(nowhere)
	require.Nil(t, f.at(nowhere), "no coordinates are known")
	deactivated := f.add("off", "9.9.9.9")
	f.look(deactivated)
	require.NotNil(t, f.at(deactivated))
	deactivated.IsDeactivated = true
	require.NoError(t, f.Work(t.Context(), estimate.Job{DeviceID: deactivated.ID}))
	require.NoError(t, f.Work(t.Context(), estimate.Job{DeviceID: wispwright.NewID()}), "it is gone")

	// WHOIS must be on for it
	yes, no := true, false
	_, err = f.whois.Choose(t.Context(), wispwright.ScopeAll(), f.org, &no)
	require.NoError(t, err)
	on, err := f.Enabled(t.Context(), f.org)
	require.NoError(t, err)
	require.False(t, on)
	_, err = f.Choose(t.Context(), wispwright.ScopeAll(), f.org, &yes)
	require.ErrorContains(t, err, "WHOIS must be enabled")
}
