package rest

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"
)

func (f *field) time(v value, into reflect.Value) *fault {
	text, ok := v.scalar()
	text = strings.TrimSpace(text)
	if f.shape == shapeDate {
		t, err := parseDay(text)
		if !ok || err != nil {
			return wrong("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
		}
		into.Set(reflect.ValueOf(Date(t)))
		return nil
	}
	t, err := ParseTime(text)
	if !ok || err != nil {
		if _, err := parseDay(text); err == nil {
			return wrong("Expected a datetime but got a date.")
		}
		return wrong("Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].")
	}
	into.Set(reflect.ValueOf(t))
	return nil
}

// parseDay reads a date; month and day may have one digit.
func parseDay(text string) (time.Time, error) { return time.Parse("2006-1-2", text) }

// moment takes a timestamp apart: day, hours and minutes, seconds, fraction,
// zone.
var moment = regexp.MustCompile(`^(\d{4}-\d{1,2}-\d{1,2})[Tt ](\d{1,2}:\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d*)?)?\s*([Zz]|[+-]\d{2}(?::?\d{2})?)?$`)

// ParseTime reads a timestamp as the wire has it; one without zone is UTC.
func ParseTime(text string) (time.Time, error) {
	p := moment.FindStringSubmatch(text)
	if p == nil {
		return time.Time{}, fmt.Errorf("parse time %q: unknown format", text)
	}
	layout, plain := "2006-1-2T15:4:5.999999", p[1]+"T"+p[2]
	if p[3] == "" {
		p[3] = "0"
	}
	plain += ":" + p[3]
	if p[4] != "" {
		plain += "." + p[4]
	}
	switch zone := strings.ToUpper(strings.ReplaceAll(p[5], ":", "")); len(zone) {
	case 3:
		layout, plain = layout+"-0700", plain+zone+"00"
	case 5:
		layout, plain = layout+"-0700", plain+zone
	}
	t, err := time.Parse(layout, plain)
	if err != nil {
		return time.Time{}, fmt.Errorf("parse time %q: %w", text, err)
	}
	return t.UTC(), nil
}
