package netjsonconfig

import (
	"fmt"
	"strings"
)

// NoteKind says what reading did with a piece of native configuration.
type NoteKind string

// What a ParseNote can say.
const (
	// KeptRaw is what NetJSON's schema has no place for: it is kept word by word in
	// a block of its package and written again as it was.
	KeptRaw NoteKind = "raw"
	// Changed is what is written otherwise than it was read, to the same effect.
	Changed NoteKind = "changed"
	// Dropped is what is not written again, because nothing acts on it.
	Dropped NoteKind = "dropped"
)

// ParseNote is one thing a reader of native configuration should know.
type ParseNote struct {
	// Kind says what happened.
	Kind NoteKind `json:"kind"`
	// Package is the native package or file: "network". May be empty.
	Package string `json:"package,omitempty"`
	// Section is the section's name. Empty for the whole package.
	Section string `json:"section,omitempty"`
	// Option is the option's name. Empty for the whole section.
	Option string `json:"option,omitempty"`
	// Reason says why, in words for people.
	Reason string `json:"reason"`
}

// String returns the note as one line: "raw network.lan.ipv6: reason".
func (n ParseNote) String() string {
	var place []string
	for _, part := range []string{n.Package, n.Section, n.Option} {
		if part != "" {
			place = append(place, part)
		}
	}
	return fmt.Sprintf("%s %s: %s", n.Kind, strings.Join(place, "."), n.Reason)
}

// ParseReport lists what was kept raw, changed or dropped when native
// configuration was read.
type ParseReport struct {
	// Notes are in the order of the native configuration, as far as it has one.
	Notes []ParseNote `json:"notes"`
	// More is the number of notes beyond the first maxNotes, which are left out.
	More int `json:"more,omitempty"`
}

// maxNotes bounds a report.
const maxNotes = 2000

func (r *ParseReport) add(notes ...ParseNote) {
	free := max(0, maxNotes-len(r.Notes))
	if len(notes) > free {
		r.More += len(notes) - free
		notes = notes[:free]
	}
	r.Notes = append(r.Notes, notes...)
}

// Of returns the notes of one kind.
func (r *ParseReport) Of(kind NoteKind) []ParseNote {
	var out []ParseNote
	for _, n := range r.Notes {
		if n.Kind == kind {
			out = append(out, n)
		}
	}
	return out
}
