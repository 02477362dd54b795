// Package hotspot makes the configuration with which an OpenWrt device becomes a
// hotspot of an organization: a network of its own with an open WiFi, and openNDS or
// CoovaChilli, which send people to the log-in page and let them in.
package hotspot

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius/gateway"
)

// Options say what the hotspot is to be like.
type Options struct {
	// Gateway is gateway.OpenNDS or gateway.CoovaChilli.
	Gateway string
	// SSID is the name of the WiFi, Radio the radio it is on. Default: "Hotspot" and
	// "radio0".
	SSID, Radio string
	// Network is the clients' network, of which the device has the first address.
	// Default: 10.42.0.0/22.
	Network netip.Prefix
	// PortalURL is the log-in page, CaptiveURL the Captive Portal API.
	PortalURL, CaptiveURL string
	// ReportURL is where openNDS reports the end of sessions to.
	ReportURL string
	// RADIUSServer is for CoovaChilli.
	RADIUSServer string
	// Allowed are further hosts that clients may reach before they logged in.
	Allowed []string
}

// Template is a configuration of netjsonconfig with the variables it uses.
type Template struct {
	// Config is a NetJSON DeviceConfiguration.
	Config wispwright.JSON
	// Defaults are the values of its variables; devices may have others. Secrets are
	// not among them: Secrets has those, for each device.
	Defaults wispwright.JSON
}

// Secrets are the variables of a device that no template holds, since more people may
// read templates than may know secrets: organization is the secret of the gateways,
// radius that of the RADIUS server. They are to be given when the device's
// configuration is rendered.
func Secrets(device wispwright.ID, organization, radius wispwright.Secret) map[string]any {
	out := map[string]any{"hotspot_key": gateway.DeviceKey(organization, device).Reveal()}
	if radius != "" {
		out["radius_secret"] = radius.Reveal()
	}
	return out
}

var (
	named    = regexp.MustCompile(`^[A-Za-z0-9._-]{1,15}$`)
	hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$`)
)

// Make returns the template. What cannot be used is a *wispwright.ValidationError.
func Make(o Options) (*Template, error) {
	if o.SSID == "" {
		o.SSID = "Hotspot"
	}
	if o.Radio == "" {
		o.Radio = "radio0"
	}
	if !o.Network.IsValid() {
		o.Network = netip.MustParsePrefix("10.42.0.0/22")
	}
	var v wispwright.ValidationError
	if o.Gateway != gateway.OpenNDS && o.Gateway != gateway.CoovaChilli {
		v.Add("gateway", "Choose opennds or coovachilli.")
	}
	if len(o.SSID) > 32 || strings.ContainsAny(o.SSID, "{}\n\r\x00") {
		v.Add("ssid", "A name of a WiFi has 32 octets at most, without braces.")
	}
	if !named.MatchString(o.Radio) {
		v.Add("radio", "Enter the name of a radio, such as radio0.")
	}
	if !o.Network.Addr().Is4() || !o.Network.Addr().IsPrivate() || o.Network.Bits() < 16 || o.Network.Bits() > 28 {
		v.Add("network", "Enter a private IPv4 network of 16 to 28 bits, such as 10.42.0.0/22.")
	}
	page, err := url.Parse(o.PortalURL)
	if err != nil || page.Scheme != "http" && page.Scheme != "https" || page.Host == "" {
		v.Add("portal_url", "The address of the log-in page must be complete.")
	}
	if o.Gateway == gateway.CoovaChilli && !hostName.MatchString(o.RADIUSServer) {
		v.Add("radius_server", "CoovaChilli needs the name or address of a RADIUS server.")
	}
	if report, err := url.Parse(o.ReportURL); o.Gateway == gateway.OpenNDS && (err != nil || report.Host == "" || strings.ContainsAny(o.ReportURL, "'{}\n\r")) {
		v.Add("report_url", "The address for reports must be complete.")
	}
	for _, h := range o.Allowed {
		if !hostName.MatchString(h) {
			v.Add("allowed", fmt.Sprintf("%q is not the name of a host.", h))
		}
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	o.Network = o.Network.Masked()
	config, defaults := o.common(page)
	if o.Gateway == gateway.OpenNDS {
		o.openNDS(page, config, defaults)
	} else {
		o.chilli(page, config, defaults)
	}
	return encode(config, defaults)
}

type object = map[string]any

// port is that of an address.
func port(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}

// common is the network that both gateways serve.
func (o *Options) common(page *url.URL) (config, defaults object) {
	router := o.Network.Addr().Next()
	bridge := object{"type": "bridge", "name": "br-hotspot", "network": "hotspot", "bridge_members": []string{}}
	zone := object{"config_name": "zone", "config_value": "hotspot", "name": "hotspot", "network": []string{"hotspot"}, "input": "REJECT", "output": "ACCEPT", "forward": "REJECT"}
	rules := []object{zone, {"config_name": "forwarding", "config_value": "hotspot_wan", "src": "hotspot", "dest": "wan"}}
	for _, r := range []struct{ name, proto, port string }{{"dhcp", "udp", "67"}, {"dns", "tcp udp", "53"}, {"portal", "tcp", "80 2050 3990 3991"}} {
		rules = append(rules, object{"config_name": "rule", "config_value": "hotspot_" + r.name, "name": "Hotspot " + r.name, "src": "hotspot", "proto": r.proto, "dest_port": r.port, "target": "ACCEPT"})
	}
	config = object{
		"interfaces": []object{bridge, {"type": "wireless", "name": "hotspot0", "network": "hotspot", "wireless": object{"mode": "access_point", "radio": "{{hotspot_radio}}", "ssid": "{{hotspot_ssid}}", "isolate": true, "encryption": object{"protocol": "none"}}}},
		"firewall":   rules,
	}
	defaults = object{"hotspot_ssid": o.SSID, "hotspot_radio": o.Radio, "captive_portal_api": o.CaptiveURL}
	if o.Gateway == gateway.OpenNDS { // CoovaChilli gives addresses itself
		bridge["addresses"] = []object{{"proto": "static", "family": "ipv4", "address": router.String(), "mask": o.Network.Bits()}}
		size := 1<<(32-o.Network.Bits()) - 12
		config["dhcp"] = []object{{"config_name": "dhcp", "config_value": "hotspot", "interface": "hotspot", "start": 10, "limit": min(size, 4000), "leasetime": "1h",
			"dhcp_option": []string{"114,{{captive_portal_api}}"}}} // RFC 8910
	} else {
		bridge["addresses"] = []object{}
	}
	return config, defaults
}

// allowed are the hosts that clients reach before they logged in.
func (o *Options) allowed(page *url.URL) []string {
	out := []string{page.Hostname()}
	for _, u := range []string{o.CaptiveURL, o.ReportURL} {
		if p, err := url.Parse(u); err == nil && p.Hostname() != "" {
			out = append(out, p.Hostname())
		}
	}
	out = append(out, o.Allowed...)
	slices.Sort(out)
	return slices.Compact(out)
}

// ownName is what the device calls itself, by which the log-in page knows its key.
func ownName() string { return gateway.DeviceName("{{name}}", "{{id}}") }

//go:embed session.sh
var script string

// openNDS adds openNDS at level 1 of its authentication service, which never shows the
// token of a client, and a script that reports the end of sessions.
func (o *Options) openNDS(page *url.URL, config, defaults object) {
	section := object{"config_name": "opennds", "config_value": "opennds", "enabled": "1", "gatewayinterface": "br-hotspot", "gatewayname": ownName(), "fas_secure_enabled": "1", "faskey": "{{hotspot_key}}",
		"fasport": strconv.Itoa(httpPort(page)), "faspath": page.EscapedPath(), "binauth": "/etc/hotspot/session.sh", "walledgarden_fqdn_list": o.allowed(page), "walledgarden_port_list": []string{"80", "443", strconv.Itoa(port(page))}}
	if a, err := netip.ParseAddr(page.Hostname()); err == nil {
		section["fasremoteip"] = a.String()
	} else {
		section["fasremotefqdn"] = page.Hostname()
	}
	config["opennds"] = []object{section}
	config["files"] = []object{{"path": "/etc/hotspot/session.sh", "mode": "0700", "contents": script}}
	defaults["hotspot_reports"] = o.ReportURL
}

// httpPort is where openNDS sends people by plain HTTP, as it must at this level: a
// server for HTTPS leads on from port 80.
func httpPort(page *url.URL) int {
	if page.Scheme == "https" {
		return 80
	}
	return port(page)
}

// chilli adds CoovaChilli, which asks a RADIUS server.
func (o *Options) chilli(page *url.URL, config, defaults object) {
	network := object{"config_name": "chilli", "config_value": "hotspot", "disabled": "0", "tundev": "tun0", "dhcpif": "br-hotspot", "net": o.Network.String(), "uamlisten": o.Network.Addr().Next().String(),
		"uamport": "3990", "uamserver": "{{hotspot_portal}}", "uamsecret": "{{hotspot_key}}", "uamallowed": strings.Join(o.allowed(page), ","), "radiusserver1": "{{radius_server}}", "radiusserver2": "{{radius_server}}",
		"radiussecret": "{{radius_secret}}", "radiusnasid": ownName(), "interval": "300", "coaport": "3799", "papalwaysok": "1", "macauth": "1"}
	config["chilli"] = []object{network}
	defaults["hotspot_portal"], defaults["radius_server"] = o.PortalURL, o.RADIUSServer
}

func encode(config, defaults object) (*Template, error) {
	var out Template
	for _, p := range []struct {
		from object
		into *wispwright.JSON
	}{{config, &out.Config}, {defaults, &out.Defaults}} {
		raw, err := json.Marshal(p.from)
		if err != nil {
			return nil, fmt.Errorf("hotspot: %w", err)
		}
		*p.into = wispwright.JSON(raw)
	}
	return &out, nil
}
