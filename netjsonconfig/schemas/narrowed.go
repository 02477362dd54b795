package schemas

import (
	"slices"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Form returns a document as the controller's forms for devices and templates
// show it: without the host name, which is the device's name.
func Form(d *Document) *ordered.Object {
	o := d.Object.Clone()
	general := at(o, "properties", "general")
	at(general, "properties").Delete("hostname")
	general.Delete("required")
	o.Set("defaultProperties", []any{})
	return o
}

// ofOne narrows a list of the document to exactly one item and returns the
// list's schema (§16).
func ofOne(o *ordered.Object, key string) *ordered.Object {
	list := at(o, "properties", key)
	list.Set("minItems", ordered.Number("1"))
	list.Set("maxItems", ordered.Number("1"))
	o.Set("required", withRequired(o, key))
	return list
}

// withRequired is the document's required list with one key added.
func withRequired(o *ordered.Object, key string) []any {
	v, _ := o.Get("required")
	names, _ := v.([]any) // absent means none
	if slices.Contains(names, any(key)) {
		return names
	}
	return append(slices.Clone(names), key)
}

// OpenVPNServer returns the schema of an OpenVPN server in the controller: one
// server, with the files of its certificates as defaults (§16).
func OpenVPNServer() *Document { return shared.openVPNServer.get(openVPNServerObject) }

func openVPNServerObject() *ordered.Object {
	o := read("openvpn")
	list := ofOne(o, "openvpn")
	list.Set("additionalItems", false)
	var branches []any
	for _, name := range []string{"server_bridged", "server_routed", "server_manual"} {
		ref := new(ordered.Object)
		ref.Set("$ref", "#/definitions/"+name)
		branches = append(branches, ref)
	}
	at(list, "items").Set("oneOf", branches)
	var files []any
	for _, name := range []string{"ca", "cert", "key", "dh"} {
		owner := "tunnel"
		if name == "dh" {
			owner = "server"
		}
		at(o, "definitions", owner, "properties", name).Set("default", name+".pem")
		file := new(ordered.Object)
		file.Set("path", name+".pem")
		file.Set("mode", "0644")
		file.Set("contents", "{{ "+name+" }}")
		files = append(files, file)
	}
	at(o, "properties", "files").Set("default", files)
	return o
}

// WireguardServer returns the schema of a WireGuard server in the controller:
// one tunnel, whose private key the controller makes (§16).
func WireguardServer() *Document { return shared.wireguardServer.get(wireguardServerObject) }

func wireguardServerObject() *ordered.Object {
	o := read("wireguard")
	withoutKey(o)
	return o
}

func withoutKey(o *ordered.Object) {
	items := at(ofOne(o, "wireguard"), "items")
	at(items, "properties").Delete("private_key")
	items.Set("required", []any{"name", "port"})
}

// VxlanWireguardServer returns the schema of a VXLAN over WireGuard server in
// the controller: one tunnel and one virtual network (§16).
func VxlanWireguardServer() *Document {
	return shared.vxlanWireguardServer.get(vxlanWireguardServerObject)
}

func vxlanWireguardServerObject() *ordered.Object {
	o := vxlanObject()
	withoutKey(o)
	vxlan := at(o, "properties", "vxlan")
	vxlan.Set("minItems", ordered.Number("1"))
	vxlan.Set("maxItems", ordered.Number("1"))
	return o
}

// ZeroTierServer returns the schema of a ZeroTier network in the controller:
// one network without the fields the controller manages (§16).
func ZeroTierServer() *Document { return shared.zeroTierServer.get(zeroTierServerObject) }

func zeroTierServerObject() *ordered.Object {
	o := read("zerotier")
	ofOne(o, "zerotier").Set("additionalItems", false)
	network := at(o, "definitions", "zerotier_server")
	network.Set("required", []any{})
	for _, name := range []string{
		"name", "id", "nwid", "objtype", "routes", "revision", "creationTime", "ipAssignmentPools",
	} {
		at(network, "properties").Delete(name)
	}
	return o
}
