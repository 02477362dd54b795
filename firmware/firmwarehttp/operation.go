package firmwarehttp

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/rest"
)

type operationOut struct {
	ID       wispwright.ID `json:"id"`
	Device   wispwright.ID `json:"device"`
	Image    wispwright.ID `json:"image"`
	Status   string        `json:"status"`
	Log      string        `json:"log"`
	Progress int           `json:"progress"`
	Modified rest.Time     `json:"modified"`
	Created  rest.Time     `json:"created"`
	operationMore
}

// operationMore are what the original gains (additions F-9) and what is ours.
type operationMore struct {
	IsPersistent bool            `json:"is_persistent"`
	RetryCount   int             `json:"retry_count"`
	NextRetryAt  rest.Time       `json:"next_retry_at"`
	Options      wispwright.JSON `json:"upgrade_options"`
	Batch        wispwright.ID   `json:"batch"`
	Waiting      bool            `json:"waiting"`
}

// deviceOperationOut is an operation in the list of its device.
type deviceOperationOut struct {
	ID       wispwright.ID `json:"id"`
	Device   wispwright.ID `json:"device"`
	Image    wispwright.ID `json:"image"`
	Status   string        `json:"status"`
	Log      string        `json:"log"`
	Progress int           `json:"progress"`
	Modified rest.Time     `json:"modified"`
	operationMore
}

func newOperationOut(o *firmware.Operation) operationOut {
	return operationOut{o.ID, o.DeviceID, o.ImageID, string(o.Status), o.Log, o.Progress, rest.Time(o.Modified), rest.Time(o.Created), more(o)}
}

func more(o *firmware.Operation) operationMore {
	return operationMore{o.IsPersistent, o.RetryCount, moment(o.NextRetryAt), o.Options, o.BatchID, o.Queued == nil && !o.Status.Ended()}
}

func moment(t *time.Time) rest.Time {
	if t == nil {
		return rest.Time{}
	}
	return rest.Time(*t)
}

// operationStatuses are those that operations can have.
func operationStatuses() []string {
	return []string{string(firmware.InProgress), string(firmware.Pending), string(firmware.Success), string(firmware.Failed), string(firmware.Aborted), string(firmware.Cancelled)}
}

// mountOperations adds operations.
func (h *HTTP) mountOperations(api *rest.API) {
	type filter = firmware.OperationFilter
	list := rest.Resource[wispwright.ID, firmware.Operation, filter, rest.None, operationOut]{
		Path: Base + "upgrade-operation/", Only: rest.List | rest.Read | rest.Delete, Name: "Upgrade Operation", ListName: "Upgrade Operation List", Noun: "UpgradeOperation", ID: "firmware_upgrader_upgrade_operation",
		Tag: tag, Kind: operationKind, Throttle: h.throttle, StrictIDs: true, Service: h.s.Operations, Out: rest.Each(newOperationOut),
		Organization: func(o *firmware.Operation) wispwright.ID { return o.OrganizationID },
		Delete: func(r *rest.Request, id wispwright.ID) error {
			return conflicting(h.s.Operations.Delete(r.Context(), r.WriteScope(), id))
		},
		Filters: []rest.Filter[filter]{
			rest.FilterID("device", func(f *filter, v wispwright.ID) { f.DeviceID = v }),
			rest.FilterID("image", func(f *filter, v wispwright.ID) { f.ImageID = v }),
			rest.FilterID("batch", func(f *filter, v wispwright.ID) { f.BatchID = v }),
			rest.FilterChoice("status", operationStatuses(), func(f *filter, v string) { f.Status = firmware.Status(v) }),
			rest.FilterBool("is_persistent", func(f *filter, v bool) { f.IsPersistent = &v }),
			rest.FilterOrganizationAs("device__organization", func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			named("device__organization__slug", bySlug(func(f *filter, v wispwright.ID) { f.OrganizationID = v })),
			bySlug(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		},
		Ordering: map[string]string{"device_id": "DeviceID", "created": "Created", "modified": "Modified"},
	}
	rest.Mount(api, list)
	api.Mount(&rest.View{Path: Base + "upgrade-operation/{id}/cancel/", Name: "Upgrade Operation Cancel", Tag: tag, Kind: operationKind, Throttle: h.throttle, StrictIDs: true},
		rest.Documented[rest.None, messageOut](http.StatusOK, rest.Op{Method: http.MethodPost, ID: "firmware_upgrader_upgrade_operation_cancel", Summary: "Cancel an upgrade that did not begin to flash",
			Permission: app + "change_upgradeoperation", Handle: h.cancel, Also: []int{http.StatusConflict}}))
	api.Mount(&rest.View{Path: Base + "upgrade-operation/{id}/retry/", Name: "Upgrade Operation Retry", Tag: tag, Kind: operationKind, Throttle: h.throttle, StrictIDs: true},
		rest.Documented[rest.None, operationOut](http.StatusCreated, rest.Op{Method: http.MethodPost, ID: "firmware_upgrader_upgrade_operation_retry", Summary: "Begin an upgrade that did not succeed anew",
			Permission: app + "add_upgradeoperation", Handle: h.retry, Also: []int{http.StatusConflict}}))
	h.mountOfDevice(api)
}

func named[F any](name string, f rest.Filter[F]) rest.Filter[F] {
	f.Name = name
	return f
}

type messageOut struct {
	Message string `json:"message"`
}

type errorOut struct {
	Error string `json:"error"`
}

// conflicting answers 409 to what is not so, in the form of additions F-1.
func conflicting(err error) error {
	var c *firmware.ConflictError
	if errors.As(err, &c) {
		return &rest.Failure{Status: http.StatusConflict, Body: errorOut{c.Reason}}
	}
	return err
}

// cancel ends an operation (additions F-1).
func (h *HTTP) cancel(r *rest.Request) (int, any, error) {
	_, err := h.s.Operations.Cancel(r.Context(), r.WriteScope(), r.ID("id"))
	switch {
	case missing(err):
		return http.StatusNotFound, errorOut{"Upgrade operation not found"}, nil
	case err != nil:
		return 0, nil, conflicting(err)
	}
	return http.StatusOK, messageOut{"Upgrade operation cancelled successfully"}, nil
}

func (h *HTTP) retry(r *rest.Request) (int, any, error) {
	op, err := h.s.Operations.Repeat(r.Context(), r.WriteScope(), r.ID("id"))
	if err != nil {
		return 0, nil, conflicting(err)
	}
	return http.StatusCreated, newOperationOut(op), nil
}

// mountOfDevice adds the operations of a device: those of others' are none
// (spec: firmware §7).
func (h *HTTP) mountOfDevice(api *rest.API) {
	type filter = firmware.OperationFilter
	rest.Mount(api, rest.Resource[wispwright.ID, firmware.Operation, filter, rest.None, deviceOperationOut]{
		Path: Base + "device/{device}/upgrade-operation/", Only: rest.List, Name: "Device Upgrade Operation", ListName: "Device Upgrade Operation List", ID: "firmware_upgrader_device_upgrade_operation",
		Tag: tag, Kind: operationKind, Throttle: h.throttle, StrictIDs: true, Service: h.s.Operations,
		Prepare: func(r *rest.Request) error {
			_, err := h.device(r.Context(), everybody(), r.ID("device"))
			if missing(err) {
				return rest.Fail(http.StatusNotFound, "device not found")
			}
			return err
		},
		Within: func(r *rest.Request, f *filter) error { f.DeviceID = r.ID("device"); return nil },
		Out: rest.Each(func(o *firmware.Operation) deviceOperationOut {
			return deviceOperationOut{o.ID, o.DeviceID, o.ImageID, string(o.Status), o.Log, o.Progress, rest.Time(o.Modified), more(o)}
		}),
		Filters: []rest.Filter[filter]{
			rest.FilterChoice("status", operationStatuses(), func(f *filter, v string) { f.Status = firmware.Status(v) }),
			rest.FilterTime("created__gte", func(f *filter, v time.Time) { f.CreatedFrom = v }),
		},
	})
}

// rate is a part of a whole in percent, as the wire has it.
func rate(part, whole int) int {
	if whole == 0 {
		return 0
	}
	return part * 100 / whole
}

func progressReport(c firmware.Counts) string {
	if pending := c.By[firmware.Pending]; pending > 0 {
		return fmt.Sprintf("%d complete, %d pending", c.Completed(), pending)
	}
	return fmt.Sprintf("%d out of %d", c.Completed(), c.Total)
}
