package storetest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

// runOrders sorts by each field, both ways, whole and in pages, and looks at
// the outcome with a comparison of its own.
func runOrders[K comparable, T, F any](t *testing.T, repo wispwright.KeyedRepo[K, T, F], s Sample[K, T, F]) {
	ctx := context.Background()
	var zero F
	for _, name := range s.Orders {
		for _, descending := range []bool{false, true} {
			order := []wispwright.Order{{Field: name, Descending: descending}}
			whole, err := repo.List(ctx, wispwright.ScopeAll(), zero, wispwright.Page{Order: order})
			require.NoError(t, err)
			differ := false
			for i := 1; i < len(whole.Rows); i++ {
				c := compare(field(whole.Rows[i-1], name), field(whole.Rows[i], name))
				if descending {
					c = -c
				}
				require.LessOrEqual(t, c, 0, "by %s, descending: %v, row %d", name, descending, i)
				differ = differ || c != 0
			}
			require.True(t, differ, "the objects do not differ in %s, nothing was proven", name)
			for i := range whole.Rows {
				part, err := repo.List(ctx, wispwright.ScopeAll(), zero, wispwright.Page{Offset: i, Limit: 1, Order: order})
				require.NoError(t, err)
				require.Equal(t, whole.Rows[i:i+1], part.Rows, "by %s, page %d", name, i)
			}
		}
	}
	_, err := repo.List(ctx, wispwright.ScopeAll(), zero, wispwright.Page{Order: []wispwright.Order{{Field: "NoSuchField"}}})
	require.Error(t, err, "a list cannot be sorted by a field that is not there")
}

// field is a field's value, nil where SQL has NULL.
func field[T any](object *T, name string) any {
	v := reflect.ValueOf(object).Elem().FieldByName(name)
	if !v.IsValid() {
		return fmt.Sprintf("there is no field %s", name)
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		if b, ok := v.Interface().(*big.Int); ok {
			return b
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case wispwright.ID, time.Time, netip.Addr, netip.Prefix:
		if v.IsZero() {
			return nil
		}
		return x
	}
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		return v.Float()
	case v.Kind() == reflect.String:
		return v.String()
	}
	return v.Interface()
}

func compare(a, b any) int {
	if a == nil || b == nil {
		switch {
		case a == b:
			return 0
		case a == nil:
			return -1
		}
		return 1
	}
	switch x := a.(type) {
	case int64:
		return cmp.Compare(x, b.(int64))
	case uint64:
		return cmp.Compare(x, b.(uint64))
	case float64:
		return cmp.Compare(x, b.(float64))
	case bool:
		return strings.Compare(fmt.Sprint(x), fmt.Sprint(b)) // false, true
	case time.Time:
		return x.Compare(b.(time.Time))
	case []byte:
		return bytes.Compare(x, b.([]byte))
	case netip.Addr:
		return x.Compare(b.(netip.Addr))
	case netip.Prefix:
		y := b.(netip.Prefix)
		return cmp.Or(x.Masked().Addr().Compare(y.Masked().Addr()), cmp.Compare(x.Bits(), y.Bits()), x.Addr().Compare(y.Addr()))
	case *big.Int:
		return x.Cmp(b.(*big.Int))
	case big.Int:
		y := b.(big.Int)
		return x.Cmp(&y)
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// runSearch looks for texts in another letter case, within ASCII and beyond.
func runSearch[K comparable, T, F any](t *testing.T, repo wispwright.KeyedRepo[K, T, F], s Sample[K, T, F], count func(wispwright.Scope) int) {
	ctx := context.Background()
	before := count(wispwright.ScopeAll())
	put := s.New(310, 0)
	s.Search.Put(put, "Ménard 100%_ŽLUTÝ Жук ΣΟΦΙΑ K2")
	require.NoError(t, repo.Insert(ctx, put))
	for text, found := range map[string]bool{
		"Ménard": true, "ménard": true, "MÉNARD": true, "žlutý": true, "жУК": true, "σοφια": true, "ŽLUTÝ ж": true, "k2": true, "100%_ž": true,
		"menard": false, "ž%ý": false, "жуки": false, "\u212a2": false, "100__Ž": false,
	} {
		items, err := repo.List(ctx, wispwright.ScopeAll(), s.Search.Filter(text), wispwright.Page{})
		require.NoError(t, err, text)
		want := 0
		if found {
			want = 1
		}
		require.Len(t, items.Rows, want, "search for %q", text)
	}
	require.NoError(t, repo.Delete(ctx, wispwright.ScopeAll(), s.Key(put)))
	require.Equal(t, before, count(wispwright.ScopeAll()))
}
