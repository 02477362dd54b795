package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// A device waits where its organization wants to see it first, and its agent is
// answered what makes it ask again; others decide nothing.
func TestRegistrationsWait(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		require.NoError(t, s.Start(t.Context()))
		v := &victim{t, s, identifiers(t, s)}
		settings, list := "/api/v1/controller/organization/"+v.ids["org_alpha"]+"/approval-settings/", "/api/v1/controller/registration/"
		secret, _ := v.do("GET", "/api/v1/controller/organization/"+v.ids["org_alpha"]+"/settings/", "", 200)["shared_secret"].(string)
		require.NotEmpty(t, secret)
		register := func(name, mac string) (int, string) {
			w := told(t, s, "", "POST", "/controller/register/", url.Values{"backend": {"netjsonconfig.OpenWrt"}, "secret": {secret}, "name": {name}, "mac_address": {mac}, "model": {"box"}}.Encode(),
				"Content-Type", "application/x-www-form-urlencoded")
			require.Equal(t, "true", w.Header().Get("X-Openwisp-Controller"), "agents exit without it")
			return w.Code, w.Body.String()
		}
		require.Equal(t, 403, told(t, s, "c", "PATCH", settings, `{"approval_required":true}`).Code, "an operator")
		require.Equal(t, 404, told(t, s, "e", "PATCH", settings, `{"approval_required":true}`).Code, "of another organization")
		require.Equal(t, 400, told(t, s, "b", "PATCH", settings, `{"approval_required":"perhaps"}`).Code)
		require.Equal(t, 200, told(t, s, "b", "PATCH", settings, `{"approval_required":true}`).Code)
		require.Equal(t, true, v.do("GET", settings, "", 200)["approval_required"])

		code, body := register("waits", "02:00:00:00:07:01")
		require.Equal(t, 202, code)
		require.Equal(t, "error: device waits for approval", body)
		code, _ = register("waits", "02:00:00:00:07:01")
		require.Equal(t, 202, code)
		require.EqualValues(t, 0, v.do("GET", "/api/v1/controller/device/", "", 200)["count"])
		id := v.first("b", list)
		require.EqualValues(t, 1, v.do("GET", list+"?state=waiting&search=waits", "", 200)["count"])
		require.NotContains(t, told(t, s, "e", "GET", list, "").Body.String(), "02:00:00:00:07:01")
		require.Equal(t, 404, told(t, s, "e", "POST", list+id+"/approve/", "").Code)
		require.Equal(t, 404, told(t, s, "e", "POST", list+id+"/refuse/", "").Code)
		require.Equal(t, 403, told(t, s, "d", "POST", list+id+"/approve/", "").Code, "a member")
		messages := func() int {
			return strings.Count(told(t, s, "b", "GET", "/api/v1/notifications/notification/?page_size=100", "").Body.String(), "waits for approval in the organization")
		}
		require.Eventually(t, func() bool { return messages() > 0 }, 30*time.Second, 20*time.Millisecond)
		idle(t, s)
		require.Equal(t, 1, messages(), "it asked twice")

		w := told(t, s, "b", "POST", list+id+"/refuse/", "")
		require.Equal(t, 200, w.Code, w.Body)
		code, body = register("waits", "02:00:00:00:07:01")
		require.Equal(t, 403, code)
		require.Equal(t, "error: registration refused", body)
		require.Equal(t, 200, told(t, s, "c", "POST", list+id+"/approve/", "").Code, "an operator adds devices")
		code, body = register("waits", "02:00:00:00:07:01")
		require.Equal(t, 201, code, body)
		require.Contains(t, body, "is-new: 1")
		require.EqualValues(t, 0, v.do("GET", list, "", 200)["count"])

		// it comes back after a reset, by its address and the key that follows from it
		key := "&key=" + url.QueryEscape(strings.TrimPrefix(strings.Split(body, "\n")[2], "key: "))
		again := told(t, s, "", "POST", "/controller/register/", url.Values{"backend": {"netjsonconfig.OpenWrt"}, "secret": {secret}, "name": {"waits"}, "mac_address": {"02:00:00:00:07:01"}}.Encode()+key,
			"Content-Type", "application/x-www-form-urlencoded")
		require.Equal(t, 201, again.Code)
		require.Contains(t, again.Body.String(), "is-new: 0")

		// what asks no more can be taken away
		code, _ = register("other", "02:00:00:00:07:02")
		require.Equal(t, 202, code)
		require.Equal(t, 204, told(t, s, "b", "DELETE", list+v.first("b", list)+"/", "").Code)
		require.Equal(t, 200, told(t, s, "b", "PATCH", settings, `{"approval_required":false}`).Code)
		code, _ = register("other", "02:00:00:00:07:02")
		require.Equal(t, 201, code)
	})
}
