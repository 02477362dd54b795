// Package custom lets organizations declare metrics: a number in the documents of their
// devices, with its unit, chart and threshold, and no program has to be written.
package custom
