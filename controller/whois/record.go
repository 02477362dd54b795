package whois

import (
	"math"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Place is where an address is, in words.
type Place struct {
	// City, Country and Continent are English names; empty when unknown.
	City      string `json:"city"`
	Country   string `json:"country"`
	Continent string `json:"continent"`
	// Postal is the postal code.
	Postal string `json:"postal"`
}

// String joins what is known of a place for people.
func (p Place) String() string {
	var known []string
	for _, part := range []string{p.City, p.Country, p.Continent, p.Postal} {
		if part != "" {
			known = append(known, part)
		}
	}
	return strings.Join(known, ", ")
}

// Answer is what a provider knows of an address.
type Answer struct {
	// ISP is who operates the network, at most 100 characters.
	ISP string
	// ASN is the number of the autonomous system, at most 10 characters.
	ASN string
	// Timezone is a name of the tz database, at most 35 characters.
	Timezone string
	// Place is where the address is.
	Place Place
	// CIDR is the network of the address, whose host bits may be set.
	CIDR string
	// Latitude and Longitude are degrees (WGS 84); both nil when unknown.
	Latitude, Longitude *float64
}

// Record is what is known of one address, for all organizations.
type Record struct {
	// Address is the public address.
	Address netip.Addr
	// ISP, ASN, Timezone, Place, CIDR and the coordinates are those of Answer.
	ISP, ASN, Timezone  string
	Place               Place
	CIDR                string
	Latitude, Longitude *float64
	// UnreferencedSince is since when no active device was last seen there; nil
	// while one was.
	UnreferencedSince *time.Time
	// Created is when the address was looked up first, Modified when last.
	Created, Modified time.Time
}

// Shape is how storages keep records.
func (Record) Shape() store.Shape {
	return store.Shape{Table: "whois_record", Key: "Address", Documents: []string{"Place"}}
}

// RecordFilter selects records; zero fields select all.
type RecordFilter struct {
	// Addresses limits to some addresses.
	Addresses wispwright.Among[netip.Addr]
	// UnreferencedBefore limits to records that no device points to since before a
	// moment.
	UnreferencedBefore time.Time
}

// Public reports whether an address is one that is looked up: no private, special
// or documentation one.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// special are the networks of the IANA registries of special-purpose addresses
// that netip has no word for.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"),
}

// put copies an answer into a record and returns the names of what differed. It
// refuses what no provider may say (spec: additions C-1).
func (r *Record) put(a *Answer) (changed []string, err error) {
	var v wispwright.ValidationError
	if !Public(r.Address) {
		v.Add("ip_address", "WHOIS information cannot be created for private IP addresses.")
	}
	cidr := ""
	if a.CIDR != "" {
		p, err := netip.ParsePrefix(a.CIDR)
		if err != nil {
			v.Add("cidr", "Invalid CIDR format: "+err.Error())
		} else {
			cidr = p.Masked().String()
		}
	}
	if (a.Latitude == nil) != (a.Longitude == nil) || a.Latitude != nil && (bad(*a.Latitude, 90) || bad(*a.Longitude, 180)) {
		v.Add("coordinates", "A latitude is between -90 and 90, a longitude between -180 and 180 degrees.")
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	text := func(name string, field *string, value string, limit int) {
		if value = cut(value, limit); *field != value {
			*field, changed = value, append(changed, name)
		}
	}
	text("isp", &r.ISP, a.ISP, 100)
	text("asn", &r.ASN, a.ASN, 10)
	text("timezone", &r.Timezone, a.Timezone, 35)
	place := Place{cut(a.Place.City, 100), cut(a.Place.Country, 100), cut(a.Place.Continent, 100), cut(a.Place.Postal, 32)}
	if r.Place != place {
		r.Place, changed = place, append(changed, "address")
	}
	text("cidr", &r.CIDR, cidr, 49)
	if !same(r.Latitude, a.Latitude) || !same(r.Longitude, a.Longitude) {
		r.Latitude, r.Longitude, changed = a.Latitude, a.Longitude, append(changed, "coordinates")
	}
	return changed, nil
}

func bad(degrees, most float64) bool { return math.IsNaN(degrees) || math.Abs(degrees) > most }

func same(a, b *float64) bool { return a == b || a != nil && b != nil && *a == *b }

// cut shortens a text to a number of characters, and makes it one that every
// database stores.
func cut(s string, most int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most])
}
