package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// Keys of pages of the original are followed: help beside the form, patterns of each
// password form, the banner that can be closed; and where texts run from right to left,
// what is written in another language keeps its direction.
func TestKeysOfLoginPages(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	e.configure(`client:
  languages: [{text: English, slug: en}, {text: العربية, slug: ar}]
  components:
    header: {sticky_html: {en: "<p>Closed tonight.</p>"}}
    contact_page: {email: help@example.org, helpdesk: "+39 06 1234567", pre_html: {en: "<p>Call us.</p>"}}
    login_form: {help_html: {en: "<p>Ask at the <b>desk</b>.</p>"}, intro_html: {en: "<p>Hello.</p>"}}
    registration_form: {input_fields: {password: {pattern: ".{7,}"}}}
    password_change_form: {input_fields: {password1: {pattern: ".{11,}"}}}
    password_reset_confirm_form: {input_fields: {password: {pattern: ".{12,}"}}}
    status_page: {radius_usage_enabled: true}
`)
	b := newBrowser(t, e)
	b.get("/alpha/login").shows(200, `dir="ltr"`, `<div class="help" dir="auto"><p>Ask at the <b>desk</b>.</p></div>`, `<div class="intro" dir="auto"><p>Hello.</p></div>`, `<div dir="auto"><p>Call us.</p></div>`,
		`<a href="tel:+39061234567" dir="ltr">+39 06 1234567</a>`, `role="note"><div dir="auto"><p>Closed tonight.</p></div><button type="button" class="close" hidden aria-label="Close">`)
	b.get("/alpha/registration").shows(200, `pattern=".{7,}"`)
	b.get("/alpha/password/reset/confirm/x/y").shows(200, `pattern=".{12,}"`)
	b.headers.Set("Accept-Language", "ar")
	b.get("/alpha/login").shows(200, `<html lang="ar" dir="rtl">`, ` dir="ltr">+39 06 1234567</a>`, `aria-label="إغلاق"`)
	b.get("/alpha/registration").post("/alpha/registration", "email", "keys@example.org", "password1", "Hotspot-2026-keys", "password2", "Hotspot-2026-keys", "consent", "1").follow("/alpha/status")
	require.Contains(t, b.page.Body.String(), "\u2066", "numbers and their units stay together")
	b.get("/alpha/change-password").shows(200, `pattern=".{11,}"`)
	b.headers.Set("Accept-Language", "en")
	b.get("/alpha/status").shows(200)
	require.NotContains(t, b.page.Body.String(), "\u2066")
}
