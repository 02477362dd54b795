package controller

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
)

// jobKind says what a Job does.
type jobKind string

// The kinds of jobs.
const (
	// jobTemplateChanged renders the configurations that use a template anew.
	jobTemplateChanged jobKind = "template_changed"
	// jobTemplateDeleted takes a deleted template out of configurations.
	jobTemplateDeleted jobKind = "template_deleted"
	// jobTemplateAssigned gives a template that became a default or required one
	// to the configurations that do not have it.
	jobTemplateAssigned jobKind = "template_assigned"
	// jobOrganizationChanged renders all configurations of an organization anew.
	jobOrganizationChanged jobKind = "organization_changed"
	// JobEverything renders all configurations anew, after a change of the
	// global variables.
	JobEverything jobKind = "everything"
	// jobGroupChanged gives the devices of a group the templates that it was given
	// (Job.Added), takes from them those it lost (Job.Removed), and renders all anew.
	jobGroupChanged jobKind = "group_changed"
	// jobGroupDeleted takes the devices out of a group that is gone.
	jobGroupDeleted jobKind = "group_deleted"
	// jobGroupJoined gives a device that came into a group its first configuration,
	// when the group has templates.
	jobGroupJoined jobKind = "group_joined"
	// jobDevice renders the configuration of one device anew.
	jobDevice jobKind = "device"
	// JobKeyHints lets the keys of devices be searched for that were stored
	// before they could be.
	JobKeyHints jobKind = "key_hints"
)

// Job is one batch of work that follows from a change. It is plain data: a
// queue may store it as JSON.
type Job struct {
	// Kind says what to do.
	Kind jobKind
	// ID is the template, organization, group or device.
	ID wispwright.ID
	// After is where the batch begins: the last device of the one before.
	After wispwright.ID
	// Added and Removed are the templates that a group was given and lost.
	Added, Removed []wispwright.ID `json:",omitempty"`
	// Cause says why, for the versions that come of it.
	Cause string
	// ActorID is the user who caused it.
	ActorID wispwright.ID
	// Actor is the name of the user who caused it.
	Actor string
}

// Key is the same for jobs that are the same work with the same cause: a queue needs one
// of them, which is run again when it was asked for while it ran. What differs only in
// where it begins is other work.
func (j Job) Key() string {
	return fmt.Sprint(j.Kind, j.ID, j.After, j.ActorID, j.Added, j.Removed, j.Actor, " ", j.Cause)
}

// Jobs queues work. Enqueue is called inside the transaction that causes the
// jobs, so that neither exists without the other; the queue calls
// Controller.Work for each of them after the commit, as often as it returns an
// error.
type Jobs interface {
	Enqueue(ctx context.Context, jobs ...Job) error
}
