// Package fields reads the structs of entities and of their filters once, so
// that the SQL and the in-memory storage derive the same columns, conditions
// and orders from the same names.
package fields

import (
	"database/sql/driver"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/wispwright/wispwright"
)

// Kind says how a field is stored.
type Kind int

// The kinds of fields.
const (
	Plain    Kind = iota // bool, numbers, strings
	ID                   // wispwright.ID; zero is NULL
	Time                 // time.Time; UTC, microseconds, zero is NULL
	Secret               // wispwright.Secret; sealed
	Addr                 // netip.Addr, in the order of the addresses; zero is NULL
	Prefix               // netip.Prefix, in the order of the networks; zero is NULL
	Bytes                // []byte; nil is NULL
	Big                  // big.Int, by value
	Valuer               // anything with its own Value and Scan, such as wispwright.JSON
	Document             // slices, maps and declared structs, as JSON text
)

// Field is one stored field of a struct.
type Field struct {
	// Name is the Go name, Column the name in SQL.
	Name, Column string
	// Index leads to the field through embedded structs.
	Index []int
	// Kind says how it is stored; Pointer that nil is NULL.
	Kind    Kind
	Pointer bool
	// Type is the Go type without the pointer.
	Type reflect.Type
	// Sortable: the column holds the text of AddrText, PrefixText or BigText.
	// Nullable: the column may be NULL. Both are what the table says.
	Sortable, Nullable bool
}

// Plan is the stored fields of a struct in order.
type Plan struct {
	Fields []Field
}

// Naming is what a specification says about fields, by their Go names.
type Naming struct {
	// Columns renames; Skip leaves out.
	Columns map[string]string
	Skip    []string
	// Documents are stored as JSON.
	Documents []string
}

// Of reads a struct type. A name that is not there is an error, as is a struct
// that has no form in a database and was not declared a document.
func Of(t reflect.Type, n Naming) (Plan, error) {
	var p Plan
	for _, name := range slices.Concat(n.Skip, n.Documents, slices.Sorted(maps.Keys(n.Columns))) {
		if f, ok := t.FieldByName(name); !ok || !f.IsExported() {
			return p, fmt.Errorf("%s has no field %s", t, name)
		}
	}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		if slices.Contains(n.Skip, f.Name) {
			continue
		}
		column := n.Columns[f.Name]
		if column == "" {
			column = Column(f.Name)
		}
		typ, pointer := f.Type, false
		if typ.Kind() == reflect.Pointer {
			typ, pointer = typ.Elem(), true
		}
		kind := kindOf(typ)
		switch {
		case slices.Contains(n.Documents, f.Name):
			kind = Document
		case kind == Document && typ.Kind() == reflect.Struct:
			return p, fmt.Errorf("field %s is a %s, which has no column: declare it a document, or skip it", f.Name, typ)
		}
		p.Fields = append(p.Fields, Field{Name: f.Name, Column: column, Index: f.Index, Kind: kind, Pointer: pointer, Type: typ})
	}
	return p, nil
}

// Need returns an error when a name that a specification uses is not a field.
func (p Plan) Need(what string, names ...string) error {
	for _, name := range names {
		if _, ok := p.Field(name); !ok {
			return fmt.Errorf("no field %s, which is named for %s", name, what)
		}
	}
	return nil
}

// Sorts returns an error when an order names what is not a field, or one that
// storages cannot sort alike.
func (p Plan) Sorts(order []wispwright.Order) error {
	for _, o := range order {
		f, ok := p.Field(o.Field)
		if !ok {
			return fmt.Errorf("no field %s to sort by", o.Field)
		}
		if f.Kind == Secret || f.Kind == Document {
			return fmt.Errorf("field %s cannot be sorted by", o.Field)
		}
	}
	return nil
}

// Field finds a field by its Go name.
func (p Plan) Field(name string) (Field, bool) {
	for _, f := range p.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

func kindOf(t reflect.Type) Kind {
	switch t {
	case reflect.TypeFor[wispwright.ID]():
		return ID
	case reflect.TypeFor[time.Time]():
		return Time
	case reflect.TypeFor[wispwright.Secret]():
		return Secret
	case reflect.TypeFor[netip.Addr]():
		return Addr
	case reflect.TypeFor[netip.Prefix]():
		return Prefix
	case reflect.TypeFor[big.Int]():
		return Big
	case reflect.TypeFor[[]byte]():
		return Bytes
	}
	if t.Implements(reflect.TypeFor[driver.Valuer]()) {
		return Valuer
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Struct, reflect.Array, reflect.Interface:
		return Document
	}
	return Plain
}

// Column is the column of a Go name: OrganizationID is organization_id,
// CACertPEM is ca_cert_pem.
func Column(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 {
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1]) || next {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Op is how a filter's field selects.
type Op int

// The ways to select.
const (
	Equal    Op = iota // the field has the value
	Among              // the field is one of the values
	From               // the field is the value or greater
	Before             // the field is less than the value
	Contains           // one of the fields contains the text, letter case ignored
	Within             // the address or prefix lies within the prefix
	Custom             // the storage has its own condition
)

// Cond is one field of a filter struct.
type Cond struct {
	// Name of the filter's field and where it is.
	Name  string
	Index []int
	Op    Op
	// Targets are the entity's fields it looks at; none for Custom.
	Targets []Field
	// Pointer: nil selects all, otherwise every value counts, also zero.
	Pointer bool
	// List: the filter's field is a wispwright.Among.
	List bool
}

// keyed is what a wispwright.Among of any type is.
type keyed interface {
	AnyKeys() (keys any, only bool)
}

// Conds derives the conditions of a filter struct from the names of its
// fields: the name of an entity's field (equal), its plural (among), with the
// suffix From, Before, Contains or Within. search are the entity's fields that a
// filter's field Search looks through. Names in custom are left to the storage.
// Lists are wispwright.Among; a slice, whose nil would select everything, is
// refused.
func Conds(filter reflect.Type, p Plan, search []string, custom func(string) bool) ([]Cond, error) {
	var out []Cond
	for _, f := range reflect.VisibleFields(filter) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		c := Cond{Name: f.Name, Index: f.Index, Pointer: f.Type.Kind() == reflect.Pointer}
		c.List = !c.Pointer && f.Type.Implements(reflect.TypeFor[keyed]())
		if f.Type.Kind() == reflect.Slice || c.Pointer && f.Type.Elem().Kind() == reflect.Slice {
			return nil, fmt.Errorf("filter %s: %s is a slice, which must be a wispwright.Among", filter, f.Name)
		}
		switch {
		case custom(f.Name):
			c.Op = Custom
		case f.Name == "Search":
			c.Op = Contains
			for _, name := range search {
				target, ok := p.Field(name)
				if !ok {
					return nil, fmt.Errorf("filter %s: no field %s to search", filter, name)
				}
				c.Targets = append(c.Targets, target)
			}
		default:
			target, op, ok := derive(f.Name, p)
			if !ok {
				return nil, fmt.Errorf("filter %s: no field for %s", filter, f.Name)
			}
			if c.List != (op == Among) {
				return nil, fmt.Errorf("filter %s: %s is named for one value and typed for a list of them, or the other way round", filter, f.Name)
			}
			if op == Within && f.Type != reflect.TypeFor[netip.Prefix]() {
				return nil, fmt.Errorf("filter %s: %s must be a netip.Prefix", filter, f.Name)
			}
			c.Op, c.Targets = op, []Field{target}
		}
		out = append(out, c)
	}
	return out, nil
}

func derive(name string, p Plan) (Field, Op, bool) {
	if f, ok := p.Field(name); ok {
		return f, Equal, true
	}
	for _, s := range []struct {
		suffix string
		op     Op
	}{{"From", From}, {"Before", Before}, {"Contains", Contains}, {"Within", Within}, {"s", Among}, {"es", Among}} {
		if base, ok := strings.CutSuffix(name, s.suffix); ok {
			if f, found := p.Field(base); found && (s.op != Within || f.Kind == Addr || f.Kind == Prefix) {
				return f, s.op, true
			}
		}
	}
	return Field{}, 0, false
}

// Value returns the filter's value of a condition, of a list its keys, and
// whether it selects at all: a zero value and a nil pointer do not.
func (c Cond) Value(filter reflect.Value) (reflect.Value, bool) {
	v := filter.FieldByIndex(c.Index)
	if c.Pointer {
		if v.IsNil() {
			return v, false
		}
		return v.Elem(), true
	}
	if c.List {
		keys, only := v.Interface().(keyed).AnyKeys()
		return reflect.ValueOf(keys), only
	}
	return v, !v.IsZero()
}
