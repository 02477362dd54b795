package admin

import (
	"regexp"
	"testing"
)

// firstLoad is how many bytes a browser may have to fetch before the page of the
// log-in can be used, compressed; fonts come beside.
const firstLoad = 250 << 10

// TestFirstLoad: scripts and style sheets that the page names stay small. What
// only some pages need is in chunks that come later.
func TestFirstLoad(t *testing.T) {
	if !Built() {
		t.Skip("built without the pages")
	}
	page, err := embedded.ReadFile("dist/index.html")
	if err != nil {
		t.Fatal(err)
	}
	sum, seen := 0, map[string]bool{}
	for _, name := range regexp.MustCompile(`/admin/(assets/[^"]+\.(?:js|css))`).FindAllSubmatch(page, -1) {
		file := "dist/" + string(name[1])
		if seen[file] {
			continue
		}
		seen[file] = true
		plain, err := embedded.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		zipped, err := compress(plain)
		if err != nil {
			t.Fatal(err)
		}
		sum += len(zipped)
	}
	t.Logf("%d files, %d bytes", len(seen), sum)
	if len(seen) < 2 || sum > firstLoad {
		t.Errorf("%d files of the first load have %d bytes together; at most %d are right", len(seen), sum, firstLoad)
	}
}
