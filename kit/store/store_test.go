package store_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

func TestComplete(t *testing.T) {
	type stores struct {
		Books, Shelves io.Reader
		Extra          io.Writer
		Size           int
	}
	require.EqualError(t, store.Complete("library", stores{}, "Extra"), "library: every store is required, there is no Books, Shelves")
	require.EqualError(t, store.Complete("library", stores{Books: io.LimitReader(nil, 0), Shelves: io.LimitReader(nil, 0)}), "library: every store is required, there is no Extra")
	require.NoError(t, store.Complete("library", stores{Books: io.LimitReader(nil, 0), Shelves: io.LimitReader(nil, 0)}, "Extra"))
}

func TestFold(t *testing.T) {
	require.Equal(t, "az@[`{éÉ\u212a", store.Fold("AZ@[`{éÉ\u212a"))
}

func TestOrdersOfLists(t *testing.T) {
	require.Equal(t, []wispwright.Order{{Field: "Created", Descending: true}}, store.Newest("Created"))
	require.Equal(t, []wispwright.Order{{Field: "Name"}}, store.Oldest("Name"))
}
