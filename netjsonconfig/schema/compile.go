package schema

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// compiler compiles one document. Every schema object is compiled once, however
// many references lead to it.
type compiler struct {
	document *ordered.Object
	formats  map[string]func(string) bool
	nodes    map[string]*node
	// circular are the schemas that a schema applies to the value itself, by
	// pointer: what can run in a circle.
	circular map[string][]string
}

func newCompiler(document *ordered.Object, o *Options) *compiler {
	c := &compiler{
		document: document, formats: DefaultFormats(),
		nodes: map[string]*node{}, circular: map[string][]string{},
	}
	if o != nil {
		for name, check := range o.Formats {
			c.formats[name] = check
		}
	}
	return c
}

func (c *compiler) fault(pointer, format string, args ...any) error {
	return fmt.Errorf("compile schema: at #%s: "+format, append([]any{pointer}, args...)...)
}

// cost orders the keywords of a schema for the yes/no check. Those that tell
// branches apart (required, enums of single members) come early.
const (
	costType = iota
	costRequired
	costScalar
	costProperties
	costText
	costReference
	costBranches
	costUnique
)

func (c *compiler) node(document any, pointer string) (*node, error) {
	if n, ok := c.nodes[pointer]; ok {
		return n, nil
	}
	o, ok := document.(*ordered.Object)
	if !ok {
		return nil, c.fault(pointer, "a schema must be an object")
	}
	n := &node{pointer: pointer}
	c.nodes[pointer] = n
	type priced struct {
		keyword
		cost int
	}
	var list []priced
	add := func(name string, value any) error {
		k, cost, err := c.keyword(o, name, value, pointer)
		if err == nil && k != nil {
			list = append(list, priced{k, cost})
		}
		return err
	}
	if ref, ok := o.Get("$ref"); ok {
		// Beside a reference nothing else counts in draft 4.
		if err := add("$ref", ref); err != nil {
			return nil, err
		}
	} else {
		for name, value := range o.All() {
			if err := add(name, value); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range list {
		n.keywords = append(n.keywords, p.keyword)
	}
	slices.SortStableFunc(list, func(a, b priced) int { return a.cost - b.cost })
	for _, p := range list {
		n.fast = append(n.fast, p.keyword)
	}
	return n, nil
}

// same compiles a schema that another applies to the value itself.
func (c *compiler) same(document any, pointer, from string) (*node, error) {
	c.circular[from] = append(c.circular[from], pointer)
	return c.node(document, pointer)
}

// keyword compiles one keyword; nil means that there is nothing to check.
func (c *compiler) keyword(o *ordered.Object, name string, value any, pointer string) (keyword, int, error) {
	at := origin{schema: pointer + "/" + escape(name)}
	switch name {
	case "$ref":
		k, err := c.reference(value, pointer, at)
		return k, costReference, err
	case "type":
		k, err := c.types(value, at)
		return k, costType, err
	case "enum":
		list, ok := value.([]any)
		if !ok {
			return nil, 0, c.fault(at.schema, "a list is expected")
		}
		return newEnum(at, list), costScalar, nil
	case "format":
		text, ok := value.(string)
		if !ok {
			return nil, 0, c.fault(at.schema, "a text is expected")
		}
		if check := c.formats[text]; check != nil {
			return &format{at, text, check}, costText, nil
		}
		return nil, 0, nil
	case "pattern":
		k, err := c.pattern(value, at)
		return k, costText, err
	case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties":
		k, err := c.size(name, value, at)
		return k, costScalar, err
	case "minimum", "maximum", "multipleOf":
		k, err := c.bound(o, name, value, at)
		return k, costScalar, err
	case "uniqueItems":
		if value == true {
			return &unique{at}, costUnique, nil
		}
		return nil, 0, nil
	case "required":
		names, ok := texts(value)
		if !ok {
			return nil, 0, c.fault(at.schema, "a list of texts is expected")
		}
		return &required{at, names}, costRequired, nil
	case "not":
		n, err := c.same(value, at.schema, pointer)
		return &not{at, n, value}, costReference, err
	case "allOf", "anyOf", "oneOf":
		return c.branches(name, value, pointer, at)
	}
	return c.applicator(o, name, value, at)
}

// applicator compiles the keywords that go into lists and objects.
func (c *compiler) applicator(o *ordered.Object, name string, value any, at origin) (keyword, int, error) {
	switch name {
	case "properties", "patternProperties", "dependencies":
		members, ok := value.(*ordered.Object)
		if !ok {
			return nil, 0, c.fault(at.schema, "an object is expected")
		}
		switch name {
		case "properties":
			k, err := c.properties(members, at)
			return k, costProperties, err
		case "patternProperties":
			k, err := c.patternProperties(members, at)
			return k, costReference, err
		}
		k, err := c.dependencies(members, strings.TrimSuffix(at.schema, "/dependencies"), at)
		return k, costReference, err
	case "additionalProperties":
		if value == true {
			return nil, 0, nil
		}
		k, err := c.additional(o, value, at)
		return k, costReference, err
	case "items":
		k, err := c.items(value, at)
		return k, costBranches, err
	case "additionalItems":
		k, err := c.moreItems(o, value, at)
		return k, costBranches, err
	}
	return nil, 0, nil
}

func (c *compiler) reference(value any, pointer string, at origin) (keyword, error) {
	ref, ok := value.(string)
	if !ok || !strings.HasPrefix(ref, "#") {
		return nil, c.fault(at.schema, "a reference into this document is expected")
	}
	target := ref[1:]
	var v any = c.document
	for part := range strings.SplitSeq(strings.TrimPrefix(target, "/"), "/") {
		if target == "" {
			break
		}
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch holder := v.(type) {
		case *ordered.Object:
			v, ok = holder.Get(part)
		case []any:
			i, err := strconv.Atoi(part)
			if ok = err == nil && i >= 0 && i < len(holder); ok {
				v = holder[i]
			}
		default:
			ok = false
		}
		if !ok {
			return nil, c.fault(at.schema, "%q leads nowhere", ref)
		}
	}
	c.circular[pointer] = append(c.circular[pointer], target)
	n, err := c.node(v, target)
	return &reference{n}, err
}

func (c *compiler) types(value any, at origin) (keyword, error) {
	names, ok := []string(nil), false
	if name, isText := value.(string); isText {
		names, ok = []string{name}, true
	} else {
		names, ok = texts(value)
	}
	if !ok || len(names) == 0 {
		return nil, c.fault(at.schema, "a type or a list of types is expected")
	}
	k := &types{origin: at, names: names}
	for _, name := range names {
		bit, ok := typeBit(name)
		if !ok {
			return nil, c.fault(at.schema, "unknown type %q", name)
		}
		k.set |= bit
	}
	return k, nil
}

func (c *compiler) pattern(value any, at origin) (keyword, error) {
	text, ok := value.(string)
	if !ok {
		return nil, c.fault(at.schema, "a text is expected")
	}
	m, err := compilePattern(text)
	if err != nil {
		return nil, c.fault(at.schema, "%w", err)
	}
	return &pattern{at, text, m}, nil
}

func (c *compiler) size(name string, value any, at origin) (keyword, error) {
	n, ok := value.(ordered.Number)
	if !ok {
		return nil, c.fault(at.schema, "a number is expected")
	}
	limit, err := strconv.Atoi(string(n))
	if err != nil || limit < 0 {
		return nil, c.fault(at.schema, "a whole number of zero or more is expected")
	}
	return &size{origin: at, limit: limit, max: strings.HasPrefix(name, "max"), of: name[3:]}, nil
}

func (c *compiler) bound(o *ordered.Object, name string, value any, at origin) (keyword, error) {
	n, ok := value.(ordered.Number)
	if !ok {
		return nil, c.fault(at.schema, "a number is expected")
	}
	f, err := n.Float64()
	if err != nil || math.IsInf(f, 0) {
		return nil, c.fault(at.schema, "%s is out of range", n)
	}
	if name == "multipleOf" {
		exact, ok := new(big.Rat).SetString(string(n))
		if !ok || exact.Sign() <= 0 || len(n) > 32 {
			return nil, c.fault(at.schema, "a number above zero is expected")
		}
		return &multiple{at, exact, f, n}, nil
	}
	exclusive := "exclusiveMinimum"
	if name == "maximum" {
		exclusive = "exclusiveMaximum"
	}
	strict, _ := o.Get(exclusive)
	return &bound{origin: at, limit: f, spelled: n, max: name == "maximum", strict: strict == true}, nil
}

func (c *compiler) branches(name string, value any, pointer string, at origin) (keyword, int, error) {
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return nil, 0, c.fault(at.schema, "a list of schemas is expected")
	}
	nodes := make([]*node, len(list))
	for i, document := range list {
		n, err := c.same(document, at.schema+"/"+strconv.Itoa(i), pointer)
		if err != nil {
			return nil, 0, err
		}
		nodes[i] = n
	}
	switch name {
	case "allOf":
		return &allOf{list: nodes}, costReference, nil
	case "anyOf":
		return &anyOf{at, nodes}, costBranches, nil
	}
	return &oneOf{at, nodes, list}, costBranches, nil
}

// circles refuses schemas that apply themselves to the same value for ever.
func (c *compiler) circles() error {
	const active, done = 1, 2
	state := map[string]int{}
	var walk func(pointer string) error
	walk = func(pointer string) error {
		switch state[pointer] {
		case done:
			return nil
		case active:
			return c.fault(pointer, "the schema refers to itself")
		}
		state[pointer] = active
		for _, next := range c.circular[pointer] {
			if err := walk(next); err != nil {
				return err
			}
		}
		state[pointer] = done
		return nil
	}
	for pointer := range c.nodes {
		if err := walk(pointer); err != nil {
			return err
		}
	}
	return nil
}

func texts(value any) ([]string, bool) {
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	out := make([]string, len(list))
	for i, v := range list {
		if out[i], ok = v.(string); !ok {
			return nil, false
		}
	}
	return out, true
}
