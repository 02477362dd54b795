package moving

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// row is a row of a table as the driver gave it. The two databases keep the
// same values differently: ids as UUID or 32 digits, truth as boolean or
// number, times as such or as text. A column that is not there, or NULL, is the
// zero value; one that cannot be read is a fault.
type row struct {
	table, key string
	values     map[string]any
	faults     wispwright.ValidationError
}

// String names the row for people, by its key and the name it has.
func (r *row) String() string {
	name := cmp.Or(r.text("username"), r.text("slug"), r.text("name"))
	key := r.text(r.key)
	if r.key == "key" { // a token, which must not be shown
		key = "of user " + r.text("user_id")
	}
	if name != "" {
		return fmt.Sprintf("%s %s (%s)", r.table, key, name)
	}
	return r.table + " " + key
}

func (r *row) has(column string) bool { return r.values[column] != nil }

func (r *row) fault(column, kind string) { r.faults.Add(column, "is not "+kind+".") }

func (r *row) text(column string) string {
	switch v := r.values[column].(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

func (r *row) flag(column string) bool {
	switch v := r.values[column].(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	default:
		r.fault(column, "a boolean")
		return false
	}
}

func (r *row) number(column string) int64 {
	if r.values[column] == nil {
		return 0
	}
	n, err := strconv.ParseInt(r.text(column), 10, 64)
	if err != nil {
		r.fault(column, "an integer")
	}
	return n
}

func (r *row) id(column string) wispwright.ID {
	if r.values[column] == nil {
		return wispwright.ID{}
	}
	id, err := wispwright.ParseID(r.text(column))
	if err != nil {
		r.fault(column, "a UUID")
	}
	return id
}

// required is id for a column that must not be empty.
func (r *row) required(column string) wispwright.ID {
	id := r.id(column)
	if id.IsZero() && r.faults.Err() == nil {
		r.fault(column, "there")
	}
	return id
}

// instant reads a time; one without zone is in UTC, as Django keeps them.
func (r *row) instant(column string) time.Time {
	switch v := r.values[column].(type) {
	case nil:
		return time.Time{}
	case time.Time:
		return v.UTC()
	default:
		text := strings.Replace(r.text(column), "T", " ", 1)
		for _, layout := range []string{"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02"} {
			if t, err := time.Parse(layout, text); err == nil {
				return t.UTC()
			}
		}
		r.fault(column, "a date")
		return time.Time{}
	}
}
