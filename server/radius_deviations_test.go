package server_test

import (
	"fmt"
	"slices"

	"github.com/wispwright/wispwright/internal/replay"
)

// radiusDeviations are the places where answers differ from the recorded ones on
// purpose.
func radiusDeviations() map[string]map[int][]replay.Deviation {
	const kept = "a refusal keeps the group's replies (additions: R-11)"
	replies := []replay.Deviation{
		instead("body.Class", map[string]string{"op": "+=", "value": "vip"}, kept), instead("body.Idle-Timeout", map[string]string{"op": ":=", "value": "300"}, kept),
		instead("body.Session-Timeout", map[string]string{"op": "=", "value": "3600"}, kept),
	}
	const giga = "the upper 32 bits of numbers are read and told as well"
	const long = "station ids have up to 253 characters (additions: R-13)"
	const path = "an unknown organization is answered as everything that is unknown"
	noPage := []replay.Deviation{instead("Content-Type", "application/json", path), instead("body", map[string]string{"detail": "Not found."}, path)}
	const described = "OPTIONS describes what there is, whoever may use it"
	const sent = "the fault is that of the field that is sent (additions: R-8)"
	const silent = "whether there is somebody is not told (additions: R-8)"
	noSlash := []replay.Deviation{instead("status", 301, "an address without its last slash leads to the one with it")}
	number := func(label string) any {
		return map[string]any{"label": label, "read_only": false, "required": false, "type": "integer"}
	}
	return map[string]map[int][]replay.Deviation{
		"radius.authorize": {82: {instead("body.CoovaChilli-Max-Total-Gigawords", 1, giga)}, 89: replies, 92: replies},
		"radius.accounting": {2: {
			instead("body.actions.POST.called_station_id.max_length", 253, long), instead("body.actions.POST.calling_station_id.max_length", 253, long),
			instead("body.actions.POST.input_gigawords", number("Input gigawords"), giga), instead("body.actions.POST.output_gigawords", number("Output gigawords"), giga),
		}},
		"radius.sessions":     {20: noPage},
		"radius.registration": {6: noSlash, 94: {instead("status", 200, described), instead("body", replay.Anything, described)}},
		"radius.phone":        {34: noPage},
		"radius.passwords": {
			51: {instead("body", map[string][]string{"input": {"This field may not be blank."}}, sent)}, 52: {instead("body", map[string][]string{"input": {"This field is required."}}, sent)},
			53: {instead("body", map[string][]string{"input": {"This field is required."}}, sent)},
			56: {instead("status", 200, silent), instead("body", map[string]string{"detail": "Password reset e-mail has been sent."}, silent)},
		},
		"radius.batch": batchDeviations(noPage),
		"radius.tokens": {
			21: {instead("status", 200, "addresses are found in any letter case (additions: R-8)"), instead("body", replay.Anything, "as its status")},
			22: noPage,
			43: {instead("status", 401, "whoever was not verified joins and is told so (additions: R-6)"), instead("body", replay.Anything, "as its status")},
			98: {instead("status", 403, "an organization that was switched off lets nobody in"), instead("body", replay.Anything, "as its status")},
		},
	}
}

// batchDeviations are those of batches: what was made is told in the newer form
// (additions: ), without hashes and with a real list of passwords.
func batchDeviations(noPage []replay.Deviation) map[int][]replay.Deviation {
	const listed = "batches are listed here"
	const form = "fields of the newer versions, in the words of their types"
	const paper = "a PDF has the length that it has"
	options := []replay.Deviation{instead("Allow", "GET, POST, HEAD, OPTIONS", listed)}
	list := append(slices.Clone(options), instead("status", 200, listed), instead("body", map[string]any{"count": 0, "next": nil, "previous": nil, "results": []any{}}, listed))
	out := map[int][]replay.Deviation{1: options, 3: list, 4: list, 6: append(slices.Clone(options), instead("body.actions", replay.Anything, form)), 7: options,
		54: {instead("body", replay.Anything, paper)}, 55: {instead("body", replay.Anything, paper)}, 62: noPage}
	for _, n := range []int{17, 19, 23, 28, 33, 34, 35, 37, 39, 41, 43, 44, 72, 73, 77} {
		out[n] = options
	}
	made := func(n, users int, file bool) {
		out[n] = slices.Clone(options)
		for i := range users {
			at := fmt.Sprintf("body.users[%d].", i)
			out[n] = append(out[n], instead(at+"password", replay.Absent, "hashes are nobody's to see"), instead(at+"language", "", "nobody has chosen a language"))
		}
		if !file {
			out[n] = append(out[n], instead("body.user_credentials", replay.Anything, "a list, where the original has the Python form of one in a text"))
		}
	}
	made(45, 2, false)
	for _, n := range []int{47, 48, 50, 51, 88, 91, 94} {
		made(n, 1, false)
	}
	for _, n := range []int{75, 76, 78, 82} {
		made(n, 1, true)
	}
	out[74] = options
	out[78] = append(out[78], instead("body.users[0].password_updated", "{serial}-{serial}-{serial}", "a password counts from the day it came"))
	out[97] = []replay.Deviation{instead("status", 200, listed), instead("Content-Type", "application/json", listed), instead("body", map[string]any{"count": 0, "next": nil, "previous": nil, "results": []any{}}, listed)}
	const order = "in the order of the prefix or of the file"
	out[49] = append(slices.Clone(options), instead("body.users", replay.Anything, order), instead("body.user_credentials", replay.Anything, order))
	out[65] = append(slices.Clone(options), instead("body.users", replay.Anything, order))
	return out
}
