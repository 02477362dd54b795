package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

type formIn struct {
	Mail rest.Opt[string]          `json:"mail" blank:"true" format:"email" maxLength:"254"`
	Page rest.Opt[string]          `json:"page" blank:"true" format:"url"`
	Slug rest.Opt[string]          `json:"slug" format:"slug"`
	IP   rest.Opt[string]          `json:"ip" format:"ip"`
	Word rest.Opt[string]          `json:"word" maxLength:"3" pattern:"^[a-z]+$" patternMessage:"Letters only."`
	Flag rest.Opt[bool]            `json:"flag"`
	Size rest.Opt[int]             `json:"size"`
	Kind rest.Opt[string]          `json:"kind" enum:"a,b"`
	Keys rest.Opt[[]int64]         `json:"keys" rel:"key"`
	Ref  rest.Opt[wispwright.ID]   `json:"ref" rel:"other"`
	Refs rest.Opt[[]wispwright.ID] `json:"refs" rel:"other"`
	Own  rest.Opt[wispwright.ID]   `json:"own"`
	Day  rest.Opt[rest.Date]       `json:"day"`
	When rest.Opt[time.Time]       `json:"when"`
}

type formOut struct{}

// formAPI answers {} to a good body.
func formAPI(check func(*rest.Request, *formIn) error, seen *formIn) *rest.API {
	api := rest.New(nil)
	api.Mount(&rest.View{Path: "/form/", Name: "Form", Access: rest.Everyone},
		rest.CheckedAction("POST", "form_create", http.StatusOK, check, func(_ *rest.Request, in *formIn) (formOut, error) {
			*seen = *in
			return formOut{}, nil
		}))
	return api
}

func post(api http.Handler, kind, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/form/", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w
}

// TestValuesOfFormats was compared with the framework the original is made
// with.
func TestValuesOfFormats(t *testing.T) {
	const (
		mail = `{"mail":["Enter a valid email address."]}`
		page = `{"page":["Enter a valid URL."]}`
		ref  = `{"ref":["“`
		uuid = `” is not a valid UUID."]}`
	)
	api := formAPI(nil, new(formIn))
	for body, want := range map[string]string{
		// a value that is no text is told by the format
		`{"mail":true}`:                                    mail,
		`{"mail":["x"]}`:                                   mail,
		`{"page":{}}`:                                      page,
		`{"slug":false}`:                                   `{"slug":["Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."]}`,
		`{"ip":[]}`:                                        `{"ip":["Enter a valid IPv4 or IPv6 address."]}`,
		`{"mail":"a@b.c"}`:                                 mail,
		`{"mail":"a@b"}`:                                   mail,
		`{"mail":"a@-b.co"}`:                               mail,
		`{"mail":"a b@b.co"}`:                              mail,
		`{"mail":"é@b.co"}`:                                mail,
		`{"mail":"a@b.co\n"}`:                              "{}",
		`{"mail":"a\n@b.co"}`:                              mail,
		`{"mail":".a@b.co"}`:                               mail,
		`{"mail":"a@[1.2.3]"}`:                             mail,
		`{"mail":"a@[1.2.3.4"}`:                            mail,
		`{"mail":"Ann <a@b.co>"}`:                          mail,
		`{"mail":"a@localhost"}`:                           "{}",
		`{"mail":"a+b@exämple.org"}`:                       "{}",
		`{"mail":"a@[::1]"}`:                               "{}",
		`{"page":"http://x"}`:                              page,
		`{"page":"mailto:a@b.co"}`:                         page,
		`{"page":"javascript://a.co/%0aalert(1)"}`:         page,
		`{"page":"http://a..co"}`:                          page,
		`{"page":"http://-a.co"}`:                          page,
		`{"page":"http://a.co/ x"}`:                        page,
		`{"page":"http://a.co:123456"}`:                    page,
		`{"page":"http://1.2.3.400"}`:                      page,
		`{"page":"HTTP://A.CO"}`:                           "{}",
		`{"page":"https://u:p@a.co:8080/x?y#z"}`:           "{}",
		`{"page":"https://[::1]/"}`:                        "{}",
		`{"page":"http://localhost:8080/x"}`:               "{}",
		`{"page":"ftp://exämple.org."}`:                    "{}",
		`{"word":"a1"}`:                                    `{"word":["Letters only."]}`,
		`{"word":"abcd1"}`:                                 `{"word":["Letters only.","Ensure this field has no more than 3 characters."]}`,
		`{"word":"a\u0000"}`:                               `{"word":["Letters only.","Null characters are not allowed."]}`,
		`{"slug":"a\ud800"}`:                               `{"slug":["Surrogate characters are not allowed: U+D800.","Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."]}`,
		`{"page":"http://a.co/\udc00"}`:                    `{"page":["Surrogate characters are not allowed: U+DC00."]}`,
		`{"page":"http://a.co/\ud83d\ude00\\ud800"}`:       "{}",
		`{"flag":"1.0"}`:                                   `{"flag":["Must be a valid boolean."]}`,
		`{"flag":1.0}`:                                     "{}",
		`{"size":"` + strings.Repeat("9", 1001) + `"}`:     `{"size":["String value too large."]}`,
		`{"kind":true}`:                                    `{"kind":["\"True\" is not a valid choice."]}`,
		`{"kind":{"a":[1,null,"it's"]}}`:                   `{"kind":["\"{'a': [1, None, \"it's\"]}\" is not a valid choice."]}`,
		`{"keys":[null]}`:                                  `{"keys":["Invalid pk \"None\" - object does not exist."]}`,
		`{"keys":[true]}`:                                  `{"keys":["Incorrect type. Expected pk value, received bool."]}`,
		`{"keys":["x"]}`:                                   `{"keys":["Incorrect type. Expected pk value, received str."]}`,
		`{"keys":[[1]]}`:                                   `{"keys":["Incorrect type. Expected pk value, received list."]}`,
		`{"keys":[99999999999999999999]}`:                  `{"keys":["Invalid pk \"99999999999999999999\" - object does not exist."]}`,
		`{"keys":["1"," 2 ",3.0,4.5]}`:                     "{}",
		`{"ref":""}`:                                       `{"ref":["This field may not be null."]}`,
		`{"ref":5}`:                                        `{"ref":["Invalid pk \"5\" - object does not exist."]}`,
		`{"ref":-5}`:                                       ref + "-5" + uuid,
		`{"ref":1.5}`:                                      ref + "1.5" + uuid,
		`{"ref":["x"]}`:                                    ref + "['x']" + uuid,
		`{"ref":{"a":1}}`:                                  ref + "{'a': 1}" + uuid,
		`{"ref":true}`:                                     `{"ref":["Incorrect type. Expected pk value, received bool."]}`,
		`{"refs":[null]}`:                                  `{"refs":["Invalid pk \"None\" - object does not exist."]}`,
		`{"own":[]}`:                                       `{"own":["Must be a valid UUID."]}`,
		`{"day":"2020-1-2"}`:                               "{}",
		`{"day":"2020-13-2"}`:                              `{"day":["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]}`,
		`{"when":"2020-01-02 25:00"}`:                      `{"when":["Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."]}`,
		`{"when":"2020-1-2T3:4"}`:                          "{}",
		`{"when":"2020-01-02T03:04:05,1234567+0530"}`:      "{}",
		`{"when":"2020-01-02T03:04:05 +05"}`:               "{}",
		`{"mail":"` + strings.Repeat("a", 300) + `@b.co"}`: `{"mail":["Ensure this field has no more than 254 characters."]}`,
	} {
		w := post(api, "application/json", body)
		require.Equal(t, want, w.Body.String(), body)
	}
}

func TestBytesThatAreNoText(t *testing.T) {
	var seen formIn
	w := post(formAPI(nil, &seen), "application/x-www-form-urlencoded", "kind=a&page=http://a.co/%ff&keys=1&keys=+2")
	require.Equal(t, `{}`, w.Body.String())
	require.Equal(t, "http://a.co/\uFFFD", seen.Page.V)
	require.Equal(t, []int64{1, 2}, seen.Keys.V)
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]string{
		"2020-01-02T03:04:05.1234567Z": "2020-01-02T03:04:05.123456Z",
		"2020-01-02t03:04:05z":         "2020-01-02T03:04:05Z",
		"2020-1-2 3:4":                 "2020-01-02T03:04:00Z",
		"2020-01-02T03:04:05,5+05":     "2020-01-01T22:04:05.5Z",
		"2020-01-02T03:04-05:30":       "2020-01-02T08:34:00Z",
	} {
		got, err := rest.ParseTime(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got.Format(time.RFC3339Nano), text)
	}
	for _, text := range []string{"", "2020-01-02", "2020-02-30T00:00", "2020-01-02T24:00", "20200102T0000", "2020-01-02T03:04:05+5", "x2020-01-02T03:04"} {
		_, err := rest.ParseTime(text)
		require.Error(t, err, text)
	}
}

func TestChecksOfActions(t *testing.T) {
	var seen formIn
	api := formAPI(func(_ *rest.Request, in *formIn) error {
		if in.Word.V == "no" {
			return wispwright.Invalid("word", "Not this one.")
		}
		return nil
	}, &seen)
	require.Equal(t, `{"word":["Not this one."],"flag":["Must be a valid boolean."]}`,
		post(api, "application/json", `{"flag":"x","word":"no"}`).Body.String(), "with those of the tags, in the order of the fields")
	require.Equal(t, `{"word":["Not this one."]}`, post(api, "application/json", `{"word":"no"}`).Body.String())
	require.Empty(t, seen.Word.V, "nothing was done")
	require.Equal(t, http.StatusOK, post(api, "application/json", `{"word":"yes"}`).Code)
	require.Equal(t, "yes", seen.Word.V)
}
