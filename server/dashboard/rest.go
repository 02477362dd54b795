package dashboard

import (
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/kit/rest"
)

// Base is where the API has the dashboard.
const Base = "/api/v1/dashboard/"

type chartsOut struct {
	Charts []chartOut `json:"charts" help:"in the caller's order"`
}

type chartOut struct {
	Name      string     `json:"name"`
	Label     string     `json:"label"`
	Position  int        `json:"position"`
	Hidden    bool       `json:"hidden" help:"the caller chose not to see it; it has no slices then"`
	Model     string     `json:"model" help:"whose list the slices lead to, such as config.device"`
	Watch     []string   `json:"watch" help:"kinds of objects whose changes change the numbers, see /ws/live/"`
	Unit      string     `json:"unit" help:"empty: objects are counted"`
	Total     int64      `json:"total"`
	Slices    []sliceOut `json:"slices"`
	QuickLink *linkOut   `json:"quick_link"`
	Failed    bool       `json:"failed" help:"the numbers cannot be read at the moment"`
}

type sliceOut struct {
	Label   string            `json:"label" help:"text, not HTML"`
	Value   int64             `json:"value"`
	Color   string            `json:"color"`
	Status  string            `json:"status" help:"ok, waiting, problem, critical, off, unknown, or empty"`
	Filters map[string]string `json:"filters" help:"parameters of the list; null: it leads nowhere"`
	URL     string            `json:"url" help:"the filtered list in the web admin"`
}

type linkOut struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

type layoutIn struct {
	Order  rest.Opt[[]string] `json:"order" help:"Names of charts, from the first one on; the others follow."`
	Hidden rest.Opt[[]string] `json:"hidden" help:"Names of charts that are not shown."`
}

type layoutOut struct {
	Order  []string `json:"order"`
	Hidden []string `json:"hidden"`
}

func layoutOf(l Layout) layoutOut {
	return layoutOut{Order: append([]string{}, l.Order...), Hidden: append([]string{}, l.Hidden...)}
}

// Mount adds the endpoints to an API: the charts with their numbers, and the
// caller's layout.
func Mount(api *rest.API, registry *Registry, layouts *Layouts, log *slog.Logger) {
	const tag = "dashboard"
	api.Mount(&rest.View{Path: Base, Name: "Dashboard", Tag: tag},
		rest.Action(http.MethodGet, "dashboard_list", http.StatusOK, func(r *rest.Request, _ *rest.None) (chartsOut, error) {
			layout, err := layouts.Of(r.Context(), r.Caller.ID)
			if err != nil {
				return chartsOut{}, err
			}
			out := chartsOut{Charts: []chartOut{}}
			for _, c := range layout.Arrange(registry.charts) {
				if c.SeenBy(r.Caller) {
					out.Charts = append(out.Charts, shown(r, c, slices.Contains(layout.Hidden, c.Name), log))
				}
			}
			return out, nil
		}))
	change := func(r *rest.Request, in *layoutIn, from Layout) (layoutOut, error) {
		if in.Order.Set {
			from.Order = in.Order.V
		}
		if in.Hidden.Set {
			from.Hidden = in.Hidden.V
		}
		if err := from.Check(registry.charts); err != nil {
			return layoutOut{}, err
		}
		return layoutOf(from), layouts.Save(r.Context(), r.Caller.ID, from)
	}
	api.Mount(&rest.View{Path: Base + "layout/", Name: "Dashboard layout", Tag: tag},
		rest.Action(http.MethodGet, "dashboard_layout_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (layoutOut, error) {
			layout, err := layouts.Of(r.Context(), r.Caller.ID)
			return layoutOf(layout), err
		}),
		rest.Action(http.MethodPut, "dashboard_layout_update", http.StatusOK, func(r *rest.Request, in *layoutIn) (layoutOut, error) {
			return change(r, in, Layout{})
		}),
		rest.Action(http.MethodPatch, "dashboard_layout_partial_update", http.StatusOK, func(r *rest.Request, in *layoutIn) (layoutOut, error) {
			// a chart whose concern is gone since may stay in what the caller does not change
			layout, err := layouts.Of(r.Context(), r.Caller.ID)
			if err != nil {
				return layoutOut{}, err
			}
			return change(r, in, layout.known(registry.charts))
		}),
		rest.Action(http.MethodDelete, "dashboard_layout_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			return rest.None{}, layouts.Forget(r.Context(), r.Caller.ID)
		}))
}

// known leaves out the names that are no charts any more.
func (l *Layout) known(charts []Chart) Layout {
	gone := func(name string) bool {
		return !slices.ContainsFunc(charts, func(c Chart) bool { return c.Name == name })
	}
	return Layout{Order: slices.DeleteFunc(slices.Clone(l.Order), gone), Hidden: slices.DeleteFunc(slices.Clone(l.Hidden), gone)}
}

// shown is a chart with its numbers. One that cannot be read does not take the
// others with it.
func shown(r *rest.Request, c Chart, hidden bool, log *slog.Logger) chartOut {
	out := chartOut{Name: c.Name, Label: c.Label, Position: c.Position, Hidden: hidden, Model: c.Kind, Watch: c.Watch, Unit: c.Unit, Slices: []sliceOut{}}
	if c.QuickLink != nil {
		out.QuickLink = &linkOut{c.QuickLink.Label, c.QuickLink.URL}
	}
	if hidden {
		return out
	}
	parts, total, err := c.Read(r.Context(), r.ReadScope())
	if err != nil {
		log.ErrorContext(r.Context(), "a chart of the dashboard cannot be read", "chart", c.Name, "error", err)
		out.Failed = true
		return out
	}
	out.Total = total
	for _, s := range parts {
		one := sliceOut{Label: s.Label, Value: s.Value, Color: s.Color, Status: s.Status}
		if s.Filters != nil {
			one.Filters = maps.Clone(c.Filters)
			if one.Filters == nil {
				one.Filters = map[string]string{}
			}
			maps.Copy(one.Filters, s.Filters)
			one.URL = listOf(c.Kind, one.Filters)
		}
		out.Slices = append(out.Slices, one)
	}
	return out
}

// listOf is a filtered list at the address that the reference's admin has it at,
// which ours understands.
func listOf(kind string, filters map[string]string) string {
	query := url.Values{}
	for name, value := range filters {
		query.Set(name, value)
	}
	at := "/admin/" + strings.Replace(kind, ".", "/", 1) + "/"
	if len(query) == 0 {
		return at
	}
	return at + "?" + query.Encode()
}
