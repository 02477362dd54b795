package netdiff

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// LLDP returns the format of lldpd: what "lldpcli -f json show neighbors" prints,
// or with "-f json0", beside what "lldpcli -f json show chassis" prints, one after
// the other. It is one host's view: the host itself and what its cables lead to.
// Hosts that send theirs to one topology make a map of all.
func LLDP() *Format {
	return &Format{Name: "netdiff.LldpParser", Label: "LLDP (lldpcli json)", Aliases: []string{"lldp"},
		Protocol: "LLDP", Version: "1", Metric: "static", Read: readLLDP}
}

// chassis is a host as LLDP describes it.
type chassis struct {
	id, kind, name, description string
	addresses, capabilities     []any
}

// cable is what leads to a neighbour; several may lead to the same.
type cable struct {
	to                          chassis
	local, remote, protocols    []string
	remoteDescription, lifetime string
}

func readLLDP(g *Graph, in *Input) error {
	docs, err := in.documents()
	if err != nil {
		return err
	}
	self := chassis{id: "self"}
	var cables []cable
	recognized := false
	for _, doc := range docs {
		if v, ok := doc.Get("local-chassis"); ok {
			recognized = true
			if self, ok = chassisOf(member(only(v), "chassis")); !ok {
				return invalid(in, "Parse error, a chassis with an id is expected", "local-chassis")
			}
		}
		if v, ok := doc.Get("lldp"); ok {
			recognized = true
			if cables, err = readCables(in, cables, member(only(v), "interface")); err != nil {
				return err
			}
		}
	}
	if !recognized {
		return missing(in, "lldp")
	}
	self.addTo(g)
	for _, c := range cables {
		if c.to.id == self.id {
			continue // a cable between two ports of the host
		}
		c.to.addTo(g)
		attrs := []Attr{{"local_port", strings.Join(c.local, ", ")}, {"remote_port", strings.Join(c.remote, ", ")}, {"via", strings.Join(c.protocols, ", ")}}
		if c.remoteDescription != "" {
			attrs = append(attrs, Attr{"remote_port_description", c.remoteDescription})
		}
		if c.lifetime != "" {
			attrs = append(attrs, Attr{"ttl", c.lifetime})
		}
		g.AddLink(TextID(self.id), TextID(c.to.id), integer(1), attrs...)
	}
	return nil
}

// documents are the JSON objects of the input, which may be several.
func (in *Input) documents() ([]*ordered.Object, error) {
	if in.decoded {
		o, ok := in.value.(*ordered.Object)
		if !ok {
			return nil, unrecognized(in)
		}
		return []*ordered.Object{o}, nil
	}
	var out []*ordered.Object
	for d := json.NewDecoder(bytes.NewReader(in.text)); ; {
		var raw json.RawMessage
		if err := d.Decode(&raw); errors.Is(err, io.EOF) && len(out) > 0 {
			return out, nil
		} else if err != nil {
			return nil, unrecognized(in)
		}
		o, err := ordered.DecodeObject(raw)
		if err != nil {
			return nil, unrecognized(in)
		}
		out = append(out, o)
	}
}

// readCables reads the interfaces: one by its name, or a list of them, by their
// names or with their names.
func readCables(in *Input, cables []cable, v any) ([]cable, error) {
	list, ok := v.([]any)
	if !ok && v != nil {
		list = []any{v}
	}
	for i, item := range list {
		o, ok := item.(*ordered.Object)
		if !ok {
			return nil, invalid(in, "Parse error, expected an object", "lldp", "interface", i)
		}
		named := map[string]any{textOf(member(o, "name")): o}
		names := []string{textOf(member(o, "name"))}
		if _, whole := o.Get("chassis"); !whole {
			named, names = map[string]any{}, nil
			for name, v := range o.All() {
				named[name], names = v, append(names, name)
			}
		}
		for _, name := range names {
			to, ok := chassisOf(member(only(named[name]), "chassis"))
			if !ok {
				return nil, invalid(in, "Parse error, a chassis with an id is expected", "lldp", "interface", i)
			}
			cables = joined(cables, to, name, only(named[name]))
		}
	}
	return cables, nil
}

// joined adds what an interface leads to.
func joined(cables []cable, to chassis, local string, of any) []cable {
	i := slices.IndexFunc(cables, func(c cable) bool { return c.to.id == to.id })
	if i < 0 {
		i, cables = len(cables), append(cables, cable{to: to})
	}
	c, port := &cables[i], only(member(of, "port"))
	add := func(list *[]string, text string) {
		if text != "" && !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	add(&c.local, local)
	add(&c.remote, textOf(member(port, "id")))
	add(&c.protocols, textOf(member(of, "via")))
	c.remoteDescription = cmp.Or(c.remoteDescription, textOf(member(port, "descr")))
	c.lifetime = cmp.Or(c.lifetime, textOf(member(port, "ttl")))
	return cables
}

// chassisOf reads a chassis, which may stand below its name. Without an id it is
// known by its name.
func chassisOf(v any) (c chassis, ok bool) {
	o, ok := only(v).(*ordered.Object)
	if !ok {
		return c, false
	}
	_, has := o.Get("id")
	_, named := o.Get("name")
	if !has && !named && o.Len() == 1 {
		for name, inner := range o.All() {
			c.name = name
			if o, ok = only(inner).(*ordered.Object); !ok {
				return c, false
			}
		}
	}
	if name := textOf(member(o, "name")); name != "" {
		c.name = name
	}
	id := only(member(o, "id"))
	c.id, c.kind, c.description = textOf(id), textOf(member(id, "type")), textOf(member(o, "descr"))
	if c.kind == "mac" {
		c.id = strings.ToLower(c.id)
	}
	if c.id == "" {
		c.id = c.name
	}
	c.addresses = textsOf(member(o, "mgmt-ip"))
	capabilities, several := member(o, "capability").([]any)
	if !several {
		capabilities = []any{member(o, "capability")}
	}
	for _, capability := range capabilities {
		if name := textOf(member(capability, "type")); name != "" && truthy(member(capability, "enabled")) {
			c.capabilities = append(c.capabilities, name)
		}
	}
	return c, c.id != ""
}

func (c *chassis) addTo(g *Graph) {
	attrs := []Attr{{labelAttr, c.name}}
	if len(c.addresses) > 0 {
		attrs = append(attrs, Attr{localAttr, c.addresses})
	}
	if c.kind != "" {
		attrs = append(attrs, Attr{"chassis_id_type", c.kind})
	}
	if c.description != "" {
		attrs = append(attrs, Attr{"description", c.description})
	}
	if len(c.capabilities) > 0 {
		attrs = append(attrs, Attr{"capabilities", c.capabilities})
	}
	g.AddNode(TextID(c.id), attrs...)
}

// only is the value itself, or the first of a list, as json0 has everywhere.
func only(v any) any {
	if list, ok := v.([]any); ok {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	return v
}

// member is a member of an object, nil for anything else.
func member(v any, key string) any {
	o, ok := v.(*ordered.Object)
	if !ok {
		return nil
	}
	m, _ := o.Get(key)
	return m
}

// textOf is a text, or the text that an object has as its value.
func textOf(v any) string {
	v = only(v)
	if o, ok := v.(*ordered.Object); ok {
		v = member(o, "value")
	}
	switch v := v.(type) {
	case string:
		return v
	case ordered.Number:
		return string(v)
	}
	return ""
}

// textsOf are all of them.
func textsOf(v any) (out []any) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, item := range list {
		if t := textOf(item); t != "" && !slices.Contains(out, any(t)) {
			out = append(out, t)
		}
	}
	return out
}
