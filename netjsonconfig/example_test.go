package netjsonconfig_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// A device's configuration over a template, with a variable.
func Example() {
	template, err := netjsonconfig.DecodeObject([]byte(`{
		"general": {"hostname": "{{name}}", "timezone": "Europe/Rome"},
		"interfaces": [{"name": "eth0", "type": "ethernet", "mtu": 1400}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	config, err := netjsonconfig.NewJSON(openwrt.Backend(), []byte(`{
		"interfaces": [{"name": "eth0", "type": "ethernet", "addresses": [{"proto": "dhcp", "family": "ipv4"}]}]
	}`), &netjsonconfig.Options{
		Templates: []*ordered.Object{template},
		Context:   map[string]any{"name": "ap-17"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := config.Render()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(text)
	// Output:
	// package system
	//
	// config system 'system'
	// 	option hostname 'ap-17'
	// 	option timezone 'CET-1CEST,M3.5.0,M10.5.0/3'
	// 	option zonename 'Europe/Rome'
	//
	// package network
	//
	// config device 'device_eth0'
	// 	option mtu '1400'
	// 	option name 'eth0'
	//
	// config interface 'eth0'
	// 	option device 'eth0'
	// 	option proto 'dhcp'
}

// Errors say where the configuration is wrong, and what each alternative of the
// schema has against it.
func ExampleValidationError() {
	config, err := netjsonconfig.NewJSON(openwrt.Backend(), []byte(`{"interfaces": [{"name": "eth0", "type": "ethernet", "mtu": 20}]}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var invalid *netjsonconfig.ValidationError
	if errors.As(config.Validate(), &invalid) {
		fmt.Println(invalid.Pointer, invalid.Keyword())
		fmt.Println(invalid.Causes[0].Pointer, invalid.Causes[0].Message)
	}
	// Output:
	// /interfaces/0 oneOf
	// /interfaces/0/mtu 20 is less than the minimum of 68
}

// Native text becomes NetJSON.
func ExampleParse() {
	config, err := netjsonconfig.Parse(openwrt.Backend(), []byte("package system\n\nconfig system\n\toption hostname 'ap-17'\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(config.Merged())
	// Output:
	// {"general":{"id":"system_1","hostname":"ap-17"}}
}

// What goes into the archive a device downloads.
func ExampleConfig_Members() {
	config, err := netjsonconfig.NewJSON(openwrt.Backend(), []byte(`{
		"general": {"hostname": "ap-17"},
		"files": [{"path": "/etc/banner", "mode": "0644", "contents": "hello\n"}]
	}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	members, err := config.Members()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range members {
		fmt.Println(m.Mode, m.Path, len(m.Contents))
	}
	// Output:
	// 0644 etc/config/system 48
	// 0644 etc/banner 6
}

// A converter of one's own: a key of NetJSON that OpenWrt's backend does not
// know becomes sections of a UCI package.
func ExampleConverter() {
	backend := openwrt.Backend().Clone()
	backend.Key, backend.Path, backend.Label = "example", "example.OpenWrt", "OpenWrt with banners"
	backend.Converters = append(backend.Converters, netjsonconfig.Converter{
		Name: "banner", Key: "banner",
		Forward: func(f *netjsonconfig.Forward) error {
			text, _ := f.Config.Get("banner")
			f.Native.Add("banner", &netjsonconfig.Section{
				Type: "banner", Name: "main",
				Options: []netjsonconfig.Option{{Key: "text", Value: text}},
			})
			f.Files = append(f.Files, netjsonconfig.File{Path: "/etc/banner", Mode: netjsonconfig.DefaultMode, Contents: fmt.Sprintln(text)})
			return nil
		},
	})
	config, err := netjsonconfig.NewJSON(backend, []byte(`{"banner": "it's me"}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := config.Render()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(text)
	// Output:
	// package banner
	//
	// config banner 'main'
	// 	option text 'it'\''s me'
	//
	// # ---------- files ---------- #
	//
	// # path: /etc/banner
	// # mode: 0644
	//
	// it's me
}

// hosts renders the sections of package hosts as /etc/hosts has them.
type hosts struct{}

func (hosts) Append(dst []byte, n *netjsonconfig.Native) ([]byte, error) {
	for _, p := range n.Packages {
		for _, s := range p.Sections {
			dst = append(dst, s.Text("address")+"\t"+s.Name+"\n"...)
		}
	}
	return dst, nil
}

func (h hosts) Members(n *netjsonconfig.Native) ([]netjsonconfig.File, error) {
	text, err := h.Append(nil, n)
	return []netjsonconfig.File{{Path: "etc/hosts", Mode: netjsonconfig.DefaultMode, Contents: string(text)}}, err
}

func (hosts) ParseText(text string) (*netjsonconfig.Native, error) {
	n := new(netjsonconfig.Native)
	for line := range strings.Lines(text) {
		address, name, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			return nil, &netjsonconfig.ParseError{Message: "not an address and a name: " + line}
		}
		n.Add("hosts", &netjsonconfig.Section{Type: "host", Name: name, Options: []netjsonconfig.Option{{Key: "address", Value: address}}})
	}
	return n, nil
}

func (h hosts) ParseArchive(members []netjsonconfig.File) (*netjsonconfig.Native, error) {
	for _, m := range members {
		if m.Path == "etc/hosts" {
			return h.ParseText(m.Contents)
		}
	}
	return new(netjsonconfig.Native), nil
}

// A backend of one's own: a schema, a converter both ways, a renderer and a
// parser. A registry hands it out beside the others.
func ExampleBackend() {
	checked, err := schema.CompileJSON([]byte(`{
		"type": "object",
		"properties": {"hosts": {"type": "array", "items": {"type": "object", "required": ["name", "address"]}}}
	}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	backend := &netjsonconfig.Backend{
		Key: "hosts", Path: "example.Hosts", Label: "Host names",
		Schema: checked, Identifiers: []string{"name"},
		Renderer: hosts{}, Parser: hosts{},
		Converters: []netjsonconfig.Converter{{
			Name: "hosts", Key: "hosts", Package: "hosts", Types: []string{"host"},
			Forward: func(f *netjsonconfig.Forward) error {
				list, _ := f.Config.Get("hosts")
				var sections []*netjsonconfig.Section
				for _, item := range list.([]any) { // the schema has seen to it
					name, _ := item.(*ordered.Object).Get("name")
					address, _ := item.(*ordered.Object).Get("address")
					sections = append(sections, &netjsonconfig.Section{
						Type: "host", Name: fmt.Sprint(name),
						Options: []netjsonconfig.Option{{Key: "address", Value: address}},
					})
				}
				f.Native.Add("hosts", sections...)
				return nil
			},
			Reverse: func(r *netjsonconfig.Reverse) error {
				var list []any
				for _, s := range r.Sections {
					o := ordered.NewObject()
					o.Set("name", s.Name)
					o.Set("address", s.Text("address"))
					list = append(list, o)
				}
				r.Config.Set("hosts", list)
				return nil
			},
		}},
	}
	registry, err := netjsonconfig.NewRegistry(openwrt.Backend(), backend)
	if err != nil {
		fmt.Println(err)
		return
	}
	chosen, _ := registry.Get("example.Hosts")
	config, err := netjsonconfig.NewJSON(chosen, []byte(`{"hosts": [{"name": "router", "address": "10.0.0.1"}]}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := config.Render()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(text)
	read, err := netjsonconfig.Parse(chosen, []byte(text), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read.Merged())
	// Output:
	// 10.0.0.1	router
	// {"hosts":[{"name":"router","address":"10.0.0.1"}]}
}
