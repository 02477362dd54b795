package netjsonconfig

import "github.com/wispwright/wispwright/netjsonconfig/schema"

// Meant returns the error people should read: that of the branch which was
// meant where several were possible, as its type or protocol tells, else e.
func (e *ValidationError) Meant() *ValidationError {
	for e.meant != nil {
		e = e.meant
	}
	return e
}

// MeantCauses returns those of Causes that are of the branch which was meant, the
// first error there is of it where Causes, which are not more than so many, have
// none. Nil when the value does not say which is meant, or says a kind that no
// branch knows.
func (e *ValidationError) MeantCauses() []*ValidationError {
	if e.meant == nil {
		return nil
	}
	var out []*ValidationError
	for _, c := range e.Causes {
		if c.Branch == e.meant.Branch {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		out = []*ValidationError{e.meant}
	}
	return out
}

// meantOf converts the error of the branch that was meant.
func meantOf(e *schema.Error) *ValidationError {
	if m := e.Meant(); m != nil {
		return convertError(m)
	}
	return nil
}
