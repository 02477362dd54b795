package netdiff

import (
	"fmt"
	"strings"
)

// ConversionError says that the input is not in the format at all; another
// format may read it.
type ConversionError struct {
	// Format is the name of the format that was tried.
	Format string
	// Message says what was expected.
	Message string
	// Place says where that was missed, as in a ParseError; mostly empty.
	Place string
	// Data is the input.
	Data []byte
}

// Error returns the message with its place.
func (e *ConversionError) Error() string { return withPlace(e.Message, e.Place) }

func withPlace(message, place string) string {
	if place == "" {
		return message
	}
	return message + " (at " + place + ")"
}

// ParseError says that the input is in the format but not valid.
type ParseError struct {
	// Format is the name of the format.
	Format string
	// Message says what is wrong.
	Message string
	// Place says where: a JSON pointer such as "/topology/3", or "line 7".
	// Empty when the input as a whole is meant.
	Place string
}

// Error returns the message with its place.
func (e *ParseError) Error() string { return withPlace(e.Message, e.Place) }

// NetJSONError says that a graph cannot be written as NetJSON because its
// metadata are incomplete.
type NetJSONError struct {
	// Message says what is missing.
	Message string
}

// Error returns the message.
func (e *NetJSONError) Error() string { return e.Message }

// RetrievalError says that a topology could not be fetched.
type RetrievalError struct {
	// Source is where it should have come from, without a password.
	Source string
	// Err is why it did not.
	Err error
}

// Error returns where from and why.
func (e *RetrievalError) Error() string {
	return fmt.Sprintf("retrieve topology from %s: %v", e.Source, e.Err)
}

// Unwrap returns the cause.
func (e *RetrievalError) Unwrap() error { return e.Err }

// unrecognized is the ConversionError of the formats that are JSON.
func unrecognized(in *Input) error {
	return &ConversionError{Format: in.format, Message: "Could not recognize format", Data: in.text}
}

// invalid is a ParseError at a place.
func invalid(in *Input, message string, place ...any) error {
	var b strings.Builder
	for _, p := range place {
		fmt.Fprintf(&b, "/%v", p)
	}
	return &ParseError{Format: in.format, Message: message, Place: b.String()}
}

// missing is the ParseError for a key that must be there.
func missing(in *Input, key string, place ...any) error {
	return invalid(in, fmt.Sprintf("Parse error, %q key not found", key), place...)
}

// missingInLink is the same for a key of a link, which the texts quote twice.
func missingInLink(in *Input, key string, place ...any) error {
	return invalid(in, fmt.Sprintf(`Parse error, "'%s'" key not found`, key), place...)
}

// invalidLine is a ParseError at a line, counted from 1.
func invalidLine(in *Input, message string, line int) error {
	return &ParseError{Format: in.format, Message: message, Place: fmt.Sprintf("line %d", line)}
}
