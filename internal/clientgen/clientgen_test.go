package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// TestWhatWasGeneratedIsFresh: what the server documents is what the client
// knows.
func TestWhatWasGeneratedIsFresh(t *testing.T) {
	text, err := read(t.Context())
	require.NoError(t, err)
	want, err := generate(text)
	require.NoError(t, err)
	have, err := generated(filepath.Join(testkit.Root(t), "client", "api"))
	require.NoError(t, err)
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(have)), "the API has other areas: make client")
	for name := range want {
		if string(want[name]) != string(have[name]) {
			t.Errorf("client/api/%s is not what the API's document says: make client", name)
		}
	}
	again, err := generate(text)
	require.NoError(t, err)
	require.Equal(t, want, again, "the same document gives the same files")
}

// TestShapesOfTheAdminAreFresh: what the web admin takes the API's answers for is what
// the server documents. Node.js is not needed to see it.
func TestShapesOfTheAdminAreFresh(t *testing.T) {
	text, err := read(t.Context())
	require.NoError(t, err)
	want, err := shapes(text)
	require.NoError(t, err)
	have, err := os.ReadFile(filepath.Join(testkit.Root(t), "server", "admin", typesFile))
	require.NoError(t, err)
	head, _, _ := strings.Cut(string(have), "\n")
	require.Equal(t, typesHead(want), head+"\n", "server/admin/%s is of another document: make client", typesFile)
}

// small is a document with one list; change changes its text.
func small(change ...string) []byte {
	text := `{"paths":{
		"/api/v1/shop/book/":{
			"get":{"operationId":"shop_book_list","responses":{"200":{"content":{"application/json":{"schema":{"properties":{"count":{"type":"integer"},"results":{"items":{"$ref":"#/components/schemas/Book"},"type":"array"}}}}}}}},
			"post":{"operationId":"shop_book_create","requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/BookIn"}}}},"responses":{"201":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Book"}}}}}}},
		"/api/v1/shop/book/{id}/":{"delete":{"operationId":"shop_book_delete","responses":{}}}},
		"components":{"schemas":{
			"Book":{"type":"object","required":["pages"],"properties":{"id":{"type":["string","null"],"format":"uuid"},"pages":{"type":["integer","null"]},"author":{"oneOf":[{"$ref":"#/components/schemas/Author"},{"type":"null"}]},"extra":{}}},
			"Author":{"type":"object","properties":{"born":{"type":["string","null"],"format":"date-time"}}},
			"BookIn":{"type":"object","required":["title"],"properties":{"title":{"type":"string","description":"What stands\n on it."},"pages":{"type":["integer","null"]},"cover":{"type":"string","format":"binary"}}}}}}`
	return []byte(strings.NewReplacer(change...).Replace(text))
}

func TestGenerated(t *testing.T) {
	files, err := generate(small())
	require.NoError(t, err)
	text := string(files["gen_shop.go"])
	words := strings.Join(strings.Fields(text), " ")
	for _, want := range []string{
		"type ShopBookKind struct { client.Lister[Book] client.Creator[BookIn, Book] client.Deleter }",
		"func ShopBooks(c *client.Client) ShopBookKind {",
		"ID wispwright.ID `json:\"id,omitzero\"`", "Pages *int64 `json:\"pages\"`", "Author *Author `json:\"author,omitzero\"`", "Extra wispwright.JSON `json:\"extra,omitzero\"`", "Born *time.Time",
		"// What stands on it. A new object needs it.", "Title client.Opt[string] `json:\"title,omitzero\"`", "Pages client.Opt[int64] `json:\"pages,omitzero\"`",
	} {
		require.Contains(t, words, want)
	}
	require.NotContains(t, text, "Cover")
}

func TestShapesAreTheSchemasAlone(t *testing.T) {
	one, err := shapes(small())
	require.NoError(t, err)
	require.NotContains(t, string(one), "shop_book_list")
	require.Contains(t, string(one), "born")
	same, err := shapes(small("shop_book_list", "shop_books"))
	require.NoError(t, err)
	require.Equal(t, typesHead(one), typesHead(same), "operations are no part of it")
	other, err := shapes(small(`"born"`, `"birth"`))
	require.NoError(t, err)
	require.NotEqual(t, typesHead(one), typesHead(other))
	_, err = shapes([]byte("["))
	require.Error(t, err)
}

func TestTypesNeedTheirGenerator(t *testing.T) {
	require.ErrorContains(t, writeTypes(t.Context(), small(), t.TempDir()), "npm ci")
}

func TestWhatCannotBeGenerated(t *testing.T) {
	for want, change := range map[string][]string{
		"read the document":               {`{"paths"`, `["paths"`},
		"no schema with a name":           {`{"items":{"$ref":"#/components/schemas/Book"}`, `{"items":{"type":"string"}`},
		"Author is sent and answered":     {`"cover":{"type":"string","format":"binary"}`, `"by":{"$ref":"#/components/schemas/Author"}`},
		"Missing is no object":            {`"cover":{"type":"string","format":"binary"}`, `"by":{"$ref":"#/components/schemas/Missing"}`},
		"unknown type":                    {`"extra":{}`, `"extra":{"type":"tuple"}`},
		"has two fields":                  {`"extra":{}`, `"Pages":{"type":"string"}`},
		"there would be two ShopBookKind": {`schemas/Author`, `schemas/ShopBookKind`, `"Author"`, `"ShopBookKind"`},
	} {
		_, err := generate(small(change...))
		require.ErrorContains(t, err, want)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{"mac_address": "MACAddress", "id": "ID", "ip-address": "IPAddress", "config__x": "ConfigX"} {
		require.Equal(t, want, exported(name))
	}
	for name, want := range map[string]string{"group_id": "groupID", "id": "id", "type": "typeOf"} {
		require.Equal(t, want, unexported(name))
	}
	for name, want := range map[string]string{"RadiusReply": "RadiusReplies", "Key": "Keys", "RadiusNAS": "RadiusNASes", "RadiusBatch": "RadiusBatches", "IPAMAddress": "IPAMAddresses", "AlertSettings": "AlertSettings"} {
		require.Equal(t, want, plural(name))
	}
	var both struct{ A, B types }
	require.NoError(t, json.Unmarshal([]byte(`{"A":"string","B":["string","null"]}`), &both))
	require.Equal(t, types{"string"}, both.A)
	require.Equal(t, types{"string", "null"}, both.B)
}
