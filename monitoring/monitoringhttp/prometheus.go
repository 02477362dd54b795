package monitoringhttp

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// exposedFor is for how long a value is told after it was measured: three times as long as
// agents and checks usually wait.
const exposedFor = 15 * time.Minute

func (h *HTTP) mountPrometheus(api *rest.API) {
	api.Mount(&rest.View{
		Path: Base + "prometheus/", Name: "Prometheus", Tag: tag, Access: rest.Authenticated,
		Description: "The last values of all devices that the caller may see, for Prometheus: scrape it with the token of an account. Values older than 15 minutes are left out.",
	}, rest.Op{
		Method: http.MethodGet, ID: "monitoring_prometheus", Summary: "The fleet's last values", Handle: h.prometheus,
		Doc: rest.Doc{Answers: map[int]rest.DocAnswer{http.StatusOK: {Description: "The text format of Prometheus."}}},
	})
}

// families are metrics by name.
type families map[string]*dto.MetricFamily

func (f families) add(name, help string, kind dto.MetricType, value float64, labels []*dto.LabelPair) {
	family := f[name]
	if family == nil {
		family = &dto.MetricFamily{Name: &name, Help: &help, Type: &kind}
		f[name] = family
	}
	m := &dto.Metric{Label: labels}
	if kind == dto.MetricType_COUNTER {
		m.Counter = &dto.Counter{Value: &value}
	} else {
		m.Gauge = &dto.Gauge{Value: &value}
	}
	family.Metric = append(family.Metric, m)
}

func (f families) gauge(name, help string, value float64, labels []*dto.LabelPair) {
	f.add(name, help, dto.MetricType_GAUGE, value, labels)
}

// label adds one to those of a device.
func label(labels []*dto.LabelPair, name, value string) []*dto.LabelPair {
	return append(slices.Clip(labels), &dto.LabelPair{Name: &name, Value: &value})
}

// prometheus answers with the last values of the devices that the caller may see.
func (h *HTTP) prometheus(r *rest.Request) (int, any, error) {
	if !r.Can("config.view_device") && !r.Can("config.change_device") {
		return 0, nil, wispwright.ErrForbidden
	}
	scope := r.ReadScope()
	found, err := h.devices.List(r.Context(), scope, controller.DeviceFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, nil, err
	}
	names, err := h.organizations.Names(r.Context(), wispwright.ScopeAll())
	if err != nil {
		return 0, nil, err
	}
	slugs := make(map[wispwright.ID]string, len(names))
	for _, o := range names {
		slugs[o.ID] = o.Slug
	}
	statuses, err := h.statuses(r.Context(), found.Rows...)
	if err != nil {
		return 0, nil, err
	}
	now := h.o.Clock()
	latest, err := h.m.Latest(r.Context(), now.Add(-exposedFor))
	if errors.Is(err, monitoring.ErrNoLatest) {
		return 0, nil, rest.Fail(http.StatusNotImplemented, "The time-series store has an interface of its own for this: let Grafana ask it.")
	}
	if err != nil {
		return 0, nil, err
	}
	out := families{}
	for _, d := range found.Rows {
		slug, active := slugs[d.Device.OrganizationID]
		if !active || d.Device.IsDeactivated {
			continue
		}
		labels := label(label(label(nil, "organization", slug), "device", d.Device.ID.String()), "name", d.Device.Name)
		status := statusOf(d.Device, statuses)
		for _, s := range []string{statusUnknown, "ok", "problem", "critical"} {
			value := 0.0
			if s == status {
				value = 1
			}
			out.gauge("wispwright_device_status", "How a device is: 1 for its status.", value, label(labels, "status", s))
		}
		if l := latest[d.Device.ID]; l != nil {
			out.device(l, labels, now)
		}
	}
	if len(out) == 0 { // an answer of nothing is no failure
		out.gauge("wispwright_devices", "How many devices the caller may see.", 0, nil)
	} else {
		out.gauge("wispwright_devices", "How many devices the caller may see.", float64(len(found.Rows)), nil)
	}
	format := expfmt.NegotiateAccept(r.HTTP.Header, expfmt.DefaultAcceptedFormats()...)
	var b bytes.Buffer
	enc := expfmt.NewEncoder(&b, format)
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if err := enc.Encode(out[name]); err != nil {
			return 0, nil, err
		}
	}
	if c, ok := enc.(expfmt.Closer); ok {
		if err := c.Close(); err != nil {
			return 0, nil, err
		}
	}
	return http.StatusOK, rest.Raw{ContentType: string(format), Body: b.Bytes()}, nil
}

// device adds the values of one device.
func (f families) device(l *monitoring.LatestOf, labels []*dto.LabelPair, now time.Time) {
	if !l.Document.IsZero() {
		f.gauge("wispwright_device_document_age_seconds", "How old the last document of a device is.", now.Sub(l.Document).Seconds(), labels)
		if l.Uptime > 0 {
			f.gauge("wispwright_device_uptime_seconds", "For how long a device ran.", float64(l.Uptime), labels)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Interfaces)) {
		c, of := l.Interfaces[name], label(labels, "interface", name)
		f.add("wispwright_device_receive_bytes_total", "Bytes that an interface received, as its device counts.", dto.MetricType_COUNTER, float64(c.Received), of)
		f.add("wispwright_device_transmit_bytes_total", "Bytes that an interface sent, as its device counts.", dto.MetricType_COUNTER, float64(c.Sent), of)
	}
	slices.SortFunc(l.Points, func(a, b timeseries.LatestPoint) int { // of a series whose place changed the later one counts
		return cmp.Or(cmp.Compare(a.Measurement, b.Measurement), cmp.Compare(a.Tags.Get("ifname"), b.Tags.Get("ifname")), b.Time.Compare(a.Time))
	})
	told := map[string]bool{}
	for i := range l.Points {
		p := &l.Points[i]
		if p.Measurement == "traffic" { // its counters are told
			continue
		}
		ifname, of := p.Tags.Get("ifname"), labels
		if ifname != "" {
			of = label(labels, "interface", ifname)
		}
		one := func(name, help string, v float64) {
			if key := name + "\x00" + ifname; !told[key] {
				told[key] = true
				f.gauge(name, help, v, of)
			}
		}
		if p.Count > 0 || p.Measurement == "wifi_clients" {
			one("wispwright_device_"+exposed(p.Measurement), "How many there are at an interface.", float64(p.Count))
			continue
		}
		for _, field := range p.Fields {
			if k := field.Value.Kind(); k != timeseries.IntKind && k != timeseries.FloatKind && k != timeseries.BoolKind {
				continue
			}
			name := exposed(p.Measurement)
			if field.Name != p.Measurement && !(strings.HasPrefix(p.Measurement, "custom_") && field.Name == "value") {
				name += "_" + exposed(field.Name)
			}
			one("wispwright_device_"+name, "The last value of the metric "+p.Measurement+".", field.Value.Float())
		}
	}
}

// exposed makes a name that Prometheus takes.
func exposed(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, s)
}
