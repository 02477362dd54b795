package rest_test

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/rest/resttest"
)

// TestFaultsOfBodies holds the messages of rest-conventions §3, §4.1 and §5.
func TestFaultsOfBodies(t *testing.T) {
	b := newBench(t, rest.Options{})
	b.add(t, "taken", b.alpha)
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, contentType, body string
		status                  int
		want                    string
	}{
		{"empty object", "", `{}`, 400, `{"name":["This field is required."]}`},
		{"empty body", "application/json", ``, 400, `{"name":["This field is required."]}`},
		{"list", "", `[]`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}`},
		{"text", "", `"x"`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}`},
		{"null", "", `null`, 400, `{"non_field_errors":["No data provided"]}`},
		{"number", "", `1.5`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got float."]}`},
		{"other type", "application/xml", `<x/>`, 415, `{"detail":"Unsupported media type \"application/xml\" in request."}`},
		{"no JSON", "", `{bad`, 400, `{"detail":"JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"}`},
		{"null name", "", `{"name":null}`, 400, `{"name":["This field may not be null."]}`},
		{"blank name", "", `{"name":"  "}`, 400, `{"name":["This field may not be blank."]}`},
		{"bool name", "", `{"name":true}`, 400, `{"name":["Not a valid string."]}`},
		{"case of keys counts", "", `{"NAME":"x"}`, 400, `{"name":["This field is required."]}`},
		{"length in characters", "", `{"name":"éééééééé"}`, 201, ``},
		{"too long", "", `{"name":"ééééééééé"}`, 400, `{"name":["Ensure this field has no more than 8 characters."]}`},
		{"too short", "", `{"name":"é"}`, 400, `{"name":["Ensure this field has at least 2 characters."]}`},
		{"zero byte", "", `{"name":"a\u0000b"}`, 400, `{"name":["Null characters are not allowed."]}`},
		{"several in field order", "", `{"size":"x","kind":"c","name":[],"active":"maybe"}`, 400,
			`{"name":["Not a valid string."],"size":["A valid integer is required."],"active":["Must be a valid boolean."],"kind":["\"c\" is not a valid choice."]}`},
		{"limits", "", `{"name":"n1","size":11}`, 400, `{"size":["Ensure this value is less than or equal to 10."]}`},
		{"lower limit", "", `{"name":"n1","size":0}`, 400, `{"size":["Ensure this value is greater than or equal to 1."]}`},
		{"fraction", "", `{"name":"n1","size":1.5}`, 400, `{"size":["A valid integer is required."]}`},
		{"infinity", "", `{"name":"n1","ratio":"inf"}`, 400, `{"ratio":["A valid number is required."]}`},
		{"formats", "", `{"name":"n1","email":"x","address":"1.2.3"}`, 400, `{"email":["Enter a valid email address."],"address":["Enter a valid IPv4 or IPv6 address."]}`},
		{"date", "", `{"name":"n1","born":"31/12/2000"}`, 400, `{"born":["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]}`},
		{"time", "", `{"name":"n1","seen":"yesterday"}`, 400, `{"seen":["Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."]}`},
		{"date for a time", "", `{"name":"n1","seen":"2000-12-31"}`, 400, `{"seen":["Expected a datetime but got a date."]}`},
		{"no object", "", `{"name":"n1","config":[]}`, 400, `{"config":["Expected a dictionary of items but got type \"list\"."]}`},
		{"no list", "", `{"name":"n1","tags":"x"}`, 400, `{"tags":["Expected a list of items but got type \"str\"."]}`},
		{"empty list", "", `{"name":"n1","tags":[]}`, 400, `{"tags":["This list may not be empty."]}`},
		{"nested", "", `{"name":"n1","home":{"city":1}}`, 400, `{"home":{"street":["This field is required."]}}`},
		{"nested is no object", "", `{"name":"n1","home":"x"}`, 400, `{"home":{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}}`},
		{"list of objects", "", `{"name":"n1","rooms":[{"street":"x"},{}]}`, 400, `{"rooms":[{},{"street":["This field is required."]}]}`},
		{"from the service", "", `{"name":"home","home":{"street":"x"}}`, 400, `{"home":{"city":["A home needs a city."]}}`},
		{"taken", "", `{"name":"taken"}`, 400, `{"name":["thing with this name already exists."]}`},
		{"no id", "", `{"name":"n1","organization":"x"}`, 400, `{"organization":["“x” is not a valid UUID."]}`},
		{"no relation", "", `{"name":"n1","organization":{}}`, 400, `{"organization":["“{}” is not a valid UUID."]}`},
		{"nobody's organization", "", `{"name":"n1","organization":"00000000-0000-4000-8000-000000000000"}`, 400, `{"organization":["Invalid pk \"00000000-0000-4000-8000-000000000000\" - object does not exist."]}`},
		{"form: bad JSON", form, "name=n1&config=%7B", 400, `{"config":["Value must be valid JSON."]}`},
		{"form: nested", form, "name=n1&home.city=x", 400, `{"home":{"street":["This field is required."]}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind := c.contentType
			if kind == "" {
				kind = "application/json"
			}
			w := b.ask(t, "POST", "/api/v1/t/thing/", "super", c.body, "Content-Type", kind)
			require.Equal(t, c.status, w.Code, w.Body)
			if c.want != "" {
				require.Equal(t, c.want, w.Body.String())
			}
		})
	}
	for _, bad := range []string{`{bad`, `{"name":"a"} x`, "{\"name\":\"\xff\"}", `{"a":NaN}`} {
		w := b.ask(t, "POST", "/api/v1/t/thing/", "super", bad)
		require.Equal(t, 400, w.Code)
		require.Contains(t, w.Body.String(), `{"detail":"JSON parse error - `)
	}
	require.Empty(t, b.log.String(), "faults of clients are not logged")
}

func TestValuesThatAreAccepted(t *testing.T) {
	b := newBench(t, rest.Options{})
	for _, c := range []struct{ name, contentType, body, want string }{
		{"number for a text", "", `{"name":12.50}`, `"name":"12.50"`},
		{"text for a number", "", `{"name":"nn","size":"3"}`, `"size":3`},
		{"1.0 for an integer", "", `{"name":"nn","size":1.0}`, `"size":1`},
		{"1e1 for an integer", "", `{"name":"nn","size":1e1}`, `"size":10`},
		{"yes", "", `{"name":"nn","active":"Yes"}`, `"active":true`},
		{"one", "", `{"name":"nn","active":1}`, `"active":true`},
		{"trimmed", "", `{"name":"  nn "}`, `"name":"nn"`},
		{"read-only and unknown keys", "", `{"name":"nn","id":1,"created":"x","zzz":{}}`, `"name":"nn"`},
		{"order, repeated keys, spelling", "", `{"name":"nn","config":{"b":1.50, "a":"<&>é","b":2, "c":[ ]}}`, `"config":{"b":2,"a":"<&>é","c":[]}`},
		{"line separators", "", `{"name":"nn","config":{"a":"\u2028"}}`, `"config":{"a":"\u2028"}`},
		{"date", "", `{"name":"nn","born":"2000-12-31"}`, `"born":"2000-12-31"`},
		{"offset", "", `{"name":"nn","seen":"2000-12-31T00:00:00.5+02:00"}`, `"seen":"2000-12-30T22:00:00.500000Z"`},
		{"blank choice", "", `{"name":"nn","kind":""}`, `"kind":""`},
		{"nested", "", `{"name":"nn","home":{"street":"s"}}`, `"home":{"street":"s","city":""}`},
		{"nested null", "", `{"name":"nn","home":null}`, `"home":null`},
		{"charset", "application/json; charset=utf-8", `{"name":"nn"}`, `"name":"nn"`},
		{"form", "application/x-www-form-urlencoded", "name=nn&size=4&active=on&home.street=s&tags=a&tags=b&config=%7B%22a%22:1%7D&born=",
			`"size":4,"ratio":0,"active":true,"kind":"","email":"","born":null,"seen":null,"config":{"a":1},"tags":["a","b"],"home":{"street":"s","city":""}`},
		{"form with indexes", "application/x-www-form-urlencoded", "name=nn&tags[0]=a&tags[1]=b", `"tags":["a","b"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind := c.contentType
			if kind == "" {
				kind = "application/json"
			}
			w := b.ask(t, "POST", "/api/v1/t/thing/", "super", c.body, "Content-Type", kind)
			require.Equal(t, 201, w.Code, w.Body)
			require.Contains(t, w.Body.String(), c.want)
			require.NotContains(t, w.Body.String(), "secret")
			id := strings.Split(w.Body.String(), `"`)[3]
			require.Equal(t, 204, b.ask(t, "DELETE", "/api/v1/t/thing/"+id+"/", "super", "").Code)
		})
	}
}

func TestPutPatchAndForms(t *testing.T) {
	b := newBench(t, rest.Options{})
	path := "/api/v1/t/thing/" + b.add(t, "one", b.alpha) + "/"
	for _, c := range []struct {
		name, method, contentType, body string
		status                          int
		want                            string
	}{
		{"patch", "PATCH", "application/json", `{"active":true,"size":2,"home":{"street":"s","city":"c"}}`, 200, `"size":2,"ratio":0,"active":true`},
		{"patch nothing", "PATCH", "application/json", `{}`, 200, `"size":2,"ratio":0,"active":true`},
		{"nested partial", "PATCH", "application/json", `{"home":{"city":"d"}}`, 200, `"home":{"street":"s","city":"d"}`},
		{"put keeps what is omitted", "PUT", "application/json", `{"name":"two"}`, 200, `"name":"two","size":2,"ratio":0,"active":true`},
		{"put without required", "PUT", "application/json", `{"size":3}`, 400, `{"name":["This field is required."]}`},
		{"patch as form leaves booleans", "PATCH", "application/x-www-form-urlencoded", "size=4", 200, `"size":4,"ratio":0,"active":true`},
		{"put as form clears booleans", "PUT", "application/x-www-form-urlencoded", "name=two", 200, `"active":false`},
		{"null on non-null", "PATCH", "application/json", `{"size":null}`, 400, `{"size":["This field may not be null."]}`},
		{"null date", "PATCH", "application/json", `{"born":null}`, 200, `"born":null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := b.ask(t, c.method, path, "manager", c.body, "Content-Type", c.contentType)
			require.Equal(t, c.status, w.Code, w.Body)
			require.Contains(t, w.Body.String(), c.want)
		})
	}
}

func TestMultipart(t *testing.T) {
	b := newBench(t, rest.Options{})
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	require.NoError(t, w.WriteField("name", "multi"))
	require.NoError(t, w.WriteField("tags", "x"))
	require.NoError(t, w.Close())
	got := b.ask(t, "POST", "/api/v1/t/thing/", "super", body.String(), "Content-Type", w.FormDataContentType())
	require.Equal(t, 201, got.Code, got.Body)
	require.Contains(t, got.Body.String(), `"tags":["x"]`)
}

type upload struct {
	Name  rest.Opt[string]    `json:"name" required:"true"`
	Image rest.Opt[rest.File] `json:"image" required:"true" maxLength:"10"`
}

type uploaded struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

func TestUpload(t *testing.T) {
	b := newBench(t, rest.Options{})
	b.api = rest.New(nil)
	b.api.Mount(&rest.View{Path: "/up/", Access: rest.Anonymous}, rest.Action("POST", "up", 201, func(_ *rest.Request, in *upload) (uploaded, error) {
		return uploaded{in.Image.V.Filename, in.Image.V.Size}, nil
	}))
	b.Handler = resttest.Record(t, b.api)
	for _, c := range []struct {
		file, content string
		status        int
		want          string
	}{
		{"a.bin", "12345", 201, `{"name":"a.bin","size":5}`},
		{"a.bin", "", 400, `{"image":["The submitted file is empty."]}`},
		{"long-name.bin", "1", 400, `{"image":["Ensure this filename has at most 10 characters (it has 13)."]}`},
		{"", "text", 400, `{"image":["The submitted data was not a file. Check the encoding type on the form."]}`},
		{"none", "", 400, `{"image":["No file was submitted."]}`},
	} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		require.NoError(t, w.WriteField("name", "x"))
		switch c.file {
		case "none":
		case "":
			require.NoError(t, w.WriteField("image", c.content))
		default:
			part, err := w.CreateFormFile("image", c.file)
			require.NoError(t, err)
			_, err = part.Write([]byte(c.content))
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		got := b.ask(t, "POST", "/up/", "", body.String(), "Content-Type", w.FormDataContentType())
		require.Equal(t, c.status, got.Code)
		require.Equal(t, c.want, got.Body.String())
	}
}

func TestBodiesAreLimited(t *testing.T) {
	b := newBench(t, rest.Options{BodyLimit: 100})
	for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		w := b.ask(t, "POST", "/api/v1/t/thing/", "super", `{"name":"`+strings.Repeat("x", 200)+`"}`, "Content-Type", kind)
		require.Equal(t, 413, w.Code, w.Body)
		require.Equal(t, `{"detail":"The request body is larger than 100 bytes."}`, w.Body.String())
	}
}

func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{}`, `{"name":"x","config":{"a":[1,{"a":null}]}}`, `[]`, `{"home":{"street":[]}}`, `{"rooms":[{},1]}`, "name=x&home.street=y&tags[0]=z"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	b := newBench(f, rest.Options{})
	b.Handler = b.unrecorded
	f.Fuzz(func(t *testing.T, body string, json bool) {
		kind := "application/json"
		if !json {
			kind = "application/x-www-form-urlencoded"
		}
		w := b.ask(t, "POST", "/api/v1/t/thing/", "super", body, "Content-Type", kind)
		if w.Code >= 500 && !strings.Contains(body, "broken") {
			t.Fatalf("%d for %q", w.Code, body)
		}
	})
}
