// Package entity is the service that every kind of object needs between its
// storage and its wire: the transaction, the identity and the times of an
// object, the organization that must not vanish meanwhile, hooks and events,
// the history, and the wording of conflicts. What differs from one kind of
// object to the next, its rules, is a Kind.
//
// A concern has one Base. For each kind of object it embeds the Service that
// New makes of a store and a Kind:
//
//	type Groups struct {
//		*entity.Service[int64, Group, GroupFilter]
//	}
//
// A method that does more than the Service's is written beside it and hides
// that one. Objects that do not fit use Base alone.
//
// Rules go where they can be kept. Validate sees the object before its row is
// locked and may take its time: render it, ask another system. Check sees it
// while its row and its organization are held, and is right about other rows
// too. Stored writes rows and jobs of the object's own. All three are inside
// the transaction of a caller that has one.
package entity
