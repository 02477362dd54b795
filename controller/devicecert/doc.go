// Package devicecert gives devices certificates by template (additions: C-11): a
// template of the type Type names an authority, and a device that it is assigned to gets a
// certificate of it, which ends when the template is taken away.
package devicecert
