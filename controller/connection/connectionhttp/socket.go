package connectionhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/live"
)

// The paths that the sockets lie below: commands of a device
// (…/DEVICE/command, spec: connection §7), and mass commands (…/BATCH/).
const (
	CommandSocket = "/ws/controller/device/"
	BatchSocket   = "/ws/controller/batch-command/"
)

const (
	commandTopic = "command"
	batchTopic   = "batch_command"
)

// commandFrame is what pages of a device are told.
type commandFrame struct {
	Model string     `json:"model"`
	Data  commandOut `json:"data"`
}

// CommandTopic is the live topic of a device's commands. Anybody who may do
// everything with devices may listen to those of the own organizations.
func (h *HTTP) CommandTopic() live.Topic {
	return live.Topic{Name: commandTopic, Open: h.listenCommands, Load: func(ctx context.Context, e live.Event) (any, error) {
		id, err := wispwright.ParseID(e.Payload)
		if err != nil {
			return nil, nil // not an event of this program
		}
		c, err := h.c.Commands.Get(ctx, wispwright.ScopeAll(), id)
		switch {
		case errors.Is(err, wispwright.ErrNotFound):
			return nil, nil
		case err != nil:
			return nil, err
		}
		return encode(commandFrame{"Command", h.commandOut(c)}), nil
	}}
}

func (h *HTTP) listenCommands(ctx context.Context, r *http.Request, c *wispwright.Caller) (*live.Session, error) {
	text, found := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, CommandSocket), "/command")
	id, err := wispwright.ParseID(text)
	switch {
	case !found || err != nil:
		return nil, wispwright.ErrNotFound
	case c == nil || c.Restricted != "":
		return nil, wispwright.ErrUnauthenticated
	case !c.Superuser && !(c.Staff && c.Can("config.add_device") && c.Can("config.change_device") && c.Can("config.delete_device")):
		return nil, wispwright.ErrForbidden
	}
	if _, err := h.devices.Get(ctx, c.WriteScope(), id); err != nil {
		return nil, err
	}
	return &live.Session{Groups: []string{id.String()}, Missed: []byte(`{"type":"missed"}`)}, nil
}

// batchFrame is what pages of a mass command are told.
type batchFrame struct {
	Type string `json:"type"`
	progressOut
}

// BatchTopic is the live topic of a mass command: how far it is. A client that
// sends {"type":"request_current_state"} is told so at once.
func (h *HTTP) BatchTopic() live.Topic {
	return live.Topic{Name: batchTopic, Open: h.listenBatch, Load: func(ctx context.Context, e live.Event) (any, error) {
		id, err := wispwright.ParseID(e.Group)
		if err != nil {
			return nil, nil // not an event of this program
		}
		return h.batchState(ctx, id)
	}}
}

func (h *HTTP) batchState(ctx context.Context, id wispwright.ID) (any, error) {
	p, err := h.c.Batches.Progress(ctx, wispwright.ScopeAll(), id)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return encode(batchFrame{"batch_status", newProgressOut(p)}), nil
}

func (h *HTTP) listenBatch(ctx context.Context, r *http.Request, c *wispwright.Caller) (*live.Session, error) {
	id, err := wispwright.ParseID(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, BatchSocket), "/"))
	switch {
	case err != nil:
		return nil, wispwright.ErrNotFound
	case c == nil || c.Restricted != "":
		return nil, wispwright.ErrUnauthenticated
	case !c.Superuser && !(c.Staff && (c.Can("connection.view_batchcommand") || c.Can("connection.change_batchcommand"))):
		return nil, wispwright.ErrForbidden
	}
	if _, err := h.c.Batches.Get(ctx, c.WriteScope(), id); err != nil {
		return nil, err
	}
	return &live.Session{Groups: []string{id.String()}, Missed: []byte(`{"type":"missed"}`), Receive: func(ctx context.Context, text []byte) []byte {
		var in struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(text, &in) != nil || in.Type != "request_current_state" {
			return nil
		}
		state, err := h.batchState(ctx, id)
		if err != nil {
			return nil // the page asks again
		}
		frame, _ := state.([]byte)
		return frame
	}}, nil
}

// Tell subscribes the hub to the concern.
func (h *HTTP) Tell(hub *live.Hub) {
	h.c.Commands.Changed.Subscribe("live: "+CommandSocket, func(ctx context.Context, list ...connection.CommandChange) {
		for _, c := range list {
			if !c.Created { // as in the original: its sender knows
				hub.Publish(ctx, live.Event{Topic: commandTopic, Group: c.DeviceID.String(), Payload: c.ID.String()})
			}
		}
	})
	h.c.Batches.Changed.Subscribe("live: "+BatchSocket, func(ctx context.Context, ids ...wispwright.ID) {
		for _, id := range ids {
			hub.Publish(ctx, live.Event{Topic: batchTopic, Group: id.String()})
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
