package custom

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/monitoring/health"
)

// Charts of metrics.
const (
	NoChart = ""
	Line    = "line"
	Bars    = "bar"
)

// Metric is a metric that an organization declared.
type Metric struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is of whose devices it is.
	OrganizationID wispwright.ID
	// Name is what people call it, at most 64 characters.
	Name string
	// Key names it in series and for Prometheus: lower-case letters, digits and
	// underscores, at most 32, once in an organization.
	Key string
	// Path is where its number is in a document, see Resolve.
	Path string
	// Counter says that the number only grows, so that by how much it grew is kept.
	Counter bool
	// Unit stands behind values, at most 16 characters.
	Unit string
	// Chart is how it is drawn: NoChart, Line, Bars.
	Chart string
	// Description stands below the chart.
	Description string
	// Operator is "<" or ">" where somebody is told when Threshold is crossed for
	// Tolerance minutes; "" for none.
	Operator  string
	Threshold *float64
	Tolerance int
	// IsActive is false for one that is not measured at present.
	IsActive bool
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// UniqueKey is the rule that an organization has a key once.
const UniqueKey = "monitoring_custommetric_key"

// Shape is how storages keep metrics.
func Shape() store.Shape {
	return store.Shape{Table: "monitoring_custommetric", Org: "OrganizationID", Order: store.Oldest("Name"), Search: []string{"Name", "Key"},
		Unique: []store.Unique{{Name: UniqueKey, Fields: []string{"OrganizationID", "Key"}}}}
}

// Filter selects metrics; zero fields select all.
type Filter struct {
	// OrganizationID limits to an organization.
	OrganizationID wispwright.ID
	// IsActive limits to those that are measured, or to the others.
	IsActive *bool
	// Search finds a part of name or key.
	Search string
}

// MostOfAnOrganization bounds how many metrics are looked for in a document.
const MostOfAnOrganization = 100

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

func validate(_ context.Context, c entity.Change[Metric]) error {
	m := c.After
	e := &wispwright.ValidationError{}
	m.Name, m.Path, m.Unit = strings.TrimSpace(m.Name), strings.TrimSpace(m.Path), strings.TrimSpace(m.Unit)
	if m.OrganizationID.IsZero() {
		e.Add("organization", "This field may not be null.")
	}
	if m.Name == "" {
		e.Add("name", "This field may not be blank.")
	}
	for _, of := range []struct {
		field, text string
		most        int
	}{{"name", m.Name, 64}, {"unit", m.Unit, 16}, {"description", m.Description, 255}} {
		if utf8.RuneCountInString(of.text) > of.most {
			e.Add(of.field, fmt.Sprintf("Ensure this field has no more than %d characters.", of.most))
		}
	}
	if !keyForm.MatchString(m.Key) {
		e.Add("key", "Lower-case letters, digits and underscores, at most 32, beginning with a letter.")
	}
	if c.Before != nil && c.Before.Key != m.Key {
		e.Add("key", "It cannot be changed, as values are kept by it.")
	}
	if c.Before != nil && c.Before.OrganizationID != m.OrganizationID {
		e.Add("organization", "It cannot be changed.")
	}
	if _, err := parse(m.Path); err != nil {
		e.Add("path", err.Error())
	}
	if !slices.Contains([]string{NoChart, Line, Bars}, m.Chart) {
		e.Add("chart", `"`+m.Chart+`" is not a valid choice.`)
	}
	switch m.Operator {
	case "":
		m.Threshold, m.Tolerance = nil, 0
	case "<", ">":
		if m.Threshold == nil {
			e.Add("threshold", "This field may not be null, with an operator.")
		}
	default:
		e.Add("operator", `"`+m.Operator+`" is not a valid choice.`)
	}
	if m.Threshold != nil && (math.IsNaN(*m.Threshold) || math.IsInf(*m.Threshold, 0)) {
		e.Add("threshold", "A valid number is required.")
	}
	if m.Tolerance < 0 || m.Tolerance > health.MaxTolerance {
		e.Add("tolerance", "Ensure this value is between 0 and "+maxToleranceText+".")
	}
	return e.Err()
}
