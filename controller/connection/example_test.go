package connection_test

import (
	"fmt"

	"github.com/wispwright/wispwright/controller/connection"
)

// A command of one's own: whatever is typed into it stays one word.
func ExampleBuildTemplate() {
	build, err := connection.BuildTemplate("ping -c 4 {{.destination}}{{with .interface}} -I {{.}}{{end}}", "destination", "interface")
	if err != nil {
		fmt.Println(err)
		return
	}
	line, err := build(map[string]any{"destination": "example.org; reboot"})
	fmt.Println(line, err)
	_, err = build(map[string]any{"destination": "-f"})
	fmt.Println(err)
	// Output:
	// ping -c 4 'example.org; reboot' <nil>
	// "-f" must not begin with a hyphen
}
