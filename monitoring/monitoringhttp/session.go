package monitoringhttp

import (
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring"
)

// sessionOut is a WiFi session (spec: monitoring §11.6).
type sessionOut struct {
	ID            wispwright.ID `json:"id"`
	Organization  string        `json:"organization" help:"the name of the device's organization"`
	Device        string        `json:"device" help:"the name of the device"`
	SSID          string        `json:"ssid"`
	InterfaceName string        `json:"interface_name"`
	Client        clientOut     `json:"client"`
	StartTime     rest.Time     `json:"start_time"`
	StopTime      *rest.Time    `json:"stop_time"`
	Modified      rest.Time     `json:"modified"`
	DeviceID      wispwright.ID `json:"device_id" help:"the id of the device"`
}

type clientOut struct {
	MACAddress string  `json:"mac_address"`
	Vendor     *string `json:"vendor"`
	WiFi6      *string `json:"wifi6" help:"True or False as a text; null: unknown"`
	WiFi5      *string `json:"wifi5"`
	WiFi4      *string `json:"wifi4"`
	WMM        bool    `json:"wmm"`
	WDS        bool    `json:"wds"`
	WPS        bool    `json:"wps"`
}

func (h *HTTP) mountSessions(api *rest.API) {
	type filter = monitoring.WifiSessionFilter
	filters := []rest.Filter[filter]{
		rest.FilterID("device", func(f *filter, id wispwright.ID) { f.DeviceID = id }),
		rest.FilterText("client", func(f *filter, v string) { f.MACAddress = v }),
		rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
		moment("start_time", func(f *filter, t time.Time) { f.StartTime = t }),
		moment("start_time__gt", func(f *filter, t time.Time) { f.StartTimeAfter = t }),
		moment("start_time__gte", func(f *filter, t time.Time) { f.StartTimeFrom = t }),
		moment("start_time__lt", func(f *filter, t time.Time) { f.StartTimeBefore = t }),
		moment("start_time__lte", func(f *filter, t time.Time) { f.StartTimeUntil = t }),
		moment("stop_time", func(f *filter, t time.Time) { f.StopTime = t }),
		moment("stop_time__gt", func(f *filter, t time.Time) { f.StopTimeAfter = t }),
		moment("stop_time__gte", func(f *filter, t time.Time) { f.StopTimeFrom = t }),
		moment("stop_time__lt", func(f *filter, t time.Time) { f.StopTimeBefore = t }),
		moment("stop_time__lte", func(f *filter, t time.Time) { f.StopTimeUntil = t }),
		rest.FilterBool("stop_time__isnull", func(f *filter, v bool) { f.Open = &v }),
	}
	for _, other := range rest.FilterOrganization(func(f *filter, id wispwright.ID) { f.OrganizationID = id }) {
		other.Name = strings.Replace(other.Name, "organization", "device__organization", 1)
		filters = append(filters, other)
	}
	filters = append(filters, rest.Filter[filter]{Name: "device__group", Help: "a UUID", Apply: h.groupFilter})
	rest.Mount(api, rest.Resource[wispwright.ID, monitoring.WifiSession, filter, rest.None, sessionOut]{
		Path: Base + "wifi-session/", Only: rest.List | rest.Read, Name: "Wifi Session", ID: "wifi_session", Tag: tag, Kind: "device_monitoring.wifisession",
		Service: h.m.Sessions, Filters: filters, Out: h.sessionsOut, Ordering: map[string]string{"start_time": "StartTime"},
	})
}

// moment selects by a date with a time; a date alone is refused, as clients are used to.
func moment(name string, set func(*monitoring.WifiSessionFilter, time.Time)) rest.Filter[monitoring.WifiSessionFilter] {
	return rest.Filter[monitoring.WifiSessionFilter]{Name: name, Help: "ISO 8601", Apply: func(_ *rest.Request, f *monitoring.WifiSessionFilter, v string) error {
		t, err := rest.ParseTime(v)
		if err != nil {
			return wispwright.Invalid("", "Enter a valid date/time.")
		}
		set(f, t)
		return nil
	}}
}

// groupFilter selects the sessions of a group's devices.
func (h *HTTP) groupFilter(r *rest.Request, f *monitoring.WifiSessionFilter, v string) error {
	id, err := wispwright.ParseID(v)
	if err != nil {
		return wispwright.Invalid("", "“"+v+"” is not a valid UUID.")
	}
	found, err := h.devices.List(r.Context(), r.ReadScope(), controller.DeviceFilter{GroupID: id}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	devices := make([]wispwright.ID, len(found.Rows))
	for i, d := range found.Rows {
		devices[i] = d.Device.ID
	}
	f.DeviceIDs = wispwright.Only(devices...)
	return nil
}

// sessionsOut maps a page of sessions, with their devices and clients read at once.
func (h *HTTP) sessionsOut(r *rest.Request, rows []*monitoring.WifiSession) ([]sessionOut, error) {
	var addresses []string
	ids := map[wispwright.ID]bool{}
	for _, s := range rows {
		addresses = append(addresses, s.MACAddress)
		ids[s.DeviceID] = true
	}
	clients, err := h.m.Sessions.Clients(r.Context(), addresses...)
	if err != nil {
		return nil, err
	}
	var keys []wispwright.ID
	for id := range ids {
		keys = append(keys, id)
	}
	names := map[wispwright.ID]string{}
	if len(keys) > 0 {
		devices, err := h.devices.List(r.Context(), wispwright.ScopeAll(), controller.DeviceFilter{IDs: wispwright.Only(keys...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, d := range devices.Rows {
			names[d.Device.ID] = d.Device.Name
		}
	}
	organizations := map[wispwright.ID]string{}
	all, err := h.organizations.Names(r.Context(), wispwright.ScopeAll())
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		organizations[o.ID] = o.Name
	}
	out := make([]sessionOut, len(rows))
	for i, s := range rows {
		out[i] = sessionOut{ID: s.ID, Organization: organizations[s.OrganizationID], Device: names[s.DeviceID], SSID: s.SSID, InterfaceName: s.InterfaceName,
			Client: newClientOut(s.MACAddress, clients[s.MACAddress]), StartTime: rest.Time(s.StartTime), Modified: rest.Time(s.Modified), DeviceID: s.DeviceID}
		if s.StopTime != nil {
			at := rest.Time(*s.StopTime)
			out[i].StopTime = &at
		}
	}
	return out, nil
}

func newClientOut(mac string, c *monitoring.WifiClient) clientOut {
	out := clientOut{MACAddress: mac}
	if c == nil {
		return out
	}
	text := func(b *bool) *string {
		if b == nil {
			return nil
		}
		s := "False"
		if *b {
			s = "True"
		}
		return &s
	}
	out.Vendor = rest.Null(c.Vendor)
	out.WiFi6, out.WiFi5, out.WiFi4 = text(c.HE), text(c.VHT), text(c.HT)
	out.WMM, out.WDS, out.WPS = c.WMM, c.WDS, c.WPS
	return out
}
