package whois_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/whois"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
)

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
		if filter.LastIPs.Has(d.Device.LastIP) && d.Device.IsDeactivated == *filter.IsDeactivated && p.Offset == 0 {
			out.Rows = append(out.Rows, d)
		}
	}
	return out, nil
}

func (f fleet) add(organization wispwright.ID, address string) *controller.Device {
	d := &controller.Device{ID: wispwright.NewID(), OrganizationID: organization, Name: "ap", LastIP: netip.MustParseAddr(address)}
	f[d.ID] = &controller.Detail{Device: d}
	return d
}

// book answers from a list.
type book struct {
	answers map[string]*whois.Answer
	err     error
	asked   int
}

func (b *book) Lookup(_ context.Context, a netip.Addr) (*whois.Answer, error) {
	b.asked++
	if b.err != nil {
		return nil, b.err
	}
	if out := b.answers[a.String()]; out != nil {
		return out, nil
	}
	return nil, whois.ErrUnknown
}

type noJobs struct{ list []whois.Job }

func (j *noJobs) Enqueue(_ context.Context, list ...whois.Job) error {
	j.list = append(j.list, list...)
	return nil
}

type fixture struct {
	*whois.WHOIS
	fleet   fleet
	book    *book
	now     time.Time
	fetched []whois.Fetched
	skipped int
	trouble []whois.Trouble
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{fleet: fleet{}, book: &book{answers: map[string]*whois.Answer{}}, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	m := memstore.New()
	base := &entity.Base{Tx: m, Tenants: entity.NoTenants{}, Clock: func() time.Time { return f.now }}
	var err error
	f.WHOIS, err = whois.New(base, whois.NewMemory(m), f.fleet, &whois.Options{Provider: f.book, Enabled: true, Jobs: &noJobs{}})
	require.NoError(t, err)
	f.Fetched.Subscribe("test", func(_ context.Context, list ...whois.Fetched) { f.fetched = append(f.fetched, list...) })
	f.Skipped.Subscribe("test", func(_ context.Context, list ...whois.Fetched) { f.skipped += len(list) })
	f.Trouble.Subscribe("test", func(_ context.Context, list ...whois.Trouble) { f.trouble = append(f.trouble, list...) })
	return f
}

func (f *fixture) known(t *testing.T, address string) *whois.Record {
	t.Helper()
	a := netip.MustParseAddr(address)
	all, err := f.Of(t.Context(), a)
	require.NoError(t, err)
	return all[a]
}

func TestPublic(t *testing.T) {
	for _, a := range []string{"8.8.8.8", "2a00:1450::1", "::ffff:8.8.8.8", "172.32.0.1"} {
		require.True(t, whois.Public(netip.MustParseAddr(a)), a)
	}
	for _, a := range []string{"10.0.0.1", "172.16.3.4", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.3.3", "192.0.2.5", "198.51.100.1", "203.0.113.9", "224.0.0.1", "255.255.255.255",
		"0.0.0.0", "::1", "fe80::1", "fd00::1", "2001:db8::1", "ff02::1", "::ffff:10.0.0.1"} {
		require.False(t, whois.Public(netip.MustParseAddr(a)), a)
	}
	require.False(t, whois.Public(netip.Addr{}))
}

// What is answered is kept once for all, and asked for again when it is old.
func TestAnAddressIsLookedUpOnceUntilItIsOld(t *testing.T) {
	f := newFixture(t)
	one, two := f.fleet.add(wispwright.NewID(), "8.8.8.8"), f.fleet.add(wispwright.NewID(), "8.8.8.8")
	latitude, longitude := 41.9, 12.5
	f.book.answers["8.8.8.8"] = &whois.Answer{ISP: "Acme Net", ASN: "64500", Timezone: "Europe/Rome", CIDR: "8.8.8.8/24", Latitude: &latitude, Longitude: &longitude,
		Place: whois.Place{City: "Roma", Country: "Italy", Postal: "00100"}}
	require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: one.ID}))
	r := f.known(t, "8.8.8.8")
	require.Equal(t, []any{"Acme Net", "64500", "8.8.8.0/24", "Roma, Italy, 00100", 41.9}, []any{r.ISP, r.ASN, r.CIDR, r.Place.String(), *r.Latitude})
	require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: two.ID}))
	require.Equal(t, []int{1, 1, 1}, []int{f.book.asked, len(f.fetched), f.skipped})

	f.now = f.now.Add(91 * 24 * time.Hour)
	f.book.answers["8.8.8.8"].ISP = "Other Net"
	require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: two.ID}))
	require.Equal(t, []string{"isp"}, f.fetched[1].Changed)
	require.True(t, f.known(t, "8.8.8.8").Modified.Equal(f.now))
	require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: wispwright.NewID()}), "a device that is gone")
}

// Deactivated devices, private addresses and organizations that do not want it are
// never asked for.
func TestWhatIsNeverAskedFor(t *testing.T) {
	f := newFixture(t)
	off := f.fleet.add(wispwright.NewID(), "8.8.8.8")
	off.IsDeactivated = true
	private := f.fleet.add(wispwright.NewID(), "192.168.1.1")
	unwanted := f.fleet.add(wispwright.NewID(), "8.8.4.4")
	no := false
	_, err := f.Choose(t.Context(), wispwright.ScopeAll(), unwanted.OrganizationID, &no)
	require.NoError(t, err)
	ending := f.fleet.add(wispwright.NewID(), "8.8.4.5")
	f.fleet[ending.ID].Config = &controller.Config{Status: controller.StatusDeactivating}
	for _, d := range []*controller.Device{off, private, unwanted, ending} {
		require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: d.ID}))
	}
	require.Zero(t, f.book.asked)
	_, err = f.Choose(t.Context(), wispwright.ScopeAll(), unwanted.OrganizationID, nil)
	require.NoError(t, err)
	require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: unwanted.ID}))
	require.Equal(t, 1, f.book.asked)
	_, err = f.Choose(t.Context(), wispwright.ScopeOf(wispwright.NewID()), unwanted.OrganizationID, &no)
	require.ErrorIs(t, err, wispwright.ErrNotFound, "of another organization")
}

// People are told once that lookups fail for good, and again only after one
// succeeded.
func TestFailuresAreToldOnce(t *testing.T) {
	f := newFixture(t)
	d := f.fleet.add(wispwright.NewID(), "8.8.8.8")
	for _, err := range []error{whois.ErrRefused, whois.ErrQuota, whois.ErrForbidden, whois.ErrUnknown} {
		f.book.err = err
		require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: d.ID}), "asking again changes nothing")
	}
	require.Len(t, f.trouble, 1)
	require.Contains(t, f.trouble[0].Reason, whois.ErrRefused.Error())
	f.book.err, f.book.answers["8.8.8.8"] = nil, &whois.Answer{ISP: "Acme"}
	require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: d.ID}))
	d.LastIP = netip.MustParseAddr("8.8.4.4")
	require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: d.ID}))
	require.Len(t, f.trouble, 2)
}

// What may be tried again is an error, of which people hear after an hour.
func TestAServiceThatIsAwayIsAskedAgain(t *testing.T) {
	f := newFixture(t)
	d := f.fleet.add(wispwright.NewID(), "8.8.8.8")
	f.book.err = errors.New("connection refused")
	for range 2 {
		require.ErrorContains(t, f.Work(t.Context(), whois.Job{DeviceID: d.ID}), "connection refused")
	}
	require.Empty(t, f.trouble)
	f.now = f.now.Add(2 * time.Hour)
	for range 2 {
		require.Error(t, f.Work(t.Context(), whois.Job{DeviceID: d.ID}))
	}
	require.Len(t, f.trouble, 1)
}

// Nonsense of a provider is refused and changes nothing.
func TestNonsenseIsRefused(t *testing.T) {
	f := newFixture(t)
	d := f.fleet.add(wispwright.NewID(), "8.8.8.8")
	far, fine := 181.0, 10.0
	for name, a := range map[string]*whois.Answer{"network": {CIDR: "x"}, "longitude": {Latitude: &fine, Longitude: &far}, "half": {Latitude: &fine}} {
		f.book.answers["8.8.8.8"] = a
		require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: d.ID}), name)
		require.Nil(t, f.known(t, "8.8.8.8"), name)
	}
	f.book.answers["8.8.8.8"] = &whois.Answer{ISP: string(make([]byte, 300)) + "é", ASN: "123456789012345"}
	require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: d.ID}))
	require.Equal(t, "1234567890", f.known(t, "8.8.8.8").ASN)
}

// An address no active device is at is kept for the threshold and then deleted.
func TestAddressesWithoutDevicesGo(t *testing.T) {
	f := newFixture(t)
	d := f.fleet.add(wispwright.NewID(), "8.8.8.8")
	f.book.answers["8.8.8.8"] = &whois.Answer{ISP: "Acme"}
	require.NoError(t, f.Work(t.Context(), whois.Job{DeviceID: d.ID}))
	clean := func() int {
		n, err := f.Clean(t.Context())
		require.NoError(t, err)
		return n
	}
	require.Zero(t, clean())
	require.Nil(t, f.known(t, "8.8.8.8").UnreferencedSince)
	d.IsDeactivated = true
	require.Zero(t, clean())
	require.NotNil(t, f.known(t, "8.8.8.8").UnreferencedSince)
	d.IsDeactivated = false
	require.Zero(t, clean())
	require.Nil(t, f.known(t, "8.8.8.8").UnreferencedSince, "it came back")
	delete(f.fleet, d.ID)
	require.Zero(t, clean())
	f.now = f.now.Add(91 * 24 * time.Hour)
	require.Equal(t, 1, clean())
	require.Nil(t, f.known(t, "8.8.8.8"))
}

func TestWithoutAProviderNothingCanBeChosen(t *testing.T) {
	m := memstore.New()
	base := &entity.Base{Tx: m, Tenants: entity.NoTenants{}}
	w, err := whois.New(base, whois.NewMemory(m), fleet{}, nil)
	require.NoError(t, err)
	yes := true
	_, err = w.Choose(t.Context(), wispwright.ScopeAll(), wispwright.NewID(), &yes)
	var invalid *wispwright.ValidationError
	require.ErrorAs(t, err, &invalid)
	require.Contains(t, err.Error(), "must be set before enabling WHOIS feature.")
	_, err = whois.New(base, whois.NewMemory(m), fleet{}, &whois.Options{Enabled: true})
	require.Error(t, err)
}
