package mail_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server/mail"
	"github.com/wispwright/wispwright/tenancy"
)

var hello = tenancy.Message{To: "ann@example.org", Subject: "Grüße", Text: "Hello\n.\nthere is a dot above"}

func TestOutbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "outbox")
	o, err := mail.NewOutbox(dir, "Wispwright <noreply@wifi.example.org>")
	require.NoError(t, err)
	require.NoError(t, o.Send(context.Background(), hello))
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.True(t, strings.HasSuffix(files[0], ".eml"))
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	f, err := os.Open(files[0])
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	m, err := netmail.ReadMessage(f)
	require.NoError(t, err)
	require.Equal(t, `"Wispwright" <noreply@wifi.example.org>`, m.Header.Get("From"))
	require.Equal(t, "<ann@example.org>", m.Header.Get("To"))
	require.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
	require.Contains(t, m.Header.Get("Message-ID"), "@wifi.example.org>")
}

func TestWhatIsRefused(t *testing.T) {
	dir := t.TempDir()
	o, err := mail.NewOutbox(dir, "noreply@example.org")
	require.NoError(t, err)
	for _, m := range []tenancy.Message{
		{To: "a@example.org\r\nBcc: b@example.org", Subject: "x"},
		{To: "a@example.org", Subject: "x\r\nBcc: b@example.org"},
	} {
		var v *wispwright.ValidationError
		require.ErrorAs(t, o.Send(context.Background(), m), &v)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, files)
	for _, from := range []string{"", "x", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org"} {
		_, err := mail.NewOutbox(dir, from)
		require.Error(t, err, from)
		_, err = mail.NewSMTP("localhost", from, nil)
		require.Error(t, err, from)
	}
	_, err = mail.NewSMTP("localhost", "a@example.org", &mail.SMTPOptions{TLS: "sometimes"})
	require.Error(t, err)
	_, err = mail.NewSMTP("", "a@example.org", nil)
	require.Error(t, err)
	_, err = mail.NewOutbox("", "a@example.org")
	require.Error(t, err)
}

// postOffice speaks enough SMTP to take one e-mail.
func postOffice(t *testing.T, greeting string) (port int, took func() []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() }) // closed already when the test is done with it
	lines := make(chan []string, 1)
	go func() {
		var seen []string
		defer func() { lines <- seen }()
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }() // the client hangs up first
		say := func(s string) { _, _ = fmt.Fprint(c, s, "\r\n") }
		say(greeting)
		data := false
		for in := bufio.NewScanner(c); in.Scan(); {
			line := in.Text()
			seen = append(seen, line)
			switch {
			case data && line == ".":
				data = false
				say("250 taken")
			case data:
			case strings.HasPrefix(line, "EHLO"):
				say("250-here\r\n250 8BITMIME")
			case line == "DATA":
				data = true
				say("354 go on")
			case line == "QUIT":
				say("221 bye")
				return
			default:
				say("250 ok")
			}
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, func() []string { return <-lines }
}

func TestSMTP(t *testing.T) {
	port, took := postOffice(t, "220 ready")
	s, err := mail.NewSMTP("127.0.0.1", "noreply@example.org", &mail.SMTPOptions{Port: port, TLS: "none"})
	require.NoError(t, err)
	require.NoError(t, s.Send(context.Background(), hello))
	lines := took()
	require.Contains(t, lines, "RCPT TO:<ann@example.org>")
	require.Contains(t, lines, "..", "a line that is a dot does not end the message")
	require.Contains(t, strings.Join(lines, "\n"), "MAIL FROM:<noreply@example.org>")

	port, _ = postOffice(t, "220 ready")
	s, err = mail.NewSMTP("127.0.0.1", "noreply@example.org", &mail.SMTPOptions{Port: port})
	require.NoError(t, err)
	require.Error(t, s.Send(context.Background(), hello), "nothing is sent in clear unless that is asked for")

	port, _ = postOffice(t, "554 go away")
	s, err = mail.NewSMTP("127.0.0.1", "noreply@example.org", &mail.SMTPOptions{Port: port, TLS: "none"})
	require.NoError(t, err)
	require.Error(t, s.Send(context.Background(), hello))
}
