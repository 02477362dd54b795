package monitoring

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// ubusCommand is the bus through its own program, which every OpenWrt has.
type ubusCommand struct {
	path string
	run  Command
}

// Call asks an object of the bus.
func (u ubusCommand) Call(ctx context.Context, object, method string, args map[string]any, out any) error {
	words := []string{"-S", "call", object, method}
	if args != nil {
		text, err := json.Marshal(args)
		if err != nil {
			return fmt.Errorf("ubus %s %s: %w", object, method, err)
		}
		words = append(words, string(text))
	}
	answer, err := u.run(ctx, u.path, words...)
	if err != nil {
		return fmt.Errorf("ubus %s %s: %w", object, method, err)
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber() // counters are longer than a float is exact
	if err := d.Decode(out); err != nil {
		return fmt.Errorf("ubus %s %s: %w", object, method, err)
	}
	return nil
}
