package agent

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func listenLog(t *testing.T, place string) *net.UnixConn {
	t.Helper()
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: place, Net: "unixgram"})
	require.NoError(t, err)
	return l
}

func received(t *testing.T, l *net.UnixConn) string {
	t.Helper()
	require.NoError(t, l.SetReadDeadline(time.Now().Add(time.Minute)))
	b := make([]byte, 1024)
	n, err := l.Read(b)
	require.NoError(t, err)
	return string(b[:n])
}

func TestSyslog(t *testing.T) {
	place := filepath.Join(t.TempDir(), "log")
	_, err := dialSyslog(place)
	require.Error(t, err)
	l := listenLog(t, place)
	w, err := dialSyslog("/does/not/exist", place)
	require.NoError(t, err)
	at := time.Date(2026, 11, 2, 7, 3, 4, 0, time.UTC)
	for level, priority := range map[Level]string{LevelInfo: "30", LevelNotice: "29", LevelWarning: "28", LevelErr: "27", LevelCrit: "26"} {
		w.write(Line{Time: at, Level: level, Message: "it's so"})
		require.Equal(t, "<"+priority+">Nov  2 07:03:04 openwisp: it's so\n", received(t, l), "the number of the process is no part of it")
	}
	// the daemon starts anew
	require.NoError(t, l.Close())
	w.write(Line{Time: at, Level: LevelInfo, Message: "lost"})
	l = listenLog(t, place+"2")
	w.places = []string{place + "2"}
	w.write(Line{Time: at, Level: LevelInfo, Message: "again"})
	require.Contains(t, received(t, l), "again")
	require.NoError(t, l.Close())
}
