package moving

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// Row is a row of a table of OpenWISP as the driver gave it. The two databases keep the
// same values differently: ids as UUID or 32 digits, truth as boolean or
// number, times as such or as text. A column that is not there, or NULL, is the
// zero value; one that cannot be read is a fault.
type Row struct {
	table, key string
	values     map[string]any
	faults     wispwright.ValidationError
}

// String names the row for people, by its key and the name it has.
func (r *Row) String() string {
	name := cmp.Or(r.Text("username"), r.Text("slug"), r.Text("name"))
	key := r.Text(r.key)
	if r.key == "key" { // a token, which must not be shown
		key = "of user " + r.Text("user_id")
	}
	if name != "" {
		return fmt.Sprintf("%s %s (%s)", r.table, key, name)
	}
	return r.table + " " + key
}

// Err is what is wrong with the values that were read so far, as a
// *wispwright.ValidationError, or nil.
func (r *Row) Err() error { return r.faults.Err() }

// Has reports whether there is a value, which NULL is not.
func (r *Row) Has(column string) bool { return r.values[column] != nil }

func (r *Row) fault(column, kind string) { r.faults.Add(column, "is not "+kind+".") }

// Text is a text, empty for NULL.
func (r *Row) Text(column string) string {
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

// Flag is a truth, false for NULL.
func (r *Row) Flag(column string) bool {
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

// Number is an integer, 0 for NULL.
func (r *Row) Number(column string) int64 {
	if r.values[column] == nil {
		return 0
	}
	n, err := strconv.ParseInt(r.Text(column), 10, 64)
	if err != nil {
		r.fault(column, "an integer")
	}
	return n
}

// ID is a UUID, zero for NULL.
func (r *Row) ID(column string) wispwright.ID {
	if r.values[column] == nil {
		return wispwright.ID{}
	}
	id, err := wispwright.ParseID(r.Text(column))
	if err != nil {
		r.fault(column, "a UUID")
	}
	return id
}

// Required is ID for a column that must not be empty.
func (r *Row) Required(column string) wispwright.ID {
	id := r.ID(column)
	if id.IsZero() && r.faults.Err() == nil {
		r.fault(column, "there")
	}
	return id
}

// Instant is a time, zero for NULL; one without zone is in UTC, as Django keeps them.
func (r *Row) Instant(column string) time.Time {
	switch v := r.values[column].(type) {
	case nil:
		return time.Time{}
	case time.Time:
		return v.UTC()
	default:
		text := strings.Replace(r.Text(column), "T", " ", 1)
		for _, layout := range []string{"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02"} {
			if t, err := time.Parse(layout, text); err == nil {
				return t.UTC()
			}
		}
		r.fault(column, "a date")
		return time.Time{}
	}
}

// Moment is Instant for a column that may be empty.
func (r *Row) Moment(column string) *time.Time {
	if !r.Has(column) {
		return nil
	}
	t := r.Instant(column)
	return &t
}

// Maybe is Flag for a column of three values.
func (r *Row) Maybe(column string) *bool {
	if !r.Has(column) {
		return nil
	}
	v := r.Flag(column)
	return &v
}

// Count is Number for a column that may be empty.
func (r *Row) Count(column string) *int64 {
	if !r.Has(column) {
		return nil
	}
	n := r.Number(column)
	return &n
}

// Decimal is a number, nil for NULL.
func (r *Row) Decimal(column string) *float64 {
	if !r.Has(column) {
		return nil
	}
	n, err := strconv.ParseFloat(r.Text(column), 64)
	if err != nil {
		r.fault(column, "a number")
	}
	return &n
}

// Secret is a text that nobody may see.
func (r *Row) Secret(column string) wispwright.Secret { return wispwright.Secret(r.Text(column)) }

// JSON is a JSON value as it was written.
func (r *Row) JSON(column string) wispwright.JSON { return wispwright.JSON(r.Text(column)) }

// Addr is an address, which PostgreSQL writes with the length of its network;
// invalid for NULL and for an empty text.
func (r *Row) Addr(column string) netip.Addr {
	text := strings.TrimSpace(r.Text(column))
	if text == "" {
		return netip.Addr{}
	}
	host, _, _ := strings.Cut(text, "/")
	a, err := netip.ParseAddr(host)
	if err != nil {
		r.fault(column, "an address")
	}
	return a
}

// Prefix is a network.
func (r *Row) Prefix(column string) netip.Prefix {
	text := r.Text(column)
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, aerr := netip.ParseAddr(text)
		if aerr != nil {
			r.fault(column, "a network")
			return netip.Prefix{}
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	return p.Masked()
}
