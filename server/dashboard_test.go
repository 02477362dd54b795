package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/dashboard"
	"github.com/wispwright/wispwright/server/dashboard/sysinfo"
)

// charted is a vendor's concern with charts.
type charted struct {
	mine
	charts []dashboard.Chart
}

func (c *charted) Charts() []dashboard.Chart { return c.charts }

func vendorsChart(at int, err error) dashboard.Chart {
	return dashboard.Chart{Name: "tickets", Label: "Tickets", Position: at, Kind: "config.template", Slices: func(context.Context, wispwright.Scope) ([]dashboard.Slice, error) {
		return []dashboard.Slice{{Label: "<b>open</b>", Value: 2}}, err
	}}
}

type shownChart struct {
	Name, Model string
	Hidden      bool
	Failed      bool
	Total       int
	Slices      []shownSlice
	Watch       []string
	QuickLink   map[string]string `json:"quick_link"`
}

type shownSlice struct {
	Label   string
	Value   int
	URL     string
	Filters map[string]string
}

func chartsOf(t *testing.T, s *server.Server, who string) (names []string, by map[string]shownChart) {
	t.Helper()
	w := told(t, s, who, "GET", dashboard.Base, "")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	var out struct{ Charts []shownChart }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	by = map[string]shownChart{}
	for _, c := range out.Charts {
		names, by[c.Name] = append(names, c.Name), c
	}
	return names, by
}

// The charts count what the caller's organizations have, and each part leads to a
// list of as many objects.
func TestDashboard(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		hours := vendorsChart(40, nil)
		hours.Name, hours.Kind = "hours", "support.hour"
		vendor := &charted{mine{"support", func(context.Context, *server.Host) error { return nil }}, []dashboard.Chart{vendorsChart(5, nil), hours}}
		s := newServer(t, db, nil, vendor)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		ids := identifiers(t, s)
		device := func(name, mac, organization, more string) {
			w := told(t, s, "a", "POST", "/api/v1/controller/device/", `{"name":"`+name+`","mac_address":"`+mac+`","organization":"`+ids[organization]+`"`+more+`}`)
			require.Equal(t, http.StatusCreated, w.Code, w.Body)
		}
		before, _ := chartsOf(t, s, "a")
		require.Equal(t, []string{"monitoring_status", "config_status", "geographic_positioning", "tickets", "device_models", "firmware_versions", "system_types", "wifi_sessions", "device_groups", "radius_sessions", "radius_traffic", "hours"}, before)
		_, counts := chartsOf(t, s, "b")
		models := counts["device_models"].Total
		const config = `,"config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{},"config":{"general":{}}}`
		device("one", "02:00:00:00:01:01", "org_alpha", `,"model":"Box <i>1</i>","os":"OpenWrt 24.10"`+config)
		device("two", "02:00:00:00:01:02", "org_alpha", `,"model":"Box <i>1</i> plus"`)
		device("theirs", "02:00:00:00:01:03", "org_beta", `,"model":"Secret"`+config)

		found := told(t, s, "a", "GET", "/api/v1/controller/device/?search=two", "")
		var devices struct{ Results []struct{ ID string } }
		require.NoError(t, json.Unmarshal(found.Body.Bytes(), &devices))
		require.Equal(t, http.StatusOK, told(t, s, "a", "POST", "/api/v1/controller/device/"+devices.Results[0].ID+"/deactivate/", "").Code)

		_, manager := chartsOf(t, s, "b")
		require.Equal(t, manager["device_models"].Total, manager["monitoring_status"].Total)
		_, root := chartsOf(t, s, "a")
		require.Equal(t, models+2, manager["device_models"].Total)
		require.Greater(t, root["device_models"].Total, manager["device_models"].Total)
		labels := []string{}
		for _, part := range manager["device_models"].Slices {
			labels = append(labels, part.Label)
		}
		require.Contains(t, labels, "Box <i>1</i>")
		require.NotContains(t, labels, "Secret")
		paths := map[string]string{"config.device": "/api/v1/controller/device/", "config.devicegroup": "/api/v1/controller/group/"}
		followed := 0
		for name, c := range manager {
			for _, part := range c.Slices {
				path, ok := paths[c.Model]
				if !ok || part.Filters == nil {
					continue
				}
				_, query, _ := strings.Cut(part.URL, "?")
				var list struct{ Count int }
				w := told(t, s, "b", "GET", path+"?"+query, "")
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
				require.Equal(t, part.Value, list.Count, "%s: %s", name, part.URL)
				followed++
			}
		}
		require.Greater(t, followed, 7)

		require.Equal(t, http.StatusForbidden, told(t, s, "d", "GET", dashboard.Base, "").Code)
		require.Equal(t, http.StatusUnauthorized, told(t, s, "", "GET", dashboard.Base, "").Code)
		// who may neither view nor change a kind does not see its chart
		names, _ := chartsOf(t, s, "c")
		require.Contains(t, names, "config_status")
		require.NotContains(t, names, "hours")
		require.Contains(t, before, "hours")
	})
}

// Everybody has an order of their own.
func TestDashboardLayout(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil, &charted{mine{"support", func(context.Context, *server.Host) error { return nil }}, []dashboard.Chart{vendorsChart(5, errors.New("broken"))}})
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	const path = dashboard.Base + "layout/"
	for body, want := range map[string]string{
		`{"order":["nope"]}`:                           `{"order":["\"nope\" is no chart."]}`,
		`{"hidden":["config_status","config_status"]}`: `{"hidden":["\"config_status\" is there twice."]}`,
		`{"order":"config_status"}`:                    `order`,
		`{"order":[3]}`:                                `order`,
	} {
		w := told(t, s, "b", "PUT", path, body)
		require.Equal(t, http.StatusBadRequest, w.Code, body)
		require.Contains(t, w.Body.String(), want)
	}
	w := told(t, s, "b", "PUT", path, `{"order":["device_models","tickets"],"hidden":["config_status"]}`)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	w = told(t, s, "b", "PATCH", path, `{"hidden":["config_status","system_types"]}`)
	require.JSONEq(t, `{"order":["device_models","tickets"],"hidden":["config_status","system_types"]}`, w.Body.String())
	names, charts := chartsOf(t, s, "b")
	require.Equal(t, []string{"device_models", "tickets", "monitoring_status", "config_status"}, names[:4])
	require.True(t, charts["config_status"].Hidden)
	require.Empty(t, charts["config_status"].Slices)
	require.True(t, charts["tickets"].Failed, "one that cannot be read does not take the others along")
	require.False(t, charts["device_models"].Failed)
	names, _ = chartsOf(t, s, "e")
	require.Equal(t, "monitoring_status", names[0])
	require.Equal(t, http.StatusNoContent, told(t, s, "b", "DELETE", path, "").Code)
	require.JSONEq(t, `{"order":[],"hidden":[]}`, told(t, s, "b", "GET", path, "").Body.String())
}

// Two charts at one place are a mistake that the start tells of.
func TestChartsAtOnePlace(t *testing.T) {
	c, all := parts(t)
	all = append(all, &charted{mine{"support", func(context.Context, *server.Host) error { return nil }}, []dashboard.Chart{vendorsChart(1, nil)}})
	db := testkit.SQLite(t)
	require.NoError(t, server.Migrate(t.Context(), db, all))
	_, err := server.New(t.Context(), db, &server.Options{Config: c.Config, Concerns: all})
	require.ErrorContains(t, err, `the charts "config_status" and "tickets" are both at position 1`)
}

// Superusers read what the installation is made of, nobody else.
func TestSystemInformation(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	var out struct {
		Version, Database string
		Parts             []string
		Packages          []struct{ Name, Version string }
	}
	w := told(t, s, "a", "GET", sysinfo.Path, "")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	require.Equal(t, "test", out.Version)
	require.Equal(t, "sqlite", out.Database)
	require.Contains(t, out.Parts, "controller")
	for who, want := range map[string]int{"b": http.StatusForbidden, "c": http.StatusForbidden, "d": http.StatusForbidden, "": http.StatusUnauthorized} {
		w = told(t, s, who, "GET", sysinfo.Path, "")
		require.Equal(t, want, w.Code, who)
		require.NotContains(t, w.Body.String(), "sqlite")
	}
}
