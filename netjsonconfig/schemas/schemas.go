package schemas

import (
	"embed"
	"fmt"
	"sync"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

//go:embed *.json
var texts embed.FS

// Document is one schema in its three forms. All of them are shared and must
// not be altered.
type Document struct {
	// Object is the document.
	Object *ordered.Object
	// JSON is its text, for Backend.Document.
	JSON []byte
	// Schema is the compiled document. It enforces the upper bounds of address
	// masks, too, which the document carries misspelt, as its readers know it
	// (§20, 11).
	Schema *schema.Schema
}

// newDocument finishes a document. Its texts are part of the program, so that a
// fault in them is a fault of the build, which the tests find.
func newDocument(o *ordered.Object) *Document {
	compiled, err := schema.Compile(enforced(o), nil)
	if err != nil {
		panic(fmt.Sprintf("netjsonconfig/schemas: %v", err))
	}
	return &Document{Object: o, JSON: ordered.Append(nil, o), Schema: compiled}
}

// enforced returns the document with the bounds under their right name.
func enforced(o *ordered.Object) *ordered.Object {
	c := o.Clone()
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case *ordered.Object:
			if limit, ok := v.Get("maxmium"); ok {
				v.Set("maximum", limit)
			}
			for _, member := range v.All() {
				walk(member)
			}
		}
	}
	walk(c)
	return c
}

// read returns an embedded document of its own.
func read(name string) *ordered.Object {
	text, err := texts.ReadFile(name + ".json")
	if err != nil {
		panic(fmt.Sprintf("netjsonconfig/schemas: %v", err))
	}
	o, err := ordered.DecodeObject(text)
	if err != nil {
		panic(fmt.Sprintf("netjsonconfig/schemas: %s: %v", name, err))
	}
	return o
}

// at walks down keys of a document.
func at(o *ordered.Object, keys ...string) *ordered.Object {
	for _, key := range keys {
		v, _ := o.Get(key)
		o, _ = v.(*ordered.Object) // a fault shows in the tests of every document
	}
	return o
}

// lazy is a document that is built when it is first asked for.
type lazy struct {
	once     sync.Once
	document *Document
}

func (l *lazy) get(build func() *ordered.Object) *Document {
	l.once.Do(func() { l.document = newDocument(build()) })
	return l.document
}

// shared are the documents, which never change once they are there.
var shared struct {
	openWrt, openWisp, openVPN, wireguard, vxlanWireguard, zeroTier      lazy
	openVPNServer, wireguardServer, vxlanWireguardServer, zeroTierServer lazy
}

// OpenWrt returns the schema of the OpenWrt backend (A.1).
func OpenWrt() *Document { return shared.openWrt.get(openWrtObject) }

// openWrtObject joins OpenWrt's own schema and that of OpenVPN.
func openWrtObject() *ordered.Object {
	o := read("openwrt")
	definitions := at(o, "definitions")
	for name, definition := range at(read("openvpn"), "definitions").All() {
		definitions.Set(name, definition)
	}
	disabled := new(ordered.Object)
	disabled.Set("title", "disabled")
	disabled.Set("description", "keeps the tunnel on the device without starting it")
	disabled.Set("type", "boolean")
	disabled.Set("default", false)
	disabled.Set("format", "checkbox")
	disabled.Set("propertyOrder", ordered.Number("1"))
	at(definitions, "tunnel", "properties").Set("disabled", disabled)
	return o
}

// OpenWisp returns the schema of the backend for the firmware of OpenWISP 1
// (§14): OpenWrt's with a required host name and bandwidth limits.
func OpenWisp() *Document {
	return shared.openWisp.get(func() *ordered.Object {
		o := openWrtObject()
		overlay(o, read("openwisp"))
		return o
	})
}

// overlay puts the members of more into o, object by object.
func overlay(o, more *ordered.Object) {
	for key, value := range more.All() {
		inner, ok := value.(*ordered.Object)
		if old := at(o, key); ok && old != nil {
			overlay(old, inner)
			continue
		}
		o.Set(key, value)
	}
}

// OpenVPN returns the schema of the OpenVpn backend (A.2).
func OpenVPN() *Document {
	return shared.openVPN.get(func() *ordered.Object { return read("openvpn") })
}

// Wireguard returns the schema of the Wireguard backend (A.3).
func Wireguard() *Document {
	return shared.wireguard.get(func() *ordered.Object { return read("wireguard") })
}

// VxlanWireguard returns the schema of the VxlanWireguard backend (A.4).
func VxlanWireguard() *Document { return shared.vxlanWireguard.get(vxlanObject) }

func vxlanObject() *ordered.Object {
	o := read("wireguard")
	overlay(o, read("vxlan"))
	return o
}

// ZeroTier returns the schema of the ZeroTier backend (A.5).
func ZeroTier() *Document {
	return shared.zeroTier.get(func() *ordered.Object { return read("zerotier") })
}
