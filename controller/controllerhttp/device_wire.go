package controllerhttp

import (
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
)

// deviceIn creates a device.
type deviceIn struct {
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"64" help:"must be either a valid hostname or mac address"`
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	Group        rest.Opt[wispwright.ID] `json:"group" nullable:"true" rel:"group"`
	MACAddress   rest.Opt[string]        `json:"mac_address" required:"true" maxLength:"17" help:"primary mac address"`
	Key          rest.Opt[string]        `json:"key" blank:"true" maxLength:"64" help:"unique device key"`
	LastIP       rest.Opt[string]        `json:"last_ip" nullable:"true" blank:"true" format:"ip" help:"indicates the IP address logged from the last request coming from the device"`
	ManagementIP rest.Opt[string]        `json:"management_ip" nullable:"true" blank:"true" format:"ip" help:"IP address used by the system to reach the device when performing any type of push operation or active check. The value of this field is generally sent by the device and hence does not need to be changed, but can be changed or cleared manually if needed."`
	Model        rest.Opt[string]        `json:"model" blank:"true" maxLength:"64" help:"device model and manufacturer"`
	OS           rest.Opt[string]        `json:"os" blank:"true" maxLength:"128" label:"Operating system" help:"operating system identifier"`
	System       rest.Opt[string]        `json:"system" blank:"true" maxLength:"128" label:"SOC / CPU" help:"system on chip or CPU info"`
	Notes        rest.Opt[string]        `json:"notes" blank:"true" help:"internal notes"`
	Config       rest.Opt[configIn]      `json:"config"`
}

// deviceDetailIn changes a device. Unlike at creation a configuration is
// required by PUT, where null leaves it alone, and addresses may not be blank.
type deviceDetailIn struct {
	deviceIn
	LastIP       rest.Opt[string]   `json:"last_ip" nullable:"true" format:"ip" help:"indicates the IP address logged from the last request coming from the device"`
	ManagementIP rest.Opt[string]   `json:"management_ip" nullable:"true" format:"ip" help:"IP address used by the system to reach the device when performing any type of push operation or active check. The value of this field is generally sent by the device and hence does not need to be changed, but can be changed or cleared manually if needed."`
	Config       rest.Opt[configIn] `json:"config" required:"true" nullable:"true"`
}

// configIn is a configuration inside a device. What a PATCH leaves out stays.
type configIn struct {
	Backend   rest.Opt[string]          `json:"backend" required:"true" maxLength:"128" help:"Select <a href=\"http://netjsonconfig.openwisp.org/en/stable/\" target=\"_blank\">netjsonconfig</a> backend"`
	Templates rest.Opt[[]wispwright.ID] `json:"templates" required:"true" rel:"template"`
	Context   rest.Opt[wispwright.JSON] `json:"context" required:"true" help:"Configuration variables in JSON format"`
	Config    rest.Opt[wispwright.JSON] `json:"config" required:"true" help:"Configuration in NetJSON format"`
}

func (in *configIn) apply(c *controller.Config) {
	in.Backend.Into(&c.Backend)
	in.Templates.Into(&c.Templates)
	in.Context.Into(&c.Context)
	in.Config.Into(&c.Config)
}

func (in *configIn) onlyDefaults(backend string) bool {
	return in.Backend.Or("") == backend && in.Templates.Set && len(in.Templates.V) == 0 &&
		in.Context.Set && in.Context.V.IsEmpty() && in.Config.Set && in.Config.V.IsObject() && in.Config.V.IsEmpty()
}

// deviceOut is a device of a list.
type deviceOut struct {
	ID           wispwright.ID `json:"id"`
	Name         string        `json:"name"`
	Organization wispwright.ID `json:"organization"`
	Group        wispwright.ID `json:"group"`
	MACAddress   string        `json:"mac_address"`
	Key          string        `json:"key"`
	LastIP       *string       `json:"last_ip"`
	ManagementIP *string       `json:"management_ip"`
	Model        string        `json:"model"`
	OS           string        `json:"os"`
	System       string        `json:"system"`
	Notes        string        `json:"notes"`
	Config       *configOut    `json:"config"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
	LastSeen     *rest.Time    `json:"last_seen" help:"when the last request of the device came, half a minute old at most"`

	WHOIS wispwright.JSON `json:"whois_info,omitempty" help:"who operates the address the device was last seen from; only where that is looked up"`
}

type configOut struct {
	Status           string     `json:"status" metaType:"choice" label:"Configuration status" help:"\"modified\" means the configuration is not applied yet; \n\"applied\" means the configuration is applied successfully; \n\"error\" means the configuration caused issues and it was rolled back; \n\"deactivating\" means the device has been deactivated and the configuration is being removed; \n\"deactivated\" means the configuration has been removed from the device;"`
	ErrorReason      string     `json:"error_reason" help:"Error reason reported by the device"`
	Backend          string     `json:"backend"`
	NotRenewedSince  *rest.Time `json:"not_renewed_since" help:"since when the configuration could not be renewed after a change; the last good one goes on being served"`
	NotRenewedReason string     `json:"not_renewed_reason" help:"why the configuration could not be renewed"`
}

// deviceDetailOut is a device with its whole configuration. Checksums are
// beyond what OpenWISP tells.
type deviceDetailOut struct {
	ID            wispwright.ID    `json:"id"`
	Name          string           `json:"name"`
	Organization  wispwright.ID    `json:"organization"`
	Group         wispwright.ID    `json:"group"`
	MACAddress    string           `json:"mac_address"`
	Key           string           `json:"key"`
	LastIP        *string          `json:"last_ip"`
	ManagementIP  *string          `json:"management_ip"`
	IsDeactivated bool             `json:"is_deactivated"`
	Model         string           `json:"model"`
	OS            string           `json:"os"`
	System        string           `json:"system"`
	Notes         string           `json:"notes"`
	Config        *configDetailOut `json:"config"`
	Created       rest.Time        `json:"created"`
	Modified      rest.Time        `json:"modified"`
	Checksums     *checksumsOut    `json:"checksums"`
	LastSeen      *rest.Time       `json:"last_seen" help:"when the last request of the device came, half a minute old at most"`

	WHOIS wispwright.JSON `json:"whois_info,omitempty" help:"who operates the address the device was last seen from, and where that is; only where that is looked up"`
}

type configDetailOut struct {
	Status           string          `json:"status" metaType:"choice" label:"Configuration status" help:"\"modified\" means the configuration is not applied yet; \n\"applied\" means the configuration is applied successfully; \n\"error\" means the configuration caused issues and it was rolled back; \n\"deactivating\" means the device has been deactivated and the configuration is being removed; \n\"deactivated\" means the configuration has been removed from the device;"`
	ErrorReason      string          `json:"error_reason" help:"Error reason reported by the device"`
	Backend          string          `json:"backend"`
	Templates        []wispwright.ID `json:"templates"`
	Context          wispwright.JSON `json:"context"`
	Config           wispwright.JSON `json:"config"`
	NotRenewedSince  *rest.Time      `json:"not_renewed_since" help:"since when the configuration could not be renewed after a change; the last good one goes on being served"`
	NotRenewedReason string          `json:"not_renewed_reason" help:"why the configuration could not be renewed"`
}

type checksumsOut struct {
	Desired  string `json:"desired"`
	Served   string `json:"served"`
	Reported string `json:"reported"`
	WaitsFor string `json:"waits_for" help:"what it takes until the device runs what it is to run: fetch or report (by the device), removal (by a device that is taken out of service), correction (by people: the device could not apply it), renewal (by people: it could not be rendered after a change); blank: nothing"`
}

// devicesOut maps a page of devices.
func (h *HTTP) devicesOut(r *rest.Request, rows []*controller.Detail) ([]deviceOut, error) {
	known, err := h.whois(r, rows, false)
	out := make([]deviceOut, len(rows))
	for i, d := range rows {
		if out[i] = newDeviceOut(d); known != nil {
			out[i].WHOIS = known[i]
		}
	}
	return out, err
}

// devicesDetailOut maps devices with everything about them.
func (h *HTTP) devicesDetailOut(r *rest.Request, rows []*controller.Detail) ([]deviceDetailOut, error) {
	known, err := h.whois(r, rows, true)
	out := make([]deviceDetailOut, len(rows))
	for i, d := range rows {
		if out[i] = newDeviceDetailOut(d); known != nil {
			out[i].WHOIS = known[i]
		}
	}
	return out, err
}

func (h *HTTP) whois(r *rest.Request, rows []*controller.Detail, whole bool) ([]wispwright.JSON, error) {
	if h.options.WHOIS == nil {
		return nil, nil
	}
	return h.options.WHOIS(r.Context(), rows, whole)
}

func newDeviceOut(d *controller.Detail) deviceOut {
	v := d.Device
	out := deviceOut{ID: v.ID, Name: v.Name, Organization: v.OrganizationID, Group: v.GroupID, MACAddress: v.MACAddress, Key: v.Key.Reveal(),
		LastIP: addrOut(v.LastIP), ManagementIP: addrOut(v.ManagementIP), Model: v.Model, OS: v.OS, System: v.System, Notes: v.Notes,
		Created: rest.Time(v.Created), Modified: rest.Time(v.Modified), LastSeen: timeOut(v.LastSeen)}
	if c := d.Config; c != nil {
		out.Config = &configOut{Status: string(c.Status), ErrorReason: c.ErrorReason, Backend: c.Backend,
			NotRenewedSince: timeOut(c.NotRenewed), NotRenewedReason: c.NotRenewedReason}
	}
	return out
}

func newDeviceDetailOut(d *controller.Detail) deviceDetailOut {
	v := d.Device
	out := deviceDetailOut{ID: v.ID, Name: v.Name, Organization: v.OrganizationID, Group: v.GroupID, MACAddress: v.MACAddress, Key: v.Key.Reveal(),
		LastIP: addrOut(v.LastIP), ManagementIP: addrOut(v.ManagementIP), IsDeactivated: v.IsDeactivated, Model: v.Model, OS: v.OS,
		System: v.System, Notes: v.Notes, Created: rest.Time(v.Created), Modified: rest.Time(v.Modified), LastSeen: timeOut(v.LastSeen)}
	if c := d.Config; c != nil {
		out.Config = &configDetailOut{Status: string(c.Status), ErrorReason: c.ErrorReason, Backend: c.Backend,
			Templates: append([]wispwright.ID{}, c.Templates...), Context: object(c.Context), Config: object(c.Config),
			NotRenewedSince: timeOut(c.NotRenewed), NotRenewedReason: c.NotRenewedReason}
		out.Checksums = &checksumsOut{Desired: c.Desired, Served: c.Served, Reported: c.Reported, WaitsFor: c.WaitsFor()}
	}
	return out
}

// object writes what was never set as {}.
func object(j wispwright.JSON) wispwright.JSON {
	if j.IsEmpty() {
		return "{}"
	}
	return j
}

func addrOut(a netip.Addr) *string {
	if !a.IsValid() {
		return nil
	}
	s := a.String()
	return &s
}

func timeOut(t *time.Time) *rest.Time {
	if t == nil {
		return nil
	}
	out := rest.Time(*t)
	return &out
}
