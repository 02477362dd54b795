package timeseries

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Tag is one name and value that a series is identified by.
type Tag struct {
	Name, Value string
}

// Tags identify a series together with the measurement. They are sorted by name and
// must not be changed. The zero Tags are none.
type Tags struct {
	list []Tag
	key  string
}

// TagsOf returns the tags of a map; empty values are left out, as they say nothing.
func TagsOf(m map[string]string) Tags {
	list := make([]Tag, 0, len(m))
	for name, value := range m {
		if value != "" {
			list = append(list, Tag{name, value})
		}
	}
	slices.SortFunc(list, func(a, b Tag) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	for _, t := range list {
		b.WriteString(t.Name)
		b.WriteByte(0)
		b.WriteString(t.Value)
		b.WriteByte(0)
	}
	return Tags{list, b.String()}
}

// All returns the tags in order.
func (t Tags) All() []Tag { return t.list }

// Get returns the value of a tag, "" for none.
func (t Tags) Get(name string) string {
	for _, tag := range t.list {
		if tag.Name == name {
			return tag.Value
		}
	}
	return ""
}

// Key returns a text that equal tags share and others do not.
func (t Tags) Key() string { return t.key }

// Map returns the tags as a map of the caller's.
func (t Tags) Map() map[string]string {
	m := make(map[string]string, len(t.list))
	for _, tag := range t.list {
		m[tag.Name] = tag.Value
	}
	return m
}

// MarshalJSON writes an object with sorted names.
func (t Tags) MarshalJSON() ([]byte, error) { return json.Marshal(t.Map()) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Tags) UnmarshalJSON(b []byte) error {
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("read tags: %w", err)
	}
	*t = TagsOf(m)
	return nil
}

// The tags that say which object a series belongs to (spec: monitoring §2.1).
const (
	ContentTypeTag = "content_type"
	ObjectTag      = "object_id"
)

// Object is what series belong to, such as a device.
type Object struct {
	// Type is its kind, such as "config.device".
	Type string
	// ID is its key.
	ID string
}

// Object returns what the tags say a series belongs to, the zero Object for nothing.
func (t Tags) Object() Object { return Object{t.Get(ContentTypeTag), t.Get(ObjectTag)} }

// Class is how long points are kept (spec: monitoring §5.1).
type Class uint8

// The classes of retention.
const (
	// Default keeps points for years.
	Default Class = iota
	// Short keeps points for a day.
	Short
)

// Field is a named value of a point.
type Field struct {
	// Name is at most 64 bytes.
	Name string
	// Value is not stored if it is null.
	Value Value
}

// Point are values of one series at one time. A second point at the same time adds its
// fields; a field that is there already is overwritten.
type Point struct {
	// Measurement and Tags are the series.
	Measurement string
	Tags        Tags
	// Time is exact to the microsecond.
	Time time.Time
	// Fields are at least one.
	Fields []Field
	// Class says how long the point is kept.
	Class Class
}

// Document is the last document of an object, with what its owner remembers beside it.
type Document struct {
	// Object is whose document it is.
	Object Object
	// Time is when it was made; one that is older than what is stored changes nothing.
	Time time.Time
	// Body is the document.
	Body []byte
	// State is what the owner of the document keeps beside it, such as counters.
	State []byte
}

// Batch is what is stored together, all of it or nothing.
type Batch struct {
	// Points are stored in order.
	Points []Point
	// Documents replace those of the same objects.
	Documents []Document
}

// Bounds of a point. What is beyond them is refused.
const (
	maxName  = 64
	maxValue = 1 << 16
	maxTags  = 32
)

// PointError says that a point was left out, and why. The others were stored.
type PointError struct {
	// Index is the point's place in the batch.
	Index int
	// Err is why.
	Err error
}

// Error names the point.
func (e *PointError) Error() string { return fmt.Sprintf("point %d: %v", e.Index, e.Err) }

// Unwrap returns why.
func (e *PointError) Unwrap() error { return e.Err }

// PointErrors are all points of a batch that were left out. The rest was stored.
type PointErrors []PointError

// Error tells of the first.
func (e PointErrors) Error() string {
	if len(e) == 1 {
		return e[0].Error()
	}
	return fmt.Sprintf("%v (and %d more)", &e[0], len(e)-1)
}

// Check returns what makes a point impossible to store, or nil.
func (p *Point) Check() error {
	switch {
	case p.Measurement == "" || len(p.Measurement) > maxName:
		return fmt.Errorf("a measurement has 1 to %d bytes", maxName)
	case len(p.Tags.list) > maxTags:
		return fmt.Errorf("at most %d tags", maxTags)
	case p.Time.Year() < 1970 || p.Time.Year() > 2200:
		return errors.New("the time is out of range")
	}
	some := false
	for _, f := range p.Fields {
		switch {
		case f.Name == "" || len(f.Name) > maxName:
			return fmt.Errorf("a field's name has 1 to %d bytes", maxName)
		case len(f.Value.text) > maxValue:
			return fmt.Errorf("%s: a text has at most %d bytes", f.Name, maxValue)
		}
		some = some || !f.Value.IsNull()
	}
	if !some {
		return errors.New("no field has a value")
	}
	return nil
}
