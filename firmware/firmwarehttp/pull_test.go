package firmwarehttp_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware/firmwarehttp"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
)

// Whoever has a ticket gets the image it names, from any place, for a while; nobody
// makes one, or changes one, without the secret.
func TestTickets(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	tickets := firmwarehttp.NewTickets("the secret", func() time.Time { return now })
	w := firmwaretest.NewWorld(t, nil)
	wire, err := firmwarehttp.New(w.Service, w.Fleet, nil)
	require.NoError(t, err)
	handler := wire.Pull(tickets)
	ask := func(method, path, from string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		if from != "" {
			r.Header.Set("Range", from)
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		return answer
	}
	link := tickets.Link(w.Images[0])
	answer := ask("GET", link, "")
	require.Equal(t, http.StatusOK, answer.Code)
	require.Equal(t, firmwaretest.Content, answer.Body.String())
	answer = ask("GET", link, "bytes=9-")
	require.Equal(t, http.StatusPartialContent, answer.Code)
	require.Equal(t, firmwaretest.Content[9:], answer.Body.String())
	require.Equal(t, http.StatusOK, ask("HEAD", link, "").Code)
	require.Equal(t, http.StatusMethodNotAllowed, ask("POST", link, "").Code)

	other := strings.Replace(link, w.Images[0].ID.String(), w.Images[1].ID.String(), 1)
	parts := strings.Split(link, ".")
	for _, forged := range []string{
		other, parts[0] + ".9999999999." + parts[2], parts[0] + "." + parts[1] + ".AAAA/", firmwarehttp.PullPath, firmwarehttp.PullPath + "../../etc/passwd/",
		firmwarehttp.NewTickets("another secret", time.Now).Link(w.Images[0]), firmwarehttp.PullPath + w.Images[0].ID.String() + "/",
	} {
		require.Equal(t, http.StatusForbidden, ask("GET", forged, "").Code, forged)
	}
	require.NoError(t, w.Service.Images.Delete(t.Context(), wispwright.ScopeAll(), w.Images[0].ID))
	require.Equal(t, http.StatusNotFound, ask("GET", link, "").Code)
	now = now.Add(2*time.Hour + time.Second)
	require.Equal(t, http.StatusForbidden, ask("GET", link, "").Code, "too late")
}
