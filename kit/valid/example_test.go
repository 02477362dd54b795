package valid_test

import (
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

func Example() {
	var v wispwright.ValidationError
	valid.Text(&v, "name", "", valid.Required, valid.Max(64))
	valid.Text(&v, "email", "ann@", valid.Email)
	valid.Text(&v, "type", "wifi", valid.OneOf("generic", "vpn"))
	for _, f := range v.Fields {
		fmt.Println(f.Path, f.Messages)
	}
	fmt.Println(valid.Taken("template", "organization", "name"))
	// Output:
	// name [This field cannot be blank.]
	// email [Enter a valid email address.]
	// type ["wifi" is not a valid choice.]
	// template with this organization and name already exists.
}
