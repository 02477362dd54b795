package xlsx_test

import (
	"bytes"
	"errors"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/xlsx"
)

// FuzzRead reads workbooks of anybody: never a panic, only texts, and refusals that
// say so.
func FuzzRead(f *testing.F) {
	rows := func(yield func([]string, error) bool) {
		for _, row := range [][]string{{"a"}, {"10.0.0.0/24"}, {"org"}, {}, {"ip_address", "description"}, {"10.0.0.1", "=1+1"}} {
			if !yield(row, nil) {
				return
			}
		}
	}
	var b bytes.Buffer
	if err := (xlsx.Format{}).Write(&b, rows); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, file []byte) {
		begun := time.Now()
		err := xlsx.Format{}.Read(bytes.NewReader(file), func(cells []string) error {
			for _, c := range cells {
				if !utf8.ValidString(c) {
					t.Fatalf("%q is no text", c)
				}
			}
			return nil
		})
		var format *ipam.FormatError
		if err != nil && !errors.As(err, &format) {
			t.Fatalf("an error of the program: %v", err)
		}
		if time.Since(begun) > time.Minute {
			t.Fatal("it took too long")
		}
	})
}
