package replay

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFlatRecordings(t *testing.T) {
	const id = "2f1f9d2e-08a6-4bb5-9d2a-3e5f4f9d1a2b"
	s, err := parse([]byte(`{"description":"d","exchanges":[
		{"name":"list","as":"superuser","method":"GET","path":"/list/","status":200,"response":{"id":"<id2>","text":"<p>of <a href=\"<site>/u/<user:admin>/\">x</a></p>","organization":"<org1>"}},
		{"name":"patch","as":"anonymous","method":"PATCH","path":"/list/<id2>/","json":{"a":1},"status":404,"response":null,"upstream_defect":"should be 200"},
		{"name":"upload","as":"superuser","method":"POST","path":"/x/","multipart":"floor=5","status":201}]}`))
	require.NoError(t, err)
	require.Len(t, s.Exchanges, 3)
	require.Nil(t, s.Exchanges[2].Request, "a body in words cannot be sent")
	var asked []string
	p := &Player{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type"))
		w.Header().Set("Content-Type", "application/json")
		_, err := w.Write([]byte(`{"id":"` + id + `","text":"<p>of <a href=\"http://example.com/u/7/\">x</a></p>","organization":"O"}`))
		require.NoError(t, err)
	}), Token: func(string) string { return "t" }, Vars: map[string]string{"org_org1": "O", "user_admin": "7"}}
	require.Equal(t, Report{Played: 2, Equal: 1, Excepted: 1}, p.Play(t, s))
	require.Equal(t, []string{"GET /list/ ", "PATCH /list/" + id + "/ application/json"}, asked)
	_, err = parse([]byte(`{"exchanges":1}`))
	require.Error(t, err)
}
