package connectionhttp

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

type commandIn struct {
	Input      rest.Opt[wispwright.JSON] `json:"input" required:"true" nullable:"true" help:"as the schema of the type says"`
	Type       rest.Opt[string]          `json:"type" required:"true"`
	Connection rest.Opt[wispwright.ID]   `json:"connection" nullable:"true" rel:"connection"`
}

// commandOut is a command as REST and the socket have it: type is the label and
// input a text (spec: connection §8.3).
type commandOut struct {
	ID         wispwright.ID            `json:"id"`
	Input      string                   `json:"input"`
	Device     wispwright.ID            `json:"device"`
	Connection *wispwright.ID           `json:"connection"`
	Created    rest.Time                `json:"created"`
	Modified   rest.Time                `json:"modified"`
	Status     connection.CommandStatus `json:"status"`
	Type       string                   `json:"type"`
	Output     string                   `json:"output"`
	Batch      *wispwright.ID           `json:"batch_command"`
}

func (h *HTTP) commandOut(c *connection.Command) commandOut {
	return commandOut{c.ID, InputText(c), c.DeviceID, rest.Null(c.ConnectionID), rest.Time(c.Created), rest.Time(c.Modified), c.Status,
		h.c.Types().Label(c.Type), c.Output, rest.Null(c.BatchID)}
}

// InputText is the input of a command for people: what was typed, or the values
// of the input separated by commas.
func InputText(c *connection.Command) string {
	o, err := ordered.DecodeObject([]byte(c.Input))
	if err != nil {
		return ""
	}
	if v, ok := o.Get("command"); ok && c.Type == "custom" {
		text, _ := v.(string) // the schema says so
		return text
	}
	var parts []string
	for _, v := range o.All() {
		text, isText := v.(string)
		if !isText {
			text = string(ordered.Append(nil, v))
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// mountCommands adds the commands of a device (spec: connection §8.3).
func (h *HTTP) mountCommands(api *rest.API) {
	type filter = connection.CommandFilter
	rest.Mount(api, rest.Resource[wispwright.ID, connection.Command, filter, commandIn, commandOut]{
		Path: devicePath + "command/", Only: rest.List | rest.Create | rest.Read,
		Name: "Command", Noun: "Command", ID: "controller_device_command", Tag: tag, Kind: commandKind,
		Choices: map[string][]rest.Choice{"type": h.typeChoices()},
		Service: h.c.Commands,
		Prepare: h.below(anyDevice),
		Within:  func(r *rest.Request, f *filter) error { f.DeviceID = r.ID("device"); return nil },
		Belongs: func(r *rest.Request, c *connection.Command) bool { return c.DeviceID == r.ID("device") },
		Check:   h.checkCommand,
		Create: func(r *rest.Request, in *commandIn) (*connection.Command, error) {
			c := &connection.Command{DeviceID: r.ID("device"), Type: in.Type.V, Input: orNull(in.Input), ConnectionID: in.Connection.Or(wispwright.ID{})}
			return c, h.c.Commands.Create(r.Context(), r.WriteScope(), c)
		},
		Out:      rest.Each(h.commandOut),
		Ordering: map[string]string{"created": "Created"},
		Filters: []rest.Filter[filter]{
			rest.FilterChoice("status", statuses(), func(f *filter, v string) { f.Status = connection.CommandStatus(v) }),
			rest.FilterTime("created__gte", func(f *filter, v time.Time) { f.CreatedFrom = v }),
		},
	})
	cancel := rest.Action(http.MethodPost, "controller_device_command_cancel", http.StatusOK, func(r *rest.Request, _ *rest.None) (commandOut, error) {
		c, err := h.c.Commands.Get(r.Context(), r.WriteScope(), r.ID("id"))
		if err == nil && c.DeviceID != r.ID("device") {
			err = wispwright.ErrNotFound
		}
		if err == nil {
			c, err = h.c.Commands.Cancel(r.Context(), r.WriteScope(), c.ID)
		}
		if err != nil {
			return commandOut{}, err
		}
		return h.commandOut(c), nil
	})
	cancel.Summary = "End a command: one that waits is not run, one that runs is stopped"
	api.Mount(&rest.View{Path: devicePath + "command/{id}/cancel/", Name: "Command Cancel", Noun: "Command", Tag: tag, Kind: commandKind, Prepare: h.below(anyDevice)}, cancel)
}

func statuses() []string {
	return []string{string(connection.InProgress), string(connection.Success), string(connection.Failed)}
}

// orNull is what was sent, null included: an input is never missing.
func orNull(in rest.Opt[wispwright.JSON]) wispwright.JSON {
	if in.Null || in.V == "" {
		return "null"
	}
	return in.V
}

func (h *HTTP) checkCommand(_ *rest.Request, in *commandIn) error {
	var v wispwright.ValidationError
	if t := in.Type; t.Set && !t.Null && t.V != "" && h.c.Types().Get(t.V) == nil {
		v.Add("type", valid.NoChoice(t.V))
	}
	return v.Err()
}

func (h *HTTP) typeChoices() (out []rest.Choice) {
	for _, t := range h.c.Types().Of(wispwright.ID{}) {
		out = append(out, rest.Choice{Value: t.Name, Label: t.Label})
	}
	return out
}

// The paths of the schemas: those of OpenWISP's admin, and those of the API that
// answer them.
const (
	CredentialsSchemas     = "/admin/connection/credentials/ui/"
	CommandSchemas         = "/admin/config/device/connection/command/ui/"
	credentialsSchemasPath = "/api/v1/controller/credential-schema/"
	commandSchemasPath     = "/api/v1/controller/command-schema/"
)

// mountSchemas adds what forms are made of (spec: connection §10).
func (h *HTTP) mountSchemas(api *rest.API) {
	api.Mount(&rest.View{Path: credentialsSchemasPath, Name: "Credential Schemas", Tag: tag, Access: rest.Everyone},
		rest.Documented[rest.None, map[string]wispwright.JSON](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "controller_credential_schema", Summary: "The JSON Schemas of connectors' parameters", Handle: func(r *rest.Request) (int, any, error) {
			if err := staff(r); err != nil {
				return 0, nil, err
			}
			out := []entry{}
			for _, t := range h.c.Registry.Connectors() {
				out = append(out, entry{t.ID, t.Schema})
			}
			return answer(out)
		}}))
	api.Mount(&rest.View{Path: commandSchemasPath, Name: "Command Schemas", Tag: tag, Access: rest.Everyone},
		rest.Documented[rest.None, map[string]wispwright.JSON](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "controller_command_schema", Summary: "The JSON Schemas of the commands of an organization",
			Doc: rest.Doc{Query: map[string]string{"organization_id": "a UUID; superusers may leave it out"}}, Handle: h.commandSchemas}))
}

func (h *HTTP) commandSchemas(r *rest.Request) (int, any, error) {
	if err := staff(r); err != nil {
		return 0, nil, err
	}
	organization := wispwright.ID{}
	if text := r.Query().Get("organization_id"); text != "" {
		id, err := wispwright.ParseID(text)
		if err != nil || !r.WriteScope().Allows(id) {
			return 0, nil, wispwright.ErrForbidden
		}
		organization = id
	} else if !r.Caller.Superuser {
		return 0, nil, wispwright.ErrForbidden
	}
	out := []entry{}
	for _, t := range h.c.Types().Of(organization) {
		out = append(out, entry{t.Name, t.Schema})
	}
	return answer(out)
}

// staff lets in anybody who may use the web admin.
func staff(r *rest.Request) error {
	if r.Caller == nil || !r.Caller.Staff && !r.Caller.Superuser {
		return wispwright.ErrForbidden
	}
	return nil
}

// entry is one schema; their order is that of the forms.
type entry struct {
	key   string
	value wispwright.JSON
}

func answer(list []entry) (int, any, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, e := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(e.key)
		if err != nil {
			return 0, nil, errors.Join(errors.New("write schemas"), err)
		}
		b.Write(key)
		b.WriteString(":" + string(e.value))
	}
	b.WriteByte('}')
	return http.StatusOK, rest.Raw{ContentType: "application/json", Body: []byte(b.String())}, nil
}

// Schemas serves the schemas at the paths of OpenWISP's admin; mount it at
// CredentialsSchemas and CommandSchemas. Other paths below are next's.
func (h *HTTP) Schemas(api, next http.Handler) http.Handler {
	inner := map[string]string{CredentialsSchemas + "schema.json": credentialsSchemasPath, CommandSchemas + "schema.json": commandSchemasPath}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, known := inner[r.URL.Path]
		if !known {
			next.ServeHTTP(w, r)
			return
		}
		again := r.Clone(r.Context())
		again.URL.Path, again.URL.RawPath = path, ""
		api.ServeHTTP(w, again)
	})
}
