// Package schemas holds the JSON Schemas (draft 4) of the backends: what each
// accepts, with titles, descriptions, defaults and the order of fields, from
// which a form can be generated (spec: netjsonconfig, Annex A and §16).
//
// Documents are built and compiled at first use and shared from then on.
package schemas
