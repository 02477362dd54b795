package fields

import (
	"math/big"
	"reflect"
)

// Clone copies an object so deeply that nothing is shared with the original.
func Clone[T any](object *T) *T {
	out := new(T)
	copyInto(reflect.ValueOf(out).Elem(), reflect.ValueOf(object).Elem())
	return out
}

func copyInto(dst, src reflect.Value) {
	switch src.Kind() {
	case reflect.Slice:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			copyInto(dst.Index(i), src.Index(i))
		}
	case reflect.Map:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.MakeMapWithSize(src.Type(), src.Len()))
		for _, k := range src.MapKeys() {
			v := reflect.New(src.Type().Elem()).Elem()
			copyInto(v, src.MapIndex(k))
			dst.SetMapIndex(k, v)
		}
	case reflect.Pointer:
		if src.IsNil() {
			return
		}
		if n, ok := src.Interface().(*big.Int); ok {
			dst.Set(reflect.ValueOf(new(big.Int).Set(n)))
			return
		}
		dst.Set(reflect.New(src.Type().Elem()))
		copyInto(dst.Elem(), src.Elem())
	case reflect.Struct:
		if n, ok := src.Interface().(big.Int); ok { // whose digits are behind a pointer
			dst.Set(reflect.ValueOf(new(big.Int).Set(&n)).Elem())
			return
		}
		dst.Set(src) // also what is not exported, such as a time's zone
		for i := range src.NumField() {
			if src.Type().Field(i).IsExported() {
				copyInto(dst.Field(i), src.Field(i))
			}
		}
	default:
		dst.Set(src)
	}
}
