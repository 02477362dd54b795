package bulk

import (
	"context"
	"iter"
	"net/netip"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Export yields the rows of devices, those of Columns first. names are those of
// organizations and groups.
func (s *Tasks) Export(ctx context.Context, scope wispwright.Scope, f controller.DeviceFilter, names func(ctx context.Context, organization, group wispwright.ID) (string, string, error)) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		if !yield(Columns(), nil) {
			return
		}
		const atOnce = 500
		for at := 0; ; at += atOnce {
			found, err := s.c.Devices.List(ctx, scope, f, wispwright.Page{Limit: atOnce, Offset: at, NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, d := range found.Rows {
				if d.Config != nil { // lists hold a part of it
					full, err := s.c.Devices.Get(ctx, scope, d.Device.ID)
					if isNotFound(err) {
						continue
					}
					if err != nil {
						yield(nil, err)
						return
					}
					d = full
				}
				organization, group, err := names(ctx, d.Device.OrganizationID, d.Device.GroupID)
				if err != nil {
					yield(nil, err)
					return
				}
				if !yield(cellsOf(d, organization, group), nil) {
					return
				}
			}
			if len(found.Rows) < atOnce {
				return
			}
		}
	}
}

func cellsOf(d *controller.Detail, organization, group string) []string {
	v := d.Device
	var status, backend, data, variables string
	var templates []string
	if c := d.Config; c != nil {
		status, backend, data, variables = string(c.Status), c.Backend, sorted(c.Config), sorted(c.Context)
		for _, id := range c.Templates {
			templates = append(templates, id.String())
		}
	}
	return []string{v.Name, v.HardwareID, v.MACAddress, organization, group, v.Model, v.OS, v.System, v.Notes, address(v.LastIP), address(v.ManagementIP), status, backend,
		data, variables, strings.Join(templates, ","), v.Created.UTC().Format(time.DateTime), v.Modified.UTC().Format(time.DateTime), v.ID.String(), v.Key.Reveal(), v.OrganizationID.String(), idText(v.GroupID)}
}

func idText(id wispwright.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// sorted writes an object as it is stored, an empty one as such.
func sorted(j wispwright.JSON) string {
	o, err := ordered.DecodeObject([]byte(j))
	if err != nil {
		return "{}"
	}
	return string(ordered.Append(nil, o))
}
