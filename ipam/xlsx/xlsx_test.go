package xlsx_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/xlsx"
)

// A table that is written is read again as it was; texts stay texts.
func TestThereAndBack(t *testing.T) {
	table := [][]string{{"name", "value"}, {"a", "=1+1"}, {"007", "Ä\nö"}}
	var b bytes.Buffer
	require.NoError(t, xlsx.Format{}.Write(&b, func(yield func([]string, error) bool) {
		for _, row := range table {
			if !yield(row, nil) {
				return
			}
		}
	}))
	var got [][]string
	require.NoError(t, xlsx.Format{}.Read(bytes.NewReader(b.Bytes()), func(cells []string) error { got = append(got, slices.Clone(cells)); return nil }))
	require.Equal(t, table, got)
	stop := errors.New("enough")
	require.ErrorIs(t, xlsx.Format{}.Read(bytes.NewReader(b.Bytes()), func([]string) error { return stop }), stop)
	require.Equal(t, []string{"xlsx", ".xlsx"}, []string{xlsx.Format{}.Name(), xlsx.Format{}.Extension()})
	require.Contains(t, xlsx.Format{}.ContentType(), "spreadsheetml")
}

func TestWhatCannotBeReadOrWritten(t *testing.T) {
	var format *ipam.FormatError
	for _, file := range []string{"", "name,value\n", "PK\x03\x04 and no more"} {
		require.ErrorAs(t, xlsx.Format{}.Read(strings.NewReader(file), func([]string) error { return nil }), &format)
	}
	failed := errors.New("the database is away")
	var b bytes.Buffer
	require.ErrorIs(t, xlsx.Format{}.Write(&b, func(yield func([]string, error) bool) {
		_ = yield([]string{"a"}, nil) && yield(nil, failed)
	}), failed)
	require.Zero(t, b.Len(), "no half of a workbook")
	require.ErrorIs(t, xlsx.Format{}.Write(full{failed}, func(yield func([]string, error) bool) { yield([]string{"a"}, nil) }), failed)
}

// full is a disk without room.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }
