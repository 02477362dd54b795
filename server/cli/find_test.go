package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

const findFixture = `{"organizations":[{"name":"Alpha","slug":"alpha"},{"name":"Beta","slug":"beta"}],
 "users":[{"username":"root","token":"` + toldToken + `","is_superuser":true,"is_staff":true},
  {"username":"manager","token":"00000000000000000000000000000000000000aa","is_staff":true,"groups":["Administrator"],"organizations":[{"slug":"alpha","is_admin":true}]},
  {"username":"needle-alpha","email":"needle-alpha@example.org","organizations":[{"slug":"alpha"}]},
  {"username":"needle-beta","email":"needle-beta@example.org","organizations":[{"slug":"beta"}]}]}`

// The find field of the web admin (Ctrl-K) asks these lists. Each of them really searches, finds what the
// manager of an organization has, and nothing of another organization.
func TestFindSearchesWhatOneMaySee(t *testing.T) {
	i := install(t, findFixture)
	i.start()
	defer i.kill()
	lists := finders(t)
	for _, path := range []string{"controller/device/", "users/user/", "ipam/ip-address/", "controller/cert/"} {
		require.Contains(t, lists, path)
	}
	for _, o := range i.all("/api/v1/users/organization/") {
		if slug := o["slug"].(string); slug == "alpha" || slug == "beta" {
			i.needles(slug, o["id"].(string))
		}
	}
	both := []string{"controller/device/", "users/user/", "ipam/ip-address/", "ipam/subnet/", "controller/cert/", "controller/ca/", "controller/template/", "controller/group/"}
	for _, path := range lists {
		require.Zero(t, i.found(path, "no-such-word-anywhere", toldToken)["count"], "%s does not search", path)
		made := slices.Contains(both, path)
		got := marshalled(t, i.found(path, "needle", "00000000000000000000000000000000000000aa"))
		require.NotContains(t, got, "needle-beta", path)
		require.Equal(t, made, strings.Contains(got, "needle-alpha"), "%s: %s", path, got)
		if made {
			got = marshalled(t, i.found(path, "needle", toldToken))
			require.Contains(t, got, "needle-alpha", path)
			require.Contains(t, got, "needle-beta", path)
		}
	}
	// as they are on labels, in letters and in logs
	for path, text := range map[string]string{"controller/device/": "020f000000aa", "ipam/ip-address/": "10.170.0.7", "users/user/": "needle-alpha@example.org", "controller/cert/": "common-alpha"} {
		require.EqualValues(t, 1, i.found(path, text, "00000000000000000000000000000000000000aa")["count"], "%s %s", path, text)
	}
}

// needles makes one of each kind in an organization.
func (i *installation) needles(slug, id string) {
	i.t.Helper()
	octet := map[string]int{"alpha": 0xaa, "beta": 0xbb}[slug]
	made := func(path, body string) (one map[string]any) {
		i.t.Helper()
		i.ask("POST", "/api/v1/"+path, strings.NewReplacer("ORG", id, "SLUG", slug).Replace(body), &one)
		return one
	}
	made("controller/device/", fmt.Sprintf(`{"name":"needle-SLUG","organization":"ORG","mac_address":"02:0F:00:00:00:%02X"}`, octet))
	made("controller/template/", `{"name":"needle-SLUG","organization":"ORG","backend":"netjsonconfig.OpenWrt","type":"generic","config":{"general":{}}}`)
	made("controller/group/", `{"name":"needle-SLUG","organization":"ORG","templates":[]}`)
	subnet := made("ipam/subnet/", fmt.Sprintf(`{"name":"needle-SLUG","organization":"ORG","subnet":"10.%d.0.0/24"}`, octet))["id"].(string)
	made("ipam/subnet/"+subnet+"/ip-address/", fmt.Sprintf(`{"subnet":%q,"ip_address":"10.%d.0.7","description":"needle-SLUG"}`, subnet, octet))
	ca := made("controller/ca/", `{"name":"needle-SLUG","organization":"ORG","key_length":"256","digest":"sha256","common_name":"authority-SLUG"}`)["id"]
	made("controller/cert/", fmt.Sprintf(`{"name":"needle-SLUG","organization":"ORG","ca":%v,"key_length":"256","digest":"sha256","common_name":"common-SLUG"}`, ca))
}

// found searches a list as the find field does.
func (i *installation) found(path, text, token string) (answer map[string]any) {
	i.t.Helper()
	q, err := http.NewRequest(http.MethodGet, i.url+"/api/v1/"+path+"?page_size=6&search="+url.QueryEscape(text), nil)
	require.NoError(i.t, err)
	q.Header.Set("Authorization", "Bearer "+token)
	r, err := http.DefaultClient.Do(q)
	require.NoError(i.t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(i.t, err)
	require.Equal(i.t, 200, r.StatusCode, "%s: %s", path, body)
	require.NoError(i.t, json.Unmarshal(body, &answer))
	return answer
}

// finders are the lists that the web admin's find field asks, as its source has them.
func finders(t *testing.T) (paths []string) {
	t.Helper()
	one := regexp.MustCompile(`(?s)listFinder<\w+>\(\{.*?path: (?:'([^']+)'|paths\.(\w+))`)
	require.NoError(t, filepath.WalkDir(filepath.Join(testkit.Root(t), "server", "admin", "src"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "index.tsx" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range one.FindAllStringSubmatch(string(text), -1) {
			paths = append(paths, m[1]+map[string]string{"builds": "firmware-upgrader/build/", "plans": "controller/plan/"}[m[2]])
		}
		return err
	}))
	require.Greater(t, len(paths), 12)
	require.NotContains(t, paths, "", "a path of another name")
	return paths
}
