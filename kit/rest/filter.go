package rest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// Filter is one query parameter of a list. An empty value means "no filter";
// unknown parameters are ignored (rest-conventions §7).
type Filter[F any] struct {
	// Name of the parameter, such as "config__status".
	Name string
	// Help describes it in the document.
	Help string
	// Apply sets the filter. Faults are wispwright.Invalid with an empty path;
	// ErrNothing makes the list empty.
	Apply func(r *Request, f *F, value string) error
}

// ErrNothing is returned by a filter that selects nothing at all, such as an
// unknown slug.
var ErrNothing = errors.New("nothing is selected")

const (
	noSuchChoice = "Select a valid choice. That choice is not one of the available choices."
	noNull       = valid.NullCharacters
)

// applyFilters reports whether anything can be selected.
func applyFilters[F any](r *Request, filters []Filter[F], into *F) (bool, error) {
	if len(filters) == 0 || r.HTTP.URL.RawQuery == "" {
		return true, nil
	}
	some := true
	var wrong wispwright.ValidationError
	for i := range filters {
		v := r.Query().Get(filters[i].Name)
		if v == "" {
			continue
		}
		if strings.ContainsRune(v, 0) { // no stored text has one, and PostgreSQL refuses the query
			wrong.Add(filters[i].Name, noNull)
			continue
		}
		var err error
		if len(v) > longestFilter {
			err = wispwright.Invalid("", fmt.Sprintf("Ensure this value has at most %d characters (it has %d).", longestFilter, len(v)))
		} else {
			err = filters[i].Apply(r, into, v)
		}
		if errors.Is(err, ErrNothing) {
			some = false
			continue
		}
		if err = wrong.Merge(filters[i].Name, err); err != nil {
			return false, err
		}
	}
	return some, wrong.Err()
}

// Filtered applies filters outside of a Resource. Without error it reports
// whether anything can be selected.
func Filtered[F any](r *Request, filters []Filter[F], into *F) (some bool, err error) {
	return applyFilters(r, filters, into)
}

// longestFilter bounds the values of filters, in bytes: twice as much, as it is
// with every character escaped, is what SQLite compares with at most.
const longestFilter = 24_000

// FilterText selects by a text.
func FilterText[F any](name string, set func(*F, string)) Filter[F] {
	return Filter[F]{Name: name, Apply: func(_ *Request, f *F, v string) error {
		set(f, v)
		return nil
	}}
}

// FilterBool selects by true or false; other values mean no filter.
func FilterBool[F any](name string, set func(*F, bool)) Filter[F] {
	return Filter[F]{Name: name, Help: "true or false", Apply: func(_ *Request, f *F, v string) error {
		switch strings.ToLower(v) {
		case "true", "1":
			set(f, true)
		case "false", "0":
			set(f, false)
		}
		return nil
	}}
}

// FilterID selects by a UUID. Nothing has the zero one, which fields of filters
// have when they select everything.
func FilterID[F any](name string, set func(*F, wispwright.ID)) Filter[F] {
	return Filter[F]{Name: name, Help: "a UUID", Apply: func(_ *Request, f *F, v string) error {
		id, err := parseFilterID(v)
		if err != nil {
			return err
		}
		if id.IsZero() {
			return ErrNothing
		}
		set(f, id)
		return nil
	}}
}

func parseFilterID(v string) (wispwright.ID, error) {
	id, err := wispwright.ParseID(v)
	if err != nil {
		return id, wispwright.Invalid("", "“"+v+"” is not a valid UUID.")
	}
	return id, nil
}

// FilterRelation selects by a UUID of an object that must exist for the
// caller.
func FilterRelation[F any](name string, exists func(*Request, wispwright.ID) (bool, error), set func(*F, wispwright.ID)) Filter[F] {
	return Filter[F]{Name: name, Help: "a UUID", Apply: func(r *Request, f *F, v string) error {
		id, err := parseFilterID(v)
		if err != nil {
			return err
		}
		ok, err := exists(r, id)
		if err != nil {
			return err
		}
		if !ok {
			return wispwright.Invalid("", noSuchChoice)
		}
		set(f, id)
		return nil
	}}
}

// FilterChoice selects by one of some values.
func FilterChoice[F any](name string, choices []string, set func(*F, string)) Filter[F] {
	return Filter[F]{Name: name, Help: "one of: " + strings.Join(choices, ", "), Apply: func(_ *Request, f *F, v string) error {
		if !slices.Contains(choices, v) {
			return wispwright.Invalid("", "Select a valid choice. "+v+" is not one of the available choices.")
		}
		set(f, v)
		return nil
	}}
}

// FilterTime selects by a point in time.
func FilterTime[F any](name string, set func(*F, time.Time)) Filter[F] {
	return Filter[F]{Name: name, Help: "ISO 8601", Apply: func(_ *Request, f *F, v string) error {
		t, err := ParseTime(v)
		if err != nil {
			if t, err = time.Parse(time.DateOnly, v); err != nil {
				return wispwright.Invalid("", "Enter a valid date/time.")
			}
		}
		set(f, t)
		return nil
	}}
}

// FilterOrganizationAs is the first filter of FilterOrganization under another
// name.
func FilterOrganizationAs[F any](name string, set func(*F, wispwright.ID)) Filter[F] {
	return FilterRelation(name, func(r *Request, id wispwright.ID) (bool, error) { return r.api.organizationKnown(r, id) }, set)
}

// FilterOrganization returns the two filters organization=<uuid> and
// organization_slug=<slug>. Organizations outside the caller's scope are no
// valid choice; an unknown slug selects nothing (spec: tenancy §6).
func FilterOrganization[F any](set func(*F, wispwright.ID)) []Filter[F] {
	return []Filter[F]{
		FilterOrganizationAs("organization", set),
		{Name: "organization_slug", Help: "a slug", Apply: func(r *Request, f *F, v string) error {
			id, err := r.api.organizationBySlug(r, v)
			if errors.Is(err, wispwright.ErrNotFound) || err == nil && !r.ReadScope().Allows(id) {
				return ErrNothing
			}
			if err != nil {
				return err
			}
			set(f, id)
			return nil
		}},
	}
}
