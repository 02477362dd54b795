package tenancy

import (
	"slices"

	"github.com/wispwright/wispwright/kit/event"
)

// Events lists the events of the concern, with OpenWISP's signals of the same
// meaning and the subscribers.
func (t *Tenancy) Events() []event.Listed {
	return slices.Concat(
		t.Organizations.Listed("Organization"), t.Users.Listed("User"), t.Groups.Listed("Group"),
		t.Memberships.Listed("OrganizationUser"), t.Emails.Listed("EmailAddress"), t.APITokens.Listed(""),
		[]event.Listed{
			{Name: "tenancy.Organizations.Emptying", Kind: "hook", Subscribers: t.Organizations.emptyingNames()},
			t.Tokens.Changed.Listed("tenancy.Tokens.Changed", ""),
			t.SecondFactors.Changed.Listed("tenancy.SecondFactors.Changed", ""),
		})
}
