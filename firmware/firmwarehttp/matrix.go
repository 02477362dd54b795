package firmwarehttp

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/rest"
)

// typeOut is a type of images.
type typeOut struct {
	Type   string   `json:"type"`
	Label  string   `json:"label"`
	Boards []string `json:"boards"`
}

// deviceOptionsOut is what a device may be upgraded to, and how.
type deviceOptionsOut struct {
	Connected bool            `json:"connected"`
	Upgrader  string          `json:"upgrader"`
	Schema    wispwright.JSON `json:"schema"`
	Type      string          `json:"type"`
	Images    []choiceOut     `json:"images"`
}

// choiceOut is an image that a device may have.
type choiceOut struct {
	ID       wispwright.ID `json:"id"`
	Type     string        `json:"type"`
	Build    wispwright.ID `json:"build"`
	Version  string        `json:"version"`
	OS       string        `json:"os"`
	Category string        `json:"category"`
	Current  bool          `json:"current"`
	Status   string        `json:"extraction_status"`
}

// mountMatrix adds what pages need to offer images: the types there are, and what a
// device may be upgraded to.
func (h *HTTP) mountMatrix(api *rest.API) {
	api.Mount(&rest.View{Path: Base + "image-type/", Name: "Image Type List", Tag: tag, Kind: imageKind, Throttle: h.throttle},
		rest.Documented[rest.None, []typeOut](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "firmware_upgrader_image_type_list", Summary: "List the types of images", Handle: func(*rest.Request) (int, any, error) {
			out := []typeOut{}
			for _, t := range h.s.Types().All() {
				out = append(out, typeOut{t.Name, t.Label, t.Boards})
			}
			return http.StatusOK, out, nil
		}}))
	api.Mount(&rest.View{Path: Base + "category/{id}/matrix/", Name: "Image Matrix", Noun: "Category", Tag: tag, Kind: deviceKind, Throttle: h.throttle, StrictIDs: true},
		rest.Documented[rest.None, matrixOut](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "firmware_upgrader_category_matrix", Summary: "Say which device has what of a category, and could have what", Handle: h.matrix}))
	api.Mount(&rest.View{Path: Base + "device/{device}/options/", Name: "Device Firmware Options", Noun: "Device", Tag: tag, Kind: deviceKind, Throttle: h.throttle, StrictIDs: true},
		rest.Documented[rest.None, deviceOptionsOut](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "firmware_upgrader_device_options", Summary: "Say what a device may be upgraded to, and how", Handle: h.deviceOptions}))
}

// matrixOut is which device has what of a category, and could have what.
type matrixOut struct {
	Builds  []matrixBuild  `json:"builds" doc:"of the category, the newest first"`
	Devices []matrixDevice `json:"devices"`
	Page    int            `json:"page"`
	More    bool           `json:"more" doc:"there is a page after this one"`
}

type matrixBuild struct {
	ID      wispwright.ID `json:"id"`
	Version string        `json:"version"`
	OS      string        `json:"os"`
	Images  int           `json:"images"`
}

type matrixDevice struct {
	Device    wispwright.ID   `json:"device"`
	Name      string          `json:"name"`
	Model     string          `json:"model"`
	OS        string          `json:"os"`
	Type      string          `json:"type" doc:"of images for its model; empty when that is not known"`
	Build     wispwright.ID   `json:"build" doc:"that it has"`
	Installed bool            `json:"installed"`
	Elsewhere bool            `json:"elsewhere" doc:"what it has is of another category"`
	Possible  []wispwright.ID `json:"possible" doc:"builds with an image for it"`
}

const (
	// mostBuilds is how many builds a matrix compares.
	mostBuilds = 12
	matrixPage = 50
)

// matrix says which device has what of a category, and could have what.
func (h *HTTP) matrix(r *rest.Request) (int, any, error) {
	category, err := h.s.Categories.Get(r.Context(), r.ReadScope(), r.ID("id"))
	if err != nil {
		return 0, nil, err
	}
	page := 1
	if text := r.Query().Get("page"); text != "" {
		if page, err = strconv.Atoi(text); err != nil || page < 1 || page > 1<<20 {
			return 0, nil, wispwright.Invalid("page", "Want a number from 1.")
		}
	}
	builds, err := h.s.Builds.List(r.Context(), everybody(), firmware.BuildFilter{CategoryID: category.ID}, wispwright.Page{Limit: mostBuilds, NoTotal: true})
	if err != nil {
		return 0, nil, err
	}
	ids := make([]wispwright.ID, len(builds.Rows))
	for i, b := range builds.Rows {
		ids[i] = b.ID
	}
	images, err := h.s.Images.List(r.Context(), everybody(), firmware.ImageFilter{BuildIDs: wispwright.Only(ids...)}, everything())
	if err != nil {
		return 0, nil, err
	}
	of := map[wispwright.ID]wispwright.ID{}
	count := map[wispwright.ID]int{}
	for _, i := range images.Rows {
		of[i.ID] = i.BuildID
		count[i.BuildID]++
	}
	out := matrixOut{Builds: []matrixBuild{}, Devices: []matrixDevice{}, Page: page}
	for _, b := range builds.Rows {
		out.Builds = append(out.Builds, matrixBuild{b.ID, b.Version, b.System(), count[b.ID]})
	}
	devices, err := h.fleet.Find(r.Context(), r.ReadScope(), firmware.DeviceQuery{OrganizationID: category.OrganizationID}, wispwright.Page{Offset: (page - 1) * matrixPage, Limit: matrixPage + 1, NoTotal: true})
	if err != nil {
		return 0, nil, err
	}
	if out.More = len(devices) > matrixPage; out.More {
		devices = devices[:matrixPage]
	}
	some := make([]wispwright.ID, len(devices))
	for i, d := range devices {
		some[i] = d.ID
	}
	rows, err := h.s.Devices.List(r.Context(), everybody(), firmware.DeviceFirmwareFilter{DeviceIDs: wispwright.Only(some...)}, everything())
	if err != nil {
		return 0, nil, err
	}
	has := map[wispwright.ID]*firmware.DeviceFirmware{}
	for _, row := range rows.Rows {
		has[row.DeviceID] = row
	}
	for _, d := range devices {
		o := matrixDevice{Device: d.ID, Name: d.Name, Model: d.Model, OS: d.OS, Possible: []wispwright.ID{}}
		if t := h.s.Types().OfModel(d.Model); t != nil {
			o.Type = t.Name
		}
		if row := has[d.ID]; row != nil {
			o.Build, o.Installed = of[row.ImageID], row.Installed
			o.Elsewhere = o.Build.IsZero()
		}
		for _, i := range images.Rows {
			if h.s.Types().Fits(i, d.Model) && !slices.Contains(o.Possible, i.BuildID) {
				o.Possible = append(o.Possible, i.BuildID)
			}
		}
		out.Devices = append(out.Devices, o)
	}
	return http.StatusOK, out, nil
}

func (h *HTTP) deviceOptions(r *rest.Request) (int, any, error) {
	d, err := h.device(r.Context(), r.ReadScope(), r.ID("device"))
	if err != nil {
		return 0, nil, err
	}
	out := deviceOptionsOut{Schema: "null", Images: []choiceOut{}}
	upgrader, connected, err := h.s.Upgrader(r.Context(), d.ID)
	if err != nil {
		return 0, nil, err
	}
	out.Connected = connected
	if upgrader != nil {
		out.Upgrader = upgrader.Label
		if upgrader.Schema != "" {
			out.Schema = upgrader.Schema
		}
	}
	if t := h.s.Types().OfModel(d.Model); t != nil {
		out.Type = t.Name
	}
	images, now, err := h.s.Devices.Choices(r.Context(), r.ReadScope(), d)
	if err != nil {
		return 0, nil, err
	}
	var ids []wispwright.ID
	for _, i := range images {
		ids = append(ids, i.BuildID)
	}
	builds, err := h.s.Builds.List(r.Context(), everybody(), firmware.BuildFilter{IDs: wispwright.Only(ids...)}, everything())
	if err != nil {
		return 0, nil, err
	}
	categories, err := h.s.Builds.Categories(r.Context(), builds.Rows...)
	if err != nil {
		return 0, nil, err
	}
	known := map[wispwright.ID]*firmware.Build{}
	for _, b := range builds.Rows {
		known[b.ID] = b
	}
	for _, i := range images {
		b := known[i.BuildID]
		if b == nil {
			continue // deleted meanwhile
		}
		c := choiceOut{ID: i.ID, Type: i.Type, Build: b.ID, Version: b.Version, OS: b.System(), Status: i.Metadata.Status, Current: now != nil && now.ImageID == i.ID}
		if o := categories[b.CategoryID]; o != nil {
			c.Category = o.Name
		}
		out.Images = append(out.Images, c)
	}
	return http.StatusOK, out, nil
}
