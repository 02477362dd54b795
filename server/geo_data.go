package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/tenancy"
)

// locationData is a location in files of data; it is known by its organization and
// its name.
type locationData struct {
	Organization string          `json:"organization"`
	Name         string          `json:"name"`
	Type         geo.Type        `json:"type"`
	IsMobile     bool            `json:"is_mobile,omitempty"`
	Address      string          `json:"address,omitempty"`
	Geometry     json.RawMessage `json:"geometry,omitempty"`
	FloorPlans   []planData      `json:"floorplans,omitempty"`

	geometry geo.Geometry
}

// planData is a floor plan with its picture.
type planData struct {
	Floor int    `json:"floor"`
	Name  string `json:"name"`
	Image []byte `json:"image"`
}

// DataKeys implements WithData.
func (c *GeoConcern) DataKeys() []string { return []string{"locations"} }

// LoadData implements WithData. Plans that are there already keep their pictures.
func (c *GeoConcern) LoadData(_ context.Context, part map[string]json.RawMessage) (func(context.Context) error, error) {
	var locations []locationData
	if text, ok := part["locations"]; ok {
		if err := strictly(text, &locations); err != nil {
			return nil, fmt.Errorf("locations: %w", err)
		}
	}
	for i := range locations {
		if err := locations[i].parse(); err != nil {
			return nil, fmt.Errorf("location %s: %w", locations[i].Name, err)
		}
	}
	return func(ctx context.Context) error {
		for i := range locations {
			if err := c.loadLocation(ctx, &locations[i]); err != nil {
				return fmt.Errorf("location %s: %w", locations[i].Name, err)
			}
		}
		return nil
	}, nil
}

func (d *locationData) parse() (err error) {
	if len(d.Geometry) == 0 || string(d.Geometry) == "null" {
		return nil
	}
	text := string(d.Geometry)
	if text[0] == '"' {
		if err := json.Unmarshal(d.Geometry, &text); err != nil {
			return err
		}
	}
	d.geometry, err = geo.ParseGeometry(text)
	return err
}

func (c *GeoConcern) loadLocation(ctx context.Context, d *locationData) error {
	o, err := c.Controller.Tenancy.Organizations.BySlug(ctx, wispwright.ScopeAll(), d.Organization)
	if err != nil {
		return fmt.Errorf("organization %s: %w", d.Organization, err)
	}
	l, err := c.named(ctx, o.ID, d.Name)
	switch {
	case err != nil:
		return err
	case l == nil:
		l = &geo.Location{OrganizationID: o.ID, Name: d.Name, Type: d.Type, IsMobile: d.IsMobile, Address: d.Address, Geometry: d.geometry}
		err = c.Locations.Create(ctx, l)
	case l.Type != d.Type || l.IsMobile != d.IsMobile || l.Address != d.Address || l.Geometry != d.geometry:
		_, err = c.Locations.Update(ctx, wispwright.ScopeAll(), l.ID, func(l *geo.Location) error {
			l.Type, l.IsMobile, l.Address, l.Geometry = d.Type, d.IsMobile, d.Address, d.geometry
			return nil
		})
	}
	if err != nil {
		return err
	}
	for _, p := range d.FloorPlans {
		found, err := c.FloorPlans.List(ctx, wispwright.ScopeAll(), geo.FloorPlanFilter{LocationID: l.ID, Floor: &p.Floor}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(found.Rows) > 0 {
			continue
		}
		if err := c.FloorPlans.Create(ctx, &geo.FloorPlan{LocationID: l.ID, Floor: p.Floor}, &geo.Upload{Name: p.Name, Body: bytes.NewReader(p.Image)}); err != nil {
			return fmt.Errorf("floor %d: %w", p.Floor, err)
		}
	}
	return nil
}

// named is the location of an organization with a name, nil when there is none.
func (c *GeoConcern) named(ctx context.Context, organization wispwright.ID, name string) (*geo.Location, error) {
	found, err := c.Locations.List(ctx, wispwright.ScopeAll(), geo.LocationFilter{OrganizationID: organization, Name: name}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	return found.Rows[0], nil
}

// DumpData implements WithData.
func (c *GeoConcern) DumpData(ctx context.Context) (any, error) {
	var out struct {
		Locations []locationData `json:"locations"`
	}
	out.Locations = []locationData{}
	slugs := map[wispwright.ID]string{}
	organizations, err := c.Controller.Tenancy.Organizations.List(ctx, wispwright.ScopeAll(), tenancy.OrganizationFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, o := range organizations.Rows {
		slugs[o.ID] = o.Slug
	}
	locations, err := c.Locations.List(ctx, wispwright.ScopeAll(), geo.LocationFilter{}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Created"}}})
	if err != nil {
		return nil, err
	}
	plans, err := c.FloorPlans.List(ctx, wispwright.ScopeAll(), geo.FloorPlanFilter{}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Floor"}}})
	if err != nil {
		return nil, err
	}
	of := map[wispwright.ID][]planData{}
	for _, p := range plans.Rows {
		image, err := c.picture(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("picture of floor plan %s: %w", p.ID, err)
		}
		of[p.LocationID] = append(of[p.LocationID], planData{p.Floor, path.Base(p.Image), image})
	}
	for _, l := range locations.Rows {
		d := locationData{Organization: slugs[l.OrganizationID], Name: l.Name, Type: l.Type, IsMobile: l.IsMobile, Address: l.Address, FloorPlans: of[l.ID]}
		if l.Geometry != "" {
			d.Geometry = json.RawMessage(l.Geometry)
		}
		out.Locations = append(out.Locations, d)
	}
	return out, nil
}

// picture is the whole picture of a plan.
func (c *GeoConcern) picture(ctx context.Context, p *geo.FloorPlan) ([]byte, error) {
	r, err := c.FloorPlans.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r)
	if closing := r.Close(); err == nil {
		err = closing
	}
	return body, err
}
