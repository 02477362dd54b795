package variable

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Type is what the values of a variable must be.
type Type string

// The types. A value of the type Text is a JSON string, of Number a JSON number or a
// string that is one, of Boolean true or false, of List a list of strings or numbers;
// those of the other types are strings.
const (
	Text    Type = "text"
	Number  Type = "number"
	Boolean Type = "boolean"
	// Address is an IP address, Network one with a prefix length: 10.0.0.0/24.
	Address Type = "address"
	Network Type = "network"
	MAC     Type = "mac"
	Choice  Type = "choice"
	List    Type = "list"
)

// Types are all types in the order forms offer them.
func Types() []Type { return []Type{Text, Number, Boolean, Address, Network, MAC, Choice, List} }

var (
	numbers = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
	macs    = regexp.MustCompile(`^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$`)
)

// CheckValue says what is wrong with a value, as the end of a sentence that begins with
// the name of the variable; empty for nothing. The value itself is not told.
func (d Declaration) CheckValue(value any) string {
	text, isText := value.(string)
	if isText && len(text) > maxValue {
		return fmt.Sprintf("must have at most %d bytes", maxValue)
	}
	// a value that is another variable is checked where that one is declared
	if isText && strings.Contains(text, "{{") && d.Type != Boolean {
		return ""
	}
	switch d.Type {
	case Text:
		return unless(isText, "must be text")
	case Number:
		return unless(isNumber(value) || isText && numbers.MatchString(text), "must be a number")
	case Boolean:
		_, ok := value.(bool)
		return unless(ok, "must be true or false")
	case Address:
		_, err := netip.ParseAddr(text)
		return unless(isText && err == nil, "must be an IP address")
	case Network:
		_, err := netip.ParsePrefix(text)
		return unless(isText && err == nil, "must be a network, such as 10.0.0.0/24")
	case MAC:
		return unless(isText && macs.MatchString(text), "must be a MAC address")
	case Choice:
		return unless(isText && slices.Contains(d.Choices, text), "must be one of "+strings.Join(d.Choices, ", "))
	case List:
		items, ok := value.([]any)
		return unless(ok && !slices.ContainsFunc(items, func(item any) bool {
			_, isText := item.(string)
			return !isText && !isNumber(item)
		}), "must be a list of texts or numbers")
	}
	return ""
}

func isNumber(value any) bool {
	switch value.(type) {
	case ordered.Number, float64, int, int64:
		return true
	}
	return false
}

func unless(ok bool, fault string) string {
	if ok {
		return ""
	}
	return fault
}

// Hidden stands for a secret text.
const Hidden = "********"

// Mask is what people are shown in place of a secret value: something that stands
// where values of the type stand.
func (d Declaration) Mask() any {
	switch d.Type {
	case Number:
		return ordered.Number("0")
	case Boolean:
		return false
	case Address:
		return "192.0.2.1"
	case Network:
		return "192.0.2.0/24"
	case MAC:
		return "02:00:00:00:00:00"
	case Choice:
		if len(d.Choices) > 0 {
			return d.Choices[0]
		}
	case List:
		return []any{Hidden}
	}
	return Hidden
}
