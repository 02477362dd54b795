package moving

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
)

// Geo takes over locations, floor plans with their pictures, and where devices are.
func Geo(g *geo.Geo) Part {
	return Part{Name: "geo", Take: func(ctx context.Context, run *Run) error {
		if err := run.Table(ctx, "geo_location", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
			l := &geo.Location{
				ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("name"), Type: geo.Type(r.Text("type")),
				IsMobile: r.Flag("is_mobile"), Address: r.Text("address"), Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if r.Has("geometry") {
				shape, err := geometry(r.values["geometry"])
				if err != nil {
					return "", wispwright.Invalid("geometry", err.Error())
				}
				l.Geometry = shape
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return g.Locations.Restore(ctx, l)
		}); err != nil {
			return err
		}
		if err := takePlans(ctx, run, g); err != nil {
			return err
		}
		return run.Table(ctx, "geo_devicelocation", "id", []string{"content_object_id", "location_id"}, func(ctx context.Context, r *Row) (string, error) {
			d := &geo.DeviceLocation{
				ID: r.Required("id"), DeviceID: r.ID("content_object_id"), LocationID: r.ID("location_id"), FloorPlanID: r.ID("floorplan_id"),
				Indoor: r.Text("indoor"), Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if run.LeftOut(d.FloorPlanID) {
				d.FloorPlanID, d.Indoor = wispwright.ID{}, ""
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			if d.LocationID.IsZero() {
				return "", errLeaveOut // it says nothing
			}
			return g.DeviceLocations.Restore(ctx, d)
		})
	}}
}

func takePlans(ctx context.Context, run *Run, g *geo.Geo) error {
	return run.Table(ctx, "geo_floorplan", "id", []string{"location_id"}, func(ctx context.Context, r *Row) (action string, err error) {
		p := &geo.FloorPlan{
			ID: r.Required("id"), LocationID: r.ID("location_id"), Floor: int(r.Number("floor")), Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		name := r.Text("image")
		if err := r.Err(); err != nil {
			return "", err
		}
		var file fs.File
		defer func() {
			if file != nil {
				err = errors.Join(err, file.Close())
			}
		}()
		action, err = g.FloorPlans.Restore(ctx, p, func() (*geo.Upload, error) {
			if file, err = run.Media(name); err != nil {
				return nil, wispwright.Invalid("image", "the file "+name+" is not among the media.")
			}
			return &geo.Upload{Name: name, Body: file}, nil
		})
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return "", wispwright.Invalid("image", "the file "+name+" cannot be read.")
		}
		return action, err
	})
}

var errGeometry = errors.New("is no geometry of SpatiaLite or PostGIS.")

// geometry reads what a database has: PostGIS gives its binary form in hexadecimal,
// SpatiaLite a form of its own.
func geometry(value any) (geo.Geometry, error) {
	switch v := value.(type) {
	case string:
		return geo.ParseGeometry(v)
	case []byte:
		if len(v) == 0 || v[0] != 0 {
			return geo.ParseGeometry(string(v))
		}
		b, err := wellKnown(v)
		if err != nil {
			return "", err
		}
		return geo.ParseGeometry(hex.EncodeToString(b))
	}
	return "", errGeometry
}

// wellKnown makes well-known binary of SpatiaLite's blob: a header of 39 bytes with
// byte order, system and bounding box, the shape without its byte order, 0xFE.
func wellKnown(blob []byte) ([]byte, error) {
	const header = 39
	if len(blob) < header+5 || blob[1] != 1 || blob[header-1] != 0x7c || blob[len(blob)-1] != 0xfe {
		return nil, errGeometry
	}
	w := &spatialite{in: blob[header : len(blob)-1]}
	w.shape(0)
	if w.err != nil || len(w.in) > 0 {
		return nil, errGeometry
	}
	return w.out, nil
}

// spatialite copies shapes; those within others begin with 0x69 there.
type spatialite struct {
	in, out []byte
	err     error
}

func (w *spatialite) take(n uint64) []byte {
	if w.err != nil || n > uint64(len(w.in)) {
		w.err = errGeometry
		return make([]byte, 4)
	}
	b := w.in[:n]
	w.in = w.in[n:]
	return b
}

func (w *spatialite) number() uint64 {
	b := w.take(4)
	w.out = append(w.out, b...)
	return uint64(binary.LittleEndian.Uint32(b))
}

// shape copies one with its class: 1 a point, 2 a line, 3 rings, above them lists of
// shapes.
func (w *spatialite) shape(depth int) {
	const point = 16
	if depth > 8 {
		w.err = errGeometry
		return
	}
	w.out = append(w.out, 1)
	class := w.number()
	switch {
	case class == 1:
		w.out = append(w.out, w.take(point)...)
	case class == 2:
		w.out = append(w.out, w.take(point*w.number())...)
	case class == 3:
		for n := w.number(); n > 0 && w.err == nil; n-- {
			w.out = append(w.out, w.take(point*w.number())...)
		}
	case class <= 7 && class > 3:
		for n := w.number(); n > 0 && w.err == nil; n-- {
			if mark := w.take(1); mark[0] != 0x69 {
				w.err = errGeometry
				return
			}
			w.shape(depth + 1)
		}
	default:
		w.err = errGeometry
	}
}
