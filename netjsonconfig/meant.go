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

// meantOf converts the error of the branch that was meant.
func meantOf(e *schema.Error) *ValidationError {
	if m := e.Meant(); m != nil {
		return convertError(m)
	}
	return nil
}
