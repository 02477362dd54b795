package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// document is what is read of an OpenAPI document.
type document struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]*schema }
}

type operation struct {
	OperationID string `json:"operationId"`
	RequestBody *body
	Responses   map[string]*body
}

type body struct {
	Content map[string]struct{ Schema *schema }
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 types
	Format               string
	Description          string
	Properties           map[string]*schema
	Required             []string
	Items                *schema
	OneOf                []*schema
	AdditionalProperties json.RawMessage
}

// types are one name or a list of them.
type types []string

// UnmarshalJSON reads both.
func (t *types) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

const refPrefix = "#/components/schemas/"

// name is that of the schema it refers to, directly or as one of null and it.
func (s *schema) name() string {
	if s == nil {
		return ""
	}
	for _, one := range s.OneOf {
		if one.Ref != "" && len(s.OneOf) == 2 {
			return one.name()
		}
	}
	return strings.TrimPrefix(s.Ref, refPrefix)
}

func (s *schema) nullable() bool {
	return slices.Contains(s.Type, "null") || len(s.OneOf) > 0
}

// basic is the type that is not null.
func (s *schema) basic() string {
	for _, t := range s.Type {
		if t != "null" {
			return t
		}
	}
	return ""
}

func (b *body) json() *schema {
	if b == nil {
		return nil
	}
	return b.Content["application/json"].Schema
}

// kind is a list of objects and what can be done with them.
type kind struct {
	function, typ string // Go's names
	path          string
	parents       []string // parts of the path that stand for other objects

	item, detail, created, changed string // schemas of answers
	create, change                 string // schemas of what is sent
	deletes                        bool
}

// kinds are all lists of the document by their path.
func (d *document) kinds() ([]*kind, error) {
	var out []*kind
	seen := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		get := d.Paths[path]["get"]
		answer := get.Responses["200"].json()
		if answer == nil || answer.Properties["results"] == nil || answer.Properties["count"] == nil || !strings.HasSuffix(get.OperationID, "_list") {
			continue
		}
		base := exported(strings.TrimSuffix(get.OperationID, "_list"))
		k := &kind{function: plural(base), typ: base + "Kind", path: path, item: answer.Properties["results"].Items.name()}
		if other := seen[k.function]; other != "" {
			return nil, fmt.Errorf("%s and %s would both be %s", other, path, k.function)
		}
		seen[k.function] = path
		if k.item == "" {
			return nil, fmt.Errorf("the objects of %s have no schema with a name", path)
		}
		for part := range strings.SplitSeq(path, "/") {
			if strings.HasPrefix(part, "{") {
				k.parents = append(k.parents, strings.Trim(part, "{}"))
			}
		}
		post := d.Paths[path]["post"]
		k.create, k.created = post.RequestBody.json().name(), post.Responses["201"].json().name()
		for other, operations := range d.Paths {
			rest, below := strings.CutPrefix(other, path)
			if !below || !strings.HasPrefix(rest, "{") || strings.Count(rest, "/") != 1 {
				continue
			}
			k.detail = operations["get"].Responses["200"].json().name()
			patch := operations["patch"]
			// what a change may send is what a replacement may, and nothing is required
			k.change, k.changed = operations["put"].RequestBody.json().name(), patch.Responses["200"].json().name()
			_, k.deletes = operations["delete"]
		}
		out = append(out, k)
	}
	return out, nil
}
