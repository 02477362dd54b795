package controllersql

import (
	"strings"

	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/store"
)

// The expressions of PostgreSQL's indexes of trigrams, as the migration has them;
// SQLite keeps the same in controller_search.
const (
	searchedBody  = `lower((id::text || chr(10) || name || chr(10) || mac_address || chr(10) || hardware_id || chr(10) || model || chr(10) || os || chr(10) || system || chr(10) || notes || chr(10) || coalesce(host(last_ip), '') || chr(10) || coalesce(host(management_ip), '')) COLLATE "C")`
	searchedFault = `lower((error_reason || chr(10) || not_renewed_reason) COLLATE "C")`
	searchedMAC   = `upper(replace(replace(mac_address, ':', ''), '-', '') COLLATE "C")`
)

// leastIndexed is how many characters an index of trigrams can find.
const leastIndexed = 3

// indexedDevices is sqlstore.Spec.Indexed of devices. What a text is compared with is
// folded as far as ASCII goes: the longest run of such characters is looked up, and
// when that is the whole text, nothing is left to compare.
func indexedDevices(d sqlstore.Dialect) func(field, text string) (sqlstore.Cond, bool) {
	return func(field, text string) (sqlstore.Cond, bool) {
		if field != "Search" { // parts of models and systems are found in too many
			return sqlstore.Cond{}, false
		}
		folded := store.Fold(text)
		run := longestRun(folded)
		if len(run) < leastIndexed {
			return sqlstore.Cond{}, false
		}
		found := inSearch(d, run, controller.MACDigits(text))
		if hint := controller.SearchedKey(text); hint != "" {
			found.SQL += " UNION SELECT id FROM controller_device WHERE key_hint = ? AND key_hint <> ''"
			found.Args = append(found.Args, hint)
		}
		found.SQL = DeviceTable + ".id IN (" + found.SQL + ")"
		return found, run == folded
	}
}

// longestRun is the longest part of a text that consists of printable ASCII characters.
func longestRun(text string) string {
	longest := ""
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		if len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}

// inSearch selects the devices in which a text is found, or digits of their MAC address.
func inSearch(d sqlstore.Dialect, text, digits string) sqlstore.Cond {
	if d != sqlstore.Postgres {
		match := "body : " + phrase(text)
		if digits != "" {
			match += " OR mac : " + phrase(digits)
		}
		return sqlstore.Cond{
			SQL:  "SELECT r.device_id FROM controller_search_row r WHERE r.number IN (SELECT rowid FROM controller_search WHERE controller_search MATCH ?)",
			Args: []any{match},
		}
	}
	like := "%" + sqlstore.EscapeLike(text) + "%"
	c := sqlstore.Cond{
		SQL: "SELECT id FROM controller_device WHERE " + searchedBody + ` LIKE ? ESCAPE '\'` +
			" UNION SELECT device_id FROM controller_config WHERE (error_reason <> '' OR not_renewed_reason <> '') AND " + searchedFault + ` LIKE ? ESCAPE '\'`,
		Args: []any{like, like},
	}
	if digits != "" {
		c.SQL, c.Args = c.SQL+" UNION SELECT id FROM controller_device WHERE "+searchedMAC+" LIKE ?", append(c.Args, "%"+digits+"%")
	}
	return c
}

// phrase is a text as SQLite's full-text search has it literally.
func phrase(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }
