package estimate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/whois"
)

// Work does a job: the device is placed, unless it is somewhere that nobody
// estimated, or is not to be placed any more.
func (s *Estimator) Work(ctx context.Context, job Job) error {
	d, err := s.devices.Get(ctx, wispwright.ScopeAll(), job.DeviceID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	on, err := s.Enabled(ctx, d.Device.OrganizationID)
	if err != nil || !on || d.Device.IsDeactivated || !whois.Public(d.Device.LastIP) {
		return err
	}
	record, err := s.records(ctx, d.Device)
	if err != nil || record == nil {
		return err
	}
	return s.base.Do(geo.Estimating(ctx), "estimate.Work", func(ctx context.Context) error { return s.place(ctx, d.Device, record) })
}

// place is the algorithm of additions C-2.
func (s *Estimator) place(ctx context.Context, d *controller.Device, record *whois.Record) error {
	at, own, err := s.own(ctx, d)
	if err != nil || own != nil && !own.IsEstimated {
		return err // somebody knows better
	}
	there, err := s.neighbours(ctx, d)
	if err != nil {
		return err
	}
	switch {
	case len(there) > 1:
		return s.tell(ctx, record, Estimated{Device: d, Outcome: Conflict})
	case len(there) == 1:
		return s.join(ctx, d, at, own, there[0])
	case record.Latitude == nil || record.Longitude == nil:
		return nil
	}
	guess, err := guessed(d, record)
	if err != nil {
		return err
	}
	if own == nil {
		return s.settle(ctx, d, at, guess, record)
	}
	if own.Geometry == guess.Geometry && own.Address == guess.Address && own.Name == guess.Name {
		return nil
	}
	counts, err := s.geo.Locations.DeviceCounts(ctx, own.ID)
	if err != nil {
		return err
	}
	if counts[own.ID] > 1 {
		if own.Geometry == guess.Geometry && own.Address == guess.Address {
			return nil
		}
		return s.settle(ctx, d, at, guess, record)
	}
	l, err := s.geo.Locations.Update(ctx, wispwright.ScopeAll(), own.ID, func(l *geo.Location) error {
		l.Name, l.Address, l.Geometry = guess.Name, guess.Address, guess.Geometry
		return nil
	})
	if err != nil {
		return err
	}
	return s.tell(ctx, record, Estimated{Device: d, Location: l, Outcome: Updated})
}

// own is where a device is; nil for nowhere.
func (s *Estimator) own(ctx context.Context, d *controller.Device) (*geo.DeviceLocation, *geo.Location, error) {
	at, err := s.geo.DeviceLocations.Of(ctx, wispwright.ScopeAll(), d.ID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	l, err := s.geo.Locations.Get(ctx, wispwright.ScopeAll(), at.LocationID)
	return at, l, err
}

// neighbours are the locations, at most two, of the other active devices of the
// organization with the same address.
func (s *Estimator) neighbours(ctx context.Context, d *controller.Device) ([]wispwright.ID, error) {
	no := false
	f := controller.DeviceFilter{OrganizationID: d.OrganizationID, LastIPs: wispwright.Only(d.LastIP), IsDeactivated: &no}
	var out []wispwright.ID
	for page := (wispwright.Page{NoTotal: true, Limit: 500, Order: []wispwright.Order{{Field: "ID"}}}); ; page.Offset += page.Limit {
		found, err := s.devices.List(ctx, wispwright.ScopeAll(), f, page)
		if err != nil {
			return nil, err
		}
		var ids []wispwright.ID
		for _, other := range found.Rows {
			if other.Device.ID != d.ID {
				ids = append(ids, other.Device.ID)
			}
		}
		if len(ids) > 0 {
			placed, err := s.geo.DeviceLocations.List(ctx, wispwright.ScopeAll(), geo.DeviceLocationFilter{DeviceIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
			if err != nil {
				return nil, err
			}
			for _, p := range placed.Rows {
				if len(out) == 0 || out[0] != p.LocationID {
					out = append(out, p.LocationID)
				}
				if len(out) > 1 {
					return out, nil
				}
			}
		}
		if len(found.Rows) < page.Limit {
			return out, nil
		}
	}
}

// join puts a device where its neighbours are. What was estimated for it alone goes.
func (s *Estimator) join(ctx context.Context, d *controller.Device, at *geo.DeviceLocation, own *geo.Location, there wispwright.ID) error {
	if own != nil && own.ID == there {
		return nil
	}
	if err := s.put(ctx, d, at, there); err != nil || own == nil {
		return err
	}
	counts, err := s.geo.Locations.DeviceCounts(ctx, own.ID)
	if err != nil || counts[own.ID] > 0 {
		return err
	}
	return s.geo.Locations.Delete(ctx, wispwright.ScopeAll(), own.ID)
}

// settle makes a location for a device.
func (s *Estimator) settle(ctx context.Context, d *controller.Device, at *geo.DeviceLocation, guess *geo.Location, record *whois.Record) error {
	if err := s.geo.Locations.Create(ctx, guess); err != nil {
		return err
	}
	if err := s.put(ctx, d, at, guess.ID); err != nil {
		return err
	}
	return s.tell(ctx, record, Estimated{Device: d, Location: guess, Outcome: Created})
}

func (s *Estimator) put(ctx context.Context, d *controller.Device, at *geo.DeviceLocation, location wispwright.ID) error {
	if at == nil {
		return s.geo.DeviceLocations.Create(ctx, &geo.DeviceLocation{DeviceID: d.ID, LocationID: location})
	}
	_, err := s.geo.DeviceLocations.Update(ctx, wispwright.ScopeAll(), at.ID, func(l *geo.DeviceLocation) error {
		l.LocationID, l.FloorPlanID, l.Indoor = location, wispwright.ID{}, ""
		return nil
	})
	return err
}

// guessed is the location of an address.
func guessed(d *controller.Device, record *whois.Record) (*geo.Location, error) {
	g, err := geo.Point(*record.Longitude, *record.Latitude)
	if err != nil {
		return nil, fmt.Errorf("the coordinates of %s: %w", record.Address, err)
	}
	var parts []string
	for _, part := range []string{record.Place.City, record.Place.Country, record.Place.Continent, record.Place.Postal} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	name := "Estimated Location"
	if len(parts) > 0 {
		name = strings.Join(parts[:min(len(parts), 2)], ", ")
	}
	end := ": " + record.Address.String()
	runes := []rune(name)
	return &geo.Location{
		OrganizationID: d.OrganizationID, Type: geo.Outdoor, IsEstimated: true, Geometry: g,
		Name: string(runes[:min(len(runes), 75-len(end))]) + end, Address: shortened(record.Place.String(), 256),
	}, nil
}

func shortened(text string, most int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), most)])
}

// tell publishes what people are to know, once for a device, a provider and an area
// within the threshold.
func (s *Estimator) tell(ctx context.Context, record *whois.Record, e Estimated) error {
	p := record.Place
	area := ""
	switch {
	case p.City != "":
		area = p.City + ":" + p.Country
	case p.Postal != "":
		area = p.Postal + ":" + p.Country
	case record.Latitude != nil && record.Longitude != nil:
		area = fmt.Sprintf("%v,%v", *record.Latitude, *record.Longitude)
	}
	name := strings.Join([]string{e.Device.ID.String(), record.ISP + record.ASN, area}, "|")
	now := s.base.Now()
	note, err := s.stores.Notes.Get(ctx, wispwright.ScopeAll(), name)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		err = s.stores.Notes.Insert(ctx, &Note{Name: name, At: now})
	case err == nil && now.Sub(note.At) < s.options.Threshold:
		return nil
	case err == nil:
		_, err = s.stores.Notes.Update(ctx, wispwright.ScopeAll(), name, func(n *Note) error {
			n.At = now
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("note that people were told of %s: %w", cmp.Or(e.Device.Name, e.Device.ID.String()), err)
	}
	s.Estimated.Publish(ctx, e)
	return nil
}
