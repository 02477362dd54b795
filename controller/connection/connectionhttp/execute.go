package connectionhttp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

type executeIn struct {
	Organization rest.Opt[wispwright.ID]   `json:"organization" nullable:"true" rel:"organization"`
	Type         rest.Opt[string]          `json:"type" required:"true"`
	Input        rest.Opt[wispwright.JSON] `json:"input" nullable:"true" help:"as the schema of the type says"`
	Label        rest.Opt[string]          `json:"label" required:"true" maxLength:"64"`
	Notes        rest.Opt[string]          `json:"notes" blank:"true" maxLength:"10000"`
	Devices      rest.Opt[[]wispwright.ID] `json:"devices" help:"win over the rest of the selection"`
	Group        rest.Opt[wispwright.ID]   `json:"group" nullable:"true" rel:"group"`
	Location     rest.Opt[wispwright.ID]   `json:"location" nullable:"true" rel:"location"`
	Filter       rest.Opt[wispwright.JSON] `json:"filter" nullable:"true" object:"true" help:"parameters of the list of devices with their values, all texts"`
	Parallel     rest.Opt[int]             `json:"parallel" minimum:"0" maximum:"1000" help:"how many run at once; 0: as many as is set"`
	StopAfter    rest.Opt[int]             `json:"stop_after" minimum:"0" help:"do not run the rest once so many failed; 0: run all"`
}

type dryOut struct {
	Devices []wispwright.ID `json:"devices"`
}

// mountExecute adds the start of mass commands and its rehearsal (additions C-6).
func (h *HTTP) mountExecute(api *rest.API) {
	view := &rest.View{Path: batchPath + "execute/", Name: "Batch Command Execute", Tag: tag, Kind: batchKind, Choices: map[string][]rest.Choice{"type": h.typeChoices()}}
	api.Mount(view, rest.Documented[rest.None, dryOut](http.StatusOK, rest.Op{
		Method: http.MethodGet, ID: "controller_batch_command_dry_run", Summary: "The devices that a mass command would be for", Handle: h.dryRun,
		Doc: rest.Doc{Query: map[string]string{"organization": "a UUID", "type": "type of the command", "input": "JSON", "devices": "UUIDs, repeated", "group": "a UUID", "location": "a UUID", "filter": "a JSON object"}},
	}), rest.Action(http.MethodPost, "controller_batch_command_execute", http.StatusCreated, h.execute))
}

func (h *HTTP) execute(r *rest.Request, in *executeIn) (batchRef, error) {
	sel := &connection.Selection{OrganizationID: in.Organization.Or(wispwright.ID{}), Devices: in.Devices.V, GroupID: in.Group.Or(wispwright.ID{}), LocationID: in.Location.Or(wispwright.ID{})}
	if err := h.filtered(r, sel, in.Filter.Or("")); err != nil {
		return batchRef{}, err
	}
	b := &connection.Batch{Type: in.Type.V, Input: orNull(in.Input), Label: in.Label.V, Notes: in.Notes.Or(""), Filter: in.Filter.Or(""), Parallel: in.Parallel.Or(0), StopAfter: in.StopAfter.Or(0)}
	if err := h.c.Batches.Execute(r.Context(), r.WriteScope(), b, sel, r.Caller.Superuser); err != nil {
		return batchRef{}, err
	}
	return batchRef{b.ID}, nil
}

// dryRun reads the same from the query.
func (h *HTTP) dryRun(r *rest.Request) (int, any, error) {
	q := r.Query()
	sel, err := h.selection(r, q)
	if err != nil {
		return 0, nil, err
	}
	b := &connection.Batch{Type: q.Get("type")}
	if text := q.Get("input"); text != "" {
		if !json.Valid([]byte(text)) {
			return 0, nil, wispwright.Invalid("input", "Value must be valid JSON.")
		}
		b.Input = wispwright.JSON(text)
	}
	devices, err := h.c.Batches.Select(r.Context(), r.WriteScope(), b, sel, r.Caller.Superuser)
	if err != nil {
		return 0, nil, err
	}
	out := dryOut{Devices: make([]wispwright.ID, len(devices))}
	for i, d := range devices {
		out.Devices[i] = d.Device.ID
	}
	return http.StatusOK, out, nil
}

func (h *HTTP) selection(r *rest.Request, q url.Values) (*connection.Selection, error) {
	sel := &connection.Selection{}
	var v wispwright.ValidationError
	id := func(field, text string) (parsed wispwright.ID) {
		if text == "" {
			return parsed
		}
		parsed, err := wispwright.ParseID(text)
		if err != nil {
			v.Add(field, "“"+text+"” is not a valid UUID.")
		}
		return parsed
	}
	sel.OrganizationID, sel.GroupID, sel.LocationID = id("organization", q.Get("organization")), id("group", q.Get("group")), id("location", q.Get("location"))
	if o := sel.OrganizationID; !o.IsZero() && !r.WriteScope().Allows(o) {
		v.Add("organization", valid.UnknownPK(o))
	}
	for _, text := range q["devices"] {
		sel.Devices = append(sel.Devices, id("devices", text))
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	return sel, h.filtered(r, sel, wispwright.JSON(q.Get("filter")))
}

// filtered adds a filter that is written as the parameters of the list of
// devices. One that nobody knows is refused: it would select too many.
func (h *HTTP) filtered(r *rest.Request, sel *connection.Selection, filter wispwright.JSON) error {
	if filter == "" || filter == "null" {
		return nil
	}
	var parameters map[string]string
	if err := filter.Decode(&parameters); err != nil {
		return wispwright.Invalid("filter", "It must be an object of texts.")
	}
	for name, value := range parameters {
		if value == "" {
			continue
		}
		if err := h.applyFilter(r, &sel.Filter, name, value); err != nil {
			return err
		}
	}
	sel.Filtered = true
	if sel.OrganizationID.IsZero() {
		sel.OrganizationID = sel.Filter.OrganizationID
	}
	return nil
}

func (h *HTTP) applyFilter(r *rest.Request, f *controller.DeviceFilter, name, value string) error {
	for i := range h.options.DeviceFilters {
		if h.options.DeviceFilters[i].Name != name {
			continue
		}
		err := h.options.DeviceFilters[i].Apply(r, f, value)
		if errors.Is(err, rest.ErrNothing) {
			return wispwright.Invalid("", "No devices match the specified criteria.")
		}
		var v wispwright.ValidationError
		if err := v.Merge("filter."+name, err); err != nil {
			return err
		}
		return v.Err()
	}
	return wispwright.Invalid("filter", fmt.Sprintf("Unknown parameter %q.", name))
}
