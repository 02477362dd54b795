package controllerhttp

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

// mountDevices adds devices: the list with its short form and the detail with
// the whole configuration (spec: controller-config §12.4).
func (h *HTTP) mountDevices(api *rest.API) {
	rest.Mount(api, rest.Resource[wispwright.ID, controller.Detail, controller.DeviceFilter, deviceIn, deviceOut]{
		Path: "/api/v1/controller/device/",
		Name: "Device", Noun: "Device", ID: "controller_device", Tag: "controller", Kind: "config.device",
		// the text and its break are OpenWISP's
		Description: "Templates: Templates flagged as required will be added automatically\n           to the `config` of a device and cannot be unassigned.",
		Choices:     map[string][]rest.Choice{"config.backend": h.backendChoices()},
		Service:     h.c.Devices,
		Check:       h.checkDevice,
		New: func(*rest.Request) (*controller.Detail, error) {
			return &controller.Detail{Device: &controller.Device{}}, nil
		},
		Apply:        h.applyDevice,
		Organization: deviceOrganization,
		Version:      deviceVersion,
		Out:          h.devicesOut,
		Filters:      h.DeviceFilters(),
		Ordering: map[string]string{"name": "Name", "mac_address": "MACAddress", "model": "Model", "os": "OS", "system": "System",
			"last_ip": "LastIP", "management_ip": "ManagementIP", "created": "Created", "modified": "Modified", "last_seen": "LastSeen"},
		Unique: map[string]error{
			controller.UniqueDeviceMAC: wispwright.Invalid("non_field_errors", "The fields mac_address, organization must make a unique set."),
			controller.UniqueDeviceKey: wispwright.Invalid("key", "Device with this key already exists."),
		},
		Detail: rest.Item[wispwright.ID, controller.Detail, controller.DeviceFilter, deviceDetailIn, deviceDetailOut]{
			Check:  h.checkDeviceDetail,
			Apply:  h.applyDeviceDetail,
			Frozen: func(d *controller.Detail) bool { return d.Device.IsDeactivated },
			Delete: func(r *rest.Request, id wispwright.ID) error {
				return h.c.Devices.Delete(r.Context(), r.WriteScope(), id, r.Query().Get("force") == "true")
			},
			Out: h.devicesDetailOut,
		},
	})
}

// deviceVersion is what people change of a device. Addresses and the state of
// the configuration change by themselves.
func deviceVersion(d *controller.Detail) []any {
	v := []any{d.Device.Name, d.Device.OrganizationID, d.Device.MACAddress, d.Device.KeyDigest, d.Device.Model, d.Device.OS, d.Device.System,
		d.Device.Notes, d.Device.GroupID, d.Device.HardwareID, d.Device.IsDeactivated}
	if c := d.Config; c != nil {
		v = append(v, c.Backend, c.Templates, string(c.Context), string(c.Config))
	}
	return v
}

func deviceOrganization(d *controller.Detail) wispwright.ID { return d.Device.OrganizationID }

// DeviceFilters are the parameters of the list of devices, for others that
// select devices.
func (h *HTTP) DeviceFilters() []rest.Filter[controller.DeviceFilter] {
	filters := h.ownDeviceFilters()
	for _, f := range h.options.DeviceFilters {
		filters = slices.DeleteFunc(filters, func(have rest.Filter[controller.DeviceFilter]) bool { return have.Name == f.Name })
	}
	return append(filters, h.options.DeviceFilters...)
}

// ownDeviceFilters are those of the controller itself.
func (h *HTTP) ownDeviceFilters() []rest.Filter[controller.DeviceFilter] {
	type filter = controller.DeviceFilter
	var statuses []string
	for _, s := range controller.Statuses() {
		statuses = append(statuses, string(s))
	}
	return append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		rest.FilterText("name", func(f *filter, v string) { f.NameContains = v }),
		rest.FilterText("mac_address", func(f *filter, v string) { f.MACAddressContains = v }),
		rest.FilterChoice("config__status", statuses, func(f *filter, v string) { f.Status = controller.Status(v) }),
		rest.FilterChoice("config__backend", h.backendPaths(), func(f *filter, v string) { f.Backend = v }),
		rest.Filter[filter]{Name: "config__templates", Help: "the UUID of a template", Apply: func(_ *rest.Request, f *filter, v string) error {
			id, err := wispwright.ParseID(v)
			if err != nil { // a plain string, unlike every other fault (§12.4)
				return &rest.Failure{Status: http.StatusBadRequest, Body: map[string]string{"config__templates": "Invalid UUID format"}}
			}
			if id.IsZero() { // well formed, but no template's
				return rest.ErrNothing
			}
			f.TemplateID = id
			return nil
		}},
		rest.FilterRelation("group", h.groupKnown, func(f *filter, v wispwright.ID) { f.GroupID = v }),
		rest.FilterTime("created", func(f *filter, v time.Time) { f.Created = v }),
		rest.FilterTime("created__gte", func(f *filter, v time.Time) { f.CreatedFrom = v }),
		rest.FilterTime("created__lt", func(f *filter, v time.Time) { f.CreatedBefore = v }),
		rest.Filter[filter]{Name: "with_geo", Help: "true or false", Apply: func(_ *rest.Request, _ *filter, v string) error {
			if strings.EqualFold(v, "true") { // no device has a location here
				return rest.ErrNothing
			}
			return nil
		}},
		rest.FilterBool("is_deactivated", func(f *filter, v bool) { f.IsDeactivated = &v }),
		rest.FilterBool("config__not_renewed", func(f *filter, v bool) { f.NotRenewed = &v }),
		rest.FilterBool("has_config", func(f *filter, v bool) { f.HasConfig = &v }),
		rest.FilterText("model", func(f *filter, v string) { f.ModelContains = v }),
		rest.FilterText("os", func(f *filter, v string) { f.OSContains = v }),
		rest.FilterText("config__templates__tag", func(f *filter, v string) { f.Tag = v }),
		rest.FilterTime("last_seen__gte", func(f *filter, v time.Time) { f.LastSeenFrom = v }),
		rest.FilterTime("last_seen__lt", func(f *filter, v time.Time) { f.LastSeenBefore = v }),
		rest.FilterBool("last_seen__isnull", func(f *filter, v bool) { f.NeverSeen = &v }),
		rest.Filter[filter]{Name: "silent_for", Help: "seconds: devices whose last request is at least as old", Apply: func(_ *rest.Request, f *filter, v string) error {
			seconds, err := strconv.Atoi(v)
			if err != nil || seconds < 0 || seconds > 100*365*24*3600 {
				return wispwright.Invalid("", "Enter a number of seconds.")
			}
			f.LastSeenBefore = earlier(f.LastSeenBefore, h.options.Clock().Add(-time.Duration(seconds)*time.Second))
			return nil
		}},
		filterNetwork("last_ip", func(f *filter, v netip.Prefix) { f.LastIPWithin = v }),
		filterNetwork("management_ip", func(f *filter, v netip.Prefix) { f.ManagementIPWithin = v }),
		rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
	)
}

// filterNetwork is a parameter for an address or a network of addresses.
func filterNetwork(name string, set func(*controller.DeviceFilter, netip.Prefix)) rest.Filter[controller.DeviceFilter] {
	return rest.Filter[controller.DeviceFilter]{Name: name, Help: "an address, or a network such as 10.8.0.0/16", Apply: func(_ *rest.Request, f *controller.DeviceFilter, v string) error {
		p, err := netip.ParsePrefix(v)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(v); err == nil {
				a = a.WithZone("").Unmap()
				p = netip.PrefixFrom(a, a.BitLen())
			}
		}
		if err != nil {
			return wispwright.Invalid("", "Enter an address or a network.")
		}
		set(f, p.Masked())
		return nil
	}}
}

// earlier is the earlier of two times; the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func (h *HTTP) checkDevice(r *rest.Request, in *deviceIn) error {
	var v wispwright.ValidationError
	h.c.Devices.CheckForms(&v, in.Name.V, in.MACAddress.V, wispwright.Secret(in.Key.V))
	return h.checkRelations(r, &v, in.Group, in.Config)
}

func (h *HTTP) checkDeviceDetail(r *rest.Request, in *deviceDetailIn) error {
	var v wispwright.ValidationError
	h.c.Devices.CheckForms(&v, in.Name.V, in.MACAddress.V, wispwright.Secret(in.Key.V))
	return h.checkRelations(r, &v, in.Group, in.Config)
}

// checkRelations finds what is wrong with relations together with the faults of
// single fields, and returns all of v.
func (h *HTTP) checkRelations(r *rest.Request, v *wispwright.ValidationError, group rest.Opt[wispwright.ID], config rest.Opt[configIn]) error {
	if group.Set && !group.Null {
		known, err := h.groupKnown(r, group.V)
		if err != nil {
			return err
		}
		if !known {
			v.Add("group", valid.UnknownPK(group.V))
		}
	}
	if !config.Null { // also when other fields of it are faulty
		h.checkBackend(v, "config.backend", config.V.Backend)
		unknown, err := h.unknownTemplate(r, config.V.Templates.V)
		if err != nil {
			return err
		}
		if unknown != nil {
			v.Add("config.templates", valid.UnknownPK(*unknown))
		}
	}
	return v.Err()
}

// unknownTemplate returns the first template that does not exist for the
// caller: not even its name is told (spec: controller-config §12.1).
func (h *HTTP) unknownTemplate(r *rest.Request, ids []wispwright.ID) (*wispwright.ID, error) {
	for some := range slices.Chunk(ids, 500) { // as many as are asked for at once
		found, err := h.c.Templates.List(r.Context(), r.ReadScope(), controller.TemplateFilter{IDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			if !slices.ContainsFunc(found.Rows, func(t *controller.Template) bool { return t.ID == id }) {
				return &id, nil
			}
		}
	}
	return nil, nil
}

func (h *HTTP) applyDevice(_ *rest.Request, in *deviceIn, d *controller.Detail) error {
	in.Name.Into(&d.Device.Name)
	in.Organization.Into(&d.Device.OrganizationID)
	in.Group.Into(&d.Device.GroupID)
	in.MACAddress.Into(&d.Device.MACAddress)
	intoSecret(in.Key, &d.Device.Key)
	intoAddr(in.LastIP, &d.Device.LastIP)
	intoAddr(in.ManagementIP, &d.Device.ManagementIP)
	in.Model.Into(&d.Device.Model)
	in.OS.Into(&d.Device.OS)
	in.System.Into(&d.Device.System)
	in.Notes.Into(&d.Device.Notes)
	if in.Config.Set && !in.Config.Null {
		d.Config = &controller.Config{}
		in.Config.V.apply(d.Config)
	}
	return nil
}

// applyDeviceDetail changes what was sent and nothing else. A configuration of
// nothing but defaults is left out as OpenWISP does, so that scripts that send
// it with every PUT neither create nor empty one; PATCH takes it at its word
// where there is a configuration (spec: controller-config §12.4).
func (h *HTTP) applyDeviceDetail(r *rest.Request, in *deviceDetailIn, d *controller.Detail) error {
	in.Name.Into(&d.Device.Name)
	in.Organization.Into(&d.Device.OrganizationID)
	in.Group.Into(&d.Device.GroupID)
	in.MACAddress.Into(&d.Device.MACAddress)
	intoSecret(in.Key, &d.Device.Key)
	intoAddr(in.LastIP, &d.Device.LastIP)
	intoAddr(in.ManagementIP, &d.Device.ManagementIP)
	in.Model.Into(&d.Device.Model)
	in.OS.Into(&d.Device.OS)
	in.System.Into(&d.Device.System)
	in.Notes.Into(&d.Device.Notes)
	if !in.Config.Set || in.Config.Null {
		return nil
	}
	if in.Config.V.onlyDefaults(h.defaultBackend()) && (d.Config == nil || r.HTTP.Method == http.MethodPut) {
		return nil
	}
	if d.Config == nil {
		d.Config = &controller.Config{Backend: h.defaultBackend()}
	}
	in.Config.V.apply(d.Config)
	return nil
}

func intoSecret(in rest.Opt[string], target *wispwright.Secret) {
	if in.Set {
		*target = wispwright.Secret(in.Or(""))
	}
}

// intoAddr stores an address whose spelling the field's format has checked.
func intoAddr(in rest.Opt[string], target *netip.Addr) {
	if !in.Set {
		return
	}
	a, err := netip.ParseAddr(in.Or(""))
	if err != nil {
		a = netip.Addr{} // null or blank
	}
	*target = a
}
