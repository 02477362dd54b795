package firmwarehttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/live"
	"github.com/wispwright/wispwright/kit/rest"
)

// The paths that the sockets lie below; an id and a slash follow (additions F-3).
const (
	OperationSocket = "/ws/firmware-upgrader/upgrade-operation/"
	BatchSocket     = "/ws/firmware-upgrader/batch-upgrade-operation/"
	DeviceSocket    = "/ws/firmware-upgrader/device/"
)

const (
	operationTopic = "firmware_operation"
	batchTopic     = "firmware_batch"
	deviceTopic    = "firmware_device"
	// newest is how many operations a page of a device is told of at first.
	newest = 5
)

// liveOperation is an operation as sockets have it.
type liveOperation struct {
	ID       wispwright.ID `json:"id"`
	Device   wispwright.ID `json:"device"`
	Image    wispwright.ID `json:"image"`
	Status   string        `json:"status"`
	Log      string        `json:"log"`
	Progress int           `json:"progress"`
	Modified rest.Time     `json:"modified"`
	Created  rest.Time     `json:"created"`
}

func newLiveOperation(o *firmware.Operation) liveOperation {
	return liveOperation{o.ID, o.DeviceID, o.ImageID, string(o.Status), o.Log, o.Progress, rest.Time(o.Modified), rest.Time(o.Created)}
}

type operationFrame struct {
	Type      string        `json:"type"`
	Operation liveOperation `json:"operation"`
	Timestamp rest.Time     `json:"timestamp"`
}

type progressFrame struct {
	Type        string        `json:"type"`
	OperationID wispwright.ID `json:"operation_id"`
	Status      string        `json:"status"`
	Progress    int           `json:"progress"`
	Modified    rest.Time     `json:"modified"`
	DeviceID    wispwright.ID `json:"device_id"`
	DeviceName  string        `json:"device_name"`
	ImageName   string        `json:"image_name"`
	Timestamp   rest.Time     `json:"timestamp"`
}

type batchStatus struct {
	Status    string `json:"status"`
	Completed int    `json:"completed"`
	Total     int    `json:"total"`
	Pending   int    `json:"pending"`
}

type batchStateFrame struct {
	Type       string          `json:"type"`
	Batch      batchStatus     `json:"batch_status"`
	Operations []liveOperation `json:"operations"`
}

type batchStatusFrame struct {
	Type string `json:"type"`
	batchStatus
	Timestamp rest.Time `json:"timestamp"`
}

// listening is the id that a socket's path ends with.
func listening(r *http.Request, base string) (wispwright.ID, error) {
	id, err := wispwright.ParseID(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, base), "/"))
	if err != nil {
		return id, wispwright.ErrNotFound
	}
	return id, nil
}

// admitted reports who may listen: superusers, and staff that may view or change
// the kind.
func admitted(c *wispwright.Caller, kind string) error {
	switch {
	case c == nil || c.Restricted != "":
		return wispwright.ErrUnauthenticated
	case c.Superuser, c.Staff && (c.Can(wispwright.Permission(app+"view_"+kind)) || c.Can(wispwright.Permission(app+"change_"+kind))):
		return nil
	}
	return wispwright.ErrForbidden
}

// asked answers a client that wants to know how things are.
func asked(text []byte, state func() [][]byte) [][]byte {
	var in struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(text, &in) != nil || in.Type != "request_current_state" {
		return nil
	}
	return state()
}

// Topics are the live topics of an operation, of a batch and of a device.
func (h *HTTP) Topics() (operation, batch, device live.Topic) {
	operation = live.Topic{Name: operationTopic, Load: h.loadOperation, Open: func(ctx context.Context, r *http.Request, c *wispwright.Caller) (*live.Session, error) {
		id, err := listening(r, OperationSocket)
		if err == nil {
			err = admitted(c, "upgradeoperation")
		}
		if err == nil {
			_, err = h.s.Operations.Get(ctx, c.WriteScope(), id)
		}
		if err != nil {
			return nil, err
		}
		return h.session(id, func(ctx context.Context) [][]byte { return [][]byte{h.operationNow(ctx, id)} }), nil
	}}
	batch = live.Topic{Name: batchTopic, Load: h.loadBatch, Open: func(ctx context.Context, r *http.Request, c *wispwright.Caller) (*live.Session, error) {
		id, err := listening(r, BatchSocket)
		if err == nil {
			err = admitted(c, "batchupgradeoperation")
		}
		if err == nil {
			_, err = h.s.Batches.Get(ctx, c.WriteScope(), id)
		}
		if err != nil {
			return nil, err
		}
		return h.session(id, func(ctx context.Context) [][]byte { return [][]byte{h.batchNow(ctx, id)} }), nil
	}}
	device = live.Topic{Name: deviceTopic, Load: h.loadOperation, Open: func(ctx context.Context, r *http.Request, c *wispwright.Caller) (*live.Session, error) {
		id, err := listening(r, DeviceSocket)
		if err == nil {
			err = admitted(c, "upgradeoperation")
		}
		if err == nil {
			_, err = h.fleet.Device(ctx, c.WriteScope(), id)
		}
		if err != nil {
			return nil, err
		}
		return h.session(id, func(ctx context.Context) [][]byte { return h.deviceNow(ctx, id) }), nil
	}}
	return operation, batch, device
}

func (h *HTTP) session(id wispwright.ID, state func(context.Context) [][]byte) *live.Session {
	return &live.Session{Groups: []string{id.String()}, Missed: []byte(`{"type":"missed"}`), ReceiveMany: func(ctx context.Context, text []byte) [][]byte {
		return asked(text, func() [][]byte { return state(ctx) })
	}}
}

// loadOperation reads the operation that an event names.
func (h *HTTP) loadOperation(ctx context.Context, e live.Event) (any, error) {
	id, err := wispwright.ParseID(e.Payload)
	if err != nil {
		return nil, nil // not an event of this program
	}
	o, err := h.s.Operations.Get(ctx, everybody(), id)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return encode(h.update(o)), nil
}

func (h *HTTP) update(o *firmware.Operation) operationFrame {
	return operationFrame{"operation_update", newLiveOperation(o), h.now()}
}

func (h *HTTP) operationNow(ctx context.Context, id wispwright.ID) []byte {
	o, err := h.s.Operations.Get(ctx, everybody(), id)
	if err != nil {
		return unsaid()
	}
	return encode(h.update(o))
}

// deviceNow tells of the newest operations, one frame for each, the newest first.
func (h *HTTP) deviceNow(ctx context.Context, id wispwright.ID) (frames [][]byte) {
	list, err := h.s.Operations.List(ctx, everybody(), firmware.OperationFilter{DeviceID: id}, wispwright.Page{Limit: newest, NoTotal: true})
	if err != nil {
		return [][]byte{unsaid()}
	}
	for _, o := range list.Rows {
		frames = append(frames, encode(h.update(o)))
	}
	return frames
}

func unsaid() []byte { return []byte(`{"type":"error","message":"The state cannot be read."}`) }

func (h *HTTP) batchNow(ctx context.Context, id wispwright.ID) []byte {
	b, err := h.s.Batches.Get(ctx, everybody(), id)
	if err != nil {
		return unsaid()
	}
	counts, err := h.s.Batches.Count(ctx, id)
	if err != nil {
		return unsaid()
	}
	list, err := h.s.Operations.List(ctx, everybody(), firmware.OperationFilter{BatchID: id}, wispwright.Page{Limit: mostShown, NoTotal: true})
	if err != nil {
		return unsaid()
	}
	f := batchStateFrame{Type: "batch_state", Batch: newBatchStatus(b, counts[id]), Operations: []liveOperation{}}
	for _, o := range list.Rows {
		f.Operations = append(f.Operations, newLiveOperation(o))
	}
	return encode(f)
}

func newBatchStatus(b *firmware.Batch, c firmware.Counts) batchStatus {
	return batchStatus{string(b.Status), c.Completed(), c.Total, c.By[firmware.Pending]}
}

// loadBatch reads what an event tells of a batch: one of its operations, or itself.
func (h *HTTP) loadBatch(ctx context.Context, e live.Event) (any, error) {
	id, err := wispwright.ParseID(e.Group)
	if err != nil {
		return nil, nil // not an event of this program
	}
	if e.Payload != "" {
		return h.loadProgress(ctx, e)
	}
	b, err := h.s.Batches.Get(ctx, everybody(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	counts, err := h.s.Batches.Count(ctx, id)
	if err != nil {
		return nil, err
	}
	return encode(batchStatusFrame{"batch_status", newBatchStatus(b, counts[id]), h.now()}), nil
}

func (h *HTTP) loadProgress(ctx context.Context, e live.Event) (any, error) {
	id, err := wispwright.ParseID(e.Payload)
	if err != nil {
		return nil, nil // not an event of this program
	}
	o, err := h.s.Operations.Get(ctx, everybody(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f := progressFrame{Type: "operation_progress", OperationID: o.ID, Status: string(o.Status), Progress: o.Progress, Modified: rest.Time(o.Modified), DeviceID: o.DeviceID, Timestamp: h.now()}
	if d, err := h.fleet.Device(ctx, everybody(), o.DeviceID); err == nil {
		f.DeviceName = d.Name
	}
	if i, err := h.s.Images.Get(ctx, everybody(), o.ImageID); err == nil {
		f.ImageName = i.File
	}
	return encode(f), nil
}

// Tell subscribes the hub to the concern.
func (h *HTTP) Tell(hub *live.Hub) {
	h.s.Operations.Changed.Subscribe("live: /ws/firmware-upgrader/", func(ctx context.Context, list ...firmware.OperationChange) {
		for _, c := range list {
			o := c.Operation
			hub.Publish(ctx, live.Event{Topic: operationTopic, Group: o.ID.String(), Payload: o.ID.String()})
			hub.Publish(ctx, live.Event{Topic: deviceTopic, Group: o.DeviceID.String(), Payload: o.ID.String()})
			if !o.BatchID.IsZero() {
				hub.Publish(ctx, live.Event{Topic: batchTopic, Group: o.BatchID.String(), Payload: o.ID.String()})
			}
		}
	})
	h.s.Batches.Changed.Subscribe("live: "+BatchSocket, func(ctx context.Context, list ...firmware.BatchChange) {
		for _, c := range list {
			hub.Publish(ctx, live.Event{Topic: batchTopic, Group: c.Batch.ID.String()})
		}
	})
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // as the REST API writes it
	if e.Encode(v) != nil {
		return nil // these types always encode
	}
	return bytes.TrimSpace(b.Bytes())
}
