package sms_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/radius/sms"
)

func message() sms.Message {
	return sms.Message{From: `A "B" & C`, To: "+393661234567", Text: `code {to}: "1" & 2`}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sms")
	g, err := sms.NewFolder(dir)
	require.NoError(t, err)
	require.NoError(t, g.Send(t.Context(), message()))
	require.NoError(t, g.Send(t.Context(), message()))
	files, err := filepath.Glob(filepath.Join(dir, "*-393661234567.json"))
	require.NoError(t, err)
	require.Len(t, files, 2)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	var m sms.Message
	require.NoError(t, json.Unmarshal(text, &m))
	require.Equal(t, message(), m)
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "codes are nobody else's")
	_, err = sms.NewFolder("")
	require.Error(t, err)
}

// Each preset, asked as its documentation says.
func TestPresets(t *testing.T) {
	require.Equal(t, []string{"clickatell", "messagebird", "twilio", "vonage"}, sms.Names())
	for _, name := range sms.Names() {
		t.Run(name, func(t *testing.T) {
			var method, path, kind, authorization string
			form := map[string][]string{}
			var object map[string]any
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				method, path, kind, authorization = r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("Authorization")
				if kind == "application/json" {
					if err := json.NewDecoder(r.Body).Decode(&object); err != nil {
						http.Error(w, err.Error(), 400)
					}
					return
				}
				if err := r.ParseForm(); err != nil {
					http.Error(w, err.Error(), 400)
				}
				form = r.PostForm
			}))
			defer s.Close()
			o := sms.Presets()[name]
			o.Account, o.Secret = "AC1", "s3cret"
			o.URL = s.URL + o.URL[len("https://"):] // the host becomes a folder
			o.URL = s.URL + "/" + o.URL[len(s.URL):]
			g, err := sms.NewHTTP(o)
			require.NoError(t, err)
			require.NoError(t, g.Send(t.Context(), message()))
			require.Equal(t, "POST", method)
			require.NotContains(t, path, "{")
			switch name {
			case "twilio":
				require.Contains(t, path, "/Accounts/AC1/")
				require.Equal(t, []string{message().Text}, form["Body"])
				require.Equal(t, []string{"+393661234567"}, form["To"])
				require.Equal(t, "Basic QUMxOnMzY3JldA==", authorization)
			case "clickatell":
				require.Equal(t, map[string]any{"content": message().Text, "to": []any{"393661234567"}, "from": message().From}, object)
				require.Equal(t, "s3cret", authorization)
			case "vonage":
				require.Equal(t, []string{"s3cret"}, form["api_secret"])
				require.Equal(t, []string{message().Text}, form["text"])
			case "messagebird":
				require.Equal(t, "AccessKey s3cret", authorization)
				require.Equal(t, []string{"393661234567"}, form["recipients"])
			}
		})
	}
}

func TestAnswersOfGateways(t *testing.T) {
	status := 200
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		if _, err := io.WriteString(w, r.URL.RawQuery); err != nil {
			panic(http.ErrAbortHandler)
		}
	}))
	g, err := sms.NewHTTP(sms.HTTPOptions{URL: s.URL + "/?to={to}&key={secret}", Secret: "s3cret"})
	require.NoError(t, err)
	require.NoError(t, g.Send(t.Context(), message()))
	for code, final := range map[int]bool{400: true, 401: true, 404: true, 408: false, 429: false, 500: false, 503: false} {
		status = code
		err := g.Send(t.Context(), message())
		require.Error(t, err)
		var refused *sms.RefusedError
		require.Equal(t, final, errors.As(err, &refused), fmt.Sprint(code))
	}
	s.Close()
	err = g.Send(t.Context(), message())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cret")
	_, err = sms.NewHTTP(sms.HTTPOptions{URL: "ftp://example.com/"})
	require.Error(t, err)
}
