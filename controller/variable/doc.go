// Package variable says what the variables of configurations are: what they are
// for, of which type, and whether their values are secrets. A variable needs no
// declaration; one that has one is checked wherever it gets a value
// (decision 0107).
package variable
