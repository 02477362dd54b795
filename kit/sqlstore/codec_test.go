package sqlstore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestScanTime reads every spelling that can stand in an SQLite column.
func TestScanTime(t *testing.T) {
	day := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-02-03 04:05:06+00:00":        day,
		"2026-02-03 04:05:06.000001+00:00": day.Add(time.Microsecond),
		"2026-02-03 04:05:06.12+00:00":     day.Add(120 * time.Millisecond),
		"2026-02-03 05:05:06+01:00":        day,
		"2026-02-03T04:05:06Z":             day,
		"2026-02-03T04:05:06.5-01:00":      day.Add(time.Hour + time.Second/2),
		"2026-02-03 04:05:06":              day,
		"2026-02-03 04:05:06.25":           day.Add(time.Second / 4),
		"2026-02-03":                       day.Truncate(24 * time.Hour),
	} {
		got, err := scanTime(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, src := range []any{"", "yesterday", "2026-02-30 04:05:06+00:00", "2026-02-03 24:05:06+00:00", "2026-02-03 04:05:06.+00:00", 7.5} {
		_, err := scanTime(src)
		require.Error(t, err, "%v", src)
	}
}

// FuzzPlainTime holds the quick way against the library's.
func FuzzPlainTime(f *testing.F) {
	f.Add("2026-02-03 04:05:06.000001+00:00")
	f.Add("0000-01-01 00:00:00.1234567891+00:00")
	f.Add("2026-02-30 23:59:60+00:00")
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := plainTime(text)
		want, err := time.Parse(timeLayouts()[0], text)
		if !ok {
			return // left to the library
		}
		require.NoError(t, err, text)
		require.True(t, want.Equal(got), "%s: %s", text, got)
	})
}
