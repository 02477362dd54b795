package schema

import (
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

type required struct {
	origin
	names []string
}

func (k *required) valid(v any) bool {
	o, ok := v.(*ordered.Object)
	if !ok {
		return true
	}
	for _, name := range k.names {
		if !o.Has(name) {
			return false
		}
	}
	return true
}

func (k *required) explain(v any, at *place, y yield) bool {
	o, ok := v.(*ordered.Object)
	if !ok {
		return true
	}
	for _, name := range k.names {
		if !o.Has(name) && !y(k.fault(at, "%s is a required property", quote(name))) {
			return false
		}
	}
	return true
}

// property is a member an object may have.
type property struct {
	name string
	node *node
}

// properties holds the members in the document's order, and once more for the
// yes/no check: those that are enumerations first, for they tell branches apart.
type properties struct {
	origin
	list  []property
	first []property
	rest  []property
	index map[string]*node // of rest
}

func (c *compiler) properties(members *ordered.Object, at origin) (keyword, error) {
	k := &properties{origin: at, index: map[string]*node{}}
	for name, document := range members.All() {
		n, err := c.node(document, at.schema+"/"+escape(name))
		if err != nil {
			return nil, err
		}
		p := property{name, n}
		k.list = append(k.list, p)
		switch o, _ := document.(*ordered.Object); {
		case o.Len() == 0: // accepts everything
		case o.Has("enum") && !o.Has("$ref"):
			k.first = append(k.first, p)
		default:
			k.rest = append(k.rest, p)
			k.index[name] = n
		}
	}
	return k, nil
}

func (k *properties) valid(v any) bool {
	o, ok := v.(*ordered.Object)
	if !ok {
		return true
	}
	for i := range k.first {
		if member, ok := o.Get(k.first[i].name); ok && !k.first[i].node.valid(member) {
			return false
		}
	}
	if len(k.rest) <= o.Len() {
		for i := range k.rest {
			if member, ok := o.Get(k.rest[i].name); ok && !k.rest[i].node.valid(member) {
				return false
			}
		}
		return true
	}
	for i := range o.Len() {
		name, member := o.At(i)
		if n := k.index[name]; n != nil && !n.valid(member) {
			return false
		}
	}
	return true
}

func (k *properties) explain(v any, at *place, y yield) bool {
	o, ok := v.(*ordered.Object)
	if !ok {
		return true
	}
	for _, p := range k.list {
		if member, ok := o.Get(p.name); ok && !p.node.explain(member, at.down(p.name), y) {
			return false
		}
	}
	return true
}

// patternProperties are members by the form of their names.
type patternProperties struct {
	origin
	list []struct {
		match matcher
		node  *node
	}
}

func (c *compiler) patternProperties(members *ordered.Object, at origin) (keyword, error) {
	k := &patternProperties{origin: at}
	for text, document := range members.All() {
		match, err := compilePattern(text)
		if err != nil {
			return nil, c.fault(at.schema, "%w", err)
		}
		n, err := c.node(document, at.schema+"/"+escape(text))
		if err != nil {
			return nil, err
		}
		k.list = append(k.list, struct {
			match matcher
			node  *node
		}{match, n})
	}
	return k, nil
}

func (k *patternProperties) valid(v any) bool {
	o, _ := v.(*ordered.Object) // what is no object has no members
	for name, member := range o.All() {
		for _, p := range k.list {
			if p.match(name) && !p.node.valid(member) {
				return false
			}
		}
	}
	return true
}

func (k *patternProperties) explain(v any, at *place, y yield) bool {
	o, _ := v.(*ordered.Object) // what is no object has no members
	for _, p := range k.list {
		for name, member := range o.All() {
			if p.match(name) && !p.node.explain(member, at.down(name), y) {
				return false
			}
		}
	}
	return true
}

// additional is additionalProperties that is not true.
type additional struct {
	origin
	known    map[string]bool
	patterns []matcher
	texts    []string
	node     *node // nil refuses every additional member
}

func (c *compiler) additional(o *ordered.Object, value any, at origin) (keyword, error) {
	k := &additional{origin: at, known: map[string]bool{}}
	if value != false {
		n, err := c.node(value, at.schema)
		if err != nil {
			return nil, err
		}
		k.node = n
	}
	if v, ok := o.Get("properties"); ok {
		members, _ := v.(*ordered.Object) // the keyword itself refuses others
		for name := range members.All() {
			k.known[name] = true
		}
	}
	if v, ok := o.Get("patternProperties"); ok {
		members, _ := v.(*ordered.Object) // the keyword itself refuses others
		for text := range members.All() {
			match, err := compilePattern(text)
			if err != nil {
				return nil, c.fault(at.schema, "%w", err)
			}
			k.patterns = append(k.patterns, match)
			k.texts = append(k.texts, quote(text))
		}
	}
	return k, nil
}

func (k *additional) extra(name string) bool {
	if k.known[name] {
		return false
	}
	for _, match := range k.patterns {
		if match(name) {
			return false
		}
	}
	return true
}

func (k *additional) valid(v any) bool {
	o, ok := v.(*ordered.Object)
	if !ok {
		return true
	}
	for i := range o.Len() {
		if name, member := o.At(i); k.extra(name) && (k.node == nil || !k.node.valid(member)) {
			return false
		}
	}
	return true
}

func (k *additional) explain(v any, at *place, y yield) bool {
	o, _ := v.(*ordered.Object) // what is no object has no members
	var names []string
	for name, member := range o.All() {
		switch {
		case !k.extra(name):
		case k.node == nil:
			names = append(names, quote(name))
		case !k.node.explain(member, at.down(name), y):
			return false
		}
	}
	if len(names) == 0 {
		return true
	}
	list := strings.Join(names, ", ")
	if len(k.texts) > 0 {
		verb := "does"
		if len(names) > 1 {
			verb = "do"
		}
		return y(k.fault(at, "%s %s not match any of the regexes: %s", list, verb, strings.Join(k.texts, ", ")))
	}
	verb := "was"
	if len(names) > 1 {
		verb = "were"
	}
	return y(k.fault(at, "Additional properties are not allowed (%s %s unexpected)", list, verb))
}

// dependencies are what the presence of a member asks for.
type dependencies struct {
	origin
	list []dependency
}

type dependency struct {
	name  string
	needs []string
	node  *node // instead of needs
}

func (c *compiler) dependencies(members *ordered.Object, from string, at origin) (keyword, error) {
	k := &dependencies{origin: at}
	for name, value := range members.All() {
		d := dependency{name: name}
		if needs, ok := texts(value); ok {
			d.needs = needs
		} else {
			n, err := c.same(value, at.schema+"/"+escape(name), from)
			if err != nil {
				return nil, err
			}
			d.node = n
		}
		k.list = append(k.list, d)
	}
	return k, nil
}

func (k *dependencies) valid(v any) bool {
	return k.explain(v, &place{}, func(*Error) bool { return false })
}

func (k *dependencies) explain(v any, at *place, y yield) bool {
	o, _ := v.(*ordered.Object) // what is no object has no members
	for _, d := range k.list {
		if !o.Has(d.name) {
			continue
		}
		if d.node != nil && !d.node.explain(v, at, y) {
			return false
		}
		for _, name := range d.needs {
			if !o.Has(name) && !y(k.fault(at, "%s is a dependency of %s", quote(name), quote(d.name))) {
				return false
			}
		}
	}
	return true
}

// items applies one schema to all items of a list, or one to each place.
type items struct {
	all  *node
	each []*node
}

func (c *compiler) items(value any, at origin) (keyword, error) {
	list, ok := value.([]any)
	if !ok {
		n, err := c.node(value, at.schema)
		return &items{all: n}, err
	}
	k := &items{}
	for i, document := range list {
		n, err := c.node(document, at.schema+"/"+strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		k.each = append(k.each, n)
	}
	return k, nil
}

func (k *items) of(i int) *node {
	if k.all != nil {
		return k.all
	}
	if i < len(k.each) {
		return k.each[i]
	}
	return nil
}

func (k *items) valid(v any) bool {
	list, _ := v.([]any) // what is no list has no items
	for i := range list {
		if n := k.of(i); n != nil && !n.valid(list[i]) {
			return false
		}
	}
	return true
}

func (k *items) explain(v any, at *place, y yield) bool {
	list, _ := v.([]any) // what is no list has no items
	for i := range list {
		if n := k.of(i); n != nil && !n.valid(list[i]) && !n.explain(list[i], at.down(strconv.Itoa(i)), y) {
			return false
		}
	}
	return true
}

// moreItems is additionalItems beside a list of schemas; beside one schema, or
// none, the keyword means nothing.
type moreItems struct {
	origin
	from int
	node *node // nil refuses every additional item
}

func (c *compiler) moreItems(o *ordered.Object, value any, at origin) (keyword, error) {
	v, _ := o.Get("items")
	list, ok := v.([]any)
	if !ok || value == true {
		return nil, nil
	}
	k := &moreItems{origin: at, from: len(list)}
	if value != false {
		n, err := c.node(value, at.schema)
		if err != nil {
			return nil, err
		}
		k.node = n
	}
	return k, nil
}

func (k *moreItems) valid(v any) bool {
	list, _ := v.([]any) // what is no list has no items
	for i := k.from; i < len(list); i++ {
		if k.node == nil || !k.node.valid(list[i]) {
			return false
		}
	}
	return true
}

func (k *moreItems) explain(v any, at *place, y yield) bool {
	list, _ := v.([]any) // what is no list has no items
	var extra []string
	for i := k.from; i < len(list); i++ {
		switch {
		case k.node == nil:
			extra = append(extra, quote(list[i]))
		case !k.node.explain(list[i], at.down(strconv.Itoa(i)), y):
			return false
		}
	}
	if len(extra) == 0 {
		return true
	}
	verb := "was"
	if len(extra) > 1 {
		verb = "were"
	}
	return y(k.fault(at, "Additional items are not allowed (%s %s unexpected)", strings.Join(extra, ", "), verb))
}
