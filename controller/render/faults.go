package render

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// Own is the Layer of a fault in the configuration itself.
const Own = -1

// Fault is one wrong value, told for people.
type Fault struct {
	// Layer is the layer the value is from: an index of Input.Templates, or
	// Own.
	Layer int
	// Pointer is the JSON pointer of the value in the document of that layer.
	// It may name a key that is missing.
	Pointer string
	// Message is a short sentence without the value's name: "At least 8
	// characters, now 5".
	Message string
}

// explainer tells the faults of one configuration.
type explainer struct {
	backend *netjsonconfig.Backend
	// config is nil while the layers do not fit together
	config *netjsonconfig.Config
	// merged is config's, taken once it is needed
	merged *ordered.Object
	// layers are from the lowest to the configuration itself
	layers []*ordered.Object
	// first is how many of layers are no template
	first int
}

// faults returns what is wrong at the leaves: of the branches of a oneOf only
// those of the branch that was meant.
func (x *explainer) faults(e *netjsonconfig.ValidationError) []Fault {
	x.merged = ordered.NewObject()
	if x.config != nil {
		x.merged = x.config.Merged()
	}
	var out []Fault
	for _, leaf := range leaves(e) {
		pointer := leaf.Path()
		if name, ok := missing(leaf); ok {
			pointer = append(pointer, name)
		}
		layer, own := x.locate(pointer)
		f := Fault{Layer: layer, Pointer: join(own), Message: x.words(leaf)}
		// one thing at a time is said of a value
		if !slices.ContainsFunc(out, func(o Fault) bool { return o.Layer == f.Layer && o.Pointer == f.Pointer }) {
			out = append(out, f)
		}
	}
	return out
}

// leaves returns the errors that have no others below them.
func leaves(e *netjsonconfig.ValidationError) []*netjsonconfig.ValidationError {
	if len(e.Causes) == 0 {
		return []*netjsonconfig.ValidationError{e}
	}
	var out []*netjsonconfig.ValidationError
	for _, c := range meant(e) {
		out = append(out, leaves(c)...)
	}
	return out
}

// meant returns the errors of the branch that was meant; where the value does not
// say which, those of the branch with the fewest faults.
func meant(e *netjsonconfig.ValidationError) []*netjsonconfig.ValidationError {
	if of := e.MeantCauses(); len(of) > 0 {
		return of
	}
	branches, weights := map[int][]*netjsonconfig.ValidationError{}, map[int]int{}
	for _, c := range e.Causes {
		path := c.Path()
		if c.Keyword() == "enum" && len(path) == len(e.Path())+1 && schema.Telling(path[len(path)-1]) {
			return unknown(c.Pointer)
		}
		branches[c.Branch] = append(branches[c.Branch], c)
		weights[c.Branch] += weigh(e, c)
	}
	best := -1
	for _, c := range e.Causes { // in their order, so that equals are decided by it
		if best < 0 || weights[c.Branch] < weights[best] {
			best = c.Branch
		}
	}
	if weights[best] >= unlike {
		return unknown(e.Pointer)
	}
	return branches[best]
}

// unknown is what is said of a value of no kind that there is: what the branches
// say beside has no meaning.
func unknown(pointer string) []*netjsonconfig.ValidationError {
	return []*netjsonconfig.ValidationError{{Pointer: pointer, Message: "Not a kind that is known here"}}
}

// unlike is the weight of an error that tells a value of another kind.
const unlike = 1_000

// weigh says how much an error speaks against its branch.
func weigh(parent, cause *netjsonconfig.ValidationError) int {
	if cause.Pointer == parent.Pointer && cause.Keyword() == "type" {
		return unlike // not even an object, or whatever this branch takes
	}
	if name, ok := missing(cause); ok && schema.Telling(name) {
		return 10
	}
	return 1
}

// missing returns the key an error says is not there.
func missing(e *netjsonconfig.ValidationError) (string, bool) {
	if e.Keyword() != "required" {
		return "", false
	}
	name, ok := strings.CutSuffix(e.Message, " is a required property")
	return strings.Trim(name, `'"`), ok
}

// words says what a leaf refuses.
func (x *explainer) words(e *netjsonconfig.ValidationError) string {
	value, _ := descend(x.merged, e.Path())
	limit := x.limit(e.SchemaPointer)
	switch e.Keyword() {
	case "required":
		return "Needed"
	case "minLength":
		return fmt.Sprintf("At least %v characters, now %d", limit, length(value))
	case "maxLength":
		return fmt.Sprintf("At most %v characters, now %d", limit, length(value))
	case "minimum":
		return fmt.Sprintf("%v or more", limit)
	case "maximum":
		return fmt.Sprintf("%v or less", limit)
	case "type":
		return "Must be " + kinds(limit)
	case "enum":
		return choices(limit)
	case "pattern":
		return forms(fmt.Sprint(limit))
	case "format":
		return "Not " + formats(limit)
	case "uniqueItems":
		return "The same thing is there twice"
	case "additionalProperties":
		return "Has keys that mean nothing here"
	case "oneOf":
		return "Fits more than one kind of thing: say which"
	case "minItems":
		return fmt.Sprintf("At least %v needed", limit)
	case "maxItems":
		return fmt.Sprintf("At most %v", limit)
	}
	return e.Message
}

// limit is what the schema has at a pointer.
func (x *explainer) limit(pointer string) any {
	if pointer == "" {
		return nil
	}
	value, err := ordered.Decode(x.backend.Document)
	if err != nil {
		return nil
	}
	found, _ := descend(value, (&netjsonconfig.ValidationError{Pointer: pointer}).Path())
	return found
}

// kindWords are the types of JSON for people.
var kindWords = map[string]string{
	"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "yes or no (true or false)", "array": "a list", "object": "an object", "null": "nothing",
}

func kinds(limit any) string {
	names, ok := limit.([]any)
	if !ok {
		names = []any{limit}
	}
	var out []string
	for _, name := range names {
		out = append(out, kindWords[fmt.Sprint(name)])
	}
	return strings.Join(out, " or ")
}

const fewChoices = 8

func choices(limit any) string {
	list, _ := limit.([]any)
	if len(list) == 0 || len(list) > fewChoices {
		return "Not one of the choices"
	}
	var out []string
	for _, choice := range list {
		out = append(out, fmt.Sprint(choice))
	}
	if len(out) == 1 {
		return "Must be " + out[0]
	}
	return "One of " + strings.Join(out, ", ")
}

// forms says what a pattern of the schemas asks for.
func forms(pattern string) string {
	switch {
	case pattern == `^[^\s]*$`:
		return "No spaces"
	case pattern == "^[0-9]*$":
		return "Only digits"
	case pattern == "^[0-7]*$":
		return "Only digits from 0 to 7"
	case strings.Contains(pattern, "[0-9A-Fa-f]{2}[:-]"):
		return "Not a MAC address, such as 00:11:22:33:44:55"
	case strings.HasPrefix(pattern, "^[a-zA-z0-9_"):
		return "Only letters, digits, dots, - and _"
	}
	return "Not in the form that is expected here"
}

func formats(limit any) string {
	switch name := fmt.Sprint(limit); name {
	case "ipv4":
		return "an IPv4 address, such as 10.0.0.1"
	case "ipv6":
		return "an IPv6 address, such as fd00::1"
	case "cidr":
		return "a network, such as 10.0.0.0/24"
	case "hostname":
		return "a host name, such as time.example.org"
	default:
		return "a valid " + name
	}
}

func length(value any) int {
	text, _ := value.(string)
	return len([]rune(text))
}

// locate finds the layer a value of the merged configuration is from, and its
// path in there: the uppermost layer that has it, or else that has most of the
// way to it. Objects of lists are found by what identifies them.
func (x *explainer) locate(path []string) (layer int, own []string) {
	best := -1
	for i := len(x.layers) - 1; i >= 0; i-- {
		at, depth := x.follow(x.layers[i], path)
		if depth > best {
			best, layer, own = depth, i-x.first, at
		}
	}
	switch {
	case best <= 0 || layer < 0: // of the host name below all templates
		return Own, path
	case layer == len(x.layers)-1-x.first:
		return Own, own
	}
	return layer, own
}

// follow goes as far along a path of the merged configuration as a layer has
// it. The way is the whole path, with the layer's own indexes.
func (x *explainer) follow(layer *ordered.Object, path []string) (way []string, depth int) {
	var merged, here any = x.merged, layer
	way = slices.Clone(path)
	for i, part := range path {
		var ok bool
		above := merged
		if merged, ok = step(merged, part); !ok && i < len(path)-1 {
			return way, depth
		}
		if list, isList := here.([]any); isList {
			index := x.find(list, merged, above, part)
			if index < 0 {
				return way, depth
			}
			part = strconv.Itoa(index)
			way[i] = part
		}
		if here, ok = step(here, part); !ok {
			return way, depth
		}
		depth++
	}
	return way, depth
}

// find returns the index of the item of a list that a merged item is made of.
func (x *explainer) find(list []any, merged, above any, part string) int {
	if name, ok := x.identity(merged); ok {
		if i := slices.IndexFunc(list, func(item any) bool { own, ok := x.identity(item); return ok && own == name }); i >= 0 {
			return i
		}
	}
	if i := slices.IndexFunc(list, func(item any) bool { return ordered.Equal(item, merged) }); i >= 0 {
		return i
	}
	// a list that was not merged with another has its indexes still
	all, _ := above.([]any)
	if index, err := strconv.Atoi(part); err == nil && len(all) == len(list) && index < len(list) {
		return index
	}
	return -1
}

func (x *explainer) identity(item any) (string, bool) {
	o, ok := item.(*ordered.Object)
	if !ok {
		return "", false
	}
	for _, key := range x.backend.Identifiers {
		if v, ok := o.Get(key); ok {
			return fmt.Sprint(v), true
		}
	}
	return "", false
}

func step(value any, part string) (any, bool) {
	switch v := value.(type) {
	case *ordered.Object:
		return v.Get(part)
	case []any:
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(v) {
			return v[i], true
		}
	}
	return nil, false
}

func descend(value any, path []string) (any, bool) {
	for _, part := range path {
		var ok bool
		if value, ok = step(value, part); !ok {
			return nil, false
		}
	}
	return value, true
}

func join(path []string) string {
	parts := make([]any, len(path))
	for i, p := range path {
		parts[i] = p
	}
	return netjsonconfig.Invalid("", parts...).Pointer
}

func unexpected() error {
	return &Error{Message: UnexpectedFormat, Faults: []Fault{{Layer: Own, Message: "Must be an object"}}}
}

// refusal turns what netjsonconfig says of a configuration into an Error.
func refusal(x *explainer, err error) error {
	var invalid *netjsonconfig.ValidationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return &Error{Pointer: invalid.Pointer, Message: invalid.Error(), Faults: x.faults(invalid)}
	case errors.Is(err, netjsonconfig.ErrNotObject):
		return unexpected()
	}
	return fmt.Errorf("render: %w", err)
}
