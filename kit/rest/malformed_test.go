package rest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMalformed holds what Python's json says of each text.
func TestMalformed(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "Expecting value: line 1 column 1 (char 0)",
		"  ":                           "Expecting value: line 1 column 3 (char 2)",
		"{":                            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
		"{bad":                         "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
		"{\"a\"":                       "Expecting ':' delimiter: line 1 column 5 (char 4)",
		"{\"a\":":                      "Expecting value: line 1 column 6 (char 5)",
		"{\"a\":1":                     "Expecting ',' delimiter: line 1 column 7 (char 6)",
		"{\"a\":1,":                    "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)",
		"{\"a\":1,}":                   "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)",
		"{\"a\" 1}":                    "Expecting ':' delimiter: line 1 column 6 (char 5)",
		"{1:2}":                        "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
		"[":                            "Expecting value: line 1 column 2 (char 1)",
		"[1":                           "Expecting ',' delimiter: line 1 column 3 (char 2)",
		"[1,":                          "Expecting value: line 1 column 4 (char 3)",
		"[1,]":                         "Expecting value: line 1 column 4 (char 3)",
		"[1 2]":                        "Expecting ',' delimiter: line 1 column 4 (char 3)",
		"{\"a\":1}x":                   "Extra data: line 1 column 8 (char 7)",
		"{\"a\":NaN}":                  "Out of range float values are not JSON compliant: 'NaN'",
		"[-Infinity]":                  "Out of range float values are not JSON compliant: '-Infinity'",
		"\"abc":                        "Unterminated string starting at: line 1 column 1 (char 0)",
		"\"a\\":                        "Unterminated string starting at: line 1 column 1 (char 0)",
		"\"a\\x\"":                     "Invalid \\escape: line 1 column 3 (char 2)",
		"\"\\u12\"":                    "Invalid \\uXXXX escape: line 1 column 3 (char 2)",
		"\"\\u12g4\"":                  "Invalid \\uXXXX escape: line 1 column 3 (char 2)",
		"\"\\u123":                     "Invalid \\uXXXX escape: line 1 column 3 (char 2)",
		"\"a\tb\"":                     "Invalid control character at: line 1 column 3 (char 2)",
		"\"a\nb":                       "Invalid control character at: line 1 column 3 (char 2)",
		"nul":                          "Expecting value: line 1 column 1 (char 0)",
		"tru":                          "Expecting value: line 1 column 1 (char 0)",
		"-":                            "Expecting value: line 1 column 1 (char 0)",
		"-a":                           "Expecting value: line 1 column 1 (char 0)",
		"01":                           "Extra data: line 1 column 2 (char 1)",
		"1.":                           "Extra data: line 1 column 2 (char 1)",
		"1.e5":                         "Extra data: line 1 column 2 (char 1)",
		"1e":                           "Extra data: line 1 column 2 (char 1)",
		"1e+":                          "Extra data: line 1 column 2 (char 1)",
		".5":                           "Expecting value: line 1 column 1 (char 0)",
		"+1":                           "Expecting value: line 1 column 1 (char 0)",
		"\uFEFF{}":                     "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)",
		"{\"\u00e9\": 1,\n \"b\"\n 2}": "Expecting ':' delimiter: line 3 column 2 (char 15)",
		"{\n\"a\":1\n,,}":              "Expecting property name enclosed in double quotes: line 3 column 2 (char 9)",
		"[1]]":                         "Extra data: line 1 column 4 (char 3)",
		"{\"a\":{\"b\":[1,{\"c\":}]}}": "Expecting value: line 1 column 19 (char 18)",
		"{'a':1}":                      "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
		"\"\\ud800\"":                  "",
		"{} ":                          "",
		"[]":                           "",
		"{\"a\":\"x\\/\\b\"}":          "",
		"0":                            "",
		"1.5E-3":                       "",
	} {
		err := malformed([]byte(text))
		if want == "" {
			require.NoError(t, err, text)
			continue
		}
		require.EqualError(t, err, want, text)
	}
}
