package memstore

import (
	"reflect"
	"time"
)

// cutTimes does what writing to SQL does: UTC and microseconds.
func cutTimes(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		if !v.Type().Field(i).IsExported() {
			continue
		}
		if f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		if t, ok := f.Interface().(time.Time); ok && !t.IsZero() && f.CanSet() {
			f.Set(reflect.ValueOf(t.UTC().Truncate(time.Microsecond)))
		}
	}
}
