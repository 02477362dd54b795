package enrol

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Strategy is where the users of a batch come from.
type Strategy string

// The strategies.
const (
	// ByPrefix makes names that begin alike and random passwords.
	ByPrefix Strategy = "prefix"
	// ByFile takes both from a CSV file.
	ByFile Strategy = "csv"
)

// State is how far a batch is (additions: R-3).
type State string

// The states of a batch.
const (
	Waiting   State = "pending"
	Working   State = "processing"
	Completed State = "completed"
	Failed    State = "failed"
)

// Batch is a number of accounts that are made at once (spec: radius §1.9).
type Batch struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose users they are.
	OrganizationID wispwright.ID
	// Strategy is where they come from.
	Strategy Strategy
	// Status is how far it is.
	Status State
	// Name has up to 128 characters and is unique in the organization.
	Name string
	// Prefix is what usernames begin with, up to 20 letters, digits and @.+-_; Number
	// is how many users there are to be.
	Prefix string
	Number int64
	// PasswordLength is that of random passwords.
	PasswordLength int64
	// FileName names the CSV file, uniquely in the organization.
	FileName string
	// GroupID is the group that the users get; zero: the default one.
	GroupID wispwright.ID
	// ExpirationDate is the last day of the accounts; zero: none.
	ExpirationDate time.Time
	// Notes are free text.
	Notes string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// BatchFilter selects batches; the zero value all.
type BatchFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Strategy and Status are one of theirs, FileName exactly one.
	Strategy Strategy
	Status   State
	FileName string
	// Search is a part of the name, in any letter case.
	Search string
}

// uniqueBatch and uniqueFile are the rules that names are had once in an organization.
const (
	uniqueBatch = "radius_batch_name"
	uniqueFile  = "radius_batch_file"
)

// Shape is how storages keep batches.
func (Batch) Shape() store.Shape {
	return store.Shape{
		Table: "radius_batch", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Name"},
		Unique: []store.Unique{{Name: uniqueBatch, Fields: []string{"OrganizationID", "Name"}}, {Name: uniqueFile, Fields: []string{"OrganizationID", "FileName"}}},
	}
}

// Paper is what of a batch is secret: its file, and passwords in clear.
type Paper struct {
	// ID is the batch's.
	ID wispwright.ID
	// OrganizationID is the batch's.
	OrganizationID wispwright.ID
	// File is the CSV file as it came.
	File wispwright.Secret
	// Credentials are a JSON list of pairs of username and password.
	Credentials wispwright.Secret
}

// PaperFilter selects papers; the zero value all.
type PaperFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
}

// Shape is how storages keep papers.
func (Paper) Shape() store.Shape {
	return store.Shape{Table: "radius_batch_paper", Org: "OrganizationID", Parents: []store.Parent{{Field: "ID", Table: "radius_batch"}}}
}

// Member is one user of a batch.
type Member struct {
	// ID identifies the pair.
	ID wispwright.ID
	// OrganizationID is the batch's.
	OrganizationID wispwright.ID
	// BatchID and UserID are the pair.
	BatchID, UserID wispwright.ID
	// IsNew: the account was made for the batch, and goes with it.
	IsNew bool
	// Place orders the users of a batch.
	Place int64
}

// MemberStore keeps who belongs to which batch.
type MemberStore interface {
	wispwright.Repo[Member, MemberFilter]
	// InsertMany stores new members, all or none.
	InsertMany(ctx context.Context, list []*Member) error
}

// MemberFilter selects users of batches; the zero value all.
type MemberFilter struct {
	// BatchID and UserID are of the pair, IsNew those made for the batch.
	BatchID, UserID wispwright.ID
	IsNew           *bool
}

// uniqueMember is the rule that a user is in a batch once.
const uniqueMember = "radius_batch_user_pair"

// Shape is how storages keep users of batches.
func (Member) Shape() store.Shape {
	return store.Shape{
		Table: "radius_batch_user", Org: "OrganizationID", Order: []wispwright.Order{{Field: "Place"}},
		Unique:  []store.Unique{{Name: uniqueMember, Fields: []string{"BatchID", "UserID"}}},
		Parents: []store.Parent{{Field: "BatchID", Table: "radius_batch"}},
	}
}
