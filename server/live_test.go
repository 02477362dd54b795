package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

// patience is for what comes at once on any machine that is not broken.
const patience = time.Minute

// listening serves on a port and returns the beginning of its addresses.
func listening(t *testing.T, s http.Handler) string {
	t.Helper()
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return h.URL
}

// page is a WebSocket with what it was sent.
type page struct {
	*websocket.Conn
	t *testing.T
}

// dial opens a WebSocket; header is pairs of names and values.
func dial(t *testing.T, base, path string, header ...string) (*page, *http.Response, error) {
	t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	c, answer, err := websocket.Dial(t.Context(), strings.Replace(base, "http", "ws", 1)+path, &websocket.DialOptions{HTTPHeader: h})
	if err != nil {
		return nil, answer, err
	}
	t.Cleanup(func() { _ = c.CloseNow() }) // the test is over
	return &page{c, t}, answer, nil
}

// open is dial as a user of recordedData, which must succeed.
func open(t *testing.T, base, path, who string, header ...string) *page {
	t.Helper()
	c, _, err := dial(t, base, path, append(header, "Authorization", "Bearer "+strings.Repeat(who, 40))...) //nolint:bodyclose // the library closes it
	require.NoError(t, err)
	return c
}

// next is the next frame.
func (p *page) next() string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	_, text, err := p.Read(ctx)
	require.NoError(p.t, err)
	return string(text)
}

// until reads on to a frame that speaks of something.
func (p *page) until(something string) {
	p.t.Helper()
	for !strings.Contains(p.next(), something) {
	}
}

func (p *page) say(text string) {
	p.t.Helper()
	require.NoError(p.t, p.Write(p.t.Context(), websocket.MessageText, []byte(text)))
}

// watches says what the page shows, and waits until that is heard.
func (p *page) watches(list string) {
	p.t.Helper()
	p.say(`{"type":"watch","watch":` + list + `}`)
	require.JSONEq(p.t, `{"type":"watching","watch":`+list+`}`, p.next())
}

// cut waits until the server ends the connection and returns the code.
func (p *page) cut() websocket.StatusCode {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	for {
		if _, _, err := p.Read(ctx); err != nil {
			require.NoError(p.t, ctx.Err(), "it was never cut")
			return websocket.CloseStatus(err)
		}
	}
}

func filled(t *testing.T, db *sqlstore.DB, change func(*settings)) *server.Server {
	t.Helper()
	s := newServer(t, db, change)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	return s
}

func notify(t *testing.T, s *server.Server, e notifications.Event) {
	t.Helper()
	n, ok := server.Find[*server.NotificationsConcern](s.Concerns())
	require.True(t, ok)
	require.NoError(t, n.Notify(t.Context(), e))
}

func register(t *testing.T, s *server.Server, mac string) (id string) {
	t.Helper()
	form := url.Values{"backend": {"netjsonconfig.OpenWrt"}, "secret": {"secretalpha0123456789"}, "name": {mac}, "mac_address": {mac}}
	w := told(t, s, "", "POST", "/controller/register/", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, 201, w.Code, w.Body)
	for line := range strings.Lines(w.Body.String()) {
		if v, ok := strings.CutPrefix(line, "uuid: "); ok {
			return mustID(t, strings.TrimSpace(v)).String()
		}
	}
	t.Fatal("no id")
	return ""
}

// The frames of notifications, as they were recorded (vectors: connection,
// websocket.json).
func TestNotificationSocket(t *testing.T) {
	db := testkit.SQLite(t)
	s := filled(t, db, func(c *settings) { c.Tenancy.SiteURL = "https://example.com" })
	ids := identifiers(t, s)
	base := listening(t, s)
	const path = "/ws/notification/"

	for name, header := range map[string][]string{
		"a stranger":     nil,
		"a wrong token":  {"Authorization", "Bearer " + strings.Repeat("x", 40)},
		"another's page": {"Authorization", "Bearer " + strings.Repeat("a", 40), "Origin", "https://foe.example.org"},
	} {
		_, answer, err := dial(t, base, path, header...) //nolint:bodyclose // the library closes it
		require.Error(t, err, name)
		require.Equal(t, 403, answer.StatusCode, name)
	}
	require.Equal(t, 403, told(t, s, "", "GET", path, "").Code)
	open(t, base, path, "d") // any user, also without staff status

	p, other := open(t, base, path, "a"), open(t, base, path, "e")
	frame := func() (f struct {
		Type         string
		Count        any   `json:"notification_count"`
		ReloadWidget *bool `json:"reload_widget"`
		Notification json.RawMessage
	}) {
		t.Helper()
		require.NoError(t, json.Unmarshal([]byte(p.next()), &f))
		require.Equal(t, "notification", f.Type)
		return f
	}
	var admin wispwright.ID
	require.NoError(t, admin.UnmarshalText([]byte(ids["user_admin"])))
	tell := func(level string) string {
		notify(t, s, notifications.Event{Type: notifications.GenericMessage, Recipients: []wispwright.ID{admin}, Data: map[string]any{"message": "hello " + level}, Description: "d", Level: notifications.Level(level)})
		f := frame()
		var item struct{ ID, Message, Level string }
		require.NoError(t, json.Unmarshal(f.Notification, &item))
		require.True(t, *f.ReloadWidget)
		require.Equal(t, "<p>hello "+level+"</p>", item.Message)
		require.Equal(t, level, item.Level)
		return item.ID
	}
	first := tell("error")
	p.say(`{"type":"notification","notification_id":"` + first + `"}`)
	f := frame()
	require.EqualValues(t, 0, f.Count)
	require.False(t, *f.ReloadWidget)
	require.Equal(t, "null", string(f.Notification))
	second := tell("info")
	require.Equal(t, 204, told(t, s, "a", "DELETE", "/api/v1/notifications/notification/"+second+"/", "").Code)
	f = frame()
	require.True(t, *f.ReloadWidget)
	require.Equal(t, "null", string(f.Notification))
	tell("warning")
	require.Equal(t, 200, told(t, s, "a", "POST", "/api/v1/notifications/notification/read/", "").Code)
	f = frame()
	require.EqualValues(t, 0, f.Count)
	require.True(t, *f.ReloadWidget, "a list that is shown is read anew")

	// what cannot be understood is ignored, and answers come in order
	device := register(t, s, "00:11:22:33:44:55")
	f = frame()
	require.Contains(t, string(f.Notification), device)
	for _, text := range []string{
		"nonsense", "{}", `[]`, `{"type":"notification"}`, `{"type":"notification","notification_id":7}`, `{"type":"notification","notification_id":"` + ids["org_alpha"] + `"}`,
		`{"type":"object_notification"}`, `{"type":"object_notification","object_id":"` + ids["org_alpha"] + `","app_label":"config","model_name":"device"}`,
		`{"type":"object_notification","object_id":"x","app_label":"no","model_name":"such"}`,
	} {
		p.say(text)
	}
	silence := "/api/v1/notifications/notification/ignore/config/device/" + device + "/"
	require.Equal(t, 201, told(t, s, "a", "PUT", silence, `{"valid_till":"2127-01-01T00:00:00Z"}`).Code)
	p.say(`{"type":"object_notification","object_id":"` + device + `","app_label":"config","model_name":"device"}`)
	require.Equal(t, `{"type":"object_notification","valid_till":"2127-01-01T00:00:00Z"}`, p.next())
	require.Equal(t, 200, told(t, s, "a", "PUT", silence, `{"valid_till":null}`).Code)
	p.say(`{"type":"object_notification","object_id":"` + device + `","app_label":"config","model_name":"device"}`)
	require.Equal(t, `{"type":"object_notification","valid_till":null}`, p.next())

	// nothing of all that was another's
	other.say(`{"type":"notification","notification_id":"` + first + `"}`)
	notify(t, s, notifications.Event{Type: notifications.GenericMessage, Recipients: []wispwright.ID{mustID(t, ids["user_betamanager"])}, Data: map[string]any{"message": "yours"}})
	require.Contains(t, other.next(), "<p>yours</p>")

	// more than 99 are not counted, and a storm shows nothing
	events := make([]notifications.Event, 120)
	for i := range events {
		events[i] = notifications.Event{Type: notifications.GenericMessage, Recipients: []wispwright.ID{admin}, Data: map[string]any{"message": "many"}}
	}
	n, _ := server.Find[*server.NotificationsConcern](s.Concerns())
	require.NoError(t, n.Notify(t.Context(), events...))
	f = frame()
	require.Equal(t, "99+", f.Count)
	require.Equal(t, "null", string(f.Notification))
}

func mustID(t *testing.T, text string) wispwright.ID {
	t.Helper()
	id, err := wispwright.ParseID(text)
	require.NoError(t, err)
	return id
}

// A page hears of what it shows, as far as its user may see it.
func TestPagesWatchObjects(t *testing.T) {
	db := testkit.SQLite(t)
	s := filled(t, db, nil)
	ids := identifiers(t, s)
	base := listening(t, s)
	const path = "/ws/live/"
	for name, who := range map[string]string{"no staff": "d", "nobody": "x"} {
		_, answer, err := dial(t, base, path, "Authorization", "Bearer "+strings.Repeat(who, 40)) //nolint:bodyclose // the library closes it
		require.Error(t, err, name)
		require.Equal(t, 403, answer.StatusCode, name)
	}
	root, manager, beta := open(t, base, path, "a"), open(t, base, path, "b"), open(t, base, path, "e")
	for _, p := range []*page{root, manager, beta} {
		p.watches(`[{"kind":"config.device"}]`)
	}
	root.say("nonsense")
	require.Contains(t, root.next(), `"type":"error"`)
	root.say(`{"type":"watch","watch":[` + strings.TrimSuffix(strings.Repeat(`{"kind":"a"},`, 101), ",") + `]}`)
	require.Contains(t, root.next(), "at most 100")

	device := register(t, s, "00:11:22:33:44:55")
	for _, p := range []*page{root, manager} {
		require.JSONEq(t, `{"type":"changed","kind":"config.device","organization":"`+ids["org_alpha"]+`","ids":["`+device+`"]}`, p.next())
	}
	// a user that belongs to one organization, then to another
	for _, p := range []*page{root, beta} {
		p.watches(`[{"kind":"config.device"},{"kind":"openwisp_users.user"}]`)
	}
	require.Equal(t, 200, told(t, s, "a", "PATCH", "/api/v1/users/user/"+ids["user_member"]+"/", `{"first_name":"M"}`).Code)
	root.until(ids["user_member"])
	o := mustID(t, ids["org_beta"])
	require.NoError(t, s.Tenancy().Memberships.Create(t.Context(), &tenancy.Membership{UserID: mustID(t, ids["user_member"]), OrganizationID: o}))
	require.JSONEq(t, `{"type":"changed","kind":"openwisp_users.user","organization":"`+o.String()+`","ids":["`+ids["user_member"]+`"]}`, beta.next(),
		"the first thing it hears: neither the device nor the user were its own")

	// one object only, and what is not watched is not told
	manager.watches(`[{"kind":"config.device","id":"` + device + `"}]`)
	other := register(t, s, "00:11:22:33:44:66")
	require.Equal(t, 200, told(t, s, "a", "PATCH", "/api/v1/controller/device/"+device+"/", `{"notes":"n"}`).Code)
	text := manager.next()
	require.Contains(t, text, device)
	require.NotContains(t, text, other)
	manager.watches(`[]`)
	manager.say(`{"type":"watch","watch":[{"kind":"config.nothing"},{"kind":"openwisp_users.group"}]}`)
	require.NotContains(t, manager.next(), "config.nothing")
}

// A burst of a whole fleet neither fills a page's queue nor cuts it off.
func TestABurstOfChangesDoesNotCutAPage(t *testing.T) {
	host := make(chan *server.Host, 1)
	s := newServer(t, testkit.SQLite(t), nil, &mine{"burst", func(_ context.Context, h *server.Host) error {
		h.Watchable("support.ticket")
		host <- h
		return nil
	}})
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	h := <-host
	p := open(t, listening(t, s), "/ws/live/", "a")
	p.watches(`[{"kind":"support.ticket"}]`)
	for range 2000 {
		h.Changed(t.Context(), "support.ticket", wispwright.NewID(), wispwright.NewID().String())
	}
	var many []string
	for range 101 {
		many = append(many, wispwright.NewID().String())
	}
	for i := 0; ; i++ {
		require.Less(t, i, 2000)
		if strings.Contains(p.next(), `"organization":null,"ids":null`) {
			break
		}
	}
	require.Zero(t, h.Hub().Stats().Cut)
	h.Changed(t.Context(), "support.ticket", wispwright.ID{}, many...)
	require.JSONEq(t, `{"type":"changed","kind":"support.ticket","organization":null,"ids":null}`, p.next())
}

// A page whose user logs out, or logs in as another, or loses the account is
// cut; nobody else is.
func TestSocketsEndWithTheRightToThem(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *server.Server, ids map[string]string, cookie string){
		"logged out": func(t *testing.T, s *server.Server, _ map[string]string, cookie string) {
			require.Equal(t, 204, told(t, s, "", "DELETE", "/api/v1/users/session/", "", "Cookie", cookie, "X-CSRFToken", "c").Code)
		},
		"another's now": func(t *testing.T, s *server.Server, _ map[string]string, cookie string) {
			require.Equal(t, 200, told(t, s, "", "POST", "/api/v1/users/session/", `{"username":"betamanager","password":"betamanager-Passw0rd"}`, "Cookie", cookie).Code)
		},
		"turned off": func(t *testing.T, s *server.Server, ids map[string]string, _ string) {
			require.Equal(t, 200, told(t, s, "a", "PATCH", "/api/v1/users/user/"+ids["user_manager"]+"/", `{"is_active":false}`).Code)
		},
		"another password": func(t *testing.T, s *server.Server, ids map[string]string, _ string) {
			require.NoError(t, s.Tenancy().Users.SetPassword(t.Context(), wispwright.ScopeAll(), mustID(t, ids["user_manager"]), "quite-Another-one-1"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := filled(t, testkit.SQLite(t), nil)
			ids := identifiers(t, s)
			base := listening(t, s)
			w := told(t, s, "", "POST", "/api/v1/users/session/", `{"username":"manager","password":"manager-Passw0rd"}`)
			require.Equal(t, 200, w.Code, w.Body)
			cookie := "csrftoken=c"
			for _, c := range w.Result().Cookies() {
				if c.Name == "sessionid" {
					cookie += "; sessionid=" + c.Value
				}
			}
			var pages []*page
			for _, path := range []string{"/ws/notification/", "/ws/live/"} {
				p, _, err := dial(t, base, path, "Cookie", cookie) //nolint:bodyclose // the library closes it
				require.NoError(t, err)
				pages = append(pages, p)
			}
			stays := open(t, base, "/ws/notification/", "a")
			end(t, s, ids, cookie)
			for _, p := range pages {
				require.Equal(t, websocket.StatusPolicyViolation, p.cut())
			}
			notify(t, s, notifications.Event{Type: notifications.GenericMessage, Data: map[string]any{"message": "to superusers"}})
			require.Contains(t, stays.next(), "to superusers")
		})
	}
}

// A manager that is one no longer stays connected, and hears of nothing more.
func TestRightsOfSocketsFollow(t *testing.T) {
	s := filled(t, testkit.SQLite(t), nil)
	ids := identifiers(t, s)
	base := listening(t, s)
	p, witness := open(t, base, "/ws/live/", "c"), open(t, base, "/ws/live/", "a")
	p.watches(`[{"kind":"config.device"}]`)
	witness.watches(`[{"kind":"config.device"}]`)
	p.until(register(t, s, "00:11:22:33:44:55"))
	managed, err := s.Tenancy().Memberships.List(t.Context(), wispwright.ScopeAll(), tenancy.MembershipFilter{UserID: mustID(t, ids["user_operator"])}, wispwright.Page{})
	require.NoError(t, err)
	require.NoError(t, s.Tenancy().Memberships.Delete(t.Context(), wispwright.ScopeAll(), managed.Rows[0].ID))
	testkit.Eventually(t, "the page hears of nothing", func(context.Context) bool {
		time.Sleep(time.Second) // more within a second would not be told by their ids
		id := wispwright.NewID()
		device := register(t, s, net.HardwareAddr(append([]byte{2}, id[:5]...)).String())
		witness.until(device)
		p.say(`{"type":"watch","watch":[{"kind":"config.device"}]}`)
		heard := false
		for text := p.next(); !strings.Contains(text, "watching"); text = p.next() {
			heard = heard || strings.Contains(text, device)
		}
		return !heard
	})
}

// Two servers on one PostgreSQL tell each other's pages, and cut them.
func TestNodesTellEachOthersPages(t *testing.T) {
	dsn := testkit.PostgresURL(t)
	one, two := filled(t, testkit.Open(t, dsn), nil), newServer(t, testkit.Open(t, dsn), nil)
	ids := identifiers(t, one)
	bases := []string{listening(t, one), listening(t, two)}
	var bells, lists []*page
	for _, base := range bases {
		bells = append(bells, open(t, base, "/ws/notification/", "b"))
		list := open(t, base, "/ws/live/", "b")
		list.watches(`[{"kind":"config.device"}]`)
		lists = append(lists, list)
	}
	for i, s := range []*server.Server{one, two} {
		device := register(t, s, "00:11:22:33:44:5"+string(rune('0'+i)))
		for _, p := range append(append([]*page{}, bells...), lists...) {
			p.until(device)
		}
	}
	require.Equal(t, 200, told(t, two, "a", "PATCH", "/api/v1/users/user/"+ids["user_manager"]+"/", `{"is_active":false}`).Code)
	for _, p := range append(bells, lists...) {
		require.Equal(t, websocket.StatusPolicyViolation, p.cut())
	}
}

// proxy stands between a server and PostgreSQL, and can be away as that is when
// it is restarted.
type proxy struct {
	to    string
	mu    sync.Mutex
	away  bool
	conns []net.Conn
}

func (p *proxy) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		away := p.away
		p.conns = append(p.conns, c)
		p.mu.Unlock()
		if away {
			_ = c.Close() // it is away
			continue
		}
		up, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = c.Close() // nobody is there to be told
			continue
		}
		for _, pair := range [][2]net.Conn{{c, up}, {up, c}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1]) // until one side ends
				_ = pair[0].Close()
				_ = pair[1].Close()
			}()
		}
	}
}

func (p *proxy) set(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away = away; away {
		for _, c := range p.conns {
			_ = c.Close() // as a server that is killed
		}
		p.conns = nil
	}
}

// PostgreSQL is away for a while: the sockets stay open, pages are told that
// they may have missed something, and hear of what comes after.
func TestPostgreSQLIsRestartedUnderOpenSockets(t *testing.T) {
	dsn := testkit.PostgresURL(t)
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() }) // the test is over
	between := &proxy{to: u.Host}
	go between.serve(l)
	u.Host = l.Addr().String()
	filled(t, testkit.Open(t, dsn), nil)
	s := newServer(t, testkit.Open(t, u.String()), nil)
	base := listening(t, s)
	p := open(t, base, "/ws/live/", "a")
	p.watches(`[{"kind":"config.device"}]`)
	bell := open(t, base, "/ws/notification/", "a")
	between.set(true)
	require.NotEqual(t, 201, told(t, s, "", "POST", "/controller/register/", "x=y", "Content-Type", "application/x-www-form-urlencoded").Code)
	between.set(false)
	require.JSONEq(t, `{"type":"missed"}`, p.next())
	require.JSONEq(t, `{"type":"missed"}`, bell.next())
	testkit.Eventually(t, "the database is back", func(ctx context.Context) bool {
		_, err := s.Tenancy().Organizations.BySlug(ctx, wispwright.ScopeAll(), "alpha")
		return err == nil
	})
	device := register(t, s, "00:11:22:33:44:55")
	for _, c := range []*page{p, bell} {
		c.until(device)
	}
}

// The hub ends with the server, and says so.
func TestSocketsAreToldThatTheServerEnds(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.ServeOn(ctx, l) }()
	p := open(t, "http://"+l.Addr().String(), "/ws/notification/", "a")
	metrics := get(s, "/metrics").Body.String()
	require.Contains(t, metrics, "wispwright_live_sockets 1")
	require.Contains(t, metrics, "wispwright_http_requests_in_flight 1", "a socket is no request that is being answered; this one is")
	stop()
	require.Equal(t, websocket.StatusGoingAway, p.cut())
	require.NoError(t, <-served)
}
