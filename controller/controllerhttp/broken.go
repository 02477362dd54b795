package controllerhttp

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
)

// brokenOut tells which configurations a change keeps from being renewed. It is
// in the answer to a change alone, and null where the change broke nothing.
type brokenOut struct {
	Count   int               `json:"count" help:"configurations that cannot be renewed, among those looked at"`
	Checked int               `json:"checked" help:"configurations that were looked at"`
	Total   int               `json:"total" help:"configurations that the change concerns"`
	Devices []brokenDeviceOut `json:"devices" help:"the first of them"`
}

type brokenDeviceOut struct {
	ID     wispwright.ID `json:"id"`
	Name   string        `json:"name"`
	Reason string        `json:"reason"`
}

// brokenOut makes it of what was found. The change is saved by then, so that an
// error here fails nothing: the job that follows looks at all of them anyway.
func (h *HTTP) brokenOut(r *rest.Request, b *controller.Broken, err error) *brokenOut {
	if err != nil {
		h.log.WarnContext(r.Context(), "nobody was told what a change breaks", "path", r.HTTP.URL.Path, "error", err)
		return nil
	}
	if b.Count == 0 {
		return nil
	}
	out := &brokenOut{Count: b.Count, Checked: b.Checked, Total: b.Total, Devices: []brokenDeviceOut{}}
	for _, d := range b.Devices {
		out.Devices = append(out.Devices, brokenDeviceOut{d.DeviceID, d.Name, d.Reason})
	}
	return out
}
