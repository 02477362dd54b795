package memstore

import (
	"bytes"
	"cmp"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/wispwright/wispwright/kit/internal/fields"
)

// isNull tells of which kinds SQL stores the zero value as NULL.
func isNull(k fields.Kind) bool {
	switch k {
	case fields.ID, fields.Time, fields.Addr, fields.Prefix, fields.Bytes:
		return true
	}
	return false
}

func compareOp(op fields.Op, have, want reflect.Value) bool {
	if have.Kind() == reflect.Pointer {
		if have.IsNil() {
			return false
		}
		have = have.Elem()
	}
	switch op {
	case fields.Contains:
		return fields.NewFold(want.String()).In(fmt.Sprint(have.Interface()))
	case fields.Among:
		for i := range want.Len() {
			if compare(have, want.Index(i)) == 0 {
				return true
			}
		}
		return false
	case fields.From:
		return compare(have, want) >= 0
	case fields.Before:
		return compare(have, want) < 0 && !unset(have)
	case fields.Within:
		return inside(have.Interface(), want.Interface().(netip.Prefix))
	}
	return compare(have, want) == 0
}

// unset reports whether SQL has NULL here, which is before nothing.
func unset(v reflect.Value) bool {
	switch v.Interface().(type) {
	case time.Time, netip.Addr, netip.Prefix:
		return v.IsZero()
	}
	return false
}

// inside reports whether an address or a prefix lies within a prefix.
func inside(have any, prefix netip.Prefix) bool {
	if p, ok := have.(netip.Prefix); ok {
		return p.IsValid() && p.Bits() >= prefix.Bits() && prefix.Contains(p.Addr())
	}
	return prefix.Contains(have.(netip.Addr))
}

// compare orders two values of one type; what is NULL in SQL comes first.
func compare(a, b reflect.Value) int {
	if a.Kind() == reflect.Pointer {
		if a.IsNil() || b.IsNil() {
			return number(!a.IsNil()) - number(!b.IsNil())
		}
		a, b = a.Elem(), b.Elem()
	}
	switch x := a.Interface().(type) {
	case time.Time:
		return x.Compare(b.Interface().(time.Time).UTC().Truncate(time.Microsecond))
	case netip.Addr:
		return x.Compare(b.Interface().(netip.Addr))
	case netip.Prefix:
		y := b.Interface().(netip.Prefix)
		if !x.IsValid() || !y.IsValid() {
			return number(x.IsValid()) - number(y.IsValid())
		}
		return fields.ComparePrefixes(x, y)
	case []byte:
		return cmp.Or(number(x != nil)-number(!b.IsNil()), bytes.Compare(x, b.Bytes()))
	case big.Int:
		y := b.Interface().(big.Int)
		return x.Cmp(&y)
	}
	switch {
	case a.Kind() == reflect.String:
		return strings.Compare(a.String(), b.String())
	case a.Kind() == reflect.Bool:
		return number(a.Bool()) - number(b.Bool())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	}
	return strings.Compare(fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface()))
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Contains reports whether a text holds a part without regard to letter case, as
// a filter's Contains and Search find it: for conditions of one's own.
func Contains(text, part string) bool { return fields.NewFold(part).In(text) }
