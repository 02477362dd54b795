package server_test

import (
	"github.com/wispwright/wispwright/internal/replay"
)

// firmwareDeviations are where the API differs from the recordings on purpose.
func firmwareDeviations() map[int][]replay.Deviation {
	const (
		zeros    = "the id of zeros is none: the router's answer to malformed ones"
		nested   = "OPTIONS does not describe the fields of relations"
		shared   = "additions F-5: superusers make shared categories, which managers see"
		file     = "additions F-8: the address of the download endpoint"
		bytes    = "recorded is how many bytes there were"
		searched = "builds can be searched by version, operating system and category"
		refusal  = "firmware §7.1: the sentence of private files"
		download = "{base}/api/v1/firmware-upgrader/build/{uuid5}/image/{uuid11}/download/"
	)
	noID := []replay.Deviation{instead("Content-Type", "text/html", zeros), instead("Allow", replay.Absent, zeros), instead("body", replay.Anything, zeros)}
	link := func(path string) []replay.Deviation { return []replay.Deviation{instead(path, download, file)} }
	described := func(method string) []replay.Deviation {
		return []replay.Deviation{instead("body.actions."+method+".category_relation", replay.Anything, nested)}
	}
	body := func(reason string) []replay.Deviation {
		return []replay.Deviation{instead("body", replay.Anything, reason)}
	}
	return map[int][]replay.Deviation{
		11: noID, 47: noID, 172: noID, 194: noID, 204: noID, 234: noID, 19: described("POST"), 159: described("PUT"),
		59: {instead("status", 201, shared), instead("body", replay.Anything, shared)}, 79: body(shared), 81: body(shared), 88: body(shared),
		164: link("body.file"), 165: link("body.results[0].file"), 182: link("body.file"), 184: link("body.file"), 183: body(bytes), 185: body(bytes),
		139: body(searched), 189: {instead("body.detail", "Private storage access denied", refusal)},
	}
}
