package controllerhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/explain"
	"github.com/wispwright/wispwright/kit/rest"
)

// variableOut is a variable with what each level says of it.
type variableOut struct {
	Name    string     `json:"name"`
	Defined bool       `json:"defined"`
	Value   any        `json:"value" help:"the value that counts"`
	Values  []valueOut `json:"values" help:"what levels say, the strongest first"`
	Used    []string   `json:"used" help:"the names of the templates that use it, and an empty one for the device's own configuration"`

	Type        string `json:"type" help:"what the strongest level that declares it says its values must be; blank for anything"`
	Description string `json:"description"`
	Secret      bool   `json:"secret" help:"its value is shown to nobody: a mask stands in its place"`
	Fault       string `json:"fault" help:"what is wrong with the value that counts; blank for nothing"`
}

type valueOut struct {
	Origin string         `json:"origin" help:"device, system, provided, group, organization, global or template"`
	ID     *wispwright.ID `json:"id"`
	Name   string         `json:"name"`
	Value  any            `json:"value"`
}

type spanOut struct {
	From   int            `json:"from"`
	To     int            `json:"to"`
	Origin string         `json:"origin" help:"template, device or hostname"`
	ID     *wispwright.ID `json:"id"`
	Name   string         `json:"name"`
}

type deviceVariablesOut struct {
	Variables []variableOut `json:"variables"`
	Undefined []string      `json:"undefined" help:"used by the configuration and defined nowhere"`
	Unused    []string      `json:"unused" help:"defined by the device, its group, its organization or a template, and used nowhere in its configuration"`
}

// mountVariables adds where the variables of a device come from.
func (h *HTTP) mountVariables(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/controller/device/{id}/variables/", Name: "Device Variables", Noun: "Device", Tag: "controller", Kind: "config.device",
	}, rest.Action(http.MethodGet, "controller_device_variables", http.StatusOK, func(r *rest.Request, _ *rest.None) (deviceVariablesOut, error) {
		list, err := h.c.Devices.Variables(r.Context(), r.ReadScope(), r.ID("id"))
		if err != nil {
			return deviceVariablesOut{}, err
		}
		out := deviceVariablesOut{variablesOf(list), []string{}, []string{}}
		for _, v := range list {
			switch {
			case len(v.Values) == 0 && len(v.Used) > 0:
				out.Undefined = append(out.Undefined, v.Name)
			case len(v.Used) == 0 && given(v):
				out.Unused = append(out.Unused, v.Name)
			}
		}
		return out, nil
	}))
}

// given reports whether people gave a variable, and not the system.
func given(v explain.Variable) bool {
	for _, value := range v.Values {
		switch value.Origin {
		case explain.System, explain.Provided, explain.Global:
			return false
		}
	}
	return true
}

func variablesOf(list []explain.Variable) []variableOut {
	out := make([]variableOut, len(list))
	for i, v := range list {
		out[i] = variableOut{Name: v.Name, Defined: len(v.Values) > 0, Values: []valueOut{}, Used: append([]string{}, v.Used...), Fault: v.Fault}
		if d := v.Declared; d != nil {
			out[i].Type, out[i].Description, out[i].Secret = string(d.Type), d.Description, d.Secret
		}
		for _, value := range v.Values {
			out[i].Values = append(out[i].Values, valueOut{string(value.Origin), idOut(value.ID), value.Name, value.Value})
		}
		if out[i].Defined {
			out[i].Value = v.Values[0].Value
		}
	}
	return out
}

func spansOut(list []explain.Span) []spanOut {
	out := make([]spanOut, len(list))
	for i, s := range list {
		out[i] = spanOut{s.From, s.To, string(s.Origin), idOut(s.ID), s.Name}
	}
	return out
}

func idOut(id wispwright.ID) *wispwright.ID {
	if id.IsZero() {
		return nil
	}
	return &id
}
