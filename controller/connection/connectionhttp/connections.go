package connectionhttp

import (
	"errors"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

type connectionIn struct {
	Credentials    rest.Opt[wispwright.ID] `json:"credentials" required:"true" rel:"credentials"`
	UpdateStrategy rest.Opt[string]        `json:"update_strategy" blank:"true" help:"left empty it follows from the backend of the configuration"`
	Enabled        rest.Opt[bool]          `json:"enabled"`
}

type connectionOut struct {
	ID             wispwright.ID `json:"id"`
	Credentials    wispwright.ID `json:"credentials"`
	UpdateStrategy string        `json:"update_strategy"`
	Enabled        bool          `json:"enabled"`
	IsWorking      *bool         `json:"is_working"`
	FailureReason  string        `json:"failure_reason"`
	LastAttempt    rest.Time     `json:"last_attempt"`
	Created        rest.Time     `json:"created"`
	Modified       rest.Time     `json:"modified"`
}

func newConnectionOut(c *connection.DeviceConnection) connectionOut {
	return connectionOut{c.ID, c.CredentialsID, c.UpdateStrategy, c.Enabled, c.IsWorking, c.FailureReason, maybe(c.LastAttempt), rest.Time(c.Created), rest.Time(c.Modified)}
}

func maybe(t *time.Time) rest.Time {
	if t == nil {
		return rest.Time{}
	}
	return rest.Time(*t)
}

// mountConnections adds the connections of a device (spec: connection §8.2).
func (h *HTTP) mountConnections(api *rest.API) {
	type filter = connection.DeviceConnectionFilter
	rest.Mount(api, rest.Resource[wispwright.ID, connection.DeviceConnection, filter, connectionIn, connectionOut]{
		Path: devicePath + "connection/", Name: "Device Connection", Noun: "DeviceConnection", ID: "controller_device_connection", Tag: tag, Kind: connectionKind,
		Choices: map[string][]rest.Choice{"update_strategy": h.strategyChoices()},
		Service: h.c.Connections,
		Prepare: h.below(namedDevice),
		Within:  func(r *rest.Request, f *filter) error { f.DeviceID = r.ID("device"); return nil },
		Belongs: func(r *rest.Request, c *connection.DeviceConnection) bool { return c.DeviceID == r.ID("device") },
		Check:   h.checkConnection,
		New: func(r *rest.Request) (*connection.DeviceConnection, error) {
			d, err := h.device(r, namedDevice)
			if err != nil {
				return nil, err
			}
			return &connection.DeviceConnection{DeviceID: d.Device.ID, OrganizationID: d.Device.OrganizationID, Enabled: true}, nil
		},
		Apply: func(r *rest.Request, in *connectionIn, c *connection.DeviceConnection) error {
			in.Credentials.Into(&c.CredentialsID)
			in.UpdateStrategy.Into(&c.UpdateStrategy)
			switch {
			case in.Enabled.Set:
				c.Enabled = in.Enabled.Or(true)
			case r.HTTP.Method == http.MethodPut: // as recorded: replacing without a word enables
				c.Enabled = true
			}
			return nil
		},
		Out:          rest.Each(newConnectionOut),
		Organization: func(c *connection.DeviceConnection) wispwright.ID { return c.OrganizationID },
		Version: func(c *connection.DeviceConnection) []any {
			return []any{c.CredentialsID, c.UpdateStrategy, c.Enabled}
		},
		Unique: map[string]error{
			connection.UniqueConnection: wispwright.Invalid("", "Device connection with this Device and Credentials already exists."),
		},
	})
	h.mountConnectionActions(api)
}

// checkConnection finds what is wrong with relations and choices together with
// the faults of single fields.
func (h *HTTP) checkConnection(r *rest.Request, in *connectionIn) error {
	var v wispwright.ValidationError
	if in.Credentials.Set && !in.Credentials.Null {
		_, err := h.c.Credentials.Get(r.Context(), r.ReadScope(), in.Credentials.V)
		switch {
		case errors.Is(err, wispwright.ErrNotFound):
			v.Add("credentials", valid.UnknownPK(in.Credentials.V))
		case err != nil:
			return err
		}
	}
	if s := in.UpdateStrategy; s.Set && s.V != "" && h.c.Registry.Strategy(s.V) == nil {
		v.Add("update_strategy", valid.NoChoice(s.V))
	}
	return v.Err()
}

func (h *HTTP) strategyChoices() (out []rest.Choice) {
	for _, s := range h.c.Registry.Strategies() {
		out = append(out, rest.Choice{Value: s.ID, Label: s.Label})
	}
	return out
}

// mountConnectionActions adds what is done with one connection; OpenWISP has
// nothing of it.
func (h *HTTP) mountConnectionActions(api *rest.API) {
	sub := func(path, name string) *rest.View {
		return &rest.View{Path: devicePath + "connection/{id}/" + path + "/", Name: name, Noun: "DeviceConnection", Tag: tag, Kind: connectionKind, Prepare: h.below(namedDevice)}
	}
	change := wispwright.Permission("connection.change_deviceconnection")
	test := rest.Action(http.MethodPost, "controller_device_connection_test", http.StatusAccepted, func(r *rest.Request, _ *rest.None) (connectionOut, error) {
		c, err := h.ownConnection(r)
		if err != nil {
			return connectionOut{}, err
		}
		return newConnectionOut(c), h.c.Connections.Test(r.Context(), r.WriteScope(), c.ID)
	})
	test.Permission, test.Summary = change, "Try a connection soon; last_attempt tells when that was done"
	api.Mount(sub("test", "Device Connection Test"), test)
	reset := rest.Action(http.MethodPost, "controller_device_connection_reset_host_key", http.StatusOK, func(r *rest.Request, _ *rest.None) (connectionOut, error) {
		c, err := h.ownConnection(r)
		if err != nil {
			return connectionOut{}, err
		}
		if c, err = h.c.Connections.ResetHostKey(r.Context(), r.WriteScope(), c.ID); err != nil {
			return connectionOut{}, err
		}
		return newConnectionOut(c), nil
	})
	reset.Permission, reset.Summary = change, "Forget the pinned host key: the next attempt pins what the device has then"
	api.Mount(sub("reset-host-key", "Device Connection Host Key"), reset)
}

// ownConnection is the connection of the path, which must be the device's.
func (h *HTTP) ownConnection(r *rest.Request) (*connection.DeviceConnection, error) {
	c, err := h.c.Connections.Get(r.Context(), r.WriteScope(), r.ID("id"))
	if err == nil && c.DeviceID != r.ID("device") {
		err = wispwright.ErrNotFound
	}
	return c, err
}
