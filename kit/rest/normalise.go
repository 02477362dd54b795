package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// normalise makes a JSON value compact and drops repeated keys (the last
// value stands at the first one's place). Order and the spelling of numbers
// stay; U+2028 and U+2029 are escaped (rest-conventions §3).
func normalise(raw []byte) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var b strings.Builder
	if err := normaliseValue(dec, &b); err != nil {
		return "", err
	}
	if _, err := dec.Token(); err != io.EOF {
		return "", fmt.Errorf("text after the JSON value")
	}
	return b.String(), nil
}

func normaliseValue(dec *json.Decoder, b *strings.Builder) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return normaliseObject(dec, b)
	case json.Delim('['):
		b.WriteByte('[')
		for i := 0; dec.More(); i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := normaliseValue(dec, b); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		_, err := dec.Token()
		return err
	}
	if n, ok := t.(json.Number); ok {
		b.WriteString(n.String())
		return nil
	}
	text, err := encode(t)
	b.Write(text)
	return err
}

func normaliseObject(dec *json.Decoder, b *strings.Builder) error {
	var keys []string
	values := map[string]string{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return fmt.Errorf("an object key is no string")
		}
		var v strings.Builder
		if err := normaliseValue(dec, &v); err != nil {
			return err
		}
		if _, repeated := values[key]; !repeated {
			keys = append(keys, key)
		}
		values[key] = v.String()
	}
	b.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := encode(key)
		if err != nil {
			return err
		}
		b.Write(text)
		b.WriteByte(':')
		b.WriteString(values[key])
	}
	b.WriteByte('}')
	_, err := dec.Token()
	return err
}
