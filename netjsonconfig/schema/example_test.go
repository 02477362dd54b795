package schema_test

import (
	"errors"
	"fmt"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// A schema is compiled once and asked often; the error is built only when the
// answer is no.
func Example() {
	s, err := schema.CompileJSON([]byte(`{
		"type": "object",
		"required": ["name"],
		"properties": {
			"name": {"type": "string", "pattern": "^[^\\s]*$"},
			"mtu": {"type": "integer", "minimum": 68}
		}
	}`), nil)
	if err != nil {
		panic(err)
	}
	for _, text := range []string{`{"name": "eth0", "mtu": 1500}`, `{"name": "eth0", "mtu": 1500.0}`, `{"mtu": 1500}`} {
		v, err := ordered.Decode([]byte(text))
		if err != nil {
			panic(err)
		}
		var e *schema.Error
		if errors.As(s.Validate(v), &e) {
			fmt.Printf("%q %s: %s\n", e.Pointer, e.Keyword(), e.Message)
			continue
		}
		fmt.Println("valid")
	}
	// Output:
	// valid
	// "/mtu" type: 1500.0 is not of type 'integer'
	// "" required: 'name' is a required property
}

// Formats are functions, so that a program brings its own.
func ExampleOptions() {
	s, err := schema.CompileJSON([]byte(`{"format": "even"}`), &schema.Options{
		Formats: map[string]func(string) bool{"even": func(text string) bool { return len(text)%2 == 0 }},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Valid("ab"), s.Validate("abc"))
	// Output: true #: 'abc' is not a 'even'
}
