// Package schema checks JSON values against JSON Schema draft 4, fast.
//
// A schema is compiled once. Valid then answers yes or no without building
// errors and, but for lists of objects that must be unique, without allocating.
// Validate is for the unhappy case: it walks the schema in the order of its
// keywords and returns the first error, with the place in the value, the place
// in the schema and, below anyOf and oneOf, what each branch said.
//
// Values are those of package ordered. That keeps two things other checkers
// lose: an integer is a number written without fraction and exponent, as
// NetJSON needs it (1500.0 is none), and errors come in the author's order of
// keys.
//
// Messages quote values as the reference implementation of OpenWISP does
// ('eth0', True, None), because clients of its REST API see them.
package schema
