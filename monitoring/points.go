package monitoring

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Device is what monitoring needs to know of a device.
type Device struct {
	// ID identifies it, OrganizationID is its tenant.
	ID, OrganizationID wispwright.ID
	// Name is its name.
	Name string
	// LocationID and FloorplanID are where it is; zero: unknown.
	LocationID, FloorplanID wispwright.ID
}

// place are the tags of traffic and clients that may change, as texts.
type place struct{ organization, location, floorplan string }

func (d *Device) place() place {
	return place{d.OrganizationID.String(), d.LocationID.String(), d.FloorplanID.String()}
}

// reading are the values of one metric in a document.
type reading struct {
	config *MetricConfig
	name   string
	ifname string // its main tag, "" for none
	placed bool   // with the tags of the place
	fields []timeseries.Field
	texts  []string // one point each, a microsecond apart
}

// What a device may make the server keep by one document, and in metrics: far more than
// any has.
const (
	mostInterfaces = 1000
	mostClients    = 5000
	mostMetrics    = 5000
)

// readings returns what is measured in a document, in the order in which it is written
// (spec: monitoring §9). What cannot be read is left out alone.
func (r *Registry) readings(doc *ordered.Object, now, before *memory, counted bool) (out []reading) {
	interfaces, _ := list(doc, "interfaces")
	for _, v := range interfaces[:min(len(interfaces), mostInterfaces)] {
		i, _ := v.(*ordered.Object)
		raw := text(i, "name")
		ifname := NormaliseKey(raw)
		if ifname == "" {
			continue
		}
		out = append(out, r.signals(object(object(i, "mobile"), "signal"), ifname)...)
		if _, ok := now.Counters[raw]; ok && counted {
			if c := r.Metric("traffic"); c != nil {
				rx, tx := now.grown(before, raw)
				out = append(out, reading{config: c, name: raw + " traffic", ifname: ifname, placed: true, fields: []timeseries.Field{
					{Name: "rx_bytes", Value: timeseries.Int(rx)}, {Name: "tx_bytes", Value: timeseries.Int(tx)}}})
			}
		}
		if clients, ok := list(object(i, "wireless"), "clients"); ok {
			if c := r.Metric("clients"); c != nil {
				read := reading{config: c, name: raw + " wifi clients", ifname: ifname, placed: true}
				for _, v := range clients[:min(len(clients), mostClients)] {
					client, _ := v.(*ordered.Object)
					if mac := text(client, "mac"); mac != "" {
						read.texts = append(read.texts, mac)
					}
				}
				out = append(out, read)
			}
		}
	}
	return append(out, r.resources(object(doc, "resources"))...)
}

// float adds a number as a field, if there is one.
func float(fields []timeseries.Field, name string, o *ordered.Object, of ...string) []timeseries.Field {
	for _, key := range of {
		if f, ok := number(o, key); ok {
			return append(fields, timeseries.Field{Name: name, Value: timeseries.Float(f)})
		}
	}
	return fields
}

// signals reads a modem.
func (r *Registry) signals(signal *ordered.Object, ifname string) (out []reading) {
	section, index := technology(signal)
	if section == nil {
		return nil
	}
	add := func(kind, name string, fields []timeseries.Field) {
		if c := r.Metric(kind); c != nil && len(fields) > 0 {
			out = append(out, reading{config: c, name: name, ifname: ifname, fields: fields})
		}
	}
	add("signal_strength", "signal strength", float(float(nil, "signal_strength", section, "rssi"), "signal_power", section, "rsrp", "rscp"))
	// of several the last one counts
	add("signal_quality", "signal quality", float(float(nil, "signal_quality", section, "rsrq"), "snr", section, "sinr", "ecio", "snr"))
	add("access_tech", "access technology", []timeseries.Field{{Name: "access_tech", Value: timeseries.Int(int64(index))}})
	return out
}

// resources reads load, disks and memory.
func (r *Registry) resources(resources *ordered.Object) (out []reading) {
	add := func(kind string, fields []timeseries.Field) {
		if c := r.Metric(kind); c != nil && len(fields) > 0 {
			out = append(out, reading{config: c, name: c.Name, fields: fields})
		}
	}
	add("cpu", cpuFields(resources))
	add("disk", diskFields(resources))
	add("memory", memoryFields(object(resources, "memory")))
	return out
}

func cpuFields(resources *ordered.Object) []timeseries.Field {
	load, _ := list(resources, "load")
	cpus, ok := number(resources, "cpus")
	if !ok || cpus <= 0 || len(load) < 3 {
		return nil
	}
	var values [3]float64
	for i := range values {
		n, ok := load[i].(ordered.Number)
		if !ok {
			return nil
		}
		f, err := n.Float64()
		if err != nil {
			return nil
		}
		values[i] = f
	}
	return []timeseries.Field{{Name: "cpu_usage", Value: timeseries.Float(100 * values[0] / cpus)}, {Name: "load_1", Value: timeseries.Float(values[0])},
		{Name: "load_5", Value: timeseries.Float(values[1])}, {Name: "load_15", Value: timeseries.Float(values[2])}}
}

func diskFields(resources *ordered.Object) []timeseries.Field {
	disks, _ := list(resources, "disk")
	var used, size float64
	for _, v := range disks {
		d, _ := v.(*ordered.Object)
		u, _ := number(d, "used_bytes")
		s, _ := number(d, "size_bytes")
		used, size = used+u, size+s
	}
	if size <= 0 {
		return nil
	}
	return []timeseries.Field{{Name: "used_disk", Value: timeseries.Float(100 * used / size)}}
}

func memoryFields(m *ordered.Object) []timeseries.Field {
	total, ok := number(m, "total")
	if !ok || total <= 0 {
		return nil
	}
	free, _ := number(m, "free")
	buffered, _ := number(m, "buffered")
	if available, ok := number(m, "available"); ok && available > free {
		free = available
	}
	fields := []timeseries.Field{{Name: "percent_used", Value: timeseries.Float(100 * (1 - (free+buffered)/total))}}
	for _, name := range []string{"total", "free", "buffered", "shared", "cached", "available"} {
		if n, ok := integer(m, name); ok {
			fields = append(fields, timeseries.Field{Name: name + "_memory", Value: timeseries.Int(n)})
		}
	}
	return fields
}

// points makes the points of a metric.
func (r *reading) points(m *knownMetric, at time.Time) []timeseries.Point {
	class := timeseries.Default
	if r.config.Short {
		class = timeseries.Short
	}
	if r.texts == nil && len(r.fields) == 0 {
		return nil
	}
	if len(r.fields) > 0 {
		return []timeseries.Point{{Measurement: m.Key, Tags: m.tags, Time: at, Fields: r.fields, Class: class}}
	}
	out := make([]timeseries.Point, len(r.texts))
	fields := make([]timeseries.Field, len(r.texts))
	for i, s := range r.texts {
		fields[i] = timeseries.Field{Name: m.FieldName, Value: timeseries.Text(s)}
		out[i] = timeseries.Point{Measurement: m.Key, Tags: m.tags, Time: at.Add(time.Duration(i) * time.Microsecond), Class: class, Fields: fields[i : i+1 : i+1]}
	}
	return out
}
