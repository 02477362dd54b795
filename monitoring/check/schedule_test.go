package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/monitoring/check"
)

func TestSchedule(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	require.NoError(t, err)
	s, err := check.ParseSchedule([]string{"22:00-06:00", "12-24 - 01-06", "08-15 12:00 - 08-15 14:00", "02-29 - 02-29"}, rome)
	require.NoError(t, err)
	for text, want := range map[string]bool{
		"2026-06-01T20:00:00Z": true, "2026-06-01T19:59:00Z": false, "2026-06-01T04:00:00Z": true, "2026-06-01T04:01:00Z": false, // a day, in its zone
		"2026-12-31T12:00:00Z": true, "2027-01-06T12:00:00Z": true, "2027-01-07T12:00:00Z": false, // over the new year, the last day whole
		"2026-08-15T11:00:00Z": true, "2026-08-15T12:01:00Z": false, "2028-02-29T12:00:00Z": true, "2027-02-28T12:00:00Z": false,
	} {
		at, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		require.Equal(t, want, s.Covers(at), text)
	}
	require.False(t, check.Schedule{}.Covers(time.Now()))
	for _, text := range []string{"", "22:00", "22:00-25:00", "13-01 - 13-02", "22:00 - 01-06", "a-b", "12-24-12-25"} {
		_, err := check.ParseSchedule([]string{text}, rome)
		require.Error(t, err, text)
	}
}
