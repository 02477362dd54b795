package rest

import (
	"errors"
	"reflect"

	"github.com/wispwright/wispwright"
)

// None is the In or Out of an action without body.
type None struct{}

// Action makes an operation with a body and an answer of its own, for what is
// not one of the five of a Resource. In with fields is read and checked before
// handle runs; Out None means no body. also are further statuses it may answer
// (Op.Also).
func Action[In, Out any](method, id string, status int, handle func(*Request, *In) (Out, error), also ...int) Op {
	return CheckedAction(method, id, status, nil, handle, also...)
}

// CheckedAction is Action with a check that adds faults of fields to those of
// the tags before handle runs, as Resource.Check does; nil checks nothing.
func CheckedAction[In, Out any](method, id string, status int, check func(*Request, *In) error, handle func(*Request, *In) (Out, error), also ...int) Op {
	in, out := reflect.TypeFor[In](), reflect.TypeFor[Out]()
	s := &shape{status: status, partial: method == "PATCH"}
	if in != reflect.TypeFor[None]() {
		s.in = in
	}
	if out != reflect.TypeFor[None]() {
		s.out = out
	}
	return Op{Method: method, ID: id, shape: s, Also: also, Handle: func(r *Request) (int, any, error) {
		body := new(In)
		if s.in != nil {
			var err error
			if body, err = decodeChecked(r, s.partial, check); err != nil {
				return 0, nil, err
			}
		}
		answer, err := handle(r, body)
		if err != nil {
			return 0, nil, err
		}
		if s.out == nil {
			return status, nil, nil
		}
		return status, answer, nil
	}}
}

// Documented tells the document what a hand-written operation takes and gives;
// None stands for no body. A list of T is a Page[T].
func Documented[In, Out any](status int, op Op) Op {
	s := &shape{status: status}
	if in := reflect.TypeFor[In](); in != reflect.TypeFor[None]() {
		s.in = in
	}
	if out := reflect.TypeFor[Out](); out != reflect.TypeFor[None]() {
		s.out = out
	}
	op.shape = s
	return op
}

// decodeChecked is Decode followed by a check whose faults are answered
// together with those of the tags.
func decodeChecked[In any](r *Request, partial bool, check func(*Request, *In) error) (*In, error) {
	in, err := Decode[In](r, partial)
	if check == nil {
		return in, err
	}
	var f *faults
	if err != nil && (!errors.As(err, &f) || in == nil) {
		return nil, err
	}
	var invalid *wispwright.ValidationError
	found := check(r, in)
	switch {
	case found == nil:
		if err != nil {
			return nil, err
		}
		return in, nil
	case !errors.As(found, &invalid):
		return nil, found
	}
	if f == nil {
		f = &faults{}
	}
	f.merge(nested(invalid, r.view.NonField))
	f.sort(r.api.plans.of(reflect.TypeFor[In]()))
	return nil, f
}

// merge adds faults to those there are. Objects are merged field by field; a
// fault of a whole list leaves those of its items alone.
func (f *faults) merge(more *faults) {
	for _, e := range more.entries {
		known := f.entry(e.key)
		switch {
		case known.object != nil && e.object != nil:
			known.object.merge(e.object)
		case known.object == nil && known.items == nil:
			known.messages, known.object = append(known.messages, e.messages...), e.object
		}
	}
}

// sort puts the entries into the order of the fields.
func (f *faults) sort(p *plan) {
	sorted := make([]fault, 0, len(f.entries))
	for _, known := range p.fields {
		for _, e := range f.entries {
			if e.key == known.name {
				sorted = append(sorted, e)
			}
		}
	}
	for _, e := range f.entries {
		if !p.has(e.key) {
			sorted = append(sorted, e)
		}
	}
	f.entries = sorted
}

func (p *plan) has(name string) bool {
	for _, f := range p.fields {
		if f.name == name {
			return true
		}
	}
	return false
}
