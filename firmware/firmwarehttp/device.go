package firmwarehttp

import (
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/rest"
)

type deviceIn struct {
	Image      rest.Opt[wispwright.ID]   `json:"image" required:"true" rel:"image"`
	Options    rest.Opt[wispwright.JSON] `json:"upgrade_options" object:"true" writeOnly:"true"`
	Persistent rest.Opt[bool]            `json:"is_persistent" writeOnly:"true" help:"keep trying while the device cannot be reached"`
}

type deviceOut struct {
	ID        wispwright.ID `json:"id"`
	Image     wispwright.ID `json:"image"`
	Installed bool          `json:"installed"`
	Modified  rest.Time     `json:"modified"`
	Operation *begunOut     `json:"upgrade_operation,omitempty"`
}

type begunOut struct {
	ID wispwright.ID `json:"id"`
}

// noDeviceFirmware is the word for what is not there.
const noun = "DeviceFirmware"

// mountDevice adds the firmware of a device (spec: firmware §7).
func (h *HTTP) mountDevice(api *rest.API) {
	rest.Owned(api, Base+"device/", func(r *rest.Request, id wispwright.ID) (wispwright.ID, error) {
		d, err := h.device(r.Context(), r.WriteScope(), id)
		if err != nil {
			return wispwright.ID{}, err
		}
		return d.OrganizationID, nil
	})
	view := &rest.View{Path: Base + "device/{device}/firmware/", Name: "Device Firmware Detail", Noun: noun, Tag: tag, Kind: deviceKind, Throttle: h.throttle, StrictIDs: true}
	put := rest.CheckedAction(http.MethodPut, "firmware_upgrader_device_firmware_update", http.StatusOK, nil, func(*rest.Request, *deviceIn) (deviceOut, error) { return deviceOut{}, nil }, http.StatusCreated)
	patch := rest.CheckedAction(http.MethodPatch, "firmware_upgrader_device_firmware_partial_update", http.StatusOK, nil, func(*rest.Request, *deviceIn) (deviceOut, error) { return deviceOut{}, nil })
	put.Summary, patch.Summary = "Upgrade the device to an image", "Upgrade the device to another image"
	put.Handle, patch.Handle = h.setFirmware, h.setFirmware
	api.Mount(view,
		rest.Documented[rest.None, deviceOut](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "firmware_upgrader_device_firmware_read", Summary: "Say which image a device has", Handle: h.readFirmware}),
		put, patch,
		rest.Documented[rest.None, rest.None](http.StatusNoContent, rest.Op{Method: http.MethodDelete, ID: "firmware_upgrader_device_firmware_delete", Summary: "Forget which image a device has", Handle: h.deleteFirmware}))
}

func newDeviceOut(d *firmware.DeviceFirmware) deviceOut {
	return deviceOut{d.ID, d.ImageID, d.Installed, rest.Time(d.Modified), nil}
}

func (h *HTTP) readFirmware(r *rest.Request) (int, any, error) {
	d, err := h.s.Devices.Of(r.Context(), r.ReadScope(), r.ID("device"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, newDeviceOut(d), nil
}

// changeable returns the device of the path if it may be changed.
func (h *HTTP) changeable(r *rest.Request) (*firmware.Device, error) {
	d, err := h.device(r.Context(), r.WriteScope(), r.ID("device"))
	if err == nil && d.Deactivated {
		err = wispwright.Forbidden(noPermission)
	}
	return d, err
}

func (h *HTTP) setFirmware(r *rest.Request) (int, any, error) {
	device, err := h.changeable(r)
	if err != nil {
		return 0, nil, err
	}
	partial := r.HTTP.Method == http.MethodPatch
	now, err := h.s.Devices.Of(r.Context(), r.WriteScope(), device.ID)
	switch {
	case missing(err) && !partial:
		now = nil
		if !r.Can(app + "add_devicefirmware") {
			return 0, nil, wispwright.Forbidden(noPermission)
		}
	case err != nil:
		return 0, nil, err
	}
	in, err := rest.Decode[deviceIn](r, partial)
	if err != nil {
		return 0, nil, err
	}
	choice := firmware.Choice{ImageID: in.Image.V, Options: in.Options.Or(""), Persistent: in.Persistent.Or(false)}
	if !in.Image.Set {
		choice.ImageID = now.ImageID
	}
	after, operation, created, err := h.s.Devices.Set(r.Context(), r.WriteScope(), device.ID, choice)
	if err != nil {
		return 0, nil, err
	}
	out := newDeviceOut(after)
	if operation == nil { // the latest one, if there is any
		operation, err = h.latest(r, device.ID)
		if err != nil {
			return 0, nil, err
		}
	}
	if operation != nil {
		out.Operation = &begunOut{operation.ID}
	}
	if created {
		return http.StatusCreated, out, nil
	}
	return http.StatusOK, out, nil
}

func (h *HTTP) latest(r *rest.Request, device wispwright.ID) (*firmware.Operation, error) {
	list, err := h.s.Operations.List(r.Context(), r.ReadScope(), firmware.OperationFilter{DeviceID: device}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(list.Rows) == 0 {
		return nil, err
	}
	return list.Rows[0], nil
}

func (h *HTTP) deleteFirmware(r *rest.Request) (int, any, error) {
	device, err := h.changeable(r)
	if err != nil {
		return 0, nil, err
	}
	d, err := h.s.Devices.Of(r.Context(), r.WriteScope(), device.ID)
	if err == nil {
		err = h.s.Devices.Delete(r.Context(), r.WriteScope(), d.ID)
	}
	if errors.Is(err, wispwright.ErrNotFound) {
		err = wispwright.ErrNotFound
	}
	return http.StatusNoContent, nil, err
}
