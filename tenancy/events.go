package tenancy

import (
	"slices"

	"github.com/wispwright/wispwright/kit/event"
)

// Events lists the events of the concern, with OpenWISP's signals of the same
// meaning and whoever is subscribed.
func (t *Tenancy) Events() []event.Listed {
	return slices.Concat([]event.Listed{
		t.Organizations.Saved.Listed("tenancy.Organizations.Saved", "post_save(Organization)"),
		t.Organizations.Deleting.Listed("tenancy.Organizations.Deleting", "pre_delete(Organization)"),
		t.Organizations.Changed.Listed("tenancy.Organizations.Changed", "organization_is_active_changed…"),
		t.Users.Deleting.Listed("tenancy.Users.Deleting", "pre_delete(User)"),
		t.Users.Changed.Listed("tenancy.Users.Changed", "post_save(User)"),
		t.Memberships.Changed.Listed("tenancy.Memberships.Changed", "post_save(OrganizationUser)"),
		t.Tokens.Changed.Listed("tenancy.Tokens.Changed", ""),
		t.APITokens.Changed.Listed("tenancy.APITokens.Changed", ""),
		t.SecondFactors.Changed.Listed("tenancy.SecondFactors.Changed", ""),
	}, t.Groups.Listed("Group"))
}
