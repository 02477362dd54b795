// Package checkhttp puts checks on the wire. OpenWISP has no such API.
package checkhttp

import (
	"context"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring/check"
)

// Base is where the API begins.
const Base = "/api/v1/monitoring/device-check/"

// Devices are the devices that are checked.
type Devices interface {
	// Get returns a device with its configuration.
	Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*controller.Detail, error)
}

type checkOut struct {
	ID           wispwright.ID   `json:"id"`
	Organization wispwright.ID   `json:"organization"`
	Device       wispwright.ID   `json:"device"`
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	Type         string          `json:"check_type"`
	Label        string          `json:"check_type_label"`
	IsActive     bool            `json:"is_active"`
	Params       wispwright.JSON `json:"params"`
	NextAt       rest.Time       `json:"next_at"`
	LastRun      *rest.Time      `json:"last_run"`
	LastError    string          `json:"last_error"`
	Created      rest.Time       `json:"created"`
	Modified     rest.Time       `json:"modified"`
}

type checkIn struct {
	Device      rest.Opt[wispwright.ID]   `json:"device" required:"true" rel:"device"`
	Name        rest.Opt[string]          `json:"name" blank:"true" maxLength:"64"`
	Description rest.Opt[string]          `json:"description" blank:"true"`
	Type        rest.Opt[string]          `json:"check_type" required:"true" maxLength:"128"`
	IsActive    rest.Opt[bool]            `json:"is_active"`
	Params      rest.Opt[wispwright.JSON] `json:"params" object:"true"`
}

type typeOut struct {
	ID     string     `json:"id"`
	Label  string     `json:"label"`
	Auto   bool       `json:"auto" help:"new devices have one"`
	Every  int        `json:"every" help:"seconds"`
	Params []paramOut `json:"params"`
}

type paramOut struct {
	Name    string `json:"name"`
	Default any    `json:"default"`
	Help    string `json:"help"`
}

// Mount adds the checks to an API.
func Mount(api *rest.API, c *check.Checks, devices Devices) {
	type filter = check.Filter
	rest.Mount(api, rest.Resource[wispwright.ID, check.Check, filter, checkIn, checkOut]{
		Path: Base, Name: "Device Check", Noun: "Check", ID: "monitoring_device_check", Tag: "monitoring", Kind: "check.check", Service: c,
		New: func(*rest.Request) (*check.Check, error) { return &check.Check{IsActive: true}, nil },
		Out: rest.Each(func(o *check.Check) checkOut {
			out := checkOut{ID: o.ID, Organization: o.OrganizationID, Device: o.DeviceID, Name: o.Name, Description: o.Description, Type: o.Type, Label: o.Type, IsActive: o.IsActive, Params: o.Params,
				NextAt: rest.Time(o.NextAt), LastError: o.LastError, Created: rest.Time(o.Created), Modified: rest.Time(o.Modified)}
			if t := c.Registry().Type(o.Type); t != nil {
				out.Label = t.Label
			}
			if o.LastRun != nil {
				at := rest.Time(*o.LastRun)
				out.LastRun = &at
			}
			return out
		}),
		Organization: func(o *check.Check) wispwright.ID { return o.OrganizationID },
		Apply: func(r *rest.Request, in *checkIn, o *check.Check) error {
			if in.Device.Set && in.Device.V != o.DeviceID {
				d, err := devices.Get(r.Context(), r.WriteScope(), in.Device.V)
				if err != nil {
					return wispwright.Invalid("device", `Invalid pk "`+in.Device.V.String()+`" - object does not exist.`)
				}
				o.DeviceID, o.OrganizationID = d.Device.ID, d.Device.OrganizationID
			}
			in.Name.Into(&o.Name)
			in.Description.Into(&o.Description)
			in.Type.Into(&o.Type)
			in.IsActive.Into(&o.IsActive)
			in.Params.Into(&o.Params)
			return nil
		},
		Filters: append(rest.FilterOrganization(func(f *filter, id wispwright.ID) { f.OrganizationID = id }), rest.FilterID("device", func(f *filter, v wispwright.ID) { f.DeviceID = v }),
			rest.FilterText("check_type", func(f *filter, v string) { f.Type = v }), rest.FilterBool("is_active", func(f *filter, v bool) { f.IsActive = &v })),
	})
	api.Mount(&rest.View{Path: "/api/v1/monitoring/check-type/", Name: "Check Type List", Tag: "monitoring", Kind: "check.check"},
		rest.Action(http.MethodGet, "monitoring_check_type_list", http.StatusOK, func(*rest.Request, *rest.None) ([]typeOut, error) {
			out := []typeOut{}
			for _, t := range c.Registry().Types() {
				one := typeOut{t.ID, t.Label, t.Auto, int(t.Every.Seconds()), []paramOut{}}
				for _, p := range t.Params {
					one.Params = append(one.Params, paramOut(p))
				}
				out = append(out, one)
			}
			return out, nil
		}))
	api.Mount(&rest.View{Path: Base + "{id}/run/", Name: "Device Check Run", Noun: "Check", Tag: "monitoring", Kind: "check.check"},
		func() rest.Op {
			op := rest.Action(http.MethodPost, "monitoring_device_check_run", http.StatusAccepted, func(r *rest.Request, _ *rest.None) (rest.Detail, error) {
				_, err := c.Update(r.Context(), r.WriteScope(), r.ID("id"), func(o *check.Check) error { o.NextAt = o.Created; return nil })
				return rest.Detail{Detail: "It runs within seconds."}, err
			})
			op.Permission = "check.change_check"
			return op
		}())
}
