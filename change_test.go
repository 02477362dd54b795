package wispwright_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

type compared struct {
	ID       wispwright.ID
	Name     string
	Size     int64
	Ratio    float64
	On       bool
	Key      wispwright.Secret
	Tags     []string
	Limit    *int64
	Any      any
	Raw      []byte
	Seen     time.Time
	Created  time.Time
	Modified time.Time
	hidden   string
}

func TestCompare(t *testing.T) {
	one, uno, two := int64(1), int64(1), int64(2)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	full := compared{ID: wispwright.ID{1}, Name: "a", Size: 1, Ratio: 0.5, On: true, Key: "s3cr3t", Tags: []string{"x"}, Limit: &one, Any: 7, Raw: []byte("raw"),
		Seen: at, Created: at, Modified: at, hidden: "h"}
	all := []wispwright.FieldChange{
		{Field: "ID", New: full.ID}, {Field: "Name", New: "a"}, {Field: "Size", New: int64(1)}, {Field: "Ratio", New: 0.5}, {Field: "On", New: true},
		{Field: "Key", New: "***"}, {Field: "Tags", New: full.Tags}, {Field: "Limit", New: &one}, {Field: "Any", New: 7}, {Field: "Raw", New: "raw"},
		{Field: "Seen", New: at.UTC()},
	}
	require.Equal(t, all, wispwright.Compare(nil, &full), "added")
	deleted := wispwright.Compare(&full, nil)
	require.Len(t, deleted, len(all))
	for i, c := range deleted {
		require.Equal(t, wispwright.FieldChange{Field: all[i].Field, Old: all[i].New}, c)
	}
	require.Empty(t, wispwright.Compare(&full, &full))
	require.Empty(t, wispwright.Compare[compared](nil, nil))
	require.Empty(t, wispwright.Compare(nil, &compared{Any: 0, Created: at}), "zero values tell nothing")

	other := full
	other.Limit, other.Created, other.Modified, other.hidden, other.Tags = &uno, time.Now(), time.Now(), "", []string{"x"}
	require.Empty(t, wispwright.Compare(&full, &other), "equal by value")

	for name, tt := range map[string]struct {
		change func(*compared)
		want   wispwright.FieldChange
	}{
		"id":       {func(c *compared) { c.ID = wispwright.ID{} }, wispwright.FieldChange{Field: "ID", Old: full.ID}},
		"name":     {func(c *compared) { c.Name = "" }, wispwright.FieldChange{Field: "Name", Old: "a"}},
		"on":       {func(c *compared) { c.On = false }, wispwright.FieldChange{Field: "On", Old: true}},
		"key":      {func(c *compared) { c.Key = "other" }, wispwright.FieldChange{Field: "Key", Old: "***", New: "***"}},
		"tags":     {func(c *compared) { c.Tags = []string{} }, wispwright.FieldChange{Field: "Tags", Old: full.Tags, New: []string{}}},
		"limit":    {func(c *compared) { c.Limit = &two }, wispwright.FieldChange{Field: "Limit", Old: &one, New: &two}},
		"any":      {func(c *compared) { c.Any = "7" }, wispwright.FieldChange{Field: "Any", Old: 7, New: "7"}},
		"any none": {func(c *compared) { c.Any = nil }, wispwright.FieldChange{Field: "Any", Old: 7}},
		"raw":      {func(c *compared) { c.Raw = nil }, wispwright.FieldChange{Field: "Raw", Old: "raw", New: ""}},
	} {
		changed := full
		tt.change(&changed)
		require.Equal(t, []wispwright.FieldChange{tt.want}, wispwright.Compare(&full, &changed), name)
	}
}

func TestStoredChangesKeepNumbersAsTheyAreWritten(t *testing.T) {
	stored := wispwright.FieldChanges{
		{Field: "Config", Old: wispwright.JSON(`{"b":1e400,"a":[1.50]}`), New: wispwright.JSON(strings.Repeat("9", 310))},
		{Field: "Name", Old: "a", New: true}, {Field: "Size", New: 7},
	}
	value, err := stored.Value()
	require.NoError(t, err)
	var read wispwright.FieldChanges
	require.NoError(t, read.Scan(value))
	stored[2].New = wispwright.JSON("7")
	require.Equal(t, stored, read)
	again, err := read.Value()
	require.NoError(t, err)
	require.Equal(t, value, again)

	for _, damaged := range []string{`[{"field":"a"`, `{}`, `[1]`, "x\xff" + strings.Repeat("y", 5000)} {
		require.NoError(t, read.Scan(damaged), "it does not hide the others")
		require.Len(t, read, 1)
		require.Equal(t, "unreadable", read[0].Field)
		require.LessOrEqual(t, len(read[0].New.(string)), 210)
		require.True(t, utf8.ValidString(read[0].New.(string)))
	}
	require.NoError(t, read.Scan(nil))
	require.Nil(t, read)
}

func TestCompareLooksIntoEmbeddedStructs(t *testing.T) {
	type Part struct {
		Name string
		Key  wispwright.Secret
	}
	type whole struct {
		Part
		Size int64
	}
	before, after := &whole{Part{"a", "one"}, 1}, &whole{Part{"b", "two"}, 1}
	require.Equal(t, []wispwright.FieldChange{{Field: "Name", Old: "a", New: "b"}, {Field: "Key", Old: "***", New: "***"}}, wispwright.Compare(before, after))
	require.Equal(t, []wispwright.FieldChange{{Field: "Name", New: "b"}, {Field: "Key", New: "***"}, {Field: "Size", New: int64(1)}}, wispwright.Compare(nil, after))
}
