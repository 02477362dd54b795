// Package bulk does things with many devices: an action for a selection of
// them, or the rows of an imported file. A Task is what somebody asked for, its
// Items are the devices or rows with what became of each. Tasks are done in the
// background, an item in a transaction of its own together with its outcome, so
// that each is done exactly once, whatever happens in between. A dry run does the
// same and rolls every item back.
//
//	Tasks   start, list, undo
//	Columns the columns of files, Export and Parse
package bulk

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Action is what is done with each item.
type Action string

// The actions.
const (
	AddTemplates    Action = "add_templates"
	RemoveTemplates Action = "remove_templates"
	SetVariables    Action = "set_variables"
	SetGroup        Action = "set_group"
	Move            Action = "move"
	Activate        Action = "activate"
	Deactivate      Action = "deactivate"
	Delete          Action = "delete"
	Import          Action = "import"
	// Undo gives devices back what a task changed.
	Undo Action = "undo"
)

// Actions returns the actions that are chosen for devices.
func Actions() []Action {
	return []Action{AddTemplates, RemoveTemplates, SetVariables, SetGroup, Move, Activate, Deactivate, Delete}
}

// Params say how an action is done.
type Params struct {
	// Templates are added or removed.
	Templates []wispwright.ID `json:"templates,omitempty"`
	// Variables are set; a null takes one away.
	Variables map[string]any `json:"variables,omitempty"`
	// Group is the new group, zero for none.
	Group wispwright.ID `json:"group,omitzero"`
	// Organization is where devices are moved.
	Organization wispwright.ID `json:"organization,omitzero"`
	// Force deletes devices that are not deactivated.
	Force bool `json:"force,omitempty"`
	// SkipFaulty imports the rows that can be, when others cannot.
	SkipFaulty bool `json:"skip_faulty,omitempty"`
	// Undoes is what the task did that an Undo takes back.
	Undoes Action `json:"undoes,omitempty"`
	// Everywhere and Organizations are the scope of the person who asked.
	Everywhere    bool            `json:"everywhere,omitempty"`
	Organizations []wispwright.ID `json:"organizations,omitempty"`
}

// Phase says how far a task is.
type Phase string

// The phases. Imports are checked before they are applied.
const (
	Checking Phase = "checking"
	Applying Phase = "applying"
	Done     Phase = "done"
	// Refused is an import that was not applied because rows of it are faulty.
	Refused Phase = "refused"
)

// Task is something that is done with many devices.
type Task struct {
	// ID identifies the task.
	ID wispwright.ID
	// OrganizationID is the organization of all of its devices; zero when they are of
	// several, or not known yet.
	OrganizationID wispwright.ID
	// Action is what is done, with Params.
	Action Action
	Params Params
	// DryRun changes nothing.
	DryRun bool
	// Phase says how far it is.
	Phase Phase
	// Of is the task that an Undo takes back.
	Of wispwright.ID
	// ActorID and Actor are the user that asked for it.
	ActorID wispwright.ID
	Actor   string
	// Created is when it was asked for, Finished when it was done.
	Created  time.Time
	Finished *time.Time
}

// Shape is how storages keep tasks.
func (Task) Shape() store.Shape {
	return store.Shape{Table: "controller_bulk_task", Org: "OrganizationID", Order: store.Newest("Created"), Documents: []string{"Params"}}
}

// TaskFilter selects tasks; zero fields select all.
type TaskFilter struct {
	// ActorID limits to those of one user.
	ActorID wispwright.ID
	// Action limits to one action.
	Action Action
	// CreatedBefore limits to tasks asked for before a moment.
	CreatedBefore time.Time
}

// State is what became of an item.
type State string

// The states.
const (
	Waiting   State = "waiting"
	Changed   State = "changed"
	Unchanged State = "unchanged"
	Failed    State = "failed"
)

// Item is one device or row of a task.
type Item struct {
	// ID identifies the item.
	ID wispwright.ID
	// TaskID is its task, Position its place in it, from 1.
	TaskID   wispwright.ID
	Position int64
	// DeviceID is the device; zero for one that an import makes.
	DeviceID wispwright.ID
	// Name is the device's, for people.
	Name string
	// State is what became of it, Message says more.
	State   State
	Message string
	// Row is the row of an import, a sealed object: it may hold keys.
	Row wispwright.Secret
	// Before and After are what Undo needs, sealed: variables may be secrets.
	Before, After wispwright.Secret
}

// Shape is how storages keep items.
func (Item) Shape() store.Shape {
	return store.Shape{Table: "controller_bulk_item", Order: store.Oldest("Position"), Parents: []store.Parent{{Field: "TaskID", Table: "controller_bulk_task"}}}
}

// ItemFilter selects items; zero fields select all.
type ItemFilter struct {
	// TaskID limits to one task.
	TaskID wispwright.ID
	// State limits to one state.
	State State
}

// TaskStore keeps tasks.
type TaskStore interface {
	wispwright.Repo[Task, TaskFilter]
}

// ItemStore keeps items.
type ItemStore interface {
	wispwright.Repo[Item, ItemFilter]
	// InsertMany stores items.
	InsertMany(ctx context.Context, items []*Item) error
	// Counts counts the items of tasks by their state.
	Counts(ctx context.Context, tasks ...wispwright.ID) (map[wispwright.ID]map[State]int, error)
	// Outcomes stores what became of the items of one job, at most some hundreds:
	// their State, Message, DeviceID, Name, Before and After.
	Outcomes(ctx context.Context, items []*Item) error
	// Again makes the items of a task wait that are in a state.
	Again(ctx context.Context, task wispwright.ID, from State) error
}

// Stores are what the room keeps; all are required.
type Stores struct {
	// Tasks keeps tasks.
	Tasks TaskStore
	// Items keeps their items.
	Items ItemStore
}
