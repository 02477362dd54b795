package server

import (
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo/geocode"
)

// GeoConfig concerns places and maps.
type GeoConfig struct {
	// Geocoder is the protocol of the service that finds addresses.
	Geocoder string `koanf:"geocoder" doc:"Who is asked for the coordinates of addresses: nominatim, arcgis, or nothing, which is the default: addresses leave the server (DJANGO_LOCI_GEOCODER)."`
	// GeocoderURL is where it is.
	GeocoderURL string `koanf:"geocoder_url" doc:"Its address, which ends with a slash. Empty: the public service of the protocol."`
	// GeocoderNetworks are private networks it may be in.
	GeocoderNetworks []string `koanf:"geocoder_networks" doc:"Private networks in which it may be, such as 10.1.0.0/16. Empty: none."`
	// GeocoderRetries and GeocoderDelay concern requests that fail.
	GeocoderRetries int           `koanf:"geocoder_retries" doc:"How often a request that failed is made again (DJANGO_LOCI_GEOCODE_RETRIES)."`
	GeocoderDelay   time.Duration `koanf:"geocoder_delay" doc:"What is waited before (DJANGO_LOCI_GEOCODE_FAILURE_DELAY)."`
	// FloorplanDir is where pictures lie.
	FloorplanDir string `koanf:"floorplan_dir" doc:"The folder of the pictures of floors, shared by all nodes. Empty: media in the data folder (LOCI_FLOORPLAN_STORAGE)."`
	// FloorplanBytes and FloorplanPixels bound a picture.
	FloorplanBytes  int64 `koanf:"floorplan_bytes" doc:"The largest file of a picture, in bytes."`
	FloorplanPixels int   `koanf:"floorplan_pixels" doc:"How many pixels a picture may have; one of 20 million takes up to 160 MB of memory for a moment."`
	// PrivateFloorplans hides pictures from strangers.
	PrivateFloorplans bool `koanf:"private_floorplans" doc:"Show the pictures of floors only to those who may see the floor plan. Otherwise whoever knows the address may, as in OpenWISP."`
	// MoveShared lets devices move fixed locations of others.
	MoveShared bool `koanf:"move_shared" doc:"Let a device that sends its coordinates move a fixed location at which other devices are too, as OpenWISP does. Otherwise it gets a location of its own."`
	// EstimatedLocations places devices by their addresses.
	EstimatedLocations bool `koanf:"estimated_locations" doc:"Place devices without a location by what is known of their public addresses, in organizations that did not choose; needs controller.whois_enabled (OPENWISP_CONTROLLER_ESTIMATED_LOCATION_ENABLED)."`
	// TilesURL and TilesAttribution are the background of maps.
	TilesURL         string `koanf:"tiles_url" doc:"Where maps get their background from: an address with {z}, {x} and {y}. Browsers ask there directly. Empty: nowhere; maps then show the outlines of the world that come with the program."`
	TilesAttribution string `koanf:"tiles_attribution" doc:"What is said of it on the map."`
	// MapAge is how old a map may be.
	MapAge time.Duration `koanf:"map_age" doc:"How old what a map shows may be."`
}

// DefaultGeoConfig returns the settings that nobody has configured.
func DefaultGeoConfig() GeoConfig {
	return GeoConfig{
		GeocoderRetries: 3, GeocoderDelay: time.Second, FloorplanBytes: 10 << 20, FloorplanPixels: 20_000_000,
		TilesURL: "https://tile.openstreetmap.org/{z}/{x}/{y}.png", TilesAttribution: "© OpenStreetMap contributors", MapAge: 5 * time.Second,
	}
}

// Check returns what is wrong with the settings, by key.
func (c *GeoConfig) Check() error {
	e := &wispwright.ValidationError{}
	switch c.Geocoder {
	case "", "nominatim", "arcgis":
	default:
		e.Add("geocoder", "want nominatim, arcgis or nothing")
	}
	if _, err := c.networks(); err != nil {
		e.Add("geocoder_networks", err.Error())
	}
	if c.GeocoderURL != "" {
		if _, err := geocode.NewNominatim(&geocode.Options{URL: c.GeocoderURL}); err != nil {
			e.Add("geocoder_url", "want an address of the web that ends with a slash")
		}
	}
	leastNumber{"geocoder_retries", int64(c.GeocoderRetries), 0}.check(e)
	leastNumber{"floorplan_bytes", c.FloorplanBytes, 1024}.check(e)
	leastNumber{"floorplan_pixels", int64(c.FloorplanPixels), 1}.check(e)
	if c.GeocoderDelay < 0 {
		e.Add("geocoder_delay", "want 0 or more")
	}
	if c.MapAge < time.Millisecond {
		e.Add("map_age", "want 1ms or more")
	}
	if c.TilesURL != "" && c.tilesOrigin() == "" {
		e.Add("tiles_url", "want an address that begins with https:// or http:// and has {z}, {x} and {y}")
	}
	return e.Err()
}

// networks are the private networks, read.
func (c *GeoConfig) networks() (out []netip.Prefix, err error) {
	for _, text := range c.GeocoderNetworks {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// tilesOrigin is what the policy of the web admin must allow for the tiles, empty
// when there are none.
func (c *GeoConfig) tilesOrigin() string {
	for _, part := range []string{"{z}", "{x}", "{y}"} {
		if !strings.Contains(c.TilesURL, part) {
			return ""
		}
	}
	u, err := url.Parse(strings.NewReplacer("{s}.", "", "{z}", "0", "{x}", "0", "{y}", "0", "{r}", "").Replace(c.TilesURL))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(u.Host, " ;,'\"*") {
		return ""
	}
	if strings.Contains(c.TilesURL, "{s}.") {
		return u.Scheme + "://*." + u.Host
	}
	return u.Scheme + "://" + u.Host
}
