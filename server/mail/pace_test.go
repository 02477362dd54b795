package mail

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPace(t *testing.T) {
	p := NewPace(10, time.Second)
	var pauses []time.Duration
	p.wait = func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return nil
	}
	for n := range 31 {
		require.NoError(t, p.Next(context.Background()))
		require.Len(t, pauses, n/10, "after every ten")
	}
	require.Equal(t, time.Second, pauses[0])

	over, cancel := context.WithCancel(context.Background())
	cancel()
	p = NewPace(1, time.Hour)
	require.NoError(t, p.Next(over))
	require.ErrorIs(t, p.Next(over), context.Canceled, "the end of the program is not waited for")
	p = NewPace(1, time.Nanosecond)
	require.NoError(t, errors.Join(p.Next(context.Background()), p.Next(context.Background())))
}
