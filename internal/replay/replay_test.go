package replay

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatchBindsAndCompares(t *testing.T) {
	const id = "2f1f9d2e-08a6-4bb5-9d2a-3e5f4f9d1a2b"
	for _, c := range []struct {
		name, want, got string
		equal           bool
	}{
		{"equal", `{"a":[1,null,"x"]}`, `{"a":[1,null,"x"]}`, true},
		{"binds an id and its undashed form", `{"a":"{uuid1}","b":"{uuid1:hex}"}`, `{"a":"` + id + `","b":"2f1f9d2e08a64bb59d2a3e5f4f9d1a2b"}`, true},
		{"another id at second sight", `["{uuid1}","{uuid1}"]`, `["` + id + `","00000000-08a6-4bb5-9d2a-3e5f4f9d1a2b"]`, false},
		{"time", `"{datetime}"`, `"2024-11-22T07:31:37.008313Z"`, true},
		{"no time", `"{datetime}"`, `"yesterday"`, false},
		{"template text is no placeholder", `"{{ name }} {x}"`, `"{{ name }} {x}"`, true},
		{"missing key", `{"a":1,"b":2}`, `{"a":1}`, false},
		{"further key", `{"a":1}`, `{"a":1,"b":2}`, false},
		{"order of a list", `[1,2]`, `[2,1]`, false},
		{"text around", `"id={uuid2} end"`, `"id=` + id + ` end"`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &matcher{bound: map[string]string{}}
			var want, got any
			require.NoError(t, json.Unmarshal([]byte(c.want), &want))
			require.NoError(t, json.Unmarshal([]byte(c.got), &got))
			require.Equal(t, c.equal, len(m.diff("body", want, got)) == 0)
		})
	}
}

func TestPlayFindsDifferences(t *testing.T) {
	p := &Player{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Allow", "GET, PUT")
		w.WriteHeader(http.StatusOK)
		_, err := w.Write([]byte(`{"path":"` + r.URL.Path + `","who":"` + r.Header.Get("Authorization") + `","more":1}`))
		require.NoError(t, err)
	}), Token: func(u string) string { return "t-" + u }, Vars: map[string]string{"org_a": "X"}, Additive: []string{"more"},
		Deviations: map[int][]Deviation{2: {{"status", 200, "answers differently on purpose"}}}}
	s := &Scenario{Exchanges: []Exchange{
		{N: 1, Request: &Request{Method: "GET", Path: "/{org_a}/", As: "ann"}, Response: Response{Status: 200,
			Headers: map[string]string{"Allow": "PUT, GET", "Content-Type": "application/json; charset=utf-8"},
			Body:    json.RawMessage(`{"path":"/X/","who":"Bearer t-ann"}`)}},
		{N: 2, Request: &Request{Method: "GET", Path: "/"}, Response: Response{Status: 404}},
		{N: 3, Request: &Request{Method: "GET", Path: "/"}, Response: Response{Status: 404}, Defect: json.RawMessage(`"should be 200"`)},
	}}
	require.Equal(t, Report{Played: 3, Equal: 1, Excepted: 2}, p.Play(t, s))
	require.Len(t, differences(t, p, &matcher{bound: map[string]string{}}, &Exchange{Request: &Request{Method: "GET", Path: "/"},
		Response: Response{Status: 404, Headers: map[string]string{"Allow": "GET"}, Body: json.RawMessage(`{"path":"/y/"}`)}}), 4)
}

func TestDeviationsAreNarrow(t *testing.T) {
	p := &Player{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, err := w.Write([]byte(`{"list":[{"a":"X","b":1},{"a":"y","b":2}],"n":null,"o":{"at":"2024-11-22T07:31:37Z"}}`))
		require.NoError(t, err)
	})}
	e := &Exchange{Request: &Request{Method: "GET", Path: "/"}, Response: Response{Status: 201, Headers: map[string]string{"X-Old": "1"},
		Body: json.RawMessage(`{"list":[{"a":"x","b":1},{"a":"gone"},{"a":"y","b":2}],"n":"","o":{"at":1,"more":true}}`)}}
	all := []Deviation{{"status", 200, ""}, {"X-Old", Absent, ""}, {"body.list[0].a", "X", ""}, {"body.list[1]", Absent, ""}, {"body.n", nil, ""},
		{"body.o.at", "{datetime}", ""}, {"body.o.more", Absent, ""}}
	compare := func(list ...Deviation) []string {
		return differences(t, p, &matcher{bound: map[string]string{}}, e, list...)
	}
	require.Empty(t, compare(all...))
	require.Empty(t, compare(Deviation{"body", Anything, ""}, all[0], all[1]))
	for i := range all { // each of them is needed
		require.Len(t, compare(slices.Delete(slices.Clone(all), i, i+1)...), 1, all[i].Path)
	}
	require.Equal(t, []string{"body.list[2].b: answered as recorded, no deviation"}, compare(append(all, Deviation{"body.list[2].b", 2, ""})...))
	require.Equal(t, []string{`body.list[0].a: want "Z", got "X"`}, compare(append(all[:2:2], append([]Deviation{{"body.list[0].a", "Z", ""}}, all[3:]...)...)...))
	for _, d := range []Deviation{{"status", "200", ""}, {"body.list[3]", 1, ""}, {"body.n.x", 1, ""}, {"body.list[0]", func() {}, ""}} {
		_, err := e.amended([]Deviation{d})
		require.ErrorContains(t, err, d.Path)
	}
}
