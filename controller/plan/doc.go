// Package plan keeps changes of templates, variables and what devices use as
// drafts, says what they would do to each device before they do it, and carries
// out exactly that through waves (package rollout), or takes it back.
//
// While a plan is carried out its contents are staged: devices whose turn has
// come are rendered with them, all others with what is stored. When the last wave
// is through the contents are stored, and nothing is left of the staging.
package plan
