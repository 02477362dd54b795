package connectionhttp

import (
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/rest"
)

// reachOut is how a device is reached, all that its page shows of it.
type reachOut struct {
	Push        *pushOut    `json:"push" doc:"what became of telling the device of its configuration; null where that was never wished"`
	Connections []reachRow  `json:"connections"`
	Channel     *channelOut `json:"channel" doc:"the channel that the device keeps open; null where it does not"`
}

type channelOut struct {
	Since   rest.Time `json:"since"`
	Address string    `json:"address" doc:"where the device opened it from"`
	Agent   string    `json:"agent"`
}

type pushOut struct {
	State       connection.PushState `json:"state" doc:"waiting, pushed, current or failed"`
	Requested   rest.Time            `json:"requested"`
	Attempts    int                  `json:"attempts"`
	LastAttempt rest.Time            `json:"last_attempt"`
	NextAttempt rest.Time            `json:"next_attempt"`
	Reason      string               `json:"reason"`
	Connection  *wispwright.ID       `json:"connection"`
	Succeeded   rest.Time            `json:"succeeded"`
}

type reachRow struct {
	connectionOut
	CredentialsName string `json:"credentials_name"`
	Connector       string `json:"connector"`
	HostKey         string `json:"host_key" doc:"fingerprint of the pinned host key"`
	Description     string `json:"description" doc:"what the device said of itself when the connection was tested"`
}

// mountReach adds what became of pushes, and connections with what people want
// to know beside them. OpenWISP has nothing of it.
func (h *HTTP) mountReach(api *rest.API) {
	api.Mount(&rest.View{
		Path: devicePath + "reach/", Name: "Device Reach", Tag: tag, Kind: connectionKind, Prepare: h.below(anyDevice),
	}, rest.Action(http.MethodGet, "controller_device_reach", http.StatusOK, h.reach))
	push := rest.Action(http.MethodPost, "controller_device_push", http.StatusAccepted, func(r *rest.Request, _ *rest.None) (pushOut, error) {
		d := r.ID("device")
		reachable, err := h.c.Connections.List(r.Context(), r.WriteScope(), connection.DeviceConnectionFilter{DeviceID: d, Enabled: yes()}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return pushOut{}, err
		}
		if len(reachable.Rows) == 0 {
			return pushOut{}, wispwright.Invalid("", "The device has no enabled connection.")
		}
		if err := h.c.Pushes.Request(r.Context(), d); err != nil {
			return pushOut{}, err
		}
		p, err := h.c.Pushes.Get(r.Context(), d)
		if errors.Is(err, wispwright.ErrNotFound) {
			return pushOut{}, wispwright.Invalid("", "No connection of the device can tell it of its configuration.")
		}
		if err != nil {
			return pushOut{}, err
		}
		return newPushOut(p), nil
	})
	push.Permission, push.Summary = "config.change_device", "Tell the device to fetch its configuration, soon"
	api.Mount(&rest.View{Path: devicePath + "push/", Name: "Device Push", Tag: tag, Kind: "config.device", Prepare: h.below(anyDevice)}, push)
}

func yes() *bool {
	v := true
	return &v
}

func newPushOut(p *connection.Push) pushOut {
	return pushOut{p.State, rest.Time(p.Requested), p.Attempts, maybe(p.LastAttempt), maybe(p.NextAttempt), p.Reason, rest.Null(p.ConnectionID), maybe(p.Succeeded)}
}

func (h *HTTP) reach(r *rest.Request, _ *rest.None) (reachOut, error) {
	out := reachOut{Connections: []reachRow{}}
	device := r.ID("device")
	p, err := h.c.Pushes.Get(r.Context(), device)
	switch {
	case err == nil:
		push := newPushOut(p)
		out.Push = &push
	case !errors.Is(err, wispwright.ErrNotFound):
		return out, err
	}
	if h.options.Channels != nil {
		open, err := h.options.Channels.Get(r.Context(), r.ReadScope(), device)
		switch {
		case err == nil:
			out.Channel = &channelOut{rest.Time(open.Since), open.Address, open.Agent}
		case !errors.Is(err, wispwright.ErrNotFound):
			return out, err
		}
	}
	all, err := h.c.Connections.List(r.Context(), r.ReadScope(), connection.DeviceConnectionFilter{DeviceID: device}, wispwright.Page{Limit: 100, NoTotal: true})
	if err != nil {
		return out, err
	}
	ids := make([]wispwright.ID, len(all.Rows))
	for i, c := range all.Rows {
		ids[i] = c.CredentialsID
	}
	credentials, err := h.c.Credentials.List(r.Context(), r.ReadScope(), connection.CredentialsFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return out, err
	}
	by := map[wispwright.ID]*connection.Credentials{}
	for _, c := range credentials.Rows {
		by[c.ID] = c
	}
	for _, c := range all.Rows {
		row := reachRow{connectionOut: newConnectionOut(c), HostKey: h.options.Fingerprint(c.HostKey), Description: c.Description}
		if o := by[c.CredentialsID]; o != nil {
			row.CredentialsName, row.Connector = o.Name, h.c.Registry.Label(o.Connector)
		}
		out.Connections = append(out.Connections, row)
	}
	return out, nil
}
