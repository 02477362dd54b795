// Package ordered holds JSON values whose objects keep their author's key
// order and whose numbers keep their spelling, as configurations need them:
// 1500 and 1500.0 are not the same to a schema, and the order of keys is the
// order of what is written to a device.
//
// A value is nil, bool, string, Number, []any or *Object. Values that were
// decoded are treated as immutable by everyone; a caller that wants to change one
// makes a Clone.
package ordered
