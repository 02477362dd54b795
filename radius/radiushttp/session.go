package radiushttp

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
)

// sessionOut is a session on the wire, in the original's order (spec: radius §3c).
type sessionOut struct {
	UniqueID            string        `json:"unique_id"`
	FramedIPAddress     *string       `json:"framed_ip_address"`
	FramedIPv6Address   *string       `json:"framed_ipv6_address"`
	SessionTime         *int64        `json:"session_time"`
	StopTime            moment        `json:"stop_time"`
	UpdateTime          moment        `json:"update_time"`
	InputOctets         *int64        `json:"input_octets"`
	OutputOctets        *int64        `json:"output_octets"`
	SessionID           string        `json:"session_id"`
	Username            *string       `json:"username"`
	GroupName           *string       `json:"groupname"`
	Realm               *string       `json:"realm"`
	NASIPAddress        string        `json:"nas_ip_address"`
	NASPortID           *string       `json:"nas_port_id"`
	NASPortType         *string       `json:"nas_port_type"`
	StartTime           moment        `json:"start_time"`
	Interval            *int64        `json:"interval"`
	Authentication      *string       `json:"authentication"`
	ConnectInfoStart    *string       `json:"connection_info_start"`
	ConnectInfoStop     *string       `json:"connection_info_stop"`
	CalledStationID     *string       `json:"called_station_id"`
	CallingStationID    *string       `json:"calling_station_id"`
	TerminateCause      *string       `json:"terminate_cause"`
	ServiceType         *string       `json:"service_type"`
	FramedProtocol      *string       `json:"framed_protocol"`
	FramedIPv6Prefix    *string       `json:"framed_ipv6_prefix"`
	FramedInterfaceID   *string       `json:"framed_interface_id"`
	DelegatedIPv6Prefix *string       `json:"delegated_ipv6_prefix"`
	Organization        wispwright.ID `json:"organization"`
	StartTimeDisplay    *string       `json:"start_time_display"`
	StopTimeDisplay     *string       `json:"stop_time_display"`
}

func (h *HTTP) newSessionOut(s *radius.Session) sessionOut {
	return sessionOut{
		s.UniqueID, addressText(s.FramedIPAddress), addressText(s.FramedIPv6Address), s.SessionTime, h.moment(s.StopTime), h.moment(s.UpdateTime), s.InputOctets, s.OutputOctets,
		s.SessionID, s.Username, s.GroupName, s.Realm, s.NASAddress.String(), s.NASPortID, s.NASPortType, h.moment(s.StartTime), s.Interval, s.Authentication,
		s.ConnectInfoStart, s.ConnectInfoStop, s.CalledStationID, s.CallingStationID, s.TerminateCause, s.ServiceType, s.FramedProtocol, s.FramedIPv6Prefix,
		s.FramedInterfaceID, s.DelegatedIPv6Prefix, s.OrganizationID, h.shown(s.StartTime), h.shown(s.StopTime),
	}
}

// addressText is an address, nil where there is none.
func addressText(a netip.Addr) *string {
	if !a.IsValid() {
		return nil
	}
	text := a.String()
	return &text
}

// exactFilters compare station ids as they are written (spec: radius §3c).
func (h *HTTP) exactFilters() []rest.Filter[radius.SessionFilter] {
	type filter = radius.SessionFilter
	return append([]rest.Filter[filter]{
		rest.FilterText("username", func(f *filter, v string) { f.Username = v }),
		rest.FilterText("called_station_id", func(f *filter, v string) { f.CalledStationID = v }),
		rest.FilterText("calling_station_id", func(f *filter, v string) { f.CallingStationID = v }),
	}, h.timeFilters()...)
}

// ownFilters are exactFilters for the sessions of one user.
func (h *HTTP) ownFilters() []rest.Filter[radius.SessionFilter] { return h.exactFilters()[1:] }

// managerFilters find stations however their letters and separators are written
// (spec: radius §8.10).
func (h *HTTP) managerFilters() []rest.Filter[radius.SessionFilter] {
	type filter = radius.SessionFilter
	return append([]rest.Filter[filter]{
		rest.FilterText("username", func(f *filter, v string) { f.Username = v }),
		rest.FilterText("called_station_id", func(f *filter, v string) { f.CalledStationIDs = written(v) }),
		rest.FilterText("calling_station_id", func(f *filter, v string) { f.CallingStationIDs = written(v) }),
		rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
		{Name: "organization", Help: "a UUID; anything else means no filter", Apply: func(_ *rest.Request, f *filter, v string) error {
			if id, err := wispwright.ParseID(v); err == nil {
				f.OrganizationID = id
			}
			return nil
		}},
	}, h.timeFilters()...)
}

// written are the ways to write a station id.
func written(id string) wispwright.Among[string] {
	var all []string
	for _, text := range []string{id, strings.ToLower(id), strings.ToUpper(id)} {
		all = append(all, text, strings.ReplaceAll(text, ":", "-"), strings.ReplaceAll(text, "-", ":"))
	}
	slices.Sort(all)
	return wispwright.Only(slices.Compact(all)...)
}

func (h *HTTP) timeFilters() []rest.Filter[radius.SessionFilter] {
	type filter = radius.SessionFilter
	at := func(name string, set func(*filter, time.Time)) rest.Filter[filter] {
		return rest.Filter[filter]{Name: name, Help: "a date or a date and time", Apply: func(_ *rest.Request, f *filter, v string) error {
			t, err := h.readTime(v)
			if err == nil {
				set(f, t)
			}
			return err
		}}
	}
	return []rest.Filter[filter]{
		at("start_time", func(f *filter, t time.Time) { f.StartTimeFrom = t }), at("stop_time", func(f *filter, t time.Time) { f.StoppedUntil = t }),
		rest.FilterBool("is_open", func(f *filter, v bool) { f.IsOpen = &v }),
	}
}

// readTime reads a date or a time; one without zone is in the installation's.
func (h *HTTP) readTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{time.DateOnly, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05.999999"} {
		if t, err := time.ParseInLocation(layout, text, h.zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, wispwright.Invalid("", "Enter a valid date/time.")
}

// sessionList is a list of sessions as the original has it: a plain array, with the
// addresses of other pages in the header Link.
func (h *HTTP) sessionList(id string, filters []rest.Filter[radius.SessionFilter], within func(*rest.Request, *radius.SessionFilter) (wispwright.Scope, error)) rest.Op {
	return rest.Documented[rest.None, []sessionOut](http.StatusOK, rest.Op{Method: "GET", ID: id, Summary: "List sessions", Handle: func(r *rest.Request) (int, any, error) {
		var f radius.SessionFilter
		var wrong wispwright.ValidationError
		for _, one := range filters {
			v := r.Query().Get(one.Name)
			switch {
			case v == "":
				continue
			case strings.ContainsRune(v, 0) || len(v) > 1000:
				wrong.Add(one.Name, "Enter a valid value.")
				continue
			}
			if err := wrong.Merge(one.Name, one.Apply(r, &f, v)); err != nil {
				return 0, nil, err
			}
		}
		if err := wrong.Err(); err != nil {
			return 0, nil, err
		}
		scope, err := within(r, &f)
		if err != nil {
			return 0, nil, err
		}
		page, size, err := pageOf(r)
		if err != nil {
			return 0, nil, err
		}
		found, err := h.r.Accounting.List(r.Context(), scope, f, wispwright.Page{Offset: (page - 1) * size, Limit: size})
		if err != nil {
			return 0, nil, err
		}
		pages := max(1, (found.Total+size-1)/size)
		if page > pages {
			return 0, nil, rest.Fail(http.StatusNotFound, "Invalid page.")
		}
		link(r, page, pages)
		out := make([]sessionOut, len(found.Rows))
		for i, s := range found.Rows {
			out[i] = h.newSessionOut(s)
		}
		return http.StatusOK, out, nil
	}})
}

// pageOf is the page that is asked for: 10 objects, 100 at most.
func pageOf(r *rest.Request) (page, size int, err error) {
	page, size = 1, 10
	if n, err := strconv.Atoi(r.Query().Get("page_size")); err == nil && n > 0 {
		size = min(n, 100)
	}
	if text := r.Query().Get("page"); text != "" {
		if page, err = strconv.Atoi(text); err != nil || page < 1 || page > 1<<31 {
			return 0, 0, rest.Fail(http.StatusNotFound, "Invalid page.")
		}
	}
	return page, size, nil
}

// link tells where the other pages are, in the order of the original: first, prev,
// next, last (spec: radius §3c).
func link(r *rest.Request, page, pages int) {
	to := func(n int, rel string) string {
		q := make(url.Values, len(r.Query()))
		for k, v := range r.Query() {
			q[k] = v
		}
		q.Del("page")
		if n > 1 {
			q.Set("page", strconv.Itoa(n))
		}
		address := r.URL(r.HTTP.URL.EscapedPath())
		if len(q) > 0 {
			address += "?" + q.Encode()
		}
		return "<" + address + `>; rel="` + rel + `"`
	}
	var links []string
	if page > 1 {
		links = append(links, to(1, "first"), to(page-1, "prev"))
	}
	if page < pages {
		links = append(links, to(page+1, "next"), to(pages, "last"))
	}
	if len(links) > 0 {
		r.ResponseHeader().Set("Link", strings.Join(links, ", "))
	}
}

// mountSessions adds the sessions that managers see (spec: radius §8.10).
func (h *HTTP) mountSessions(api *rest.API) {
	api.Mount(&rest.View{Path: "/api/v1/radius/sessions/", Name: "Radius Accounting", Tag: tag, Kind: app + "radiusaccounting"},
		h.sessionList("radius_sessions_list", h.managerFilters(), func(r *rest.Request, _ *radius.SessionFilter) (wispwright.Scope, error) {
			return r.WriteScope(), nil
		}))
}

// rowOut is a session with the id that lists of the API have.
type rowOut struct {
	ID string `json:"id"`
	sessionOut
}

// mountRows adds sessions as other lists of the API are: with their number, in any
// order, one by one.
func (h *HTTP) mountRows(api *rest.API) {
	rest.Mount(api, rest.Resource[string, radius.Session, radius.SessionFilter, rest.None, rowOut]{
		Path: "/api/v1/radius/accounting/", Name: "Accounting Session", Noun: "RadiusAccounting", ID: "radius_accounting", Tag: tag, Kind: app + "radiusaccounting", Only: rest.List | rest.Read,
		Service: h.r.Accounting, Scopes: managed, Filters: h.managerFilters(),
		Out: rest.Each(func(s *radius.Session) rowOut { return rowOut{s.UniqueID, h.newSessionOut(s)} }),
		Ordering: map[string]string{"start_time": "StartTime", "stop_time": "StopTime", "update_time": "UpdateTime", "session_time": "SessionTime", "username": "Username",
			"input_octets": "InputOctets", "output_octets": "OutputOctets"},
	})
}
