package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius/sms"
	"github.com/wispwright/wispwright/server"
)

// telephone keeps messages, and may be out of reach.
type telephone struct {
	lock sync.Mutex
	list []sms.Message
	err  error
}

func (p *telephone) Send(_ context.Context, m sms.Message) error {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.err == nil {
		p.list = append(p.list, m)
	}
	return p.err
}

func (p *telephone) messages() []sms.Message {
	p.lock.Lock()
	defer p.lock.Unlock()
	return append([]sms.Message{}, p.list...)
}

// enrolling is a portal whose jobs run, with its letters and messages.
type enrolling struct {
	*portal
	letters *letterBox
	phone   *telephone
}

func newEnrolling(t *testing.T, db *sqlstore.DB, change func(*settings)) *enrolling {
	t.Helper()
	c, all := parts(t)
	c.SecretKey, c.Tenancy.SiteURL = "0123456789abcdef0123456789abcdef", "https://wifi.example.org"
	c.Radius.AllowedHosts = []string{"127.0.0.1"}
	if change != nil {
		change(c)
	}
	e := &enrolling{letters: &letterBox{}, phone: &telephone{}}
	ten, ok := server.Find[*server.TenancyConcern](all)
	require.True(t, ok)
	ten.Mailer = e.letters
	r, ok := server.Find[*server.RadiusConcern](all)
	require.True(t, ok)
	r.Gateway = e.phone
	s := started(t, db, c, all)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	e.portal = &portal{Server: s, t: t, ids: identifiers(t, s)}
	e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/", `{"token":"secrettoken"}`, 200)
	e.cred = "Bearer " + e.ids["org_alpha"] + " secrettoken"
	return e
}

// upload sends a form with a file as the manager.
func (e *enrolling) upload(fields map[string]string, file []byte) *httptest.ResponseRecorder {
	e.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		require.NoError(e.t, w.WriteField(k, v))
	}
	part, err := w.CreateFormFile("csvfile", "users.csv")
	require.NoError(e.t, err)
	_, err = part.Write(file)
	require.NoError(e.t, err)
	require.NoError(e.t, w.Close())
	return told(e.t, e.Server, "b", "POST", "/api/v1/radius/batch/", b.String(), "Content-Type", w.FormDataContentType())
}

// A telephone is proven by the code it is sent, and the user comes in.
func TestCodesAreSentAndProve(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		const account = "/api/v1/radius/organization/alpha/account/"
		e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/",
			`{"sms_verification":true,"sms_sender":"Acme","needs_identity_verification":true,"sms_message":"{code} is the code of {organization}"}`, 200)
		body := `{"username":"+393661234567","phone_number":"+39 366 1234567","email":"ann@example.org","password1":"Sunset-Boat-77","password2":"Sunset-Boat-77","method":"mobile_phone"}`
		key := e.ask("", "POST", account, body, 201)["key"].(string)
		own := func(method, path, body string, want int) map[string]any {
			t.Helper()
			w := told(t, e.Server, "", method, account+path, body, "Authorization", "Bearer "+key)
			require.Equal(t, want, w.Code, "%s: %s", path, w.Body)
			out := map[string]any{}
			if w.Body.Len() > 0 {
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
			}
			return out
		}
		come := func() int {
			return e.send("POST", "authorize/", `{"username":"+393661234567","password":"Sunset-Boat-77"}`).Body.Len()
		}
		require.Zero(t, come(), "not verified yet")
		require.Equal(t, float64(30), own("POST", "phone/token/", "", 201)["cooldown"])
		idle(t, e.Server)
		sent := e.phone.messages()
		require.Len(t, sent, 1)
		require.Equal(t, []string{"Acme", "+393661234567"}, []string{sent[0].From, sent[0].To})
		code := regexp.MustCompile(`^(\d{6}) is the code of alpha$`).FindStringSubmatch(sent[0].Text)
		require.Len(t, code, 2, sent[0].Text)
		require.Contains(t, own("POST", "phone/token/", "", 400), "cooldown", "one after the other")
		own("POST", "phone/verify/", `{"code":"`+code[1]+`"}`, 200)
		require.NotZero(t, come())
		require.Contains(t, own("POST", "phone/token/", "", 400), "user", "nothing is left to be verified")
		require.Equal(t, []any{"This international mobile prefix is not allowed."}, func() any {
			e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/", `{"allowed_mobile_prefixes":"+44"}`, 200)
			return own("POST", "phone/change/", `{"phone_number":"+393661234568"}`, 400)["phone_number"]
		}())
	})
}

// Many requests at once do not get more codes than one after the other would.
func TestCodesAtOnceAreCounted(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/", `{"sms_verification":true,"sms_sender":"Acme"}`, 200)
		var wait sync.WaitGroup
		codes := make([]int, 8)
		for i := range codes {
			wait.Add(1)
			go func() {
				defer wait.Done()
				codes[i] = told(t, e.Server, "d", "POST", "/api/v1/radius/organization/alpha/account/phone/token/", fmt.Sprintf(`{"phone_number":"+3936612345%02d"}`, i)).Code
			}()
		}
		wait.Wait()
		made := 0
		for _, c := range codes {
			require.Contains(t, []int{201, 400}, c)
			if c == 201 {
				made++
			}
		}
		require.Equal(t, 1, made)
		idle(t, e.Server)
		require.Len(t, e.phone.messages(), 1)
	})
}

// Somebody of another organization joins, and chooses how to be verified there.
func TestPeopleComeFromOtherOrganizations(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	e.ask("a", "PATCH", "/api/v1/radius/organization/"+e.ids["org_beta"]+"/settings/", `{"needs_identity_verification":true}`, 200)
	const beta = "/api/v1/radius/organization/beta/account/"
	taken := e.ask("", "POST", beta, `{"username":"member","password1":"Sunset-Boat-77","password2":"Sunset-Boat-77"}`, 409)
	require.Equal(t, []any{map[string]any{"slug": "alpha", "name": "alpha"}}, taken["organizations"])
	e.ask("d", "POST", beta+"registration-method/", `{"method":"email"}`, 400)
	in := e.ask("", "POST", beta+"token/", `{"username":"member","password":"member-Passw0rd"}`, 401)
	require.Equal(t, []any{"pending_verification", false}, []any{in["method"], in["is_verified"]})
	for body, status := range map[string]int{`{"method":"manual"}`: 400, `{"method":"pending_verification"}`: 400, `{}`: 400, `{"method":["x"]}`: 400} {
		e.ask("d", "POST", beta+"registration-method/", body, status)
	}
	e.ask("", "POST", beta+"registration-method/", `{"method":"email"}`, 401)
	require.Equal(t, "mobile_phone", e.ask("d", "POST", beta+"registration-method/", `{"method":"mobile_phone"}`, 200)["method"])
	e.ask("d", "POST", beta+"registration-method/", `{"method":"email"}`, 400)
	e.ask("d", "POST", "/api/v1/radius/organization/alpha/account/registration-method/", `{"method":"email"}`, 404)
}

// A batch of many is made in the background: its status says how far it is.
func TestBatchesInTheBackground(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		group := e.ask("a", "POST", "/api/v1/radius/group/", `{"name":"guests","organization":"`+e.ids["org_alpha"]+`"}`, 201)["id"].(string)
		b := e.ask("b", "POST", "/api/v1/radius/batch/", `{"name":"hotel","strategy":"prefix","prefix":"guest","number_of_users":120,"organization_slug":"alpha","group":"`+group+`","notes":"summer","expiration_date":"2090-01-31"}`, 202)
		require.Equal(t, []any{"pending", nil, nil}, []any{b["status"], b["pdf_link"], b["user_credentials"]})
		idle(t, e.Server)
		at := "/api/v1/radius/batch/" + b["id"].(string) + "/"
		b = e.ask("b", "GET", at, "", 200)
		require.Equal(t, []any{"completed", float64(120), group, "summer"}, []any{b["status"], b["number_of_users"], b["group"], b["notes"]})
		pairs := b["user_credentials"].([]any)
		require.Len(t, pairs, 120)
		first := pairs[0].([]any)
		require.Equal(t, "guest1", first[0])
		answer := e.send("POST", "authorize/", fmt.Sprintf(`{"username":"guest1","password":%q}`, first[1])).Body.String()
		require.Equal(t, `{"control:Auth-Type":"Accept"}`, answer, "the group of the batch has no limits")
		w := told(t, e.Server, "b", "GET", b["pdf_link"].(string)[len("http://example.com"):], "")
		require.Equal(t, 200, w.Code)
		require.True(t, strings.HasPrefix(w.Body.String(), "%PDF-"))
		require.Nil(t, e.ask("c", "GET", at, "", 200)["user_credentials"], "who may not add batches sees no passwords")
		for who, status := range map[string]int{"": 401, "d": 403, "e": 404} {
			e.ask(who, "GET", at, "", status)
		}
		require.Contains(t, e.ask("b", "GET", "/api/v1/radius/batch/", "", 200)["results"].([]any)[0], "status")
		told := e.ask("b", "GET", "/api/v1/notifications/notification/", "", 200)["results"].([]any)
		require.NotEmpty(t, told)
		require.Contains(t, told[0].(map[string]any)["message"], "hotel")

		// an organization with a group of another one
		e.ask("a", "POST", "/api/v1/radius/batch/", `{"name":"x","strategy":"prefix","prefix":"x","number_of_users":1,"organization_slug":"beta","group":"`+group+`"}`, 400)
		e.ask("b", "DELETE", at, "", 204)
		require.Empty(t, e.send("POST", "authorize/", fmt.Sprintf(`{"username":"guest1","password":%q}`, first[1])).Body.String(), "the accounts went with the batch")
	})
}

// A batch that fails leaves nobody behind, and says so.
func TestBatchesFailWhole(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		var file strings.Builder
		for i := range 150 {
			fmt.Fprintf(&file, "one%d,,one%d@example.org,A,B\n", i, i)
		}
		file.WriteString("bad name,,last@example.org,A,B\n")
		form := map[string]string{"name": "b", "strategy": "csv", "organization_slug": "alpha"}
		w := e.upload(form, []byte(file.String()))
		require.Equal(t, 202, w.Code, w.Body)
		idle(t, e.Server)
		b := e.ask("b", "GET", "/api/v1/radius/batch/", "", 200)["results"].([]any)[0].(map[string]any)
		require.Equal(t, []any{"failed", float64(0)}, []any{b["status"], b["number_of_users"]})
		require.Zero(t, e.ask("a", "GET", "/api/v1/users/user/?search=one1", "", 200)["count"])
		require.Empty(t, e.letters.list, "nobody is told of an account that is not there")
		require.Equal(t, 400, e.upload(form, []byte("x,,x@example.org,A,B\n")).Code, "the name is taken")

		form["name"] = "small"
		w = e.upload(form, []byte("two,,two@example.org,A,B\nbad name,,last@example.org,A,B\n"))
		require.Equal(t, 400, w.Code, w.Body)
		require.Contains(t, w.Body.String(), "line number 2")
		require.Zero(t, e.ask("a", "GET", "/api/v1/users/user/?search=two", "", 200)["count"])
		require.Equal(t, float64(1), e.ask("b", "GET", "/api/v1/radius/batch/", "", 200)["count"])
	})
}

// Files in UTF-16, addresses twice in other letters, hashes of other programs, letters
// with random passwords.
func TestFilesOfUsers(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	const text = "\r\nzoë,cleartext$Sunset-Boat-77,zoe@example.org,Zoë,L\r\n,,bob@example.org,B,\r\n,,BOB@example.org,B,\r\n"
	encoded := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		encoded = append(encoded, byte(u), byte(u>>8))
	}
	form := map[string]string{"name": "utf", "strategy": "csv", "organization_slug": "alpha"}
	w := e.upload(form, encoded)
	require.Equal(t, 201, w.Code, w.Body)
	require.Equal(t, 2, strings.Count(w.Body.String(), `"username"`), w.Body)
	require.NotEmpty(t, e.send("POST", "authorize/", `{"username":"zoë","password":"Sunset-Boat-77"}`).Body.String())
	idle(t, e.Server)
	letter := e.letters.last(t, "bob@example.org")
	require.Equal(t, "Credentials", letter.Subject)
	got := regexp.MustCompile(`^username: bob, password: (\w{8})\n$`).FindStringSubmatch(letter.Text)
	require.Len(t, got, 2, letter.Text)
	require.NotEmpty(t, e.send("POST", "authorize/", `{"username":"bob","password":"`+got[1]+`"}`).Body.String())

	for name, file := range map[string]string{
		"columns": "a,b,c@example.org,d\n", "e-mail": "a,,nobody,d,e\n", "a password that is none": "a,secret,a@example.org,d,e\n", "binary": "\x00\x01",
	} {
		form["name"] = name
		w := e.upload(form, []byte(file))
		require.Equal(t, 400, w.Code, "%s: %s", name, w.Body)
		require.Contains(t, w.Body.String(), "__all__", name)
	}
	form["name"], form["expiration_date"] = "past", "2001-01-01"
	require.Contains(t, e.upload(form, []byte("c,,c@example.org,,\n")).Body.String(), "Expiration date cannot be in the past.")
	form["expiration_date"], form["prefix"] = "", "x"
	require.Contains(t, e.upload(form, []byte("c,,c@example.org,,\n")).Body.String(), "Mixing fields of different strategies")
}

// Anybody who starts a session is told so, with a link that logs in.
func TestLettersAboutSessions(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	start := func(id, protocol string) {
		w := e.send("POST", "accounting/", `{"status_type":"Start","session_id":"`+id+`","unique_id":"`+id+`","username":"member","nas_ip_address":"10.0.0.1","framed_protocol":"`+protocol+`"}`)
		require.Equal(t, 201, w.Code, w.Body)
		idle(t, e.Server)
	}
	start("one", "")
	require.Empty(t, e.letters.list, "without a page to manage it")
	e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/", `{"login_url":"https://login.example.org/alpha"}`, 200)
	start("two", "PPP")
	require.Empty(t, e.letters.list)
	start("three", "")
	letter := e.letters.last(t, "member@example.org")
	require.Equal(t, "New WiFi session started", letter.Subject)
	link := regexp.MustCompile(`https://login\.example\.org/alpha\?sesame=(\S+)`).FindStringSubmatch(letter.Text)
	require.Len(t, link, 2, letter.Text)
	w := told(t, e.Server, "", "POST", "/api/v1/radius/organization/alpha/account/token/", "", "Authorization", "sesame "+link[1])
	require.Equal(t, 200, w.Code, w.Body)
}

// Nobody learns who has an account, and letters go where the account's are read.
func TestResetsTellNothing(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	const reset = "/api/v1/radius/organization/alpha/account/password/reset/"
	for _, who := range []string{"member", "MEMBER@EXAMPLE.ORG", "betamanager", "nobody", "nobody@example.org", strings.Repeat("x", 300)} {
		w := told(t, e.Server, "", "POST", reset, fmt.Sprintf(`{"input":%q}`, who))
		require.Equal(t, []any{200, `{"detail":"Password reset e-mail has been sent."}`}, []any{w.Code, strings.TrimSpace(w.Body.String())}, who)
	}
	idle(t, e.Server)
	require.Len(t, e.letters.list, 2)
	letter := e.letters.last(t, "member@example.org")
	require.Contains(t, letter.Text, "https://wifi.example.org/alpha/password/reset/confirm/"+strings.ReplaceAll(e.ids["user_member"], "-", "")+"/")
	for range 20 {
		told(t, e.Server, "", "POST", reset, `{"input":"member"}`)
	}
	idle(t, e.Server)
	require.LessOrEqual(t, len(e.letters.list), 12, "an account is not flooded")
}

// A gateway that is away is asked again; one that refuses is not.
func TestGatewayAway(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/", `{"sms_verification":true,"sms_sender":"Acme"}`, 200)
	e.phone.err = &sms.RefusedError{Status: 403}
	e.ask("d", "POST", "/api/v1/radius/organization/alpha/account/phone/token/", `{"phone_number":"+393661234567"}`, 201)
	idle(t, e.Server) // it ends, although nothing was sent
	require.Empty(t, e.phone.messages())
}

// Codes and lists of users go with whom they belong to.
func TestEnrolmentForgets(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	r := radiusOf(t, e.Server)
	e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/", `{"sms_verification":true,"sms_sender":"Acme"}`, 200)
	e.ask("d", "POST", "/api/v1/radius/organization/alpha/account/phone/token/", `{"phone_number":"+393661234567"}`, 201)
	e.ask("b", "POST", "/api/v1/radius/batch/", `{"name":"b","strategy":"prefix","prefix":"g","number_of_users":2,"organization_slug":"alpha","expiration_date":"2090-01-31"}`, 201)
	id := func(name string) wispwright.ID {
		out, err := wispwright.ParseID(e.ids[name])
		require.NoError(t, err)
		return out
	}
	_, err := r.Enrolment.Codes.Last(t.Context(), id("user_member"), id("org_alpha"))
	require.NoError(t, err)
	e.ask("a", "DELETE", "/api/v1/users/user/"+e.ids["user_member"]+"/", "", 204)
	_, err = r.Enrolment.Codes.Last(t.Context(), id("user_member"), id("org_alpha"))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	// accounts of batches go long after their end, and the batch with the last of them
	require.NoError(t, r.Enrolment.Batches.Prune(t.Context(), -100*365*24*time.Hour))
	require.Zero(t, e.ask("b", "GET", "/api/v1/radius/batch/", "", 200)["count"])
	require.Zero(t, e.ask("a", "GET", "/api/v1/users/user/?search=g1", "", 200)["count"])
}
