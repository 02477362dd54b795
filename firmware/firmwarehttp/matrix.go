package firmwarehttp

import (
	"net/http"

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
	api.Mount(&rest.View{Path: Base + "device/{device}/options/", Name: "Device Firmware Options", Noun: "Device", Tag: tag, Kind: deviceKind, Throttle: h.throttle, StrictIDs: true},
		rest.Documented[rest.None, deviceOptionsOut](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "firmware_upgrader_device_options", Summary: "Say what a device may be upgraded to, and how", Handle: h.deviceOptions}))
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
