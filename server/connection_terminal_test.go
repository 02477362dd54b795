package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

// terminalPage is a page that types.
type terminalPage struct {
	t    *testing.T
	ws   *websocket.Conn
	mu   sync.Mutex
	text strings.Builder
	told []map[string]any
}

// openPage opens the socket of a terminal as a user of recordedData.
func openPage(t *testing.T, base, letter, id string) (*terminalPage, int) {
	t.Helper()
	ws, answer, err := websocket.Dial(t.Context(), base+"/ws/controller/terminal/"+id+"/", &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + strings.Repeat(letter, 40)}},
	})
	if err != nil {
		require.NotNil(t, answer, "%v", err)
		return nil, answer.StatusCode
	}
	p := &terminalPage{t: t, ws: ws}
	t.Cleanup(func() { _ = ws.CloseNow() })
	go func() {
		for {
			kind, b, err := ws.Read(context.Background())
			if err != nil {
				return
			}
			p.mu.Lock()
			if kind == websocket.MessageBinary {
				p.text.Write(b)
			} else {
				var m map[string]any
				_ = json.Unmarshal(b, &m)
				p.told = append(p.told, m)
			}
			p.mu.Unlock()
		}
	}()
	return p, http.StatusOK
}

func (p *terminalPage) types(text string) {
	require.NoError(p.t, p.ws.Write(p.t.Context(), websocket.MessageBinary, []byte(text)))
}

func (p *terminalPage) shows(text string) {
	p.t.Helper()
	testkit.Eventually(p.t, "it shows "+text, func(context.Context) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return strings.Contains(p.text.String(), text)
	})
}

// ends waits until the page is told of the end, and returns the reason.
func (p *terminalPage) ends() (reason string) {
	p.t.Helper()
	testkit.Eventually(p.t, "it is told of the end", func(context.Context) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, m := range p.told {
			if m["type"] == "end" {
				reason, _ = m["reason"].(string)
				return true
			}
		}
		return false
	})
	return reason
}

// channelled is a server with a device that has a channel.
func channelled(t *testing.T, db *sqlstore.DB, change func(*settings)) (s *server.Server, base, at, root string) {
	t.Helper()
	s = newServer(t, db, change)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	base = listening(t, s)
	root = sandbox(t, base, "behind-nat", nil)
	at = deviceNamed(t, s, "behind-nat")
	testkit.Eventually(t, "it has a connection by its channel", func(context.Context) bool {
		return len(as(t, s, "c", "GET", at+"connection/", "", 200)["results"].([]any)) == 1
	})
	return s, base, at, root
}

func TestTerminal(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s, base, at, root := channelled(t, db, nil)
		ask := func(letter string) string {
			out := as(t, s, letter, "POST", at+"terminal/", `{"cols":91,"rows":33}`, 201)
			require.Equal(t, "waiting", out["state"])
			return out["id"].(string)
		}
		id := ask("b")
		_, status := openPage(t, base, "a", id)
		require.Equal(t, http.StatusNotFound, status, "it is another user's")
		p, status := openPage(t, base, "b", id)
		require.Equal(t, http.StatusOK, status)
		p.types("stty size; pwd; echo \u20ac\n")
		p.shows("33 91")
		p.shows(root)
		require.NoError(t, p.ws.Write(t.Context(), websocket.MessageText, []byte(`{"type":"resize","cols":100,"rows":40}`)))
		require.NoError(t, p.ws.Write(t.Context(), websocket.MessageText, []byte(`{"type":"resize","cols":0,"rows":-1}`)), "which cannot be")
		testkit.Eventually(t, "the size changes", func(context.Context) bool {
			p.types("stty size\n")
			time.Sleep(50 * time.Millisecond)
			p.mu.Lock()
			defer p.mu.Unlock()
			return strings.Contains(p.text.String(), "40 100")
		})
		path := "/api/v1/controller/terminal/" + id + "/"
		require.Equal(t, "open", as(t, s, "b", "GET", path, "", 200)["state"])
		as(t, s, "b", "DELETE", path, "", 403)
		p.types("exit\n")
		require.Equal(t, "The shell ended.", p.ends())
		row := as(t, s, "b", "GET", path, "", 200)
		require.Equal(t, "ended", row["state"])
		require.Equal(t, "The shell ended.", row["reason"])
		require.NotNil(t, row["connection"])
		_, status = openPage(t, base, "b", id)
		require.Equal(t, http.StatusOK, status, "and then it hears that it is over")

		cast := told(t, s, "b", "GET", path+"recording/", "")
		require.Equal(t, 200, cast.Code)
		require.Contains(t, cast.Body.String(), `"height":33`)
		require.Contains(t, cast.Body.String(), "40 100")
		require.Contains(t, cast.Body.String(), "€")
		require.Contains(t, cast.Body.String(), `"r","100x40"`)
		// somebody ends it
		id = ask("b")
		p, _ = openPage(t, base, "b", id)
		p.types("echo rea''dy\n")
		p.shows("ready")
		as(t, s, "a", "POST", "/api/v1/controller/terminal/"+id+"/end/", "", 200)
		require.Equal(t, "Somebody ended it.", p.ends())

		// the page is closed
		id = ask("b")
		p, _ = openPage(t, base, "b", id)
		p.types("echo rea''dy\n")
		p.shows("ready")
		require.NoError(t, p.ws.CloseNow())
		testkit.Eventually(t, "it ends", func(context.Context) bool {
			return as(t, s, "b", "GET", "/api/v1/controller/terminal/"+id+"/", "", 200)["reason"] == "The page was closed."
		})
		list := as(t, s, "a", "GET", "/api/v1/controller/terminal/?state=ended", "", 200)
		require.EqualValues(t, 3, list["count"])
		trail := fmt.Sprint(as(t, s, "a", "GET", "/api/v1/audit/event/?kind=connection.terminal&page_size=100", "", 200))
		require.Contains(t, trail, "Terminal on behind-nat")
		as(t, s, "b", "DELETE", path, "", 204)
		as(t, s, "b", "GET", path, "", 404)
		n, err := sqlstore.Get[int](t.Context(), db, "SELECT count(*) FROM connection_terminal_part WHERE terminal_id NOT IN (SELECT id FROM connection_terminal)")
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

// Bad input is told by its field, and nothing is stored.
func TestTerminalsThatCannotBe(t *testing.T) {
	s, base, at, _ := channelled(t, testkit.SQLite(t), func(c *settings) {
		c.Connection.TerminalIdle = 3 * time.Second
		c.Connection.TerminalRecording = 64 << 10
	})
	for body, field := range map[string]string{`{"cols":0}`: "cols", `{"rows":501}`: "rows", `{"cols":"x"}`: "cols", `{"connection":"00000000-0000-4000-8000-000000000000"}`: "connection", `{"rows":-1}`: "rows"} {
		require.Contains(t, as(t, s, "b", "POST", at+"terminal/", body, 400), field, body)
	}
	as(t, s, "c", "POST", at+"terminal/", `{}`, 403) // an operator has no right to terminals
	_, status := openPage(t, base, "b", "00000000-0000-4000-8000-000000000000")
	require.Equal(t, http.StatusNotFound, status)
	require.EqualValues(t, 0, as(t, s, "a", "GET", "/api/v1/controller/terminal/", "", 200)["count"])

	p, _ := openPage(t, base, "b", as(t, s, "b", "POST", at+"terminal/", `{}`, 201)["id"].(string))
	require.Equal(t, "Nothing was typed for 3s.", p.ends())
	p, _ = openPage(t, base, "b", as(t, s, "b", "POST", at+"terminal/", `{}`, 201)["id"].(string))
	p.types("cat /dev/zero | tr '\\0' x\n")
	require.Equal(t, "The recording is full.", p.ends())
}

// An organization that wants it asks for a one-time code at every terminal.
func TestTerminalsAskForASecondFactor(t *testing.T) {
	c, all := parts(t)
	c.Connection.TerminalSecondFactor = []string{connection.Everybody}
	s := started(t, testkit.SQLite(t), c, all)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	accounts := all[0].(*server.TenancyConcern)
	device, _ := reachable(t, s)
	at := "/api/v1/controller/device/" + device + "/terminal/"
	says := func(body string) string { return fmt.Sprint(as(t, s, "b", "POST", at, body, 400)["code"]) }
	require.Contains(t, says(`{}`), "set one up first")
	var user wispwright.ID
	users, err := accounts.Users.List(t.Context(), wispwright.ScopeAll(), tenancy.UserFilter{}, wispwright.Page{})
	require.NoError(t, err)
	for _, u := range users.Rows {
		if u.Username == "manager" {
			user = u.ID
		}
	}
	made, err := accounts.SecondFactors.Enrol(t.Context(), user)
	require.NoError(t, err)
	code, err := totp.GenerateCode(made.Secret.Reveal(), time.Now())
	require.NoError(t, err)
	recovery, err := accounts.SecondFactors.Confirm(t.Context(), user, code)
	require.NoError(t, err)
	require.Contains(t, says(`{}`), "required")
	require.Contains(t, says(`{"code":"`+code+`"}`), "used already")
	as(t, s, "b", "POST", at, `{"code":"`+recovery[0]+`"}`, 201)
	require.Contains(t, says(`{"code":"`+recovery[0]+`"}`), "used already", "each terminal wants its own")
}
