package geolite

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/oschwald/maxminddb-golang"

	"github.com/wispwright/wispwright/controller/whois"
)

// Files answers from database files in MaxMind's format. They are opened when they
// are asked first, and anew when they were replaced. It is safe for concurrent use.
type Files struct {
	files []*file
}

var _ whois.Provider = (*Files)(nil)

// NewFiles returns the provider over some files, such as GeoLite2-City.mmdb and
// GeoLite2-ASN.mmdb; what the first of them knows counts. It fails when one cannot
// be read.
func NewFiles(paths ...string) (*Files, error) {
	if len(paths) == 0 {
		return nil, errors.New("geolite: a file is required")
	}
	f := &Files{}
	for _, path := range paths {
		one := &file{path: path}
		if _, err := one.open(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.files = append(f.files, one)
	}
	return f, nil
}

// Close closes the files.
func (f *Files) Close() error {
	var all []error
	for _, one := range f.files {
		all = append(all, one.close())
	}
	return errors.Join(all...)
}

// Lookup implements whois.Provider.
func (f *Files) Lookup(_ context.Context, address netip.Addr) (*whois.Answer, error) {
	out, known := &whois.Answer{}, false
	for _, one := range f.files {
		a, err := one.lookup(address)
		if err != nil {
			return nil, err
		}
		if a == nil {
			continue
		}
		known = true
		first(&out.ISP, a.ISP)
		first(&out.ASN, a.ASN)
		first(&out.Timezone, a.Timezone)
		first(&out.CIDR, a.CIDR)
		if out.Place == (whois.Place{}) {
			out.Place = a.Place
		}
		if out.Latitude == nil {
			out.Latitude, out.Longitude = a.Latitude, a.Longitude
		}
	}
	if !known {
		return nil, fmt.Errorf("geolite: %s: %w", address, whois.ErrUnknown)
	}
	return out, nil
}

func first(have *string, next string) {
	if *have == "" {
		*have = next
	}
}

// file is one database, which may be replaced while it is used.
type file struct {
	path string

	mu       sync.RWMutex
	reader   *maxminddb.Reader
	size     int64
	modified time.Time
}

// open returns the reader of the file as it is now.
func (f *file) open() (*maxminddb.Reader, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		if f.reader != nil { // it is being replaced
			return f.reader, nil
		}
		return nil, fmt.Errorf("geolite: %w", err)
	}
	if f.reader != nil && info.Size() == f.size && info.ModTime().Equal(f.modified) {
		return f.reader, nil
	}
	raw, err := os.ReadFile(f.path) // not mapped: the file may be written over
	if err != nil {
		return nil, fmt.Errorf("geolite: %w", err)
	}
	r, err := maxminddb.FromBytes(raw)
	if err != nil {
		if f.reader != nil { // written by half
			return f.reader, nil
		}
		return nil, fmt.Errorf("geolite: %s: %w", f.path, err)
	}
	f.reader, f.size, f.modified = r, info.Size(), info.ModTime()
	return r, nil
}

func (f *file) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reader == nil {
		return nil
	}
	r := f.reader
	f.reader = nil
	return r.Close()
}

// lookup returns nil for an address that is not in the file.
func (f *file) lookup(address netip.Addr) (*whois.Answer, error) {
	f.mu.Lock()
	r, err := f.open()
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if r.Metadata.IPVersion == 4 && address.Is6() {
		return nil, nil
	}
	var all struct {
		found
		traits
	}
	network, ok, err := r.LookupNetwork(address.AsSlice(), &all.found)
	if err == nil && ok {
		_, _, err = r.LookupNetwork(address.AsSlice(), &all.traits)
	}
	if err != nil {
		return nil, fmt.Errorf("geolite: %s in %s: %w", address, f.path, err)
	}
	if !ok {
		return nil, nil
	}
	a := all.found.answer()
	if all.Organization != "" || all.Number > 0 {
		own := found{Traits: all.traits}
		b := own.answer()
		first(&a.ISP, b.ISP)
		first(&a.ASN, b.ASN)
	}
	first(&a.CIDR, network.String())
	return a, nil
}
