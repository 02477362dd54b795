package enrol

import (
	"encoding/binary"
	"errors"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

// noHashes knows no form of hashes but one.
type noHashes struct{ Hasher }

func (noHashes) IsHash(text string) bool { return text == "pbkdf2_sha256$good" }

// Files of users are read in UTF-8 and UTF-16, and what is wrong is said with its line.
func TestFilesAreRead(t *testing.T) {
	const text = "ann,cleartext$secret,Ann@Example.ORG, Ann ,Lee\n\n,,bob@example.org,,\n\"x,y\",pbkdf2_sha256$good,c@example.org,Zoë,\n"
	want := []row{{1, "ann", "cleartext$secret", "ann@example.org", "Ann", "Lee"}, {3, "", "", "bob@example.org", "", ""}, {4, "x,y", "pbkdf2_sha256$good", "c@example.org", "Zoë", ""}}
	wide := func(order binary.AppendByteOrder) []byte {
		out := order.AppendUint16(nil, 0xfeff)
		for _, u := range utf16.Encode([]rune(text)) {
			out = order.AppendUint16(out, u)
		}
		return out
	}
	for name, file := range map[string][]byte{"plain": []byte(text), "with a mark": append([]byte{0xef, 0xbb, 0xbf}, text...), "UTF-16": wide(binary.LittleEndian), "UTF-16 BE": wide(binary.BigEndian)} {
		got, err := readCSV(file, noHashes{})
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	for _, c := range []struct{ file, says string }{
		{"\x00\x01", noCSV}, {"ann\xff,,a@b.co,,", noCSV}, {"\xff\xfea", noCSV},
		{"ann,cleartext$x,a@b.co,A", "line number 1"}, {"a,,a@b.co,,\nb,,nobody,,", "line number 2"}, {"a,plain,a@b.co,,", noPassword},
	} {
		_, err := readCSV([]byte(c.file), noHashes{})
		var invalid *wispwright.ValidationError
		require.True(t, errors.As(err, &invalid), "%q", c.file)
		require.Contains(t, invalid.Error(), c.says, "%q", c.file)
	}
}

// Codes have as many digits as were asked for, and are not the same.
func TestDigits(t *testing.T) {
	seen := map[wispwright.Secret]bool{}
	for range 50 {
		code, err := newDigits(8)
		require.NoError(t, err)
		require.Regexp(t, `^\d{8}$`, code.Reveal())
		seen[code] = true
	}
	require.Greater(t, len(seen), 40)
}
