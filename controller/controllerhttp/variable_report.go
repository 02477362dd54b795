package controllerhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/explain"
	"github.com/wispwright/wispwright/kit/rest"
)

// undefinedOut is a variable that configurations use and nobody defines.
type undefinedOut struct {
	Name     string        `json:"name"`
	Used     []string      `json:"used" help:"the templates that name it; empty: only values of other variables do"`
	Own      bool          `json:"own" help:"whether configurations of devices name it themselves"`
	Devices  int           `json:"devices" help:"how many devices lack it"`
	Sample   string        `json:"sample" help:"the name of one of them"`
	SampleID wispwright.ID `json:"sample_id"`
}

// unusedOut is a variable that a level defines and no configuration of it uses.
type unusedOut struct {
	Name    string        `json:"name"`
	Origin  string        `json:"origin" help:"the level that defines it: organization, group, template or device"`
	ID      wispwright.ID `json:"id" help:"the organization, group or template; one of the devices"`
	Of      string        `json:"of" help:"its name, blank for the organization"`
	Devices int           `json:"devices" help:"how many devices define it, 0 for other levels"`
}

type variableReportOut struct {
	Devices   int            `json:"devices" help:"how many configurations in service were looked at"`
	Undefined []undefinedOut `json:"undefined"`
	Unused    []unusedOut    `json:"unused"`
}

// mountVariableReport adds which variables of an organization are not defined, and which
// are not used.
func (h *HTTP) mountVariableReport(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/controller/organization/{id}/variable-report/", Name: "Organization Variable Report", Noun: "Organization", Tag: "controller",
		Kind: "config.organizationconfigsettings",
	},
		rest.Action(http.MethodGet, "controller_organization_variable_report", http.StatusOK, func(r *rest.Request, _ *rest.None) (variableReportOut, error) {
			report, err := h.c.Settings.Report(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return variableReportOut{}, err
			}
			return newVariableReportOut(report), nil
		}))
}

func newVariableReportOut(r *explain.Report) variableReportOut {
	out := variableReportOut{Devices: r.Devices, Undefined: []undefinedOut{}, Unused: []unusedOut{}}
	for _, u := range r.Undefined {
		one := undefinedOut{Name: u.Name, Used: []string{}, Devices: u.Devices, Sample: u.Sample, SampleID: u.SampleID}
		for _, by := range u.Used {
			if one.Own = one.Own || by == ""; by != "" {
				one.Used = append(one.Used, by)
			}
		}
		out.Undefined = append(out.Undefined, one)
	}
	for _, u := range r.Unused {
		out.Unused = append(out.Unused, unusedOut{u.Name, string(u.Origin), u.ID, u.Of, u.Devices})
	}
	return out
}
