package firmwarehttp_test

import (
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwarehttp"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
)

// Categories are their organization's; those of everybody are the superusers' to make
// and everybody's to see (additions F-5).
func TestCategories(t *testing.T) {
	w := newWire(t, nil, nil)
	const list = at + "category/"
	org := `"organization":"` + w.org.String() + `"`
	for body, field := range map[string]string{
		`{}`: "name", `{"name":"x"}`: "organization", `{"name":"` + strings.Repeat("x", 65) + `",` + org + `}`: "name", `{"name":"x","organization":"` + w.theirs.String() + `"}`: "organization",
	} {
		require.Contains(t, w.told(400, "ann", "POST", list, body), field, body)
	}
	w.says(400, `{"non_field_errors":["The fields name, organization must make a unique set."]}`, "ann", "POST", list, `{"name":"WiFi",`+org+`}`)
	const only = `{"organization":["Only superusers can create or edit shared categories"]}`
	w.says(400, only, "ann", "POST", list, `{"name":"of all","organization":null}`)
	own := w.told(201, "ann", "POST", list, `{"name":"roofs","description":"high",`+org+`}`)
	require.Equal(t, []any{"roofs", "high", w.org.String()}, []any{own["name"], own["description"], own["organization"]})
	path := list + own["id"].(string) + "/"
	w.says(400, only, "ann", "PATCH", path, `{"organization":null}`)
	require.Equal(t, "masts", w.told(200, "ann", "PATCH", path, `{"name":"masts"}`)["name"])
	w.told(200, "ann", "PUT", path, `{"name":"roofs",`+org+`}`)
	w.told(404, "bob", "PATCH", path, `{"name":"stolen"}`)

	shared := w.told(201, "root", "POST", list, `{"name":"of all","organization":null}`)
	require.Nil(t, shared["organization"])
	require.Contains(t, w.told(400, "root", "POST", list, `{"name":"of all","organization":null}`), "__all__", "the name is taken")
	w.told(200, "bob", "GET", list+shared["id"].(string)+"/", "")
	w.told(403, "bob", "DELETE", list+shared["id"].(string)+"/", "")
	w.counts("ann", list, map[string]int{"": 3, "organization=ours": 2, "organization=theirs": 0, "organization_id=" + w.org.String(): 2, "search=ROO": 1})
	w.counts("bob", list, map[string]int{"": 1})
	byName := w.ids("ann", list+"?ordering=name")
	require.Len(t, byName, 3)
	require.Equal(t, shared["id"], byName[1], "WiFi, of all, roofs")
	w.told(204, "ann", "DELETE", path, "")
	w.told(404, "ann", "GET", path, "")
}

// Builds are unique by version in a category and by system in an organization.
func TestBuilds(t *testing.T) {
	w := newWire(t, nil, nil)
	const list = at + "build/"
	in := `"category":"` + w.world.Category.ID.String() + `"`
	for body, field := range map[string]string{
		`{}`: "version", `{"version":"3"}`: "category", `{"version":"3","category":"` + wispwright.NewID().String() + `"}`: "category", `{` + in + `,"version":"` + strings.Repeat("9", 33) + `"}`: "version",
		`{` + in + `,"version":"3","os":"` + strings.Repeat("x", 65) + `"}`: "os",
	} {
		require.Contains(t, w.told(400, "ann", "POST", list, body), field, body)
	}
	w.says(400, `{"non_field_errors":["The fields category, version must make a unique set."]}`, "ann", "POST", list, `{`+in+`,"version":"1.0"}`)
	b := w.told(201, "ann", "POST", list, `{`+in+`,"version":"3.0","os":"OpenWrt 24.10.0","changelog":"new"}`)
	require.Equal(t, map[string]any{"name": "WiFi", "organization": w.org.String()}, b["category_relation"])
	path := list + b["id"].(string) + "/"
	taken := `{"os":["A build with this OS identifier (\"OpenWrt 24.10.0\") and organization (\"acme\") already exists"]}`
	w.says(400, taken, "ann", "POST", list, `{`+in+`,"version":"4.0","os":"OpenWrt 24.10.0"}`)
	w.says(400, taken, "ann", "PATCH", w.build(0), `{"os":"OpenWrt 24.10.0"}`)
	w.told(200, "ann", "PATCH", path, `{"os":"OpenWrt 24.10.0","changelog":"newer"}`)
	require.Nil(t, w.told(200, "ann", "PATCH", path, `{"os":null}`)["os"])
	w.told(200, "ann", "PATCH", path, `{"os":"OpenWrt 24.10.0"}`)
	w.counts("ann", list, map[string]int{
		"": 3, "version=3.0": 1, "os=OpenWrt+24.10.0": 1, "category=" + w.world.Category.ID.String() + "&version=1.0": 1, "search=24.10": 1, "search=wifi": 3, "organization=ours": 3, "organization=theirs": 0, "organization_id=" + w.org.String(): 3})
	require.Contains(t, w.told(400, "ann", "GET", list+"?category=x", ""), "category")
	require.Equal(t, b["id"], w.ids("ann", list+"?ordering=-version")[0])
	require.Equal(t, w.world.Builds[0].ID.String(), w.ids("ann", list+"?ordering=version")[0])

	// one does not move to another organization with its images
	other := w.told(201, "root", "POST", at+"category/", `{"name":"x","organization":"`+w.theirs.String()+`"}`)["id"].(string)
	require.Contains(t, w.told(400, "root", "PATCH", path, `{"category":"`+other+`"}`), "category")
	w.told(404, "bob", "GET", path, "")
	w.told(204, "ann", "DELETE", path, "")
}

// fwtool is the trailer with which an image says for what it is.
func fwtool(image, board string) string {
	section := `{"metadata_version":"1.1","compat_version":"1.0","supported_devices":["` + board + `"],"version":{"dist":"OpenWrt","version":"24.10.0","revision":"r1","target":"ath79/generic","board":"` + board + `"}}`
	trailer := make([]byte, 16)
	copy(trailer, "FWx0")
	trailer[8] = 1
	binary.BigEndian.PutUint32(trailer[12:], uint32(len(section)+len(trailer)))
	return image + section + string(trailer)
}

// Images are refused for what is wrong with them, in the words that clients know; one that
// says that it is for other hardware waits for somebody's word.
func TestImages(t *testing.T) {
	w := newWire(t, func(o *firmware.Options) { o.MaxSize = 1000 }, &firmwarehttp.Options{BaseURL: "https://files.example.org/"})
	b := w.told(201, "ann", "POST", at+"build/", `{"category":"`+w.world.Category.ID.String()+`","version":"3.0"}`)["id"].(string)
	list := at + "build/" + b + "/image/"
	send := func(status int, who, to, name, content string, fields ...string) map[string]any {
		t.Helper()
		body, kind := form(t, name, content, fields...)
		return w.told(status, who, "POST", to, body, "Content-Type", kind)
	}
	good := "openwrt-" + firmwaretest.Type
	for _, c := range []struct {
		name, content string
		fields        []string
		want          map[string]any
	}{
		{"", "", []string{"type", ""}, map[string]any{"file": []any{"No file was submitted."}}},
		{good, "", []string{"type", ""}, map[string]any{"file": []any{"The submitted file is empty."}}},
		{good, "x", nil, map[string]any{"type": []any{"This field is required."}}},
		{"nonsense.bin", "x", []string{"type", ""}, map[string]any{"type": []any{"Could not find boards for this type"}}},
		{good, "x", []string{"type", "zzz"}, map[string]any{"type": []any{`"zzz" is not a valid choice.`}}},
		{good, strings.Repeat("x", 1001), []string{"type", ""}, map[string]any{"file": []any{"The file may not be larger than 1000\u00a0bytes."}}},
		{good, "x", []string{"type", "", "checksum", strings.Repeat("0", 64)}, map[string]any{"file": []any{"The file is not what it was said to be: its SHA-256 is another."}}},
		{"openwrt-rootfs-" + firmwaretest.Type, "x", []string{"type", firmwaretest.Type}, map[string]any{"file": []any{"This is an image of a root file system, which devices cannot be upgraded with."}}},
		{strings.Repeat("n", 200) + "-" + firmwaretest.Type, "x", []string{"type", firmwaretest.Type}, map[string]any{"file": []any{"Ensure this filename has at most 255 characters (it has 259)."}}},
		{strings.Repeat("n", 150) + "-" + firmwaretest.Type, "x", []string{"type", firmwaretest.Type}, map[string]any{"file": []any{"Ensure this filename has at most 200 characters."}}},
	} {
		require.Equal(t, c.want, send(400, "ann", list, c.name, c.content, c.fields...), c.name)
	}
	require.EqualValues(t, 0, w.told(200, "ann", "GET", list, "")["count"])
	require.Equal(t, map[string]any{"detail": "build not found"}, send(404, "bob", list, good, "x", "type", ""), "of another organization")
	require.Equal(t, map[string]any{"detail": "build not found"}, send(404, "ann", at+"build/"+wispwright.NewID().String()+"/image/", good, "x", "type", ""))

	i := send(201, "ann", list, good, fwtool("image", "tplink,archer-c7-v2"), "type", "")
	path := list + i["id"].(string) + "/"
	require.Equal(t, "https://files.example.org"+path+"download/", i["file"])
	require.Equal(t, []any{firmwaretest.Type, b, "invalid", "ath79/generic", "24.10.0", []any{"tplink,archer-c7-v2"}}, []any{i["type"], i["build"], i["extraction_status"], i["target"], i["fw_version"], i["compatible"]})
	require.Contains(t, i["failure_reason"], "tplink,archer-c7-v2")
	require.Equal(t, map[string]any{"__all__": []any{"Firmware Image with this Build and Type already exists."}}, send(400, "ann", list, good, "x", "type", ""))
	device := w.world.Device(1).String()
	w.says(400, `{"image":["The image says that it is for other hardware; it must be confirmed first."]}`, "ann", "PUT", at+"device/"+device+"/firmware/", `{"image":"`+i["id"].(string)+`"}`)
	w.told(404, "bob", "POST", path+"confirm/", "")
	w.told(404, "ann", "POST", w.build(0)+"image/"+i["id"].(string)+"/confirm/", "")
	require.Equal(t, "manually_confirmed", w.told(200, "ann", "POST", path+"confirm/", "")["extraction_status"])
	w.told(201, "ann", "PUT", at+"device/"+device+"/firmware/", `{"image":"`+i["id"].(string)+`"}`)

	w.counts("ann", list, map[string]int{"": 1, "type=" + firmwaretest.Type: 1, "organization=theirs": 0, "organization=ours": 1})
	require.Equal(t, map[string]any{"type": []any{"Select a valid choice. zzz is not one of the available choices."}}, w.told(400, "ann", "GET", list+"?type=zzz", ""))
	require.Equal(t, []any{i["id"]}, w.ids("ann", list+"?ordering=-type"))
	require.Empty(t, w.ids("bob", list), "a foreign build is there, but empty")
	for _, method := range []string{"PUT", "PATCH"} {
		w.told(405, "ann", method, path, `{}`)
	}
	w.told(204, "ann", "DELETE", path, "")
	require.Equal(t, http.StatusNotFound, w.ask("root", "GET", path+"download/", "").Code)
	types := w.ask("ann", "GET", at+"image-type/", "")
	require.Contains(t, types.Body.String(), `"type":"`+firmwaretest.Type+`"`)
	require.Contains(t, types.Body.String(), firmwaretest.Model)
}

// An image arrives in parts: what was received is safe, a part that does not follow is
// told where it should begin, and what is announced is held to the same rules.
func TestUploadsInParts(t *testing.T) {
	w := newWire(t, func(o *firmware.Options) { o.MaxSize = 1000 }, nil)
	b := w.told(201, "ann", "POST", at+"build/", `{"category":"`+w.world.Category.ID.String()+`","version":"3.0"}`)["id"].(string)
	begin := at + "build/" + b + "/upload/"
	good := `"name":"openwrt-` + firmwaretest.Type + `"`
	for body, field := range map[string]string{
		`{}`: "name", `{` + good + `}`: "size", `{` + good + `,"size":0}`: "size", `{` + good + `,"size":1001}`: "file", `{"name":"x.bin","size":3}`: "type", `{` + good + `,"size":3,"checksum":"abc"}`: "checksum",
		`{"name":"rootfs-` + firmwaretest.Type + `","size":3,"type":"` + firmwaretest.Type + `"}`: "file",
	} {
		require.Contains(t, w.told(400, "ann", "POST", begin, body), field, body)
	}
	w.told(404, "bob", "POST", begin, `{`+good+`,"size":6}`)
	w.told(403, "viewer", "POST", begin, `{`+good+`,"size":6}`)
	u := w.told(201, "ann", "POST", begin, `{`+good+`,"size":6}`)
	require.Equal(t, []any{firmwaretest.Type, 6.0, 0.0, b}, []any{u["type"], u["size"], u["received"], u["build"]})
	path := at + "upload/" + u["id"].(string) + "/"
	part := func(status int, who, offset, content string) map[string]any {
		t.Helper()
		return w.told(status, who, "PUT", path+"?offset="+offset, content, "Content-Type", "application/octet-stream")
	}
	for _, offset := range []string{"", "x", "-1"} {
		require.Contains(t, part(400, "ann", offset, "abc"), "offset")
	}
	require.Equal(t, map[string]any{"error": "the next part begins at 0"}, part(409, "ann", "3", "abc"))
	require.Equal(t, map[string]any{"file": []any{"There is more than was announced."}}, part(400, "ann", "0", "abcdefg"))
	part(404, "bob", "0", "abc")
	require.EqualValues(t, 3, part(200, "ann", "0", "abc")["received"])
	require.Equal(t, map[string]any{"error": "the next part begins at 3"}, part(409, "ann", "0", "abc"), "it was lost on the way back, and sent again")
	require.Equal(t, map[string]any{"file": []any{"3 of 6 bytes are there."}}, w.told(400, "ann", "POST", path, ""))
	require.EqualValues(t, 3, w.told(200, "ann", "GET", path, "")["received"])
	w.told(404, "bob", "GET", path, "")
	part(200, "ann", "3", "def")
	i := w.told(201, "ann", "POST", path, "")
	require.EqualValues(t, 6, i["size"])
	require.Equal(t, "abcdef", w.ask("ann", "GET", strings.TrimPrefix(i["file"].(string), "http://example.com"), "").Body.String())
	w.told(404, "ann", "GET", path, "")
	require.Contains(t, w.told(400, "ann", "POST", begin, `{`+good+`,"size":6}`), "__all__", "there is one of this type")

	other := w.told(201, "ann", "POST", w.build(0)+"upload/", `{"name":"openwrt-ath79-generic-ubnt_unifi-ap-squashfs-sysupgrade.bin","size":3,"checksum":"`+strings.Repeat("0", 64)+`"}`)["id"].(string)
	path = at + "upload/" + other + "/"
	part(200, "ann", "0", "abc")
	require.Equal(t, map[string]any{"file": []any{"The file is not what it was said to be: its SHA-256 is another."}}, w.told(400, "ann", "POST", path, ""))
	w.told(404, "bob", "DELETE", path, "")
	w.told(204, "ann", "DELETE", path, "")
	w.told(404, "ann", "DELETE", path, "")
}

// The files of images are read by superusers and by staff who manages the organization and
// may see images, at both of their addresses; also in part, and not again when they are known.
func TestFilesOfImages(t *testing.T) {
	w := newWire(t, nil, nil)
	shared := w.told(201, "root", "POST", at+"category/", `{"name":"of all","organization":null}`)["id"].(string)
	common := w.told(201, "root", "POST", at+"build/", `{"version":"9","category":"`+shared+`"}`)["id"].(string)
	everybody, err := w.world.Service.Images.Create(t.Context(), wispwright.ScopeAll(), identifier(t, common), firmware.File{Name: "openwrt-" + firmwaretest.Type, Body: strings.NewReader("of all")})
	require.NoError(t, err)
	ours := w.world.Images[0]
	files := func(who, method, path string, headers ...string) (int, http.Header, string) {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), method, path, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		a := httptest.NewRecorder()
		w.http.Files(func(*http.Request) (*wispwright.Caller, error) { return w.callers[who], nil }).ServeHTTP(a, r)
		return a.Code, a.Header(), a.Body.String()
	}
	for who, want := range map[string][2]int{
		"root": {200, 200}, "ann": {200, 200}, "viewer": {200, 200}, "bob": {403, 200}, "blind": {403, 403}, "member": {403, 403}, "": {401, 401},
	} {
		for n, i := range []*firmware.Image{ours, everybody} {
			api := at + "build/" + i.BuildID.String() + "/image/" + i.ID.String() + "/download/"
			a := w.ask(who, "GET", api, "")
			require.Equal(t, want[n], a.Code, "%s at %s: %s", who, api, a.Body)
			if a.Code == 403 && who != "member" { // who manages nothing comes no further than the API's door
				require.JSONEq(t, `{"detail":"Private storage access denied"}`, a.Body.String())
			}
			status, _, text := files(who, "GET", firmwarehttp.FilesPath+i.File)
			require.Equal(t, want[n], status, "%s at %s", who, i.File)
			if status == 403 {
				require.Contains(t, text, "403 Forbidden")
			}
		}
	}
	path := firmwarehttp.FilesPath + ours.File
	status, header, text := files("ann", "GET", path)
	require.Equal(t, []any{200, firmwaretest.Content}, []any{status, text})
	require.Equal(t, "max-age=0, no-cache, must-revalidate, proxy-revalidate", header.Get("Cache-Control"))
	require.Equal(t, "Thu, 01 Jan 1970 00:00:00 GMT", header.Get("Expires"))
	require.Equal(t, `inline; filename="openwrt-`+firmwaretest.Type+`"`, header.Get("Content-Disposition"))
	require.Equal(t, "application/octet-stream", header.Get("Content-Type"))
	require.Equal(t, "20", header.Get("Content-Length"))
	status, _, text = files("ann", "HEAD", path)
	require.Equal(t, []any{200, ""}, []any{status, text})
	status, _, _ = files("ann", "GET", path, "If-Modified-Since", header.Get("Last-Modified"))
	require.Equal(t, 304, status)
	status, _, text = files("ann", "GET", path, "Range", "bytes=9-13")
	require.Equal(t, []any{206, firmwaretest.Content[9:14]}, []any{status, text})
	status, _, _ = files("ann", "POST", path)
	require.Equal(t, 405, status)
	for who, want := range map[string]int{"root": 404, "ann": 403} { // who may not read does not learn what there is
		status, _, _ = files(who, "GET", firmwarehttp.FilesPath+ours.BuildID.String()+"/none.bin")
		require.Equal(t, want, status)
	}
	w.told(404, "root", "GET", at+"build/"+common+"/image/"+ours.ID.String()+"/download/", "")
	w.told(204, "ann", "DELETE", w.build(0)+"image/"+ours.ID.String()+"/", "")
	status, _, _ = files("root", "GET", path)
	require.Equal(t, 404, status)
}
