package sqlstore

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/kit/internal/fields"
)

// native reports whether the column of a field is in the order of its values,
// and so no text.
func (t *table) native(d Dialect, f fields.Field) bool {
	return f.Sortable || d == Postgres && slices.Contains([]string{"inet", "cidr"}, t.columns[strings.Trim(f.Column, `"`)].Type)
}

// text is the expression for what people read of a field, for searches.
func (r *Repo[K, T, F]) text(f fields.Field) string {
	if f.Kind == fields.Addr && r.table.native(r.db.dialect, f) {
		return r.db.dialect.AddrText(r.of(f))
	}
	return r.of(f)
}

// AddrText is the expression for the usual spelling of the addresses in a
// column of type INET. PostgreSQL spells the deprecated ::1.2.3.4 with dots, the
// other storages without.
func (d Dialect) AddrText(column string) string { return d.pick("host("+column+")", spelt(column)) }

// spelt makes the usual spelling of what fields.AddrText wrote, as SQLite has
// no function that would.
func spelt(column string) string {
	digit := func(at int) string {
		return fmt.Sprintf("instr('123456789abcdef', substr(%s, %d, 1))", column, at)
	}
	dotted := func(from int) string {
		var bytes []string
		for at := from; at < from+8; at += 2 {
			bytes = append(bytes, "("+digit(at)+" * 16 + "+digit(at+1)+")")
		}
		return strings.Join(bytes, " || '.' || ")
	}
	var groups []string
	for at := 2; at < 34; at += 4 {
		groups = append(groups, fmt.Sprintf("coalesce(nullif(ltrim(substr(%s, %d, 4), '0'), ''), '0')", column, at))
	}
	// the longest run of two zeros or more, the first of those, is left out
	var b strings.Builder
	for n := 8; n > 1; n-- {
		run := "':" + strings.Repeat("0:", n) + "'"
		fmt.Fprintf(&b, " WHEN instr(t, %[1]s) > 0 THEN ltrim(substr(t, 1, instr(t, %[1]s) - 1), ':') || '::' || rtrim(substr(t, instr(t, %[1]s) + %[2]d), ':')", run, 2*n+1)
	}
	return "CASE WHEN substr(" + column + ", 1, 1) = '4' THEN " + dotted(2) +
		" WHEN substr(" + column + ", 2, 24) = '00000000000000000000ffff' THEN '::ffff:' || " + dotted(26) +
		" WHEN substr(" + column + ", 1, 1) = '6' THEN (SELECT CASE" + b.String() + " ELSE trim(t, ':') END FROM (SELECT ':' || " +
		strings.Join(groups, " || ':' || ") + " || ':' AS t)) END"
}

// Addr is an address as an argument for a statement of a store's own that looks
// at a column of type INET; nil for none.
func (d Dialect) Addr(a netip.Addr) (any, error) {
	switch {
	case !a.IsValid():
		return nil, nil
	case d == Postgres:
		return a.String(), nil
	}
	return fields.AddrText(a)
}

// ScanAddr reads what a statement of a store's own found in a column of type
// INET; the empty text is no address.
func ScanAddr(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	return fields.ParseAddrText(text)
}
