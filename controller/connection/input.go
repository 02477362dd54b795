package connection

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// hidden stands for a secret that is not shown, and on writing for one that
// stays as it is.
const hidden = "********"

// follows returns what is wrong with a JSON value by a schema, in the words
// that OpenWISP's clients show (spec: connection §3.1, §6.2).
func follows(s *schema.Schema, value wispwright.JSON) error {
	v, err := decodeValue(value)
	if err != nil {
		return err
	}
	faults := s.All(v, 100)
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("%s", telling(faults).Message)
}

func decodeValue(value wispwright.JSON) (any, error) {
	if value == "" {
		return nil, nil
	}
	v, err := ordered.Decode([]byte(value))
	if err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	return v, nil
}

// telling picks the fault that says most: of several the one nearest to the
// whole, and of the branches of a oneOf the one that came furthest, unless two
// came equally far.
func telling(faults []*schema.Error) *schema.Error {
	best := slices.MinFunc(faults, func(a, b *schema.Error) int { return depth(a) - depth(b) })
	for len(best.Causes) > 0 {
		sorted := slices.Clone(best.Causes)
		slices.SortStableFunc(sorted, func(a, b *schema.Error) int { return depth(b) - depth(a) })
		if len(sorted) > 1 && depth(sorted[0]) == depth(sorted[1]) {
			break
		}
		best = sorted[0]
	}
	return best
}

func depth(e *schema.Error) int { return strings.Count(e.Pointer, "/") }

// merged lays the parameters of a connection over those of its credentials, one
// key at a time.
func merged(credentials *Credentials, c *DeviceConnection) (wispwright.JSON, error) {
	under, err := ordered.Decode([]byte(orObject(credentials.Params.Reveal())))
	if err != nil {
		return "", fmt.Errorf("parameters of credentials: %w", err)
	}
	over, err := ordered.Decode([]byte(orObject(c.Params.Reveal())))
	if err != nil {
		return "", fmt.Errorf("parameters of the connection: %w", err)
	}
	base, ok := under.(*ordered.Object)
	more, also := over.(*ordered.Object)
	if !ok || !also {
		return "", fmt.Errorf("parameters must be JSON objects")
	}
	for key, value := range more.All() {
		base.Set(key, value)
	}
	return wispwright.JSON(ordered.Append(nil, base)), nil
}

func orObject(text string) string {
	if text == "" {
		return "{}"
	}
	return text
}

// Masked returns parameters without their secrets, which become "********".
func (t *ConnectorType) Masked(params wispwright.Secret) wispwright.JSON {
	return masked(params.Reveal(), t.Secrets)
}

func masked(text string, secrets []string) wispwright.JSON {
	o, err := ordered.DecodeObject([]byte(orObject(text)))
	if err != nil {
		return "{}"
	}
	for _, name := range secrets {
		if v, ok := o.Get(name); ok && v != "" {
			o.Set(name, hidden)
		}
	}
	return wispwright.JSON(ordered.Append(nil, o))
}

// Unmasked puts the stored secrets back where written parameters have
// "********".
func (t *ConnectorType) Unmasked(params wispwright.JSON, stored wispwright.Secret) wispwright.JSON {
	o, err := ordered.DecodeObject([]byte(params))
	if err != nil {
		return params
	}
	before, err := ordered.DecodeObject([]byte(orObject(stored.Reveal())))
	if err != nil {
		return params
	}
	for _, name := range t.Secrets {
		if v, ok := o.Get(name); ok && v == hidden {
			if old, ok := before.Get(name); ok {
				o.Set(name, old)
			}
		}
	}
	return wispwright.JSON(ordered.Append(nil, o))
}
