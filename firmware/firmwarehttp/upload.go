package firmwarehttp

import (
	"net/http"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/rest"
)

type uploadIn struct {
	Name     rest.Opt[string] `json:"name" required:"true" maxLength:"200" help:"the name of the file"`
	Type     rest.Opt[string] `json:"type" blank:"true" maxLength:"128"`
	Size     rest.Opt[int64]  `json:"size" required:"true" minimum:"1" help:"its length in bytes"`
	Checksum rest.Opt[string] `json:"checksum" blank:"true" maxLength:"64" help:"its SHA-256 in hexadecimal"`
}

type uploadOut struct {
	ID       wispwright.ID `json:"id"`
	Build    wispwright.ID `json:"build"`
	Name     string        `json:"name"`
	Type     string        `json:"type"`
	Size     int64         `json:"size"`
	Received int64         `json:"received"`
	MostPart int64         `json:"part_size" help:"how large a part is at most"`
	Created  rest.Time     `json:"created"`
}

func (h *HTTP) uploadOut(u *firmware.Upload) uploadOut {
	return uploadOut{u.ID, u.BuildID, u.Name, u.Type, u.Size, u.Received, h.s.Uploads.MostPart(), rest.Time(u.Created)}
}

// mountUploads adds images that arrive in parts: an upload is begun, its parts are
// sent in order with their offset, and it is finished. A client that lost the connection
// asks how much was received.
func (h *HTTP) mountUploads(api *rest.API) {
	const permission = app + "add_firmwareimage"
	allowed := func(op rest.Op, summary string) rest.Op {
		op.Permission, op.Summary = permission, summary
		return op
	}
	rest.Owned(api, Base+"upload/", func(r *rest.Request, id wispwright.ID) (wispwright.ID, error) {
		u, err := h.s.Uploads.Get(r.Context(), r.WriteScope(), id)
		if err != nil {
			return wispwright.ID{}, err
		}
		return u.OrganizationID, nil
	})
	api.Mount(&rest.View{Path: Base + "build/{build}/upload/", Name: "Firmware Image Upload", Tag: tag, Kind: imageKind, Throttle: h.throttle, StrictIDs: true, Prepare: h.build},
		allowed(rest.Action(http.MethodPost, "firmware_upgrader_upload_create", http.StatusCreated, func(r *rest.Request, in *uploadIn) (uploadOut, error) {
			u := &firmware.Upload{BuildID: r.ID("build"), Name: in.Name.V, Type: in.Type.Or(""), Size: in.Size.V, Checksum: in.Checksum.Or("")}
			if err := h.s.Uploads.Begin(r.Context(), r.WriteScope(), u); err != nil {
				return uploadOut{}, err
			}
			return h.uploadOut(u), nil
		}), "Announce an image that will be sent in parts"))
	api.Mount(&rest.View{Path: Base + "upload/{id}/", Name: "Firmware Image Upload Detail", Tag: tag, Kind: imageKind, StrictIDs: true, BodyLimit: h.s.Uploads.MostPart() + 1024},
		allowed(rest.Documented[rest.None, uploadOut](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "firmware_upgrader_upload_read", Handle: func(r *rest.Request) (int, any, error) {
			u, err := h.s.Uploads.Get(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return 0, nil, err
			}
			return http.StatusOK, h.uploadOut(u), nil
		}}), "Say how much of an image was received"),
		allowed(rest.Documented[rest.None, uploadOut](http.StatusOK, rest.Op{Method: http.MethodPut, ID: "firmware_upgrader_upload_part", Also: []int{http.StatusConflict}, Handle: h.part}), "Send the part that begins at ?offset="),
		allowed(rest.Documented[rest.None, imageOut](http.StatusCreated, rest.Op{Method: http.MethodPost, ID: "firmware_upgrader_upload_finish", Handle: func(r *rest.Request) (int, any, error) {
			i, err := h.s.Uploads.Finish(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return 0, nil, err
			}
			return http.StatusCreated, h.imageOut(r, i), nil
		}}), "Make an image of what was received"),
		allowed(rest.Documented[rest.None, rest.None](http.StatusNoContent, rest.Op{Method: http.MethodDelete, ID: "firmware_upgrader_upload_delete", Handle: func(r *rest.Request) (int, any, error) {
			return http.StatusNoContent, nil, h.s.Uploads.Delete(r.Context(), r.WriteScope(), r.ID("id"))
		}}), "Give an upload up"))
}

func (h *HTTP) part(r *rest.Request) (int, any, error) {
	offset, err := strconv.ParseInt(r.Query().Get("offset"), 10, 64)
	if err != nil || offset < 0 {
		return 0, nil, wispwright.Invalid("offset", "Want where the part begins.")
	}
	u, err := h.s.Uploads.Part(r.Context(), r.WriteScope(), r.ID("id"), offset, r.HTTP.Body)
	if err != nil {
		return 0, nil, conflicting(err)
	}
	return http.StatusOK, h.uploadOut(u), nil
}
