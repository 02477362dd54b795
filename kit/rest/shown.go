package rest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// shown is a JSON value as messages repeat it, which is how the language of
// the original prints it.
func shown(raw json.RawMessage) string {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var b strings.Builder
	if err := show(dec, &b); err != nil {
		return string(raw)
	}
	return b.String()
}

func show(dec *json.Decoder, b *strings.Builder) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		b.WriteString(map[bool]string{true: "True", false: "False"}[t])
	case json.Number:
		b.WriteString(t.String())
	case string:
		quoted := strconv.Quote(t)
		quoted = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
		if strings.Contains(t, "'") && !strings.Contains(t, `"`) {
			b.WriteString(`"` + quoted + `"`)
			break
		}
		b.WriteString("'" + strings.ReplaceAll(quoted, "'", `\'`) + "'")
	case json.Delim:
		return showInside(dec, b, t)
	}
	return nil
}

func showInside(dec *json.Decoder, b *strings.Builder, open json.Delim) error {
	b.WriteString(open.String())
	for i := 0; dec.More(); i++ {
		if i > 0 {
			b.WriteString(", ")
		}
		if open == '{' {
			if err := show(dec, b); err != nil {
				return err
			}
			b.WriteString(": ")
		}
		if err := show(dec, b); err != nil {
			return err
		}
	}
	closing, err := dec.Token()
	if err != nil {
		return err
	}
	b.WriteString(closing.(json.Delim).String())
	return nil
}

// escape is an escaped character of a JSON text.
var escape = regexp.MustCompile(`\\(?:u([0-9a-fA-F]{4})|.)`)

// surrogate returns the number of a half of a character pair that stands
// alone in a JSON text, which no text of characters has; "" when there is none.
func (v value) surrogate() string {
	if v.form || !bytes.Contains(v.raw, []byte(`\u`)) {
		return ""
	}
	high, end := "", -1
	for _, at := range escape.FindAllSubmatchIndex(v.raw, -1) {
		var n uint64
		if at[2] >= 0 {
			n, _ = strconv.ParseUint(string(v.raw[at[2]:at[3]]), 16, 16) // four hexadecimal digits always parse
		}
		low := n >= 0xdc00 && n < 0xe000
		switch {
		case low && high != "" && at[0] == end:
			high = ""
			continue
		case high != "":
			return high
		case low:
			return strings.ToUpper(strconv.FormatUint(n, 16))
		}
		if n >= 0xd800 && n < 0xdc00 {
			high, end = strings.ToUpper(strconv.FormatUint(n, 16)), at[1]
		}
	}
	return high
}
