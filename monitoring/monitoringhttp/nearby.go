package monitoringhttp

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
)

// Near is a device at some distance from another.
type Near struct {
	// ID is the device.
	ID wispwright.ID
	// Metres is how far it is.
	Metres float64
}

// nearOut is a device nearby (spec: monitoring §11.3).
type nearOut struct {
	ID           wispwright.ID   `json:"id"`
	Name         string          `json:"name"`
	Organization wispwright.ID   `json:"organization"`
	Group        wispwright.ID   `json:"group"`
	MACAddress   string          `json:"mac_address"`
	ManagementIP *string         `json:"management_ip"`
	Model        string          `json:"model"`
	OS           string          `json:"os"`
	System       string          `json:"system"`
	Notes        string          `json:"notes"`
	Distance     float64         `json:"distance" help:"metres"`
	Status       string          `json:"monitoring_status"`
	Data         wispwright.JSON `json:"monitoring_data"`
}

// mountNearby adds the devices around another.
func (h *HTTP) mountNearby(api *rest.API) {
	if h.o.Near == nil {
		return
	}
	filters := append([]rest.Filter[controller.DeviceFilter]{h.statusFilter()}, rest.FilterOrganization(func(f *controller.DeviceFilter, id wispwright.ID) { f.OrganizationID = id })...)
	api.Mount(&rest.View{Path: Base + "device/{pk:text}/nearby-devices/", Name: "Monitoring Nearby Device List", Tag: tag, Access: rest.Everyone},
		rest.Documented[rest.None, rest.Page[nearOut]](http.StatusOK, rest.Op{
			Method: http.MethodGet, ID: "device_nearby_list", Summary: "Devices by their distance from one",
			Doc: rest.Doc{Query: map[string]string{"key": "the key of the device, in place of other credentials", "model": "exact names, separated by |", "distance__lte": "metres",
				"monitoring__status": "how they are", "organization": "a UUID", "organization_slug": "a slug"}},
			Handle: func(r *rest.Request) (int, any, error) {
				out, err := h.nearby(r, filters)
				return http.StatusOK, out, err
			},
		}))
}

func (h *HTTP) nearby(r *rest.Request, filters []rest.Filter[controller.DeviceFilter]) (*rest.Page[nearOut], error) {
	id, err := wispwright.ParseID(r.Text("pk"))
	if err != nil {
		return nil, wispwright.ErrNotFound
	}
	scope, err := h.nearScope(r, id)
	if err != nil {
		return nil, err
	}
	list, err := h.o.Near(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if text := r.Query().Get("distance__lte"); text != "" {
		most, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(most) {
			return nil, wispwright.Invalid("distance__lte", "Enter a number.")
		}
		list = slices.DeleteFunc(list, func(n Near) bool { return n.Metres > most })
	}
	f := controller.DeviceFilter{}
	some, err := rest.Filtered(r, filters, &f)
	if err != nil {
		return nil, err
	}
	ids := make([]wispwright.ID, len(list))
	for i, n := range list {
		ids[i] = n.ID
	}
	if !some {
		ids = nil
	}
	f.IDs = wispwright.Only(ids...)
	found, err := h.devices.List(r.Context(), scope, f, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	models := strings.FieldsFunc(r.Query().Get("model"), func(c rune) bool { return c == '|' })
	by := map[wispwright.ID]*controller.Detail{}
	for _, d := range found.Rows {
		if len(models) == 0 || slices.Contains(models, d.Device.Model) {
			by[d.Device.ID] = d
		}
	}
	list = slices.DeleteFunc(list, func(n Near) bool { return by[n.ID] == nil })
	return rest.Paged(r, 0, 0, func(p wispwright.Page) ([]nearOut, int, error) {
		page := list[min(p.Offset, len(list)):]
		if p.Limit > 0 {
			page = page[:min(p.Limit, len(page))]
		}
		out, err := h.nearOuts(r, page, by)
		return out, len(list), err
	})
}

// nearScope is whose devices the caller may see: with the key of the device all.
func (h *HTTP) nearScope(r *rest.Request, id wispwright.ID) (wispwright.Scope, error) {
	key := r.Query().Get("key")
	if key == "" && r.Caller == nil {
		return wispwright.Scope{}, rest.Unauthenticated("Authentication credentials were not provided.")
	}
	d, err := h.devices.Get(r.Context(), wispwright.ScopeAll(), id)
	if err != nil {
		return wispwright.Scope{}, err
	}
	if key != "" {
		if !d.Device.Key.Equal(key) {
			return wispwright.Scope{}, wispwright.ErrNotFound
		}
		return wispwright.ScopeAll(), nil
	}
	if err := mayView(r, d.Device.OrganizationID); err != nil {
		return wispwright.Scope{}, err
	}
	return r.ReadScope(), nil
}

func (h *HTTP) nearOuts(r *rest.Request, list []Near, by map[wispwright.ID]*controller.Detail) ([]nearOut, error) {
	rows := make([]*controller.Detail, len(list))
	for i, n := range list {
		rows[i] = by[n.ID]
	}
	statuses, err := h.statuses(r.Context(), rows...)
	if err != nil {
		return nil, err
	}
	out := make([]nearOut, len(list))
	for i, n := range list {
		o := newDeviceOut(rows[i], statuses)
		out[i] = nearOut{o.ID, o.Name, o.Organization, o.Group, o.MACAddress, o.ManagementIP, o.Model, o.OS, o.System, o.Notes, math.Round(n.Metres), o.Monitoring.Status, ""}
		doc, err := h.m.Document(r.Context(), n.ID)
		if err == nil {
			out[i].Data = wispwright.JSON(doc.Body)
		} else if !errors.Is(err, wispwright.ErrNotFound) {
			return nil, err
		}
	}
	return out, nil
}
