package fields

import (
	"slices"
	"strings"
	"unicode"

	"github.com/wispwright/wispwright/kit/store"
)

// Fold is the one rule by which texts are searched without regard to letter
// case, in every storage: A to Z are their small letters, another letter is its
// small letter unless that is one of ASCII (as that of the Kelvin sign is).
// Databases differ in what they call lower, with their version, their locale
// and their library; this needs only replace and the lower case of ASCII.
type Fold struct {
	// Text is what is searched for, folded.
	Text string
	// Pairs are, for each letter of Text outside ASCII, the letters that fold to
	// it, each with it: old, new.
	Pairs [][2]string
}

// maxFolded bounds the letters of a search that have another case; those
// beyond are found as they are.
const maxFolded = 100

// NewFold folds a text to search for.
func NewFold(text string) Fold {
	f := Fold{Text: strings.Map(foldRune, text)}
	seen := map[rune]bool{}
	for _, r := range f.Text {
		if r < unicode.MaxASCII+1 || seen[r] || len(f.Pairs) >= maxFolded {
			continue
		}
		seen[r] = true
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			if o > unicode.MaxASCII && foldRune(o) == r {
				f.Pairs = append(f.Pairs, [2]string{string(o), string(r)})
			}
		}
	}
	slices.SortFunc(f.Pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return f
}

// In reports whether a text contains what is searched for.
func (f Fold) In(text string) bool {
	text = store.Fold(text)
	for _, p := range f.Pairs {
		text = strings.ReplaceAll(text, p[0], p[1])
	}
	return strings.Contains(text, f.Text)
}

func foldRune(r rune) rune {
	small := unicode.ToLower(r)
	if r > unicode.MaxASCII && small <= unicode.MaxASCII {
		return r
	}
	return small
}
