package server_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// newestCode is the code in the message that was sent last to a number.
func (e *enrolling) newestCode(to string, nth int) string {
	e.t.Helper()
	idle(e.t, e.Server)
	sent := e.phone.messages()
	require.Len(e.t, sent, nth)
	require.Equal(e.t, to, sent[nth-1].To)
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(sent[nth-1].Text)
	require.NotEmpty(e.t, code, sent[nth-1].Text)
	return code
}

// settle changes the RADIUS settings of alpha.
func (e *enrolling) settle(body string) {
	e.t.Helper()
	e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/", body, 200)
}

// other is a code that is not the one that was sent.
func other(code string) string {
	if code == "111111" {
		return "222222"
	}
	return "111111"
}

// Somebody signs up with a telephone, is let in when it is proven, and changes it.
func TestLoginPagesProveTelephones(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		e.configure(gatewayYAML)
		e.settle(`{"sms_verification":true,"sms_sender":"Acme","needs_identity_verification":true,"sms_cooldown":30}`)
		b := newBrowser(t, e)
		b.get("/alpha/registration").shows(200, `name="phone_number"`)
		fields := []string{"email", "zoe@example.org", "password1", "guest-Passw0rd", "password2", "guest-Passw0rd", "consent", "1", "method", "mobile_phone"}
		b.post("/alpha/registration", append(fields, "phone_number", "12")...).shows(400, `value="zoe@example.org"`)
		require.Empty(t, e.phone.messages())
		b.post("/alpha/registration", append(fields, "phone_number", "+39 366 1234567")...).follow("/alpha/mobile-phone-verification").shows(200, "+393661234567")
		code := e.newestCode("+393661234567", 1)

		// anybody who is not verified is sent here again, and into no portal
		b.get("/alpha/status").follow("/alpha/mobile-phone-verification")
		require.NotContains(t, b.page.Body.String(), "gateway.example.org")
		b.post("/alpha/mobile-phone-verification", "code", "").shows(400)
		b.post("/alpha/mobile-phone-verification", "code", other(code)).shows(400)
		b.get("/alpha/mobile-phone-verification").post("/alpha/mobile-phone-verification", "resend", "1").follow("/alpha/mobile-phone-verification").shows(200, "data-wait=")
		require.Len(t, e.phone.messages(), 1, "another code has to wait")
		b.post("/alpha/mobile-phone-verification", "code", code[:3]+" "+code[3:]).follow("/alpha/status")
		b.shows(200, `action="https://gateway.example.org/login"`, `name="auth_user" value="+393661234567"`)
		b.get("/alpha/mobile-phone-verification").follow("/alpha/status")

		// the telephone is the name; another number is proven anew
		b.post("/alpha/logout")
		b.get("/alpha/login").post("/alpha/login", "username", "+393661234567", "password", "guest-Passw0rd").follow("/alpha/status").shows(200, "+393661234567")
		e.settle(`{"sms_cooldown":0}`)
		b.get("/alpha/change-phone-number").shows(200)
		b.post("/alpha/change-phone-number", "phone_number", "x").shows(400)
		b.post("/alpha/change-phone-number", "phone_number", "+393661234568").follow("/alpha/mobile-phone-verification").shows(200, "+393661234568")
		b.post("/alpha/mobile-phone-verification", "code", e.newestCode("+393661234568", 2)).follow("/alpha/status").shows(200, "+393661234568")
	})
}

// A voucher lets in anybody who has it, also where others come by their telephones, and not
// when its batch is over.
func TestLoginPagesTakeVouchers(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		e.configure(gatewayYAML)
		e.settle(`{"sms_verification":true,"sms_sender":"Acme"}`)
		made := e.ask("b", "POST", "/api/v1/radius/batch/", `{"name":"lobby","strategy":"prefix","prefix":"lobby","number_of_users":2,"organization_slug":"alpha"}`, 201)
		pair := made["user_credentials"].([]any)[0].([]any)
		name, password := fmt.Sprint(pair[0]), fmt.Sprint(pair[1])
		b := newBrowser(t, e)
		b.get("/alpha/login").shows(200, "/alpha/login?voucher=1")
		b.get("/alpha/login?voucher=1").shows(200, `name="voucher" value="1"`)
		require.NotContains(t, b.page.Body.String(), `type="tel"`, "names of vouchers have letters")
		b.post("/alpha/login", "username", name, "password", "wrong", "voucher", "1").shows(401, `value="`+name+`"`, `name="voucher" value="1"`)
		b.post("/alpha/login", "username", " "+name+" ", "password", password, "voucher", "1").follow("/alpha/status")
		b.shows(200, `action="https://gateway.example.org/login"`, `name="auth_user" value="`+name+`"`)
		token := regexp.MustCompile(`name="auth_pass" value="([A-Za-z0-9]{40})"`).FindStringSubmatch(b.page.Body.String())
		require.NotNil(t, token)
		require.NotEmpty(t, e.send("POST", "authorize/", `{"username":"`+name+`","password":"`+token[1]+`"}`).Body.String())
		e.ask("b", "DELETE", "/api/v1/radius/batch/"+made["id"].(string)+"/", "", 204)
		newBrowser(t, e).get("/alpha/login?voucher=1").post("/alpha/login", "username", name, "password", password, "voucher", "1").shows(401)
		b.get("/alpha/status").follow("/alpha/login")
	})
}

// Names of other realms are handed to the captive portal with what was typed, and to
// nobody else.
func TestLoginPagesHandRealmsOn(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	const realms = "settings: {radius_realms: true}\n"
	e.configure(realms)
	b := newBrowser(t, e)
	b.get("/alpha/login").post("/alpha/login", "username", "bob@other.example", "password", "bobs-Passw0rd").shows(502, "no gateway for other realms")
	require.NotContains(t, b.page.Body.String(), "bobs-Passw0rd")

	e.configure(realms + gatewayYAML)
	b.get("/alpha/login").post("/alpha/login", "username", "bob@other.example", "password", `bobs-"Passw0rd"`).shows(200, `action="https://gateway.example.org/login"`, `name="auth_user" value="bob@other.example"`, `name="auth_pass" value="bobs-"Passw0rd""`, `name="zone" value="hotspot"`)
	require.NotContains(t, b.cookies, "alpha_auth_token", "nobody is known here")
	b.get("/alpha/status").follow("/alpha/login")
	b.get("/alpha/login").post("/alpha/login", "username", "member", "password", "member-Passw0rd").follow("/alpha/status").shows(200, `name="auth_user" value="member"`)

	// the gateway that sent the browser asks the other realm; openNDS can ask nobody
	e.configure(realms)
	e.own(`{"dialect":"mikrotik"}`)
	b = newBrowser(t, e)
	b.get("/alpha/login?"+recordedVisits()["MikroTik"].query).post("/alpha/login", "username", "bob@other.example", "password", "bobs-Passw0rd").shows(200, `action="http://10.5.50.1/login"`, `name="password" value="bobs-Passw0rd"`)
	e.own(`{"dialect":"opennds","gateway_secret":"0123abcd"}`)
	b = newBrowser(t, e)
	b.get("/alpha/login?"+recordedVisits()["openNDS level 1"].query).post("/alpha/login", "username", "bob@other.example", "password", "bobs-Passw0rd").shows(502)
}
