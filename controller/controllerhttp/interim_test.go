package controllerhttp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllerhttp"
)

// A curl of before 7.84 asks before it sends a long report, and sends it
// without an answer after a second.
func TestNoInterimAnswerPrecedesTheReal(t *testing.T) {
	reason := strings.Repeat("x", 1023)
	body := "key=k&status=error&error_reason=" + reason + "&"
	for _, c := range []struct {
		name, path, more, first, answer string
		length                          int
	}{
		{"report", "/controller/report-status/" + deviceHex + "/", body, "HTTP/1.1 200 OK", "report-result: success\ncurrent-status: error\n", len(body)},
		{"registration", "/controller/register/", "secret=s", "HTTP/1.1 201 Created", "registration-result: success\n", len("secret=s")},
		{"a refusal needs no body", "/controller/register", "a=b", "HTTP/1.1 301 Moved Permanently", "", 3},
		{"half a request is none", "/controller/register/", "secret=", "", "", 100},
		{"too large to be read ahead", "/controller/register/", "", "HTTP/1.1 100 Continue", "", 100 << 10},
		{"elsewhere", "/api/v1/", "a=b", "HTTP/1.1 100 Continue", "", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			f.status = controller.StatusError
			protocol := controllerhttp.NewProtocol(f, nil)
			s := httptest.NewServer(controllerhttp.WithoutInterim(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/controller/") {
					protocol.ServeHTTP(w, r)
					return
				}
				_, err := io.Copy(io.Discard, r.Body)
				require.NoError(t, err)
			})))
			defer s.Close()
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			require.NoError(t, err)
			defer func() { require.NoError(t, conn.Close()) }()
			_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n%s",
				c.path, form, c.length, c.more)
			require.NoError(t, err)
			if c.first == "" {
				require.NoError(t, conn.(*net.TCPConn).CloseWrite())
				rest, err := io.ReadAll(conn)
				require.NoError(t, err)
				require.Empty(t, rest)
				s.Close()
				require.Zero(t, f.registration)
				return
			}
			in := bufio.NewReader(conn)
			first, err := in.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, c.first, strings.TrimSpace(first))
			if strings.Contains(first, "100") {
				return
			}
			rest, err := io.ReadAll(in)
			require.NoError(t, err)
			require.Contains(t, string(rest), "X-Openwisp-Controller: true\r\n")
			require.Contains(t, string(rest), c.answer)
			if c.name == "report" {
				s.Close() // nothing runs any more
				require.Equal(t, [2]string{"error", reason}, f.report)
			}
		})
	}
}
