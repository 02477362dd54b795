package radius

import (
	"context"

	"github.com/wispwright/wispwright"
)

// Stores are where the concern keeps its rows, all of one transactor.
type Stores struct {
	Groups        wispwright.Repo[Group, GroupFilter]
	GroupChecks   wispwright.Repo[GroupAttribute, GroupAttributeFilter]
	GroupReplies  wispwright.Repo[GroupAttribute, GroupAttributeFilter]
	Memberships   wispwright.Repo[Membership, MembershipFilter]
	Checks        wispwright.Repo[Attribute, AttributeFilter]
	Replies       wispwright.Repo[Attribute, AttributeFilter]
	NASes         wispwright.Repo[NAS, NASFilter]
	Sessions      SessionStore
	PostAuths     PostAuthStore
	Tokens        wispwright.Repo[Token, TokenFilter]
	Registrations wispwright.Repo[Registration, RegistrationFilter]
	Settings      wispwright.Repo[Settings, SettingsFilter]
	Names         NameStore
}

// NameStore changes the names that FreeRADIUS goes by in all rows that have them.
type NameStore interface {
	// RenameGroup gives checks, replies and memberships of a group its name and its
	// organization.
	RenameGroup(ctx context.Context, group, organization wispwright.ID, name string) error
	// RenameUser gives memberships, checks and replies of a user the new name.
	RenameUser(ctx context.Context, user wispwright.ID, name string) error
	// ForgetUser removes all that belongs to a user but sessions and answers.
	ForgetUser(ctx context.Context, user wispwright.ID) error
}
