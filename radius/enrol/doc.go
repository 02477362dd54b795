// Package enrol gives people the accounts that they come into networks with: they
// register themselves, prove their telephones by codes, or are made by the thousand
// (spec: radius §8.1, §8.9, §12).
//
// Who may come in afterwards is package radius's; the accounts themselves are
// somebody else's, see People.
package enrol
